/**
 * Parsed JSON into an object of a kind: the hot path of every write. Pure; one closure per struct, made on first use.
 *
 * Output  a new object in upstream's field order: unknown fields dropped, null dropped, zero values that vanish
 *         dropped, zero values that show added (see zero.ts), scalars in canonical form. `raw` values are shared.
 * Throws  Mismatch when a value has the wrong type, without saying where; ScalarFault when its content is wrong.
 * The caller asks explain.ts for paths and messages, so that the good case pays nothing for them.
 * Source: k8s.io/apimachinery pkg/runtime/serializer/json, sigs.k8s.io/json
 */
import { setProperty } from '../json.ts'
import {
  canonicalBase64,
  canonicalMicroTime,
  canonicalQuantityOf,
  canonicalTime,
  checkedDuration,
} from './canonical.ts'
import type { Field, Scalar, StructType, Type } from './type.ts'
import { absentValue, isEmptyValue, zeroOf } from './zero.ts'
import { isRecord } from '#api/values.ts'

export class Mismatch extends Error {}
const MISMATCH = new Mismatch('the value does not have the type of its field')

/** Set when something was dropped that no field stands for. */
export interface Findings {
  unknown: boolean
}

export type Decoder = (value: unknown, findings: Findings) => unknown

const INT32_MAX = 2 ** 31 - 1
const INT32_MIN = -(2 ** 31)

const isInt32 = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= INT32_MIN && Number(value) <= INT32_MAX

/** Differs: beyond 2 ** 53 a number would be stored as another one, so that it is refused as if beyond int64. */
const isInt64 = (value: unknown): boolean => Number.isSafeInteger(value)

const text =
  (canonical: (value: string) => string): Decoder =>
  value => {
    if (typeof value === 'string') return canonical(value)
    throw MISMATCH
  }

const checked =
  (isRight: (value: unknown) => boolean): Decoder =>
  value => {
    if (isRight(value)) return value
    throw MISMATCH
  }

const SCALAR_DECODERS: Readonly<Record<Scalar, Decoder>> = {
  string: checked(value => typeof value === 'string'),
  bool: checked(value => typeof value === 'boolean'),
  int32: checked(isInt32),
  int64: checked(isInt64),
  double: checked(value => typeof value === 'number'),
  bytes: text(canonicalBase64),
  quantity: value => {
    if (typeof value === 'string' || typeof value === 'number') return canonicalQuantityOf(value)
    throw MISMATCH
  },
  time: text(canonicalTime),
  'micro-time': text(canonicalMicroTime),
  'int-or-string': checked(value => typeof value === 'string' || isInt32(value)),
  duration: text(checkedDuration),
  raw: value => value,
  'schema-or-bool': value => value,
  'schema-or-list': value => value,
  'schema-or-names': value => value,
}

const structDecoders = new WeakMap<StructType, Decoder>()

/** The decoder of a type. A struct's is made once, and only when a value of it first arrives. */
export function decoderOf(type: Type): Decoder {
  if (type.kind === 'scalar') return SCALAR_DECODERS[type.scalar]
  if (type.kind === 'list') return listDecoder(type.items)
  if (type.kind === 'map') return mapDecoder(type.values)
  const known = structDecoders.get(type)
  if (known !== undefined) return known
  let decode: Decoder | undefined
  const lazy: Decoder = (value, findings) => {
    decode ??= structDecoder(type)
    return decode(value, findings)
  }
  structDecoders.set(type, lazy)
  return lazy
}

function listDecoder(items: Type): Decoder {
  const decode = decoderOf(items)
  return (value, findings) => {
    if (!Array.isArray(value)) throw MISMATCH
    return value.map((item: unknown) => (item === null ? zeroOf(items) : decode(item, findings)))
  }
}

function mapDecoder(values: Type): Decoder {
  const decode = decoderOf(values)
  return (value, findings) => {
    if (!isRecord(value)) throw MISMATCH
    const decoded: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      const item = value[key]
      const result = item === null ? zeroOf(values) : decode(item, findings)
      setProperty(decoded, key, result)
    }
    return decoded
  }
}

interface Step {
  readonly name: string
  readonly decode: Decoder
  /** Zero values vanish. */
  readonly vanishes: boolean
  readonly absent: unknown
}

const stepOf = (field: Field): Step => ({
  name: field.name,
  decode: decoderOf(field.type),
  vanishes: field.omitEmpty && !field.pointer && !isWhole(field.type),
  absent: absentValue(field),
})

/** Go's omitempty leaves structs alone; one of them holds raw JSON. */
const isWhole = (type: Type): boolean =>
  type.kind === 'struct' || (type.kind === 'scalar' && type.scalar === 'raw')

function structDecoder(type: StructType): Decoder {
  const steps = [...type.fields.values()].map(stepOf)
  return (value, findings) => {
    if (!isRecord(value)) throw MISMATCH
    const decoded: Record<string, unknown> = {}
    let found = 0
    for (const { name, decode, vanishes, absent } of steps) {
      const given = value[name]
      if (given === undefined || given === null) {
        if (given === null) found++
        if (absent !== undefined) decoded[name] = absent
        continue
      }
      found++
      const result = decode(given, findings)
      if (!vanishes || !isEmptyValue(result)) decoded[name] = result
    }
    if (!findings.unknown && found !== Object.keys(value).length) findings.unknown = true
    return decoded
  }
}
