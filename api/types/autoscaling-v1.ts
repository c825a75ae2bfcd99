/**
 * Types of api/autoscaling/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/autoscaling/v1/types.go (v0.36)
 */
import type { LabelSelector } from './meta-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type MetricSourceType = 'ContainerResource' | 'External' | 'Object' | 'Pods' | 'Resource'

export type CrossVersionObjectReference = {
  readonly kind: string
  readonly name: string
  readonly apiVersion?: string
}

export type HorizontalPodAutoscalerSpec = {
  readonly scaleTargetRef: CrossVersionObjectReference
  readonly minReplicas?: number
  readonly maxReplicas: number
  readonly targetCPUUtilizationPercentage?: number
}

export type HorizontalPodAutoscalerStatus = {
  readonly observedGeneration?: number
  readonly lastScaleTime?: string
  readonly currentReplicas: number
  readonly desiredReplicas: number
  readonly currentCPUUtilizationPercentage?: number
}

export type HorizontalPodAutoscaler = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: HorizontalPodAutoscalerSpec
  readonly status?: HorizontalPodAutoscalerStatus
}

export type HorizontalPodAutoscalerList = ObjectList<HorizontalPodAutoscaler>

export type Scale = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: ScaleSpec
  readonly status?: ScaleStatus
}

export type ScaleSpec = {
  readonly replicas?: number
}

export type ScaleStatus = {
  readonly replicas: number
  readonly selector?: string
}

export type MetricSpec = {
  readonly type: MetricSourceType
  readonly object?: ObjectMetricSource
  readonly pods?: PodsMetricSource
  readonly resource?: ResourceMetricSource
  readonly containerResource?: ContainerResourceMetricSource
  readonly external?: ExternalMetricSource
}

export type ObjectMetricSource = {
  readonly target: CrossVersionObjectReference
  readonly metricName: string
  readonly targetValue: string
  readonly selector?: LabelSelector
  readonly averageValue?: string
}

export type PodsMetricSource = {
  readonly metricName: string
  readonly targetAverageValue: string
  readonly selector?: LabelSelector
}

export type ResourceMetricSource = {
  readonly name: string
  readonly targetAverageUtilization?: number
  readonly targetAverageValue?: string
}

export type ContainerResourceMetricSource = {
  readonly name: string
  readonly targetAverageUtilization?: number
  readonly targetAverageValue?: string
  readonly container: string
}

export type ExternalMetricSource = {
  readonly metricName: string
  readonly metricSelector?: LabelSelector
  readonly targetValue?: string
  readonly targetAverageValue?: string
}

export type MetricStatus = {
  readonly type: MetricSourceType
  readonly object?: ObjectMetricStatus
  readonly pods?: PodsMetricStatus
  readonly resource?: ResourceMetricStatus
  readonly containerResource?: ContainerResourceMetricStatus
  readonly external?: ExternalMetricStatus
}

export type HorizontalPodAutoscalerCondition = {
  readonly type: string
  readonly status: string
  readonly lastTransitionTime?: string
  readonly reason?: string
  readonly message?: string
}

export type ObjectMetricStatus = {
  readonly target: CrossVersionObjectReference
  readonly metricName: string
  readonly currentValue: string
  readonly selector?: LabelSelector
  readonly averageValue?: string
}

export type PodsMetricStatus = {
  readonly metricName: string
  readonly currentAverageValue: string
  readonly selector?: LabelSelector
}

export type ResourceMetricStatus = {
  readonly name: string
  readonly currentAverageUtilization?: number
  readonly currentAverageValue: string
}

export type ContainerResourceMetricStatus = {
  readonly name: string
  readonly currentAverageUtilization?: number
  readonly currentAverageValue: string
  readonly container: string
}

export type ExternalMetricStatus = {
  readonly metricName: string
  readonly metricSelector?: LabelSelector
  readonly currentValue: string
  readonly currentAverageValue?: string
}
