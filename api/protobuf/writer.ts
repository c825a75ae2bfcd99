/**
 * Protobuf bytes from the end to the start: what is inside a message is written before its length, which is then
 * known, so that one pass is enough. Pure but for its own growing buffer.
 *
 * Owns    one buffer; `take` copies what was written out of it. Not re-entrant.
 * Source: protobuf.dev/programming-guides/encoding (varint, LEN, I64)
 */

const START_BYTES = 64 * 1024
/** A bigger buffer than this is given back. */
const KEPT_BYTES = 1024 * 1024
const VARINT_MAX = 10
/** Up to this length a loop beats the call into native code. */
const SHORT_TEXT = 40
const SHORT_PART = 64
const TWO_32 = 2 ** 32

export class Writer {
  #buffer = Buffer.allocUnsafeSlow(START_BYTES)
  /** Everything from here to the end is written. */
  #at = START_BYTES

  /** Bytes written so far: the difference of two of these is the length of what lies between. */
  get written(): number {
    return this.#buffer.length - this.#at
  }

  /** What was written, in memory of its own; the writer is empty afterwards. */
  take(): Buffer {
    const size = this.written
    const bytes = Buffer.allocUnsafeSlow(size)
    this.#buffer.copy(bytes, 0, this.#at)
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(START_BYTES)
    this.#at = this.#buffer.length
    return bytes
  }

  /** Forgets what was written: for a caller whose encoding threw half way. */
  clear(): void {
    this.#at = this.#buffer.length
  }

  byte(value: number): void {
    if (this.#at < 1) this.#grow(1)
    this.#buffer[--this.#at] = value
  }

  /** A safe integer; negative ones take ten bytes, as int32 and int64 have it. */
  varint(value: number): void {
    if (value >= 0 && value < 0x80) this.byte(value)
    else if (value >= 0 && value < TWO_32 / 2) this.#varint31(value)
    else this.#varint64(value)
  }

  /** Text with its length before it. */
  text(value: string): void {
    const before = this.written
    const { length } = value
    if (length > SHORT_TEXT || !this.#ascii(value)) {
      const size = Buffer.byteLength(value)
      this.#reserve(size)
      this.#buffer.write(value, this.#at, size, 'utf8')
    }
    this.varint(this.written - before)
  }

  /** Bytes with their length before them. */
  bytes(value: Uint8Array): void {
    this.raw(value)
    this.varint(value.length)
  }

  /** A part of some bytes with its length before it. */
  part(from: Buffer, start: number, end: number): void {
    const size = end - start
    this.#reserve(size)
    const buffer = this.#buffer
    const at = this.#at
    if (size > SHORT_PART) from.copy(buffer, at, start, end)
    else for (let index = 0; index < size; index++) buffer[at + index] = from[start + index] ?? 0
    this.varint(size)
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#at)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#buffer.writeDoubleLE(value, this.#at)
  }

  uint32BigEndian(value: number): void {
    this.#reserve(4)
    this.#buffer.writeUInt32BE(value, this.#at)
  }

  /** False when the text is not ASCII: then nothing is written. */
  #ascii(value: string): boolean {
    const { length } = value
    this.#reserve(length)
    const buffer = this.#buffer
    const start = this.#at
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) {
        this.#at = start + length
        return false
      }
      buffer[start + index] = code
    }
    return true
  }

  #varint31(value: number): void {
    const size = value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : value < 1 << 28 ? 4 : 5
    this.#reserve(size)
    const buffer = this.#buffer
    let at = this.#at
    let rest = value
    for (let more = size - 1; more > 0; more--) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at] = rest
  }

  /** Two halves of 32 bits, since bits beyond 31 are out of reach of operators. */
  #varint64(value: number): void {
    let high = Math.floor(value / TWO_32)
    let low = (value - high * TWO_32) >>> 0
    high >>>= 0
    const bytes: number[] = []
    while (high > 0 || low > 0x7f) {
      bytes.push((low & 0x7f) | 0x80)
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    bytes.push(low)
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#at)
  }

  #reserve(size: number): void {
    if (this.#at < size) this.#grow(size)
    this.#at -= size
  }

  #grow(size: number): void {
    const { written } = this
    const bigger = Buffer.allocUnsafeSlow(
      Math.max(this.#buffer.length * 2, written + size + VARINT_MAX),
    )
    this.#buffer.copy(bigger, bigger.length - written, this.#at)
    this.#at = bigger.length - written
    this.#buffer = bigger
  }
}
