/**
 * A watch over WebSocket: each event is one message, and what the client says is ignored.
 *
 * Browsers have no other way to follow a watch with a header of their own. They offer their token as a subprotocol,
 * which is never echoed.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/watch.go HandleWS
 */
import { type WebSocket, WebSocketServer } from 'ws'
import type { BodyWriter, UpgradeRequest } from './exchange.ts'
import { BEARER_PROTOCOL } from './forwarded.ts'

/** A client has nothing to say here. */
const MESSAGE_MAX_BYTES = 4096
/** Unsent bytes before the cache is asked to wait. */
const QUEUE_MAX_BYTES = 256 * 1024

const server = new WebSocketServer({
  noServer: true,
  maxPayload: MESSAGE_MAX_BYTES,
  handleProtocols: offered =>
    [...offered].find(protocol => !protocol.startsWith(BEARER_PROTOCOL)) ?? false,
})

/** Undefined when the handshake was refused, which has been answered then. */
export function upgradeWatch(
  upgrade: UpgradeRequest,
  isText: boolean,
): Promise<BodyWriter | undefined> {
  return new Promise(resolve => {
    upgrade.socket.once('close', () => resolve(undefined))
    server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, socket => {
      socket.on('error', () => socket.terminate())
      resolve(new SocketWriter(socket, isText))
    })
  })
}

class SocketWriter implements BodyWriter {
  readonly #socket: WebSocket
  readonly #isText: boolean
  #sent: Promise<void> = Promise.resolve()

  constructor(socket: WebSocket, isText: boolean) {
    this.#socket = socket
    this.#isText = isText
  }

  get gone(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** One message. */
  write(chunk: Buffer): boolean {
    if (this.gone) return true
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#sent = promise
    this.#socket.send(chunk, { binary: !this.#isText }, () => resolve())
    return this.#socket.bufferedAmount <= QUEUE_MAX_BYTES
  }

  drained(): Promise<void> {
    return this.#sent
  }

  end(): void {
    this.#socket.close(1000)
  }

  destroy(): void {
    this.#socket.terminate()
  }
}
