/**
 * Protobuf bodies (kubectl's typed commands send them) to the JSON value they stand for, led by the schema's field
 * numbers. Decoding proper, with its checks and canonical forms, follows as for JSON. Pure.
 *
 * Throws  StatusError(BadRequest) for bytes that are no such message.
 * Source: k8s.io/apimachinery pkg/runtime/serializer/protobuf, the generated.proto files (proto2)
 */
import type { Field, Scalar, StructType, Type } from '#api/schema/type.ts'
import { badRequest } from '#api/status.ts'
import { rfc3339, rfc3339Micro } from '#base/clock.ts'
import { assertNever } from '#base/errors.ts'

const MAGIC = Buffer.from('k8s\0')
const DEPTH_MAX = 64

/** `rootOf` gives the schema of the kind the envelope names. */
export function parseProtobuf(
  bytes: Buffer,
  rootOf: (apiVersion: string, kind: string) => StructType | undefined,
): unknown {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw badRequest(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    )
  const envelope = fieldsOf(bytes.subarray(MAGIC.length))
  const typeMeta = fieldsOf(bytesAt(envelope, 1))
  const apiVersion = bytesAt(typeMeta, 1).toString('utf8')
  const kind = bytesAt(typeMeta, 2).toString('utf8')
  const type = rootOf(apiVersion, kind)
  if (type === undefined)
    throw badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
    )
  return { kind, apiVersion, ...messageOf(type, bytesAt(envelope, 2), 0) }
}

interface WireField {
  readonly number: number
  /** Length-delimited fields have bytes, the others a number. */
  readonly bytes: Buffer
  readonly value: bigint
  readonly isDouble: boolean
}

const NOTHING = Buffer.alloc(0)

/** The fields of one message, in order. */
function fieldsOf(message: Buffer): WireField[] {
  const fields: WireField[] = []
  const at = { offset: 0 }
  while (at.offset < message.length) {
    const tag = Number(varint(message, at))
    const number = Math.floor(tag / 8)
    const field = { number, bytes: NOTHING, value: 0n, isDouble: false }
    switch (tag % 8) {
      case 0:
        fields.push({ ...field, value: varint(message, at) })
        break
      case 1:
        fields.push({ ...field, bytes: take(message, at, 8), isDouble: true })
        break
      case 2:
        fields.push({ ...field, bytes: take(message, at, Number(varint(message, at))) })
        break
      case 5:
        fields.push({ ...field, bytes: take(message, at, 4) })
        break
      default:
        throw malformed()
    }
  }
  return fields
}

const malformed = (): Error => badRequest('the protobuf message of the body is malformed')

function take(message: Buffer, at: { offset: number }, length: number): Buffer {
  const end = at.offset + length
  if (end > message.length) throw malformed()
  const bytes = message.subarray(at.offset, end)
  at.offset = end
  return bytes
}

function varint(message: Buffer, at: { offset: number }): bigint {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = message[at.offset]
    if (byte === undefined) throw malformed()
    at.offset += 1
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asIntN(64, value)
  }
  throw malformed()
}

const bytesAt = (fields: readonly WireField[], number: number): Buffer =>
  fields.findLast(field => field.number === number)?.bytes ?? NOTHING

const numberAt = (fields: readonly WireField[], number: number): number =>
  Number(fields.findLast(field => field.number === number)?.value ?? 0n)

type Place =
  | { readonly kind: 'field'; readonly field: Field }
  /** A Go-embedded struct: a message on the wire, its fields beside the others in JSON. */
  | { readonly kind: 'embedded'; readonly places: Places }
type Places = Map<number, Place>

const plans = new WeakMap<StructType, Places>()

function placesOf(type: StructType): Places {
  const known = plans.get(type)
  if (known !== undefined) return known
  const places: Places = new Map()
  for (const field of type.fields.values()) {
    let level = places
    for (const number of field.inline ?? []) {
      const there = level.get(number)
      const inner: Places = there?.kind === 'embedded' ? there.places : new Map()
      level.set(number, { kind: 'embedded', places: inner })
      level = inner
    }
    if (field.number > 0) level.set(field.number, { kind: 'field', field })
  }
  plans.set(type, places)
  return places
}

