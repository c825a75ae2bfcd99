/**
 * The line to one Docker Engine: negotiates the API version, and makes calls with a deadline over the unix
 * socket. The hot path (list, inspect, create, start, kill, remove) is plain node:http on kept connections;
 * what needs breadth (pull, load, hijacked exec) goes through dockerode, which shares the version.
 *
 * Throws  RuntimeError: `unavailable` when nobody answers, `timeout` after the deadline, else by HTTP status.
 * Source: Docker Engine API v1.41, "Versioning"; an Engine refuses versions above and far below its own.
 */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import type Docker from 'dockerode'
import { codeOf, messageOf } from '#base/errors.ts'
import { RuntimeError, type RuntimeErrorCode } from '../errors.ts'

/** The newest version we know the meaning of, and the oldest we can work with (Engine 19.03). */
const API_NEWEST = [1, 47] as const
const API_OLDEST = [1, 40] as const
const SOCKETS_MAX = 32
const ANSWER_MAX_BYTES = 64 * 1024 * 1024

export interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD'
  /** Below the version: `/containers/json`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly timeoutMs: number
  /** Statuses besides 2xx that are no error, 304 for instance. */
  readonly accept?: readonly number[]
  /** Its answer may last: it gets a connection of its own, so that no number of them keeps other calls waiting. */
  readonly isLasting?: boolean
}

export class Engine {
  readonly #socketPath: string
  readonly #agent: Agent
  #version: string | undefined
  #dockerode: Docker | undefined

  constructor(socketPath: string) {
    this.#socketPath = socketPath
    this.#agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX, timeout: 600_000 })
  }

  /** `1.41`; asked from the Engine on first use, and again after `forget`. */
  async apiVersion(): Promise<string> {
    if (this.#version !== undefined) return this.#version
    const answer = await this.#send({ method: 'GET', path: '/_ping', timeoutMs: 5000 }, '/_ping')
    answer.resume()
    this.#version = chooseVersion(String(answer.headers['api-version'] ?? '1.40'))
    return this.#version
  }

  /** The Engine may come back upgraded: negotiate again. */
  forget(): void {
    this.#version = undefined
    this.#dockerode = undefined
  }

  async dockerode(): Promise<Docker> {
    const version = await this.apiVersion()
    // loaded when it is needed: a node whose images are there never pays its memory
    const { default: Dockerode } = await import('dockerode')
    this.#dockerode ??= new Dockerode({ socketPath: this.#socketPath, version: `v${version}` })
    return this.#dockerode
  }

  /** The decoded answer. The one cast: an Engine is trusted to follow its own API description. */
  async call<Answer>(call: EngineCall): Promise<Answer> {
    const text = (await this.#read(await this.open(call), call)).toString('utf8')
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  }

  /** The answer as a stream, once its status is known to be good. The deadline covers the headers only. */
  async open(call: EngineCall): Promise<IncomingMessage> {
    const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`
    const answer = await this.#send(call, `/v${await this.apiVersion()}${call.path}${query}`)
    const status = answer.statusCode ?? 0
    if ((status >= 200 && status < 300) || call.accept?.includes(status) === true) return answer
    throw refusal(status, (await this.#read(answer, call)).toString('utf8'))
  }

  #send(call: EngineCall, path: string): Promise<IncomingMessage> {
    const payload = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body))
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(call.timeoutMs)
      const outgoing = httpRequest({
        socketPath: this.#socketPath,
        agent: call.isLasting === true ? false : this.#agent,
        method: call.method,
        path,
        headers: {
          host: 'docker',
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': payload.length }),
        },
      })
      const expire = (): void => {
        outgoing.destroy(
          new RuntimeError('timeout', `engine did not answer ${call.method} ${call.path}`),
        )
      }
      signal.addEventListener('abort', expire, { once: true })
      outgoing.once('response', answer => {
        signal.removeEventListener('abort', expire)
        resolve(answer)
      })
      outgoing.once('error', error => {
        signal.removeEventListener('abort', expire)
        reject(transportError(error))
      })
      outgoing.end(payload)
    })
  }

  async #read(answer: IncomingMessage, call: EngineCall): Promise<Buffer> {
    const timer = setTimeoutDestroy(answer, call.timeoutMs)
    try {
      const chunks: Buffer[] = []
      let sizeBytes = 0
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length
        if (sizeBytes > ANSWER_MAX_BYTES)
          throw new RuntimeError('rejected', 'answer of the engine is too long')
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    } catch (error) {
      throw transportError(error)
    } finally {
      timer.removeEventListeners()
    }
  }
}

/** Ends a body that stalls; returns how to stop watching it. */
function setTimeoutDestroy(
  answer: IncomingMessage,
  timeoutMs: number,
): { removeEventListeners(): void } {
  const signal = AbortSignal.timeout(timeoutMs)
  const expire = (): void => {
    answer.destroy(new RuntimeError('timeout', 'the answer of the engine stalled'))
  }
  signal.addEventListener('abort', expire, { once: true })
  return { removeEventListeners: () => signal.removeEventListener('abort', expire) }
}

/** The lower of ours and theirs. Throws RuntimeError for an Engine that is too old. */
export function chooseVersion(engineNewest: string): string {
  const [major = 1, minor = 40] = engineNewest.split('.').map(Number)
  if (major < API_OLDEST[0] || (major === API_OLDEST[0] && minor < API_OLDEST[1])) {
    throw new RuntimeError(
      'rejected',
      `Docker Engine speaks API ${engineNewest} at most; ${API_OLDEST.join('.')} (Engine 19.03) or newer is needed`,
    )
  }
  return major > API_NEWEST[0] || minor > API_NEWEST[1] ? API_NEWEST.join('.') : `${major}.${minor}`
}

const CODES: Readonly<Record<number, RuntimeErrorCode>> = { 404: 'not-found', 409: 'conflict' }

/** Engines answer `{"message": "..."}`. */
function refusal(status: number, text: string): RuntimeError {
  let message = text.trim()
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null && 'message' in answer) {
      message = String(answer.message)
    }
  } catch {
    // not JSON: a proxy, or an Engine that is going down; its text is all there is
  }
  return new RuntimeError(CODES[status] ?? 'rejected', message === '' ? `HTTP ${status}` : message)
}

/** dockerode's `(HTTP code 500) server error - WORDS` without what it puts in front. */
const engineWords = (message: string): string => message.replace(/^\(HTTP code \d+\) .*? - /, '')

const GONE = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'EACCES'])

/** What node:http or dockerode threw, as a RuntimeError. */
export function transportError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (typeof status === 'number') {
    const json = error instanceof Error && 'json' in error ? error.json : undefined
    return refusal(status, json ? JSON.stringify(json) : engineWords(messageOf(error)))
  }
  const code = codeOf(error) ?? ''
  const gone = GONE.has(code) || messageOf(error) === 'socket hang up'
  return new RuntimeError(gone ? 'unavailable' : 'rejected', `Docker Engine: ${messageOf(error)}`, {
    cause: error,
  })
}
