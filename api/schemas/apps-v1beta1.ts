/**
 * Facts of every struct of api/apps/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/apps/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.apps.v1beta1'

export const facts = `
ScaleSpec
 replicas int32 1 default=0
ScaleStatus
 replicas int32 1 !
 selector {string} 2
 targetSelector string 3
Scale
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ScaleSpec 2
 status ScaleStatus 3
StatefulSet
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec StatefulSetSpec 2
 status StatefulSetStatus 3
StatefulSetUpdateStrategy
 type string 1 implied="OnDelete"
 rollingUpdate *RollingUpdateStatefulSetStrategy 2
RollingUpdateStatefulSetStrategy
 partition *int32 1
 maxUnavailable *int-or-string 2
StatefulSetPersistentVolumeClaimRetentionPolicy
 whenDeleted string 1
 whenScaled string 2
StatefulSetOrdinals
 start int32 1 .
StatefulSetSpec
 replicas *int32 1
 selector *meta-v1.LabelSelector 2
 template core-v1.PodTemplateSpec 3 !
 volumeClaimTemplates [core-v1.PersistentVolumeClaim] 4
 serviceName string 5 .
 podManagementPolicy string 6
 updateStrategy StatefulSetUpdateStrategy 7
 revisionHistoryLimit *int32 8
 minReadySeconds int32 9
 persistentVolumeClaimRetentionPolicy *StatefulSetPersistentVolumeClaimRetentionPolicy 10
 ordinals *StatefulSetOrdinals 11
StatefulSetStatus
 observedGeneration *int64 1
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
 replicas *int32 1
 selector *meta-v1.LabelSelector 2
 template core-v1.PodTemplateSpec 3 !
 strategy DeploymentStrategy 4 patch=retainKeys
 minReadySeconds int32 5
 revisionHistoryLimit *int32 6 implied=2
 paused bool 7
 rollbackTo *RollbackConfig 8
 progressDeadlineSeconds *int32 9
DeploymentRollback
 ...meta-v1.TypeMeta 0
 name string 1 !
 updatedAnnotations {string} 2
 rollbackTo RollbackConfig 3 !
RollbackConfig
 revision int64 1
DeploymentStrategy
 type string 1
 rollingUpdate *RollingUpdateDeployment 2
RollingUpdateDeployment
 maxUnavailable *int-or-string 1
 maxSurge *int-or-string 2
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