type JsonRecord = Record<string, unknown>

function messageOf(type: StructType, message: Buffer, depth: number): JsonRecord {
  const result: JsonRecord = {}
  fill(result, placesOf(type), { message, depth })
  // Kind and apiVersion have field numbers of their own in some schemas; the envelope has the last word.
  return result
}

interface Filling {
  readonly message: Buffer
  readonly depth: number
}

function fill(result: JsonRecord, places: Places, { message, depth }: Filling): void {
  if (depth > DEPTH_MAX) throw malformed()
  for (const wire of fieldsOf(message)) {
    const place = places.get(wire.number)
    if (place === undefined) continue
    if (place.kind === 'embedded') {
      fill(result, place.places, { message: wire.bytes, depth })
      continue
    }
    const { name, type } = place.field
    result[name] = added(type, result[name], { wire, depth })
  }
}

interface Reading {
  readonly wire: WireField
  readonly depth: number
}

/** The value of a field after one more occurrence of it on the wire. */
function added(type: Type, before: unknown, reading: Reading): unknown {
  if (type.kind === 'list') {
    const list: unknown[] = Array.isArray(before) ? before : []
    list.push(valueOf(type.items, reading))
    return list
  }
  if (type.kind !== 'map') return valueOf(type, reading)
  const entry = fieldsOf(reading.wire.bytes)
  const value = entry.findLast(field => field.number === 2)
  const key = bytesAt(entry, 1).toString('utf8')
  const read =
    value === undefined ? emptyOf(type.values) : valueOf(type.values, { ...reading, wire: value })
  return { ...(typeof before === 'object' ? before : {}), [key]: read }
}

const emptyOf = (type: Type): unknown =>
  type.kind === 'list' ? [] : type.kind === 'scalar' && type.scalar === 'string' ? '' : undefined

function valueOf(type: Type, { wire, depth }: Reading): unknown {
  switch (type.kind) {
    case 'struct':
      return messageOf(type, wire.bytes, depth + 1)
    case 'scalar':
      return SCALARS[type.scalar]?.(wire)
    case 'list':
      // A list inside a map or list travels as a message whose field 1 repeats.
      return fieldsOf(wire.bytes).map(item => valueOf(type.items, { wire: item, depth: depth + 1 }))
    case 'map':
      throw malformed()
    default:
      return assertNever(type)
  }
}

const timeOf = (wire: WireField, render: (epochMs: number) => string): string | null => {
  const fields = fieldsOf(wire.bytes)
  const seconds = numberAt(fields, 1)
  const nanos = numberAt(fields, 2)
  return seconds === 0 && nanos === 0 ? null : render(seconds * 1000 + Math.floor(nanos / 1e6))
}

const textOf = (wire: WireField): string => wire.bytes.toString('utf8')

const numberOf = (wire: WireField): number => Number(wire.value)

const SCALARS: Readonly<Partial<Record<Scalar, (wire: WireField) => unknown>>> = {
  string: textOf,
  bool: wire => wire.value !== 0n,
  int32: numberOf,
  int64: numberOf,
  double: wire => (wire.isDouble ? wire.bytes.readDoubleLE(0) : numberOf(wire)),
  bytes: wire => wire.bytes.toString('base64'),
  quantity: wire => bytesAt(fieldsOf(wire.bytes), 1).toString('utf8'),
  time: wire => timeOf(wire, rfc3339),
  'micro-time': wire => timeOf(wire, rfc3339Micro),
  'int-or-string': wire => {
    const fields = fieldsOf(wire.bytes)
    return numberAt(fields, 1) === 1 ? bytesAt(fields, 3).toString('utf8') : numberAt(fields, 2)
  },
  duration: wire => `${numberAt(fieldsOf(wire.bytes), 1)}ns`,
  raw: wire => {
    const raw = bytesAt(fieldsOf(wire.bytes), 1)
    return raw.length === 0 ? undefined : JSON.parse(raw.toString('utf8'))
  },
}
