/**
 * What the containers of a pod ask for together, by resource, as quantities. Pure.
 *
 * Containers and sidecars run side by side; the other init containers run one by one beside the sidecars started before.
 * Source: k8s.io/component-helpers resource/helpers.go AggregateContainerRequests, AggregateContainerLimits
 */
import { addQuantities, compareQuantities } from '#api/quantity.ts'
import type { Container, PodSpec } from '#api/types/core-v1.ts'

export type Amounts = Readonly<Record<string, string>>
type Combine = (left: string, right: string) => string

const larger: Combine = (left, right) => (compareQuantities(left, right) < 0 ? right : left)

/** Names are the client's: objects without a prototype have no other names. */
function combined(left: Amounts, right: Amounts, combine: Combine): Amounts {
  const result: Record<string, string> = Object.assign(Object.create(null), left)
  for (const [name, amount] of Object.entries(right)) {
    const other = result[name]
    result[name] = other === undefined ? amount : combine(other, amount)
  }
  return result
}

export function containerTotals(
  { containers = [], initContainers = [] }: Partial<Pick<PodSpec, 'containers' | 'initContainers'>>,
  part: 'limits' | 'requests',
): Amounts {
  const of = (container: Container): Amounts => container.resources?.[part] ?? {}
  let running: Amounts = {}
  let sidecars: Amounts = {}
  let starting: Amounts = {}
  for (const container of containers) running = combined(running, of(container), addQuantities)
  for (const container of initContainers) {
    const together = combined(of(container), sidecars, addQuantities)
    starting = combined(starting, together, larger)
    if (container.restartPolicy !== 'Always') continue
    running = combined(running, of(container), addQuantities)
    sidecars = together
  }
  return combined(running, starting, larger)
}
