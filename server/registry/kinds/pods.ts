/**
 * Pods: born Pending with their quality of service, deleted gracefully by their node. Priority is admission's.
 *
 * Source: kubernetes pkg/registry/core/pod/strategy.go, pkg/apis/core/v1/helper/qos
 */
import type { AnyObject } from '#api/object.ts'
import { parseQuantity } from '#api/quantity.ts'
import { DEFAULT_STRATEGY, type Strategy } from '../strategy.ts'
import { isRecord, listOf, recordOf, textOf } from '#api/values.ts'

const DEFAULT_GRACE_SECONDS = 30
const FINISHED = new Set(['Succeeded', 'Failed'])

export const podStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  generation: true,
  returnsDeleted: true,
  prepareForCreate(pod) {
    return { ...pod, status: { phase: 'Pending', qosClass: qosClassOf(recordOf(pod['spec'])) } }
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
