/**
 * The table of resources: which group, version and kind a path segment names, and what it can do.
 * Adding a kind adds a row to `api/resources.ts`; everything else is derived. Pure.
 */
import type { StructType } from '#api/schema/type.ts'

export type Subresource =
  | 'status'
  | 'scale'
  | 'binding'
  | 'eviction'
  | 'log'
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'proxy'
  | 'token'
  | 'approval'
  | 'finalize'
  | 'ephemeralcontainers'
  | 'resize'

export type ResourceVerb =
  | 'create'
  | 'delete'
  | 'deletecollection'
  | 'get'
  | 'list'
  | 'patch'
  | 'update'
  | 'watch'

export interface Resource {
  /** '' for core. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Plural, lower case: the path segment. */
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** Empty of get/list/watch for virtual resources (reviews), which are only created. */
  readonly verbs: readonly ResourceVerb[]
  readonly subresources: readonly Subresource[]
  /** Resolved on first use. */
  readonly type: () => StructType
}

/** `pods`, `deployments.apps`: group and plural, the name of one storage shared by all versions. */
export const groupResource = (resource: Pick<Resource, 'group' | 'plural'>): string =>
  resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`

export const apiVersionOf = (resource: Pick<Resource, 'group' | 'version'>): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
