/**
 * One HTTP request and its answer, whatever carried it. Two back ends: an HTTP/2 stream and an HTTP/1.1 pair.
 *
 * Input   headers in lower case; the body is read once, whole, at most `limitBytes`, within BODY_TIMEOUT_MS.
 * Law     respond() or stream() is called once; after the client is gone both do nothing.
 */
import type { Credentials } from '#api/request.ts'
import type { Clock } from '#base/clock.ts'
import { StatusError } from '#api/status.ts'
import type { Duplex, Readable } from 'node:stream'

export type Headers = Readonly<Record<string, string | readonly string[]>>

/** A streamed answer. */
export interface BodyWriter {
  /** False when the reader is behind: call `drained` before writing more. */
  write(chunk: Buffer): boolean
  /** Resolves when the queue is empty or the reader is gone. */
  drained(): Promise<void>
  end(): void
  /** Breaks the stream, so that the reader sees an error and not an end. */
  destroy(): void
  readonly gone: boolean
  /** Bytes accepted and not yet taken by the transport. */
  readonly queuedBytes: number
}

export interface Exchange {
  readonly method: string
  /** As sent, without the query, percent-escapes included. */
  readonly path: string
  readonly query: URLSearchParams
  /** The query as sent, with its question mark; '' without one. */
  readonly search: string
  readonly credentials: Credentials
  readonly remoteAddress: string
  readonly protocol: 'h2' | 'http/1.1'
  /** Aborts when the client goes away before the answer is complete. */
  readonly signal: AbortSignal
  /** The status answered so far, 0 before. */
  readonly status: number
  header(name: string): string | undefined
  /** All of them, in lower case. */
  headerNames(): readonly string[]
  readBody(limitBytes: number): Promise<Buffer>
  /** The body as it comes, for whoever passes it on; undefined when the request has none. Instead of readBody. */
  streamBody(): Readable | undefined
  respond(status: number, headers: Headers, body: Buffer): void
  stream(status: number, headers: Headers): BodyWriter
  /** The raw socket of an HTTP/1.1 upgrade request; undefined otherwise. */
  readonly upgrade: UpgradeRequest | undefined
}

/** What the WebSocket library needs to answer an upgrade. */
export interface UpgradeRequest {
  readonly request: import('node:http').IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

const BODY_TIMEOUT_MS = 30_000
export const BODY_LIMIT_BYTES = 3 * 1024 * 1024

export const bodyTooLarge = (limitBytes: number): StatusError =>
  new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`)

/** The events of a readable body, as both back ends have them. */
export interface BodySource {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end' | 'close' | 'aborted', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  /** The end was announced already, to nobody. */
  readonly readableEnded: boolean
  removeAllListeners(event: 'data'): unknown
  resume(): unknown
}

/**
 * Collects a body. Throws RequestEntityTooLarge beyond the limit, Timeout when it trickles, BadRequest when it breaks off.
 * What follows a refusal is read and dropped by the transport.
 */
export function collectBody(source: BodySource, limitBytes: number, clock: Clock): Promise<Buffer> {
  // An empty HTTP/2 body that came in with its headers has ended before anybody could ask for it.
  if (source.readableEnded) return Promise.resolve(Buffer.alloc(0))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let isOver = false
    const timer = clock.after(BODY_TIMEOUT_MS, () =>
      finish(new StatusError('Timeout', 'request body was not received in time')),
    )
    const finish = (result: Buffer | Error): void => {
      isOver = true
      timer.cancel()
      if (result instanceof Error) {
        source.removeAllListeners('data')
        source.resume()
        reject(result)
      } else resolve(result)
    }
    source.on('data', chunk => {
      size += chunk.length
      if (isOver) return
      if (size > limitBytes) return finish(bodyTooLarge(limitBytes))
      chunks.push(chunk)
    })
    source.on('end', () => {
      const [first] = chunks
      finish(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size))
    })
    // Every body closes in the end, and an Error costs its stack.
    const broken = (): void => {
      if (isOver) return
      finish(new StatusError('BadRequest', 'the request body ended before it was complete'))
    }
    source.on('error', broken)
    source.on('close', broken)
  })
}

/** What TLS made of the peer's certificate. */
export interface PeerCertificate {
  /** DER, verified; the same Buffer for every request of the connection. */
  readonly certificate: Buffer | undefined
  readonly hasRefusedCertificate: boolean
}

export function credentialsOf(
  authorization: string | undefined,
  peer: PeerCertificate,
): Credentials {
  const { certificate, hasRefusedCertificate } = peer
  const parsed = parseAuthorization(authorization)
  if (certificate !== undefined) return { ...parsed, certificate }
  return hasRefusedCertificate ? { ...parsed, hasRefusedCertificate } : parsed
}

/** Splits `Authorization` into what authenticators take. */
function parseAuthorization(header: string | undefined): Pick<Credentials, 'bearer' | 'basic'> {
  if (header === undefined) return {}
  const space = header.indexOf(' ')
  const scheme = header.slice(0, space).toLowerCase()
  const value = header.slice(space + 1).trim()
  if (scheme === 'bearer' && value !== '') return { bearer: value }
  if (scheme !== 'basic') return {}
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? {} : { basic: { user: text.slice(0, colon), password: text.slice(colon + 1) } }
}
