/**
 * The EndpointSliceMirroring controller: reads, plans, executes. Decides nothing.
 * Source: kubernetes pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go
 */
import { keyOf, type KubeObject } from '#api/object.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import type { ControllerDeps } from '../deps.ts'
import { executeAll } from '../execute.ts'
import { OwnWrites } from '../own-writes.ts'
import { servicesOf, sliceExecutors, watchSlices } from '../service-slices.ts'
import { CONTROLLER_NAME, planMirror } from './plan.ts'

const WORKERS = 5
const UNSETTLED_RETRY_MS = 500
const BY_SERVICE = 'mirrored'

export function createEndpointSliceMirroringController(deps: ControllerDeps): Controller {
  const { client, informers } = deps
  const services = informers.of('services')
  const endpoints = informers.of('endpoints')
  const slices = informers.of('endpointSlices')
  const writes = new OwnWrites()
  slices.addIndex(BY_SERVICE, servicesOf(CONTROLLER_NAME))

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
    await executeAll(sliceExecutors(client, writes, key), planMirror(view), signal)
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
  watchSlices(slices, CONTROLLER_NAME, controller)
  return controller
}
