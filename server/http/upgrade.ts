/**
 * Connections that stop being HTTP: SPDY/3.1, and WebSocket with a sub-protocol of Kubernetes.
 *
 * Throws  StatusError(BadRequest) for no upgrade at all or an unknown one, Forbidden when no protocol is shared.
 * Source: k8s.io/apimachinery pkg/util/httpstream (Handshake), pkg/util/httpstream/wsstream
 */
import { badRequest, StatusError } from '#api/status.ts'
import type { Clock, Timer } from '#base/clock.ts'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Exchange, UpgradeRequest } from './exchange.ts'

const MESSAGE_MAX_BYTES = 1024 * 1024
const PING_EVERY_MS = 30_000
const PROTOCOL_HEADER = 'x-stream-protocol-version'

export interface Protocols {
  /** Best first. */
  readonly spdy: readonly string[]
  /** Best first; '' is a client that names none. */
  readonly webSocket: readonly string[]
}

export interface Agreed {
  readonly transport: 'spdy' | 'websocket'
  readonly protocol: string
}

/** What this request and the server have in common. */
export function agree(exchange: Exchange, protocols: Protocols): Agreed {
  const wanted = exchange.header('upgrade')?.toLowerCase()
  if (exchange.upgrade === undefined || wanted === undefined)
    throw badRequest('Upgrade request required')
  if (wanted === 'websocket') return agreeWebSocket(exchange, protocols.webSocket)
  if (wanted === 'spdy/3.1') return agreeSpdy(exchange, protocols.spdy)
  throw badRequest('Upgrade request required')
}

function agreeWebSocket(exchange: Exchange, spoken: readonly string[]): Agreed {
  const offered = wordsOf(exchange.header('sec-websocket-protocol'))
  const protocol = spoken.find(one => (one === '' ? offered.length === 0 : offered.includes(one)))
  if (protocol !== undefined) return { transport: 'websocket', protocol }
  throw badRequest(`unable to upgrade: none of the protocols ${offered.join(', ')} is supported`)
}

function agreeSpdy(exchange: Exchange, spoken: readonly string[]): Agreed {
  const offered = wordsOf(exchange.header(PROTOCOL_HEADER))
  if (offered.length === 0)
    throw badRequest('unable to upgrade: X-Stream-Protocol-Version is required')
  // The client's order counts.
  const protocol = offered.find(one => spoken.includes(one))
  if (protocol !== undefined) return { transport: 'spdy', protocol }
  throw new StatusError(
    'Forbidden',
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${spoken.join(' ')}]`,
  )
}

const wordsOf = (header: string | undefined): readonly string[] =>
  (header ?? '')
    .split(',')
    .map(word => word.trim())
    .filter(word => word !== '')

/** Answers 101; the socket speaks SPDY from here on. */
export function switchToSpdy({ socket, head }: UpgradeRequest, protocol: string): Duplex {
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
      `X-Stream-Protocol-Version: ${protocol}`,
      '\r\n',
    ].join('\r\n'),
  )
  if (head.length > 0) socket.unshift(head)
  return socket
}

/** Answers 101; undefined when the handshake was refused (and answered), or the client went away meanwhile. */
export function switchToWebSocket(
  { request, socket, head }: UpgradeRequest,
  protocol: string,
): Promise<WebSocket | undefined> {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_MAX_BYTES,
    handleProtocols: () => (protocol === '' ? false : protocol),
  })
  return new Promise(resolve => {
    socket.once('close', () => resolve(undefined))
    server.handleUpgrade(request, socket, head, resolve)
  })
}

/** Keeps middle-boxes from forgetting a quiet session. */
export function keepOpen(socket: WebSocket, clock: Clock): void {
  const again = (): Timer =>
    clock.after(PING_EVERY_MS, () => {
      if (socket.readyState !== socket.OPEN) return
      socket.ping()
      timer = again()
    })
  let timer = again()
  socket.once('close', () => timer.cancel())
}
