/**
 * Facts of every struct of api/policy/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/policy/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.policy.v1beta1'

export const facts = `
enum UnhealthyPodEvictionPolicyType AlwaysAllow|IfHealthyBudget
PodDisruptionBudgetSpec
 minAvailable *int-or-string 1
 selector *meta-v1.LabelSelector 2
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
PodSecurityPolicy
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec PodSecurityPolicySpec 2
PodSecurityPolicySpec
 privileged bool 1
 defaultAddCapabilities [string] 2
 requiredDropCapabilities [string] 3
 allowedCapabilities [string] 4
 volumes [string] 5
 hostNetwork bool 6
 hostPorts [HostPortRange] 7
 hostPID bool 8
 hostIPC bool 9
 seLinux SELinuxStrategyOptions 10 !
 runAsUser RunAsUserStrategyOptions 11 !
 runAsGroup *RunAsGroupStrategyOptions 22
 supplementalGroups SupplementalGroupsStrategyOptions 12 !
 fsGroup FSGroupStrategyOptions 13 !
 readOnlyRootFilesystem bool 14
 defaultAllowPrivilegeEscalation *bool 15
 allowPrivilegeEscalation *bool 16 implied=true
 allowedHostPaths [AllowedHostPath] 17
 allowedFlexVolumes [AllowedFlexVolume] 18
 allowedCSIDrivers [AllowedCSIDriver] 23
 allowedUnsafeSysctls [string] 19
 forbiddenSysctls [string] 20
 allowedProcMountTypes [core-v1.ProcMountType] 21
 runtimeClass *RuntimeClassStrategyOptions 24
AllowedHostPath
 pathPrefix string 1
 readOnly bool 2
AllowedFlexVolume
 driver string 1 !
AllowedCSIDriver
 name string 1 !
HostPortRange
 min int32 1 !
 max int32 2 !
SELinuxStrategyOptions
 rule string 1 !
 seLinuxOptions *core-v1.SELinuxOptions 2
RunAsUserStrategyOptions
 rule string 1 !
 ranges [IDRange] 2
RunAsGroupStrategyOptions
 rule string 1 !
 ranges [IDRange] 2
IDRange
 min int64 1 !
 max int64 2 !
FSGroupStrategyOptions
 rule string 1
 ranges [IDRange] 2
SupplementalGroupsStrategyOptions
 rule string 1
 ranges [IDRange] 2
RuntimeClassStrategyOptions
 allowedRuntimeClassNames [string] 1 !
 defaultRuntimeClassName *string 2
PodSecurityPolicyList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [PodSecurityPolicy] 2 !
`
