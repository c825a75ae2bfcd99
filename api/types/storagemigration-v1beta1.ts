/**
 * Types of api/storagemigration/v1beta1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/storagemigration/v1beta1/types.go (v0.36)
 */
import type { Condition, GroupResource } from './meta-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type StorageVersionMigration = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: StorageVersionMigrationSpec
  readonly status?: StorageVersionMigrationStatus
}

export type StorageVersionMigrationSpec = {
  readonly resource: GroupResource
}

export type StorageVersionMigrationStatus = {
  readonly conditions?: readonly Condition[]
  readonly resourceVersion?: string
}

export type StorageVersionMigrationList = ObjectList<StorageVersionMigration>
