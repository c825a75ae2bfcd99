/**
 * Messages to the JSON values they stand for, led by the schema's field numbers. Pure; one plan per struct, made on
 * first use. Checks and canonical forms follow as for JSON (`decodeAs`), so values only need the right shape here.
 *
 * Output  zero values that vanish are left out, as Go's own JSON would have it
 * Throws  WireFault for bytes that are no such message
 * Source: k8s.io/api generated.pb.go (Unmarshal); unknown fields are passed over
 */
import { setProperty } from '#api/json.ts'
import { struct } from '#api/schema/catalog.ts'
import type { Field, Scalar, StructType, Type } from '#api/schema/type.ts'
import { isGoStruct } from '#api/schema/zero.ts'
import { type Place, placesOf } from './places.ts'
import { type Reader, WIRE, WireFault } from './reader.ts'
import { type PlainScalar, SCALAR_READERS } from './scalar-readers.ts'

export type Values = Record<string, unknown>

/** Only JSON schemas nest in one another; JSON bodies may be as deep. */
const DEPTH_MAX = 1000

type Read = (reader: Reader, depth: number) => unknown

interface Step {
  /** As Go names it, for faults. */
  readonly label: string
  readonly wire: number
  /** Packed: several values in one length-delimited field. */
  readonly isPackable: boolean
  readonly take: (into: Values, reader: Reader, depth: number, again: boolean) => void
}

interface Plan {
  readonly name: string
  readonly steps: readonly (Step | undefined)[]
}

const plans = new WeakMap<StructType, Plan>()

export function decodeMessage(type: StructType, reader: Reader, depth = 0): Values {
  if (depth > DEPTH_MAX) throw new WireFault('proto: exceeded max depth')
  let plan = plans.get(type)
  if (plan === undefined) {
    plan = planOf(type.name.slice(type.name.lastIndexOf('.') + 1), placesOf(type))
    plans.set(type, plan)
  }
  const values: Values = {}
  fill(values, plan, reader, { depth, again: false })
  return values
}

function planOf(name: string, places: readonly Place[]): Plan {
  const steps: (Step | undefined)[] = []
  for (const place of places) steps[place.number] = stepOf(place)
  return { name, steps }
}

interface Filling {
  readonly depth: number
  /** Fields may be there already: what embeds them came twice. */
  readonly again: boolean
}

/** Writers put fields in ascending order: only one out of order can have been there before. */
function fill(values: Values, plan: Plan, reader: Reader, { depth, again }: Filling): void {
  const { name, steps } = plan
  let last = again ? Number.MAX_SAFE_INTEGER : 0
  while (!reader.isAtEnd) {
    const tag = reader.tag(name)
    const wire = tag & 7
    const number = tag >>> 3
    const step = steps[number]
    const isAgain = number <= last
    if (!isAgain) last = number
    if (step === undefined) reader.skip(wire)
    else if (wire === step.wire) step.take(values, reader, depth, isAgain)
    else if (step.isPackable && wire === WIRE.len) takePacked(step, values, reader.message())
    else throw new WireFault(`proto: wrong wireType = ${wire} for field ${step.label}`)
  }
}

function takePacked(step: Step, values: Values, packed: Reader): void {
  while (!packed.isAtEnd) step.take(values, packed, 0, true)
}

