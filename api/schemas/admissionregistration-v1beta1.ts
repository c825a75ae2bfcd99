/**
 * Facts of every struct of api/admissionregistration/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/admissionregistration/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.admissionregistration.v1beta1'

export const facts = `
enum ValidationAction Audit|Deny|Warn
enum ReinvocationPolicyType IfNeeded|Never
enum PatchType ApplyConfiguration|JSONPatch
ValidatingAdmissionPolicy
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ValidatingAdmissionPolicySpec 2
 status ValidatingAdmissionPolicyStatus 3
ValidatingAdmissionPolicyStatus
 observedGeneration int64 1
 typeChecking *TypeChecking 2
 conditions [meta-v1.Condition] 3 list=type
TypeChecking
 expressionWarnings [ExpressionWarning] 1
ExpressionWarning
 fieldRef string 2 !
 warning string 3 !
ValidatingAdmissionPolicyList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ValidatingAdmissionPolicy] 2 !
ValidatingAdmissionPolicySpec
 paramKind *ParamKind 1
 matchConstraints *MatchResources 2
 validations [Validation] 3
 failurePolicy *string 4
 auditAnnotations [AuditAnnotation] 5
 matchConditions [MatchCondition] 6 list=name patch=merge:name
 variables [Variable] 7 list=name patch=merge:name
ParamKind atomic
 apiVersion string 1
 kind string 2
Validation
 expression string 1 !
 message string 2
 reason *string 3
 messageExpression string 4
Variable atomic
 name string 1 !
 expression string 2 !
AuditAnnotation
 key string 1 !
 valueExpression string 2 !
ValidatingAdmissionPolicyBinding
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ValidatingAdmissionPolicyBindingSpec 2 !?
ValidatingAdmissionPolicyBindingList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ValidatingAdmissionPolicyBinding] 2 !
ValidatingAdmissionPolicyBindingSpec
 policyName string 1 !?
 paramRef *ParamRef 2
 matchResources *MatchResources 3
 validationActions [ValidationAction] 4 !? list=set
ParamRef atomic
 name string 1
 namespace string 2
 selector *meta-v1.LabelSelector 3
 parameterNotFoundAction *string 4
MatchResources atomic
 namespaceSelector *meta-v1.LabelSelector 1
 objectSelector *meta-v1.LabelSelector 2
 resourceRules [NamedRuleWithOperations] 3
 excludeResourceRules [NamedRuleWithOperations] 4
 matchPolicy *string 7
NamedRuleWithOperations atomic
 resourceNames [string] 1
 ...admissionregistration-v1.RuleWithOperations 2
ValidatingWebhookConfiguration
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 webhooks [ValidatingWebhook] 2 list=name patch=merge:name
ValidatingWebhookConfigurationList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ValidatingWebhookConfiguration] 2 !
MutatingWebhookConfiguration
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 webhooks [MutatingWebhook] 2 list=name patch=merge:name
MutatingWebhookConfigurationList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [MutatingWebhookConfiguration] 2 !
ValidatingWebhook
 name string 1 !
 clientConfig WebhookClientConfig 2 !
 rules [admissionregistration-v1.RuleWithOperations] 3
 failurePolicy *string 4 implied="Ignore"
 matchPolicy *string 9 implied="Exact"
 namespaceSelector *meta-v1.LabelSelector 5
 objectSelector *meta-v1.LabelSelector 10
 sideEffects *string 6 implied="Unknown"
 timeoutSeconds *int32 7 implied=30
 admissionReviewVersions [string] 8 implied=["v1beta1"]
 matchConditions [MatchCondition] 11 list=name patch=merge:name
MutatingWebhook
 name string 1 !
 clientConfig WebhookClientConfig 2 !
 rules [admissionregistration-v1.RuleWithOperations] 3
 failurePolicy *string 4 implied="Ignore"
 matchPolicy *string 9 implied="Exact"
 namespaceSelector *meta-v1.LabelSelector 5
 objectSelector *meta-v1.LabelSelector 11
 sideEffects *string 6 implied="Unknown"
 timeoutSeconds *int32 7 implied=30
 admissionReviewVersions [string] 8 implied=["v1beta1"]
 reinvocationPolicy *ReinvocationPolicyType 10
 matchConditions [MatchCondition] 12 list=name patch=merge:name
WebhookClientConfig
 url *string 3
 service *ServiceReference 1
 caBundle bytes 2
ServiceReference
 namespace string 1 !
 name string 2 !
 path *string 3
 port *int32 4
MatchCondition
 name string 1 !
 expression string 2 !
MutatingAdmissionPolicy
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec MutatingAdmissionPolicySpec 2
MutatingAdmissionPolicyList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [MutatingAdmissionPolicy] 2 !
MutatingAdmissionPolicySpec
 paramKind *ParamKind 1
 matchConstraints *MatchResources 2
 variables [Variable] 3
 mutations [Mutation] 4
 failurePolicy *string 5
 matchConditions [MatchCondition] 6 list=name patch=merge:name
 reinvocationPolicy ReinvocationPolicyType 7
Mutation
 patchType PatchType 2 !
 applyConfiguration *ApplyConfiguration 3
 jsonPatch *JSONPatch 4
ApplyConfiguration
 expression string 1
JSONPatch
 expression string 1
MutatingAdmissionPolicyBinding
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec MutatingAdmissionPolicyBindingSpec 2
MutatingAdmissionPolicyBindingList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [MutatingAdmissionPolicyBinding] 2 !
MutatingAdmissionPolicyBindingSpec
 policyName string 1
 paramRef *ParamRef 2
 matchResources *MatchResources 3
`
