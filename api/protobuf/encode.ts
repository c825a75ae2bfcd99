/**
 * JSON text to messages, byte for byte as upstream's generated marshalers write them. Pure; one list of field writers
 * per struct, made on first use.
 *
 * The text is scanned once (scan.ts), then written from its last field to its first: texts without escapes and raw
 * JSON are copied as the bytes they are.
 *
 * Rules   fields in ascending order; what is no Go pointer is always written, zero or not; pointers, lists and byte
 *         fields only when there; maps as entries sorted by key; numbers in lists unpacked.
 * Source: k8s.io/api generated.pb.go (MarshalToSizedBuffer)
 */

import { struct } from '#api/schema/catalog.ts'
import type { Field, StructType, Type } from '#api/schema/type.ts'
import { type Place, placesOf } from './places.ts'
import { CHOICE, type Shape, StructShape, Tape } from '#api/json-scan.ts'
import { SCALAR_WRITERS, type Write, isEmptyText, textAt, writeText } from './scalar-writers.ts'
import type { Writer } from './writer.ts'

/** Writes one field of the struct whose slots begin at `ref`, its tag included. */
type Step = (writer: Writer, tape: Tape, ref: number) => void

interface Plan {
  readonly shape: StructShape
  /** Last field first: the writer goes from the end to the start. */
  readonly steps: readonly Step[]
}

/** How a value is read and written, without its tag. */
interface Encoder {
  readonly shape: Shape
  readonly wire: number
  readonly write: Write
}

const LEN = 2

const plans = new WeakMap<StructType, Plan>()
const tape = new Tape()

/** The fields of the message, without tag and length; `json` is what `JSON.stringify` made of the object. */
export function writeMessage(writer: Writer, type: StructType, json: Buffer): void {
  const { shape, steps } = planOf(type)
  try {
    const ref = tape.scan(json, shape)
    for (const step of steps) step(writer, tape, ref)
  } finally {
    tape.clear()
  }
}

function planOf(type: StructType): Plan {
  const known = plans.get(type)
  if (known !== undefined) return known
  const slots: Slot[] = []
  const steps = stepsOf(placesOf(type), slots)
  const plan = { shape: new StructShape(slots), steps }
  plans.set(type, plan)
  return plan
}

interface Slot {
  readonly name: string
  readonly shape: Shape
}

/** Embedded structs have their slots among the others, as their fields stand among the others in JSON. */
const stepsOf = (places: readonly Place[], slots: Slot[]): readonly Step[] =>
  places.map(place => stepOf(place, slots)).toReversed()

/** A tag is known beforehand: one byte, or two above field 15. */
function tagWriter(number: number, wire: number): (writer: Writer) => void {
  const tag = number * 8 + wire
  return tag < 0x80 ? writer => writer.byte(tag) : writer => writer.varint(tag)
}

function stepOf(place: Place, slots: Slot[]): Step {
  if (place.kind === 'embedded') {
    const tag = tagWriter(place.number, LEN)
    const steps = stepsOf(place.places, slots)
    return (writer, tape, ref) => {
      const before = writer.written
      for (const step of steps) step(writer, tape, ref)
      writer.varint(writer.written - before)
      tag(writer)
    }
  }
  const { field } = place
  const { type } = field
  const slot = slots.length
  const add = (shape: Shape): void => void slots.push({ name: field.name, shape })
  if (type.kind === 'map') return mapStep(field.number, type.values, { slot, add })
  if (type.kind === 'list' && !place.isMessage)
    return listStep(field.number, type.items, { slot, add })
  return valueStep(place.isMessage ? { ...field, pointer: true } : field, { slot, add })
}

interface At {
  readonly slot: number
  /** Once per field: takes the slot. */
  readonly add: (shape: Shape) => void
}

function valueStep({ type, number, pointer }: Field, { slot, add }: At): Step {
  const { shape, wire, write } = encoderOf(type)
  add(shape)
  const tag = tagWriter(number, wire)
  // A nil slice of bytes shows as empty text where it must show: both are left out.
  const isBytes = type.kind === 'scalar' && type.scalar === 'bytes' && !pointer
  return (writer, tape, ref) => {
    const value = tape.cells[ref + slot] ?? 0
    if (value === 0 && (pointer || isBytes)) return
    if (isBytes && isEmptyText(tape, value)) return
    write(writer, tape, value)
    tag(writer)
  }
}

function listStep(number: number, items: Type, { slot, add }: At): Step {
  const { shape, wire, write } = encoderOf(items)
  add({ kind: 'list', items: shape })
  const tag = tagWriter(number, wire)
  return (writer, tape, ref) => {
    const list = tape.cells[ref + slot] ?? 0
    if (list !== 0) writeAll(writer, tape, list, { write, tag })
  }
}

interface Item {
  readonly write: Write
  readonly tag: (writer: Writer) => void
}

