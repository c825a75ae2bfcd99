/**
 * Asks other DNS servers what is not the cluster's. Owns: one short-lived socket per question, and the answer cache.
 *
 * Each question gets its own socket with its own random port and id, and only an answer from the server asked, with that
 * id and question, counts: guessing an answer from outside is as hard as it gets. Equal questions in flight are one.
 * That also ends loops: should a server ask us back what we are asking it, its question joins our own and times out.
 *
 * Law  Every question settles within ATTEMPTS x TIMEOUT for each server; at most IN_FLIGHT_MAX are under way.
 */
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { AnswerCache } from './answer-cache.ts'
import { TcpFrames } from './tcp-frames.ts'
import { encodeQuestion, HEADER_BYTES, isResponse, isTruncated, RCODE, rcodeOf } from './wire.ts'

export interface ForwarderOptions {
  /** Servers to ask, best first; read anew for each question. */
  readonly upstreams: () => readonly string[]
  readonly clock: Clock
  readonly random: Random
  /** 53, unless a test has its own. */
  readonly port?: number
  /** How long one server may take; 2 s when absent. */
  readonly timeoutMs?: number
}

export interface ForwardedQuestion {
  /** Name, type and class as bytes. */
  readonly section: Buffer
  /** Equal for questions that mean the same. */
  readonly key: string
  /** The asker can take a large answer. */
  readonly isTcp: boolean
}

const TIMEOUT_MS = 2000
const ATTEMPTS = 2
const IN_FLIGHT_MAX = 2000

export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #cache = new AnswerCache()
  readonly #inFlight = new Map<string, Promise<Buffer | undefined>>()
  /** Servers that failed lately go to the end of the line. */
  readonly #failedMs = new Map<string, number>()

  constructor(options: ForwarderOptions) {
    this.#options = options
  }

  /** The answer, with `id` in it; undefined when no server gave one. */
  async ask(question: ForwardedQuestion, id: number): Promise<Buffer | undefined> {
    const { clock } = this.#options
    const cached = this.#cache.get(question.key, id, clock.monotonic())
    if (cached !== undefined) return asAsked(cached, question)
    const key = `${question.isTcp ? 'tcp' : 'udp'} ${question.key}`
    let pending = this.#inFlight.get(key)
    if (pending === undefined) {
      if (this.#inFlight.size >= IN_FLIGHT_MAX) return undefined
      pending = this.#resolve(question).finally(() => this.#inFlight.delete(key))
      this.#inFlight.set(key, pending)
    }
    const answer = await pending
    if (answer === undefined) return undefined
    const own = Buffer.from(answer)
    own.writeUInt16BE(id, 0)
    return asAsked(own, question)
  }

  async #resolve(question: ForwardedQuestion): Promise<Buffer | undefined> {
    const { clock } = this.#options
    let lastAnswer: Buffer | undefined
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      for (const server of this.#inOrder()) {
        const answer = await this.#askServer(server, question)
        if (answer === undefined) {
          this.#failedMs.set(server, clock.monotonic())
          continue
        }
        this.#failedMs.delete(server)
        lastAnswer = answer
        // A server that cannot say is not the last word.
        if (rcodeOf(answer) === RCODE.serverFailure || rcodeOf(answer) === RCODE.refused) continue
        this.#keep(question, answer)
        return answer
      }
      if (lastAnswer !== undefined) break
    }
    if (lastAnswer !== undefined) this.#keep(question, lastAnswer)
    return lastAnswer
  }

  #keep(question: ForwardedQuestion, message: Buffer): void {
    const questionEnd = HEADER_BYTES + question.section.length
    this.#cache.put(question.key, { message, questionEnd }, this.#options.clock.monotonic())
  }

  #inOrder(): readonly string[] {
    const servers = this.#options.upstreams()
    return servers.toSorted(
      (left, right) => (this.#failedMs.get(left) ?? 0) - (this.#failedMs.get(right) ?? 0),
    )
  }

  async #askServer(server: string, question: ForwardedQuestion): Promise<Buffer | undefined> {
    const { clock, random, port = 53, timeoutMs = TIMEOUT_MS } = this.#options
    const query = encodeQuestion(random.bytes(2).readUInt16BE(0), question.section)
    const call = { server, port, query, clock, timeoutMs }
    const answer = await askUdp(call)
    if (answer === undefined || !isTruncated(answer) || !question.isTcp) return answer
    return (await askTcp(call)) ?? answer
  }
}

/** In the asker's own spelling: clients that randomise the case of a name take no other for their answer. */
function asAsked(answer: Buffer, { section }: ForwardedQuestion): Buffer {
  section.copy(answer, HEADER_BYTES)
  return answer
}

interface ServerCall {
  readonly server: string
  readonly port: number
  readonly query: Buffer
  readonly clock: Clock
  readonly timeoutMs: number
}

/** Same id, and the same question byte for byte but for case. */
function isAnswerTo(message: Buffer, query: Buffer): boolean {
  if (!isResponse(message) || message.length < query.length) return false
  if (message.readUInt16BE(0) !== query.readUInt16BE(0)) return false
  const asked = query.toString('latin1', HEADER_BYTES).toLowerCase()
  return message.toString('latin1', HEADER_BYTES, query.length).toLowerCase() === asked
}

function askUdp({
  server,
  port,
  query,
  clock,
  timeoutMs,
}: ServerCall): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const socket = createSocket(isIPv6(server) ? 'udp6' : 'udp4')
    const finish = (answer: Buffer | undefined): void => {
      timer.cancel()
      socket.removeAllListeners()
      // A late error of a closed socket is nobody's business.
      socket.on('error', () => {})
      socket.close()
      resolve(answer)
    }
    const timer = clock.after(timeoutMs, () => finish(undefined))
    socket.on('error', () => finish(undefined))
    socket.on('message', message => {
      if (isAnswerTo(message, query)) finish(message)
    })
    // Connected: the kernel drops what comes from elsewhere, and tells of a closed port at once.
    // By event: a callback would be handed the failure, and then send to nowhere.
    socket.on('connect', () => socket.send(query))
    socket.connect(port, server)
  })
}

function askTcp({
  server,
  port,
  query,
  clock,
  timeoutMs,
}: ServerCall): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const frames = new TcpFrames()
    const socket = connect(port, server)
    const finish = (answer: Buffer | undefined): void => {
      timer.cancel()
      socket.destroy()
      resolve(answer)
    }
    const timer = clock.after(timeoutMs, () => finish(undefined))
    socket.on('error', () => finish(undefined))
    socket.on('close', () => finish(undefined))
    socket.on('connect', () => socket.write(TcpFrames.encode(query)))
    socket.on('data', chunk => {
      const answer = frames.push(chunk).find(message => isAnswerTo(message, query))
      if (answer !== undefined) finish(answer)
    })
  })
}
