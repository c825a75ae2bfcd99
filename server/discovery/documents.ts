/**
 * Discovery documents, made from the served table: which groups, versions and resources there are. Pure.
 * `Table` is that table, in the order of discovery.
 *
 * Source: k8s.io/apiserver pkg/endpoints/discovery, k8s.io/api/apidiscovery/v2
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import {
  type Resource,
  type Subresource,
  apiVersionOf,
  subresourceKind,
  subresourceVerbs,
} from '#api/scheme.ts'
import { createHash } from 'node:crypto'

export interface GroupVersion {
  readonly group: string
  readonly version: string
}

export type Table = readonly Resource[]

export function groupVersions(table: Table): readonly GroupVersion[] {
  const seen = new Map<string, GroupVersion>()
  for (const { group, version } of table) seen.set(`${group}/${version}`, { group, version })
  return [...seen.values()]
}

export const groupNames = (table: Table): readonly string[] => [
  ...new Set(groupVersions(table).map(({ group }) => group)),
]

const versionsOf = (table: Table, group: string): readonly string[] =>
  groupVersions(table)
    .filter(one => one.group === group)
    .map(({ version }) => version)

/** By name, as upstream sorts the paths that it installs. */
export const resourcesIn = (table: Table, { group, version }: GroupVersion): readonly Resource[] =>
  table
    .filter(resource => resource.group === group && resource.version === version)
    .sort((left, right) => (left.plural < right.plural ? -1 : 1))

/** `GET /api` */
export const coreVersions = (table: Table, serverAddress: string) => ({
  kind: 'APIVersions',
  versions: versionsOf(table, ''),
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
})

/** One entry of `GET /apis`; also `GET /apis/GROUP` with kind and apiVersion. */
export function groupDocument(table: Table, group: string): object {
  const versions = versionsOf(table, group).map(version => ({
    groupVersion: `${group}/${version}`,
    version,
  }))
  return { name: group, versions, preferredVersion: versions[0] }
}

/** `GET /apis` */
export const groupList = (table: Table) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groupNames(table)
    .filter(group => group !== '')
    .map(group => groupDocument(table, group)),
})

const HASH_BYTES = 8

/** Source: k8s.io/apiserver pkg/endpoints/discovery/storageversionhash.go */
const storageHash = (resource: Resource): string =>
  createHash('sha256')
    .update(`${resource.storage().group}/${resource.storage().version}/${resource.kind}`)
    .digest()
    .subarray(0, HASH_BYTES)
    .toString('base64')

/** `GET /api/v1`, `GET /apis/GROUP/VERSION` */
export const resourceList = (table: Table, groupVersion: GroupVersion) => ({
  kind: 'APIResourceList',
  // Upstream's document of the core group is older than this field.
  ...(groupVersion.group === '' ? {} : { apiVersion: 'v1' }),
  groupVersion: apiVersionOf(groupVersion),
  resources: resourcesIn(table, groupVersion).flatMap(resource => [
    {
      name: resource.plural,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: resource.verbs,
      ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
      ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
      ...(resource.verbs.includes('watch') ? { storageVersionHash: storageHash(resource) } : {}),
    },
    ...subresourcesOf(resource).map(name => subresourceEntry(resource, name)),
  ]),
})

/** Sorted as well; a definition's have an order of their own. */
const subresourcesOf = (resource: Resource): readonly Subresource[] =>
  isCustom(resource) ? resource.subresources : resource.subresources.toSorted()

function subresourceEntry(resource: Resource, name: Subresource): object {
  const kind = subresourceKind(resource, name)
  const isForeign = kind.group !== resource.group || kind.version !== resource.version
  return {
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(isForeign ? { group: kind.group, version: kind.version } : {}),
    kind: kind.kind,
    verbs: subresourceVerbs(name),
  }
}

/** `APIGroupDiscoveryList` over the core group alone (`/api`) or all others (`/apis`). */
export function aggregated(table: Table, isCore: boolean, apiVersion: string): object {
  const groups = groupNames(table).filter(group => (group === '') === isCore)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion,
    metadata: {},
    items: groups.map(group => ({
      metadata:
        group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions: versionsOf(table, group).map(version => ({
        version,
        resources: resourcesIn(table, { group, version }).map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  }
}

function aggregatedResource(resource: Resource): object {
  const { group, version, kind } = resource
  return {
    resource: resource.plural,
    responseKind: { group, version, kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(resource.subresources.length === 0
      ? {}
      : {
          subresources: subresourcesOf(resource).map(name => {
            const of = subresourceKind(resource, name)
            return {
              subresource: name,
              responseKind: { group: of.group, version: of.version, kind: of.kind },
              verbs: subresourceVerbs(name),
            }
          }),
        }),
  }
}
