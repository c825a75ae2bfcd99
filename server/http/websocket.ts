/**
 * Exec and attach over WebSocket: the channel protocols of Kubernetes on one side, node frames on the other.
 *
 * A message is one channel byte and its payload; v5 adds `255, channel` for "that channel ends".
 * Source: k8s.io/apimachinery pkg/util/httpstream/wsstream, k8s.io/client-go transport/websocket
 */
import { badRequest } from '#api/status.ts'
import type { Clock, Timer } from '#base/clock.ts'
import { CHANNEL, FRAME_PAYLOAD_MAX_BYTES, FrameReader, encodeFrame } from '#client/node-api.ts'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Exchange } from './exchange.ts'

const PROTOCOLS: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
const MESSAGE_MAX_BYTES = 1024 * 1024
/** Unsent bytes towards a slow client before the node is asked to wait. */
const QUEUE_MAX_BYTES = 1024 * 1024
const PING_EVERY_MS = 30_000

const server = new WebSocketServer({
  noServer: true,
  maxPayload: MESSAGE_MAX_BYTES,
  handleProtocols: offered => PROTOCOLS.find(protocol => offered.has(protocol)) ?? false,
})

/**
 * Connects to the node first, so that its refusal is still an HTTP answer, then upgrades and carries both ways
 * until either side ends.
 * Throws  StatusError(BadRequest) when the client did not ask for a protocol spoken here, or what `connect` throws.
 */
export async function bridgeWebSocket(
  exchange: Exchange,
  connect: (signal: AbortSignal) => Promise<Duplex>,
  clock: Clock,
): Promise<void> {
  const { upgrade } = exchange
  const wanted = exchange.header('upgrade')?.toLowerCase()
  if (upgrade === undefined || wanted !== 'websocket') throw badRequest('Upgrade request required')
  const offered = (exchange.header('sec-websocket-protocol') ?? '')
    .split(',')
    .map(one => one.trim())
  if (!PROTOCOLS.some(protocol => offered.includes(protocol)))
    throw badRequest(`unable to upgrade: none of the protocols ${offered.join(', ')} is supported`)
  const node = await connect(exchange.signal)
  await new Promise<void>(resolve => {
    node.once('close', resolve)
    server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, socket => {
      carry(socket, node, clock)
    })
    upgrade.socket.once('close', () => node.destroy())
  })
}

function carry(socket: WebSocket, node: Duplex, clock: Clock): void {
  const frames = new FrameReader()
  /** Keeps middle-boxes from forgetting a quiet session. */
  const pingAfter = (): Timer =>
    clock.after(PING_EVERY_MS, () => {
      if (socket.readyState !== socket.OPEN) return
      socket.ping()
      ping = pingAfter()
    })
  let ping = pingAfter()
  const finish = (code: number): void => {
    ping.cancel()
    if (socket.readyState === socket.OPEN) socket.close(code)
    node.destroy()
  }
  node.on('data', (chunk: Buffer) => {
    try {
      for (const { channel, payload } of frames.push(chunk)) {
        if (channel === CHANNEL.close) continue
        send(socket, node, Buffer.concat([Buffer.from([channel]), payload]))
      }
    } catch {
      finish(1011)
    }
  })
  node.once('end', () => finish(1000))
  node.once('error', () => finish(1011))
  node.once('close', () => finish(1000))
  socket.on('message', data => {
    for (const frame of framesOf(bytesOf(data), socket.protocol)) {
      if (node.write(frame)) continue
      socket.pause()
      node.once('drain', () => socket.resume())
    }
  })
  socket.once('close', () => finish(1000))
  socket.once('error', () => finish(1011))
}

function send(socket: WebSocket, node: Duplex, message: Buffer): void {
  if (socket.readyState !== socket.OPEN) return
  if (socket.bufferedAmount > QUEUE_MAX_BYTES) node.pause()
  socket.send(message, () => {
    if (node.isPaused() && socket.bufferedAmount <= QUEUE_MAX_BYTES / 2) node.resume()
  })
}

function* framesOf(message: Buffer, protocol: string): Generator<Buffer> {
  const channel = message[0]
  if (channel === undefined) return
  if (channel === CHANNEL.close) {
    if (protocol.startsWith('v5')) yield encodeFrame(CHANNEL.close, message.subarray(1, 2))
    return
  }
  if (channel !== CHANNEL.stdin && channel !== CHANNEL.resize) return
  for (let start = 1; start < message.length; start += FRAME_PAYLOAD_MAX_BYTES)
    yield encodeFrame(channel, message.subarray(start, start + FRAME_PAYLOAD_MAX_BYTES))
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
