/**
 * The channel protocols of Kubernetes over WebSocket: a message is one channel and its payload, either as bytes or, in
 * the `base64` variants, as a digit and base64 text.
 *
 * Source: k8s.io/apimachinery pkg/util/httpstream/wsstream/conn.go
 */
import type { RawData, WebSocket } from 'ws'

/** Unsent bytes towards a slow client before its source is asked to wait. */
const QUEUE_MAX_BYTES = 1024 * 1024

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

/** Resolves when more may be sent; at once when nobody listens any more. */
export function sendMessage(socket: WebSocket, { channel, payload }: Message): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve()
  const message = isBase64(socket.protocol)
    ? `${channel}${payload.toString('base64')}`
    : Buffer.concat([Buffer.from([channel]), payload])
  return new Promise(resolve => {
    socket.send(message, () => resolve())
    if (socket.bufferedAmount <= QUEUE_MAX_BYTES) resolve()
  })
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
