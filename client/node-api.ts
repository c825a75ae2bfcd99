/**
 * The words server and agent share about the tunnel: requests that travel to a node's kubelet API, and the one
 * framing that exec and attach use inside it (WebSocket and SPDY end at the server).
 */
import type { Duplex, Readable } from 'node:stream'

/** Request headers a node sees; names in lower case. */
export type NodeHeaders = Readonly<Record<string, string>>

export interface NodeRequest {
  readonly method: string
  /** Path with query: `/containerLogs/default/web/nginx?follow=true`. */
  readonly path: string
  readonly headers: NodeHeaders
}

export interface NodeResponse {
  readonly status: number
  readonly headers: NodeHeaders
  /** Streamed; the caller destroys it when its own client goes away. */
  readonly body: Readable
}

/** The server's view: any node, by name. Implemented by the supervisor's tunnel registry. */
export interface NodeConnector {
  /** Throws StatusError(ServiceUnavailable) when the node has no tunnel or does not answer in time. */
  request(nodeName: string, request: NodeRequest, signal: AbortSignal): Promise<NodeResponse>
  /**
   * Opens a two-way byte stream for a path: frames for exec and attach, raw bytes for port-forward and dial. The node
   * refuses with a StatusError, which arrives here as the same StatusError, before any byte of the stream.
   */
  connect(nodeName: string, request: NodeRequest, signal: AbortSignal): Promise<Duplex>
}

/** The agent's view: what answers at the far end of the tunnel. Implemented by `agent/api`. */
export interface NodeHandler {
  request(request: NodeRequest, signal: AbortSignal): Promise<NodeResponse>
  /**
   * Checks the request (throwing StatusError refuses it), then returns the function that serves the stream.
   * That function resolves when the stream is done.
   */
  connect(request: NodeRequest): Promise<(stream: Duplex, signal: AbortSignal) => Promise<void>>
}

/** Channels of an exec or attach stream: Kubernetes' own numbers, plus the v5 close marker. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** A frame is `channel: u8, length: u32 big endian, payload`. Larger payloads are split by the writer. */
const FRAME_HEADER_BYTES = 5
export const FRAME_PAYLOAD_MAX_BYTES = 64 * 1024

export interface Frame {
  readonly channel: number
  readonly payload: Buffer
}

/** One frame as bytes. `payload` is at most FRAME_PAYLOAD_MAX_BYTES long. */
export function encodeFrame(channel: number, payload: Buffer): Buffer {
  if (payload.length > FRAME_PAYLOAD_MAX_BYTES) throw new RangeError('frame payload too long')
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length)
  frame.writeUInt8(channel, 0)
  frame.writeUInt32BE(payload.length, 1)
  payload.copy(frame, FRAME_HEADER_BYTES)
  return frame
}

/** Splits a byte stream into frames. Feed chunks in order; a length beyond the maximum throws RangeError. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Frame[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const frames: Frame[] = []
    while (this.#pending.length >= FRAME_HEADER_BYTES) {
      const length = this.#pending.readUInt32BE(1)
      if (length > FRAME_PAYLOAD_MAX_BYTES) throw new RangeError('frame payload too long')
      const end = FRAME_HEADER_BYTES + length
      if (this.#pending.length < end) break
      frames.push({
        channel: this.#pending.readUInt8(0),
        payload: this.#pending.subarray(FRAME_HEADER_BYTES, end),
      })
      this.#pending = this.#pending.subarray(end)
    }
    return frames
  }
}
