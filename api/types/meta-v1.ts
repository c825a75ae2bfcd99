/**
 * Types of apimachinery/pkg/apis/meta/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/apimachinery/pkg/apis/meta/v1/types.go (v0.36)
 */
import type { Json, ListMeta, ObjectList, ObjectMeta } from '#api/object.ts'
export type { ObjectMeta, OwnerReference, ManagedFieldsEntry, ListMeta } from '#api/object.ts'

export type GroupResource = {
  readonly group: string
  readonly resource: string
}

export type GroupVersionResource = {
  readonly group: string
  readonly version: string
  readonly resource: string
}

export type GroupKind = {
  readonly group: string
  readonly kind: string
}

export type GroupVersionKind = {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export type GroupVersion = {
  readonly group: string
  readonly version: string
}

export type TypeMeta = {
  readonly kind?: string
  readonly apiVersion?: string
}

export type ShardInfo = {
  readonly selector: string
}

export type ListOptions = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly watch?: boolean
  readonly allowWatchBookmarks?: boolean
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: string
  readonly timeoutSeconds?: number
  readonly limit?: number
  readonly continue?: string
  readonly sendInitialEvents?: boolean
  readonly shardSelector?: string
}

export type GetOptions = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly resourceVersion?: string
}

export type DeleteOptions = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly gracePeriodSeconds?: number
  readonly preconditions?: Preconditions
  readonly orphanDependents?: boolean
  readonly propagationPolicy?: string
  readonly dryRun?: readonly string[]
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean
}

export type CreateOptions = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly dryRun?: readonly string[]
  readonly fieldManager?: string
  readonly fieldValidation?: string
}

export type PatchOptions = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly dryRun?: readonly string[]
  readonly force?: boolean
  readonly fieldManager?: string
  readonly fieldValidation?: string
}

export type ApplyOptions = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly dryRun?: readonly string[]
  readonly force: boolean
  readonly fieldManager: string
}

export type UpdateOptions = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly dryRun?: readonly string[]
  readonly fieldManager?: string
  readonly fieldValidation?: string
}

export type Preconditions = {
  readonly uid?: string
  readonly resourceVersion?: string
}

export type Status = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly metadata?: ListMeta
  readonly status?: string
  readonly message?: string
  readonly reason?: string
  readonly details?: StatusDetails
  readonly code?: number
}

export type StatusDetails = {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

export type StatusCause = {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

export type List = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly metadata?: ListMeta
  readonly items: readonly Json[]
}

export type APIVersions = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly versions: readonly string[]
  readonly serverAddressByClientCIDRs: readonly ServerAddressByClientCIDR[]
}

export type APIGroupList = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly groups: readonly APIGroup[]
}

export type APIGroup = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly name: string
  readonly versions: readonly GroupVersionForDiscovery[]
  readonly preferredVersion?: GroupVersionForDiscovery
  readonly serverAddressByClientCIDRs?: readonly ServerAddressByClientCIDR[]
}

export type ServerAddressByClientCIDR = {
  readonly clientCIDR: string
  readonly serverAddress: string
}

export type GroupVersionForDiscovery = {
  readonly groupVersion: string
  readonly version: string
}

export type APIResource = {
  readonly name: string
  readonly singularName: string
  readonly namespaced: boolean
  readonly group?: string
  readonly version?: string
  readonly kind: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly storageVersionHash?: string
}

export type APIResourceList = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly groupVersion: string
  readonly resources: readonly APIResource[]
}

export type RootPaths = {
  readonly paths: readonly string[]
}

export type Patch = Readonly<Record<string, never>>

export type LabelSelector = {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly LabelSelectorRequirement[]
}

export type LabelSelectorRequirement = {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

export type FieldSelectorRequirement = {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

export type Table = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly metadata?: ListMeta
  readonly columnDefinitions: readonly TableColumnDefinition[]
  readonly rows: readonly TableRow[]
}

export type TableColumnDefinition = {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  readonly priority: number
}

export type TableRow = {
  readonly cells: readonly Json[]
  readonly conditions?: readonly TableRowCondition[]
  readonly object?: Json
}

export type TableRowCondition = {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

export type TableOptions = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly includeObject?: string
}

export type PartialObjectMetadata = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
}

export type PartialObjectMetadataList = ObjectList<PartialObjectMetadata>

export type Condition = {
  readonly type: string
  readonly status: string
  readonly observedGeneration?: number
  readonly lastTransitionTime: string
  readonly reason: string
  readonly message: string
}

export type WatchEvent = {
  readonly type: string
  readonly object: Json
}
