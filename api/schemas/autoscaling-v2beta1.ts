/**
 * Facts of every struct of api/autoscaling/v2beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/autoscaling/v2beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.autoscaling.v2beta1'

export const facts = `
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
 type string 1 !
 object *ObjectMetricSource 2
 pods *PodsMetricSource 3
 resource *ResourceMetricSource 4
 containerResource *ContainerResourceMetricSource 7
 external *ExternalMetricSource 5
ObjectMetricSource
 target CrossVersionObjectReference 1 !
 metricName string 2 !
 targetValue quantity 3 !
 selector *meta-v1.LabelSelector 4
 averageValue *quantity 5
PodsMetricSource
 metricName string 1 !
 targetAverageValue quantity 2 !
 selector *meta-v1.LabelSelector 3
ResourceMetricSource
 name string 1 !
 targetAverageUtilization *int32 2
 targetAverageValue *quantity 3
ContainerResourceMetricSource
 name string 1 !
 targetAverageUtilization *int32 2
 targetAverageValue *quantity 3
 container string 4 !
ExternalMetricSource
 metricName string 1 !
 metricSelector *meta-v1.LabelSelector 2
 targetValue *quantity 3
 targetAverageValue *quantity 4
HorizontalPodAutoscalerStatus
 observedGeneration *int64 1
 lastScaleTime *time 2
 currentReplicas int32 3 !
 desiredReplicas int32 4 !
 currentMetrics [MetricStatus] 5 .
 conditions [HorizontalPodAutoscalerCondition] 6 !
HorizontalPodAutoscalerCondition
 type string 1 !
 status string 2 !
 lastTransitionTime time 3
 reason string 4
 message string 5
MetricStatus
 type string 1 !
 object *ObjectMetricStatus 2
 pods *PodsMetricStatus 3
 resource *ResourceMetricStatus 4
 containerResource *ContainerResourceMetricStatus 7
 external *ExternalMetricStatus 5
ObjectMetricStatus
 target CrossVersionObjectReference 1 !
 metricName string 2 !
 currentValue quantity 3 !
 selector *meta-v1.LabelSelector 4
 averageValue *quantity 5
PodsMetricStatus
 metricName string 1 !
 currentAverageValue quantity 2 !
 selector *meta-v1.LabelSelector 3
ResourceMetricStatus
 name string 1 !
 currentAverageUtilization *int32 2
 currentAverageValue quantity 3 !
ContainerResourceMetricStatus
 name string 1 !
 currentAverageUtilization *int32 2
 currentAverageValue quantity 3 !
 container string 4 !
ExternalMetricStatus
 metricName string 1 !
 metricSelector *meta-v1.LabelSelector 2
 currentValue quantity 3 !
 currentAverageValue *quantity 4
HorizontalPodAutoscaler
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec HorizontalPodAutoscalerSpec 2
 status HorizontalPodAutoscalerStatus 3
HorizontalPodAutoscalerList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [HorizontalPodAutoscaler] 2 !
`
