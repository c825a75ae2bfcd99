/**
 * One HTTP/2 connection that carries any number of watches. Owns: the session and its ping timer.
 *
 * A half-dead connection (a cable pulled, a server frozen) is found by pings, not by silence: a watch on a quiet
 * resource may rightly stay silent for minutes. A session without an answer to its ping within `pingTimeoutMs` is
 * destroyed and all its watches end with ServiceUnavailable.
 *
 * Law  The session exists only while a watch needs it.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { WatchEvent } from '#api/object.ts'
import type { Clock, Timer } from '#base/clock.ts'
import { decodeBody, errorOfAnswer, unreachable } from './answer.ts'
import { JsonLines } from './json-lines.ts'
import type { TlsMaterial } from './tls-material.ts'

const PING_INTERVAL_MS = 15_000
const PING_TIMEOUT_MS = 15_000
const CONNECT_TIMEOUT_MS = 10_000
/** Per stream and per session: a relist's worth of events must not wait for window updates at 100 ms round trip. */
const STREAM_WINDOW_BYTES = 1024 * 1024
const SESSION_WINDOW_BYTES = 16 * 1024 * 1024
/** An object is at most 3 MiB; before and after JSON escapes it stays below this. */
const EVENT_MAX_BYTES = 16 * 1024 * 1024
const ERROR_BODY_MAX_BYTES = 64 * 1024

export interface WatchConnectionOptions {
  readonly server: string
  readonly tls: TlsMaterial
  readonly clock: Clock
}

/** The timer that a session's liveness hangs on. */
interface Beat {
  timer: Timer
}

export class WatchConnection {
  readonly #options: WatchConnectionOptions
  #session: ClientHttp2Session | undefined
  #failure: Error | undefined
  #streams = 0
  #isClosed = false

  constructor(options: WatchConnectionOptions) {
    this.#options = options
  }

  /** `headers` are lower case and lack the pseudo headers. See Transport.watch for the rest. */
  async watch(
    request: { readonly pathWithQuery: string; readonly headers: Readonly<Record<string, string>> },
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return
    const session = this.#open()
    this.#streams += 1
    try {
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: 'GET',
        [constants.HTTP2_HEADER_PATH]: request.pathWithQuery,
        ...request.headers,
      })
      await this.#read(session, stream, onEvent, signal)
    } catch (error) {
      if (signal.aborted) return
      throw error
    } finally {
      this.#streams -= 1
      if (this.#streams === 0) this.#shut()
    }
  }

  /** Lets running watches go on; the session ends with the last of them. */
  retire(): void {
    this.#isClosed = true
    if (this.#streams === 0) this.#shut()
  }

  /** Ends everything now. */
  destroy(): void {
    this.#isClosed = true
    this.#session?.destroy()
  }

  #open(): ClientHttp2Session {
    const existing = this.#session
    if (existing !== undefined && !existing.destroyed && !existing.closed) return existing
    if (this.#isClosed) throw unreachable(this.#options.server, new Error('the client is closed'))
    const { server, tls, clock } = this.#options
    const session = connect(server, {
      ca: [...tls.ca],
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
    })
    this.#session = session
    this.#failure = undefined
    session.on('error', error => {
      if (this.#session === session) this.#failure = error
    })
    // Of this session alone: a former one that is still ending must not stop the watch over its successor.
    const beat: Beat = {
      timer: clock.after(CONNECT_TIMEOUT_MS, () => session.destroy(new Error('connect timed out'))),
    }
    session.once('connect', () => {
      session.setLocalWindowSize(SESSION_WINDOW_BYTES)
      this.#schedulePing(session, beat)
    })
    session.once('close', () => beat.timer.cancel())
    return session
  }

  #schedulePing(session: ClientHttp2Session, beat: Beat): void {
    const { clock } = this.#options
    beat.timer.cancel()
    beat.timer = clock.after(PING_INTERVAL_MS, () => {
      if (session.destroyed || session.closed) return
      beat.timer = clock.after(PING_TIMEOUT_MS, () =>
        session.destroy(new Error('no answer to a ping')),
      )
      session.ping(error => {
        if (error === null) return this.#schedulePing(session, beat)
        beat.timer.cancel()
        session.destroy(error)
      })
    })
  }

  /** Once the last watch has ended, whichever session it was on. */
  #shut(): void {
    const session = this.#session
    this.#session = undefined
    session?.close()
  }

  #read(
    session: ClientHttp2Session,
    stream: ClientHttp2Stream,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { server } = this.#options
    return new Promise((resolve, reject) => {
      const lines = new JsonLines(EVENT_MAX_BYTES)
      const refusal: Buffer[] = []
      let code = 0
      let hasEnded = false
      const abort = (): void => stream.close(constants.NGHTTP2_CANCEL)
      signal.addEventListener('abort', abort, { once: true })
      stream.on('response', headers => {
        code = Number(headers[constants.HTTP2_HEADER_STATUS] ?? 0)
      })
      const fail = (error: unknown): void => {
        reject(error)
        stream.close(constants.NGHTTP2_CANCEL)
      }
      stream.on('data', (chunk: Buffer) => {
        if (code !== 200) {
          if (refusal.length * 1024 < ERROR_BODY_MAX_BYTES) refusal.push(chunk)
          return
        }
        try {
          if (!signal.aborted) lines.push(chunk, value => deliver(value, onEvent))
        } catch (error) {
          fail(error)
        }
      })
      stream.once('end', () => {
        hasEnded = true
      })
      stream.once('error', error => {
        if (!signal.aborted) reject(unreachable(server, this.#failure ?? error))
      })
      stream.once('close', () => {
        signal.removeEventListener('abort', abort)
        if (signal.aborted) return resolve()
        if (code === 0 || !hasEnded || session.destroyed) {
          return reject(unreachable(server, this.#failure ?? new Error('the connection broke')))
        }
        if (code === 200) return resolve()
        reject(errorOfAnswer(code, decodeBody(Buffer.concat(refusal).toString('utf8'))))
      })
    })
  }
}

/** The seam between bytes and types: a watch stream carries events, as the server promises. */
function deliver(value: unknown, onEvent: (event: WatchEvent) => void): void {
  const event = value as { readonly type: string; readonly object: unknown }
  if (event.type === 'ERROR') throw errorOfAnswer(500, event.object)
  onEvent(event as WatchEvent)
}
