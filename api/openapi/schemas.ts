/**
 * Resolved types as OpenAPI v3 schemas, with the extensions that kubectl and other clients act on. Pure.
 *
 * Output  `components.schemas`, one struct after another: every one that is reachable from the given ones, by OpenAPI name.
 * Source: k8s.io/kube-openapi pkg/builder3, pkg/generators. Differs: no `default: ""` on required text.
 */
import { isGoStruct } from '#api/schema/zero.ts'
import type { Field, Scalar, StructType, Type } from '#api/schema/type.ts'
import type { Schema } from './portions.ts'

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/**
 * Any value at all: with a type, clients would refuse `default: 5` in a CRD; of an empty schema, `kubectl explain`
 * makes nothing.
 */
const ANYTHING: Schema = { 'x-kubernetes-preserve-unknown-fields': true }

const SCALARS: Readonly<Record<Scalar, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  time: { type: 'string', format: 'date-time' },
  'micro-time': { type: 'string', format: 'date-time' },
  'int-or-string': { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  duration: { type: 'string' },
  raw: ANYTHING,
  'schema-or-bool': ANYTHING,
  'schema-or-list': ANYTHING,
  'schema-or-names': ANYTHING,
}

/** Scalars that upstream's documents refer to by name, because clients look for the names. */
const NAMED: ReadonlyMap<Scalar, string> = new Map([
  ['quantity', 'io.k8s.apimachinery.pkg.api.resource.Quantity'],
  ['time', 'io.k8s.apimachinery.pkg.apis.meta.v1.Time'],
  ['micro-time', 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime'],
  ['duration', 'io.k8s.apimachinery.pkg.apis.meta.v1.Duration'],
  ['int-or-string', 'io.k8s.apimachinery.pkg.util.intstr.IntOrString'],
])

export const referenceTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

export function* componentSchemas(
  roots: readonly StructType[],
  kindsOf: (name: string) => readonly GroupVersionKind[],
): Generator<readonly [name: string, schema: Schema]> {
  for (const [scalar, name] of NAMED) yield [name, SCALARS[scalar]]
  const seen = new Set<StructType>(roots)
  const refer = (type: StructType): void => void seen.add(type)
  // A set is walked to what was added meanwhile.
  for (const type of seen) yield [type.name, structSchema(type, kindsOf(type.name), refer)]
}

type Refer = (type: StructType) => void

function structSchema(type: StructType, kinds: readonly GroupVersionKind[], refer: Refer): Schema {
  const fields = [...type.fields.values()]
  const required = fields.filter(field => field.required).map(field => field.name)
  return {
    ...described(type.description),
    type: 'object',
    ...(fields.length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            fields.map(field => [field.name, fieldSchema(field, refer)]),
          ),
        }),
    ...(required.length === 0 ? {} : { required }),
    ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(kinds.length === 0 ? {} : { 'x-kubernetes-group-version-kind': kinds }),
  }
}

const described = (description: string): Schema => (description === '' ? {} : { description })

function fieldSchema(field: Field, refer: Refer): Schema {
  const { type, description, patchMergeKey, patchStrategy } = field
  const value = field.default ?? (isGoStruct(field) && type.kind === 'struct' ? {} : undefined)
  return {
    ...described(description),
    ...typeSchema(type, refer),
    ...(value === undefined ? {} : { default: value }),
    ...(patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': patchMergeKey }),
    ...(patchStrategy === undefined
      ? {}
      : { 'x-kubernetes-patch-strategy': patchStrategy.join(',') }),
  }
}

/** A reference stands in `allOf`, because OpenAPI 3.0 ignores what stands beside `$ref`. */
const wrapped = (name: string): Schema => ({ allOf: [referenceTo(name)] })

function typeSchema(type: Type, refer: Refer): Schema {
  if (type.kind === 'struct') {
    refer(type)
    return wrapped(type.name)
  }
  if (type.kind === 'list') {
    return {
      type: 'array',
      items: typeSchema(type.items, refer),
      'x-kubernetes-list-type': type.listType,
      ...(type.keys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': type.keys }),
    }
  }
  if (type.kind === 'map') {
    return {
      type: 'object',
      additionalProperties: typeSchema(type.values, refer),
      ...(type.mapType === 'atomic' ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    }
  }
  const named = NAMED.get(type.scalar)
  if (named !== undefined) return wrapped(named)
  return type.enum === undefined
    ? SCALARS[type.scalar]
    : { ...SCALARS[type.scalar], enum: type.enum }
}
