/**
 * Discovery documents, made from the served table: which groups, versions and resources there are. Pure.
 * `Served` is that table, in the order of discovery.
 *
 * Source: k8s.io/apiserver pkg/endpoints/discovery, k8s.io/api/apidiscovery/v2
 */
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

export type Served = readonly Resource[]

export function groupVersions(served: Served): readonly GroupVersion[] {
  const seen = new Map<string, GroupVersion>()
  for (const { group, version } of served) seen.set(`${group}/${version}`, { group, version })
  return [...seen.values()]
}

export const groupNames = (served: Served): readonly string[] => [
  ...new Set(groupVersions(served).map(({ group }) => group)),
]

const versionsOf = (served: Served, group: string): readonly string[] =>
  groupVersions(served)
    .filter(one => one.group === group)
    .map(({ version }) => version)

export const resourcesIn = (
  served: Served,
  { group, version }: GroupVersion,
): readonly Resource[] =>
  served.filter(resource => resource.group === group && resource.version === version)

/** `GET /api` */
export const coreVersions = (served: Served, serverAddress: string) => ({
  kind: 'APIVersions',
  versions: versionsOf(served, ''),
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
})

/** One entry of `GET /apis`; also `GET /apis/GROUP` with kind and apiVersion. */
export function groupDocument(served: Served, group: string): object {
  const versions = versionsOf(served, group).map(version => ({
    groupVersion: `${group}/${version}`,
    version,
  }))
  return { name: group, versions, preferredVersion: versions[0] }
}

/** `GET /apis` */
export const groupList = (served: Served) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groupNames(served)
    .filter(group => group !== '')
    .map(group => groupDocument(served, group)),
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
export const resourceList = (served: Served, groupVersion: GroupVersion) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: apiVersionOf(groupVersion),
  resources: resourcesIn(served, groupVersion).flatMap(resource => [
    {
      name: resource.plural,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: resource.verbs,
      ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
      ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
      ...(resource.verbs.includes('get') ? { storageVersionHash: storageHash(resource) } : {}),
    },
    ...resource.subresources.map(name => subresourceEntry(resource, name)),
  ]),
})

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
export function aggregated(served: Served, isCore: boolean, apiVersion: string): object {
  const groups = groupNames(served).filter(group => (group === '') === isCore)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion,
    metadata: {},
    items: groups.map(group => ({
      metadata:
        group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions: versionsOf(served, group).map(version => ({
        version,
        resources: resourcesIn(served, { group, version }).map(aggregatedResource),
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
          subresources: resource.subresources.map(name => {
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
