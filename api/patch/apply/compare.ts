/**
 * Which fields a write added or modified, and which it removed. Pure.
 *
 * It runs on every write, so it walks both values once, skips what is the same object, and builds sets only for
 * what differs.
 * Output  undefined when nothing that can be owned differs.
 * Source: sigs.k8s.io/structured-merge-diff typed/compare.go
 */
import { equalJson, isList, type JsonObject } from '#api/json.ts'
import {
  impliedValue,
  indexList,
  isAbsent,
  isHollow,
  objectOf,
  shapeOf,
  UNOWNED_METADATA,
} from '#api/patch/apply/elements.ts'
import { EMPTY, type FieldSet, LEAF, SELF } from '#api/patch/apply/field-set.ts'
import type { Field, ListType, MapType, StructType, Type } from '#api/schema/type.ts'
import { isRecord } from '#api/values.ts'

export interface Comparison {
  /** Added or modified. */
  readonly changed: FieldSet
  readonly removed: FieldSet
}

/** Nodes of one place; both undefined when it is the same on both sides. */
interface Differences {
  readonly changed: FieldSet | undefined
  readonly removed: FieldSet | undefined
}

const CHANGED_LEAF: Differences = { changed: LEAF, removed: undefined }
const REMOVED_LEAF: Differences = { changed: undefined, removed: LEAF }

/** Compares whole objects, leaving out what nobody owns. */
export function compareObjects(
  type: StructType,
  before: JsonObject,
  after: JsonObject,
): Comparison | undefined {
  if (before === after) return undefined
  const found = new Collector(before, after)
  const { others } = type
  if (others !== undefined) {
    eachKey(before, after, key => {
      if (!type.fields.has(key)) found.add(`f:${key}`, compare(others, before[key], after[key]))
    })
  }
  for (const field of type.fields.values()) {
    const { name } = field
    if (name === 'apiVersion' || name === 'kind') continue
    const old = valueAt(before, name, field)
    const next = valueAt(after, name, field)
    const skipped = name === 'metadata' ? UNOWNED_METADATA : undefined
    found.add(`f:${name}`, compare(field.type, old, next, skipped))
  }
  const { changed, removed } = found.result()
  if (changed === undefined && removed === undefined) return undefined
  return { changed: changed ?? EMPTY, removed: removed ?? EMPTY }
}

/** The nodes of a place that has members. One that is only on one side is itself changed or removed. */
class Collector {
  readonly #isAdded: boolean
  readonly #isGone: boolean
  #changed: Record<string, FieldSet> | undefined
  #removed: Record<string, FieldSet> | undefined

  constructor(before: unknown, after: unknown) {
    this.#isAdded = isAbsent(before)
    this.#isGone = isAbsent(after)
  }

  add(element: string, differences: Differences | undefined): void {
    if (differences === undefined) return
    const { changed, removed } = differences
    if (changed !== undefined) {
      this.#changed ??= this.#isAdded ? { [SELF]: LEAF } : {}
      this.#changed[element] = changed
    }
    if (removed !== undefined) {
      this.#removed ??= this.#isGone ? { [SELF]: LEAF } : {}
      this.#removed[element] = removed
    }
  }

  result(): Differences {
    return {
      changed: this.#changed ?? (this.#isAdded ? LEAF : undefined),
      removed: this.#removed ?? (this.#isGone ? LEAF : undefined),
    }
  }
}

function compare(
  type: Type,
  before: unknown,
  after: unknown,
  skipped?: ReadonlySet<string>,
): Differences | undefined {
  if (before === after) return undefined
  // Mostly nothing differs, and where something does, this ends at the first difference.
  if (skipped === undefined && equalJson(before, after)) return undefined
  const shape = shapeOf(type)
  if (shape.kind === 'leaf' || (isHollow(before) && isHollow(after))) {
    return compareLeaf(before, after)
  }
  // What is not of its type is owned as one, null included.
  const isRight = shape.kind === 'list' ? isList : isRecord
  const isOther = (value: unknown): boolean => value !== undefined && !isRight(value)
  if (isOther(before) || isOther(after)) return compareLeaf(before, after)
  switch (shape.kind) {
    case 'struct':
      return compareStructs(shape.type, before, after, skipped)
    case 'map':
      return compareMaps(shape.type, before, after)
    default:
      return compareLists(shape.type, before, after)
  }
}

function compareLeaf(before: unknown, after: unknown): Differences | undefined {
  if (before === undefined) return CHANGED_LEAF
  if (after === undefined) return REMOVED_LEAF
  return equalJson(before, after) ? undefined : CHANGED_LEAF
}

function compareStructs(
  type: StructType,
  before: unknown,
  after: unknown,
  skipped: ReadonlySet<string> | undefined,
): Differences {
  const left = objectOf(before)
  const right = objectOf(after)
  const found = new Collector(left, right)
  const visit = (name: string): void => {
    const field = type.fields.get(name)
    const inner = field?.type ?? type.others
    if (inner === undefined || skipped?.has(name) === true) return
    const old = left && valueAt(left, name, field)
    const next = right && valueAt(right, name, field)
    found.add(`f:${name}`, compare(inner, old, next))
  }
  eachKey(left, right, visit)
  return found.result()
}

/** A null that is no value is as if it were not there. */
function valueAt(object: JsonObject, name: string, field: Field | undefined): unknown {
  const value = object[name]
  if (field === undefined || (value !== undefined && value !== null)) return value
  return value === null && field.nullable === true ? value : impliedValue(field)
}

function compareMaps(type: MapType, before: unknown, after: unknown): Differences {
  const left = objectOf(before)
  const right = objectOf(after)
  const found = new Collector(left, right)
  eachKey(left, right, key => {
    const old = left !== undefined && Object.hasOwn(left, key) ? left[key] : undefined
    const next = right !== undefined && Object.hasOwn(right, key) ? right[key] : undefined
    found.add(`f:${key}`, compare(type.values, old, next))
  })
  return found.result()
}

/** Keys of both, each once, without building a list of them. */
function eachKey(
  left: JsonObject | undefined,
  right: JsonObject | undefined,
  visit: (key: string) => void,
): void {
  for (const key in left) visit(key)
  for (const key in right) {
    if (left === undefined || !Object.hasOwn(left, key)) visit(key)
  }
}

function compareLists(type: ListType, before: unknown, after: unknown): Differences {
  const left = indexList(type, before)
  const right = indexList(type, after)
  const found = new Collector(before, after)
  const compareElement = (element: string): void => {
    if (left.repeated.has(element) || right.repeated.has(element)) {
      const old = left.repeated.get(element) ?? left.items.get(element)
      const next = right.repeated.get(element) ?? right.items.get(element)
      found.add(element, compareLeaf(old, next))
    } else {
      found.add(element, compare(type.items, left.items.get(element), right.items.get(element)))
    }
  }
  for (const element of left.items.keys()) compareElement(element)
  for (const element of right.items.keys()) {
    if (!left.items.has(element)) compareElement(element)
  }
  return found.result()
}
