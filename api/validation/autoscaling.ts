/**
 * HorizontalPodAutoscalers. Pure.
 * Source: kubernetes pkg/apis/autoscaling/validation/validation.go
 */
import { labelFaults, pathSegmentFaults } from '#api/names.ts'
import { compareQuantities } from '#api/quantity.ts'
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '#api/types/autoscaling-v2.ts'
import {
  type Faults,
  forbidden,
  NOT_NEGATIVE,
  refuseNegative,
  required,
  requireFormat,
  unsupported,
  wrong,
} from '#api/validation/fault.ts'
import { validateContainerResourceName } from '#api/validation/quantities.ts'
import type { RuleTable } from '#api/validation/rules.ts'

/** Seconds. */
const WINDOW_MAX = 3600
const PERIOD_MAX = 1800

const isPositive = (quantity: string): boolean => compareQuantities(quantity, '0') > 0

/** What is asked of a spec: whoever has zero replicas, or an API version as it was, keeps the right to. */
interface Leave {
  readonly leastReplicas: number
  /** Of `scaleTargetRef` and of described objects: 'any' API version, one that may be of the core group, or not. */
  readonly target: Versions
  readonly described: Versions
}

type Versions = 'any' | 'core' | 'grouped'

/** The one kind of the core group that scales. */
const CORE_KIND = 'ReplicationController'

const leaveOf = (
  { spec }: HorizontalPodAutoscaler,
  before: HorizontalPodAutoscaler | undefined,
): Leave => ({
  leastReplicas: before?.spec.minReplicas === 0 ? 0 : 1,
  target: targetLeave(spec.scaleTargetRef, before?.spec.scaleTargetRef),
  described: hasBadVersion(before) ? 'any' : 'core',
})

function targetLeave(
  { kind, apiVersion }: CrossVersionObjectReference,
  old: CrossVersionObjectReference | undefined,
): Versions {
  if (old?.kind === kind && (old.apiVersion ?? '') === (apiVersion ?? '')) return 'any'
  return kind === CORE_KIND ? 'core' : 'grouped'
}

const hasBadVersion = (before: HorizontalPodAutoscaler | undefined): boolean =>
  (before?.spec.metrics ?? []).some(
    ({ type, object }) =>
      type === 'Object' &&
      object !== undefined &&
      versionFault(object.describedObject.apiVersion ?? '', 'core') !== undefined,
  )

