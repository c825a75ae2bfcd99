/** The body of a streamed answer over what both protocols write to: an HTTP/1.1 response and an HTTP/2 stream. */
import type { BodyWriter } from './exchange.ts'

/** What the two have in common. */
export interface Sink {
  readonly destroyed: boolean
  readonly closed: boolean
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  write(chunk: Buffer): boolean
  end(): unknown
  once(event: 'drain' | 'close', listener: () => void): unknown
  removeListener(event: 'drain' | 'close', listener: () => void): unknown
}

export class StreamWriter implements BodyWriter {
  readonly #sink: Sink
  readonly #breakOff: () => void

  /** `breakOff` ends the stream so that its reader sees an error. */
  constructor(sink: Sink, breakOff: () => void) {
    this.#sink = sink
    this.#breakOff = breakOff
  }

  get gone(): boolean {
    return this.#sink.destroyed || this.#sink.closed
  }

  get queuedBytes(): number {
    return this.#sink.writableLength
  }

  write(chunk: Buffer): boolean {
    return this.gone ? true : this.#sink.write(chunk)
  }

  drained(): Promise<void> {
    const sink = this.#sink
    if (this.gone || !sink.writableNeedDrain) return Promise.resolve()
    return new Promise(resolve => {
      const done = (): void => {
        sink.removeListener('drain', done)
        sink.removeListener('close', done)
        resolve()
      }
      sink.once('drain', done)
      sink.once('close', done)
    })
  }

  end(): void {
    if (!this.gone) this.#sink.end()
  }

  destroy(): void {
    if (!this.gone) this.#breakOff()
  }
}
