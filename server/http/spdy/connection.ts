/**
 * The server's end of a SPDY/3.1 connection: streams that the client opens, over any two-way byte stream.
 *
 * Owns    the transport and every stream; both end together.
 * Law     Memory is bounded: reading stops while any stream's reader is behind, at most STREAMS_MAX streams are open, and
 *         writers wait for the transport. Frames that break the protocol end the connection.
 *         Windows: ours are refilled as bytes are taken. The peer's are kept to once it has shown that it has any,
 *         by SETTINGS or WINDOW_UPDATE: the library that kubectl uses never sends one and would wait for ever.
 * Source: SPDY protocol draft 3.1, sections 2.2 to 2.6
 */
import type { Duplex } from 'node:stream'
import { HeaderDecoder, encodeHeaders } from './header-blocks.ts'
import {
  type ControlFrame,
  type DataPiece,
  RESET,
  SpdyError,
  SpdyReader,
  TYPE,
  controlFrame,
  dataFrame,
  numbersFrame,
  streamIDAt,
} from './frames.ts'
import { SpdyStream, type StreamLink } from './stream.ts'

const STREAMS_MAX = 512
const WINDOW_BYTES = 64 * 1024
/** The peer is told when it may have used half of what it has. */
const ACKNOWLEDGE_BYTES = WINDOW_BYTES / 2
const DATA_MAX_BYTES = 32 * 1024
const WINDOW_MAX_BYTES = 0x7fffffff
/** Data waits for the transport: beyond this are answers to control frames that nobody reads. */
const UNREAD_MAX_BYTES = 1024 * 1024
const INITIAL_WINDOW_SETTING = 7
const GO_AWAY_PROTOCOL_ERROR = 1
/** Stream 0 is the connection itself. */
const CONNECTION = 0
/** SYN_STREAM before its headers: stream, associated stream, priority and slot. */
const SYN_STREAM_FIXED_BYTES = 10

export class SpdyConnection implements StreamLink {
  readonly #transport: Duplex
  readonly #onStream: (stream: SpdyStream) => void
  readonly #streams = new Map<number, SpdyStream>()
  readonly #decoder = new HeaderDecoder()
  readonly #waiting = new Set<() => void>()
  #lastID = 0
  #hasReplied = false
  #hasWindows = false
  #initialWindow = WINDOW_BYTES
  #sendWindow = WINDOW_BYTES
  #unacknowledged = 0
  #isClosing = false

