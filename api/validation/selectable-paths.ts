/**
 * The selectable fields of a CustomResourceDefinition: simple paths to scalars that its schema has. Pure.
 * Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 * ValidateCustomResourceSelectableFields, pkg/apiserver/schema/cel/validation.go ValidFieldPath
 */
import type { SelectableField } from '#api/types/apiextensions-v1.ts'
import { duplicate, type Faults, required, tooMany, wrong } from '#api/validation/fault.ts'
import { type Schema, schemaAt, typeOf } from '#api/validation/structural-schemas.ts'

const FIELDS_MAX = 8
const SCALARS = new Set(['string', 'boolean', 'integer'])
const SCALAR_FAULT =
  'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'

export interface Selectable {
  readonly fields: readonly SelectableField[]
  readonly schema: Schema
  /** More than allowed, as there were before. */
  readonly isUnchanged: boolean
}

export function validateSelectableFields(faults: Faults, field: string, of: Selectable): void {
  const seen = new Set<string>()
  for (const [index, { jsonPath }] of of.fields.entries()) {
    const place = `${field}[${index}].jsonPath`
    if (jsonPath === '') {
      faults.push(required(place))
      continue
    }
    const found = follow(of.schema, jsonPath)
    if (typeof found === 'string') {
      faults.push(wrong(place, jsonPath, `is an invalid path: ${found}`))
      continue
    }
    if (found.names[0] === 'metadata') {
      faults.push(wrong(place, jsonPath, 'must not point to fields in metadata'))
    }
    if (!SCALARS.has(typeOf(found.schema))) faults.push(wrong(place, jsonPath, SCALAR_FAULT))
    const path = found.names.join('.')
    if (seen.has(path)) faults.push(duplicate(place, jsonPath))
    seen.add(path)
  }
  if (seen.size > FIELDS_MAX && !of.isUnchanged) {
    faults.push(tooMany(field, seen.size, FIELDS_MAX))
  }
}

interface Found {
  readonly names: readonly string[]
  readonly schema: Schema
}

const TOKENS = /[.[\]]|[^.[\]]+/g
const NO_FIELD = 'does not refer to a valid field'

/** The schema at the end of `.spec.color`; text says why there is none. */
function follow(root: Schema, path: string): Found | string {
  const tokens = path.match(TOKENS) ?? []
  const names: string[] = []
  let schema = root
  for (let at = 0; at < tokens.length; at += 2) {
    const [delimiter = '', name] = tokens.slice(at, at + 2)
    if (delimiter === '[') return 'array notation is not allowed'
    if (delimiter !== '.') return `expected [ or . but got: ${delimiter}`
    if (name === undefined) return 'unexpected end of JSON path'
    const properties = schemaAt(schema, 'properties')
    const next =
      properties === undefined
        ? schemaAt(schema, 'additionalProperties')
        : schemaAt(properties, name)
    if (next === undefined) return NO_FIELD
    names.push(name)
    schema = next
  }
  return { names, schema }
}
