/**
 * Pods: born Pending with their quality of service and priority, deleted gracefully by their node.
 *
 * Source: kubernetes pkg/registry/core/pod/strategy.go, pkg/apis/core/v1/helper/qos,
 *         plugin/pkg/admission/priority
 */
import type { AnyObject } from '#api/object.ts'
import { parseQuantity } from '#api/quantity.ts'
import { forbidden } from '#api/status.ts'
import type { Cache } from '#server/cache/cache.ts'
import { DEFAULT_STRATEGY, type Strategy, isRecord, listOf, recordOf, textOf } from '../strategy.ts'

const DEFAULT_GRACE_SECONDS = 30
const FINISHED = new Set(['Succeeded', 'Failed'])

export const podStrategy = (
  cache: Pick<Cache, 'get' | 'list'>,
  defaultPriority: () => AnyObject | undefined,
): Strategy => ({
  ...DEFAULT_STRATEGY,
  generation: true,
  returnsDeleted: true,
  prepareForCreate(pod) {
    const spec = withPriority(cache, defaultPriority, pod)
    return { ...pod, spec, status: { phase: 'Pending', qosClass: qosClassOf(spec) } }
  },
  prepareForStatus(pod, old) {
    const qosClass = recordOf(old['status'])['qosClass']
    const status = recordOf(pod['status'])
    return { ...pod, status: { ...status, ...(qosClass === undefined ? {} : { qosClass }) } }
  },
  graceSeconds(pod, asked) {
    const spec = recordOf(pod['spec'])
    if (textOf(spec['nodeName']) === '') return 0
    if (FINISHED.has(textOf(recordOf(pod['status'])['phase']))) return 0
    const own = spec['terminationGracePeriodSeconds']
    const grace = asked ?? (typeof own === 'number' ? own : DEFAULT_GRACE_SECONDS)
    return grace < 0 ? 1 : grace
  },
})

/** Names the cluster's own parts may use without an object behind them. */
const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

function withPriority(
  cache: Pick<Cache, 'get'>,
  defaultPriority: () => AnyObject | undefined,
  pod: AnyObject,
): Readonly<Record<string, unknown>> {
  const spec = recordOf(pod['spec'])
  const name = textOf(spec['priorityClassName'])
  const given =
    name === ''
      ? defaultPriority()
      : cache.get('priorityclasses.scheduling.k8s.io', '', name)?.object()
  const system = SYSTEM_PRIORITIES[name]
  if (name !== '' && given === undefined && system === undefined)
    throw forbidden(
      { group: '', resource: 'pods', name: pod.metadata.name ?? '' },
      `no PriorityClass with name ${name} was found`,
    )
  const priority = given === undefined ? (system ?? 0) : Number(given['value'] ?? 0)
  const className = name === '' ? given?.metadata.name : name
  const asked = spec['priority']
  if (asked !== undefined && asked !== null && asked !== priority)
    throw forbidden(
      { group: '', resource: 'pods', name: pod.metadata.name ?? '' },
      `the integer value of priority (${Number(asked)}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    )
  const policy = textOf(given?.['preemptionPolicy'])
  return {
    ...spec,
    ...(className === undefined ? {} : { priorityClassName: className }),
    priority,
    preemptionPolicy: spec['preemptionPolicy'] ?? (policy === '' ? 'PreemptLowerPriority' : policy),
  }
}

const COUNTED = ['cpu', 'memory'] as const

/** Guaranteed: every container limits cpu and memory and asks for just that. BestEffort: nobody asks anything. */
export function qosClassOf(
  spec: Readonly<Record<string, unknown>>,
): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...listOf(spec['containers']), ...listOf(spec['initContainers'])]
  const resources = containers.map(container => recordOf(recordOf(container)['resources']))
  const demands = resources.map(one => ({
    requests: recordOf(one['requests']),
    limits: recordOf(one['limits']),
  }))
  const isAsking = demands.some(({ requests, limits }) =>
    COUNTED.some(name => isPositive(requests[name]) || isPositive(limits[name])),
  )
  if (!isAsking) return 'BestEffort'
  const isGuaranteed = demands.every(({ requests, limits }) =>
    COUNTED.every(
      name =>
        isPositive(limits[name]) &&
        (requests[name] === undefined || nanosOf(requests[name]) === nanosOf(limits[name])),
    ),
  )
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}

const nanosOf = (value: unknown): bigint => parseQuantity(String(value)).nanos

const isPositive = (value: unknown): boolean => value !== undefined && nanosOf(value) > 0n

/** The pod with its node, and the condition that says so. */
export function bound(
  pod: AnyObject,
  binding: { readonly nodeName: string; readonly metadata: AnyObject['metadata'] },
  now: string,
): AnyObject {
  const status = recordOf(pod['status'])
  const others = listOf(status['conditions']).filter(
    condition => isRecord(condition) && condition['type'] !== 'PodScheduled',
  )
  const { labels, annotations } = binding.metadata
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    observedGeneration: pod.metadata.generation ?? 1,
    lastProbeTime: null,
    lastTransitionTime: now,
  }
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(labels === undefined ? {} : { labels: { ...pod.metadata.labels, ...labels } }),
      ...(annotations === undefined
        ? {}
        : { annotations: { ...pod.metadata.annotations, ...annotations } }),
    },
    spec: { ...recordOf(pod['spec']), nodeName: binding.nodeName },
    status: { ...status, conditions: [...others, scheduled] },
  }
}
