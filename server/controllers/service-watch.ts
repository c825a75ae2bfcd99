/**
 * Wakes a controller for the Services that a change of a Service or of a pod concerns.
 * A pod wakes the Services that select it now or selected it before, and only when something they show has changed.
 */
import { keyOf } from '#api/object.ts'
import { labelSelectorFromSet } from '#api/selectors.ts'
import type { Pod } from '#api/types/core-v1.ts'
import type { Controller } from '#client/controller.ts'
import type { Informers } from '#client/informers.ts'
import { isReady, isTerminal } from './pods.ts'
import { isSelecting } from './service-pods.ts'

const BY_NAMESPACE = 'namespace'

/** What endpoints show of a pod. */
const shown = (pod: Pod): string =>
  JSON.stringify([
    pod.status?.podIP,
    isReady(pod),
    isTerminal(pod),
    pod.metadata.deletionTimestamp !== undefined,
    pod.spec?.nodeName,
    pod.spec?.hostname,
    pod.spec?.subdomain,
    pod.metadata.labels,
  ])

export function watchServices(informers: Informers, controller: Controller): void {
  const services = informers.of('services')
  const pods = informers.of('pods')
  services.addIndex(BY_NAMESPACE, service => [service.metadata.namespace ?? ''])
  const enqueueFor = (pod: Pod): void => {
    for (const service of services.byIndex(BY_NAMESPACE, pod.metadata.namespace ?? '')) {
      if (!isSelecting(service)) continue
      const selector = labelSelectorFromSet(service.spec?.selector ?? {})
      if (selector.matches(pod.metadata.labels)) controller.enqueue(keyOf(service))
    }
  }
  services.addHandler({
    onAdd: service => controller.enqueue(keyOf(service)),
    onUpdate: (_before, after) => controller.enqueue(keyOf(after)),
    onDelete: service => controller.enqueue(keyOf(service)),
  })
  pods.addHandler({
    onAdd: enqueueFor,
    onUpdate: (before, after) => {
      if (shown(before) === shown(after)) return
      enqueueFor(after)
      enqueueFor(before)
    },
    onDelete: enqueueFor,
  })
}
