/** An Exchange over an HTTP/1.1 request and response, or over an upgrade request (WebSocket). */
import type { Credentials } from '#api/request.ts'
import type { Readable } from 'node:stream'
import { type IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import {
  type BodyWriter,
  type Exchange,
  type Headers,
  type UpgradeRequest,
  bodyTooLarge,
  collectBody,
  credentialsOf,
} from './exchange.ts'
import type { Peer } from './h2-exchange.ts'
import { StreamWriter } from './stream-writer.ts'

export class H1Exchange implements Exchange {
  readonly protocol = 'http/1.1'
  readonly method: string
  readonly path: string
  readonly search: string
  readonly upgrade: UpgradeRequest | undefined
  readonly #request: IncomingMessage
  #response: ServerResponse | undefined
  readonly #peer: Peer
  #query: URLSearchParams | undefined
  #abort: AbortController | undefined
  #status = 0

  /** `answer` is the response, or the raw socket when the client asked for an upgrade. */
  constructor(request: IncomingMessage, answer: ServerResponse | UpgradeRequest, peer: Peer) {
    const target = request.url ?? '/'
    const mark = target.indexOf('?')
    this.method = request.method ?? 'GET'
    this.path = mark < 0 ? target : target.slice(0, mark)
    this.search = mark < 0 ? '' : target.slice(mark)
    this.#request = request
    this.#response = 'head' in answer ? undefined : answer
    this.upgrade = 'head' in answer ? answer : undefined
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
      const source = this.#response ?? this.upgrade?.socket
      if (source?.destroyed) abort.abort()
      else source?.once('close', () => abort.abort())
    }
    return this.#abort.signal
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  headerNames(): readonly string[] {
    return Object.keys(this.#request.headers)
  }

  readBody(limitBytes: number): Promise<Buffer> {
    if (Number(this.header('content-length') ?? 0) > limitBytes) {
      this.#request.resume()
      return Promise.reject(bodyTooLarge(limitBytes))
    }
    return collectBody(this.#request, limitBytes, this.#peer.clock)
  }

  streamBody(): Readable | undefined {
    const hasBody =
      Number(this.header('content-length') ?? 0) > 0 ||
      this.header('transfer-encoding') !== undefined
    return hasBody ? this.#request : undefined
  }

  respond(status: number, headers: Headers, body: Buffer): void {
    this.#status = status
    const response = this.#answer()
    if (response === undefined || response.headersSent || response.destroyed) return
    response.writeHead(status, { ...mutable(headers), 'content-length': body.length })
    response.end(this.method === 'HEAD' ? undefined : body)
    if (!this.#request.readableEnded) this.#request.resume()
  }

  stream(status: number, headers: Headers): BodyWriter {
    this.#status = status
    const response = this.#answer()
    if (response === undefined) throw new Error('the connection has become something else')
    if (!response.headersSent && !response.destroyed) {
      response.writeHead(status, mutable(headers))
      response.flushHeaders()
    }
    return new StreamWriter(response, () => response.destroy())
  }

  /** Whoever asks for an upgrade where there is none gets a plain answer. */
  #answer(): ServerResponse | undefined {
    this.#response ??= this.upgrade === undefined ? undefined : plainAnswer(this.upgrade)
    return this.#response
  }
}

/** The last response on the connection of an upgrade that is not taken up: node has let go of its socket. */
function plainAnswer({ request, socket }: UpgradeRequest): ServerResponse | undefined {
  if (!(socket instanceof Socket)) return undefined
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  try {
    response.assignSocket(socket)
  } catch {
    // Sent while an earlier request of the connection is still being answered.
    socket.destroy()
    return undefined
  }
  socket.on('drain', () => response.emit('drain'))
  response.once('finish', () => {
    response.detachSocket(socket)
    socket.end()
  })
  return response
}

const mutable = (headers: Headers): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [...value],
    ]),
  )
