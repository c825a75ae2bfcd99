/**
 * An applied configuration against its type: the fields it names, or why it cannot be applied. Pure.
 *
 * Throws  StatusError(BadRequest) for fields the type does not have, list elements without their keys, and elements
 *         named twice, with upstream's words.
 * Source: sigs.k8s.io/structured-merge-diff typed/tofieldset.go, typed/validate.go
 */

import { goSyntax, goText, goTypeOf } from '#api/go-text.ts'
import { isList, type JsonObject } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import {
  elementOf,
  isAbsent,
  isHollow,
  shapeOf,
  UNOWNED_METADATA,
} from '#api/patch/apply/elements.ts'
import { EMPTY, type FieldSet, formatPath, LEAF, SELF } from '#api/patch/apply/field-set.ts'
import {
  DEDUCED,
  type ListType,
  type MapType,
  memberType,
  type Scalar,
  type StructType,
  type Type,
} from '#api/schema/type.ts'
import { badRequest } from '#api/status.ts'
import { isRecord } from '#api/values.ts'

/** All fields an object has, without those that nobody owns. */
export function fieldSetOf(type: StructType, object: JsonObject): FieldSet {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object
  const owned = isRecord(metadata)
    ? Object.fromEntries(Object.entries(metadata).filter(([name]) => !UNOWNED_METADATA.has(name)))
    : undefined
  return (
    collect(type, owned === undefined || isHollow(owned) ? rest : { metadata: owned, ...rest }) ??
    EMPTY
  )
}

/** The node of a place, itself a member or not; undefined when neither it nor anything below it is one. */
function collect(type: Type, value: unknown, isSelf = false): FieldSet | undefined {
  const shape = shapeOf(type)
  if (shape.kind === 'leaf' || isAbsent(value)) return LEAF
  if (shape.kind === 'list') return isList(value) ? collectList(shape.type, value, isSelf) : LEAF
  if (!isRecord(value)) return LEAF
  let node: Record<string, FieldSet> | undefined
  for (const key of Object.keys(value)) {
    const member = value[key]
    const inner = memberType(shape.type, key)
    if (inner === undefined) continue
    const isField = shape.kind === 'struct' && shape.type.fields.has(key)
    const isNamed = !isField || isAbsent(member) || (isRecord(member) && isHollow(member))
    const below = collect(inner, member, isNamed)
    if (below === undefined) continue
    node ??= isSelf ? { [SELF]: LEAF } : {}
    node[`f:${key}`] = below
  }
  return node ?? (isSelf ? LEAF : undefined)
}

/** Elements of lists are members themselves. */
function collectList(
  type: ListType,
  list: readonly unknown[],
  isSelf: boolean,
): FieldSet | undefined {
  let node: Record<string, FieldSet> | undefined
  for (const item of list) {
    const element = elementOf(type, item)
    if (element === undefined) continue
    node ??= isSelf ? { [SELF]: LEAF } : {}
    node[element] = collect(type.items, item, true) ?? LEAF
  }
  return node ?? (isSelf ? LEAF : undefined)
}

/** Throws for the faults of a configuration that is about to be applied. */
export function requireApplicable(type: StructType, object: AnyObject): void {
  const faults: Fault[] = []
  findFaults(type, object, undefined, faults)
  if (faults.length === 0) return
  const { name = '', namespace = '' } = object.metadata
  const version = object.apiVersion.includes('/') ? object.apiVersion : `/${object.apiVersion}`
  const lines = faults.map(({ place, text }) => `${formatPath(pathOf(place))}: ${text}`)
  const told = lines.length === 1 ? lines.join('') : ['errors:', ...lines].join('\n  ')
  throw badRequest(
    `failed to create typed patch object (${namespace}/${name}; ${version}, Kind=${object.kind}): ${told}`,
  )
}

/** More are not told; upstream tells all. */
const FAULTS_MAX = 100

/** Where a fault stands: paths are put together for those alone. */
interface Place {
  readonly above: Place | undefined
  readonly element: string
}

interface Fault {
  readonly place: Place | undefined
  readonly text: string
}

function pathOf(place: Place | undefined): readonly string[] {
  const path: string[] = []
  for (let at = place; at !== undefined; at = at.above) path.unshift(at.element)
  return path
}

/** Faults in the order of the configuration. */
function findFaults(type: Type, value: unknown, at: Place | undefined, faults: Fault[]): void {
  if (isAbsent(value) || type === DEDUCED || faults.length >= FAULTS_MAX) return
  const text = kindFault(type, value)
  if (text !== undefined) faults.push({ place: at, text })
  else if (type.kind === 'list' && isList(value)) listFaults(type, value, at, faults)
  else if (type.kind !== 'scalar' && type.kind !== 'list' && isRecord(value))
    memberFaults(type, value, at, faults)
}

function kindFault(type: Type, value: unknown): string | undefined {
  if (type.kind === 'scalar') return scalarFault(type.scalar, value)
  if (type.kind === 'list') return isList(value) ? undefined : mismatch('list', value)
  return isRecord(value) ? undefined : mismatch('map', value)
}

/** Nothing behind a field that is not declared is looked at. */
function memberFaults(
  type: StructType | MapType,
  value: JsonObject,
  at: Place | undefined,
  faults: Fault[],
): void {
  for (const key of Object.keys(value)) {
    const inner = memberType(type, key)
    const place: Place = { above: at, element: `f:${key}` }
    if (inner === undefined) {
      faults.push({ place, text: 'field not declared in schema' })
      return
    }
    findFaults(inner, value[key], place, faults)
  }
}

const mismatch = (wanted: string, value: unknown): string =>
  `expected ${wanted}, got &{${goText(value)}}`

/** What a scalar's schema says that it is; the others are kept as they are. */
const SCALARS: Partial<Record<Scalar, 'string' | 'number' | 'boolean'>> = {
  string: 'string',
  bytes: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  double: 'number',
}

function scalarFault(scalar: Scalar, value: unknown): string | undefined {
  const wanted = SCALARS[scalar]
  if (wanted === undefined || typeof value === wanted) return undefined
  if (wanted === 'boolean') return mismatch(wanted, value)
  return wanted === 'number'
    ? `expected numeric (int or float), got ${goTypeOf(value)}`
    : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`
}

/** Nothing behind an element without its keys is looked at. */
function listFaults(
  type: ListType,
  list: readonly unknown[],
  at: Place | undefined,
  faults: Fault[],
): void {
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    const element = type.listType === 'atomic' ? `i:${index}` : elementOf(type, item)
    if (element === undefined) {
      faults.push({ place: at, text: `element ${index}: ${keyFault(type)}` })
      return
    }
    if (seen.has(element))
      faults.push({ place: at, text: `duplicate entries for key ${formatPath([element])}` })
    seen.add(element)
    findFaults(type.items, item, { above: at, element }, faults)
  }
}

const keyFault = (type: ListType): string =>
  type.listType === 'set'
    ? 'associative list without keys has an element that is a map or a list'
    : `associative list with keys has an element that omits all key fields [${type.keys
        .map(key => JSON.stringify(key))
        .join(' ')}] (and doesn't have default values for any key fields)`
