/**
 * One row per scalar: how the token of its JSON value is written, content and length, without the tag. Pure.
 *
 * Values come from stored objects, which the codec has checked; one that is not what its field says is written as
 * the zero value, because an object that was stored once must stay readable.
 * Source: k8s.io/apimachinery time_proto.go, micro_time_proto.go, quantity_proto.go, intstr and runtime generated.pb.go
 */
import type { PlainScalar } from './scalar-readers.ts'
import { nanosecondsOf } from './duration.ts'
import type { Tape } from '#api/json-scan.ts'
import type { Writer } from './writer.ts'

/** `ref`: of a value on the tape, 0 for none. */
export type Write = (writer: Writer, tape: Tape, ref: number) => void

interface ScalarWriter {
  readonly wire: 0 | 1 | 2
  readonly write: Write
}

const QUOTE = 0x22
const LETTER_T = 0x74
const DIGIT_0 = 0x30
/** As many digits are a safe integer, and one of 32 bits. */
const SHORT_DIGITS = 9

const startOf = ({ cells }: Tape, ref: number): number => cells[ref] ?? 0

const isText = (tape: Tape, ref: number): boolean =>
  ref !== 0 && tape.bytes[startOf(tape, ref)] === QUOTE

export const isEmptyText = (tape: Tape, ref: number): boolean =>
  tape.cells[ref + 1] === startOf(tape, ref) + 2

/** '' for what is no text. */
export function textAt(tape: Tape, ref: number): string {
  if (!isText(tape, ref)) return ''
  const start = startOf(tape, ref)
  const end = tape.cells[ref + 1] ?? 0
  if (end >= 0) return tape.bytes.toString('utf8', start + 1, end - 1)
  const text: unknown = JSON.parse(tape.bytes.toString('utf8', start, ~end))
  return typeof text === 'string' ? text : ''
}

/** With its length before it. */
export function writeText(writer: Writer, tape: Tape, ref: number): void {
  if (!isText(tape, ref)) return writer.byte(0)
  const end = tape.cells[ref + 1] ?? 0
  if (end < 0) writer.text(textAt(tape, ref))
  else writer.part(tape.bytes, startOf(tape, ref) + 1, end - 1)
}

/** Cut to a whole number; 0 for what is none. */
function wholeAt(tape: Tape, ref: number): number {
  if (ref === 0) return 0
  const { bytes } = tape
  const start = startOf(tape, ref)
  const end = tape.cells[ref + 1] ?? 0
  if (bytes[start] === QUOTE) return 0
  let value = 0
  if (end - start > SHORT_DIGITS) return numberAt(tape, ref)
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - DIGIT_0
    if (digit < 0 || digit > 9) return numberAt(tape, ref)
    value = value * 10 + digit
  }
  return value
}

const numberAt = (tape: Tape, ref: number): number => Math.trunc(doubleAt(tape, ref))

function doubleAt(tape: Tape, ref: number): number {
  if (ref === 0 || isText(tape, ref)) return 0
  const value = Number(tape.bytes.toString('latin1', startOf(tape, ref), tape.cells[ref + 1]))
  return Number.isNaN(value) ? 0 : value
}

const message = (content: Write): ScalarWriter => ({
  wire: 2,
  write(writer, tape, ref) {
    const before = writer.written
    content(writer, tape, ref)
    writer.varint(writer.written - before)
  },
})

/** Always both fields: seconds 1, nanoseconds 2. An absent time is an empty message. */
function writeStamp(writer: Writer, text: string, nanoseconds: number): void {
  const milliseconds = Date.parse(text)
  if (Number.isNaN(milliseconds)) return
  writer.varint(nanoseconds)
  writer.byte(0x10)
  writer.varint(Math.floor(milliseconds / 1000))
  writer.byte(0x08)
}

const FRACTION = /\.(\d{1,6})/

const microTime: Write = (writer, tape, ref) => {
  const text = textAt(tape, ref)
  const digits = FRACTION.exec(text)?.[1] ?? ''
  writeStamp(writer, text, Number(digits.padEnd(6, '0')) * 1000)
}

const varint: ScalarWriter = {
  wire: 0,
  write: (writer, tape, ref) => writer.varint(wholeAt(tape, ref)),
}

const isTrue = (tape: Tape, ref: number): boolean =>
  ref !== 0 && tape.bytes[startOf(tape, ref)] === LETTER_T

export const SCALAR_WRITERS: Readonly<Record<PlainScalar, ScalarWriter>> = {
  string: { wire: 2, write: writeText },
  bool: { wire: 0, write: (writer, tape, ref) => writer.byte(isTrue(tape, ref) ? 1 : 0) },
  int32: varint,
  int64: varint,
  double: { wire: 1, write: (writer, tape, ref) => writer.double(doubleAt(tape, ref)) },
  bytes: {
    wire: 2,
    write: (writer, tape, ref) => writer.bytes(Buffer.from(textAt(tape, ref), 'base64')),
  },
  quantity: message((writer, tape, ref) => {
    if (isText(tape, ref) && !isEmptyText(tape, ref)) writeText(writer, tape, ref)
    else writer.text(ref === 0 || isText(tape, ref) ? '0' : String(doubleAt(tape, ref)))
    writer.byte(0x0a)
  }),
  time: message((writer, tape, ref) => writeStamp(writer, textAt(tape, ref), 0)),
  'micro-time': message(microTime),
  'int-or-string': message((writer, tape, ref) => {
    writeText(writer, tape, ref)
    writer.byte(0x1a)
    writer.varint(wholeAt(tape, ref))
    writer.byte(0x10)
    writer.byte(isText(tape, ref) ? 1 : 0)
    writer.byte(0x08)
  }),
  duration: message((writer, tape, ref) => {
    writer.varint(nanosecondsOf(textAt(tape, ref)))
    writer.byte(0x08)
  }),
  raw: message((writer, tape, ref) => {
    if (ref === 0) return
    writer.part(tape.bytes, startOf(tape, ref), tape.cells[ref + 1] ?? 0)
    writer.byte(0x0a)
  }),
}
