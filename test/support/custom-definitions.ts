/** Definitions of custom kinds for tests: one kind `Value` in the group example.com. */
import { type CustomKind, customKindsOf } from '#api/custom/custom-kind.ts'
import type { AnyObject } from '#api/object.ts'
import type { FieldError } from '#api/status.ts'
import type { CustomResourceDefinition } from '#api/types/apiextensions-v1.ts'

export type Fields = Readonly<Record<string, unknown>>
type Spec = CustomResourceDefinition['spec']
type Version = Spec['versions'][number]

export const TEXT = { type: 'string' }
export const WHOLE = { type: 'integer' }
export const PAIR = { a: TEXT, b: TEXT }
export const text = (more: Fields): Fields => ({ ...TEXT, ...more })
export const whole = (more: Fields): Fields => ({ ...WHOLE, ...more })
export const OPEN = { 'x-kubernetes-preserve-unknown-fields': true }
export const object = (properties: Fields, more: Fields = {}): Fields => ({
  type: 'object',
  properties,
  ...more,
})
export const list = (items: Fields, more: Fields = {}): Fields => ({
  type: 'array',
  items,
  ...more,
})

export interface Given {
  readonly schema?: Fields
  readonly version?: Partial<Version>
  readonly spec?: Partial<Spec>
}

export const definitionOf = ({ schema, version, spec }: Given): CustomResourceDefinition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'values.example.com' },
  spec: {
    group: 'example.com',
    names: { plural: 'values', singular: 'value', kind: 'Value', listKind: 'ValueList' },
    scope: 'Cluster',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        ...(schema === undefined ? {} : { schema: { openAPIV3Schema: schema } }),
        ...version,
      },
    ],
    ...spec,
  },
})

/** The first version. */
export function kindOf(given: Given): CustomKind {
  const [kind] = customKindsOf(definitionOf(given))
  if (kind === undefined) throw new Error('a definition without versions')
  return kind
}

/** A kind whose spec has these fields. */
export const kindWith = (spec: Fields, given: Given = {}): CustomKind =>
  kindOf({ ...given, schema: object({ spec: object(spec), status: object({}, OPEN) }) })

export const value = (spec: unknown, more: Fields = {}): Fields => ({
  apiVersion: 'example.com/v1',
  kind: 'Value',
  metadata: { name: 'v' },
  ...(spec === undefined ? {} : { spec }),
  ...more,
})

/** As it is after decoding, whatever was dropped. */
export const readAs = (kind: CustomKind, given: Fields): AnyObject =>
  kind.defaulted(kind.decode(given, { validation: 'Ignore', duplicates: [] }).object)

export const faultLines = (faults: readonly FieldError[]): string[] =>
  faults.map(({ field, message }) => `${field}: ${message}`)
