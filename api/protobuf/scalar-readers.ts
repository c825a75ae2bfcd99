/**
 * One row per scalar: how its protobuf value becomes the one JSON has. Pure.
 *
 * Output  null for what JSON shows as null (a zero time, raw JSON that is not there)
 * Throws  WireFault
 * Source: k8s.io/apimachinery time_proto.go, micro_time_proto.go, quantity_proto.go, intstr generated.proto
 */
import { JsonFault, readJson } from '#api/schema/json.ts'
import type { Scalar } from '#api/schema/type.ts'
import { durationText } from './duration.ts'
import { type Reader, WIRE, WireFault } from './reader.ts'

export type PlainScalar = Exclude<Scalar, 'schema-or-bool' | 'schema-or-list' | 'schema-or-names'>

interface ScalarReader {
  readonly wire: number
  readonly read: (reader: Reader) => unknown
  /** The value of a map's entry that has none. */
  readonly empty: unknown
}

/** The numbers of the varint fields 1 to 3 and the text of field 3 or 1: all that the small messages have. */
interface Small {
  readonly first: number
  readonly second: number
  readonly text: string
}

function smallOf(reader: Reader, textNumber: number): Small | undefined {
  const message = reader.message()
  if (message.isAtEnd) return undefined
  let first = 0
  let second = 0
  let text = ''
  while (!message.isAtEnd) {
    const tag = message.tag('message')
    if (tag === 8) first = message.int64()
    else if (tag === 16) second = message.int64()
    else if (tag === textNumber * 8 + WIRE.len) text = message.text()
    else message.skip(tag & 7)
  }
  return { first, second, text }
}

/** 0001-01-01 to 9999-12-31, in seconds since the epoch; the first second is Go's zero time. */
const TIME_MIN = -62135596800
const TIME_MAX = 253402300799

function timeOf(reader: Reader, digits: 0 | 6): string | null {
  const stamp = smallOf(reader, 0)
  if (stamp === undefined || stamp.first === TIME_MIN) return null
  const { first: seconds, second: nanoseconds } = stamp
  if (seconds < TIME_MIN || seconds > TIME_MAX || nanoseconds < 0 || nanoseconds >= 1e9)
    throw new WireFault(`proto: ${seconds} seconds and ${nanoseconds} nanoseconds are no time`)
  const text = new Date(seconds * 1000).toISOString().slice(0, 19)
  if (digits === 0) return `${text}Z`
  return `${text}.${String(Math.floor(nanoseconds / 1e3)).padStart(digits, '0')}Z`
}

function rawOf(reader: Reader): unknown {
  const message = reader.message()
  let value: unknown = null
  while (!message.isAtEnd) {
    const tag = message.tag('RawExtension')
    if (tag === 10) value = parse(message.bytes())
    else message.skip(tag & 7)
  }
  return value
}

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return null
  try {
    return readJson(bytes).value
  } catch (cause) {
    if (cause instanceof JsonFault) throw new WireFault(cause.message, { cause })
    throw cause
  }
}

function intOrString(reader: Reader): unknown {
  const { first: type = 0, second = 0, text = '' } = smallOf(reader, 3) ?? {}
  return type === 1 ? text : second | 0
}

const message = (read: ScalarReader['read'], empty: unknown = null): ScalarReader => ({
  wire: WIRE.len,
  read,
  empty,
})

export const SCALAR_READERS: Readonly<Record<PlainScalar, ScalarReader>> = {
  string: message(reader => reader.text(), ''),
  bool: { wire: WIRE.varint, read: reader => reader.int64() !== 0, empty: false },
  int32: { wire: WIRE.varint, read: reader => reader.int32(), empty: 0 },
  int64: { wire: WIRE.varint, read: reader => reader.int64(), empty: 0 },
  double: { wire: WIRE.i64, read: reader => reader.double(), empty: 0 },
  bytes: message(reader => reader.bytes().toString('base64'), ''),
  quantity: message(reader => smallOf(reader, 1)?.text || '0', '0'),
  time: message(reader => timeOf(reader, 0)),
  'micro-time': message(reader => timeOf(reader, 6)),
  'int-or-string': message(intOrString, 0),
  duration: message(reader => durationText(smallOf(reader, 0)?.first ?? 0), '0s'),
  raw: message(rawOf),
}
