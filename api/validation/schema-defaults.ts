/**
 * Defaults in the schema of a CustomResourceDefinition: each is a value that its own schema takes, without fields that
 * would be pruned. Pure. Those of metadata are left out: there is only the name.
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/defaulting/validation.go, pkg/apiserver/schema/pruning
 */

import { type Faults, wrong } from '#api/validation/fault.ts'
import { validateValue } from '#api/validation/schema-values.ts'
import { namedAt, type Schema, schemaAt, META_FIELDS } from '#api/validation/structural-schemas.ts'
import { isRecord } from '#api/values.ts'

/** `schema` is structural; at the root it is that of a whole object. */
export function validateDefaults(
  faults: Faults,
  field: string,
  { schema, isRoot }: { readonly schema: Schema; readonly isRoot: boolean },
): void {
  const value = schema['default']
  const place = `${field}.default`
  if (value !== undefined && value !== null) {
    if (!isPruned(schema, value, isRoot)) {
      faults.push(wrong(place, value, 'must not have unknown fields'))
    }
    validateValue(faults, place, { schema, value })
  }
  const items = schemaAt(schema, 'items')
  if (items !== undefined) {
    validateDefaults(faults, `${field}.items`, { schema: items, isRoot: false })
  }
  const isWhole = isRoot || isEmbedded(schema)
  for (const [name, property] of namedAt(schema, 'properties')) {
    if (isWhole && META_FIELDS.has(name)) continue
    validateDefaults(faults, `${field}.properties[${name}]`, { schema: property, isRoot: false })
  }
}

const isEmbedded = (schema: Schema): boolean => schema['x-kubernetes-embedded-resource'] === true

/** Whether nothing in the value is unknown to the schema. */
function isPruned(schema: Schema, value: unknown, isRoot = false): boolean {
  if (Array.isArray(value)) {
    const items = schemaAt(schema, 'items')
    return items === undefined || value.every(item => isPruned(items, item))
  }
  if (!isRecord(value)) return true
  const additional = schema['additionalProperties']
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || additional === true
  const properties = schemaAt(schema, 'properties')
  const others = isRecord(additional) ? additional : undefined
  return Object.entries(value).every(([name, member]) => {
    if ((isRoot || isEmbedded(schema)) && META_FIELDS.has(name)) return true
    const of = schemaAt(properties, name) ?? others
    return of === undefined ? isOpen : isPruned(of, member)
  })
}
