/** The few questions that generic code asks about JSON values. Pure. */
import { isRecord } from './values.ts'

/** A JSON object whose values are not known yet. */
export interface JsonObject {
  readonly [key: string]: unknown
}

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

/** The own property `key`; undefined when absent, whatever its name (`constructor`, `__proto__`). */
export const propertyOf = (object: JsonObject, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined

/** Sets an own property, whatever its name: a plain assignment to `__proto__` would set the prototype. */
export function setProperty(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else {
    const descriptor = { value, enumerable: true, writable: true, configurable: true }
    Object.defineProperty(object, key, descriptor)
  }
}

/** Same value; order of keys does not matter, a key that is undefined is absent. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (isList(left)) {
    return (
      isList(right) &&
      left.length === right.length &&
      left.every((item, index) => equalJson(item, right[index]))
    )
  }
  return isRecord(left) && isRecord(right) && equalObjects(left, right)
}

/** On every write's path: no lists of keys are made. */
function equalObjects(left: JsonObject, right: JsonObject): boolean {
  let surplus = 0
  for (const key in left) {
    const value = left[key]
    if (value === undefined) continue
    if (!Object.hasOwn(right, key) || !equalJson(value, right[key])) return false
    surplus += 1
  }
  for (const key in right) if (right[key] !== undefined) surplus -= 1
  return surplus === 0
}

/** Below values that contain themselves there is no end. */
const DEPTH_MAX = 1000

/**
 * True when a value has at most `max` values and characters, each counted as often as it stands there: the aliases of
 * a parsed YAML document share their anchor's value, or even contain themselves. Counting stops above `max`.
 */
export const isWithin = (value: unknown, max: number): boolean => sizeOf(value, max, 0) <= max

function sizeOf(value: unknown, max: number, depth: number): number {
  if (depth > DEPTH_MAX) return Infinity
  if (typeof value === 'string') return 1 + value.length
  if (typeof value !== 'object' || value === null) return 1
  let size = 1
  for (const [key, child] of Object.entries(value)) {
    if (size > max) break
    size += key.length + sizeOf(child, max - size, depth + 1)
  }
  return size
}

/** For sorting: code unit order, as Go's strings. */
export const compareText = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0

/** JSON text with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null'
  const members = Object.keys(value)
    .filter(key => value[key] !== undefined)
    .sort(compareText)
    .map(key => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  return `{${members.join(',')}}`
}
