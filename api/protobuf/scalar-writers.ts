/**
 * One row per scalar: how its JSON value is written, content and length, without the tag. Pure.
 *
 * Values come from stored objects, which the codec has checked; one that is not what its field says is written as
 * the zero value, because an object that was stored once must stay readable.
 * Source: k8s.io/apimachinery time_proto.go, micro_time_proto.go, quantity_proto.go, intstr and runtime generated.pb.go
 */
import type { PlainScalar } from './scalar-readers.ts'
import { nanosecondsOf } from './duration.ts'
import type { Writer } from './writer.ts'
import { textOf } from '#api/values.ts'

export type Write = (writer: Writer, value: unknown) => void

interface ScalarWriter {
  readonly wire: 0 | 1 | 2
  readonly write: Write
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? Math.trunc(value) : 0)

const message = (content: Write): ScalarWriter => ({
  wire: 2,
  write(writer, value) {
    const before = writer.written
    content(writer, value)
    writer.varint(writer.written - before)
  },
})

/** Always both fields: seconds 1, nanoseconds 2. An absent time is an empty message. */
function writeStamp(writer: Writer, value: unknown, nanoseconds: number): void {
  const milliseconds = Date.parse(textOf(value))
  if (Number.isNaN(milliseconds)) return
  writer.varint(nanoseconds)
  writer.byte(0x10)
  writer.varint(Math.floor(milliseconds / 1000))
  writer.byte(0x08)
}

const FRACTION = /\.(\d{1,6})/

const microTime: Write = (writer, value) => {
  const digits = FRACTION.exec(textOf(value))?.[1] ?? ''
  writeStamp(writer, value, Number(digits.padEnd(6, '0')) * 1000)
}

const varint: ScalarWriter = {
  wire: 0,
  write: (writer, value) => writer.varint(numberOf(value)),
}

export const SCALAR_WRITERS: Readonly<Record<PlainScalar, ScalarWriter>> = {
  string: { wire: 2, write: (writer, value) => writer.text(textOf(value)) },
  bool: { wire: 0, write: (writer, value) => writer.byte(value === true ? 1 : 0) },
  int32: varint,
  int64: varint,
  double: {
    wire: 1,
    write: (writer, value) => writer.double(typeof value === 'number' ? value : 0),
  },
  bytes: { wire: 2, write: (writer, value) => writer.bytes(Buffer.from(textOf(value), 'base64')) },
  quantity: message((writer, value) => {
    writer.text(typeof value === 'number' ? String(value) : textOf(value) || '0')
    writer.byte(0x0a)
  }),
  time: message((writer, value) => writeStamp(writer, value, 0)),
  'micro-time': message(microTime),
  'int-or-string': message((writer, value) => {
    writer.text(textOf(value))
    writer.byte(0x1a)
    writer.varint(numberOf(value))
    writer.byte(0x10)
    writer.byte(typeof value === 'string' ? 1 : 0)
    writer.byte(0x08)
  }),
  duration: message((writer, value) => {
    writer.varint(nanosecondsOf(textOf(value)))
    writer.byte(0x08)
  }),
  raw: message((writer, value) => {
    if (value === undefined || value === null) return
    writer.text(JSON.stringify(value))
    writer.byte(0x0a)
  }),
}
