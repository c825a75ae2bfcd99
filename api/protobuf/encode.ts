/**
 * Objects to messages, byte for byte as upstream's generated marshalers write them. Pure; one list of field writers
 * per struct, made on first use.
 *
 * Rules   fields in ascending order; what is no Go pointer is always written, zero or not; pointers, lists and byte
 *         fields only when there; maps as entries sorted by key; numbers in lists unpacked.
 * Differs keys beyond the Basic Multilingual Plane sort by UTF-16, not by UTF-8
 * Source: k8s.io/api generated.pb.go (MarshalToSizedBuffer)
 */

import { struct } from '#api/schema/catalog.ts'
import type { Field, StructType, Type } from '#api/schema/type.ts'
import { isRecord } from '#api/values.ts'
import { type Place, placesOf } from './places.ts'
import { SCALAR_WRITERS, type Write } from './scalar-writers.ts'
import type { Writer } from './writer.ts'

type Values = Readonly<Record<string, unknown>>
/** Writes one field of a struct, its tag included. */
type Step = (writer: Writer, values: Values) => void

const NOTHING: Values = Object.freeze({})
const LEN = 2

const plans = new WeakMap<StructType, readonly Step[]>()

/** The message's fields, without tag and length. */
export function writeMessage(writer: Writer, type: StructType, value: unknown): void {
  let steps = plans.get(type)
  if (steps === undefined) {
    steps = stepsOf(placesOf(type))
    plans.set(type, steps)
  }
  const values = isRecord(value) ? value : NOTHING
  for (const step of steps) step(writer, values)
}

/** The writer goes from the end to the start: last field first. */
const stepsOf = (places: readonly Place[]): readonly Step[] => places.map(stepOf).toReversed()

/** A tag is known beforehand: one byte, or two above field 15. */
function tagWriter(number: number, wire: number): (writer: Writer) => void {
  const tag = number * 8 + wire
  return tag < 0x80 ? writer => writer.byte(tag) : writer => writer.varint(tag)
}

function stepOf(place: Place): Step {
  if (place.kind === 'embedded') {
    const tag = tagWriter(place.number, LEN)
    const steps = stepsOf(place.places)
    return (writer, values) => {
      const before = writer.written
      for (const step of steps) step(writer, values)
      writer.varint(writer.written - before)
      tag(writer)
    }
  }
  const { type } = place.field
  if (place.isMessage) return valueStep({ ...place.field, pointer: true })
  if (type.kind === 'list') return listStep(place.field, type.items)
  if (type.kind === 'map') return mapStep(place.field, type.values)
  return valueStep(place.field)
}

function valueStep({ name, type, number, pointer }: Field): Step {
  const { wire, write } = shapeOf(type)
  const tag = tagWriter(number, wire)
  if (type.kind === 'scalar' && type.scalar === 'bytes' && !pointer) return bytesStep(name, tag)
  return (writer, values) => {
    const value = values[name]
    if (pointer && (value === undefined || value === null)) return
    write(writer, value)
    tag(writer)
  }
}

/** A nil slice of bytes shows as empty text where it must show: both are left out. */
const bytesStep =
  (name: string, tag: (writer: Writer) => void): Step =>
  (writer, values) => {
    const value = values[name]
    if (value === undefined || value === null || value === '') return
    SCALAR_WRITERS.bytes.write(writer, value)
    tag(writer)
  }

function listStep({ name, number }: Field, items: Type): Step {
  const { wire, write } = shapeOf(items)
  const tag = tagWriter(number, wire)
  return (writer, values) => {
    const list = values[name]
    if (!Array.isArray(list)) return
    for (let index = list.length - 1; index >= 0; index--) {
      write(writer, list[index])
      tag(writer)
    }
  }
}

/** Map entries: key 1, value 2. */
function mapStep({ name, number }: Field, type: Type): Step {
  const { wire, write } = shapeOf(type)
  const tag = tagWriter(number, LEN)
  const valueTag = 16 + wire
  return (writer, values) => {
    const map = values[name]
    if (!isRecord(map)) return
    const keys = Object.keys(map)
    if (keys.length > 1) keys.sort()
    for (let index = keys.length - 1; index >= 0; index--) {
      const key = keys[index] ?? ''
      const before = writer.written
      write(writer, map[key])
      writer.byte(valueTag)
      writer.text(key)
      writer.byte(0x0a)
      writer.varint(writer.written - before)
      tag(writer)
    }
  }
}

interface Shape {
  readonly wire: number
  readonly write: Write
}

const asMessage = (content: Write): Shape => ({
  wire: LEN,
  write(writer, value) {
    const before = writer.written
    content(writer, value)
    writer.varint(writer.written - before)
  },
})

function shapeOf(type: Type): Shape {
  if (type.kind === 'struct') return asMessage((writer, value) => writeMessage(writer, type, value))
  if (type.kind === 'map') throw new Error('no map stands inside a list or map')
  if (type.kind === 'list') return itemsShape(type.items)
  if (type.scalar === 'schema-or-bool') return SCHEMA_OR_BOOL
  if (type.scalar === 'schema-or-list') return schemaOr(SCHEMA)
  if (type.scalar === 'schema-or-names') return schemaOr(SCALAR_WRITERS.string)
  return SCALAR_WRITERS[type.scalar]
}

/** A list inside a map, or with a name of its own, travels as a message whose field 1 repeats. */
function itemsShape(items: Type): Shape {
  const { wire, write } = shapeOf(items)
  return asMessage((writer, value) => writeAll(writer, value, write, 8 + wire))
}

function writeAll(writer: Writer, list: unknown, write: Write, tag: number): void {
  if (!Array.isArray(list)) return
  for (let index = list.length - 1; index >= 0; index--) {
    write(writer, list[index])
    writer.byte(tag)
  }
}

const SCHEMA = asMessage((writer, value) =>
  writeMessage(writer, struct('apiextensions-v1.JSONSchemaProps'), value),
)

/** allows 1, schema 2: a schema allows. */
const SCHEMA_OR_BOOL = asMessage((writer, value) => {
  if (isRecord(value)) {
    SCHEMA.write(writer, value)
    writer.byte(0x12)
  }
  writer.byte(value === true || isRecord(value) ? 1 : 0)
  writer.byte(0x08)
})

/** A schema 1, or a list of something else 2. */
const schemaOr = (other: Shape): Shape =>
  asMessage((writer, value) => {
    if (Array.isArray(value)) writeAll(writer, value, other.write, 0x12)
    else if (isRecord(value)) {
      SCHEMA.write(writer, value)
      writer.byte(0x0a)
    }
  })
