/**
 * Facts of every struct of api/extensions/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/extensions/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.extensions.v1beta1'

export const facts = `
ScaleSpec
 replicas int32 1 default=0
ScaleStatus
 replicas int32 1 !
 selector {string} 2 atomic
 targetSelector string 3
Scale
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ScaleSpec 2
 status ScaleStatus 3
Deployment
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec DeploymentSpec 2
 status DeploymentStatus 3
DeploymentSpec
 replicas *int32 1 implied=1
 selector *meta-v1.LabelSelector 2
 template core-v1.PodTemplateSpec 3 !
 strategy DeploymentStrategy 4 patch=retainKeys
 minReadySeconds int32 5
 revisionHistoryLimit *int32 6 implied=2147483647
 paused bool 7
 rollbackTo *RollbackConfig 8
 progressDeadlineSeconds *int32 9 implied=2147483647
DeploymentRollback
 ...meta-v1.TypeMeta 0
 name string 1 !
 updatedAnnotations {string} 2
 rollbackTo RollbackConfig 3 !
RollbackConfig
 revision int64 1
DeploymentStrategy
 type string 1 implied="RollingUpdate"
 rollingUpdate *RollingUpdateDeployment 2
RollingUpdateDeployment
 maxUnavailable *int-or-string 1 implied=1
 maxSurge *int-or-string 2 implied=1
DeploymentStatus
 observedGeneration int64 1
 replicas int32 2
 updatedReplicas int32 3
 readyReplicas int32 7
 availableReplicas int32 4
 unavailableReplicas int32 5
 terminatingReplicas *int32 9
 conditions [DeploymentCondition] 6 list=type patch=merge:type
 collisionCount *int32 8
DeploymentCondition
 type string 1 !
 status string 2 !
 lastUpdateTime time 6
 lastTransitionTime time 7
 reason string 4
 message string 5
DeploymentList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Deployment] 2 !
DaemonSetUpdateStrategy
 type string 1 implied="OnDelete"
 rollingUpdate *RollingUpdateDaemonSet 2
RollingUpdateDaemonSet
 maxUnavailable *int-or-string 1
 maxSurge *int-or-string 2
DaemonSetSpec
 selector *meta-v1.LabelSelector 1
 template core-v1.PodTemplateSpec 2 !
 updateStrategy DaemonSetUpdateStrategy 3
 minReadySeconds int32 4
 templateGeneration int64 5
 revisionHistoryLimit *int32 6
DaemonSetStatus
 currentNumberScheduled int32 1 !
 numberMisscheduled int32 2 !
 desiredNumberScheduled int32 3 !
 numberReady int32 4 !
 observedGeneration int64 5
 updatedNumberScheduled int32 6
 numberAvailable int32 7
 numberUnavailable int32 8
 collisionCount *int32 9
 conditions [DaemonSetCondition] 10 list=type patch=merge:type
DaemonSetCondition
 type string 1 !
 status string 2 !
 lastTransitionTime time 3
 reason string 4
 message string 5
DaemonSet
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec DaemonSetSpec 2
 status DaemonSetStatus 3
DaemonSetList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [DaemonSet] 2 !
Ingress
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec IngressSpec 2
 status IngressStatus 3
IngressList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Ingress] 2 !
IngressSpec
 ingressClassName *string 4
 backend *IngressBackend 1
 tls [IngressTLS] 2
 rules [IngressRule] 3
IngressTLS
 hosts [string] 1
 secretName string 2
IngressStatus
 loadBalancer IngressLoadBalancerStatus 1
IngressLoadBalancerStatus
 ingress [IngressLoadBalancerIngress] 1
IngressLoadBalancerIngress
 ip string 1
 hostname string 2
 ports [IngressPortStatus] 4
IngressPortStatus
 port int32 1 !
 protocol core-v1.Protocol 2 !
 error *string 3
IngressRule
 host string 1
 ...IngressRuleValue 2
IngressRuleValue
 http *HTTPIngressRuleValue 1
HTTPIngressRuleValue
 paths [HTTPIngressPath] 1 !
HTTPIngressPath
 path string 1
 pathType *string 3
 backend IngressBackend 2 !
IngressBackend
 serviceName string 1
 servicePort int-or-string 2
 resource *core-v1.TypedLocalObjectReference 3
ReplicaSet
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ReplicaSetSpec 2
 status ReplicaSetStatus 3
ReplicaSetList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ReplicaSet] 2 !
ReplicaSetSpec
 replicas *int32 1
 minReadySeconds int32 4
 selector *meta-v1.LabelSelector 2
 template core-v1.PodTemplateSpec 3
ReplicaSetStatus
 replicas int32 1 !
 fullyLabeledReplicas int32 2
 readyReplicas int32 4
 availableReplicas int32 5
 terminatingReplicas *int32 7
 observedGeneration int64 3
 conditions [ReplicaSetCondition] 6 list=type patch=merge:type
ReplicaSetCondition
 type string 1 !
 status string 2 !
 lastTransitionTime time 3
 reason string 4
 message string 5
NetworkPolicy
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec NetworkPolicySpec 2
NetworkPolicySpec
 podSelector meta-v1.LabelSelector 1 !
 ingress [NetworkPolicyIngressRule] 2
 egress [NetworkPolicyEgressRule] 3
 policyTypes [string] 4
NetworkPolicyIngressRule
 ports [NetworkPolicyPort] 1
 from [NetworkPolicyPeer] 2
NetworkPolicyEgressRule
 ports [NetworkPolicyPort] 1
 to [NetworkPolicyPeer] 2
NetworkPolicyPort
 protocol *core-v1.Protocol 1
 port *int-or-string 2
 endPort *int32 3
IPBlock
 cidr string 1 !
 except [string] 2
NetworkPolicyPeer
 podSelector *meta-v1.LabelSelector 1
 namespaceSelector *meta-v1.LabelSelector 2
 ipBlock *IPBlock 3
NetworkPolicyList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [NetworkPolicy] 2 !
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
