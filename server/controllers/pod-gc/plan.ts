/**
 * Decides which pods nobody else will ever take away. Pure.
 *
 *   bound to a node that is gone                     -> Failed, then deleted without grace
 *   being deleted, and never bound to any node       -> deleted without grace
 *   more than TERMINATED_MAX pods at their end       -> the oldest are deleted
 *
 * Source: kubernetes pkg/controller/podgc/gc_controller.go
 */
import type { Pod } from '#api/types/core-v1.ts'
import { isTerminal, isTerminating } from '../pods.ts'

export const TERMINATED_MAX = 12_500

export interface PodRemoval {
  readonly kind: 'orphaned' | 'unscheduled' | 'terminated'
  readonly pod: Pod
}

const createdMs = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp ?? '') || 0

/** `isNodeGone` must have been true for a while: a node's cache may lag behind its pods'. */
export function planRemovals(
  pods: readonly Pod[],
  isNodeGone: (name: string) => boolean,
  terminatedMax: number,
): readonly PodRemoval[] {
  const removals: PodRemoval[] = []
  const terminated: Pod[] = []
  for (const pod of pods) {
    const nodeName = pod.spec?.nodeName ?? ''
    if (nodeName !== '' && isNodeGone(nodeName)) removals.push({ kind: 'orphaned', pod })
    else if (nodeName === '' && isTerminating(pod)) removals.push({ kind: 'unscheduled', pod })
    else if (isTerminal(pod) && !isTerminating(pod)) terminated.push(pod)
  }
  const surplus = terminated
    .sort((left, right) => createdMs(left) - createdMs(right))
    .slice(0, Math.max(0, terminated.length - terminatedMax))
  return [...removals, ...surplus.map((pod): PodRemoval => ({ kind: 'terminated', pod }))]
}
