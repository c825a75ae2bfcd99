/**
 * A program that watches a Service as its users do while parts of the cluster are killed: connections that stay open
 * and exchange a line every few milliseconds, and new connections one after the other. It runs beside the hosts.
 *
 *   node steady-client.ts '{"web":["http://..."],"echo":["HOST:PORT", ...]}'
 *
 * Prints `steady` once every target has answered; answers each line on its standard input with a line of JSON: what
 * happened since the last one. Ends with its standard input.
 */
import { connect, type Socket } from 'node:net'
import { get, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'

interface Targets {
  /** Each asked anew on a connection of its own, one request after the other. */
  readonly web?: readonly string[]
  /** `HOST:PORT` of echo servers: one connection each for the whole run. */
  readonly echo?: readonly string[]
}

export interface SteadyReport {
  readonly answers: number
  /** New connections that gave no answer, and why. */
  readonly failures: readonly string[]
  readonly echoes: number
  /** Open connections that ended, and why. */
  readonly dropped: readonly string[]
  /** The longest that an answer or an echo took, in milliseconds. */
  readonly slowestMs: number
}

/** One answer or echo later than this is a connection that does not work. */
const ANSWER_MS = 8000
const PACE_MS = 20

const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, PACE_MS))
const counts = { answers: 0, echoes: 0, slowestMs: 0 }
const failures: string[] = []
const dropped: string[] = []

function took(startedMs: number): void {
  counts.slowestMs = Math.max(counts.slowestMs, Math.round(performance.now() - startedMs))
}

async function askAnew(url: string): Promise<void> {
  for (;;) {
    const startedMs = performance.now()
    try {
      await ask(url)
      counts.answers += 1
      took(startedMs)
    } catch (error) {
      failures.push(
        `${url} after ${Math.round(performance.now() - startedMs)} ms: ${String(error)}`,
      )
    }
    await pause()
  }
}

const ask = (url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const outgoing = get(url, { agent: false, timeout: ANSWER_MS }, (answer: IncomingMessage) => {
      answer.resume()
      answer.once('error', reject)
      answer.once('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`status ${answer.statusCode}`)),
      )
    })
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer')))
    outgoing.once('error', reject)
  })

async function keepTalking(target: string): Promise<void> {
  const [host = '', port = ''] = target.split(':')
  const socket = connect(Number(port), host)
  try {
    for (let line = 0; ; line += 1) {
      const startedMs = performance.now()
      await echo(socket, `line ${line}\n`)
      counts.echoes += 1
      took(startedMs)
      await pause()
    }
  } catch (error) {
    dropped.push(`${target}: ${String(error)}`)
    socket.destroy()
  }
}

const echo = (socket: Socket, line: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let heard = ''
    const timer = setTimeout(() => settle(new Error('no echo')), ANSWER_MS)
    const settle = (error?: Error): void => {
      clearTimeout(timer)
      socket.off('data', take).off('close', onClose).off('error', settle)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onClose = (): void => settle(new Error('closed'))
    const take = (chunk: Buffer): void => {
      heard += chunk.toString()
      if (heard === line) settle()
      else if (!line.startsWith(heard)) settle(new Error(`"${heard}" instead of "${line}"`))
    }
    socket.on('data', take).once('close', onClose).once('error', settle)
    socket.write(line)
  })

const targets: Targets = JSON.parse(process.argv[2] ?? '{}')
const { web = [], echo: echoTargets = [] } = targets
for (const url of web) void askAnew(url)
for (const target of echoTargets) void keepTalking(target)
while (counts.answers < web.length || counts.echoes < echoTargets.length) await pause()
process.stdout.write('steady\n')
for await (const _ of createInterface({ input: process.stdin })) {
  const report: SteadyReport = {
    ...counts,
    failures: failures.splice(0),
    dropped: dropped.splice(0),
  }
  Object.assign(counts, { answers: 0, echoes: 0, slowestMs: 0 })
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
process.exit(0)
