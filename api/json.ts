/** The few questions that generic code asks about JSON values. Pure. */

/** A JSON object whose values are not known yet. */
export interface JsonObject {
  readonly [key: string]: unknown
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

/** The own property `key`; undefined when absent, whatever its name (`constructor`, `__proto__`). */
export const propertyOf = (object: JsonObject, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined

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
  if (!isObject(left) || !isObject(right)) return false
  for (const key of Object.keys(left)) {
    if (!equalJson(left[key], propertyOf(right, key))) return false
  }
  for (const key of Object.keys(right)) {
    if (right[key] !== undefined && propertyOf(left, key) === undefined) return false
  }
  return true
}

/** For sorting: code unit order, as Go's strings. */
export const compareText = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0

/** JSON text with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value) ?? 'null'
  const members = Object.keys(value)
    .filter(key => value[key] !== undefined)
    .sort(compareText)
    .map(key => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  return `{${members.join(',')}}`
}
