/**
 * Types of api/authorization/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/authorization/v1/types.go (v0.36)
 */
import type { FieldSelectorRequirement, LabelSelectorRequirement } from './meta-v1.ts'
import type { ObjectMeta } from '#api/object.ts'

export type SubjectAccessReview = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: SubjectAccessReviewSpec
  readonly status?: SubjectAccessReviewStatus
}

export type SelfSubjectAccessReview = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: SelfSubjectAccessReviewSpec
  readonly status?: SubjectAccessReviewStatus
}

export type LocalSubjectAccessReview = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: SubjectAccessReviewSpec
  readonly status?: SubjectAccessReviewStatus
}

export type ResourceAttributes = {
  readonly namespace?: string
  readonly verb?: string
  readonly group?: string
  readonly version?: string
  readonly resource?: string
  readonly subresource?: string
  readonly name?: string
  readonly fieldSelector?: FieldSelectorAttributes
  readonly labelSelector?: LabelSelectorAttributes
}

export type LabelSelectorAttributes = {
  readonly rawSelector?: string
  readonly requirements?: readonly LabelSelectorRequirement[]
}

export type FieldSelectorAttributes = {
  readonly rawSelector?: string
  readonly requirements?: readonly FieldSelectorRequirement[]
}

export type NonResourceAttributes = {
  readonly path?: string
  readonly verb?: string
}

export type SubjectAccessReviewSpec = {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: NonResourceAttributes
  readonly user?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
  readonly uid?: string
}

export type SelfSubjectAccessReviewSpec = {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: NonResourceAttributes
}

export type SubjectAccessReviewStatus = {
  readonly allowed: boolean
  readonly denied?: boolean
  readonly reason?: string
  readonly evaluationError?: string
}

export type SelfSubjectRulesReview = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: SelfSubjectRulesReviewSpec
  readonly status?: SubjectRulesReviewStatus
}

export type SelfSubjectRulesReviewSpec = {
  readonly namespace?: string
}

export type SubjectRulesReviewStatus = {
  readonly resourceRules: readonly ResourceRule[]
  readonly nonResourceRules: readonly NonResourceRule[]
  readonly incomplete: boolean
  readonly evaluationError?: string
}

export type ResourceRule = {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}

export type NonResourceRule = {
  readonly verbs: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}
