/**
 * The EndpointSlice controller: reads, plans, executes. Decides nothing.
 * Source: kubernetes pkg/controller/endpointslice/endpointslice_controller.go
 */
import { keyOf } from '#api/object.ts'
import { labelSelectorFromSet } from '#api/selectors.ts'
import { isReason } from '#api/status.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { ControllerDeps } from '../deps.ts'
import { executeAll, type Executors } from '../execute.ts'
import { OwnWrites } from '../own-writes.ts'
import { watchServices } from '../service-watch.ts'
import { CONTROLLER_NAME, MANAGED_BY, planSlices, SERVICE_NAME, type SliceAction } from './plan.ts'

const WORKERS = 5
const UNSETTLED_RETRY_MS = 500
const BY_SERVICE = 'service'
const BY_NAMESPACE = 'namespace'

export function createEndpointSliceController(deps: ControllerDeps): Controller {
  const { client, informers } = deps
  const services = informers.of('services')
  const pods = informers.of('pods')
  const nodes = informers.of('nodes')
  const slices = informers.of('endpointSlices')
  const writes = new OwnWrites()
  pods.addIndex(BY_NAMESPACE, pod => [pod.metadata.namespace ?? ''])
  slices.addIndex(BY_SERVICE, slice => {
    const service = slice.metadata.labels?.[SERVICE_NAME]
    const isOurs = slice.metadata.labels?.[MANAGED_BY] === CONTROLLER_NAME
    return isOurs && service !== undefined ? [`${slice.metadata.namespace}/${service}`] : []
  })

  const executorsFor = (key: string): Executors<SliceAction> => ({
    'create-slice': async ({ slice }, signal) => {
      writes.wrote(key, await client.endpointSlices.create(slice, {}, signal))
    },
    'update-slice': async ({ slice }, signal) => {
      writes.wrote(key, await client.endpointSlices.update(slice, {}, signal))
    },
    'delete-slice': async ({ slice }, signal) => {
      await client.endpointSlices.delete(nameOf(slice), {}, signal).catch((error: unknown) => {
        if (!isReason(error, 'NotFound')) throw error
      })
      writes.deleted(key, slice)
    },
  })

  const sync = async (key: string, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const service = services.get(key)
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) {
      // Its slices go with it: the garbage collector sees to that.
      writes.forget(key)
      return undefined
    }
    if (!writes.isSettled(key, slices)) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    const selector = labelSelectorFromSet(service.spec?.selector ?? {})
    const selected = pods
      .byIndex(BY_NAMESPACE, service.metadata.namespace ?? '')
      .filter(pod => selector.matches(pod.metadata.labels))
    const actions = planSlices({
      service,
      pods: selected,
      slices: slices.byIndex(BY_SERVICE, key),
      nodeOf: name => nodes.get(name),
    })
    await executeAll(executorsFor(key), actions, signal)
    return undefined
  }

  const controller = createController({
    name: 'endpointslice',
    workers: WORKERS,
    needs: [services, pods, nodes, slices],
    sync,
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
  })
  watchServices(informers, controller)
  const enqueueService = (slice: Parameters<typeof keyOf>[0]): void => {
    const service = slice.metadata.labels?.[SERVICE_NAME]
    const isOurs = slice.metadata.labels?.[MANAGED_BY] === CONTROLLER_NAME
    if (isOurs && service !== undefined)
      controller.enqueue(`${slice.metadata.namespace}/${service}`)
  }
  slices.addHandler({
    onAdd: enqueueService,
    onUpdate: (before, after) => {
      enqueueService(after)
      enqueueService(before)
    },
    onDelete: enqueueService,
  })
  return controller
}
