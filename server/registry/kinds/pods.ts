/**
 * Pods: born Pending with their quality of service, deleted gracefully by their node. Priority is admission's.
 *
 * Source: kubernetes pkg/registry/core/pod/strategy.go, pkg/registry/core/pod/storage/storage.go
 */
import type { AnyObject } from '#api/object.ts'
import { isTerminalPhase } from '#api/pod-phase.ts'
import { qosClassOf } from '#api/pod-qos.ts'
import { rfc3339 } from '#api/time.ts'
import type { PodSpec } from '#api/types/core-v1.ts'
import { DEFAULT_STRATEGY, type Strategy } from '../strategy.ts'
import { birthConditions, withAppArmor, withLabelKeys } from './pod-births.ts'
import { withoutDisabledFields, withoutDisabledStatus } from './pod-specs.ts'
import { type Fields, isRecord, listOf, recordOf, textOf } from '#api/values.ts'

/** Admission may have said who the pod is: the field's old name says so too. */
function withAlias(pod: AnyObject): AnyObject {
  const spec = recordOf(pod['spec'])
  const { serviceAccountName: name } = spec
  return name === undefined || spec['serviceAccount'] === name
    ? pod
    : { ...pod, spec: { ...spec, serviceAccount: name } }
}

const SPEC = ['spec'] as const

export const podStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  generation: true,
  returnsDeleted: true,
  prepareForCreate(sent, { now, warn }) {
    const admitted = withAlias(withoutDisabledFields(sent, undefined, SPEC))
    const pod = withAppArmor(withLabelKeys(admitted), warn)
    // Decoded: the fields have their types.
    const spec = recordOf(pod['spec']) as Partial<PodSpec> & Fields
    const conditions = birthConditions(spec, rfc3339(now))
    const status = {
      phase: 'Pending',
      ...(conditions.length === 0 ? {} : { conditions }),
      qosClass: qosClassOf(spec),
    }
    return { ...pod, status }
  },
  prepareForUpdate: (pod, old) => withoutDisabledFields(pod, old, SPEC),
  prepareForStatus(pod, old) {
    const before = recordOf(old['status'])
    const sent = recordOf(pod['status'])
    const status = withoutDisabledStatus(withObserved(sent, before), before)
    const { qosClass } = before
    const isUnset = textOf(sent['qosClass']) === '' && qosClass !== undefined
    return { ...pod, status: isUnset ? { ...status, qosClass } : status }
  },
  graceSeconds(pod, asked) {
    const spec = recordOf(pod['spec'])
    if (textOf(spec['nodeName']) === '') return 0
    if (isTerminalPhase(textOf(recordOf(pod['status'])['phase']))) return 0
    const own = spec['terminationGracePeriodSeconds']
    const grace = asked ?? (typeof own === 'number' ? own : 0)
    return grace < 0 ? 1 : grace
  },
}

const GENERATION = 'observedGeneration'

const isSet = (fields: Fields): boolean => (fields[GENERATION] ?? 0) !== 0

/** What has been observed stays observed, whoever leaves it out; conditions of one type are told apart by order. */
function withObserved(status: Fields, before: Fields): Fields {
  const known = new Map<unknown, Fields[]>()
  for (const condition of listOf(before['conditions']).map(recordOf)) {
    known.set(condition['type'], [...(known.get(condition['type']) ?? []), condition])
  }
  const kept = (fields: Fields, old: Fields): Fields =>
    isSet(fields) || !isSet(old) ? fields : { ...fields, [GENERATION]: old[GENERATION] }
  const settled = kept(status, before)
  if (!Array.isArray(status['conditions'])) return settled
  const conditions = status['conditions'].map(recordOf).map(condition => {
    const [old = {}, ...others] = known.get(condition['type']) ?? []
    known.set(condition['type'], others)
    return kept(condition, old)
  })
  return { ...settled, conditions }
}

/** The status with a condition set; the time of its last transition stays while its value does. */
export function withCondition(status: Fields, condition: Fields, now: string): Fields {
  const conditions = listOf(status['conditions'])
  const isSame = (one: unknown): one is Fields => isRecord(one) && one['type'] === condition['type']
  const present = conditions.find(isSame)
  const isKept = present?.['status'] === condition['status']
  const lastTransitionTime = isKept ? present?.['lastTransitionTime'] : now
  const made = { ...condition, lastProbeTime: null, lastTransitionTime }
  return {
    ...status,
    conditions:
      present === undefined
        ? [...conditions, made]
        : conditions.map(one => (one === present ? made : one)),
  }
}

/** The pod with its node, and the condition that says so. */
export function bound(
  pod: AnyObject,
  binding: { readonly nodeName: string; readonly metadata: AnyObject['metadata'] },
  now: string,
): AnyObject {
  const { nominatedNodeName: _nominated, ...status } = recordOf(pod['status'])
  const { labels, annotations } = binding.metadata
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
    status: withCondition(status, { type: 'PodScheduled', status: 'True' }, now),
  }
}
