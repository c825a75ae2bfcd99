/**
 * A structural schema as the type that server-side apply walks: who owns which member, which lists are sets or maps,
 * and what is not described shows in its value. Pure.
 * Source: k8s.io/kube-openapi pkg/schemaconv/openapi.go, k8s.io/apiextensions-apiserver
 * pkg/controller/openapi/builder
 */
import {
  DEDUCED,
  type Field,
  type ListType,
  type MapType,
  type Scalar,
  type StructType,
  type Type,
} from '#api/schema/type.ts'
import { type Schema, typeOf } from '#api/validation/structural-schemas.ts'
import { textOf } from '#api/values.ts'
import { METADATA } from './reading.ts'
import type { Structure } from './structure.ts'

const scalar = (name: Scalar): Type => ({ kind: 'scalar', scalar: name })

const SCALARS: Readonly<Record<string, Type>> = {
  string: scalar('string'),
  integer: scalar('int64'),
  number: scalar('double'),
  boolean: scalar('bool'),
}

const fieldOf = (name: string, type: Type, more: Partial<Field> = {}): Field => ({
  name,
  type,
  description: '',
  number: 0,
  required: false,
  omitEmpty: true,
  pointer: true,
  ...more,
})

const META: readonly Field[] = [
  fieldOf('apiVersion', scalar('string')),
  fieldOf('kind', scalar('string')),
  fieldOf('metadata', METADATA, { pointer: false }),
]

/** `name` is that of OpenAPI: `com.example.stable.v1.CronTab`. */
export function structTypeOf(name: string, structure: Structure, isOpen: boolean): StructType {
  const root = { ...structure, isEmbedded: true }
  return structOf(root, { name, isOpen: isOpen || structure.isOpen })
}

interface Place {
  readonly name: string
  /** Unknown members are kept here, or were further up: upstream's apply does not close what is open. */
  readonly isOpen: boolean
}

function typeOfStructure(structure: Structure, place: Place): Type {
  const { schema, properties, additional, isEmbedded } = structure
  const isOpen = place.isOpen || structure.isOpen
  const type = typeOf(schema)
  const own = { ...place, isOpen }
  if (type === 'array') return listOf(structure, own)
  if (SCALARS[type] !== undefined) return SCALARS[type]
  if (properties.size > 0 || isEmbedded) return structOf(structure, own)
  // What may be anything, integer or string included, is what it shows to be.
  return type === 'object' ? mapOf(schema, additional, own) : DEDUCED
}

function structOf(structure: Structure, { name, isOpen }: Place): StructType {
  const { schema, properties, additional, isEmbedded } = structure
  const fields = new Map((isEmbedded ? META : []).map(field => [field.name, field] as const))
  for (const [key, property] of properties) {
    if (fields.has(key)) continue
    const type = typeOfStructure(property, { name: `${name}.${key}`, isOpen })
    const description = textOf(property.schema['description'])
    const { isNullable: nullable, fallback } = property
    const more = { description, nullable, ...(fallback === null ? {} : { default: fallback }) }
    fields.set(key, fieldOf(key, type, more))
  }
  const description = textOf(schema['description'])
  const isClosed = !isOpen && additional === undefined && properties.size > 0
  return {
    kind: 'struct',
    name,
    description,
    fields,
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    ...(isClosed ? {} : { others: DEDUCED }),
  }
}

function mapOf(schema: Schema, additional: Structure | undefined, place: Place): MapType {
  const isDescribed = additional !== undefined && typeOf(additional.schema) !== ''
  return {
    kind: 'map',
    values: isDescribed ? typeOfStructure(additional, place) : DEDUCED,
    mapType: schema['x-kubernetes-map-type'] === 'atomic' ? 'atomic' : 'granular',
  }
}

function listOf({ schema, items }: Structure, place: Place): ListType {
  const type = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys']
  return {
    kind: 'list',
    items: items === undefined ? DEDUCED : typeOfStructure(items, place),
    listType: type === 'set' || type === 'map' ? type : 'atomic',
    keys: type === 'map' && Array.isArray(keys) ? keys.map(String) : [],
  }
}
