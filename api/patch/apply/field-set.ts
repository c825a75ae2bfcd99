/**
 * Sets of field paths, in the very form that `managedFields[].fieldsV1` has on the wire. Pure; sets are never modified.
 *
 * A set is a tree of JSON objects. The keys of a node are path elements: `f:name` a field, `k:{"name":"web"}` an
 * element of a list-map, `v:"x"` an element of a set. A node without keys is a member; a node with keys is a member
 * only if `.` is among them. The empty root is the empty set.
 *
 *   {"f:spec":{"f:replicas":{},"f:template":{".":{},"f:x":{}}}}   = spec.replicas, spec.template, spec.template.x
 *
 * Law  an operation that changes nothing returns its first argument itself, so that callers can compare by identity.
 * Source: sigs.k8s.io/structured-merge-diff fieldpath/set.go, serialize.go
 */
import { isRecord } from '#api/values.ts'

export interface FieldSet {
  readonly [element: string]: FieldSet
}

/** The empty set at the root, a plain member below it. */
export const EMPTY: FieldSet = Object.freeze({})
/** A member without children. */
export const LEAF = EMPTY
/** The key that makes a node with members below it a member itself. */
export const SELF = '.'

const childrenOf = (node: FieldSet): string[] => Object.keys(node).filter(key => key !== SELF)

const isMember = (node: FieldSet): boolean => Object.hasOwn(node, SELF) || isEmpty(node)

export function isEmpty(set: FieldSet): boolean {
  for (const _key in set) return false
  return true
}

/** A node below the root from its parts; undefined when nothing is left of it. */
export function nodeOf(
  isSelf: boolean,
  children: readonly (readonly [element: string, node: FieldSet])[],
): FieldSet | undefined {
  if (children.length === 0) return isSelf ? LEAF : undefined
  const entries = Object.fromEntries(children)
  return isSelf ? { [SELF]: LEAF, ...entries } : entries
}

export const child = (node: FieldSet, element: string): FieldSet | undefined =>
  Object.hasOwn(node, element) ? node[element] : undefined

/** Whether the path through `element` itself is a member. */
export function hasMember(node: FieldSet, element: string): boolean {
  const below = child(node, element)
  return below !== undefined && isMember(below)
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right || isEmpty(right)) return left
  return isEmpty(left) ? right : unionChildren(left, right)
}

/** Two and two, so that many small sets are not copied for each of them. */
export function unionOf(sets: readonly FieldSet[]): FieldSet {
  let left = sets
  while (left.length > 1) {
    const pairs: FieldSet[] = []
    for (let index = 0; index < left.length; index += 2)
      pairs.push(union(left[index] ?? EMPTY, left[index + 1] ?? EMPTY))
    left = pairs
  }
  return left[0] ?? EMPTY
}

function unionNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right) return left
  if (isEmpty(right)) return isMember(left) ? left : { [SELF]: LEAF, ...left }
  if (isEmpty(left)) return isMember(right) ? right : { [SELF]: LEAF, ...right }
  return unionChildren(left, right)
}

function unionChildren(left: FieldSet, right: FieldSet): FieldSet {
  let merged: Record<string, FieldSet> | undefined
  for (const element of Object.keys(right)) {
    const theirs = right[element] ?? LEAF
    const ours = child(left, element)
    const both = ours === undefined ? theirs : unionNodes(ours, theirs)
    if (both === ours) continue
    merged ??= { ...left }
    merged[element] = both
  }
  return merged ?? left
}

/** Members of `left` that are not members of `right`; what is below them is judged by itself. */
export const difference = (left: FieldSet, right: FieldSet): FieldSet =>
  subtract(left, right, differenceOf)

/** Members of `left` that are neither members of `right` nor below one. */
export const recursiveDifference = (left: FieldSet, right: FieldSet): FieldSet =>
  subtract(left, right, recursiveDifferenceOf)

function differenceOf(ours: FieldSet, theirs: FieldSet): FieldSet | undefined {
  const keepsSelf = isMember(ours) && !isMember(theirs)
  return remainder(ours, subtract(ours, theirs, differenceOf), keepsSelf)
}

function recursiveDifferenceOf(ours: FieldSet, theirs: FieldSet): FieldSet | undefined {
  if (isMember(theirs)) return undefined
  return remainder(ours, subtract(ours, theirs, recursiveDifferenceOf), isMember(ours))
}

