/**
 * What the containers of a pod ask for together, by resource, as quantities. Pure.
 *
 * Containers and sidecars run side by side; the other init containers run one by one beside the sidecars started before.
 * Source: k8s.io/component-helpers resource/helpers.go AggregateContainerRequests, AggregateContainerLimits
 */
import { addQuantities, compareQuantities } from '#api/quantity.ts'
import type { PodSpec } from '#api/types/core-v1.ts'

export type Amounts = Readonly<Record<string, string>>
type Totals = Map<string, string>

const sum = (left: string | undefined, right: string): string =>
  left === undefined ? right : addQuantities(left, right)

function add(totals: Totals, name: string, amount: string): string {
  const total = sum(totals.get(name), amount)
  totals.set(name, total)
  return total
}

function raise(totals: Totals, name: string, amount: string): void {
  const before = totals.get(name)
  if (before === undefined || compareQuantities(before, amount) < 0) totals.set(name, amount)
}

/** Each amount is looked at once: sidecars only add, so what waits beside them needs no second look. */
export function containerTotals(
  { containers = [], initContainers = [] }: Partial<Pick<PodSpec, 'containers' | 'initContainers'>>,
  part: 'limits' | 'requests',
): Amounts {
  const running: Totals = new Map()
  const sidecars: Totals = new Map()
  const starting: Totals = new Map()
  for (const { resources } of containers) {
    for (const [name, amount] of Object.entries(resources?.[part] ?? {})) add(running, name, amount)
  }
  for (const { resources, restartPolicy } of initContainers) {
    const staysOn = restartPolicy === 'Always'
    for (const [name, amount] of Object.entries(resources?.[part] ?? {})) {
      if (staysOn) add(running, name, amount)
      const together = staysOn ? add(sidecars, name, amount) : sum(sidecars.get(name), amount)
      raise(starting, name, together)
    }
  }
  for (const [name, amount] of starting) raise(running, name, amount)
  return Object.fromEntries(running)
}
