/**
 * Metrics of autoscalers: the shape of autoscaling/v1 annotations, v2alpha1 and v2beta1, and that of v2. Pure.
 * Source: kubernetes pkg/apis/autoscaling/v2beta1/conversion.go
 */
import { defined } from './fields.ts'
import { type Fields, recordOf } from '#api/values.ts'

type Change = (source: Fields) => Fields

const identifier = (name: unknown, selector: unknown): Fields => defined({ name, selector })

/** By what a target gives: its type follows. */
const target = (value: unknown, averageValue: unknown, averageUtilization?: unknown): Fields =>
  defined({
    type:
      averageUtilization !== undefined
        ? 'Utilization'
        : averageValue === undefined && value !== undefined
          ? 'Value'
          : 'AverageValue',
    value,
    averageValue,
    averageUtilization,
  })

const current = (value: unknown, averageValue: unknown, averageUtilization?: unknown): Fields =>
  defined({ value, averageValue, averageUtilization })

const ofResource: Change = source =>
  defined({
    name: source['name'],
    container: source['container'],
    target: target(undefined, source['targetAverageValue'], source['targetAverageUtilization']),
  })

const SPECS: Readonly<Record<string, Change>> = {
  object: source => ({
    describedObject: source['target'],
    metric: identifier(source['metricName'], source['selector']),
    target: target(source['targetValue'], source['averageValue']),
  }),
  pods: source => ({
    metric: identifier(source['metricName'], source['selector']),
    target: target(undefined, source['targetAverageValue']),
  }),
  resource: ofResource,
  containerResource: ofResource,
  external: source => ({
    metric: identifier(source['metricName'], source['metricSelector']),
    target: target(source['targetValue'], source['targetAverageValue']),
  }),
}

const resourceStatus: Change = source =>
  defined({
    name: source['name'],
    container: source['container'],
    current: current(undefined, source['currentAverageValue'], source['currentAverageUtilization']),
  })

const STATUSES: Readonly<Record<string, Change>> = {
  object: source => ({
    describedObject: source['target'],
    metric: identifier(source['metricName'], source['selector']),
    current: current(source['currentValue'], source['averageValue']),
  }),
  pods: source => ({
    metric: identifier(source['metricName'], source['selector']),
    current: current(undefined, source['currentAverageValue']),
  }),
  resource: resourceStatus,
  containerResource: resourceStatus,
  external: source => ({
    metric: identifier(source['metricName'], source['metricSelector']),
    current: current(source['currentValue'], source['currentAverageValue']),
  }),
}

/** The parts of a v2 metric, whichever of target and current it has. */
function partsOf(source: Fields) {
  const { name, selector } = recordOf(source['metric'])
  const { value, averageValue, averageUtilization } = recordOf(
    source['target'] ?? source['current'],
  )
  return { name, selector, value, averageValue, averageUtilization }
}

/** Old quantities that are required show as zero. */
const ZERO = '0'

const oldResource: Change = source => {
  const { averageValue, averageUtilization } = partsOf(source)
  return defined({
    name: source['name'],
    container: source['container'],
    targetAverageUtilization: averageUtilization,
    targetAverageValue: averageValue,
  })
}

const OLD_SPECS: Readonly<Record<string, Change>> = {
  object: source => {
    const { name, selector, value, averageValue } = partsOf(source)
    return defined({
      target: source['describedObject'],
      metricName: name,
      targetValue: value ?? ZERO,
      selector,
      averageValue,
    })
  },
  pods: source => {
    const { name, selector, averageValue } = partsOf(source)
    return defined({ metricName: name, targetAverageValue: averageValue ?? ZERO, selector })
  },
  resource: oldResource,
  containerResource: oldResource,
  external: source => {
    const { name, selector, value, averageValue } = partsOf(source)
    return defined({
      metricName: name,
      metricSelector: selector,
      targetValue: value,
      targetAverageValue: averageValue,
    })
  },
}

const oldResourceStatus: Change = source => {
  const { averageValue, averageUtilization } = partsOf(source)
  return defined({
    name: source['name'],
    container: source['container'],
    currentAverageUtilization: averageUtilization,
    currentAverageValue: averageValue ?? ZERO,
  })
}

const OLD_STATUSES: Readonly<Record<string, Change>> = {
  object: source => {
    const { name, selector, value, averageValue } = partsOf(source)
    return defined({
      target: source['describedObject'],
      metricName: name,
      currentValue: value ?? ZERO,
      selector,
      averageValue,
    })
  },
  pods: source => {
    const { name, selector, averageValue } = partsOf(source)
    return defined({ metricName: name, currentAverageValue: averageValue ?? ZERO, selector })
  },
  resource: oldResourceStatus,
  containerResource: oldResourceStatus,
  external: source => {
    const { name, selector, value, averageValue } = partsOf(source)
    return defined({
      metricName: name,
      metricSelector: selector,
      currentValue: value ?? ZERO,
      currentAverageValue: averageValue,
    })
  },
}

const converted =
  (changes: Readonly<Record<string, Change>>) =>
  (metric: Fields): Fields =>
    Object.fromEntries(
      Object.entries(metric).map(([name, value]) => {
        const change = changes[name]
        return [name, change === undefined ? value : change(recordOf(value))] as const
      }),
    )

export const metricOf = converted(SPECS)
export const metricStatusOf = converted(STATUSES)
export const oldMetric = converted(OLD_SPECS)
export const oldMetricStatus = converted(OLD_STATUSES)
