/**
 * How server-side apply sees a typed value: as a leaf, as named members, or as identified list elements. Pure.
 *
 * Source: sigs.k8s.io/structured-merge-diff typed/helpers.go listItemToPathElement
 */

import { isList, type JsonObject } from '#api/json.ts'
import { keyElement } from '#api/patch/apply/field-set.ts'
import type { Field, ListType, MapType, StructType, Type } from '#api/schema/type.ts'
import { isRecord } from '#api/values.ts'

export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'struct'; readonly type: StructType }
  | { readonly kind: 'map'; readonly type: MapType }
  | { readonly kind: 'list'; readonly type: ListType }

const LEAF_SHAPE: Shape = { kind: 'leaf' }

/** What is owned as one is a leaf, whatever is inside. Values of the wrong JSON type are leaves as well. */
export function shapeOf(type: Type): Shape {
  switch (type.kind) {
    case 'struct':
      return type.atomic ? LEAF_SHAPE : { kind: 'struct', type }
    case 'map':
      return type.mapType === 'atomic' ? LEAF_SHAPE : { kind: 'map', type }
    case 'list':
      return type.listType === 'atomic' ? LEAF_SHAPE : { kind: 'list', type }
    default:
      return LEAF_SHAPE
  }
}

/**
 * The path element of a list element: `k:{...}` by its keys, absent ones at their defaults, or `v:...` by its value.
 * undefined when it has neither.
 */
export function elementOf(type: ListType, item: unknown): string | undefined {
  if (type.listType === 'set') {
    return isRecord(item) || isList(item) ? undefined : `v:${JSON.stringify(item)}`
  }
  if (!isRecord(item)) return undefined
  const [only = '', ...others] = type.keys
  const name = item[only]
  if (others.length === 0 && typeof name === 'string') {
    return `k:{"${only}":${quoted(name)}}`
  }
  const fields = type.items.kind === 'struct' ? type.items.fields : undefined
  const keys: Record<string, unknown> = {}
  for (const key of type.keys) {
    const value = item[key] ?? fields?.get(key)?.default
    if (value !== undefined) keys[key] = value
  }
  return Object.keys(keys).length === 0 ? undefined : keyElement(keys)
}

/** Most names need no escapes, and finding that out is cheaper than encoding them. */
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))
const PLAIN = /^[\w./:-]*$/

/** The elements of a list by path element, first come first. `repeated` are those that occur more than once. */
export interface IndexedList {
  readonly items: ReadonlyMap<string, unknown>
  readonly repeated: ReadonlyMap<string, readonly unknown[]>
}

const NO_ITEMS: IndexedList = { items: new Map(), repeated: new Map() }

export function indexList(type: ListType, value: unknown): IndexedList {
  if (!isList(value) || value.length === 0) return NO_ITEMS
  const items = new Map<string, unknown>()
  let repeated: Map<string, unknown[]> | undefined
  for (const item of value) {
    const element = elementOf(type, item)
    if (element === undefined) continue
    if (!items.has(element)) items.set(element, item)
    else {
      repeated ??= new Map()
      const all = repeated.get(element)
      if (all === undefined) repeated.set(element, [items.get(element), item])
      else all.push(item)
    }
  }
  return { items, repeated: repeated ?? NO_ITEMS.repeated }
}

export const objectOf = (value: unknown): JsonObject | undefined =>
  isRecord(value) ? value : undefined

/** null and undefined are nothing. */
export const isAbsent = (value: unknown): value is null | undefined =>
  value === undefined || value === null

const EMPTY_OBJECT: JsonObject = Object.freeze({})
const EMPTY_LIST: readonly unknown[] = Object.freeze([])

/**
 * A struct that is no pointer, and a list or map that is never omitted, are there even when the JSON lacks them:
 * upstream compares Go values, so nobody comes to own their mere presence.
 */
export function impliedValue(field: Field): unknown {
  const { type } = field
  if (type.kind === 'struct') return field.pointer ? undefined : EMPTY_OBJECT
  if (field.omitEmpty || field.pointer) return undefined
  if (type.kind === 'list') return EMPTY_LIST
  return type.kind === 'map' ? EMPTY_OBJECT : undefined
}

/** True for absent values and for maps and lists without content. */
export const isHollow = (value: unknown): boolean =>
  isAbsent(value) ||
  (isList(value) && value.length === 0) ||
  (isRecord(value) && isEmptyObject(value))

function isEmptyObject(value: JsonObject): boolean {
  for (const _key in value) return false
  return true
}

/** Metadata that belongs to the server or names the object: nobody owns it. */
export const UNOWNED_METADATA: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
])
