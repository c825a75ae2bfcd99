/**
 * Taints keep pods away unless they tolerate them; PreferNoSchedule only lowers the score.
 * Source: kubernetes pkg/scheduler/framework/plugins/tainttoleration
 */
import type { Toleration } from '#api/types/core-v1.ts'
import { type FilterPlugin, lowestFirst, type ScorePlugin } from '../framework.ts'
import { tolerates } from '#api/tolerations.ts'

const isForPreference = ({ effect }: Toleration): boolean =>
  effect === undefined || effect === 'PreferNoSchedule'

export const taintToleration: FilterPlugin & ScorePlugin = {
  name: 'TaintToleration',
  weight: 3,
  wakes: ['node-added', 'node-taints'],
  filter: ({ pod }, { node }) => {
    const tolerations = pod.spec?.tolerations ?? []
    const untolerated = (node.spec?.taints ?? []).find(
      taint =>
        taint.effect !== 'PreferNoSchedule' &&
        !tolerations.some(toleration => tolerates(toleration, taint)),
    )
    return untolerated === undefined
      ? undefined
      : { reasons: ['node(s) had untolerated taint(s)'], isUnresolvable: true }
  },
  score: ({ pod }, { node }) => {
    const tolerations = (pod.spec?.tolerations ?? []).filter(isForPreference)
    return (node.spec?.taints ?? []).filter(
      taint =>
        taint.effect === 'PreferNoSchedule' &&
        !tolerations.some(toleration => tolerates(toleration, taint)),
    ).length
  },
  normalize: lowestFirst,
}
