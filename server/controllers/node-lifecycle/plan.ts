/**
 * Decides what a node's silence, conditions and taints mean. Pure.
 *
 *   Lease and status silent for GRACE_MS      -> Ready and pressure conditions become Unknown
 *   Ready False / Unknown                     -> taints not-ready / unreachable, NoSchedule and NoExecute
 *   pressure conditions, spec.unschedulable   -> their NoSchedule taints
 *   NoExecute taint a pod does not stand      -> the pod is deleted, after its tolerationSeconds
 *
 * Silence is measured by this server's own clock, from when it last saw a sign of life: skewed node clocks do no
 * harm, and grace starts anew when the server starts.
 * Source: kubernetes pkg/controller/nodelifecycle/node_lifecycle_controller.go, pkg/controller/tainteviction
 */
import { rfc3339 } from '#api/time.ts'
import type { Node, NodeCondition, Pod, Taint } from '#api/types/core-v1.ts'
import { staysMs } from '../tolerations.ts'

export const GRACE_MS = 50_000
/** A node that never reported gets longer to come up. */
export const STARTUP_GRACE_MS = 60_000

const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'

/** Conditions the kubelet posts; all become Unknown when it falls silent. */
const POSTED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const

/** Condition and status to the NoSchedule taint they mean. */
const CONDITION_TAINTS: readonly (readonly [string, string, string])[] = [
  ['Ready', 'False', NOT_READY],
  ['Ready', 'Unknown', UNREACHABLE],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
]
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'

/** Taints this controller puts on and takes off; all others are somebody else's. */
const MANAGED: readonly { readonly key: string; readonly effect: Taint['effect'] }[] = [
  ...CONDITION_TAINTS.map(([, , key]) => ({ key, effect: 'NoSchedule' as const })),
  { key: UNSCHEDULABLE, effect: 'NoSchedule' },
  { key: NOT_READY, effect: 'NoExecute' },
  { key: UNREACHABLE, effect: 'NoExecute' },
]

const conditionOf = (node: Node, type: string): NodeCondition | undefined =>
  node.status?.conditions?.find(condition => condition.type === type)

export const readyStatus = (node: Node): string => conditionOf(node, 'Ready')?.status ?? 'Unknown'

/** The conditions of a silent node, or undefined when they already say so. */
export function silentConditions(node: Node, nowMs: number): readonly NodeCondition[] | undefined {
  const before = node.status?.conditions ?? []
  const stamp = rfc3339(nowMs)
  const posted = POSTED.map((type): NodeCondition => {
    const existing = conditionOf(node, type)
    if (existing === undefined) {
      const created = node.metadata.creationTimestamp
      return {
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        ...(created === undefined ? {} : { lastHeartbeatTime: created }),
        lastTransitionTime: stamp,
      }
    }
    if (existing.status === 'Unknown') return existing
    return {
      ...existing,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: stamp,
    }
  })
  const isSame = posted.every(condition => before.includes(condition))
  if (isSame) return undefined
  const others = before.filter(({ type }) => !POSTED.some(known => known === type))
  return [...posted, ...others]
}

/** The taints a node should bear, others' taints first; undefined when it bears them. */
export function planTaints(node: Node, nowMs: number): readonly Taint[] | undefined {
  const before = node.spec?.taints ?? []
  const wanted: Taint[] = []
  for (const [type, status, key] of CONDITION_TAINTS) {
    if (conditionOf(node, type)?.status === status) wanted.push({ key, effect: 'NoSchedule' })
  }
  if (node.spec?.unschedulable === true) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' })
  const ready = conditionOf(node, 'Ready')?.status
  const timeAdded = rfc3339(nowMs)
  if (ready === 'False') wanted.push({ key: NOT_READY, effect: 'NoExecute', timeAdded })
  if (ready === 'Unknown') wanted.push({ key: UNREACHABLE, effect: 'NoExecute', timeAdded })
  const isAlike = (
    left: Pick<Taint, 'key' | 'effect'>,
    right: Pick<Taint, 'key' | 'effect'>,
  ): boolean => left.key === right.key && left.effect === right.effect
  // A node that has not yet spoken keeps the taint it registered with.
  const isUnheard = ready === undefined
  const kept = before.filter(
    taint =>
      !MANAGED.some(managed => isAlike(managed, taint)) ||
      wanted.some(next => isAlike(next, taint)) ||
      (isUnheard && taint.key === NOT_READY),
  )
  const added = wanted.filter(taint => !before.some(existing => isAlike(existing, taint)))
  return added.length === 0 && kept.length === before.length ? undefined : [...kept, ...added]
}

/** When a pod must leave its node, by the clock that `firstSeenMs` was read from; 0 = now, undefined = it may stay. */
export function evictionTimeMs(pod: Pod, node: Node, firstSeenMs: number): number | undefined {
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
  if (taints.length === 0 || pod.metadata.deletionTimestamp !== undefined) return undefined
  const stays = staysMs(pod.spec?.tolerations ?? [], taints)
  if (stays === Number.POSITIVE_INFINITY) return undefined
  return stays === 0 ? 0 : firstSeenMs + stays
}

const DISRUPTED_SHARE = 0.55
const DISRUPTED_LEAST = 3

/**
 * Whether so many nodes are silent that it is rather this server that is cut off: then nobody loses pods for silence.
 * Source: node_lifecycle_controller.go ComputeZoneState, for clusters of up to 50 nodes. Differs: larger ones wait as
 * well, where upstream slows down; zones are not told apart.
 */
export function isDisrupted(nodes: readonly Node[]): boolean {
  const silent = nodes.filter(node => readyStatus(node) !== 'True').length
  if (silent === 0) return false
  return (
    silent === nodes.length ||
    (silent >= DISRUPTED_LEAST && silent / nodes.length >= DISRUPTED_SHARE)
  )
}

/** The node without the taint of its silence. */
export const asIfReachable = (node: Node): Node => ({
  ...node,
  spec: {
    ...node.spec,
    taints: (node.spec?.taints ?? []).filter(({ key }) => key !== UNREACHABLE),
  },
})

/** The pod's conditions once its node is not ready: Ready turns False; undefined when there is nothing to turn. */
export function unreadyConditions(
  pod: Pod,
  nowMs: number,
): NonNullable<Pod['status']>['conditions'] {
  const before = pod.status?.conditions ?? []
  const ready = before.find(({ type }) => type === 'Ready')
  if (ready === undefined || ready.status === 'False') return undefined
  const turned = { ...ready, status: 'False', lastTransitionTime: rfc3339(nowMs) }
  return before.map(condition => (condition === ready ? turned : condition))
}
