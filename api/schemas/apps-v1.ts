/**
 * Facts of every struct of api/apps/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/apps/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.apps.v1'

export const facts = `
enum PodManagementPolicyType OrderedReady|Parallel
enum StatefulSetUpdateStrategyType OnDelete|RollingUpdate
enum DeploymentStrategyType Recreate|RollingUpdate
enum DaemonSetUpdateStrategyType OnDelete|RollingUpdate
StatefulSet
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec StatefulSetSpec 2
 status StatefulSetStatus 3
StatefulSetUpdateStrategy
 type StatefulSetUpdateStrategyType 1 implied="RollingUpdate"
 rollingUpdate *RollingUpdateStatefulSetStrategy 2
RollingUpdateStatefulSetStrategy
 partition *int32 1
 maxUnavailable *int-or-string 2
StatefulSetPersistentVolumeClaimRetentionPolicy
 whenDeleted string 1 implied="Retain"
 whenScaled string 2 implied="Retain"
StatefulSetOrdinals
 start int32 1 .
StatefulSetSpec
 replicas *int32 1 implied=1
 selector *meta-v1.LabelSelector 2 !
 template core-v1.PodTemplateSpec 3 !
 volumeClaimTemplates [core-v1.PersistentVolumeClaim] 4
 serviceName string 5 .
 podManagementPolicy PodManagementPolicyType 6 implied="OrderedReady"
 updateStrategy StatefulSetUpdateStrategy 7
 revisionHistoryLimit *int32 8 implied=10
 minReadySeconds int32 9
 persistentVolumeClaimRetentionPolicy *StatefulSetPersistentVolumeClaimRetentionPolicy 10 implied={}
 ordinals *StatefulSetOrdinals 11
StatefulSetStatus
 observedGeneration int64 1
 replicas int32 2 !
 readyReplicas int32 3
 currentReplicas int32 4
 updatedReplicas int32 5
 currentRevision string 6
 updateRevision string 7
 collisionCount *int32 9
 conditions [StatefulSetCondition] 10 list=type patch=merge:type
 availableReplicas int32 11 .
StatefulSetCondition
 type string 1 !
 status string 2 !
 lastTransitionTime time 3
 reason string 4
 message string 5
StatefulSetList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [StatefulSet] 2 !
Deployment
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec DeploymentSpec 2
 status DeploymentStatus 3
DeploymentSpec
 replicas *int32 1 implied=1
 selector *meta-v1.LabelSelector 2 !
 template core-v1.PodTemplateSpec 3 !
 strategy DeploymentStrategy 4 patch=retainKeys
 minReadySeconds int32 5
 revisionHistoryLimit *int32 6 implied=10
 paused bool 7
 progressDeadlineSeconds *int32 9 implied=600
DeploymentStrategy
 type DeploymentStrategyType 1 implied="RollingUpdate"
 rollingUpdate *RollingUpdateDeployment 2
RollingUpdateDeployment
 maxUnavailable *int-or-string 1 implied="25%"
 maxSurge *int-or-string 2 implied="25%"
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
 type DaemonSetUpdateStrategyType 1 implied="RollingUpdate"
 rollingUpdate *RollingUpdateDaemonSet 2
RollingUpdateDaemonSet
 maxUnavailable *int-or-string 1
 maxSurge *int-or-string 2
DaemonSetSpec
 selector *meta-v1.LabelSelector 1 !
 template core-v1.PodTemplateSpec 2 !
 updateStrategy DaemonSetUpdateStrategy 3
 minReadySeconds int32 4
 revisionHistoryLimit *int32 6 implied=10
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
 replicas *int32 1 implied=1
 minReadySeconds int32 4
 selector *meta-v1.LabelSelector 2 !
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
ControllerRevision
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 data raw 2
 revision int64 3 !
ControllerRevisionList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ControllerRevision] 2 !
`
