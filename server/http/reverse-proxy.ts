/**
 * Passes a request on to somebody else's HTTP server and the answer back, both streamed; connections that are upgraded
 * (WebSocket and others) are carried raw.
 *
 * Throws  StatusError(ServiceUnavailable) `error trying to reach service: ...` before anything was answered.
 * Law     Certificates of what is proxied to are not checked, as ever: pods have none that anybody could check.
 * Source: k8s.io/apimachinery pkg/util/proxy/upgradeaware.go
 */
import { internalError, StatusError } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import { closeOf } from '#base/streams.ts'
import { messageOf } from '#base/errors.ts'
import type { ProxyTarget } from '#server/registry/call.ts'
import { once } from 'node:events'
import http, { STATUS_CODES, type IncomingMessage } from 'node:http'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { Exchange, Headers, UpgradeRequest } from './exchange.ts'
import {
  type Forwarded,
  type Source,
  answerHeaders,
  requestHeaders,
  rewritten,
  splitPath,
} from './forwarded.ts'
import { rewriteLinks } from './html-links.ts'

const DIAL_TIMEOUT_MS = 30_000
const HANDSHAKE_TIMEOUT_MS = 10_000
const REFUSAL_MAX_BYTES = 64 * 1024
/** Rewriting one takes a millisecond or two. */
const PAGE_MAX_BYTES = 256 * 1024

/** `rest`: the path segments behind the subresource. Resolves when the answer is through. */
export async function reverseProxy(
  exchange: Exchange,
  target: ProxyTarget,
  rest: readonly string[],
  clock: Clock,
): Promise<void> {
  const forwarded = splitPath(exchange.path, rest.length)
  const isRead = exchange.method === 'GET' || exchange.method === 'HEAD'
  if (forwarded.path === '' && isRead && exchange.upgrade === undefined) {
    // So that relative links of what is there lead to the right place.
    exchange.respond(301, { location: `${exchange.path}/${exchange.search}` }, Buffer.alloc(0))
    return
  }
  const connection = await reached(exchange, target, clock)
  const stop = (): void => void connection.destroy()
  exchange.signal.addEventListener('abort', stop, { once: true })
  try {
    if (exchange.signal.aborted) return
    await answered(exchange, outgoing(exchange, forwarded, connection), { target, forwarded })
  } finally {
    exchange.signal.removeEventListener('abort', stop)
    connection.destroy()
  }
}

async function reached(exchange: Exchange, target: ProxyTarget, clock: Clock): Promise<Duplex> {
  try {
    const raw = await (target.connect?.(exchange.signal) ?? dial(target.host, clock))
    raw.on('error', () => {})
    return target.scheme === 'http' ? raw : await secured(raw, exchange.signal, clock)
  } catch (error) {
    throw unreachable(error)
  }
}

/** Whoever is silent is given up, and so is a client that left. */
async function secured(raw: Duplex, signal: AbortSignal, clock: Clock): Promise<Duplex> {
  const secure = tls.connect({ socket: raw, rejectUnauthorized: false })
  // What breaks below it is also told behind the end of the handshake.
  secure.on('error', () => {})
  const timer = clock.after(HANDSHAKE_TIMEOUT_MS, () =>
    secure.destroy(new Error('net/http: TLS handshake timeout')),
  )
  try {
    await once(secure, 'secureConnect', { signal })
  } catch (error) {
    secure.destroy()
    raw.destroy()
    throw error
  } finally {
    timer.cancel()
  }
  secure.once('close', () => raw.destroy())
  return secure
}

const unreachable = (error: unknown): StatusError =>
  new StatusError('ServiceUnavailable', `error trying to reach service: ${messageOf(error)}`)

async function dial(host: string, clock: Clock): Promise<Duplex> {
  const { hostname, port } = new URL(`http://${host}`)
  const socket = net.connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) })
  const timer = clock.after(DIAL_TIMEOUT_MS, () => socket.destroy(new Error('i/o timeout')))
  await once(socket, 'connect').finally(() => timer.cancel())
  return socket
}

function outgoing(
  exchange: Exchange,
  forwarded: Forwarded,
  connection: Duplex,
): http.ClientRequest {
  const headers = requestHeaders(exchange, forwarded)
  const upgrade = exchange.header('upgrade')
  if (exchange.upgrade !== undefined && upgrade !== undefined) {
    headers['connection'] = 'Upgrade'
    headers['upgrade'] = upgrade
  }
  const body = exchange.upgrade === undefined ? exchange.streamBody() : undefined
  if (body !== undefined && headers['content-length'] === undefined)
    headers['transfer-encoding'] = 'chunked'
  const request = http.request({
    createConnection: () => connection,
    method: exchange.method,
    path: `${forwarded.path === '' ? '/' : forwarded.path}${exchange.search}`,
    headers,
    setHost: false,
  })
  if (body === undefined) request.end()
  else body.pipe(request)
  return request
}

