/**
 * Types of api/rbac/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/rbac/v1/types.go (v0.36)
 */
import type { LabelSelector } from './meta-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type PolicyRule = {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

export type Subject = {
  readonly kind: string
  readonly apiGroup?: string
  readonly name: string
  readonly namespace?: string
}

export type RoleRef = {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
}

export type Role = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly rules?: readonly PolicyRule[]
}

export type RoleBinding = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly subjects?: readonly Subject[]
  readonly roleRef: RoleRef
}

export type RoleBindingList = ObjectList<RoleBinding>

export type RoleList = ObjectList<Role>

export type ClusterRole = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly rules?: readonly PolicyRule[]
  readonly aggregationRule?: AggregationRule
}

export type AggregationRule = {
  readonly clusterRoleSelectors?: readonly LabelSelector[]
}

export type ClusterRoleBinding = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly subjects?: readonly Subject[]
  readonly roleRef: RoleRef
}

export type ClusterRoleBindingList = ObjectList<ClusterRoleBinding>

export type ClusterRoleList = ObjectList<ClusterRole>
