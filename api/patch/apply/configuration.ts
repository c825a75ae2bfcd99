/**
 * An applied configuration against its type: the fields it names, or why it cannot be applied. Pure.
 *
 * Throws  StatusError(BadRequest) for fields the type does not have, list elements without their keys, and elements
 *         named twice, with upstream's words.
 * Source: sigs.k8s.io/structured-merge-diff typed/tofieldset.go, typed/validate.go
 */

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
import type { ListType, StructType, Type } from '#api/schema/type.ts'
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
    const memberType = shape.kind === 'map' ? shape.type.values : shape.type.fields.get(key)?.type
    if (memberType === undefined) continue
    const isNamed =
      shape.kind === 'map' || isAbsent(member) || (isRecord(member) && isHollow(member))
    const below = collect(memberType, member, isNamed)
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

/** Throws for the first fault of a configuration that is about to be applied. */
export function requireApplicable(type: StructType, object: AnyObject): void {
  const fault = faultOf(type, object)
  if (fault === undefined) return
  const { name = '', namespace = '' } = object.metadata
  const version = object.apiVersion.includes('/') ? object.apiVersion : `/${object.apiVersion}`
  throw badRequest(
    `failed to create typed patch object (${namespace}/${name}; ${version}, Kind=${object.kind}): ${formatPath(fault.path)}: ${fault.text}`,
  )
}

/** Paths are put together on the way up: most configurations have no fault. */
interface Fault {
  readonly path: readonly string[]
  readonly text: string
}

const below = (element: string, fault: Fault | undefined): Fault | undefined =>
  fault && { path: [element, ...fault.path], text: fault.text }

function faultOf(type: Type, value: unknown): Fault | undefined {
  if (isAbsent(value)) return undefined
  if (type.kind === 'list') return isList(value) ? listFault(type, value) : undefined
  if (type.kind === 'scalar' || !isRecord(value)) return undefined
  for (const key of Object.keys(value)) {
    const memberType = type.kind === 'map' ? type.values : type.fields.get(key)?.type
    const fault =
      memberType === undefined
        ? { path: [], text: 'field not declared in schema' }
        : faultOf(memberType, value[key])
    if (fault !== undefined) return below(`f:${key}`, fault)
  }
  return undefined
}

function listFault(type: ListType, list: readonly unknown[]): Fault | undefined {
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    const element = type.listType === 'atomic' ? `i:${index}` : elementOf(type, item)
    if (element === undefined) return { path: [], text: `element ${index}: ${keyFault(type)}` }
    if (seen.has(element)) {
      return { path: [], text: `duplicate entries for key ${formatPath([element])}` }
    }
    seen.add(element)
    const fault = below(element, faultOf(type.items, item))
    if (fault !== undefined) return fault
  }
  return undefined
}

const keyFault = (type: ListType): string =>
  type.listType === 'set'
    ? 'associative list without keys has an element that is a map or a list'
    : `associative list with keys has an element that omits all key fields [${type.keys
        .map(key => JSON.stringify(key))
        .join(' ')}] (and doesn't have default values for any key fields)`
