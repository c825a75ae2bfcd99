/**
 * Port-forward: connections of a client to ports of a pod, each a raw stream through the node's tunnel.
 *
 * Three ways in: SPDY streams in pairs of data and error, the same inside WebSocket messages (kubectl since 1.31), and
 * WebSocket channels (two for each port of the query, the first message on each being the port).
 * Source: k8s.io/kubelet pkg/cri/streaming/portforward, k8s.io/apimachinery pkg/util/portforward
 */
import type { Clock } from '#base/clock.ts'
import { badRequest } from '#api/status.ts'
import { closeOf, endOf, writeTo } from '#base/streams.ts'
import type { Duplex } from 'node:stream'
import { type WebSocket, createWebSocketStream } from 'ws'
import { messageOf, sendMessage } from './channels.ts'
import type { Exchange } from './exchange.ts'
import { type PortForward, forwardOverSpdy, refusal } from './port-forward-spdy.ts'
import { agree, keepOpen, switchToSpdy, switchToWebSocket } from './upgrade.ts'

/** Two channels each, and a channel's number is one byte. */
const PORTS_MAX = 128

const TUNNELLED = 'SPDY/3.1+portforward.k8s.io'
const PROTOCOLS = {
  spdy: ['portforward.k8s.io'],
  webSocket: [TUNNELLED, 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io', ''],
}

/** Resolves when the client is gone. Throws what `agree` throws, before any upgrade. */
export async function servePortForward(
  exchange: Exchange,
  forward: PortForward,
  clock: Clock,
): Promise<void> {
  const { transport, protocol } = agree(exchange, PROTOCOLS)
  const { upgrade, signal } = exchange
  if (upgrade === undefined || upgrade.socket.destroyed) return
  if (transport === 'spdy')
    return forwardOverSpdy(switchToSpdy(upgrade, protocol), { forward, clock, signal })
  const isTunnelled = protocol === TUNNELLED
  if (!isTunnelled && forward.ports.length === 0)
    throw badRequest('query parameter "ports" is required')
  if (forward.ports.length > PORTS_MAX) throw badRequest(`at most ${PORTS_MAX} ports are forwarded`)
  const closed = closeOf(upgrade.socket)
  const socket = await switchToWebSocket(upgrade, protocol)
  if (socket === undefined) return
  keepOpen(socket, clock)
  if (!isTunnelled) forwardChannels(socket, forward, signal)
  else {
    const stream = createWebSocketStream(socket)
    await forwardOverSpdy(stream, { forward, clock, signal })
    socket.terminate()
  }
  await closed
}

/** Channels 2n and 2n + 1 are data and errors of the n-th port. */
function forwardChannels(socket: WebSocket, forward: PortForward, signal: AbortSignal): void {
  const nodes = forward.ports.map(async (port, index) => {
    const number = Buffer.alloc(2)
    number.writeUInt16LE(port)
    const data = 2 * index
    void sendMessage(socket, { channel: data, payload: number })
    void sendMessage(socket, { channel: data + 1, payload: number })
    return connectChannel(socket, { forward, port, data, signal })
  })
  const copies = nodes.map(async (node, index) => {
    const stream = await node
    if (stream !== undefined) await copy(stream, socket, 2 * index)
  })
  // The channels know no end of one stream: the client hears when all are over.
  void Promise.all(copies).then(() => socket.close(1000))
  socket.on('message', message => {
    const received = messageOf(message, socket.protocol)
    const node = received === undefined ? undefined : nodes[received.channel / 2]
    if (received === undefined || node === undefined) return
    // One message at a time: the socket waits for the pod.
    socket.pause()
    void node
      .then(stream => (stream === undefined ? undefined : writeTo(stream, received.payload)))
      .finally(() => socket.resume())
  })
  socket.once('close', () => {
    for (const node of nodes) void node.then(stream => stream?.destroy())
  })
  socket.on('error', () => socket.terminate())
}

interface Channel {
  readonly forward: PortForward
  readonly port: number
  /** Its number; the next one is for errors. */
  readonly data: number
  readonly signal: AbortSignal
}

/** Undefined when nobody answers there; the client was told. */
async function connectChannel(
  socket: WebSocket,
  { forward, port, data, signal }: Channel,
): Promise<Duplex | undefined> {
  try {
    const node = await forward.connect(port, signal)
    node.on('error', () => {})
    return node
  } catch (error) {
    await sendMessage(socket, { channel: data + 1, payload: refusal(forward, port, error) })
    return undefined
  }
}

async function copy(node: Duplex, socket: WebSocket, channel: number): Promise<void> {
  try {
    for await (const chunk of node as AsyncIterable<Buffer>)
      await sendMessage(socket, { channel, payload: chunk })
  } catch {
    // Broken off: for the client the same as an end.
  }
  await endOf(node)
}
