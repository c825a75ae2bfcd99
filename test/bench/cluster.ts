/**
 * A kites server for a benchmark, and a client that costs little: node:http2 with the administrator's certificate.
 * Uses dist/kites when it is built, else the sources; KITES=command says otherwise (KITES= is the sources). The server runs without an agent on an empty data directory.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuMs, rssMb } from './measure.ts'

const READY_DEADLINE_MS = 30_000
/** As Go's client has them: with the small defaults of node:http2 a long list waits for the client's windows. */
const STREAM_WINDOW_BYTES = 4 << 20
const CONNECTION_WINDOW_BYTES = 64 << 20

export interface Answer {
  readonly status: number
  readonly body: Buffer
}

export interface Server {
  readonly url: string
  readonly readyMs: number
  connect(): http2.ClientHttp2Session
  /** Processor time of the server and its children so far, in milliseconds. */
  cpuMs(): number
  rssMb(): number
  stop(): Promise<void>
}

export interface Credentials {
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
}

export async function startServer(): Promise<Server> {
  const root = mkdtempSync(join(tmpdir(), 'kites-bench-'))
  const port = await freePort()
  const kubeconfig = join(root, 'kubeconfig')
  const built = process.env['KITES'] ?? new URL('../../dist/kites', import.meta.url).pathname
  const source = new URL('../../cmd/main.ts', import.meta.url).pathname
  const [command = '', ...first] = existsSync(built) ? [built] : [process.execPath, source]
  const start = performance.now()
  const child = spawn(
    command,
    [
      ...first,
      'server',
      '--data-dir',
      join(root, 'data'),
      '--disable-agent',
      '--bind-address',
      '127.0.0.1',
      '--https-listen-port',
      String(port),
      '--write-kubeconfig',
      kubeconfig,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const tail: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => tail.push(chunk.toString()))
  const url = `https://127.0.0.1:${port}`
  const credentials = await untilReady(child, url, kubeconfig).catch(async (error: unknown) => {
    await stop(child, root)
    throw new Error(`the server did not start: ${tail.slice(-20).join('')}`, { cause: error })
  })
  const pid = child.pid ?? 0
  return {
    url,
    readyMs: performance.now() - start,
    connect: () => connectTo(url, credentials),
    cpuMs: () => treeOf(pid).reduce((sum, one) => sum + cpuMs(one), 0),
    rssMb: () => treeOf(pid).reduce((sum, one) => sum + rssMb(one), 0),
    stop: () => stop(child, root),
  }
}

/** A server that runs already, which is left running: `pids` are its processes, its store's included. */
export function attachServer(
  url: string,
  credentials: Credentials,
  pids: readonly number[],
): Server {
  return {
    url,
    readyMs: 0,
    connect: () => connectTo(url, credentials),
    cpuMs: () => pids.reduce((sum, one) => sum + cpuMs(one), 0),
    rssMb: () => pids.reduce((sum, one) => sum + rssMb(one), 0),
    stop: async () => {},
  }
}

function connectTo(url: string, credentials: Credentials): http2.ClientHttp2Session {
  const settings = { initialWindowSize: STREAM_WINDOW_BYTES }
  const session = http2.connect(url, { ...credentials, settings })
  session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES))
  return session
}

export function request(
  session: http2.ClientHttp2Session,
  method: string,
  path: string,
  body?: unknown,
  headers: http2.OutgoingHttpHeaders = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { ':method': method, ':path': path, 'content-type': 'application/json', ...headers },
      { endStream: body === undefined },
    )
    const parts: Buffer[] = []
    let status = 0
    stream.on('response', headers => (status = headers[':status'] ?? 0))
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => resolve({ status, body: Buffer.concat(parts) }))
    stream.on('error', reject)
    if (body !== undefined) stream.end(Buffer.isBuffer(body) ? body : JSON.stringify(body))
  })
}

/** The same, and anything but success is an error. */
export async function must(
  session: http2.ClientHttp2Session,
  method: string,
  path: string,
  body?: unknown,
  headers: http2.OutgoingHttpHeaders = {},
): Promise<Buffer> {
  const answer = await request(session, method, path, body, headers)
  if (answer.status < 300) return answer.body
  throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString().slice(0, 300)}`)
}

async function untilReady(
  child: ChildProcess,
  url: string,
  kubeconfig: string,
): Promise<Credentials> {
  const deadline = performance.now() + READY_DEADLINE_MS
  for (;;) {
    const credentials = readCredentials(kubeconfig)
    if (credentials !== undefined && (await isReady(url, credentials))) return credentials
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    if (performance.now() > deadline) throw new Error('it was not ready in time')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

async function isReady(url: string, credentials: Credentials): Promise<boolean> {
  const session = http2.connect(url, { ...credentials })
  try {
    const failed = once(session, 'error').then(() => ({ status: 0 }))
    const { status } = await Promise.race([failed, request(session, 'GET', '/readyz')])
    return status === 200
  } catch {
    return false
  } finally {
    session.on('error', () => {})
    session.destroy()
  }
}

/** The seam to a file of known shape: our own kubeconfig. */
export function readCredentials(path: string): Credentials | undefined {
  if (!existsSync(path)) return undefined
  const text = readFileSync(path, 'utf8')
  const value = (name: string): Buffer =>
    Buffer.from(new RegExp(`${name}:\\s*(\\S+)`).exec(text)?.[1] ?? '', 'base64')
  if (!text.includes('client-key-data')) return undefined
  return {
    ca: value('certificate-authority-data'),
    cert: value('client-certificate-data'),
    key: value('client-key-data'),
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A process and its descendants. */
function treeOf(root: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It ended meanwhile.
    }
  }
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && pid !== 0 && (pid === root || isBelow(parents.get(pid)))
  return [...parents.keys()].filter(isBelow)
}

async function stop(child: ChildProcess, root: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const kill = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(kill)
  }
  rmSync(root, { recursive: true, force: true })
}
