/**
 * Facts of every struct of api/policy/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/policy/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.policy.v1'

export const facts = `
enum UnhealthyPodEvictionPolicyType AlwaysAllow|IfHealthyBudget
PodDisruptionBudgetSpec
 minAvailable *int-or-string 1
 selector *meta-v1.LabelSelector 2 patch=replace
 maxUnavailable *int-or-string 3
 unhealthyPodEvictionPolicy *UnhealthyPodEvictionPolicyType 4
PodDisruptionBudgetStatus
 observedGeneration int64 1
 disruptedPods {time} 2
 disruptionsAllowed int32 3 .
 currentHealthy int32 4 .
 desiredHealthy int32 5 .
 expectedPods int32 6 .
 conditions [meta-v1.Condition] 7 list=type patch=merge:type
PodDisruptionBudget
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec PodDisruptionBudgetSpec 2
 status PodDisruptionBudgetStatus 3
PodDisruptionBudgetList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [PodDisruptionBudget] 2 !
Eviction
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 deleteOptions *meta-v1.DeleteOptions 2
`
