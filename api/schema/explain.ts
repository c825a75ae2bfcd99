/**
 * Where and why decoding failed, and which fields were dropped: the slow walk behind decode.ts. Pure.
 *
 * Messages are upstream's, because users search for them:
 *   json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32
 *   unknown field "spec.template.spec.containers[0].imagee"
 * Source: Go encoding/json UnmarshalTypeError, sigs.k8s.io/json. Differs: named string types that are no enum are
 * called `string`.
 */
import { ScalarFault } from './canonical.ts'
import { decoderOf, Mismatch } from './decode.ts'
import type { StructType, Type } from './type.ts'
import { jsonKindOf } from '#api/go-text.ts'
import { isRecord } from '#api/values.ts'

/** Upstream stops counting here, and so do we. */
const UNKNOWN_FIELDS_MAX = 100

/**
 * The message for a value that decode.ts refused; undefined when it is right. Types that decode themselves end the
 * decoding; of the other faults the first in the text is told.
 */
export function typeFault(type: Type, value: unknown): string | undefined {
  const found: Found = {}
  return walk(type, value, { struct: undefined, names: [], found }) ?? found.first
}

interface Found {
  first?: string
}

interface Place {
  /** Innermost struct, by Go name. */
  readonly struct: string | undefined
  /** JSON names from the root, embedded structs by Go name; list indices and map keys do not show. */
  readonly names: readonly string[]
  readonly found: Found
}

/** The fault that ends the decoding. */
function walk(type: Type, value: unknown, place: Place): string | undefined {
  if (value === null || value === undefined) return undefined
  if (type.kind === 'scalar') return scalarFault(type, value, place)
  if (type.kind === 'list') {
    if (!Array.isArray(value)) return goOn(mismatch(type, value, place), place)
    return first(value, (item: unknown) => walk(type.items, item, place))
  }
  if (!isRecord(value)) return goOn(mismatch(type, value, place), place)
  if (type.kind === 'map') {
    return first(Object.values(value), item => walk(type.values, item, place))
  }
  const struct = goName(type)
  return first(Object.entries(value), ([name, member]) => {
    const field = type.fields.get(name)
    if (field === undefined) return undefined
    const names = [...place.names, ...(field.within ?? []), name]
    return walk(field.type, member, { struct, names, found: place.found })
  })
}

function goOn(fault: string, { found }: Place): undefined {
  found.first ??= fault
}

function first<Item>(
  items: Iterable<Item>,
  faultOf: (item: Item) => string | undefined,
): string | undefined {
  for (const item of items) {
    const fault = faultOf(item)
    if (fault !== undefined) return fault
  }
  return undefined
}

function scalarFault(type: Type, value: unknown, place: Place): string | undefined {
  try {
    decoderOf(type)(value, { unknown: false })
    return undefined
  } catch (error) {
    if (error instanceof ScalarFault) return error.message
    if (!(error instanceof Mismatch)) throw error
    const fault = mismatch(type, value, place)
    return type.kind === 'scalar' && type.scalar in OWN_DECODERS ? fault : goOn(fault, place)
  }
}

function mismatch(type: Type, value: unknown, { struct, names }: Place): string {
  const unwrapped = OWN_DECODERS[type.kind === 'scalar' ? type.scalar : '']
  const into =
    struct === undefined || unwrapped !== undefined
      ? `value of type ${unwrapped ?? goType(type)}`
      : `struct field ${struct}.${names.join('.')} of type ${goType(type)}`
  return `json: cannot unmarshal ${jsonKind(type, value)} into Go ${into}`
}

/** Types that decode themselves lose the place and name what they unmarshal into. */
const OWN_DECODERS: Readonly<Record<string, string>> = {
  time: 'string',
  'micro-time': 'string',
  duration: 'string',
  'int-or-string': 'int32',
}

/** A number that is no integer, or too large a one, is named with its digits. */
function jsonKind(type: Type, value: unknown): string {
  const wantsInteger =
    type.kind === 'scalar' && ['int32', 'int64', 'int-or-string'].includes(type.scalar)
  return typeof value === 'number' && wantsInteger ? `number ${value}` : jsonKindOf(value)
}

function goType(type: Type): string {
  if (type.kind === 'list') return `[]${goType(type.items)}`
  if (type.kind === 'map') return `map[string]${goType(type.values)}`
  if (type.kind === 'struct') return `v1.${goName(type)}`
  return type.name === undefined ? (GO_SCALARS[type.scalar] ?? type.scalar) : `v1.${type.name}`
}

const GO_SCALARS: Readonly<Record<string, string>> = {
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  time: 'v1.Time',
  'micro-time': 'v1.MicroTime',
  duration: 'v1.Duration',
  'int-or-string': 'intstr.IntOrString',
}

const goName = (type: StructType): string => type.name.slice(type.name.lastIndexOf('.') + 1)

/** Paths of fields that no struct declares, in the order they are written, at most 100. */
export function unknownFields(type: Type, value: unknown): string[] {
  const paths: string[] = []
  collect(type, value, '', paths)
  return paths
}

function collect(type: Type, value: unknown, path: string, paths: string[]): void {
  if (paths.length >= UNKNOWN_FIELDS_MAX || type.kind === 'scalar') return
  if (type.kind === 'list') {
    if (!Array.isArray(value)) return
    for (const [index, item] of value.entries())
      collect(type.items, item, `${path}[${index}]`, paths)
    return
  }
  if (!isRecord(value)) return
  for (const [name, item] of Object.entries(value)) {
    const below = path === '' ? name : `${path}.${name}`
    const inner = type.kind === 'map' ? type.values : type.fields.get(name)?.type
    if (inner !== undefined) collect(inner, item, below, paths)
    else if (paths.length < UNKNOWN_FIELDS_MAX) paths.push(below)
  }
}
