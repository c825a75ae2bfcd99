/**
 * DER, as much as X.509 needs: building nested values and walking them. Pure.
 *
 * Throws  PkiError('malformed') for bytes that are not DER, in words like Go's; lengths are checked before anything is
 *         sliced.
 * Source: ITU-T X.690 (DER), RFC 5280 for the tags in use.
 */

export type PkiErrorCode = 'malformed' | 'unsupported' | 'bad-signature' | 'missing'

/** What goes wrong with keys, requests and certificates. */
export class PkiError extends Error {
  readonly code: PkiErrorCode

  constructor(code: PkiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PkiError'
    this.code = code
  }
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** Context-specific tags: `[n]` constructed and `[n]` primitive. */
export const context = (number: number): number => 0xa0 | number
export const implicit = (number: number): number => 0x80 | number

export interface DerValue {
  readonly tag: number
  readonly content: Buffer
  /** Tag and length included. */
  readonly bytes: Buffer
}

/** One value: tag, length, and its parts one after the other. */
export function encode(tag: number, ...parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(size)]), ...parts])
}

export const sequence = (...parts: readonly Buffer[]): Buffer => encode(TAG.sequence, ...parts)
export const setOf = (...parts: readonly Buffer[]): Buffer => encode(TAG.set, ...parts)
export const octetString = (content: Buffer): Buffer => encode(TAG.octetString, content)
export const utf8 = (text: string): Buffer => encode(TAG.utf8, Buffer.from(text, 'utf8'))
export const TRUE = encode(TAG.boolean, Buffer.from([0xff]))

/** `unusedBits` counts from the right end of the last octet. */
export const bitString = (content: Buffer, unusedBits = 0): Buffer =>
  encode(TAG.bitString, Buffer.from([unusedBits]), content)

/** A non-negative integer of any length, given as big-endian octets. */
export function integer(octets: Buffer): Buffer {
  const start = octets.findIndex(octet => octet !== 0)
  const trimmed = start === -1 ? Buffer.from([0]) : octets.subarray(start)
  const isNegative = (trimmed[0] ?? 0) >= 0x80
  return encode(TAG.integer, isNegative ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const octets = [first * 40 + second, ...rest].flatMap(base128)
  return encode(TAG.oid, Buffer.from(octets))
}

/** UTCTime until 2049, GeneralizedTime after, as RFC 5280 demands. */
export function time(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replace(/[-:T]|\.\d+/g, '')
  return Number(digits.slice(0, 4)) < 2050
    ? encode(TAG.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : encode(TAG.generalizedTime, Buffer.from(digits, 'ascii'))
}

/** The one value that `bytes` holds. */
export function decode(bytes: Buffer): DerValue {
  const value = valueAt(bytes, 0)
  if (value.bytes.length !== bytes.length) throw malformed('syntax error: trailing data')
  return value
}

/** The values inside a constructed one. */
export function childrenOf(value: DerValue): readonly DerValue[] {
  const children: DerValue[] = []
  for (let offset = 0; offset < value.content.length; ) {
    const child = valueAt(value.content, offset)
    children.push(child)
    offset += child.bytes.length
  }
  return children
}

/** The `index`-th value inside; throws when there is none or its tag is another. */
export function childAt(value: DerValue, index: number, tag?: number): DerValue {
  const child = childrenOf(value)[index]
  if (child === undefined) throw malformed('structure error: value missing')
  if (tag !== undefined && child.tag !== tag) throw malformed("structure error: tags don't match")
  return child
}

export function decodeOid(value: DerValue): string {
  const numbers: number[] = []
  let current = 0
  for (const octet of value.content) {
    current = current * 128 + (octet & 0x7f)
    if (octet >= 0x80) continue
    numbers.push(current)
    current = 0
  }
  const [head = 0, ...rest] = numbers
  const first = Math.min(2, Math.floor(head / 40))
  return [first, head - first * 40, ...rest].join('.')
}

export const malformed = (what: string): PkiError => new PkiError('malformed', `asn1: ${what}`)

function valueAt(bytes: Buffer, offset: number): DerValue {
  const tag = bytes[offset]
  const first = bytes[offset + 1]
  if (tag === undefined || first === undefined) throw malformed('syntax error: data truncated')
  const extra = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || extra > 3) throw malformed('syntax error: invalid length')
  const start = offset + 2 + extra
  if (start > bytes.length) throw malformed('syntax error: data truncated')
  const size = extra === 0 ? first : bytes.readUIntBE(offset + 2, extra)
  if (start + size > bytes.length) throw malformed('syntax error: data truncated')
  return {
    tag,
    content: bytes.subarray(start, start + size),
    bytes: bytes.subarray(offset, start + size),
  }
}

function lengthOctets(size: number): number[] {
  if (size < 0x80) return [size]
  if (size < 0x100) return [0x81, size]
  if (size < 0x10000) return [0x82, size >> 8, size & 0xff]
  return [0x83, size >> 16, (size >> 8) & 0xff, size & 0xff]
}

function base128(value: number): number[] {
  const octets = [value & 0x7f]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift((rest & 0x7f) | 0x80)
  }
  return octets
}
