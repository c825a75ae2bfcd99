/**
 * Lists that are sets or maps: no element twice. Pure.
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/listtype/validation.go
 */
import { canonicalJson, setProperty } from '#api/json.ts'
import { duplicate, type Faults, wrong } from '#api/validation/fault.ts'
import { type Fields, isRecord, recordOf } from '#api/values.ts'
import { membersOf, type Placed, type Structure } from './structure.ts'

const NOT_AN_OBJECT = 'must be an object for an array of list-type map'

export function validateLists(faults: Faults, field: string, { structure, value }: Placed): void {
  if (!structure.has.lists) return
  if (Array.isArray(value)) validateList(faults, field, { structure, value })
  else if (isRecord(value)) {
    for (const [place, member] of membersOf(structure, field, value)) {
      validateLists(faults, place, member)
    }
  }
}

interface List {
  readonly structure: Structure
  readonly value: readonly unknown[]
}

function validateList(faults: Faults, field: string, { structure, value }: List): void {
  const { schema, items } = structure
  const type = schema['x-kubernetes-list-type']
  if (type === 'set') refuseSecond(faults, field, { value, keyOf: same, shown: same })
  else if (type === 'map') validateMap(faults, field, { structure, value })
  if (items === undefined) return
  for (const [index, item] of value.entries()) {
    validateLists(faults, `${field}[${index}]`, { structure: items, value: item })
  }
}

function validateMap(faults: Faults, field: string, { structure, value }: List): void {
  const wrongOne = value.findIndex(item => item !== null && !isRecord(item))
  if (wrongOne >= 0) {
    faults.push(wrong(`${field}[${wrongOne}]`, value[wrongOne], NOT_AN_OBJECT))
    return
  }
  const listed = structure.schema['x-kubernetes-list-map-keys']
  const names = Array.isArray(listed) ? listed.map(String) : []
  const [only = ''] = names
  const shown = (item: unknown): unknown => keysOf(recordOf(item), names)
  // Mostly there is one key, and it is text.
  const keyOf = names.length === 1 ? (item: unknown) => recordOf(item)[only] : shown
  refuseSecond(faults, field, { value, keyOf, shown })
}

const same = (item: unknown): unknown => item

function keysOf(item: Fields, names: readonly string[]): Fields {
  const keys: Record<string, unknown> = {}
  for (const name of names) if (Object.hasOwn(item, name)) setProperty(keys, name, item[name])
  return keys
}

interface Elements {
  readonly value: readonly unknown[]
  /** What tells elements apart. */
  readonly keyOf: (item: unknown) => unknown
  readonly shown: (item: unknown) => unknown
}

/** The second of equal ones is told, and those after it are not. */
function refuseSecond(faults: Faults, field: string, { value, keyOf, shown }: Elements): void {
  if (value.length < 2) return
  const scalars = new Map<unknown, number>()
  const others = new Map<unknown, number>()
  for (const [index, item] of value.entries()) {
    const key = keyOf(item)
    const isScalar = typeof key !== 'object' || key === null
    const times = isScalar ? scalars : others
    const text = isScalar ? key : canonicalJson(key)
    const before = times.get(text) ?? 0
    times.set(text, before + 1)
    if (before === 1) faults.push(duplicate(`${field}[${index}]`, shown(item)))
  }
}