function versionFault(apiVersion: string, versions: Versions): string | undefined {
  if (versions === 'any') return undefined
  const parts = apiVersion === '/' ? [] : apiVersion.split('/')
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`
  const hasGroup = parts.length === 2 && parts[0] !== ''
  return hasGroup || versions === 'core' ? undefined : 'apiVersion must specify API group'
}

function validateSpec(
  faults: Faults,
  { spec }: HorizontalPodAutoscaler,
  { leastReplicas, target, described }: Leave,
): void {
  const { minReplicas, maxReplicas, metrics = [], behavior } = spec
  if (minReplicas !== undefined && minReplicas < leastReplicas) {
    const detail = `must be greater than or equal to ${leastReplicas}`
    faults.push(wrong('spec.minReplicas', minReplicas, detail))
  }
  if (maxReplicas === 0) {
    faults.push(required('spec.maxReplicas', 'must be set and greater than 0'))
  } else if (maxReplicas < 0) {
    faults.push(wrong('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'))
  }
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    const detail = 'must be greater than or equal to `minReplicas`'
    faults.push(wrong('spec.maxReplicas', maxReplicas, detail))
  }
  validateReference(faults, 'spec.scaleTargetRef', spec.scaleTargetRef, target)
  for (const [index, metric] of metrics.entries()) {
    validateMetric(faults, `spec.metrics[${index}]`, metric, described)
  }
  const fromOutside = metrics.some(({ type }) => type === 'Object' || type === 'External')
  if (minReplicas === 0 && !fromOutside) {
    const detail =
      'must specify at least one Object or External metric to support scaling to zero replicas'
    faults.push(forbidden('spec.metrics', detail))
  }
  for (const name of ['scaleUp', 'scaleDown'] as const) {
    const rules = behavior?.[name]
    if (rules !== undefined) validateRules(faults, `spec.behavior.${name}`, rules)
  }
}

function validateReference(
  faults: Faults,
  field: string,
  { kind, name, apiVersion = '' }: CrossVersionObjectReference,
  versions: Versions,
): void {
  requireFormat(faults, `${field}.kind`, kind, pathSegmentFaults)
  requireFormat(faults, `${field}.name`, name, pathSegmentFaults)
  const detail = versionFault(apiVersion, versions)
  if (detail !== undefined) faults.push(wrong(`${field}.apiVersion`, apiVersion, detail))
}

function validateRules(faults: Faults, field: string, rules: HPAScalingRules): void {
  const { stabilizationWindowSeconds: seconds = 0, selectPolicy, policies = [], tolerance } = rules
  const place = `${field}.stabilizationWindowSeconds`
  if (seconds < 0) faults.push(wrong(place, seconds, 'must be greater than or equal to zero'))
  if (seconds > WINDOW_MAX) {
    faults.push(wrong(place, seconds, `must be less than or equal to ${WINDOW_MAX}`))
  }
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy)) {
    faults.push(unsupported(`${field}.selectPolicy`, selectPolicy, SELECT_POLICIES))
  }
  if (policies.length === 0) {
    faults.push(required(`${field}.policies`, 'must specify at least one Policy'))
  }
  for (const [index, policy] of policies.entries()) {
    validatePolicy(faults, `${field}.policies[${index}]`, policy)
  }
  if (tolerance !== undefined && compareQuantities(tolerance, '0') < 0) {
    faults.push(wrong(`${field}.tolerance`, tolerance, NOT_NEGATIVE))
  }
}

const SELECT_POLICIES: readonly string[] = ['Disabled', 'Max', 'Min']
const POLICY_TYPES: readonly string[] = ['Percent', 'Pods']

function validatePolicy(faults: Faults, field: string, policy: HPAScalingPolicy): void {
  const { type, value, periodSeconds } = policy
  if (!POLICY_TYPES.includes(type)) faults.push(unsupported(`${field}.type`, type, POLICY_TYPES))
  for (const [name, number] of Object.entries({ value, periodSeconds })) {
    if (number <= 0) faults.push(wrong(`${field}.${name}`, number, 'must be greater than zero'))
  }
  if (periodSeconds > PERIOD_MAX) {
    const detail = `must be less than or equal to ${PERIOD_MAX}`
    faults.push(wrong(`${field}.periodSeconds`, periodSeconds, detail))
  }
}

type Source = 'object' | 'external' | 'pods' | 'resource' | 'containerResource'

const SOURCE_OF: ReadonlyMap<string, Source> = new Map(
  Object.entries({
    ContainerResource: 'containerResource',
    External: 'external',
    Object: 'object',
    Pods: 'pods',
    Resource: 'resource',
  } as const),
)
const METRIC_TYPES = [...SOURCE_OF.keys()]

/** In the order upstream looks at them. */
const SOURCES: readonly Source[] = ['object', 'external', 'pods', 'resource', 'containerResource']

function validateMetric(
  faults: Faults,
  field: string,
  metric: MetricSpec,
  described: Versions,
): void {
  const { type } = metric
  if (type === '') faults.push(required(`${field}.type`, 'must specify a metric source type'))
  const expected = SOURCE_OF.get(type)
  if (expected === undefined) faults.push(unsupported(`${field}.type`, type, METRIC_TYPES))
  const [first, ...others] = SOURCES.filter(source => metric[source] !== undefined)
  if (first !== undefined) {
    if (metric.object !== undefined && first === 'object') {
      const place = `${field}.object.describedObject`
      validateReference(faults, place, metric.object.describedObject, described)
    }
    validateSource(faults, `${field}.${first}`, first, metric)
  }
  if (expected === undefined) faults.push(unsupported(`${field}.type`, type, METRIC_TYPES))
  else if (metric[expected] === undefined) {
    const detail = 'must populate information for the given metric source'
    faults.push(required(`${field}.${expected}`, detail))
  }
  if (first === undefined || others.length === 0) return
  for (const source of [first, ...others]) {
    if (source === expected) continue
    faults.push(forbidden(`${field}.${source}`, 'must populate the given metric source only'))
  }
}

function validateSource(faults: Faults, field: string, source: Source, metric: MetricSpec): void {
  const { object, external, pods, resource, containerResource } = metric
  if (source === 'object' && object !== undefined) {
    validateIdentified(faults, field, object)
    const { value, averageValue } = object.target
    if (value === undefined && averageValue === undefined) {
      const detail = 'must set either a target value or averageValue'
      faults.push(required(`${field}.target.averageValue`, detail))
    }
  } else if (source === 'external' && external !== undefined) {
    validateExternal(faults, field, external)
  } else if (source === 'pods' && pods !== undefined) {
    validateIdentified(faults, field, pods)
    if (pods.target.averageValue === undefined) {
      const detail = 'must specify a positive target averageValue'
      faults.push(required(`${field}.target.averageValue`, detail))
    }
  } else if (source === 'resource' && resource !== undefined) {
    validateResource(faults, field, resource)
  } else if (containerResource !== undefined) {
    const { container, name } = containerResource
    if (name === '') faults.push(required(`${field}.name`, 'must specify a resource name'))
    else validateContainerResourceName(faults, `${field}.name`, name)
    if (container === '') faults.push(required(`${field}.container`, 'must specify a container'))
    else requireFormat(faults, `${field}.container`, container, labelFaults)
    validateUsage(faults, field, containerResource)
  }
}

interface Identified {
  readonly metric: MetricIdentifier
  readonly target: MetricTarget
}

function validateIdentified(faults: Faults, field: string, { metric, target }: Identified): void {
  const place = `${field}.metric.name`
  if (metric.name === '') faults.push(required(place, 'must specify a metric name'))
  else requireFormat(faults, place, metric.name, pathSegmentFaults)
  validateTarget(faults, `${field}.target`, target)
}

function validateExternal(faults: Faults, field: string, external: Identified): void {
  validateIdentified(faults, field, external)
  const { value, averageValue } = external.target
  if (value === undefined && averageValue === undefined) {
    const detail = 'must set either a target value for metric or a per-pod target'
    faults.push(required(`${field}.target.averageValue`, detail))
  } else if (value !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target value for metric and a per-pod target'
    faults.push(forbidden(`${field}.target.value`, detail))
  }
}

function validateResource(
  faults: Faults,
  field: string,
  { name, target }: { readonly name: string; readonly target: MetricTarget },
): void {
  if (name === '') faults.push(required(`${field}.name`, 'must specify a resource name'))
  validateUsage(faults, field, { target })
}

function validateUsage(
  faults: Faults,
  field: string,
  { target }: { readonly target: MetricTarget },
): void {
  validateTarget(faults, `${field}.target`, target)
  const { averageUtilization, averageValue } = target
  if (averageUtilization === undefined && averageValue === undefined) {
    const detail = 'must set either a target raw value or a target utilization'
    faults.push(required(`${field}.target.averageUtilization`, detail))
  } else if (averageUtilization !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target raw value and a target utilization'
    faults.push(forbidden(`${field}.target.averageValue`, detail))
  }
}

const TARGET_TYPES: readonly string[] = ['Utilization', 'Value', 'AverageValue']

function validateTarget(faults: Faults, field: string, target: MetricTarget): void {
  const { type, value, averageValue, averageUtilization = 1 } = target
  if (type === '') faults.push(required(`${field}.type`, 'must specify a metric target type'))
  if (!TARGET_TYPES.includes(type)) {
    const detail = 'must be either Utilization, Value, or AverageValue'
    faults.push(wrong(`${field}.type`, type, detail))
  }
  for (const [name, quantity] of Object.entries({ value, averageValue })) {
    if (quantity === undefined || isPositive(quantity)) continue
    faults.push(wrong(`${field}.${name}`, quantity, 'must be positive'))
  }
  if (averageUtilization < 1) {
    const detail = 'must be greater than 0'
    faults.push(wrong(`${field}.averageUtilization`, averageUtilization, detail))
  }
}

export const AUTOSCALING_RULES: RuleTable = {
  'horizontalpodautoscalers.autoscaling': {
    create: (faults, autoscaler: HorizontalPodAutoscaler) =>
      validateSpec(faults, autoscaler, leaveOf(autoscaler, undefined)),
    update: (faults, autoscaler: HorizontalPodAutoscaler, before: HorizontalPodAutoscaler) =>
      validateSpec(faults, autoscaler, leaveOf(autoscaler, before)),
    status(faults, { status }: HorizontalPodAutoscaler) {
      refuseNegative(faults, 'status.currentReplicas', status?.currentReplicas)
      refuseNegative(faults, 'status.desiredReplicas', status?.desiredReplicas)
    },
  },
}