interface Proxied {
  readonly target: ProxyTarget
  readonly forwarded: Forwarded
}

/** Resolves when the answer is through, or broken off behind its headers. */
function answered(
  exchange: Exchange,
  request: http.ClientRequest,
  proxied: Proxied,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let hasAnswer = false
    request.on('error', error => {
      if (!hasAnswer) reject(unreachable(error))
    })
    request.once('response', response => {
      hasAnswer = true
      const done = exchange.upgrade === undefined ? pass : refuseUpgrade
      done(exchange, response, proxied).then(resolve, reject)
    })
    request.once('upgrade', (response, connection, head) => {
      hasAnswer = true
      const { upgrade } = exchange
      if (upgrade === undefined) return reject(internalError('an upgrade nobody asked for'))
      void carryRaw(upgrade, { response, connection, head }).then(resolve)
    })
  })
}

const sourceOf = (exchange: Exchange, { forwarded, target }: Proxied): Source => ({
  prefix: forwarded.prefix,
  hosts: [target.host, exchange.header('host') ?? exchange.header(':authority') ?? ''],
})

const headersOf = (exchange: Exchange, response: IncomingMessage, proxied: Proxied): Headers =>
  answerHeaders(response.headers, sourceOf(exchange, proxied))

async function pass(
  exchange: Exchange,
  response: IncomingMessage,
  proxied: Proxied,
): Promise<void> {
  const status = response.statusCode ?? 502
  const headers = headersOf(exchange, response, proxied)
  if (isPage(exchange, response)) return passPage(exchange, response, proxied)
  const writer = exchange.stream(status, headers)
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (writer.gone) return
      if (!writer.write(chunk)) await writer.drained()
    }
    writer.end()
  } catch {
    // The other side broke off: so does the answer, and nothing else can be said any more.
    writer.destroy()
  }
}

/** A page short enough to be rewritten in one go. What names no length, or a longer one, passes as it is. */
function isPage({ method }: Exchange, { headers }: IncomingMessage): boolean {
  const {
    'content-type': type = '',
    'content-encoding': encoding,
    'content-length': length,
  } = headers
  if (method === 'HEAD' || headers.location !== undefined || encoding !== undefined) return false
  return /^text\/html\s*(;|$)/.test(type) && Number(length ?? PAGE_MAX_BYTES) < PAGE_MAX_BYTES
}

/** Its links lead back through the proxy. */
async function passPage(
  exchange: Exchange,
  response: IncomingMessage,
  proxied: Proxied,
): Promise<void> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch (error) {
    throw unreachable(error)
  }
  const source = sourceOf(exchange, proxied)
  // latin1 keeps every byte, and links that are rewritten are ASCII.
  const page = rewriteLinks(Buffer.concat(chunks).toString('latin1'), link =>
    link === '' ? link : rewritten(link, source),
  )
  const { 'content-length': _length, ...headers } = headersOf(exchange, response, proxied)
  exchange.respond(response.statusCode ?? 502, headers, Buffer.from(page, 'latin1'))
}

/** An error instead of an upgrade is passed on as an answer. */
async function refuseUpgrade(
  exchange: Exchange,
  response: IncomingMessage,
  proxied: Proxied,
): Promise<void> {
  const status = response.statusCode ?? 0
  if (status < 400) throw internalError(`invalid upgrade response: status code ${status}`)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > REFUSAL_MAX_BYTES) break
    chunks.push(chunk)
  }
  const { 'content-length': _length, ...headers } = headersOf(exchange, response, proxied)
  exchange.respond(status, headers, Buffer.concat(chunks))
}

interface Upgraded {
  readonly response: IncomingMessage
  readonly connection: Duplex
  readonly head: Buffer
}

async function carryRaw(
  { socket, head: sent }: UpgradeRequest,
  { response, connection, head }: Upgraded,
): Promise<void> {
  const { rawHeaders, statusCode = 101 } = response
  const lines = [`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`]
  for (let index = 0; index < rawHeaders.length; index += 2)
    lines.push(`${rawHeaders[index] ?? ''}: ${rawHeaders[index + 1] ?? ''}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (head.length > 0) socket.write(head)
  if (sent.length > 0) connection.write(sent)
  connection.on('error', () => {})
  socket.once('close', () => connection.destroy())
  connection.once('close', () => socket.end())
  socket.pipe(connection)
  connection.pipe(socket)
  await closeOf(socket)
}
