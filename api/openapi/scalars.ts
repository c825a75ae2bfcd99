/**
 * Scalars as OpenAPI v3 schemas: what stands in the field itself, and what is referred to by the name of upstream's type.
 * Pure.
 * Source: k8s.io/apimachinery pkg/{api/resource,util/intstr,runtime,apis/meta/v1} (OpenAPISchemaType, OpenAPISchemaFormat)
 */
import type { Scalar, ScalarType } from '#api/schema/type.ts'
import { zeroOf } from '#api/schema/zero.ts'
import type { Schema } from './portions.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

const PLAIN: Readonly<Partial<Record<Scalar, Schema>>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
}

/** What a field shows before anything is said; undefined for bytes and for those that are referred to. */
export const plainZero = (type: ScalarType): unknown =>
  type.scalar === 'bytes' || PLAIN[type.scalar] === undefined ? undefined : zeroOf(type)

/** Undefined for those that are referred to. */
export const plainScalar = ({ scalar, enum: values }: ScalarType): Schema | undefined => {
  const plain = PLAIN[scalar]
  return plain === undefined || values === undefined ? plain : { ...plain, enum: values }
}

export interface NamedSchema {
  readonly name: string
  readonly schema: Schema
}

const timestamp = (name: string, description: string): NamedSchema => ({
  name: `${META}.${name}`,
  schema: { description, type: 'string', format: 'date-time' },
})

const RAW: NamedSchema = {
  name: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  schema: { description: 'An object of a kind that is known elsewhere.', type: 'object' },
}
const FIELDS: NamedSchema = {
  name: `${META}.FieldsV1`,
  schema: { description: 'A set of fields, as a tree of their names.', type: 'object' },
}

const NAMED: Readonly<Partial<Record<Scalar, NamedSchema>>> = {
  quantity: {
    name: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
    schema: {
      description: 'A number with a unit: 500m, 2Gi, 1e3.',
      oneOf: [{ type: 'string' }, { type: 'number' }],
    },
  },
  time: timestamp('Time', 'A point in time, to the second (RFC 3339).'),
  'micro-time': timestamp('MicroTime', 'A point in time, to the microsecond (RFC 3339).'),
  duration: {
    name: `${META}.Duration`,
    schema: { description: 'A span of time: 1h30m, 10s.', type: 'string' },
  },
  'int-or-string': {
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    schema: {
      description: 'A number, or text: a name, or a share in percent.',
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    },
  },
}

/** Types of definitions' schemas: one thing or another, which no type says. They are declared beside who uses them. */
const ALTERNATIVES: Readonly<Partial<Record<Scalar, readonly [string, string]>>> = {
  raw: ['JSON', 'Any value of JSON.'],
  'schema-or-bool': ['JSONSchemaPropsOrBool', 'A schema, or whether anything is allowed.'],
  'schema-or-list': ['JSONSchemaPropsOrArray', 'A schema, or one for each item.'],
  'schema-or-names': ['JSONSchemaPropsOrStringArray', 'A schema, or the names of fields.'],
}

/** What a field of the struct refers to. */
export function namedScalar({ scalar }: ScalarType, owner: string): NamedSchema {
  const named = NAMED[scalar]
  if (named !== undefined) return named
  if (owner.endsWith('.JSONSchemaProps')) {
    const [name = '', description = ''] = ALTERNATIVES[scalar] ?? []
    return { name: owner.replace(/JSONSchemaProps$/, name), schema: { description } }
  }
  return owner === `${META}.ManagedFieldsEntry` ? FIELDS : RAW
}