const goName = (name: string): string => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`

function stepOf(place: Place): Step {
  if (place.kind === 'embedded') {
    const plan = planOf('embedded', place.places)
    return {
      label: 'embedded',
      wire: WIRE.len,
      isPackable: false,
      take: (into, reader, depth, again) => fill(into, plan, reader.message(), { depth, again }),
    }
  }
  const { field } = place
  const { name, type } = field
  const shared = { label: goName(name), wire: wireOf(type), isPackable: false }
  if (type.kind === 'list' && !place.isMessage) {
    const read = readOf(type.items)
    const wire = wireOf(type.items)
    const take: Step['take'] = (into, reader, depth) => {
      const list = into[name]
      // The seam: nobody else writes below this name.
      if (list === undefined) into[name] = [read(reader, depth)]
      else (list as unknown[]).push(read(reader, depth))
    }
    return { ...shared, wire, isPackable: wire !== WIRE.len, take }
  }
  if (type.kind === 'map') return { ...shared, take: entryTaker(name, type.values) }
  return { ...shared, take: valueTaker(field) }
}

function valueTaker(field: Field): Step['take'] {
  const { name, type } = field
  const read = readOf(type)
  const vanishes = field.omitEmpty && !field.pointer && !isGoStruct(field)
  return (into, reader, depth, again) => {
    const value = read(reader, depth)
    const isZero = value === '' || value === 0 || value === false
    if (value !== null && !(vanishes && isZero)) into[name] = value
    else if (again && into[name] !== undefined) delete into[name]
  }
}

/** A map travels as a list of messages: key 1, value 2. */
function entryTaker(name: string, type: Type): Step['take'] {
  const read = readOf(type)
  const wire = wireOf(type)
  return (into, reader, depth) => {
    const entry = reader.message()
    let key = ''
    let value: unknown
    while (!entry.isAtEnd) {
      const tag = entry.tag(goName(name))
      if (tag === TAG_KEY) key = entry.text()
      else if (tag === 16 + wire) value = read(entry, depth + 1)
      else entry.skip(tag & 7)
    }
    // The seam: nobody else writes below this name.
    const map = (into[name] ??= {}) as Values
    setProperty(map, key, value ?? emptyOf(type))
  }
}

const TAG_KEY = 10

function emptyOf(type: Type): unknown {
  if (type.kind === 'list') return []
  return type.kind === 'scalar' && isPlain(type.scalar) ? SCALAR_READERS[type.scalar].empty : {}
}

const isPlain = (scalar: Scalar): scalar is PlainScalar => Object.hasOwn(SCALAR_READERS, scalar)

const wireOf = (type: Type): number =>
  type.kind === 'scalar' && isPlain(type.scalar) ? SCALAR_READERS[type.scalar].wire : WIRE.len

function readOf(type: Type): Read {
  if (type.kind === 'struct')
    return (reader, depth) => decodeMessage(type, reader.message(), depth + 1)
  if (type.kind === 'scalar') {
    const { scalar } = type
    return isPlain(scalar) ? SCALAR_READERS[scalar].read : CHOICES[scalar]
  }
  if (type.kind === 'map') throw new Error('no map stands inside a list or map')
  return messageOfItems(type.items)
}

/** A list inside a map, or with a name of its own, travels as a message whose field 1 repeats. */
function messageOfItems(type: Type): Read {
  const read = readOf(type)
  const expected = 8 + wireOf(type)
  return (reader, depth) => {
    const items: unknown[] = []
    const message = reader.message()
    while (!message.isAtEnd) {
      const tag = message.tag('items')
      if (tag === expected) items.push(read(message, depth + 1))
      else message.skip(tag & 7)
    }
    return items
  }
}

type Choice = Exclude<Scalar, PlainScalar>

const schemaOf: Read = (reader, depth) =>
  decodeMessage(struct('apiextensions-v1.JSONSchemaProps'), reader.message(), depth + 1)

interface Chosen {
  readonly schema: unknown
  readonly others: readonly unknown[]
}

/** A JSON schema in one field, what its key in JSON may hold instead in the other. */
function chosen(reader: Reader, schemaTag: number, otherTag: number, readings: Readings): Chosen {
  const message = reader.message()
  const others: unknown[] = []
  let schema: unknown
  while (!message.isAtEnd) {
    const tag = message.tag('JSONSchemaPropsOr')
    if (tag === schemaTag) schema = schemaOf(message, readings.depth)
    else if (tag === otherTag) others.push(readings.other(message, readings.depth))
    else message.skip(tag & 7)
  }
  return { schema, others }
}

interface Readings {
  readonly depth: number
  readonly other: Read
}

const listOrSchema = ({ schema, others }: Chosen): unknown =>
  others.length > 0 ? others : (schema ?? null)

const CHOICES: Readonly<Record<Choice, Read>> = {
  'schema-or-bool': (reader, depth) => {
    const other: Read = at => at.int64() !== 0
    const { schema, others } = chosen(reader, 18, 8, { depth, other })
    return schema ?? others.at(-1) ?? false
  },
  'schema-or-list': (reader, depth) =>
    listOrSchema(chosen(reader, 10, 18, { depth, other: schemaOf })),
  'schema-or-names': (reader, depth) =>
    listOrSchema(chosen(reader, 10, 18, { depth, other: at => at.text() })),
}
