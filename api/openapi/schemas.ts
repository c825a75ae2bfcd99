/**
 * Resolved types as OpenAPI v3 schemas, with the extensions that kubectl and other clients act on. Pure.
 *
 * Output  `components.schemas`, one after another: every type that is reachable from the given ones, by OpenAPI name.
 * Defaults are those that upstream's types state: Go's zero values, and what is marked.
 * Source: k8s.io/kube-openapi pkg/builder3, pkg/generators
 */
import type { Field, StructType, Type } from '#api/schema/type.ts'
import { fieldMarkers, isBare, isUnowned, structMarkers } from './markers.ts'
import type { Schema } from './portions.ts'
import { namedScalar, plainScalar, plainZero } from './scalars.ts'

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export const referenceTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

export function* componentSchemas(
  roots: readonly StructType[],
  kindsOf: (name: string) => readonly GroupVersionKind[],
): Generator<readonly [name: string, schema: Schema]> {
  const seen = new Map<string, StructType | Schema>(roots.map(root => [root.name, root]))
  const references = new Map<string, Schema>()
  const refer: Refer = (name, to) => {
    if (!seen.has(name)) seen.set(name, to)
    const reference = references.get(name) ?? referenceTo(name)
    references.set(name, reference)
    return reference
  }
  // A map is walked to what was added meanwhile.
  for (const [name, found] of seen)
    yield [name, isStruct(found) ? structSchema(found, kindsOf(name), refer) : found]
}

const isStruct = (found: StructType | Schema): found is StructType => found['kind'] === 'struct'

/** The reference to what it is told of. */
type Refer = (name: string, to: StructType | Schema) => Schema

function structSchema(type: StructType, kinds: readonly GroupVersionKind[], refer: Refer): Schema {
  const fields = [...type.fields.values()]
  const required = fields.filter(field => field.required).map(field => field.name)
  const schemas = fields.map(field => {
    const schema = fieldSchema(field, type.name, refer)
    return [field.name, isUnowned(type, field.name) ? unowned(schema) : schema] as const
  })
  return {
    ...described(type.description),
    type: 'object',
    ...(fields.length === 0 ? {} : { properties: Object.fromEntries(schemas) }),
    ...(required.length === 0 ? {} : { required }),
    ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(kinds.length === 0 ? {} : { 'x-kubernetes-group-version-kind': kinds }),
    ...structMarkers(type.name),
  }
}

function unowned(schema: Schema): Schema {
  const { 'x-kubernetes-list-type': _, ...rest } = schema
  return rest
}

const described = (description: string): Schema => (description === '' ? {} : { description })

export function fieldSchema(field: Field, owner: string, refer: Refer): Schema {
  const { type, description, patchMergeKey, patchStrategy } = field
  const value = statedDefault(field)
  const made: Record<string, unknown> = description === '' ? {} : { description }
  const schema = typeSchema(type, owner, refer)
  const isWrapped = schema['$ref'] !== undefined && !isBare(owner, field.name)
  Object.assign(made, isWrapped ? { allOf: [schema] } : schema)
  if (value !== undefined) made['default'] = value
  if (patchMergeKey !== undefined) made['x-kubernetes-patch-merge-key'] = patchMergeKey
  if (patchStrategy !== undefined) made['x-kubernetes-patch-strategy'] = patchStrategy.join(',')
  return Object.assign(made, fieldMarkers(owner, field.name))
}

function statedDefault(field: Field): unknown {
  const { type, pointer, omitEmpty, implied } = field
  if (field.default !== undefined && implied !== true) return field.default
  if (pointer) return undefined
  if (type.kind === 'struct') return {}
  return type.kind === 'scalar' && !omitEmpty ? plainZero(type) : undefined
}

function typeSchema(type: Type, owner: string, refer: Refer): Schema {
  if (type.kind === 'struct') return refer(type.name, type)
  if (type.kind === 'list') {
    return {
      type: 'array',
      items: typeSchema(type.items, owner, refer),
      'x-kubernetes-list-type': type.listType,
      ...(type.keys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': type.keys }),
    }
  }
  if (type.kind === 'map') {
    return {
      type: 'object',
      // Of lists in maps no type says what they are.
      additionalProperties: unowned(typeSchema(type.values, owner, refer)),
      ...(type.mapType === 'atomic' ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    }
  }
  const plain = plainScalar(type)
  if (plain !== undefined) return plain
  const { name, schema } = namedScalar(type, owner)
  return refer(name, schema)
}
