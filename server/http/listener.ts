/**
 * The one TLS listener: hands each connection to HTTP/2, HTTP/1.1 or another protocol by what ALPN agreed on.
 *
 * Owns    every connection, and a secure context that can be replaced while running.
 * Law     A peer's certificate is passed on only when TLS verified its chain and dates against the client CA.
 *         An HTTP/1.1 socket is never handed to HTTP/2 (a native assertion would end the process).
 * Throws  on listen(): Error with code EADDRINUSE, EACCES ...
 */
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import type { Turns } from '#base/turns.ts'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { createDoor } from './door.ts'
import type { Exchange } from './exchange.ts'
import { H1Exchange } from './h1-exchange.ts'
import { H2Exchange, type Peer } from './h2-exchange.ts'

export interface TlsMaterial {
  /** PEM chain, leaf first. */
  readonly cert: string
  /** PEM. */
  readonly key: string
  /** PEM of the CAs that sign client certificates. */
  readonly clientCA: string
}

export type AlpnHandlers = Readonly<Record<string, (socket: TLSSocket, peer: Peer) => void>>

export interface ListenerOptions {
  readonly tls: TlsMaterial
  readonly clock: Clock
  readonly turns: Turns
  readonly log: Logger
  /** Must not throw; answers every exchange it is given. */
  readonly handle: (exchange: Exchange) => void
  /** Further protocols on the same port, by ALPN name. */
  readonly alpn?: AlpnHandlers
}

export interface Listener {
  listen(address: string, port: number): Promise<AddressInfo>
  /** New connections use the new material; open ones live on. */
  setSecureContext(material: TlsMaterial): void
  /** Stops listening, lets open requests finish for `graceMs`, then cuts. */
  close(graceMs: number): Promise<void>
}

const HANDSHAKE_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 15_000
const KEEP_ALIVE_MS = 120_000
const TCP_KEEP_ALIVE_MS = 30_000
const CONNECTIONS_MAX = 10_000
const STREAMS_PER_CONNECTION_MAX = 250
const HEADER_PAIRS_MAX = 128
const HEADER_BYTES_MAX = 64 * 1024
/** Uploads of 3 MiB need few round trips; one connection cannot pin more than this per direction. */
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024
const STREAM_WINDOW_BYTES = 1024 * 1024
/** Unread answers queued per connection, in MB. LIST and WATCH respect back-pressure long before. */
const SESSION_MEMORY_MB = 64

export function createListener(options: ListenerOptions): Listener {
  const sockets = new Set<TLSSocket>()
  const sessions = new Set<http2.ServerHttp2Session>()
  const h2 = createH2(options, sessions)
  const h1 = createH1(options)
  const front = tls.createServer({
    ...contextOf(options.tls),
    ALPNProtocols: ['h2', 'http/1.1', ...Object.keys(options.alpn ?? {})],
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    minVersion: 'TLSv1.2',
  })
  const door = createDoor({
    clock: options.clock,
    turns: options.turns,
    connectionsMax: CONNECTIONS_MAX,
    silenceMs: HANDSHAKE_TIMEOUT_MS,
    admit: socket => front.emit('connection', socket),
  })
  front.on('tlsClientError', error => options.log.debug('TLS handshake failed', { error }))
  front.on('secureConnection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', error => options.log.debug('connection failed', { error }))
    socket.setNoDelay(true)
    // A peer that vanished without a word (a node behind NAT) must not hold its watches for ever.
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS)
    const protocol = socket.alpnProtocol
    if (protocol === 'h2')
      return void paced(options.turns, socket, () => h2.emit('connection', socket))
    const other = typeof protocol === 'string' ? options.alpn?.[protocol] : undefined
    if (other !== undefined) return other(socket, peerOf(socket, options.clock))
    h1.emit('connection', socket)
  })
  return {
    listen: (address, port) =>
      new Promise((resolve, reject) => {
        const { server } = door
        server.once('error', reject)
        server.listen(port, address, () => {
          server.removeListener('error', reject)
          server.on('error', error => options.log.error('listener failed', { error }))
          const bound = server.address()
          if (bound === null || typeof bound === 'string') return reject(new Error('no address'))
          resolve(bound)
        })
      }),
    setSecureContext: material => front.setSecureContext(contextOf(material)),
    close(graceMs) {
      door.clear()
      const { server } = door
      return closeAll({ clock: options.clock, server, h1, sockets, sessions, graceMs })
    },
  }
}

