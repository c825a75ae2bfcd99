/**
 * The EndpointSlice controller: reads, plans, executes. Decides nothing.
 * Source: kubernetes pkg/controller/endpointslice/endpointslice_controller.go
 */
import { labelSelectorFromSet } from '#api/selectors.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import type { ControllerDeps } from '../deps.ts'
import { executeAll } from '../execute.ts'
import { OwnWrites } from '../own-writes.ts'
import { servicesOf, sliceExecutors, watchSlices } from '../service-slices.ts'
import { watchServices } from '../service-watch.ts'
import { CONTROLLER_NAME, planSlices } from './plan.ts'

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
  slices.addIndex(BY_SERVICE, servicesOf(CONTROLLER_NAME))

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
    await executeAll(sliceExecutors(client, writes, key), actions, signal)
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
  watchSlices(slices, CONTROLLER_NAME, controller)
  return controller
}
