/**
 * The Endpoints controller: reads, plans, executes. Decides nothing.
 * Source: kubernetes pkg/controller/endpoint/endpoints_controller.go
 */
import { keyOf } from '#api/object.ts'
import { labelSelectorFromSet } from '#api/selectors.ts'
import { ifThere } from '#client/absence.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { ControllerDeps } from '../deps.ts'
import { execute, type Executors } from '../execute.ts'
import { watchServices } from '../service-watch.ts'
import { type EndpointsAction, planEndpoints } from './plan.ts'

const WORKERS = 5
const BY_NAMESPACE = 'namespace'

export function createEndpointsController(deps: ControllerDeps): Controller {
  const { client, informers } = deps
  const services = informers.of('services')
  const pods = informers.of('pods')
  const endpoints = informers.of('endpoints')
  pods.addIndex(BY_NAMESPACE, pod => [pod.metadata.namespace ?? ''])

  const executors: Executors<EndpointsAction> = {
    'create-endpoints': async (action, signal) => {
      await client.endpoints.create(action.endpoints, {}, signal)
    },
    'update-endpoints': async (action, signal) => {
      await client.endpoints.update(action.endpoints, {}, signal)
    },
  }

  const sync = async (key: string, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const service = services.get(key)
    const before = endpoints.get(key)
    if (service === undefined) {
      // Endpoints have the Service's name, not an owner: they are taken away here.
      if (before === undefined) return undefined
      const { uid } = before.metadata
      const options = { preconditions: uid === undefined ? {} : { uid } }
      await ifThere(client.endpoints.delete(nameOf(before), options, signal))
      return undefined
    }
    if (service.metadata.deletionTimestamp !== undefined) return undefined
    const selector = labelSelectorFromSet(service.spec?.selector ?? {})
    const selected = pods
      .byIndex(BY_NAMESPACE, service.metadata.namespace ?? '')
      .filter(pod => selector.matches(pod.metadata.labels))
    const action = planEndpoints(service, selected, before)
    if (action !== undefined) await execute(executors, action, signal)
    return undefined
  }

  const controller = createController({
    name: 'endpoints',
    workers: WORKERS,
    needs: [services, pods, endpoints],
    sync,
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
  })
  watchServices(informers, controller)
  endpoints.addHandler({
    onDelete: object => controller.enqueue(keyOf(object)),
    // Endpoints that precede their Service, or never get one, are a user's own.
    onUpdate: (_before, after) => {
      if (services.get(keyOf(after)) !== undefined) controller.enqueue(keyOf(after))
    },
  })
  return controller
}
