/**
 * HorizontalPodAutoscalers of autoscaling/v1, v2alpha1 and v2beta1 (v2beta2 has the fields of v2). Pure.
 * What a version has no field for is kept in annotations, in upstream's form; those are gone in the stored form.
 * Source: kubernetes pkg/apis/autoscaling/{v1,v2beta1}/conversion.go, pkg/apis/autoscaling/annotations.go
 */
import { parsedAnnotation, withAnnotations, withoutAnnotations } from './annotations.ts'
import type { Conversion } from './conversion.ts'
import { changed, defined, mapped } from './fields.ts'
import { metricOf, metricStatusOf, oldMetric, oldMetricStatus } from './metrics.ts'
import { type Fields, isRecord, listOf, recordOf, without } from '#api/values.ts'

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics'
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics'
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions'
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior'
const ALL = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR] as const

/** Upstream's annotation holds Go's own field names; its reader takes either case. */
const recased = (value: unknown, recase: (name: string) => string): unknown => {
  if (Array.isArray(value)) return value.map((item: unknown) => recased(item, recase))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(entries.map(([name, item]) => [recase(name), recased(item, recase)]))
}

const upper = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1)
const lower = (name: string): string => name.slice(0, 1).toLowerCase() + name.slice(1)

/** Undefined when the annotation is missing, unreadable or says nothing. */
function behaviorOf(object: Fields): Fields | undefined {
  const behavior = recordOf(recased(parsedAnnotation(object, BEHAVIOR), lower))
  return Object.keys(behavior).length === 0 ? undefined : behavior
}

const json = (value: unknown): string | undefined =>
  value === undefined || (Array.isArray(value) && value.length === 0)
    ? undefined
    : JSON.stringify(value)

/** Rules say what they do not set, in the order of upstream's program. */
const rulesText = (rules: unknown): unknown => {
  if (rules === undefined) return null
  const { stabilizationWindowSeconds, selectPolicy, policies, tolerance } = recordOf(rules)
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds ?? null,
    SelectPolicy: selectPolicy ?? null,
    Policies: recased(policies, upper) ?? null,
    Tolerance: tolerance ?? null,
  }
}

const behaviorText = ({ behavior }: Fields): string | undefined =>
  isRecord(behavior)
    ? json({
        ScaleUp: rulesText(behavior['scaleUp']),
        ScaleDown: rulesText(behavior['scaleDown']),
      })
    : undefined

const isCpuUtilization = (metric: unknown): boolean => {
  const { type, resource } = recordOf(metric)
  const { name, target, current } = recordOf(resource)
  const measured = recordOf(target ?? current)['averageUtilization']
  return type === 'Resource' && name === 'cpu' && measured !== undefined
}

const cpuMetric = (utilization: unknown): readonly unknown[] =>
  utilization === undefined
    ? []
    : [
        {
          type: 'Resource',
          resource: {
            name: 'cpu',
            target: { type: 'Utilization', averageUtilization: utilization },
          },
        },
      ]

const FIRST_METRICS = 'targetCPUUtilizationPercentage'
const FIRST_CURRENT = 'currentCPUUtilizationPercentage'

function fromFirst(object: Fields): Fields {
  const spec = recordOf(object['spec'])
  const status = recordOf(object['status'])
  const others = listOf(parsedAnnotation(object, METRICS)).map(metric => metricOf(recordOf(metric)))
  const metrics = [...others, ...cpuMetric(spec[FIRST_METRICS])]
  const current = parsedAnnotation(object, CURRENT_METRICS)
  const measured = status[FIRST_CURRENT]
  const currentMetrics = Array.isArray(current)
    ? mapped(current, metricStatusOf)
    : measured === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: measured } } }]
  const conditions = parsedAnnotation(object, CONDITIONS)
  const stored = defined({
    ...without(spec, FIRST_METRICS),
    metrics: metrics.length === 0 ? undefined : metrics,
    behavior: behaviorOf(object),
  })
  // An apply of metadata alone says nothing of the spec, and shall not own it.
  const isSaid = 'spec' in object || Object.keys(stored).length > 0
  return withoutAnnotations(
    {
      ...object,
      ...(isSaid ? { spec: stored } : {}),
      status: defined({
        ...without(status, FIRST_CURRENT),
        currentMetrics,
        conditions: Array.isArray(conditions) ? conditions : undefined,
      }),
    },
    ...ALL,
  )
}

