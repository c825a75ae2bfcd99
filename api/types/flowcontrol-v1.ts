/**
 * Types of api/flowcontrol/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/flowcontrol/v1/types.go (v0.36)
 */
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type FlowSchema = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: FlowSchemaSpec
  readonly status?: FlowSchemaStatus
}

export type FlowSchemaList = ObjectList<FlowSchema>

export type FlowSchemaSpec = {
  readonly priorityLevelConfiguration: PriorityLevelConfigurationReference
  readonly matchingPrecedence?: number
  readonly distinguisherMethod?: FlowDistinguisherMethod
  readonly rules?: readonly PolicyRulesWithSubjects[]
}

export type FlowDistinguisherMethod = {
  readonly type: string
}

export type PriorityLevelConfigurationReference = {
  readonly name: string
}

export type PolicyRulesWithSubjects = {
  readonly subjects: readonly Subject[]
  readonly resourceRules?: readonly ResourcePolicyRule[]
  readonly nonResourceRules?: readonly NonResourcePolicyRule[]
}

export type Subject = {
  readonly kind: string
  readonly user?: UserSubject
  readonly group?: GroupSubject
  readonly serviceAccount?: ServiceAccountSubject
}

export type UserSubject = {
  readonly name: string
}

export type GroupSubject = {
  readonly name: string
}

export type ServiceAccountSubject = {
  readonly namespace: string
  readonly name: string
}

export type ResourcePolicyRule = {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly clusterScope?: boolean
  readonly namespaces?: readonly string[]
}

export type NonResourcePolicyRule = {
  readonly verbs: readonly string[]
  readonly nonResourceURLs: readonly string[]
}

export type FlowSchemaStatus = {
  readonly conditions?: readonly FlowSchemaCondition[]
}

export type FlowSchemaCondition = {
  readonly type?: string
  readonly status?: string
  readonly lastTransitionTime?: string
  readonly reason?: string
  readonly message?: string
}

export type PriorityLevelConfiguration = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: PriorityLevelConfigurationSpec
  readonly status?: PriorityLevelConfigurationStatus
}

export type PriorityLevelConfigurationList = ObjectList<PriorityLevelConfiguration>

export type PriorityLevelConfigurationSpec = {
  readonly type: string
  readonly limited?: LimitedPriorityLevelConfiguration
  readonly exempt?: ExemptPriorityLevelConfiguration
}

export type LimitedPriorityLevelConfiguration = {
  readonly nominalConcurrencyShares?: number
  readonly limitResponse?: LimitResponse
  readonly lendablePercent?: number
  readonly borrowingLimitPercent?: number
}

export type ExemptPriorityLevelConfiguration = {
  readonly nominalConcurrencyShares?: number
  readonly lendablePercent?: number
}

export type LimitResponse = {
  readonly type: string
  readonly queuing?: QueuingConfiguration
}

export type QueuingConfiguration = {
  readonly queues?: number
  readonly handSize?: number
  readonly queueLengthLimit?: number
}

export type PriorityLevelConfigurationStatus = {
  readonly conditions?: readonly PriorityLevelConfigurationCondition[]
}

export type PriorityLevelConfigurationCondition = {
  readonly type?: string
  readonly status?: string
  readonly lastTransitionTime?: string
  readonly reason?: string
  readonly message?: string
}
