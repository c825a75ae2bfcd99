/**
 * Decides on which node a pod goes, and if nowhere, why, node by node. Pure.
 *
 * Input   the pod; all nodes with their sums; `start` and `random` to spread what is equal
 * Output  the node, or every node's refusal for people to read
 * Law     Only nodes that every filter admits are chosen; among them one of highest score.
 *         Large clusters are searched until enough nodes fit, each decision starting where the last one stopped.
 * Source: kubernetes pkg/scheduler/schedule_one.go
 */
import type { Pod } from '#api/types/core-v1.ts'
import type { FilterPlugin, PodFacts, Refusal, ScorePlugin } from './framework.ts'
import { podRequests, podScoredRequests } from './requests.ts'
import type { NodeInfo } from './snapshot.ts'

export interface NodeRefusal extends Refusal {
  readonly plugin: string
}

export type Decision =
  | {
      readonly kind: 'place'
      readonly nodeName: string
      /** Nodes looked at: where the next decision starts. */
      readonly examined: number
      readonly refusals: ReadonlyMap<string, NodeRefusal>
    }
  | { readonly kind: 'no-nodes' }
  | { readonly kind: 'refuse'; readonly refusals: ReadonlyMap<string, NodeRefusal> }

export interface Plugins {
  readonly filters: readonly FilterPlugin[]
  readonly scorers: readonly ScorePlugin[]
}

/** Up to this many nodes all are searched. */
const SEARCH_ALL_MAX = 100
const SEARCH_PERCENT_MIN = 5

/** How many fitting nodes are enough: 100 of 100, 42 % of 1,000 (420), 5 % of 10,000. */
export function enoughNodes(count: number): number {
  if (count <= SEARCH_ALL_MAX) return count
  const percent = Math.max(SEARCH_PERCENT_MIN, 50 - Math.floor(count / 125))
  return Math.max(SEARCH_ALL_MAX, Math.floor((count * percent) / 100))
}

export function schedule(
  pod: Pod,
  nodes: readonly NodeInfo[],
  plugins: Plugins,
  chance: { readonly start: number; readonly random: number },
): Decision {
  if (nodes.length === 0) return { kind: 'no-nodes' }
  const facts = {
    pod,
    requests: podRequests(pod),
    scoredRequests: podScoredRequests(pod),
  }
  const refusals = new Map<string, NodeRefusal>()
  const fitting: NodeInfo[] = []
  const enough = enoughNodes(nodes.length)
  let examined = 0
  for (; examined < nodes.length && fitting.length < enough; examined += 1) {
    const node = nodes[(chance.start + examined) % nodes.length]
    if (node === undefined) continue
    const refusal = refusalOf(facts, node, plugins.filters)
    if (refusal === undefined) fitting.push(node)
    else refusals.set(node.name, refusal)
  }
  const best = bestOf(facts, fitting, plugins.scorers, chance.random)
  if (best === undefined) return { kind: 'refuse', refusals }
  return { kind: 'place', nodeName: best.name, examined, refusals }
}

function refusalOf(
  facts: PodFacts,
  node: NodeInfo,
  filters: readonly FilterPlugin[],
): NodeRefusal | undefined {
  for (const plugin of filters) {
    const refusal = plugin.filter(facts, node)
    if (refusal !== undefined) return { ...refusal, plugin: plugin.name }
  }
  return undefined
}

function bestOf(
  facts: PodFacts,
  nodes: readonly NodeInfo[],
  scorers: readonly ScorePlugin[],
  random: number,
): NodeInfo | undefined {
  if (nodes.length <= 1) return nodes[0]
  const totals = nodes.map(() => 0)
  for (const plugin of scorers) {
    const raw = nodes.map(node => plugin.score(facts, node))
    const scores = plugin.normalize?.(raw) ?? raw
    for (const [index, score] of scores.entries()) {
      totals[index] = (totals[index] ?? 0) + score * plugin.weight
    }
  }
  const highest = Math.max(...totals)
  const best = nodes.filter((_node, index) => totals[index] === highest)
  return best[Math.floor(random * best.length)]
}
