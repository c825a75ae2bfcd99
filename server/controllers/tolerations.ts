/**
 * How long a pod stands the taints of its node. Pure.
 * Source: kubernetes pkg/controller/tainteviction/taint_eviction.go
 */
import { tolerates } from '#api/tolerations.ts'
import type { Taint, Toleration } from '#api/types/core-v1.ts'

/**
 * How long a pod may stay on a node with these NoExecute taints.
 * Returns  0 = go now; Infinity = stay; otherwise milliseconds, counted from the taint's beginning.
 */
export function staysMs(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  let shortest = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    const matching = tolerations.filter(toleration => tolerates(toleration, taint))
    if (matching.length === 0) return 0
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds === undefined) continue
      shortest = Math.min(shortest, Math.max(0, tolerationSeconds) * 1000)
    }
  }
  return shortest
}
