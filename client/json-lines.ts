/**
 * Splits a byte stream into newline-terminated JSON values. Pure state machine.
 *
 * Input   chunks of any size, cut anywhere, also inside a UTF-8 sequence.
 * Output  parsed values, in order; an empty line is skipped.
 * Throws  RangeError when one line grows beyond `maxLineBytes`; SyntaxError for a line that is not JSON.
 */

const NEWLINE = 0x0a

export class JsonLines {
  readonly #maxLineBytes: number
  #pieces: Buffer[] = []
  #pendingBytes = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** Calls `onValue` for every line that `chunk` completes. */
  push(chunk: Buffer, onValue: (value: unknown) => void): void {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#finish(chunk.subarray(start, end))
      start = end + 1
      if (line.length > 0) onValue(JSON.parse(line))
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  #keep(piece: Buffer): void {
    this.#pendingBytes += piece.length
    if (this.#pendingBytes > this.#maxLineBytes) throw new RangeError('watch event too long')
    this.#pieces.push(piece)
  }

  #finish(last: Buffer): string {
    if (this.#pieces.length === 0) return last.toString('utf8')
    const line = Buffer.concat([...this.#pieces, last]).toString('utf8')
    this.#pieces = []
    this.#pendingBytes = 0
    return line
  }
}
