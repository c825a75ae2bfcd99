/**
 * Types of api/storage/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/storage/v1/types.go (v0.36)
 */
import type { PersistentVolumeReclaimPolicy, PersistentVolumeSpec, TopologySelectorTerm } from './core-v1.ts'
import type { LabelSelector } from './meta-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type VolumeBindingMode = 'Immediate' | 'WaitForFirstConsumer'

export type StorageClass = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly provisioner: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly reclaimPolicy?: PersistentVolumeReclaimPolicy
  readonly mountOptions?: readonly string[]
  readonly allowVolumeExpansion?: boolean
  readonly volumeBindingMode?: VolumeBindingMode
  readonly allowedTopologies?: readonly TopologySelectorTerm[]
}

export type StorageClassList = ObjectList<StorageClass>

export type VolumeAttachment = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: VolumeAttachmentSpec
  readonly status?: VolumeAttachmentStatus
}

export type VolumeAttachmentList = ObjectList<VolumeAttachment>

export type VolumeAttachmentSpec = {
  readonly attacher: string
  readonly source: VolumeAttachmentSource
  readonly nodeName: string
}

export type VolumeAttachmentSource = {
  readonly persistentVolumeName?: string
  readonly inlineVolumeSpec?: PersistentVolumeSpec
}

export type VolumeAttachmentStatus = {
  readonly attached: boolean
  readonly attachmentMetadata?: Readonly<Record<string, string>>
  readonly attachError?: VolumeError
  readonly detachError?: VolumeError
}

export type VolumeError = {
  readonly time?: string
  readonly message?: string
  readonly errorCode?: number
}

export type CSIDriver = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: CSIDriverSpec
}

export type CSIDriverList = ObjectList<CSIDriver>

export type CSIDriverSpec = {
  readonly attachRequired?: boolean
  readonly podInfoOnMount?: boolean
  readonly volumeLifecycleModes?: readonly string[]
  readonly storageCapacity?: boolean
  readonly fsGroupPolicy?: string
  readonly tokenRequests?: readonly TokenRequest[]
  readonly requiresRepublish?: boolean
  readonly seLinuxMount?: boolean
  readonly nodeAllocatableUpdatePeriodSeconds?: number
  readonly serviceAccountTokenInSecrets?: boolean
  readonly preventPodSchedulingIfMissing?: boolean
}

export type TokenRequest = {
  readonly audience: string
  readonly expirationSeconds?: number
}

export type CSINode = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: CSINodeSpec
}

export type CSINodeSpec = {
  readonly drivers: readonly CSINodeDriver[]
}

export type CSINodeDriver = {
  readonly name: string
  readonly nodeID: string
  readonly topologyKeys?: readonly string[]
  readonly allocatable?: VolumeNodeResources
}

export type VolumeNodeResources = {
  readonly count?: number
}

export type CSINodeList = ObjectList<CSINode>

export type CSIStorageCapacity = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly nodeTopology?: LabelSelector
  readonly storageClassName: string
  readonly capacity?: string
  readonly maximumVolumeSize?: string
}

export type CSIStorageCapacityList = ObjectList<CSIStorageCapacity>

export type VolumeAttributesClass = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly driverName: string
  readonly parameters?: Readonly<Record<string, string>>
}

export type VolumeAttributesClassList = ObjectList<VolumeAttributesClass>
