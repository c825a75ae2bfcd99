/**
 * A node takes a pod only if everything the pod requests is left there; emptier nodes score higher.
 * Source: kubernetes pkg/scheduler/framework/plugins/noderesources/fit.go, least_allocated.go
 */
import { type FilterPlugin, MAX_SCORE, type ScorePlugin } from '../framework.ts'

/** Resources that count in the score, of equal weight. */
const SCORED = ['cpu', 'memory'] as const

export const nodeResourcesFit: FilterPlugin & ScorePlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  wakes: ['node-added', 'node-allocatable', 'pod-removed'],
  filter: ({ requests }, { allocatable, requested, pods }) => {
    const reasons: string[] = []
    let isUnresolvable = false
    if (pods.size + 1 > (allocatable['pods'] ?? 0)) reasons.push('Too many pods')
    for (const [resource, amount] of Object.entries(requests)) {
      const total = allocatable[resource] ?? 0
      if (amount === 0 || amount <= total - (requested[resource] ?? 0)) continue
      reasons.push(`Insufficient ${resource}`)
      isUnresolvable ||= amount > total
    }
    return reasons.length === 0 ? undefined : { reasons, isUnresolvable }
  },
  score: ({ scoredRequests }, { allocatable, scoredRequested }) => {
    let total = 0
    let counted = 0
    for (const resource of SCORED) {
      const capacity = allocatable[resource] ?? 0
      if (capacity === 0) continue
      const used = (scoredRequested[resource] ?? 0) + (scoredRequests[resource] ?? 0)
      total += used > capacity ? 0 : Math.floor(((capacity - used) * MAX_SCORE) / capacity)
      counted += 1
    }
    return counted === 0 ? 0 : Math.floor(total / counted)
  },
}
