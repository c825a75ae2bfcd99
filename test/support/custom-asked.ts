/** How requests about custom resources are put, for the cases that upstream answers too. */
import type { Asked } from '#test/support/answers.ts'

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export type Fields = Readonly<Record<string, unknown>>
export const NO_CONDITIONS = 'an empty list where upstream has null'
export const APPLY = 'application/apply-patch+yaml'
export const PARTIAL = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
export const PARTIALS = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
export const JSON_PATCH = 'application/json-patch+json'

export const OBJECT = { type: 'object' }

/** The one version of a definition; `fields` over what it must have. */
export const version = (fields: object = {}): object => ({
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: OBJECT },
  ...fields,
})

export const definition = (
  { group, plural, kind }: Readonly<Record<'group' | 'plural' | 'kind', string>>,
  versions: readonly Fields[],
  spec: Fields = {},
): Fields => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group: `${group}`,
    scope: 'Namespaced',
    versions,
    ...spec,
    names: {
      plural,
      singular: kind.toLowerCase(),
      kind,
      listKind: `${kind}List`,
      ...Object(spec['names']),
    },
  },
})

export const wait = (title: string): Asked => ({
  title: `wait: ${title}`,
  method: 'GET',
  path: `/api/v1/namespaces/$NS/configmaps?watch=1&timeoutSeconds=1`,
})

export const get = (title: string, path: string, accept?: string): Asked => ({
  title,
  method: 'GET',
  path,
  ...(accept === undefined ? {} : { accept }),
})

export const patch = (title: string, path: string, body: unknown, contentType?: string): Asked => ({
  title,
  method: 'PATCH',
  path,
  body,
  ...(contentType === undefined ? {} : { contentType }),
})

export const remove = (title: string, path: string, body?: unknown): Asked => ({
  title,
  method: 'DELETE',
  path,
  body,
})

export const put = (title: string, path: string, body: Fields): Asked => ({
  title,
  method: 'PUT',
  path,
  body,
})
