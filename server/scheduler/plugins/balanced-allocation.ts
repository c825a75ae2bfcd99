/**
 * Prefers nodes on which the pod leaves cpu and memory used to the same degree.
 * Source: kubernetes pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go
 */
import { MAX_SCORE, type ScorePlugin } from '../framework.ts'

const BALANCED = ['cpu', 'memory'] as const

export const balancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  score: ({ scoredRequests }, { allocatable, scoredRequested }) => {
    const fractions = BALANCED.filter(resource => (allocatable[resource] ?? 0) > 0).map(
      resource => {
        const used = (scoredRequested[resource] ?? 0) + (scoredRequests[resource] ?? 0)
        return Math.min(1, used / (allocatable[resource] ?? 1))
      },
    )
    if (fractions.length < 2) return MAX_SCORE
    const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length
    const variance =
      fractions.reduce((sum, fraction) => sum + (fraction - mean) ** 2, 0) / fractions.length
    return Math.floor((1 - Math.sqrt(variance)) * MAX_SCORE)
  },
}
