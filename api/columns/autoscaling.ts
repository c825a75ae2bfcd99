/**
 * Rows of HorizontalPodAutoscalers and Scales. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go formatHPAMetrics
 */
import {
  AGE,
  ageOf,
  integer,
  NAME,
  nameOf,
  NONE,
  type Printer,
  text,
} from '#api/columns/printer.ts'
import type { Scale } from '#api/types/autoscaling-v1.ts'
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '#api/types/autoscaling-v2.ts'

const UNKNOWN = '<unknown>'
const SHOWN_MAX = 2

const percent = (value: number | undefined, none: string): string =>
  value === undefined ? none : `${value}%`

/** Metrics of whole objects: a value, or one per pod. */
function objectMetric(target: MetricTarget, current: MetricValueStatus | undefined): string {
  return target.averageValue === undefined
    ? `${current?.value ?? UNKNOWN}/${target.value ?? UNKNOWN}`
    : `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`
}

function resourceMetric(
  name: string,
  target: MetricTarget,
  current: MetricValueStatus | undefined,
): string {
  return target.averageValue === undefined
    ? `${name}: ${percent(current?.averageUtilization, UNKNOWN)}/${percent(target.averageUtilization, '<auto>')}`
    : `${name}: ${current?.averageValue ?? UNKNOWN}/${target.averageValue}`
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  const { external, pods, object, resource, containerResource } = spec
  if (external !== undefined) return objectMetric(external.target, status?.external?.current)
  if (pods !== undefined) {
    return `${status?.pods?.current.averageValue ?? UNKNOWN}/${pods.target.averageValue ?? UNKNOWN}`
  }
  if (object !== undefined) return objectMetric(object.target, status?.object?.current)
  if (resource !== undefined) {
    return resourceMetric(resource.name, resource.target, status?.resource?.current)
  }
  if (containerResource === undefined) return '<unknown type>'
  const { name, target } = containerResource
  return resourceMetric(name, target, status?.containerResource?.current)
}

function metricsText({ spec, status }: HorizontalPodAutoscaler): string {
  const { metrics = [] } = spec
  if (metrics.length === 0) return NONE
  const texts = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index]))
  const shown = texts.slice(0, SHOWN_MAX).join(', ')
  return texts.length > SHOWN_MAX ? `${shown} + ${texts.length - SHOWN_MAX} more...` : shown
}

const autoscalerPrinter: Printer = {
  columns: [
    NAME,
    text('Reference', 'What is scaled.'),
    text('Targets', 'Metrics as they are, and as they should be.'),
    text('MinPods', 'Fewest pods.'),
    text('MaxPods', 'Most pods.'),
    text('Replicas', 'Pods at present.'),
    AGE,
  ],
  cells(autoscaler: HorizontalPodAutoscaler, now: number) {
    const { spec, status } = autoscaler
    return [
      nameOf(autoscaler),
      `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
      metricsText(autoscaler),
      String(spec.minReplicas ?? '<unset>'),
      spec.maxReplicas,
      status?.currentReplicas ?? 0,
      ageOf(autoscaler, now),
    ]
  },
}

export const scalePrinter: Printer = {
  columns: [
    { ...NAME, format: '' },
    integer('Desired', 'Replicas that are wanted.'),
    integer('Available', 'Replicas that there are.'),
    AGE,
  ],
  cells: (scale: Scale, now: number) => [
    nameOf(scale),
    scale.spec?.replicas ?? 0,
    scale.status?.replicas ?? 0,
    ageOf(scale, now),
  ],
}

export const AUTOSCALING_PRINTERS: Readonly<Record<string, Printer>> = {
  'horizontalpodautoscalers.autoscaling': autoscalerPrinter,
}
