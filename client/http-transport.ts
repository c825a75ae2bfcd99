/**
 * The API over HTTPS: requests through a small undici pool, watches multiplexed over one HTTP/2 connection.
 * Owns: both connections. `close` ends them; nothing else does, except `replaceTls`, which lets the old ones drain.
 *
 * Throws  StatusError as the Transport contract says; Timeout when the server took the request and stayed silent.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { type Dispatcher, Pool } from 'undici'
import type { AnyObject } from '#api/object.ts'
import { type Clock, systemClock } from '#base/clock.ts'
import { decodeBody, errorOfAnswer, unreachable } from './answer.ts'
import { WatchConnection } from './http2-watch.ts'
import type { TlsMaterial } from './tls-material.ts'
import type { ApiRequest, Transport } from './transport.ts'

export interface HttpTransportOptions {
  /** `https://host:port`, without a path. */
  readonly server: string
  readonly tls: TlsMaterial
  /** Asked before each request, so that a rotated token is used at once. */
  readonly getBearer?: () => string | undefined
  readonly userAgent: string
  /** Connections of the request pool; 8 when absent. */
  readonly connections?: number
  /** How long an answer may take to start, and to pause; 30 s when absent. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Readable
}

export interface HttpTransport extends Transport {
  /** A streamed answer (logs, metrics). Throws StatusError when it is not 2xx; the caller destroys the body. */
  stream(request: ApiRequest, signal?: AbortSignal): Promise<HttpAnswer>
  /** New requests and watches use the new material; running ones end on the old connections. */
  replaceTls(tls: TlsMaterial): void
  close(): Promise<void>
}

const CONNECTIONS = 8
const TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 10_000

export function createHttpTransport(options: HttpTransportOptions): HttpTransport {
  const clock = options.clock ?? systemClock
  let pool = openPool(options, options.tls)
  let watches = new WatchConnection({ server: options.server, tls: options.tls, clock })

  const send = async (request: ApiRequest, signal: AbortSignal | undefined, isStream: boolean) => {
    try {
      return await pool.request(dispatchOptions(options, request, signal, isStream))
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw unreachable(options.server, error)
    }
  }
  const textOf = async (answer: Dispatcher.ResponseData, signal: AbortSignal | undefined) => {
    try {
      return await answer.body.text()
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw unreachable(options.server, error)
    }
  }

  return {
    async request(request, signal) {
      const answer = await send(request, signal, false)
      const body = decodeBody(await textOf(answer, signal))
      if (answer.statusCode < 200 || answer.statusCode > 299) {
        throw errorOfAnswer(answer.statusCode, body)
      }
      // The seam between bytes and types: the server answers with objects, as the API promises.
      return body as AnyObject
    },
    async stream(request, signal) {
      const answer = await send(request, signal, true)
      if (answer.statusCode >= 200 && answer.statusCode <= 299) {
        return { status: answer.statusCode, headers: answer.headers, body: answer.body }
      }
      throw errorOfAnswer(answer.statusCode, decodeBody(await textOf(answer, signal)))
    },
    watch(request, onEvent, signal) {
      const query = { ...request.query, watch: 'true' }
      const headers = headersOf(options, undefined, request.accept)
      return watches.watch({ pathWithQuery: urlOf(request.path, query), headers }, onEvent, signal)
    },
    replaceTls(tls) {
      const retired = pool
      // Pool.close waits for running requests; a failure then is theirs, and they report it.
      void retired.close().catch(() => {})
      watches.retire()
      pool = openPool(options, tls)
      watches = new WatchConnection({ server: options.server, tls, clock })
    },
    async close() {
      watches.destroy()
      await pool.destroy()
    },
  }
}

/** Path and query as one URL path; `path` is already escaped. */
export function urlOf(path: string, query: Readonly<Record<string, string>> | undefined): string {
  const text = new URLSearchParams(query ?? {}).toString()
  return text === '' ? path : `${path}?${text}`
}

function openPool(options: HttpTransportOptions, tls: TlsMaterial): Pool {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  return new Pool(options.server, {
    connections: options.connections ?? CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ca: [...tls.ca],
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
    },
  })
}

function headersOf(
  options: HttpTransportOptions,
  contentType: string | undefined,
  accept = 'application/json',
): Readonly<Record<string, string>> {
  const bearer = options.getBearer?.()
  return {
    accept,
    'user-agent': options.userAgent,
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  }
}

function dispatchOptions(
  options: HttpTransportOptions,
  request: ApiRequest,
  signal: AbortSignal | undefined,
  isStream: boolean,
): Dispatcher.RequestOptions {
  const hasBody = request.body !== undefined
  const contentType = hasBody ? (request.contentType ?? 'application/json') : undefined
  const headers = headersOf(options, contentType, isStream ? '*/*' : request.accept)
  return {
    method: request.method,
    path: urlOf(request.path, request.query),
    headers,
    ...(hasBody ? { body: JSON.stringify(request.body) } : {}),
    ...(signal === undefined ? {} : { signal }),
    // A followed log may rightly be silent for hours.
    ...(isStream ? { bodyTimeout: 0 } : {}),
  }
}
