/**
 * What a Go struct holds before anything is decoded into it, as far as its JSON shows it. Pure.
 *
 * A field that is no pointer and is never omitted always shows its zero value (`restartCount: 0`); a struct that is
 * no pointer always shows, be it empty (`resources: {}`), because Go's omitempty leaves structs alone.
 * Differs: a nil list or map shows as `[]` or `{}`, not as null, and a zero time does not show.
 */
import type { Field, StructType, Type } from './type.ts'

/** The zero value of a type, undefined for those that have none to show. */
export function zeroOf(type: Type): unknown {
  if (type.kind === 'struct') return zeroStruct(type)
  if (type.kind === 'list') return EMPTY_LIST
  if (type.kind === 'map') return EMPTY_MAP
  return ZERO_SCALARS[type.scalar]
}

const EMPTY_LIST = Object.freeze([])
const EMPTY_MAP = Object.freeze({})

const ZERO_SCALARS = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  bytes: '',
  quantity: '0',
  time: undefined,
  'micro-time': undefined,
  'int-or-string': 0,
  duration: '0s',
  raw: undefined,
  'schema-or-bool': undefined,
  'schema-or-list': undefined,
  'schema-or-names': undefined,
} as const

const structs = new WeakMap<StructType, object>()

/** Shared and frozen. Ends, because a Go struct cannot contain itself without a pointer. */
function zeroStruct(type: StructType): object {
  const known = structs.get(type)
  if (known !== undefined) return known
  const zero: Record<string, unknown> = {}
  for (const field of type.fields.values()) {
    const value = absentValue(field)
    if (value !== undefined) zero[field.name] = value
  }
  structs.set(type, Object.freeze(zero))
  return zero
}

/** A Go struct by value: omitempty leaves it alone. */
export const isGoStruct = ({ pointer, type }: Field): boolean =>
  !pointer && (type.kind === 'struct' || (type.kind === 'scalar' && type.scalar === 'quantity'))

/** What a field shows when nothing was decoded into it; undefined when it does not show. */
export function absentValue(field: Field): unknown {
  if (field.pointer) return undefined
  return isGoStruct(field) || !field.omitEmpty ? zeroOf(field.type) : undefined
}

/** Go's omitempty, for a decoded value. */
export function isEmptyValue(value: unknown): boolean {
  if (value === '' || value === 0 || value === false) return true
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.length === 0
  for (const key in value) if (Object.hasOwn(value, key)) return false
  return true
}
