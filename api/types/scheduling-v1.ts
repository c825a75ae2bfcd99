/**
 * Types of api/scheduling/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/scheduling/v1/types.go (v0.36)
 */
import type { PreemptionPolicy } from './core-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type PriorityClass = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly value?: number
  readonly globalDefault?: boolean
  readonly description?: string
  readonly preemptionPolicy?: PreemptionPolicy
}

export type PriorityClassList = ObjectList<PriorityClass>
