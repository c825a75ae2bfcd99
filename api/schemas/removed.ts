/**
 * Facts of structs that upstream removed long ago, in the notation of api/schema/notation.ts. Written by hand.
 * Source: k8s.io/api of Kubernetes 1.7 extensions/v1beta1 (ThirdPartyResource), 1.19 settings/v1alpha1, 1.8
 * autoscaling/v2alpha1 types.go
 */
export const extensionsV1beta1 = `
ThirdPartyResource
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 description string 2
 versions [APIVersion] 3
APIVersion
 name string 1
ThirdPartyResourceList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ThirdPartyResource] 2 !
`

export const settingsV1alpha1 = {
  prefix: 'io.k8s.api.settings.v1alpha1',
  facts: `
PodPreset
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec PodPresetSpec 2
PodPresetSpec
 selector meta-v1.LabelSelector 1
 env [core-v1.EnvVar] 2
 envFrom [core-v1.EnvFromSource] 3
 volumes [core-v1.Volume] 4
 volumeMounts [core-v1.VolumeMount] 5
PodPresetList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [PodPreset] 2 !
`,
}

export const autoscalingV2alpha1 = {
  prefix: 'io.k8s.api.autoscaling.v2alpha1',
  facts: `
enum HorizontalPodAutoscalerConditionType AbleToScale|ScalingActive|ScalingLimited
enum MetricSourceType Object|Pods|Resource
CrossVersionObjectReference
 kind string 1 !
 name string 2 !
 apiVersion string 3
HorizontalPodAutoscalerSpec
 scaleTargetRef CrossVersionObjectReference 1 !
 minReplicas *int32 2
 maxReplicas int32 3 !
 metrics [MetricSpec] 4
MetricSpec
 type MetricSourceType 1 !
 object *ObjectMetricSource 2
 pods *PodsMetricSource 3
 resource *ResourceMetricSource 4
ObjectMetricSource
 target CrossVersionObjectReference 1 !
 metricName string 2 !
 targetValue quantity 3 !
PodsMetricSource
 metricName string 1 !
 targetAverageValue quantity 2 !
ResourceMetricSource
 name string 1 !
 targetAverageUtilization *int32 2
 targetAverageValue *quantity 3
HorizontalPodAutoscalerStatus
 observedGeneration *int64 1
 lastScaleTime *time 2
 currentReplicas int32 3 !
 desiredReplicas int32 4 !
 currentMetrics [MetricStatus] 5 !
 conditions [HorizontalPodAutoscalerCondition] 6 !
HorizontalPodAutoscalerCondition
 type HorizontalPodAutoscalerConditionType 1 !
 status string 2 !
 lastTransitionTime time 3
 reason string 4
 message string 5
MetricStatus
 type MetricSourceType 1 !
 object *ObjectMetricStatus 2
 pods *PodsMetricStatus 3
 resource *ResourceMetricStatus 4
ObjectMetricStatus
 target CrossVersionObjectReference 1 !
 metricName string 2 !
 currentValue quantity 3 !
PodsMetricStatus
 metricName string 1 !
 currentAverageValue quantity 2 !
ResourceMetricStatus
 name string 1 !
 currentAverageUtilization *int32 2
 currentAverageValue quantity 3 !
HorizontalPodAutoscaler
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec HorizontalPodAutoscalerSpec 2
 status HorizontalPodAutoscalerStatus 3
HorizontalPodAutoscalerList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [HorizontalPodAutoscaler] 2 !
`,
}
