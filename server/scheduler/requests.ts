/**
 * How much a pod asks for, in the units the scheduler counts in. Pure.
 *
 *   cpu in millicores, memory and ephemeral-storage in bytes, everything else in whole units
 *   containers are added up; an init container counts while it runs, beside the sidecars started before it
 *
 * Source: k8s.io/component-helpers resource/helpers.go PodRequests
 */
import { quantityMillis, quantityValue } from '#api/quantity.ts'
import type { Container, Pod } from '#api/types/core-v1.ts'

export type Amounts = Readonly<Record<string, number>>

/** What a container without requests is scored as: otherwise any number of them would fit for free. */
const SCORED_MILLI_CPU = 100
const SCORED_MEMORY_BYTES = 200 * 1024 * 1024

const amountOf = (resource: string, quantity: string): number =>
  resource === 'cpu' ? quantityMillis(quantity) : quantityValue(quantity)

export function amountsOf(list: Readonly<Record<string, string>> | undefined): Amounts {
  const amounts: Record<string, number> = {}
  for (const [resource, quantity] of Object.entries(list ?? {})) {
    amounts[resource] = amountOf(resource, quantity)
  }
  return amounts
}

const combine = (
  left: Amounts,
  right: Amounts,
  join: (a: number, b: number) => number,
): Amounts => {
  const combined: Record<string, number> = { ...left }
  for (const [resource, amount] of Object.entries(right)) {
    combined[resource] = join(combined[resource] ?? 0, amount)
  }
  return combined
}

const add = (left: Amounts, right: Amounts): Amounts => combine(left, right, (a, b) => a + b)
const most = (left: Amounts, right: Amounts): Amounts => combine(left, right, Math.max)

const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always'

function podAmounts(pod: Pod, of: (container: Container) => Amounts): Amounts {
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  let running = containers.map(of).reduce(add, {})
  let sidecars: Amounts = {}
  let starting: Amounts = {}
  for (const container of initContainers) {
    const asks = of(container)
    if (isSidecar(container)) {
      running = add(running, asks)
      sidecars = add(sidecars, asks)
      starting = most(starting, sidecars)
    } else {
      starting = most(starting, add(sidecars, asks))
    }
  }
  const needed = most(running, starting)
  // Requests of the whole pod stand above the sum of its containers', resource by resource.
  const whole = amountsOf(pod.spec?.resources?.requests)
  return add({ ...needed, ...whole }, amountsOf(pod.spec?.overhead))
}

const requested = (container: Container): Amounts => amountsOf(container.resources?.requests)

const scored = (container: Container): Amounts => ({
  cpu: SCORED_MILLI_CPU,
  memory: SCORED_MEMORY_BYTES,
  ...requested(container),
})

/** What the pod is admitted by. */
export const podRequests = (pod: Pod): Amounts => podAmounts(pod, requested)

/** What the pod is weighed by when nodes are compared. */
export const podScoredRequests = (pod: Pod): Amounts => podAmounts(pod, scored)
