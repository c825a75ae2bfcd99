/**
 * Reads protobuf's wire format out of bytes that anybody may have sent. Pure.
 *
 * Law     Never reads outside the bytes given, never copies them; every call either moves on or throws.
 * Throws  WireFault with the words of upstream's generated code.
 * Source: protobuf.dev/programming-guides/encoding; k8s.io/api generated.pb.go (Unmarshal, skipGenerated)
 */

export class WireFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'WireFault'
  }
}

export const WIRE = { varint: 0, i64: 1, len: 2, startGroup: 3, endGroup: 4, i32: 5 } as const

const VARINT_MAX = 10
const TWO_32 = 2 ** 32
const GROUPS_MAX = 64

/** A part of a buffer that is being read: `at` moves on to `end`. */
export class Reader {
  readonly #buffer: Buffer
  readonly #end: number
  #at: number

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer
    this.#at = start
    this.#end = end
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end
  }

  /** Field number and wire type: `number * 8 + wire`. `message` is its name, for faults. */
  tag(message: string): number {
    const tag = this.#low32()
    const wire = tag & 7
    if (wire === WIRE.endGroup)
      throw new WireFault(`proto: ${message}: wiretype end group for non-group`)
    // Numbers are int32 in upstream's code: what passes that is no number either.
    if (tag >>> 3 === 0)
      throw new WireFault(`proto: ${message}: illegal tag ${tag >>> 3} (wire type ${tag})`)
    return tag
  }

  /** int64: exact within the safe integers, else the nearest double. */
  int64(): number {
    const first = this.#buffer[this.#at]
    if (first !== undefined && first < 0x80 && this.#at < this.#end) {
      this.#at += 1
      return first
    }
    let low = 0
    let high = 0
    for (let index = 0; index < VARINT_MAX; index++) {
      const byte = this.#byte()
      const bits = byte & 0x7f
      const shift = index * 7
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high |= bits >>> 4
      } else if (shift < 64) high |= bits << (shift - 32)
      if (byte < 0x80) return high * TWO_32 + (low >>> 0)
    }
    throw new WireFault('proto: integer overflow')
  }

  /** int32: the low half, whatever stands above it. */
  int32(): number {
    return this.int64() | 0
  }

  double(): number {
    const at = this.#skipBytes(8)
    return this.#buffer.readDoubleLE(at)
  }

  text(): string {
    const length = this.#length()
    // Go writes the text of every field, and most have none.
    if (length === 0) return ''
    const at = this.#skipBytes(length)
    return this.#buffer.toString('utf8', at, at + length)
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const length = this.#length()
    const at = this.#skipBytes(length)
    return this.#buffer.subarray(at, at + length)
  }

  /** The message that stands here; this reader goes on behind it. */
  message(): Reader {
    const length = this.#length()
    const at = this.#skipBytes(length)
    return new Reader(this.#buffer, at, at + length)
  }

  /** Passes over the value of a field that nobody knows. */
  skip(wire: number): void {
    let groups = 0
    let next = wire
    for (;;) {
      if (next === WIRE.varint) this.int64()
      else if (next === WIRE.i64) this.#skipBytes(8)
      else if (next === WIRE.len) this.#skipBytes(this.#length())
      else if (next === WIRE.i32) this.#skipBytes(4)
      else if (next === WIRE.startGroup) groups += 1
      else if (next === WIRE.endGroup) groups -= 1
      else throw new WireFault(`proto: illegal wireType ${next}`)
      if (groups < 0) throw new WireFault('proto: unexpected end of group')
      if (groups > GROUPS_MAX) throw new WireFault('proto: exceeded max depth')
      if (groups === 0) return
      next = this.#low32() & 7
    }
  }

  #length(): number {
    const length = this.int64()
    if (length < 0) throw new WireFault('proto: negative length found during unmarshaling')
    return length
  }

  /** Where the bytes stand that were passed over. */
  #skipBytes(count: number): number {
    const at = this.#at
    if (count > this.#end - at) throw new WireFault('unexpected EOF')
    this.#at = at + count
    return at
  }

  #low32(): number {
    return this.int64() >>> 0
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new WireFault('unexpected EOF')
    return this.#buffer[this.#at++] ?? 0
  }
}
