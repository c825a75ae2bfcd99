/**
 * The extension points of a scheduling decision. Types only.
 * Source: k8s.io/kube-scheduler framework/interface.go
 */
import type { Pod } from '#api/types/core-v1.ts'
import type { Amounts } from './requests.ts'
import type { NodeInfo } from './snapshot.ts'

/** What happened in the cluster that may make a refused pod fit. */
export type ClusterEvent =
  | 'node-added'
  | 'node-allocatable'
  | 'node-labels'
  | 'node-taints'
  | 'pod-removed'
  | 'pod-added'

/** What plugins share about one pod: made once per decision. */
export interface PodFacts {
  readonly pod: Pod
  readonly requests: Amounts
  readonly scoredRequests: Amounts
}

export interface Refusal {
  /** Upstream's words, one per missing thing. */
  readonly reasons: readonly string[]
  /** True when even removing other pods would not help. */
  readonly isUnresolvable: boolean
}

export interface FilterPlugin {
  readonly name: string
  /** Returns  why the node cannot take the pod; undefined when it can. Pure. */
  filter(facts: PodFacts, node: NodeInfo): Refusal | undefined
  /** Events after which a pod this plugin refused is worth another try. */
  readonly wakes: readonly ClusterEvent[]
}

export interface ScorePlugin {
  readonly name: string
  readonly weight: number
  /** A number of the plugin's own scale. Pure. */
  score(facts: PodFacts, node: NodeInfo): number
  /** Own scale to 0..100, over all nodes at once; absent = the scores are that already. */
  normalize?(scores: readonly number[]): readonly number[]
}

export const MAX_SCORE = 100

/** The highest becomes 100; all equal to 0 stay so. */
export const highestFirst = (scores: readonly number[]): readonly number[] => {
  const highest = Math.max(0, ...scores)
  return highest === 0
    ? scores.map(() => 0)
    : scores.map(score => Math.floor((score * MAX_SCORE) / highest))
}

/** The lowest becomes 100, the highest 0; all equal to 0 become 100. */
export const lowestFirst = (scores: readonly number[]): readonly number[] => {
  const highest = Math.max(0, ...scores)
  if (highest === 0) return scores.map(() => MAX_SCORE)
  return scores.map(score => MAX_SCORE - Math.floor((score * MAX_SCORE) / highest))
}
