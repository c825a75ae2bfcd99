/**
 * Which pods a ReplicaSet gives up first when it has too many: an ordered table, the first difference decides. Pure.
 * Source: kubernetes pkg/controller/controller_utils.go ActivePodsWithRanks.Less
 */
import type { Pod } from '#api/types/core-v1.ts'
import { isReady, readySinceMs } from '../pods.ts'

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

export interface Ranked {
  readonly pod: Pod
  /** Active pods of the same workload on the same node: doubled-up ones go first. */
  readonly neighbours: number
}

/** Negative: `left` goes first. */
type Rule = (left: Ranked, right: Ranked, nowMs: number) => number

const phaseRank = (pod: Pod): number => {
  const phase = pod.status?.phase ?? 'Pending'
  return phase === 'Pending' ? 0 : phase === 'Unknown' ? 1 : 2
}

const costOf = (pod: Pod): number => {
  const cost = Number.parseInt(pod.metadata.annotations?.[DELETION_COST] ?? '0', 10)
  return Number.isNaN(cost) ? 0 : cost
}

const restartsOf = (pod: Pod): number =>
  (pod.status?.containerStatuses ?? []).reduce(
    (most, status) => Math.max(most, status.restartCount),
    0,
  )

/** Ages on a logarithmic scale, so that pods of about the same age are told apart by the next rule. */
const ageRank = (sinceMs: number, nowMs: number): number =>
  Math.floor(Math.log2(Math.max(1, nowMs - sinceMs)))

const createdMs = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp ?? '') || 0
const isUnassigned = (pod: Pod): boolean => (pod.spec?.nodeName ?? '') === ''

const RULES: readonly Rule[] = [
  (left, right) => Number(isUnassigned(right.pod)) - Number(isUnassigned(left.pod)),
  (left, right) => phaseRank(left.pod) - phaseRank(right.pod),
  (left, right) => Number(isReady(left.pod)) - Number(isReady(right.pod)),
  (left, right) => costOf(left.pod) - costOf(right.pod),
  (left, right) => right.neighbours - left.neighbours,
  // Ready for a shorter time goes first.
  (left, right, nowMs) =>
    ageRank(readySinceMs(left.pod) ?? nowMs, nowMs) -
    ageRank(readySinceMs(right.pod) ?? nowMs, nowMs),
  (left, right) => restartsOf(right.pod) - restartsOf(left.pod),
  // Younger goes first.
  (left, right, nowMs) =>
    ageRank(createdMs(left.pod), nowMs) - ageRank(createdMs(right.pod), nowMs),
  (left, right) => ((left.pod.metadata.uid ?? '') < (right.pod.metadata.uid ?? '') ? -1 : 1),
]

/** The pods in the order of their going. `related` are all pods of the same workload, for the neighbours. */
export function inDeletionOrder(
  pods: readonly Pod[],
  related: readonly Pod[],
  nowMs: number,
): readonly Pod[] {
  const perNode = new Map<string, number>()
  for (const pod of related) {
    const node = pod.spec?.nodeName ?? ''
    if (node !== '') perNode.set(node, (perNode.get(node) ?? 0) + 1)
  }
  const ranked = pods.map(pod => ({ pod, neighbours: perNode.get(pod.spec?.nodeName ?? '') ?? 0 }))
  return ranked
    .sort((left, right) => {
      for (const rule of RULES) {
        const difference = rule(left, right, nowMs)
        if (difference !== 0) return difference
      }
      return 0
    })
    .map(({ pod }) => pod)
}
