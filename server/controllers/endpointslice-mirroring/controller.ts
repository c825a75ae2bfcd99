/**
 * The EndpointSliceMirroring controller: reads, plans, executes. Decides nothing.
 * Source: kubernetes pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go
 */
import { keyOf, type KubeObject } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { ControllerDeps } from '../deps.ts'
import { executeAll, type Executors } from '../execute.ts'
import { OwnWrites } from '../own-writes.ts'
import { CONTROLLER_NAME, MANAGED_BY, type MirrorAction, planMirror, SERVICE_NAME } from './plan.ts'

const WORKERS = 5
const UNSETTLED_RETRY_MS = 500
const BY_SERVICE = 'mirrored'

/** `namespace/service` of a slice that is ours. */
function serviceOf({ metadata }: KubeObject): string | undefined {
  const service = metadata.labels?.[SERVICE_NAME]
  const isOurs = metadata.labels?.[MANAGED_BY] === CONTROLLER_NAME
  return isOurs && service !== undefined ? `${metadata.namespace}/${service}` : undefined
}

const executorsFor = (
  client: ControllerDeps['client'],
  writes: OwnWrites,
  key: string,
): Executors<MirrorAction> => ({
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

export function createEndpointSliceMirroringController(deps: ControllerDeps): Controller {
  const { client, informers } = deps
  const services = informers.of('services')
  const endpoints = informers.of('endpoints')
  const slices = informers.of('endpointSlices')
  const writes = new OwnWrites()
  slices.addIndex(BY_SERVICE, slice => {
    const service = serviceOf(slice)
    return service === undefined ? [] : [service]
  })

  const sync = async (key: string, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const view = {
      service: services.get(key),
      endpoints: endpoints.get(key),
      slices: slices.byIndex(BY_SERVICE, key),
    }
    if (view.endpoints === undefined && view.slices.length === 0) {
      writes.forget(key)
      return undefined
    }
    if (!writes.isSettled(key, slices)) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    await executeAll(executorsFor(client, writes, key), planMirror(view), signal)
    return undefined
  }

  const controller = createController({
    name: 'endpointslice-mirroring',
    workers: WORKERS,
    needs: [services, endpoints, slices],
    sync,
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
  })
  const wake = (object: KubeObject): void => controller.enqueue(keyOf(object))
  const handler = {
    onAdd: wake,
    onUpdate: (_before: KubeObject, after: KubeObject) => wake(after),
    onDelete: wake,
  }
  services.addHandler(handler)
  endpoints.addHandler(handler)
  const wakeService = (slice: KubeObject): void => {
    const service = serviceOf(slice)
    if (service !== undefined) controller.enqueue(service)
  }
  slices.addHandler({
    onAdd: wakeService,
    onUpdate: (before, after) => {
      wakeService(before)
      wakeService(after)
    },
    onDelete: wakeService,
  })
  return controller
}
