/**
 * The table of resources: which group, version and kind a path segment names, and what it can do.
 * Adding a kind adds a row to `api/resources.ts`, an old version of one a row to `api/resources-old.ts`; everything
 * else is derived. Pure.
 */
import { struct, structsOf } from '#api/schema/catalog.ts'
import type { StructType } from '#api/schema/type.ts'
import { OLD } from './resources-old.ts'
import {
  type Deprecation,
  type GroupRow,
  type ResourceRow,
  type ResourceVerb,
  SERVED,
} from './resources.ts'
import {
  KINDS_OF_ALL,
  type Subresource,
  SUBRESOURCE_KINDS,
  SUBRESOURCE_VERBS,
} from './subresources.ts'

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
  /** The row in whose form the objects are stored: itself, unless several group-versions share one storage. */
  readonly storage: () => Resource
  /** An old group-version, which a server may be told not to serve. */
  readonly isOld: boolean
  /** What every request for it is told; '' for nothing. */
  readonly warning: string
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
  /** Other apiVersions that its bodies may bear. */
  readonly accepts?: readonly string[]
}

/** Source: k8s.io/apiserver pkg/endpoints/deprecation */
function warningOf(apiVersion: string, kind: string, deprecation: Deprecation | undefined): string {
  if (deprecation === undefined) return ''
  const { since, removed, use } = deprecation
  const gone = removed === '' ? '' : `, unavailable in v${removed}+`
  const instead = use === '' ? '' : `; use ${use}`
  return `${apiVersion} ${kind} is deprecated in v${since}+${gone}${instead}`
}

const read = (groupRow: GroupRow, row: ResourceRow, isOld: boolean): Resource => ({
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
  storage: () => storageRow(groupRow, row),
  isOld,
  warning: warningOf(apiVersionOf(groupRow), row.kind, row.deprecation),
})

const rowsOf = (groups: readonly GroupRow[], isOld: boolean): readonly Resource[] =>
  groups.flatMap(groupRow => groupRow.resources.map(row => read(groupRow, row, isOld)))

const TABLE: readonly Resource[] = [...rowsOf(SERVED, false), ...rowsOf(OLD, true)]

const key = (group: string, version: string, name: string): string => `${group}/${version}/${name}`

const BY_PLURAL = new Map(
  TABLE.map(resource => [key(resource.group, resource.version, resource.plural), resource]),
)
const BY_KIND = new Map(
  TABLE.map(resource => [key(resource.group, resource.version, resource.kind), resource]),
)

function storageRow(groupRow: GroupRow, { plural, storedAs }: ResourceRow): Resource {
  const [version = '', group = ''] = (storedAs ?? apiVersionOf(groupRow)).split('/').reverse()
  const found = BY_PLURAL.get(key(group, version, plural))
  if (found === undefined) throw new Error(`no row of ${storedAs} ${plural}`)
  return found
}

/** Everything that can be served, in discovery's order: current group-versions first. */
export const resources = (): readonly Resource[] => TABLE

/** What a server serves: everything, or the current group-versions alone. */
export const servedResources = (hidesOld: boolean): readonly Resource[] =>
  hidesOld ? TABLE.filter(({ isOld }) => !isOld) : TABLE

/** One row per storage: what walks over all objects must meet each of them once. */
export const storedResources = (): readonly Resource[] => STORED

const STORED = TABLE.filter(resource => resource.storage() === resource)

export const resourceOf = (group: string, version: string, plural: string): Resource | undefined =>
  BY_PLURAL.get(key(group, version, plural))

export const resourceOfKind = (
  group: string,
  version: string,
  kind: string,
): Resource | undefined => BY_KIND.get(key(group, version, kind))

/** True for a group-version whose objects another one stores: not to be met twice. */
export const isSharedForm = (at: {
  readonly group: string
  readonly version: string
  readonly plural: string
}): boolean => {
  const resource = resourceOf(at.group, at.version, at.plural)
  return resource !== undefined && resource.storage() !== resource
}

/** The kind under which the named one is stored; what is not known stays as it is. */
export function storedKind(reference: { readonly apiVersion: string; readonly kind: string }): {
  readonly apiVersion: string
  readonly kind: string
} {
  const [version = '', group = ''] = reference.apiVersion.split('/').reverse()
  const resource = resourceOfKind(group, version, reference.kind)?.storage()
  return resource === undefined
    ? reference
    : { apiVersion: apiVersionOf(resource), kind: resource.kind }
}

/** What a subresource's body is: `pods/binding` takes a Binding, `pods/status` a Pod. */
export function subresourceKind(resource: Resource, subresource: Subresource): TypedKind {
  const name = groupResource(resource)
  const own =
    SUBRESOURCE_KINDS[`${name}/${subresource}@${resource.version}`] ??
    SUBRESOURCE_KINDS[`${name}/${subresource}`] ??
    KINDS_OF_ALL[subresource]
  if (own === undefined) {
    const { group, version, kind } = resource
    return { group, version, kind, type: resource.type() }
  }
  const { group, version, kind, accepts } = own
  const typed = { group, version, kind, type: struct(own.struct) }
  return accepts === undefined ? typed : { ...typed, accepts }
}

const PARENT_VERBS: readonly string[] = ['get', 'patch', 'update']

export const subresourceVerbs = (subresource: Subresource): readonly string[] =>
  SUBRESOURCE_VERBS[subresource] ?? PARENT_VERBS

/** Groups whose kinds are spoken (bodies, options) though no resource of theirs is served. */
const FILES: ReadonlyMap<string, string> = new Map([
  ...[...SERVED, ...OLD].map(row => [`${row.group}/${row.version}`, row.file] as const),
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
