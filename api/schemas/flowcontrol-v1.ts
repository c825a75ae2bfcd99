/**
 * Facts of every struct of api/flowcontrol/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/flowcontrol/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.flowcontrol.v1'

export const facts = `
FlowSchema
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec FlowSchemaSpec 2
 status FlowSchemaStatus 3
FlowSchemaList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [FlowSchema] 2 !
FlowSchemaSpec
 priorityLevelConfiguration PriorityLevelConfigurationReference 1 !
 matchingPrecedence int32 2 . implied=1000
 distinguisherMethod *FlowDistinguisherMethod 3
 rules [PolicyRulesWithSubjects] 4
FlowDistinguisherMethod
 type string 1 !
PriorityLevelConfigurationReference
 name string 1 !
PolicyRulesWithSubjects
 subjects [Subject] 1 !
 resourceRules [ResourcePolicyRule] 2
 nonResourceRules [NonResourcePolicyRule] 3
Subject
 kind string 1 !
 user *UserSubject 2
 group *GroupSubject 3
 serviceAccount *ServiceAccountSubject 4
UserSubject
 name string 1 !
GroupSubject
 name string 1 !
ServiceAccountSubject
 namespace string 1 !
 name string 2 !
ResourcePolicyRule
 verbs [string] 1 ! list=set
 apiGroups [string] 2 ! list=set
 resources [string] 3 ! list=set
 clusterScope bool 4
 namespaces [string] 5 . list=set
NonResourcePolicyRule
 verbs [string] 1 ! list=set
 nonResourceURLs [string] 6 ! list=set
FlowSchemaStatus
 conditions [FlowSchemaCondition] 1 list=type patch=merge:type
FlowSchemaCondition
 type string 1
 status string 2
 lastTransitionTime time 3
 reason string 4
 message string 5
PriorityLevelConfiguration
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec PriorityLevelConfigurationSpec 2
 status PriorityLevelConfigurationStatus 3
PriorityLevelConfigurationList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [PriorityLevelConfiguration] 2 !
PriorityLevelConfigurationSpec
 type string 1 !
 limited *LimitedPriorityLevelConfiguration 2
 exempt *ExemptPriorityLevelConfiguration 3
LimitedPriorityLevelConfiguration
 nominalConcurrencyShares *int32 1 . implied=30
 limitResponse LimitResponse 2
 lendablePercent *int32 3 implied=0
 borrowingLimitPercent *int32 4
ExemptPriorityLevelConfiguration
 nominalConcurrencyShares *int32 1 implied=0
 lendablePercent *int32 2 implied=0
LimitResponse
 type string 1 !
 queuing *QueuingConfiguration 2
QueuingConfiguration
 queues int32 1 . implied=64
 handSize int32 2 . implied=8
 queueLengthLimit int32 3 . implied=50
PriorityLevelConfigurationStatus
 conditions [PriorityLevelConfigurationCondition] 1 list=type patch=merge:type
PriorityLevelConfigurationCondition
 type string 1
 status string 2
 lastTransitionTime time 3
 reason string 4
 message string 5
`
