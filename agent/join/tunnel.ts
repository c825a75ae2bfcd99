/**
 * The agent's end of the tunnel: dials the server, then answers the server's requests on that connection.
 *
 * Owns    one TLS connection at a time; dials again with back-off whenever it is lost, for as long as the part runs.
 * Law     Every request gets exactly one answer; a handler's StatusError travels as a refusal, any other error of its
 *         as InternalError. When the server goes away from a stream the handler's signal aborts.
 */
import http2 from 'node:http2'
import { pipeline } from 'node:stream/promises'
import tls, { type TLSSocket } from 'node:tls'
import { internalError, StatusError } from '#api/status.ts'
import { backoffMs, type BackoffPolicy } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { NodeHandler, NodeRequest } from '#client/node-api.ts'
import { DEFAULT_PING, keepAlive, type PingTimes } from '#client/tunnel-ping.ts'
import {
  CONNECTION_WINDOW_BYTES,
  DIAL_BACKOFF,
  KIND_HEADER,
  METHOD_HEADER,
  travellingHeaders,
  REFUSED_HEADER,
  serverNameOf,
  TUNNEL_ALPN,
  TUNNEL_SETTINGS,
} from '#client/tunnel-protocol.ts'
import type { AgentTls } from './identity.ts'

export interface AgentTunnelOptions {
  /** `https://HOST:PORT` */
  readonly serverUrl: string
  /** Asked at every dial, so that a renewed certificate is used. */
  readonly tls: () => AgentTls
  readonly handler: NodeHandler
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly ping?: PingTimes
  readonly backoff?: BackoffPolicy
  /** Told about every change. */
  readonly onConnected?: (isConnected: boolean) => void
}

const DIAL_TIMEOUT_MS = 10_000
/** How long the server may keep its half of a stream open after the handler is done. */
const LINGER_MS = 5_000
/** A connection that lived this long was a good one: the next failure starts the back-off anew. */
const GOOD_AFTER_MS = 30_000

export function runTunnel(options: AgentTunnelOptions): Part {
  return { name: 'tunnel', run: signal => keepConnected(options, signal) }
}

async function keepConnected(options: AgentTunnelOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = options
  let failures = 0
  while (!signal.aborted) {
    const startedAt = clock.monotonic()
    const why = await connectOnce(options, signal)
    if (signal.aborted) return
    failures = clock.monotonic() - startedAt > GOOD_AFTER_MS ? 1 : failures + 1
    const delayMs = backoffMs(options.backoff ?? DIAL_BACKOFF, failures, options.random)
    // One line when it breaks, then one per ten attempts.
    const isNews = failures === 1 || failures % 10 === 0
    if (isNews)
      log.warn('tunnel to the server is down, dialling again', { server: options.serverUrl, why })
    await clock.sleep(delayMs, signal)
  }
}

/** Resolves when the connection is gone, with the reason in words. */
async function connectOnce(options: AgentTunnelOptions, signal: AbortSignal): Promise<string> {
  let socket: TLSSocket
  try {
    socket = await dial(options, signal)
  } catch (error) {
    return messageOf(error)
  }
  return serve(options, socket, signal)
}

function dial(options: AgentTunnelOptions, signal: AbortSignal): Promise<TLSSocket> {
  const { hostname, port } = new URL(options.serverUrl)
  const host = hostname.replace(/^\[|\]$/g, '')
  const identity = options.tls()
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host,
      port: Number(port === '' ? 443 : port),
      ca: identity.ca,
      cert: identity.cert,
      key: identity.key,
      ALPNProtocols: [TUNNEL_ALPN],
      ...serverNameOf(host),
    })
    const finish = (error: Error | undefined): void => {
      timer.cancel()
      signal.removeEventListener('abort', abort)
      socket.removeListener('error', finish)
      if (error === undefined) return resolve(socket)
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const abort = (): void => finish(new Error('stopped'))
    const timer = options.clock.after(DIAL_TIMEOUT_MS, () =>
      finish(new Error('connection timed out')),
    )
    signal.addEventListener('abort', abort, { once: true })
    socket.once('error', finish)
    socket.once('secureConnect', () =>
      finish(
        socket.alpnProtocol === TUNNEL_ALPN
          ? undefined
          : new Error('the server does not speak the tunnel protocol'),
      ),
    )
  })
}

function serve(
  options: AgentTunnelOptions,
  socket: TLSSocket,
  signal: AbortSignal,
): Promise<string> {
  return new Promise(resolve => {
    let why = 'the server closed the connection'
    socket.setNoDelay(true)
    socket.on('error', error => {
      why = messageOf(error)
    })
    const session = http2.performServerHandshake(socket, TUNNEL_SETTINGS)
    const stop = (): void => session.destroy()
    signal.addEventListener('abort', stop, { once: true })
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    session.on('error', error => {
      why = messageOf(error)
    })
    session.on('stream', (stream, headers) => void answer(options, stream, headers))
    session.once('close', () => {
      signal.removeEventListener('abort', stop)
      socket.destroy()
      options.onConnected?.(false)
      resolve(why)
    })
    keepAlive(session, {
      clock: options.clock,
      times: options.ping ?? DEFAULT_PING,
      onDead: () => {
        why = 'the server does not answer pings'
      },
    })
    options.log.info('tunnel open', { server: options.serverUrl })
    options.onConnected?.(true)
  })
}

async function answer(
  options: AgentTunnelOptions,
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
): Promise<void> {
  const gone = new AbortController()
  stream.once('close', () => gone.abort())
  stream.on('error', error => options.log.debug('tunnel stream failed', { error }))
  const isConnect = headers[KIND_HEADER] === 'connect'
  const request: NodeRequest = {
    method: String(headers[METHOD_HEADER] ?? headers[':method']),
    path: headers[':path'] ?? '/',
    headers: travellingHeaders(headers),
  }
  try {
    if (isConnect) await serveStream(options, { stream, request }, gone.signal)
    else await respond(options.handler, { stream, request }, gone.signal)
  } catch (error) {
    refuse(options, stream, error)
  }
}

interface Asked {
  readonly stream: http2.ServerHttp2Stream
  readonly request: NodeRequest
}

async function respond(
  handler: NodeHandler,
  { stream, request }: Asked,
  gone: AbortSignal,
): Promise<void> {
  const response = await handler.request(request, gone)
  if (stream.destroyed) return void response.body.destroy()
  stream.respond({ ...travellingHeaders(response.headers), ':status': response.status })
  await pipeline(response.body, stream)
}

async function serveStream(
  options: AgentTunnelOptions,
  asked: Asked,
  gone: AbortSignal,
): Promise<void> {
  const { stream } = asked
  const run = await options.handler.connect(asked.request)
  if (stream.destroyed) return
  stream.respond({ ':status': 200 })
  await run(stream, gone)
  stream.end()
  stream.resume()
  const timer = options.clock.after(LINGER_MS, () => stream.destroy())
  stream.once('close', () => timer.cancel())
}

function refuse(
  options: AgentTunnelOptions,
  stream: http2.ServerHttp2Stream,
  error: unknown,
): void {
  if (stream.destroyed) return
  if (stream.headersSent) {
    options.log.debug('tunnel stream broke off', { error })
    stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
    return
  }
  const isOurs = error instanceof StatusError
  if (!isOurs) options.log.error('node API failed', { error })
  const status = isOurs ? error : internalError(messageOf(error), error)
  stream.respond({
    ':status': status.code,
    'content-type': 'application/json',
    [REFUSED_HEADER]: '1',
  })
  stream.end(JSON.stringify(status.toStatus()))
}
