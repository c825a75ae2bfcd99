/**
 * What several controllers ask about a pod. Pure.
 * Source: kubernetes pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go
 */
import { isTerminalPhase } from '#api/pod-phase.ts'
import type { Pod, PodCondition } from '#api/types/core-v1.ts'

export const conditionOf = (pod: Pod, type: string): PodCondition | undefined =>
  pod.status?.conditions?.find(condition => condition.type === type)

/** Ran to its end and will never run again. */
export const isTerminal = (pod: Pod): boolean => isTerminalPhase(pod.status?.phase)

export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined

/** Counts towards a workload's replicas. */
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !isTerminating(pod)

export const isReady = (pod: Pod): boolean => conditionOf(pod, 'Ready')?.status === 'True'

/** Epoch milliseconds since when the pod is ready; undefined when it is not. */
export function readySinceMs(pod: Pod): number | undefined {
  const ready = conditionOf(pod, 'Ready')
  if (ready?.status !== 'True') return undefined
  return ready.lastTransitionTime === undefined ? 0 : Date.parse(ready.lastTransitionTime)
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const sinceMs = readySinceMs(pod)
  if (sinceMs === undefined) return false
  return minReadySeconds === 0 || sinceMs + minReadySeconds * 1000 <= nowMs
}
