/**
 * Tells people why a pod found no node, in upstream's words. Pure.
 *
 *   0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). no new claims to deallocate,
 *   preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful
 *   for scheduling.
 *
 * Source: kubernetes pkg/scheduler/framework/types.go FitError, framework/preemption/preemption.go,
 * plugins/dynamicresources (whose part of the sentence stands there for every pod)
 */
import type { Pod } from '#api/types/core-v1.ts'
import type { Decision, NodeRefusal } from './schedule.ts'

const NO_NODES = 'no nodes available to schedule pods'
const NO_CLAIMS = 'no new claims to deallocate'
const NOT_HELPFUL = 'Preemption is not helpful for scheduling'
const NO_VICTIMS = 'No preemption victims found for incoming pod'
const NEVER = 'preemption: not eligible due to preemptionPolicy=Never.'

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')
}

function preemption(pod: Pod, refusals: readonly NodeRefusal[]): string {
  if (pod.spec?.preemptionPolicy === 'Never') return NEVER
  const outcomes = refusals.map(({ isUnresolvable }) => (isUnresolvable ? NOT_HELPFUL : NO_VICTIMS))
  return `preemption: 0/${refusals.length} nodes are available: ${histogram(outcomes)}.`
}

export function explain(pod: Pod, decision: Exclude<Decision, { readonly kind: 'place' }>): string {
  if (decision.kind === 'no-nodes') return NO_NODES
  const refusals = [...decision.refusals.values()]
  const reasons = histogram(refusals.flatMap(refusal => refusal.reasons))
  const first = `0/${refusals.length} nodes are available: ${reasons}.`
  return `${first} ${NO_CLAIMS}, ${preemption(pod, refusals)}`
}
