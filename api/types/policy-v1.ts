/**
 * Types of api/policy/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/policy/v1/types.go (v0.36)
 */
import type { Condition, DeleteOptions, LabelSelector } from './meta-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type UnhealthyPodEvictionPolicyType = 'AlwaysAllow' | 'IfHealthyBudget'

export type PodDisruptionBudgetSpec = {
  readonly minAvailable?: number | string
  readonly selector?: LabelSelector
  readonly maxUnavailable?: number | string
  readonly unhealthyPodEvictionPolicy?: UnhealthyPodEvictionPolicyType
}

export type PodDisruptionBudgetStatus = {
  readonly observedGeneration?: number
  readonly disruptedPods?: Readonly<Record<string, string>>
  readonly disruptionsAllowed?: number
  readonly currentHealthy?: number
  readonly desiredHealthy?: number
  readonly expectedPods?: number
  readonly conditions?: readonly Condition[]
}

export type PodDisruptionBudget = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: PodDisruptionBudgetSpec
  readonly status?: PodDisruptionBudgetStatus
}

export type PodDisruptionBudgetList = ObjectList<PodDisruptionBudget>

export type Eviction = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly deleteOptions?: DeleteOptions
}
