/**
 * Exec and attach: the streams of a command, over WebSocket or SPDY, on one side, node frames on the other.
 *
 * The node is asked first, so that its refusal is still an HTTP answer; then the connection is upgraded and carried both
 * ways until either side ends.
 * Source: k8s.io/apiserver pkg/endpoints/handlers, k8s.io/kubelet pkg/cri/streaming/remotecommand (httpstream, websocket)
 */
import type { Clock } from '#base/clock.ts'
import { closeOf } from '#base/streams.ts'
import { CHANNEL, FRAME_PAYLOAD_MAX_BYTES, FrameReader, encodeFrame } from '#client/node-api.ts'
import type { Answer } from '#server/registry/call.ts'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { messageOf, sendMessage } from './channels.ts'
import type { Exchange } from './exchange.ts'
import { carryOverSpdy } from './remote-command-spdy.ts'
import { agree, keepOpen, switchToSpdy, switchToWebSocket } from './upgrade.ts'
import { shownStatus } from './command-status.ts'

const PROTOCOLS = {
  spdy: ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'],
  webSocket: [
    'v5.channel.k8s.io',
    'v4.channel.k8s.io',
    'v4.base64.channel.k8s.io',
    'channel.k8s.io',
    'base64.channel.k8s.io',
    '',
  ],
}

/**
 * kubectl 1.30 to 1.33 starts to read before it has made its streams and drops what it has none for; nothing in the
 * protocol says when it is done. A container's command takes longer than this to start, so nobody waits.
 * Source: kubernetes/kubernetes#131203
 */
const CLIENT_GETS_READY_MS = 20

type NodeStream = Extract<Answer, { kind: 'node-stream' }>

/** Resolves when the session is over. Throws what `agree` and `connect` throw, before any upgrade. */
export async function serveCommand(
  exchange: Exchange,
  { streams, connect }: NodeStream,
  clock: Clock,
): Promise<void> {
  const { transport, protocol } = agree(exchange, PROTOCOLS)
  const { upgrade } = exchange
  const node = await connect(exchange.signal)
  node.on('error', () => {})
  if (upgrade === undefined || upgrade.socket.destroyed) return void node.destroy()
  upgrade.socket.once('close', () => node.destroy())
  if (transport === 'spdy') {
    const socket = switchToSpdy(upgrade, protocol)
    return carryOverSpdy({ socket, node, protocol, streams, clock })
  }
  const closed = closeOf(node)
  const socket = await switchToWebSocket(upgrade, protocol)
  if (socket === undefined) return
  keepOpen(socket, clock)
  carryOverWebSocket(socket, node, { protocol, clock })
  await closed
}

interface Carrying {
  readonly protocol: string
  readonly clock: Clock
}

function carryOverWebSocket(socket: WebSocket, node: Duplex, carrying: Carrying): void {
  const { protocol } = carrying
  const finish = (code: number): void => {
    if (socket.readyState === socket.OPEN) socket.close(code)
    node.destroy()
  }
  socket.on('message', data => {
    for (const frame of framesOf(messageOf(data, protocol), protocol)) node.write(frame)
    if (node.writableNeedDrain) socket.pause()
  })
  node.on('drain', () => socket.resume())
  socket.once('close', () => finish(1000))
  socket.once('error', () => finish(1011))
  toWebSocket(socket, node, carrying).then(
    () => finish(1000),
    () => finish(1011),
  )
}

async function toWebSocket(
  socket: WebSocket,
  node: Duplex,
  { protocol, clock }: Carrying,
): Promise<void> {
  const frames = new FrameReader()
  await clock.sleep(CLIENT_GETS_READY_MS)
  for await (const chunk of node as AsyncIterable<Buffer>)
    for (const { channel, payload } of frames.push(chunk)) {
      if (channel === CHANNEL.close) continue
      const shown = channel === CHANNEL.error ? shownStatus(payload, protocol) : payload
      if (shown.length > 0) await sendMessage(socket, { channel, payload: shown })
    }
}

function* framesOf(message: ReturnType<typeof messageOf>, protocol: string): Generator<Buffer> {
  if (message === undefined) return
  const { channel, payload } = message
  if (channel === CHANNEL.close) {
    if (protocol.startsWith('v5')) yield encodeFrame(CHANNEL.close, payload.subarray(0, 1))
    return
  }
  if (channel !== CHANNEL.stdin && channel !== CHANNEL.resize) return
  for (let start = 0; start < payload.length; start += FRAME_PAYLOAD_MAX_BYTES)
    yield encodeFrame(channel, payload.subarray(start, start + FRAME_PAYLOAD_MAX_BYTES))
}
