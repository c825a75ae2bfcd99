/**
 * Types of api/coordination/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/coordination/v1/types.go (v0.36)
 */
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type Lease = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: LeaseSpec
}

export type LeaseSpec = {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  readonly acquireTime?: string
  readonly renewTime?: string
  readonly leaseTransitions?: number
  readonly strategy?: string
  readonly preferredHolder?: string
}

export type LeaseList = ObjectList<Lease>
