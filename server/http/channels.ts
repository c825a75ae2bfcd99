/**
 * The channel protocols of Kubernetes over WebSocket: a message is one channel and its payload, either as bytes or, in
 * the `base64` variants, as a digit and base64 text.
 *
 * Source: k8s.io/apimachinery pkg/util/httpstream/wsstream/conn.go
 */
import type { RawData, WebSocket } from 'ws'

export interface Message {
  readonly channel: number
  readonly payload: Buffer
}

const isBase64 = (protocol: string): boolean => protocol.includes('base64.')

/** Undefined for an empty message. */
export function messageOf(data: RawData, protocol: string): Message | undefined {
  const bytes = bytesOf(data)
  const channel = bytes[0]
  if (channel === undefined) return undefined
  if (!isBase64(protocol)) return { channel, payload: bytes.subarray(1) }
  return { channel: channel - 0x30, payload: Buffer.from(bytes.toString('latin1', 1), 'base64') }
}

/** The last message of each socket. */
const tails = new WeakMap<WebSocket, Promise<void>>()

/**
 * Resolves when the socket has taken it; at once when nobody listens any more. Messages go one by one, each in a TLS
 * record of its own: the Python client looks whether the socket is readable, which the second one of a record is not.
 */
export function sendMessage(socket: WebSocket, message: Message): Promise<void> {
  const sent = (tails.get(socket) ?? Promise.resolve()).then(() => send(socket, message))
  tails.set(socket, sent)
  return sent
}

function send(socket: WebSocket, { channel, payload }: Message): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve()
  const message = isBase64(socket.protocol)
    ? `${channel}${payload.toString('base64')}`
    : Buffer.concat([Buffer.from([channel]), payload])
  return new Promise(resolve => socket.send(message, () => resolve()))
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
