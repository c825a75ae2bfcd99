/**
 * Quality of service of a pod, from what it asks for. Pure.
 * Source: kubernetes pkg/apis/core/v1/helper/qos ComputePodQOS
 */
import { addQuantities, compareQuantities } from '#api/quantity.ts'
import type { PodSpec, ResourceRequirements } from '#api/types/core-v1.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const COUNTED = ['cpu', 'memory'] as const

type Totals = Map<string, string>

/** Guaranteed: all limit cpu and memory and ask for just that. BestEffort: nobody asks for anything. */
export function qosClassOf(spec: Partial<PodSpec>): QosClass {
  const { resources, containers = [], initContainers = [] } = spec
  // What the pod says as a whole counts instead of what its containers say.
  const demands = resources === undefined ? [...containers, ...initContainers] : [{ resources }]
  const [requests, limits]: [Totals, Totals] = [new Map(), new Map()]
  let isLimited = true
  for (const { resources: own = {} } of demands) {
    add(requests, own.requests)
    const counted = add(limits, own.limits)
    const saysNothing = resources !== undefined && Object.keys(own.limits ?? {}).length === 0
    if (counted < COUNTED.length && !saysNothing) isLimited = false
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort'
  const isMet =
    requests.size === limits.size &&
    [...requests].every(([name, amount]) => {
      const limit = limits.get(name)
      return limit !== undefined && compareQuantities(limit, amount) === 0
    })
  return isLimited && isMet ? 'Guaranteed' : 'Burstable'
}

/** Returns how many of the counted ones there are. */
function add(totals: Totals, amounts: ResourceRequirements['limits'] = {}): number {
  let count = 0
  for (const name of COUNTED) {
    const amount = amounts[name]
    if (amount === undefined || compareQuantities(amount, '0') <= 0) continue
    const before = totals.get(name)
    totals.set(name, before === undefined ? amount : addQuantities(before, amount))
    count += 1
  }
  return count
}
