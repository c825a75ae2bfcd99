/**
 * SPDY/3.1 frames from and to bytes. Data is handed on piece by piece as it comes, whatever the length of its frame, so
 * that nothing but one control frame is ever held.
 *
 * Throws  SpdyError for a version that is not 3 and for a control frame beyond CONTROL_MAX_BYTES.
 * Source: SPDY protocol draft 3.1, section 2.2
 */

export const TYPE = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const

/** Why a stream is reset. */
export const RESET = { protocolError: 1, refused: 3, cancel: 5, internalError: 6 } as const

const VERSION = 3
const CONTROL_BIT = 0x8000
const FLAG_LAST = 1
const HEADER_BYTES = 8
const ID_MASK = 0x7fffffff
const CONTROL_MAX_BYTES = 32 * 1024

/** The peer broke the protocol: the connection ends. */
export class SpdyError extends Error {}

export interface DataPiece {
  readonly kind: 'data'
  readonly streamID: number
  readonly payload: Buffer
  /** Nothing follows on this stream. */
  readonly isLast: boolean
}

export interface ControlFrame {
  readonly kind: 'control'
  readonly type: number
  readonly isLast: boolean
  readonly payload: Buffer
}

export type Frame = DataPiece | ControlFrame

export function controlFrame(type: number, payload: Buffer, isLast = false): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame.writeUInt16BE(CONTROL_BIT | VERSION, 0)
  frame.writeUInt16BE(type, 2)
  frame.writeUInt8(isLast ? FLAG_LAST : 0, 4)
  frame.writeUIntBE(payload.length, 5, 3)
  payload.copy(frame, HEADER_BYTES)
  return frame
}

/** A control frame of numbers alone: RST_STREAM, PING, GOAWAY, WINDOW_UPDATE. */
export function numbersFrame(type: number, numbers: readonly number[]): Buffer {
  const payload = Buffer.alloc(4 * numbers.length)
  for (const [index, number] of numbers.entries()) payload.writeUInt32BE(number, 4 * index)
  return controlFrame(type, payload)
}

/** `payload` is shorter than 16 MiB. */
export function dataFrame(streamID: number, payload: Buffer, isLast: boolean): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame.writeUInt32BE(streamID, 0)
  frame.writeUInt8(isLast ? FLAG_LAST : 0, 4)
  frame.writeUIntBE(payload.length, 5, 3)
  payload.copy(frame, HEADER_BYTES)
  return frame
}

/** A stream's number at `offset`, without the reserved bit. */
export function streamIDAt(payload: Buffer, offset = 0): number {
  if (payload.length < offset + 4) throw new SpdyError('control frame too short')
  return payload.readUInt32BE(offset) & ID_MASK
}

/** Splits a byte stream. Feed chunks in order. */
export class SpdyReader {
  #pending: Buffer = Buffer.alloc(0)
  #streamID = 0
  #isLast = false
  /** Of the data frame that is coming in. */
  #left = 0

  push(chunk: Buffer): Frame[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const frames: Frame[] = []
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next(): Frame | undefined {
    if (this.#left > 0) return this.#pending.length === 0 ? undefined : this.#piece()
    const bytes = this.#pending
    if (bytes.length < HEADER_BYTES) return undefined
    const length = bytes.readUIntBE(5, 3)
    const isLast = (bytes.readUInt8(4) & FLAG_LAST) !== 0
    if ((bytes.readUInt8(0) & 0x80) === 0) {
      this.#streamID = streamIDAt(bytes)
      this.#isLast = isLast
      this.#left = length
      this.#pending = bytes.subarray(HEADER_BYTES)
      return length === 0 || this.#pending.length > 0 ? this.#piece() : undefined
    }
    if (bytes.readUInt16BE(0) !== (CONTROL_BIT | VERSION)) throw new SpdyError('not SPDY/3')
    if (length > CONTROL_MAX_BYTES) throw new SpdyError('control frame too long')
    const end = HEADER_BYTES + length
    if (bytes.length < end) return undefined
    this.#pending = bytes.subarray(end)
    const payload = bytes.subarray(HEADER_BYTES, end)
    return { kind: 'control', type: bytes.readUInt16BE(2), isLast, payload }
  }

  #piece(): DataPiece {
    const payload = this.#pending.subarray(0, this.#left)
    this.#pending = this.#pending.subarray(payload.length)
    this.#left -= payload.length
    const isLast = this.#isLast && this.#left === 0
    return { kind: 'data', streamID: this.#streamID, payload, isLast }
  }
}