function writeAll(writer: Writer, tape: Tape, list: number, { write, tag }: Item): void {
  const { cells } = tape
  for (let node = cells[list] ?? 0; node !== 0; node = cells[node] ?? 0) {
    write(writer, tape, cells[node + 1] ?? 0)
    tag(writer)
  }
}

/** Map entries: key 1, value 2. */
function mapStep(number: number, type: Type, { slot, add }: At): Step {
  const { shape, wire, write } = encoderOf(type)
  add({ kind: 'map', values: shape })
  const tag = tagWriter(number, LEN)
  const valueTag = 16 + wire
  const writeEntry = (writer: Writer, tape: Tape, node: number): void => {
    const before = writer.written
    write(writer, tape, tape.cells[node + 3] ?? 0)
    writer.byte(valueTag)
    writeText(writer, tape, node + 1)
    writer.byte(0x0a)
    writer.varint(writer.written - before)
    tag(writer)
  }
  return (writer, tape, ref) => {
    const { cells } = tape
    const map = cells[ref + slot] ?? 0
    if (map === 0) return
    if (cells[map + 2] === 1) {
      for (const node of sortedNodes(tape, map)) writeEntry(writer, tape, node)
    } else {
      for (let node = cells[map] ?? 0; node !== 0; node = cells[node] ?? 0)
        writeEntry(writer, tape, node)
    }
  }
}

/** Last key first. */
function sortedNodes(tape: Tape, map: number): readonly number[] {
  const keyed: { readonly node: number; readonly key: Buffer }[] = []
  for (let node = tape.cells[map] ?? 0; node !== 0; node = tape.cells[node] ?? 0)
    keyed.push({ node, key: Buffer.from(textAt(tape, node + 1)) })
  return keyed.sort((left, right) => Buffer.compare(right.key, left.key)).map(({ node }) => node)
}

const asMessage = (shape: Shape, content: Write): Encoder => ({
  shape,
  wire: LEN,
  write(writer, tape, ref) {
    const before = writer.written
    content(writer, tape, ref)
    writer.varint(writer.written - before)
  },
})

function encoderOf(type: Type): Encoder {
  if (type.kind === 'struct') return structEncoder(() => type)
  if (type.kind === 'map') throw new Error('no map stands inside a list or map')
  if (type.kind === 'list') return itemsEncoder(type.items)
  if (type.scalar === 'schema-or-bool') return SCHEMA_OR_BOOL
  if (type.scalar === 'schema-or-list') return schemaOr(SCHEMA)
  if (type.scalar === 'schema-or-names') return schemaOr(encoderOf(NAME))
  return { shape: type.scalar === 'raw' ? RAW : LEAF, ...SCALAR_WRITERS[type.scalar] }
}

const LEAF: Shape = { kind: 'leaf' }
const RAW: Shape = { kind: 'raw' }
const NAME: Type = { kind: 'scalar', scalar: 'string' }

/** Its plan is made when it is first met: schemas contain themselves. */
function structEncoder(type: () => StructType): Encoder {
  let made: Plan | undefined
  const plan = (): Plan => (made ??= planOf(type()))
  return asMessage({ kind: 'struct', plan: () => plan().shape }, (writer, tape, ref) => {
    for (const step of plan().steps) step(writer, tape, ref)
  })
}

/** A list inside a map, or with a name of its own, travels as a message whose field 1 repeats. */
function itemsEncoder(items: Type): Encoder {
  const { shape, wire, write } = encoderOf(items)
  const item = { write, tag: tagWriter(1, wire) }
  return asMessage({ kind: 'list', items: shape }, (writer, tape, ref) => {
    writeAll(writer, tape, ref, item)
  })
}

const SCHEMA = structEncoder(() => struct('apiextensions-v1.JSONSchemaProps'))

const choiceOf = (items: Shape): Shape => ({
  kind: 'choice',
  plan: () => planOf(struct('apiextensions-v1.JSONSchemaProps')).shape,
  items,
})

/** allows 1, schema 2: a schema allows. */
const SCHEMA_OR_BOOL = asMessage(choiceOf(LEAF), (writer, tape, ref) => {
  const choice = tape.cells[ref]
  if (choice === CHOICE.struct) {
    SCHEMA.write(writer, tape, tape.cells[ref + 1] ?? 0)
    writer.byte(0x12)
  }
  writer.byte(choice === CHOICE.struct || choice === CHOICE.yes ? 1 : 0)
  writer.byte(0x08)
})

/** A schema 1, or a list of something else 2. */
function schemaOr({ shape, write }: Encoder): Encoder {
  const item = { write, tag: tagWriter(2, LEN) }
  return asMessage(choiceOf(shape), (writer, tape, ref) => {
    const choice = tape.cells[ref]
    const value = tape.cells[ref + 1] ?? 0
    if (choice === CHOICE.list) writeAll(writer, tape, value, item)
    else if (choice === CHOICE.struct) {
      SCHEMA.write(writer, tape, value)
      writer.byte(0x0a)
    }
  })
}
