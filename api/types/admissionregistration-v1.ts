/**
 * Types of api/admissionregistration/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/admissionregistration/v1/types.go (v0.36)
 */
import type { Condition, LabelSelector } from './meta-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type ScopeType = '*' | 'Cluster' | 'Namespaced'

export type FailurePolicyType = 'Fail' | 'Ignore'

export type MatchPolicyType = 'Equivalent' | 'Exact'

export type SideEffectClass = 'None' | 'NoneOnDryRun' | 'Some' | 'Unknown'

export type ValidationAction = 'Audit' | 'Deny' | 'Warn'

export type PatchType = 'ApplyConfiguration' | 'JSONPatch'

export type ReinvocationPolicyType = 'IfNeeded' | 'Never'

export type OperationType = '*' | 'CONNECT' | 'CREATE' | 'DELETE' | 'UPDATE'

export type Rule = {
  readonly apiGroups?: readonly string[]
  readonly apiVersions?: readonly string[]
  readonly resources?: readonly string[]
  readonly scope?: ScopeType
}

export type ValidatingAdmissionPolicy = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: ValidatingAdmissionPolicySpec
  readonly status?: ValidatingAdmissionPolicyStatus
}

export type ValidatingAdmissionPolicyStatus = {
  readonly observedGeneration?: number
  readonly typeChecking?: TypeChecking
  readonly conditions?: readonly Condition[]
}

export type TypeChecking = {
  readonly expressionWarnings?: readonly ExpressionWarning[]
}

export type ExpressionWarning = {
  readonly fieldRef: string
  readonly warning: string
}

export type ValidatingAdmissionPolicyList = ObjectList<ValidatingAdmissionPolicy>

export type ValidatingAdmissionPolicySpec = {
  readonly paramKind?: ParamKind
  readonly matchConstraints?: MatchResources
  readonly validations?: readonly Validation[]
  readonly failurePolicy?: FailurePolicyType
  readonly auditAnnotations?: readonly AuditAnnotation[]
  readonly matchConditions?: readonly MatchCondition[]
  readonly variables?: readonly Variable[]
}

export type ParamKind = {
  readonly apiVersion?: string
  readonly kind?: string
}

export type Validation = {
  readonly expression: string
  readonly message?: string
  readonly reason?: string
  readonly messageExpression?: string
}

export type Variable = {
  readonly name: string
  readonly expression: string
}

export type AuditAnnotation = {
  readonly key: string
  readonly valueExpression: string
}

export type ValidatingAdmissionPolicyBinding = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: ValidatingAdmissionPolicyBindingSpec
}

export type ValidatingAdmissionPolicyBindingList = ObjectList<ValidatingAdmissionPolicyBinding>

export type ValidatingAdmissionPolicyBindingSpec = {
  readonly policyName: string
  readonly paramRef?: ParamRef
  readonly matchResources?: MatchResources
  readonly validationActions: readonly ValidationAction[]
}

export type ParamRef = {
  readonly name?: string
  readonly namespace?: string
  readonly selector?: LabelSelector
  readonly parameterNotFoundAction?: string
}

export type MatchResources = {
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
  readonly resourceRules?: readonly NamedRuleWithOperations[]
  readonly excludeResourceRules?: readonly NamedRuleWithOperations[]
  readonly matchPolicy?: MatchPolicyType
}

export type NamedRuleWithOperations = {
  readonly resourceNames?: readonly string[]
  readonly operations?: readonly OperationType[]
  readonly apiGroups?: readonly string[]
  readonly apiVersions?: readonly string[]
  readonly resources?: readonly string[]
  readonly scope?: ScopeType
}

export type ValidatingWebhookConfiguration = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly webhooks?: readonly ValidatingWebhook[]
}

export type ValidatingWebhookConfigurationList = ObjectList<ValidatingWebhookConfiguration>

export type MutatingWebhookConfiguration = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly webhooks?: readonly MutatingWebhook[]
}

export type MutatingWebhookConfigurationList = ObjectList<MutatingWebhookConfiguration>

export type ValidatingWebhook = {
  readonly name: string
  readonly clientConfig: WebhookClientConfig
  readonly rules?: readonly RuleWithOperations[]
  readonly failurePolicy?: FailurePolicyType
  readonly matchPolicy?: MatchPolicyType
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
  readonly sideEffects: SideEffectClass
  readonly timeoutSeconds?: number
  readonly admissionReviewVersions: readonly string[]
  readonly matchConditions?: readonly MatchCondition[]
}

export type MutatingWebhook = {
  readonly name: string
  readonly clientConfig: WebhookClientConfig
  readonly rules?: readonly RuleWithOperations[]
  readonly failurePolicy?: FailurePolicyType
  readonly matchPolicy?: MatchPolicyType
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
  readonly sideEffects: SideEffectClass
  readonly timeoutSeconds?: number
  readonly admissionReviewVersions: readonly string[]
  readonly reinvocationPolicy?: ReinvocationPolicyType
  readonly matchConditions?: readonly MatchCondition[]
}

export type MutatingAdmissionPolicy = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: MutatingAdmissionPolicySpec
}

export type MutatingAdmissionPolicyList = ObjectList<MutatingAdmissionPolicy>

export type MutatingAdmissionPolicySpec = {
  readonly paramKind?: ParamKind
  readonly matchConstraints?: MatchResources
  readonly variables?: readonly Variable[]
  readonly mutations?: readonly Mutation[]
  readonly failurePolicy?: FailurePolicyType
  readonly matchConditions?: readonly MatchCondition[]
  readonly reinvocationPolicy?: ReinvocationPolicyType
}

export type Mutation = {
  readonly patchType: PatchType
  readonly applyConfiguration?: ApplyConfiguration
  readonly jsonPatch?: JSONPatch
}

export type ApplyConfiguration = {
  readonly expression?: string
}

export type JSONPatch = {
  readonly expression?: string
}

export type MutatingAdmissionPolicyBinding = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: MutatingAdmissionPolicyBindingSpec
}

export type MutatingAdmissionPolicyBindingList = ObjectList<MutatingAdmissionPolicyBinding>

export type MutatingAdmissionPolicyBindingSpec = {
  readonly policyName?: string
  readonly paramRef?: ParamRef
  readonly matchResources?: MatchResources
}

export type RuleWithOperations = {
  readonly operations?: readonly OperationType[]
  readonly apiGroups?: readonly string[]
  readonly apiVersions?: readonly string[]
  readonly resources?: readonly string[]
  readonly scope?: ScopeType
}

export type WebhookClientConfig = {
  readonly url?: string
  readonly service?: ServiceReference
  readonly caBundle?: string
}

export type ServiceReference = {
  readonly namespace: string
  readonly name: string
  readonly path?: string
  readonly port?: number
}

export type MatchCondition = {
  readonly name: string
  readonly expression: string
}
