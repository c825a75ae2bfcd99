/** An Exchange over one HTTP/2 stream (the stream API: the compatibility layer costs almost half as much again). */
import type { Credentials } from '#api/request.ts'
import type { Clock } from '#base/clock.ts'
import type { Readable } from 'node:stream'
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import {
  type BodyWriter,
  type Exchange,
  type Headers,
  type PeerCertificate,
  bodyTooLarge,
  collectBody,
  credentialsOf,
} from './exchange.ts'
import { StreamWriter } from './stream-writer.ts'

/** Shared: an error of its own costs a stack each, and a lost connection may carry hundreds of watches. */
const GONE = new DOMException('the client is gone', 'AbortError')

/** What the listener knows of a connection, shared by its requests. */
export interface Peer extends PeerCertificate {
  readonly clock: Clock
  readonly remoteAddress: string
}

function resume(this: ServerHttp2Stream): void {
  this.resume()
}

export class H2Exchange implements Exchange {
  readonly protocol = 'h2'
  readonly upgrade = undefined
  readonly method: string
  readonly path: string
  readonly search: string
  readonly #stream: ServerHttp2Stream
  readonly #headers: IncomingHttpHeaders
  readonly #peer: Peer
  #query: URLSearchParams | undefined
  #abort: AbortController | undefined
  #status = 0

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, peer: Peer) {
    const target = headers[':path'] ?? '/'
    const mark = target.indexOf('?')
    this.method = headers[':method'] ?? 'GET'
    this.path = mark < 0 ? target : target.slice(0, mark)
    this.search = mark < 0 ? '' : target.slice(mark)
    this.#stream = stream
    this.#headers = headers
    this.#peer = peer
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.search)
    return this.#query
  }

  get credentials(): Credentials {
    return credentialsOf(this.header('authorization'), this.#peer)
  }

  get remoteAddress(): string {
    return this.#peer.remoteAddress
  }

  get status(): number {
    return this.#status
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController()
      this.#abort = abort
      if (this.#stream.destroyed) abort.abort(GONE)
      else this.#stream.once('close', () => abort.abort(GONE))
    }
    return this.#abort.signal
  }

  header(name: string): string | undefined {
    const value = this.#headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  headerNames(): readonly string[] {
    return Object.keys(this.#headers)
  }

  readBody(limitBytes: number): Promise<Buffer> {
    if (Number(this.header('content-length') ?? 0) > limitBytes) {
      this.#stream.resume()
      return Promise.reject(bodyTooLarge(limitBytes))
    }
    this.#askOn()
    return collectBody(this.#stream, limitBytes, this.#peer.clock)
  }

  streamBody(): Readable | undefined {
    if (this.#stream.endAfterHeaders) return undefined
    this.#askOn()
    return this.#stream
  }

  /** Clients that ask first hear that their body is wanted; curl would wait a second for it. */
  #askOn(): void {
    const stream = this.#stream
    if (this.header('expect')?.toLowerCase() !== '100-continue') return
    if (!stream.destroyed && !stream.headersSent)
      stream.additionalHeaders({ ':status': constants.HTTP_STATUS_CONTINUE })
  }

  respond(status: number, headers: Headers, body: Buffer): void {
    if (!this.#start(status, headers, body.length)) return
    if (this.method === 'HEAD') this.#stream.end()
    else this.#stream.end(body)
    // A stream that is read to its end before its last write is done is destroyed meanwhile, at the cost of an error.
    if (this.#stream.endAfterHeaders) this.#stream.once('finish', resume)
    // A body nobody asked for would otherwise hold flow-control window of the whole connection.
    else if (!this.#stream.readableEnded) this.#stream.resume()
  }

  stream(status: number, headers: Headers): BodyWriter {
    this.#start(status, headers, undefined)
    return new StreamWriter(this.#stream, () =>
      this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR),
    )
  }

  #start(status: number, headers: Headers, length: number | undefined): boolean {
    const stream = this.#stream
    this.#status = status
    if (stream.destroyed || stream.closed || stream.headersSent) return false
    const all: Record<string, string | string[] | number> = { ':status': status }
    for (const name of Object.keys(headers)) {
      const value = headers[name]
      if (value !== undefined) all[name] = typeof value === 'string' ? value : [...value]
    }
    if (length !== undefined) all['content-length'] = length
    stream.respond(all)
    return true
  }
}
