/**
 * Prefers nodes with fewer pods of the same owner, so that one node's loss costs a workload as little as can be.
 * Source: kubernetes pkg/scheduler/framework/plugins/podtopologyspread. Differs: only the built-in default of that
 * plugin (spread the pods of one workload over hosts), by owner in place of Service and ReplicaSet selectors.
 */
import { lowestFirst, type ScorePlugin } from '../framework.ts'
import { ownerOf } from '../snapshot.ts'

export const ownerSpread: ScorePlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  score: ({ pod }, { owners }) => {
    const owner = ownerOf(pod)
    return owner === undefined ? 0 : (owners.get(owner) ?? 0)
  },
  normalize: lowestFirst,
}
