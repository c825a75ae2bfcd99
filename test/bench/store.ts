/**
 * Durable commits of the store beside Debian's etcd: `node test/bench/store.ts`.
 * SECONDS=2 per measurement, ROUNDS=5, kites and etcd in turn.
 *
 * One commit creates one new key of 1.5 kB if it does not exist. The load on kites is a loop in the store's own process,
 * so its processor time is counted too. The load on etcd is a gRPC client in this process (node:http2, one connection,
 * Txn with a compare on the key's revision); only etcd's own processor time is counted.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './cluster.ts'
import {
  cpuMs,
  after,
  drive,
  type Load,
  median,
  percentile,
  startProcess,
  stopProcess,
} from './measure.ts'
import { renderTable } from './table.ts'

const SECONDS = Number(process.env['SECONDS'] ?? 2)
const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const VALUE_BYTES = 1500

interface Figures {
  readonly cpuMsPerCommit: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

const figuresOf = (load: Load, cpu: number): Figures => ({
  cpuMsPerCommit: cpu / load.count,
  perSecond: (load.count / load.elapsedMs) * 1000,
  p50: percentile(load.latencies, 0.5),
  p99: percentile(load.latencies, 0.99),
})

/** Protobuf: a field of bytes. */
function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}

/** A gRPC frame with `etcdserverpb.TxnRequest`: put if the key's mod revision is 0. */
function createRequest(key: string, value: Buffer): Buffer {
  const target = Buffer.from([0x08, 0, 0x10, 2])
  const compare = Buffer.concat([target, field(3, Buffer.from(key)), Buffer.from([0x30, 0])])
  const put = Buffer.concat([field(1, Buffer.from(key)), field(2, value)])
  const message = Buffer.concat([field(1, compare), field(2, field(2, put))])
  const header = Buffer.alloc(5)
  header.writeUInt32BE(message.length, 1)
  return Buffer.concat([header, message])
}

function etcdCall(session: http2.ClientHttp2Session, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/etcdserverpb.KV/Txn',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    let status: unknown
    stream.on('trailers', trailers => (status = trailers['grpc-status']))
    stream.on('end', () =>
      status === '0' ? resolve() : reject(new Error(`etcd answered ${String(status)}`)),
    )
    stream.on('error', reject)
    stream.resume()
    stream.end(body)
  })
}

async function measureEtcd(writers: number, directory: string): Promise<Figures> {
  const client = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const etcd = await startProcess(
    'etcd',
    [
      '--data-dir',
      directory,
      '--name',
      'bench',
      '--logger',
      'zap',
      '--listen-client-urls',
      client,
      '--advertise-client-urls',
      client,
      '--listen-peer-urls',
      peer,
      '--initial-advertise-peer-urls',
      peer,
      '--initial-cluster',
      `bench=${peer}`,
    ],
    /serving client traffic|serving insecure client/,
  )
  const session = http2.connect(client)
  const value = Buffer.alloc(VALUE_BYTES, 'x')
  let keys = 0
  const work = () => etcdCall(session, createRequest(`/bench/${keys++}`, value))
  try {
    await drive({ workers: writers, work, isOver: after(300) })
    const before = cpuMs(etcd.pid)
    const load = await drive({ workers: writers, work, isOver: after(SECONDS * 1000) })
    return figuresOf(load, cpuMs(etcd.pid) - before)
  } finally {
    session.close()
    await stopProcess(etcd)
  }
}

async function measureKites(writers: number, directory: string): Promise<Figures> {
  const program = new URL('./store-process.ts', import.meta.url).pathname
  const args = [program, join(directory, 'state.db'), String(writers), String(SECONDS)]
  let text = ''
  const child = await startProcess(process.execPath, args, /^started/m)
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await new Promise<void>(resolve => {
    child.removeAllListeners('exit')
    child.once('close', () => resolve())
  })
  const figures: Figures = JSON.parse(text)
  return figures
}

const subjects = { kites: measureKites, etcd: measureEtcd }
const results: Record<string, Figures[]> = {}

for (let round = 1; round <= ROUNDS; round++) {
  for (const writers of [1, 64]) {
    for (const [name, measure] of Object.entries(subjects)) {
      const directory = mkdtempSync(join(tmpdir(), 'kites-bench-'))
      const figures = await measure(writers, directory)
      rmSync(directory, { recursive: true, force: true })
      ;(results[`${writers} ${name}`] ??= []).push(figures)
      process.stderr.write(`round ${round} of ${ROUNDS}: ${name}, ${writers} writers\n`)
    }
  }
}

const column = (all: readonly Figures[], name: keyof Figures): number =>
  median(all.map(figures => figures[name]))

const rows = Object.entries(results).map(([key, all]) => {
  const [writers = '', name = ''] = key.split(' ')
  const rates = all.map(figures => figures.perSecond)
  return [
    Number(writers),
    name,
    column(all, 'cpuMsPerCommit'),
    column(all, 'perSecond'),
    Math.min(...rates),
    Math.max(...rates),
    column(all, 'p50'),
    column(all, 'p99'),
  ]
})
const headers = [
  'writers',
  'store',
  'CPU-ms/commit',
  'commits/s',
  'lowest',
  'highest',
  'p50 ms',
  'p99 ms',
]
process.stdout.write(
  `durable commits of ${VALUE_BYTES} bytes, median of ${ROUNDS} rounds of ${SECONDS} s\n`,
)
process.stdout.write(
  'load: kites in its own process (counted); etcd by gRPC over node:http2 (not counted)\n',
)
process.stdout.write(`${renderTable(headers, rows)}\n`)