function toFirst(object: Fields): Fields {
  const spec = recordOf(object['spec'])
  const status = recordOf(object['status'])
  const metrics = listOf(spec['metrics'])
  const currentMetrics = listOf(status['currentMetrics'])
  const cpu = recordOf(recordOf(metrics.find(isCpuUtilization))['resource'])
  const used = recordOf(recordOf(currentMetrics.find(isCpuUtilization))['resource'])
  const others = metrics.filter(metric => !isCpuUtilization(metric))
  return withAnnotations(
    {
      ...object,
      spec: defined({
        ...without(spec, 'metrics', 'behavior'),
        [FIRST_METRICS]: recordOf(cpu['target'])['averageUtilization'],
      }),
      status: defined({
        ...without(status, 'currentMetrics', 'conditions'),
        [FIRST_CURRENT]: recordOf(used['current'])['averageUtilization'],
      }),
    },
    {
      [METRICS]: json(others.map(metric => oldMetric(recordOf(metric)))),
      [CURRENT_METRICS]: json(currentMetrics.map(metric => oldMetricStatus(recordOf(metric)))),
      [CONDITIONS]: json(listOf(status['conditions'])),
      [BEHAVIOR]: behaviorText(spec),
    },
  )
}

export const AUTOSCALER_V1: Conversion = { toStorage: fromFirst, fromStorage: toFirst }

export const AUTOSCALER_BETA: Conversion = {
  toStorage: object =>
    withoutAnnotations(
      changed(
        changed(object, 'spec', spec =>
          defined({
            ...spec,
            metrics: mapped(spec['metrics'], metricOf),
            behavior: behaviorOf(object),
          }),
        ),
        'status',
        status =>
          defined({ ...status, currentMetrics: mapped(status['currentMetrics'], metricStatusOf) }),
      ),
      ...ALL,
    ),
  fromStorage: object => {
    const spec = recordOf(object['spec'])
    const shown = {
      ...object,
      spec: defined({
        ...without(spec, 'behavior'),
        metrics: mapped(spec['metrics'], oldMetric),
      }),
    }
    return withAnnotations(
      changed(shown, 'status', status =>
        defined({ ...status, currentMetrics: mapped(status['currentMetrics'], oldMetricStatus) }),
      ),
      { [BEHAVIOR]: behaviorText(spec) },
    )
  },
}

/** Of v2alpha1; metrics of other sources are kept as autoscaling/v1 keeps its own. */
const ALPHA_SOURCES: ReadonlySet<unknown> = new Set(['Object', 'Pods', 'Resource'])
const isAlpha = (metric: unknown): boolean => ALPHA_SOURCES.has(recordOf(metric)['type'])

const LISTS = [
  { part: 'spec', list: 'metrics', annotation: METRICS },
  { part: 'status', list: 'currentMetrics', annotation: CURRENT_METRICS },
] as const

export const AUTOSCALER_ALPHA: Conversion = {
  toStorage: object =>
    AUTOSCALER_BETA.toStorage(
      LISTS.reduce((sent, { part, list, annotation }) => {
        const kept = listOf(parsedAnnotation(object, annotation))
        if (kept.length === 0) return sent
        return changed(sent, part, fields => ({
          ...fields,
          [list]: [...listOf(fields[list]), ...kept],
        }))
      }, object),
    ),
  fromStorage: object =>
    LISTS.reduce((shown, { part, list, annotation }) => {
      const all = listOf(recordOf(shown[part])[list])
      const kept = all.filter(metric => !isAlpha(metric))
      if (kept.length === 0) return shown
      return withAnnotations(
        changed(shown, part, fields => ({ ...fields, [list]: all.filter(isAlpha) })),
        { [annotation]: json(kept) },
      )
    }, AUTOSCALER_BETA.fromStorage(object)),
}
