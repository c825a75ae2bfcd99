/**
 * One stream of a SPDY connection, as a Duplex: what is written becomes DATA frames, `end` the last of them. Destroying
 * it resets it, unless all was said: then what the peer still sends is dropped, because clients that are reset may lose
 * what they have not read.
 *
 * Owns    the bytes that came in and were not read: at most what one read of the socket brings beyond QUEUE_BYTES,
 *         because the connection waits for `receive`.
 */
import { Duplex } from 'node:stream'
import type { SpdyHeaders } from './header-blocks.ts'

const QUEUE_BYTES = 64 * 1024

/** What a stream asks of its connection. */
export interface StreamLink {
  /** Resolves when the bytes are on their way and more may follow. */
  send(stream: SpdyStream, bytes: Buffer, isLast: boolean): Promise<void>
  /** `isFinished`: our last frame is sent. */
  forget(stream: SpdyStream, isFinished: boolean): void
}

export class SpdyStream extends Duplex {
  readonly id: number
  readonly headers: SpdyHeaders
  /** What the peer lets us send. */
  sendWindow: number
  /** Bytes taken since the peer was last told. */
  unacknowledged = 0
  readonly #link: StreamLink
  #wake: (() => void) | undefined
  #hasEnded = false

  constructor(link: StreamLink, opened: { id: number; headers: SpdyHeaders; sendWindow: number }) {
    super({ readableHighWaterMark: QUEUE_BYTES })
    this.#link = link
    this.id = opened.id
    this.headers = opened.headers
    this.sendWindow = opened.sendWindow
    // Whoever uses the stream hears of it by `close` as well.
    this.on('error', () => {})
  }

  /** The peer's bytes. Resolves when the reader is ready for more. */
  async receive(bytes: Buffer): Promise<void> {
    if (this.destroyed || this.#hasEnded || bytes.length === 0) return
    if (this.push(bytes)) return
    await new Promise<void>(resolve => {
      this.#wake = resolve
    })
  }

  /** The peer is through. */
  receiveEnd(): void {
    if (this.#hasEnded || this.destroyed) return
    this.#hasEnded = true
    this.push(null)
  }

  override _read(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    void this.#send(chunk, false, done)
  }

  override _final(done: (error?: Error) => void): void {
    void this.#send(Buffer.alloc(0), true, done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this._read()
    this.#link.forget(this, this.writableFinished)
    done(error)
  }

  async #send(bytes: Buffer, isLast: boolean, done: (error?: Error) => void): Promise<void> {
    try {
      await this.#link.send(this, bytes, isLast)
    } catch (error) {
      return done(error instanceof Error ? error : new Error('not sent'))
    }
    done()
  }
}