function remainder(node: FieldSet, rest: FieldSet, isSelf: boolean): FieldSet | undefined {
  if (rest === node && isSelf === isMember(node)) return node
  return nodeOf(
    isSelf,
    Object.entries(rest).filter(([element]) => element !== SELF),
  )
}

/** Applies `remaining` to every child both have; the node's own membership is the caller's. */
function subtract(
  left: FieldSet,
  right: FieldSet,
  remaining: (ours: FieldSet, theirs: FieldSet) => FieldSet | undefined,
): FieldSet {
  let rest: Record<string, FieldSet> | undefined
  for (const element of Object.keys(right)) {
    const ours = child(left, element)
    const theirs = child(right, element)
    if (element === SELF || ours === undefined || theirs === undefined) continue
    const kept = remaining(ours, theirs)
    if (kept === ours) continue
    rest ??= { ...left }
    if (kept === undefined) delete rest[element]
    else rest[element] = kept
  }
  return rest ?? left
}

/** Members of both. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const children: [string, FieldSet][] = []
  for (const element of childrenOf(left)) {
    const ours = child(left, element)
    const theirs = child(right, element)
    const both = ours && theirs && intersectNodes(ours, theirs)
    if (both !== undefined) children.push([element, both])
  }
  return Object.fromEntries(children)
}

function intersectNodes(left: FieldSet, right: FieldSet): FieldSet | undefined {
  const below = intersection(left, right)
  return nodeOf(isMember(left) && isMember(right), Object.entries(below))
}

/** Whether every member of `part` is one of `whole`. */
export function contains(whole: FieldSet, part: FieldSet): boolean {
  if (whole === part) return true
  for (const element in part) {
    if (element === SELF) continue
    const inner = part[element] ?? LEAF
    const outer = child(whole, element)
    if (outer === undefined) return false
    if (!isMember(outer) && isMember(inner)) return false
    if (!contains(outer, inner)) return false
  }
  return true
}

/** All members as paths of elements, parents before children. */
export function* members(
  set: FieldSet,
  path: readonly string[] = [],
): Generator<readonly string[]> {
  for (const element of childrenOf(set).sort()) {
    const below = child(set, element) ?? LEAF
    const place = [...path, element]
    if (isMember(below)) yield place
    if (!isEmpty(below)) yield* members(below, place)
  }
}

/** `fieldsV1` of a stranger: a set, or undefined when it is none. */
export function parseFieldSet(value: unknown): FieldSet | undefined {
  if (!isRecord(value)) return undefined
  const children: [string, FieldSet][] = []
  for (const [key, inner] of Object.entries(value)) {
    const element = canonicalElement(key)
    const below = parseFieldSet(inner)
    if (element === undefined || below === undefined) return undefined
    children.push([element, below])
  }
  return Object.fromEntries(children)
}

/** List keys in one spelling, so that equal elements are equal texts. */
function canonicalElement(key: string): string | undefined {
  if (key === SELF || key.startsWith('f:') || /^i:\d+$/.test(key)) return key
  if (!key.startsWith('k:') && !key.startsWith('v:')) return undefined
  try {
    const value: unknown = JSON.parse(key.slice(2))
    if (key.startsWith('v:')) return `v:${JSON.stringify(value)}`
    return isRecord(value) ? keyElement(value) : undefined
  } catch {
    return undefined
  }
}

/** `k:{...}` with sorted names, as upstream writes it. */
export const keyElement = (keys: Readonly<Record<string, unknown>>): string => {
  const names = Object.keys(keys).sort()
  return `k:{${names.map(name => `${JSON.stringify(name)}:${JSON.stringify(keys[name])}`).join(',')}}`
}

/** `.spec.containers[name="web"].image`: how messages name a path. */
export const formatPath = (path: readonly string[]): string => path.map(formatElement).join('')

function formatElement(element: string): string {
  const text = element.slice(2)
  if (element.startsWith('f:')) return `.${text}`
  if (element.startsWith('v:')) return `[=${text}]`
  if (element.startsWith('i:')) return `[${text}]`
  const keys: unknown = JSON.parse(text)
  const shown = isRecord(keys)
    ? Object.entries(keys).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    : []
  return `[${shown.join(',')}]`
}
