/**
 * Types of api/node/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/node/v1/types.go (v0.36)
 */
import type { Toleration } from './core-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type RuntimeClass = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly handler: string
  readonly overhead?: Overhead
  readonly scheduling?: Scheduling
}

export type Overhead = {
  readonly podFixed?: Readonly<Record<string, string>>
}

export type Scheduling = {
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly tolerations?: readonly Toleration[]
}

export type RuntimeClassList = ObjectList<RuntimeClass>