/** A session costs as much as a handshake. */
async function paced(turns: Turns, socket: TLSSocket, start: () => void): Promise<void> {
  await turns.take()
  if (!socket.destroyed) start()
}

const contextOf = (material: TlsMaterial): tls.SecureContextOptions => ({
  cert: material.cert,
  key: material.key,
  ca: material.clientCA,
})

function createH2(
  options: ListenerOptions,
  sessions: Set<http2.ServerHttp2Session>,
): http2.Http2Server {
  // Never listens and ends no TLS: a secure server would make a context of its own, 7 ms at every start.
  const server = http2.createServer({
    maxSessionMemory: SESSION_MEMORY_MB,
    maxHeaderListPairs: HEADER_PAIRS_MAX,
    settings: {
      maxConcurrentStreams: STREAMS_PER_CONNECTION_MAX,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: HEADER_BYTES_MAX,
    },
  })
  const peers = new WeakMap<object, Peer>()
  server.on('session', session => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    session.on('error', error => options.log.debug('HTTP/2 session failed', { error }))
    const { socket } = session
    if (socket instanceof tls.TLSSocket) peers.set(session, peerOf(socket, options.clock))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', error => options.log.debug('HTTP/2 stream failed', { error }))
    const session = stream.session
    const peer = session === undefined ? undefined : peers.get(session)
    options.handle(new H2Exchange(stream, headers, peer ?? nobody(options.clock)))
  })
  return server
}

function createH1(options: ListenerOptions): http.Server {
  const server = http.createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    shouldUpgradeCallback: hasNoBody,
  })
  // Connections come from the TLS server, not from listen(): this starts the watch over slow headers.
  server.emit('listening')
  const peers = new WeakMap<object, Peer>()
  const peerOfRequest = (request: http.IncomingMessage): Peer => {
    const { socket } = request
    const known = peers.get(socket)
    if (known !== undefined) return known
    const { clock } = options
    const peer = socket instanceof tls.TLSSocket ? peerOf(socket, clock) : nobody(clock)
    peers.set(socket, peer)
    return peer
  }
  server.on('request', (request, response) => {
    options.handle(new H1Exchange(request, response, peerOfRequest(request)))
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', error => options.log.debug('upgraded connection failed', { error }))
    const upgrade = { request, socket, head }
    options.handle(new H1Exchange(request, upgrade, peerOfRequest(request)))
  })
  return server
}

/** A body is not read on its way to an upgrade: whoever sends one gets a plain answer. */
const hasNoBody = ({ headers }: http.IncomingMessage): boolean =>
  Number(headers['content-length'] ?? 0) === 0 && headers['transfer-encoding'] === undefined

function peerOf(socket: TLSSocket, clock: Clock): Peer {
  const shown = socket.getPeerX509Certificate()?.raw
  return {
    clock,
    certificate: socket.authorized ? shown : undefined,
    hasRefusedCertificate: !socket.authorized && shown !== undefined,
    remoteAddress: socket.remoteAddress ?? '',
  }
}

const nobody = (clock: Clock): Peer => ({
  clock,
  certificate: undefined,
  hasRefusedCertificate: false,
  remoteAddress: '',
})

interface Closing {
  readonly clock: Clock
  readonly server: Server
  readonly h1: http.Server
  readonly sockets: ReadonlySet<TLSSocket>
  readonly sessions: ReadonlySet<http2.ServerHttp2Session>
  readonly graceMs: number
}

async function closeAll(closing: Closing): Promise<void> {
  const { clock, server, h1, sockets, sessions, graceMs } = closing
  const closed = new Promise<void>(resolve => {
    server.close(() => resolve())
  })
  h1.close()
  h1.closeIdleConnections()
  for (const session of sessions) session.close()
  const timer = clock.after(graceMs, () => {
    for (const session of sessions) session.destroy()
    for (const socket of sockets) socket.destroy()
  })
  await closed
  timer.cancel()
}
