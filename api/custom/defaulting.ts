/**
 * The defaults of a structural schema filled in. Pure; the same value where nothing was missing.
 *
 * Law     doing it twice changes nothing
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/defaulting/algorithm.go
 */
import { setProperty } from '#api/json.ts'
import { isRecord, type Fields } from '#api/values.ts'
import type { Structure } from './structure.ts'

export function defaultedValue(value: unknown, structure: Structure): unknown {
  if (!structure.has.defaults) return value
  if (Array.isArray(value)) return defaultedList(value, structure)
  return isRecord(value) ? defaultedObject(value, structure) : value
}

/** null stands for what is absent where it is no value. */
const replaced = (value: unknown, structure: Structure): unknown =>
  value === null && !structure.isNullable ? structure.fallback : value

function defaultedList(list: readonly unknown[], { items }: Structure): readonly unknown[] {
  if (items === undefined) return list
  const filled = list.map(item => defaultedValue(replaced(item, items), items))
  return filled.some((item, index) => item !== list[index]) ? filled : list
}

function defaultedObject(object: Fields, structure: Structure): Fields {
  let filled: Record<string, unknown> | undefined
  const put = (key: string, value: unknown): void => {
    filled ??= { ...object }
    setProperty(filled, key, value)
  }
  for (const [key, property] of structure.properties) {
    const isGiven = Object.hasOwn(object, key)
    if (!isGiven && property.fallback === null) continue
    const given = isGiven ? replaced(object[key], property) : property.fallback
    const value = defaultedValue(given, property)
    if (!isGiven || value !== object[key]) put(key, value)
  }
  const { additional, properties } = structure
  if (additional === undefined) return filled ?? object
  for (const key of Object.keys(object)) {
    if (properties.has(key)) continue
    const value = defaultedValue(replaced(object[key], additional), additional)
    if (value !== object[key]) put(key, value)
  }
  return filled ?? object
}
