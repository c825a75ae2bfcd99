/**
 * What the controllers that write EndpointSlices share: how a slice says whose it is, how planned slices are written,
 * and which Service a change of a slice concerns.
 */
import type { KubeObject } from '#api/object.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import { ifThere } from '#client/absence.ts'
import type { Controller } from '#client/controller.ts'
import type { Informer } from '#client/informer.ts'
import { nameOf } from '#client/resource.ts'
import type { ControllerDeps } from './deps.ts'
import type { Executors } from './execute.ts'
import type { OwnWrites } from './own-writes.ts'

export const SERVICE_NAME = 'kubernetes.io/service-name'
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'

export type SliceAction =
  | { readonly kind: 'create-slice'; readonly slice: EndpointSlice }
  | { readonly kind: 'update-slice'; readonly slice: EndpointSlice }
  | { readonly kind: 'delete-slice'; readonly slice: EndpointSlice }

/** `key` is the Service's. */
export const sliceExecutors = (
  client: ControllerDeps['client'],
  writes: OwnWrites,
  key: string,
): Executors<SliceAction> => ({
  'create-slice': async ({ slice }, signal) => {
    writes.wrote(key, await client.endpointSlices.create(slice, {}, signal))
  },
  'update-slice': async ({ slice }, signal) => {
    writes.wrote(key, await client.endpointSlices.update(slice, {}, signal))
  },
  'delete-slice': async ({ slice }, signal) => {
    await ifThere(client.endpointSlices.delete(nameOf(slice), {}, signal))
    writes.deleted(key, slice)
  },
})

/** Keys of the Services whose slices `manager` writes: the function of an index. */
export const servicesOf =
  (manager: string) =>
  ({ metadata }: KubeObject): readonly string[] => {
    const service = metadata.labels?.[SERVICE_NAME]
    const isOurs = metadata.labels?.[MANAGED_BY] === manager
    return isOurs && service !== undefined ? [`${metadata.namespace}/${service}`] : []
  }

/** Wakes the Service of each slice of `manager` that changes. */
export function watchSlices(
  slices: Informer<EndpointSlice>,
  manager: string,
  controller: Controller,
): void {
  const owners = servicesOf(manager)
  const wake = (slice: KubeObject): void => owners(slice).forEach(key => controller.enqueue(key))
  slices.addHandler({
    onAdd: wake,
    onUpdate: (before, after) => {
      wake(after)
      wake(before)
    },
    onDelete: wake,
  })
}