  /** `onStream` is called for each stream; it must not throw. It ends or destroys what it does not want. */
  constructor(transport: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport
    this.#onStream = onStream
    transport.on('error', () => {})
    transport.on('drain', () => this.#wakeAll())
    transport.once('close', () => this.#end())
  }

  /** Resolves when the connection is over, whatever ended it. */
  async run(): Promise<void> {
    const reader = new SpdyReader()
    try {
      // Not destroyed on the way out, so that a GOAWAY still gets through.
      const chunks: AsyncIterable<Buffer> = this.#transport.iterator({ destroyOnReturn: false })
      for await (const chunk of chunks)
        for (const frame of reader.push(chunk))
          if (frame.kind === 'data') await this.#data(frame)
          else await this.#control(frame)
    } catch (error) {
      if (error instanceof SpdyError && this.#transport.writable)
        this.#transport.write(numbersFrame(TYPE.goAway, [this.#lastID, GO_AWAY_PROTOCOL_ERROR]))
    } finally {
      this.#end()
    }
  }

  /** Says goodbye behind what was written; no new streams. */
  close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    if (this.#transport.writable) this.#transport.end(numbersFrame(TYPE.goAway, [this.#lastID, 0]))
  }

  reset(streamID: number, why: number): void {
    this.#write(numbersFrame(TYPE.rstStream, [streamID, why]))
  }

  async send(stream: SpdyStream, bytes: Buffer, isLast: boolean): Promise<void> {
    let offset = 0
    do {
      await this.#untilWritable(stream, bytes.length > 0)
      const allowed = this.#hasWindows
        ? Math.min(DATA_MAX_BYTES, stream.sendWindow, this.#sendWindow)
        : DATA_MAX_BYTES
      const piece = bytes.subarray(offset, offset + allowed)
      offset += piece.length
      stream.sendWindow -= piece.length
      this.#sendWindow -= piece.length
      this.#write(dataFrame(stream.id, piece, isLast && offset === bytes.length))
    } while (offset < bytes.length)
  }

  forget(stream: SpdyStream, isFinished: boolean): void {
    if (!this.#streams.delete(stream.id)) return
    if (!isFinished) this.reset(stream.id, RESET.cancel)
    this.#wakeAll()
  }

  /** Until the transport has room and, where there are windows, these too. Throws when there is nobody any more. */
  async #untilWritable(stream: SpdyStream, needsWindow: boolean): Promise<void> {
    const mustWait = (): boolean =>
      this.#transport.writableNeedDrain ||
      (needsWindow && this.#hasWindows && (stream.sendWindow <= 0 || this.#sendWindow <= 0))
    for (;;) {
      if (stream.destroyed || !this.#transport.writable) throw new Error('the stream is closed')
      if (!mustWait()) return
      await new Promise<void>(resolve => {
        this.#waiting.add(resolve)
      })
    }
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  async #data({ streamID, payload, isLast }: DataPiece): Promise<void> {
    if (streamID === CONNECTION || streamID > this.#lastID)
      throw new SpdyError('data of a stream that is not open')
    // What comes for a stream that was just closed here was on its way and is dropped.
    const stream = this.#streams.get(streamID)
    await stream?.receive(payload)
    this.#acknowledge(stream, payload.length)
    if (isLast) stream?.receiveEnd()
  }

  #acknowledge(stream: SpdyStream | undefined, bytes: number): void {
    this.#unacknowledged += bytes
    if (this.#unacknowledged >= ACKNOWLEDGE_BYTES) {
      this.#write(numbersFrame(TYPE.windowUpdate, [CONNECTION, this.#unacknowledged]))
      this.#unacknowledged = 0
    }
    if (stream === undefined || stream.destroyed) return
    stream.unacknowledged += bytes
    if (stream.unacknowledged < ACKNOWLEDGE_BYTES) return
    this.#write(numbersFrame(TYPE.windowUpdate, [stream.id, stream.unacknowledged]))
    stream.unacknowledged = 0
  }

  async #control(frame: ControlFrame): Promise<void> {
    const { type, payload, isLast } = frame
    if (type === TYPE.synStream) await this.#open(frame)
    else if (type === TYPE.rstStream) this.#wasReset(streamIDAt(payload))
    else if (type === TYPE.settings) this.#settings(payload)
    else if (type === TYPE.windowUpdate) this.#widen(streamIDAt(payload), streamIDAt(payload, 4))
    else if (type === TYPE.ping) this.#ping(streamIDAt(payload))
    else if (type === TYPE.goAway) this.#isClosing = true
    else if (type === TYPE.headers || type === TYPE.synReply) {
      // Nobody here reads them, but they are part of the compressed stream.
      await this.#decoder.decode(payload.subarray(4))
      if (isLast) this.#streams.get(streamIDAt(payload))?.receiveEnd()
    }
  }

  async #open({ payload, isLast }: ControlFrame): Promise<void> {
    const id = streamIDAt(payload)
    if (id % 2 === 0 || id <= this.#lastID)
      throw new SpdyError('stream numbers must be odd and grow')
    this.#lastID = id
    const headers = await this.#decoder.decode(payload.subarray(SYN_STREAM_FIXED_BYTES))
    if (this.#isClosing || this.#streams.size >= STREAMS_MAX) return this.reset(id, RESET.refused)
    const stream = new SpdyStream(this, { id, headers, sendWindow: this.#initialWindow })
    this.#streams.set(id, stream)
    const block = Buffer.concat([idBytes(id), encodeHeaders({}, !this.#hasReplied)])
    this.#hasReplied = true
    this.#write(controlFrame(TYPE.synReply, block))
    if (isLast) stream.receiveEnd()
    this.#onStream(stream)
  }

  #wasReset(id: number): void {
    const stream = this.#streams.get(id)
    // Forgotten first: a reset is not answered with one.
    this.#streams.delete(id)
    stream?.destroy()
    this.#wakeAll()
  }

  #settings(payload: Buffer): void {
    const count = streamIDAt(payload)
    if (payload.length < 4 + 8 * count) throw new SpdyError('control frame too short')
    for (let offset = 4; offset < 4 + 8 * count; offset += 8) {
      if (payload.readUIntBE(offset + 1, 3) !== INITIAL_WINDOW_SETTING) continue
      const window = streamIDAt(payload, offset + 4)
      for (const stream of this.#streams.values()) stream.sendWindow += window - this.#initialWindow
      this.#initialWindow = window
      this.#hasWindows = true
    }
    this.#wakeAll()
  }

  #widen(streamID: number, bytes: number): void {
    this.#hasWindows = true
    const stream = this.#streams.get(streamID)
    if (streamID === CONNECTION) this.#sendWindow += bytes
    else if (stream !== undefined) stream.sendWindow += bytes
    if (Math.max(this.#sendWindow, stream?.sendWindow ?? 0) > WINDOW_MAX_BYTES)
      throw new SpdyError('window too wide')
    this.#wakeAll()
  }

  /** Odd numbers are the client's own, to be sent back. */
  #ping(id: number): void {
    if (id % 2 === 1) this.#write(numbersFrame(TYPE.ping, [id]))
  }

  #write(frame: Buffer): void {
    if (!this.#transport.writable) return
    this.#transport.write(frame)
    if (this.#transport.writableLength > UNREAD_MAX_BYTES) this.#transport.destroy()
  }

  #end(): void {
    this.#isClosing = true
    this.#decoder.close()
    for (const stream of this.#streams.values()) stream.destroy()
    this.#wakeAll()
    const transport = this.#transport
    if (!transport.writable || transport.writableNeedDrain) transport.destroy()
    else transport.end(() => transport.destroy())
  }
}

const idBytes = (id: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(id)
  return bytes
}
