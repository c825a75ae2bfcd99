/**
 * Merging a configuration into a live value, and taking owned fields out of one. Pure; what stays the same is shared.
 *
 * Source: sigs.k8s.io/structured-merge-diff typed/merge.go, typed/remove.go
 */

import { isList, type JsonObject, propertyOf, setProperty } from '#api/json.ts'
import { elementOf, isAbsent, isHollow, shapeOf } from '#api/patch/apply/elements.ts'
import { child, type FieldSet, hasMember, isEmpty, nodeOf } from '#api/patch/apply/field-set.ts'
import {
  type ListType,
  type MapType,
  memberType,
  type StructType,
  type Type,
} from '#api/schema/type.ts'
import { isRecord } from '#api/values.ts'

/** `config` over `live`: what the configuration names wins, what it does not name stays. */
function mergeValues(type: Type, live: unknown, config: unknown): unknown {
  if (config === undefined) return live
  const shape = shapeOf(type)
  if (isAbsent(live) || config === null || shape.kind === 'leaf') return config
  if (shape.kind === 'list') {
    return isList(live) && isList(config) ? mergeLists(shape.type, live, config) : config
  }
  return isRecord(live) && isRecord(config) ? mergeObjects(shape.type, live, config) : config
}

/** A null in the configuration takes the field away. */
export function mergeObjects(
  type: StructType | MapType,
  live: JsonObject,
  config: JsonObject,
): JsonObject {
  let merged: Record<string, unknown> | undefined
  for (const key of Object.keys(config)) {
    const wanted = config[key]
    const inner = memberType(type, key)
    const present = propertyOf(live, key)
    const value = inner === undefined ? wanted : mergeValues(inner, present, wanted)
    if (value === present) continue
    merged ??= { ...live }
    if (value === null) delete merged[key]
    else setProperty(merged, key, value)
  }
  return merged ?? live
}

/**
 * Elements of both lists: the configuration's keep its order, and those that only the live list has stay where they
 * were beside the shared ones. Live `a x b`, configuration `a n b` gives `a x n b`; configuration `b a` gives `x b a`.
 */
function mergeLists(
  type: ListType,
  live: readonly unknown[],
  config: readonly unknown[],
): readonly unknown[] {
  const element = (item: unknown): string => elementOf(type, item) ?? JSON.stringify(item)
  const liveElements = live.map(element)
  const configElements = config.map(element)
  if (isSameOrder(liveElements, configElements)) {
    const merged = config.map((item, at) => mergeValues(type.items, live[at], item))
    return merged.every((item, at) => item === live[at]) ? live : merged
  }
  const liveItems = new Map(liveElements.map((name, index) => [name, live[index]]))
  const wanted = new Set(configElements)
  const shared = configElements.filter(name => liveItems.has(name))
  const merged: unknown[] = []
  const done = new Set<string>()
  let l = 0
  let c = 0
  while (l < live.length || c < config.length) {
    const ours = liveElements[l]
    const theirs = configElements[c]
    if (ours !== undefined && !wanted.has(ours)) {
      merged.push(live[l])
      l += 1
    } else if (
      ours !== undefined &&
      theirs !== undefined &&
      ours !== theirs &&
      ours !== shared[0]
    ) {
      l += 1
    } else if (ours !== undefined && (theirs === undefined || done.has(ours))) {
      l += 1
    } else if (theirs !== undefined) {
      merged.push(mergeValues(type.items, liveItems.get(theirs), config[c]))
      done.add(theirs)
      if (shared[0] === theirs) shared.shift()
      if (ours === theirs) l += 1
      c += 1
    }
  }
  return merged
}

const isSameOrder = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((element, at) => element === right[at])

/** `value` without the members of `set`; undefined when nothing of it is left. */
export function removeFields(type: Type, value: unknown, set: FieldSet): unknown {
  const shape = shapeOf(type)
  if (isHollow(value) || isEmpty(set) || shape.kind === 'leaf') return value
  if (shape.kind === 'list') return isList(value) ? removeElements(shape.type, value, set) : value
  if (!isRecord(value)) return value
  const kept: [string, unknown][] = []
  let isSame = true
  for (const [key, member] of Object.entries(value)) {
    const element = `f:${key}`
    const below = child(set, element)
    const inner = memberType(shape.type, key)
    if (below === undefined || inner === undefined) kept.push([key, member])
    else {
      const rest = hasMember(set, element) ? undefined : removeFields(inner, member, below)
      isSame &&= rest === member
      if (rest !== undefined) kept.push([key, rest])
    }
  }
  if (isSame) return value
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

function removeElements(type: ListType, list: readonly unknown[], set: FieldSet): unknown {
  const kept: unknown[] = []
  let isSame = true
  for (const item of list) {
    const element = elementOf(type, item)
    const below = element === undefined ? undefined : child(set, element)
    if (element === undefined || below === undefined) kept.push(item)
    else {
      const rest = hasMember(set, element) ? undefined : removeFields(type.items, item, below)
      isSame &&= rest === item
      if (rest !== undefined) kept.push(rest)
    }
  }
  if (isSame) return list
  return kept.length === 0 ? undefined : kept
}

/** The set plus every declared field on the way to its members: who owns `a.b` also keeps the struct `a` alive. */
export function withNamedParents(type: Type, set: FieldSet): FieldSet {
  const shape = shapeOf(type)
  if (shape.kind === 'leaf' || isEmpty(set)) return set
  const children: [string, FieldSet][] = []
  for (const [element, below] of Object.entries(set)) {
    if (element === '.') continue
    const key = element.slice(2)
    const inner = shape.kind === 'list' ? shape.type.items : memberType(shape.type, key)
    const named = inner === undefined ? below : withNamedParents(inner, below)
    const isNamed = shape.kind === 'struct' && inner !== undefined
    const node = nodeOf(
      isNamed || hasMember(set, element),
      Object.entries(named).filter(([name]) => name !== '.'),
    )
    if (node !== undefined) children.push([element, node])
  }
  return nodeOf(Object.hasOwn(set, '.'), children) ?? set
}
