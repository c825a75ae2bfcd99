/**
 * The schemas that a CustomResourceDefinition publishes: as it states them, completed by what every object has. Pure.
 *
 * For v3 nothing is left out. For v2, which old clients read, what they cannot cope with is: alternatives, null, and what
 * lies below unknown fields.
 * Source: k8s.io/apiextensions-apiserver pkg/controller/openapi/builder/builder.go, pkg/controller/openapi/v2/conversion.go
 */
import type { CustomKind } from '#api/custom/custom-kind.ts'
import type { CustomResource } from '#api/custom/custom-resource.ts'
import { struct } from '#api/schema/catalog.ts'
import type { StructType } from '#api/schema/type.ts'
import { isRecord, listOf, recordOf } from '#api/values.ts'
import type { Schema } from './portions.ts'
import { fieldSchema, referenceTo } from './schemas.ts'

const OBJECT_META = 'meta-v1.ObjectMeta'
const LIST_META = 'meta-v1.ListMeta'
const KINDS = 'x-kubernetes-group-version-kind'
const PRESERVE = 'x-kubernetes-preserve-unknown-fields'
const EMBEDDED = 'x-kubernetes-embedded-resource'
const CONVENTIONS =
  'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md'

/** Schemas of our own that those of custom resources refer to. */
export const customRoots = (): readonly StructType[] => [struct(OBJECT_META), struct(LIST_META)]

/** The kind and its list, by OpenAPI name. */
export function customSchemas({ custom, plural }: CustomResource, forV2: boolean): Schema {
  const { kind } = custom
  const { name } = kind.type
  const { group, version } = kind
  const list = {
    description: `${kind.listKind} is a list of ${kind.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta(),
      items: {
        description: `List of ${plural}. More info: ${CONVENTIONS}`,
        type: 'array',
        items: referenceTo(name),
      },
      metadata: metadataOf('core-v1.ConfigMapList', LIST_META),
    },
    [KINDS]: [{ group, version, kind: kind.listKind }],
    ...selectable(kind),
  }
  return {
    [name]: {
      ...objectSchema(kind.schema, forV2),
      [KINDS]: [{ group, version, kind: kind.kind }],
      ...selectable(kind),
    },
    [`${name}List`]: list,
  }
}

const ANY_OBJECT: Schema = { type: 'object' }

/** Whatever is not named may be there as well: old clients would refuse it, were there any names. */
function objectSchema(stated: Schema | undefined, forV2: boolean): Schema {
  if (stated === undefined || (forV2 && stated[PRESERVE] === true)) return ANY_OBJECT
  const schema = embedding(forV2 ? plain(stated) : stated, forV2)
  return { ...schema, properties: { ...recordOf(schema['properties']), ...objectFields() } }
}

/** apiVersion and kind, in the words of all kinds. */
function typeMeta(): Schema {
  const { fields } = struct('core-v1.ConfigMap')
  const named = ['apiVersion', 'kind'].flatMap(name => {
    const field = fields.get(name)
    return field === undefined
      ? []
      : [[name, fieldSchema(field, 'core-v1.ConfigMap', referenceTo)] as const]
  })
  return Object.fromEntries(named)
}

const objectFields = (): Schema => ({
  ...typeMeta(),
  metadata: metadataOf('core-v1.ConfigMap', OBJECT_META),
})

/** As another kind describes it. */
function metadataOf(kind: string, type: string): Schema {
  const description = struct(kind).fields.get('metadata')?.description ?? ''
  const referred = { allOf: [referenceTo(struct(type).name)] }
  return description === '' ? referred : { description, ...referred }
}

const selectable = ({ selectableFields }: CustomKind): Schema =>
  selectableFields.length === 0
    ? {}
    : {
        'x-kubernetes-selectable-fields': selectableFields.map(fieldPath => ({ fieldPath })),
      }

/** Embedded objects have the fields of all objects, and must say what they are. */
function embedding(schema: Schema, forV2: boolean): Schema {
  const inner = mapped(schema, below => embedding(below, forV2))
  const hidesFields = forV2 && inner[PRESERVE] === true
  if (inner[EMBEDDED] !== true || hidesFields) return inner
  const required = new Set([...listOf(inner['required']), 'kind', 'apiVersion'])
  return {
    ...inner,
    properties: { ...recordOf(inner['properties']), ...objectFields() },
    required: [...required],
  }
}

const ALTERNATIVES = ['allOf', 'oneOf', 'anyOf', 'not', 'nullable']

/** What old clients can read of a schema. */
function plain(schema: Schema): Schema {
  const isOpen = schema[PRESERVE] === true
  const isNullable = schema['nullable'] === true
  const dropped = new Set(ALTERNATIVES)
  if (isOpen || isNullable) for (const name of ['items', 'properties']) dropped.add(name)
  const isList = schema['type'] === 'array'
  const hasItems = isRecord(schema['items']) && !dropped.has('items')
  if (isNullable || isOpen || (isList && !hasItems)) dropped.add('type')
  const kept = Object.entries(schema).filter(([name]) => !dropped.has(name))
  return withoutNullable(mapped(Object.fromEntries(kept), plain), schema)
}

/** A field that may be null is not required. */
function withoutNullable(schema: Schema, stated: Schema): Schema {
  const fields = recordOf(stated['properties'])
  const required = listOf(schema['required']).filter(
    name => recordOf(fields[String(name)])['nullable'] !== true,
  )
  const { required: _all, ...rest } = schema
  return required.length === 0 ? rest : { ...rest, required }
}

/** The schema with those right below it changed. */
function mapped(schema: Schema, change: (below: Schema) => Schema): Schema {
  const { properties, items, additionalProperties } = schema
  return {
    ...schema,
    ...(isRecord(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, below]) => [name, change(recordOf(below))]),
          ),
        }
      : {}),
    ...(isRecord(items) ? { items: change(items) } : {}),
    ...(isRecord(additionalProperties)
      ? { additionalProperties: change(additionalProperties) }
      : {}),
  }
}
