/**
 * The table of resources: which group, version and kind a path segment names, and what it can do.
 * Adding a kind adds a row to `api/resources.ts`; everything else is derived. Pure.
 */
import { struct, structsOf } from '#api/schema/catalog.ts'
import type { StructType } from '#api/schema/type.ts'
import { type GroupRow, type ResourceRow, type ResourceVerb, SERVED } from './resources.ts'
import { type Subresource, SUBRESOURCE_KINDS, SUBRESOURCE_VERBS } from './subresources.ts'

export type { ResourceVerb } from './resources.ts'
export type { Subresource } from './subresources.ts'

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

export interface TypedKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly type: StructType
}

const read = (groupRow: GroupRow, row: ResourceRow): Resource => ({
  group: groupRow.group,
  version: groupRow.version,
  kind: row.kind,
  plural: row.plural,
  singular: row.singular,
  shortNames: row.shortNames ?? [],
  categories: row.categories ?? [],
  namespaced: row.namespaced,
  verbs: row.verbs,
  subresources: row.subresources ?? [],
  type: () => struct(`${groupRow.file}.${row.kind}`),
})

const TABLE: readonly Resource[] = SERVED.flatMap(groupRow =>
  groupRow.resources.map(row => read(groupRow, row)),
)

const key = (group: string, version: string, name: string): string => `${group}/${version}/${name}`

const BY_PLURAL = new Map(
  TABLE.map(resource => [key(resource.group, resource.version, resource.plural), resource]),
)
const BY_KIND = new Map(
  TABLE.map(resource => [key(resource.group, resource.version, resource.kind), resource]),
)

/** Everything served, in discovery's order. */
export const resources = (): readonly Resource[] => TABLE

export const resourceOf = (group: string, version: string, plural: string): Resource | undefined =>
  BY_PLURAL.get(key(group, version, plural))

export const resourceOfKind = (
  group: string,
  version: string,
  kind: string,
): Resource | undefined => BY_KIND.get(key(group, version, kind))

/** What a subresource's body is: `pods/binding` takes a Binding, `pods/status` a Pod. */
export function subresourceKind(resource: Resource, subresource: Subresource): TypedKind {
  const own = SUBRESOURCE_KINDS[`${groupResource(resource)}/${subresource}`]
  if (own === undefined) {
    const { group, version, kind } = resource
    return { group, version, kind, type: resource.type() }
  }
  const { group, version, kind } = own
  return { group, version, kind, type: struct(own.struct) }
}

const PARENT_VERBS: readonly string[] = ['get', 'patch', 'update']

export const subresourceVerbs = (subresource: Subresource): readonly string[] =>
  SUBRESOURCE_VERBS[subresource] ?? PARENT_VERBS

/** Groups whose kinds are spoken (bodies, options) though no resource of theirs is served. */
const FILES: ReadonlyMap<string, string> = new Map([
  ...SERVED.map(row => [`${row.group}/${row.version}`, row.file] as const),
  ['policy/v1', 'policy-v1'],
  ['autoscaling/v1', 'autoscaling-v1'],
  ['meta.k8s.io/v1', 'meta-v1'],
])

const isKind = (type: StructType | undefined): type is StructType =>
  type?.fields.has('apiVersion') === true

/** Any known kind, served or not; undefined when there is no such kind. */
export function typeOf(group: string, version: string, kind: string): StructType | undefined {
  const file = FILES.get(`${group}/${version}`)
  return file === undefined
    ? undefined
    : [structsOf(file).get(kind), structsOf('meta-v1').get(kind)].find(isKind)
}
