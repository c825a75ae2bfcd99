/**
 * Keeps what every cluster has from its first second: creates what is missing, puts right what was changed.
 * One key per object; a look at each now and then heals what was deleted by hand.
 */
import type { KubeObject } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { ifThere } from '#client/absence.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf, type ResourceClient } from '#client/resource.ts'
import type { ControllerDeps } from '../deps.ts'
import { meansTheSame } from '../same.ts'
import { FLOW_SCHEMAS, PRIORITY_LEVELS } from '#api/flow-control.ts'
import {
  AUTO_MANAGED,
  apiServices,
  corrected,
  isAdvertisable,
  isOurs,
  dnsService,
  kubernetesEndpoints,
  kubernetesService,
  kubernetesSlice,
  namespaceOf,
  PRIORITY_CLASSES,
  retiredApiServices,
  SYSTEM_NAMESPACES,
} from './plan.ts'

const LOOK_AGAIN_MS = 60_000

type Ensure = (signal: AbortSignal) => Promise<void>

async function ensure<T extends KubeObject>(
  client: ResourceClient<T>,
  wanted: T,
  signal: AbortSignal,
): Promise<void> {
  try {
    const existing = await client.get(nameOf(wanted), signal)
    const next = isOurs(existing) ? corrected(existing, wanted, meansTheSame) : undefined
    if (next !== undefined) await client.update(next, {}, signal)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    await client.create(wanted, {}, signal)
  }
}

/** An API service of another start that served more; one that a user made stays. */
async function ensureGone(
  { client }: ControllerDeps,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const existing = await ifThere(client.apiServices.get({ name }, signal))
  if (existing?.metadata.labels?.[AUTO_MANAGED] === undefined) return
  await ifThere(client.apiServices.delete({ name }, {}, signal))
}

/** Where pods find the API; nothing, said once, when no address of this server would mean it elsewhere. */
function endpointsOf({ client, config, log }: ControllerDeps): readonly [string, Ensure][] {
  if (!isAdvertisable(config)) {
    log.warn('the API has no endpoints: pods cannot reach an address that only means this host', {
      address: config.advertiseAddress,
    })
    return []
  }
  return [
    [
      'kubernetes endpoints',
      signal => ensure(client.endpoints, kubernetesEndpoints(config), signal),
    ],
    ['kubernetes slice', signal => ensure(client.endpointSlices, kubernetesSlice(config), signal)],
  ]
}

export function createBootstrapController(deps: ControllerDeps): Controller {
  const { client, config } = deps
  const table = new Map<string, Ensure>([
    ...SYSTEM_NAMESPACES.map((name): [string, Ensure] => [
      `namespace ${name}`,
      signal => ensure(client.namespaces, namespaceOf(name), signal),
    ]),
    ...PRIORITY_CLASSES.map((wanted): [string, Ensure] => [
      `priority class ${wanted.metadata.name}`,
      signal => ensure(client.priorityClasses, wanted, signal),
    ]),
    ...PRIORITY_LEVELS.map((wanted): [string, Ensure] => [
      `priority level ${wanted.metadata.name}`,
      signal => ensure(client.priorityLevelConfigurations, wanted, signal),
    ]),
    ...FLOW_SCHEMAS.map((wanted): [string, Ensure] => [
      `flow schema ${wanted.metadata.name}`,
      signal => ensure(client.flowSchemas, wanted, signal),
    ]),
    ...apiServices(config.hidesOldVersions === true).map((wanted): [string, Ensure] => [
      `api service ${wanted.metadata.name}`,
      signal => ensure(client.apiServices, wanted, signal),
    ]),
    ...retiredApiServices(config.hidesOldVersions === true).map((name): [string, Ensure] => [
      `api service ${name}`,
      signal => ensureGone(deps, name, signal),
    ]),
    ['kubernetes service', signal => ensure(client.services, kubernetesService(config), signal)],
    ...endpointsOf(deps),
    ['dns service', signal => ensure(client.services, dnsService(config), signal)],
  ])

  const sync = async (key: string, signal: AbortSignal): Promise<SyncResult> => {
    await table.get(key)?.(signal)
    return { requeueAfterMs: LOOK_AGAIN_MS }
  }
  const controller = createController({
    name: 'bootstrap',
    workers: 2,
    needs: [],
    sync,
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
  })
  for (const key of table.keys()) controller.enqueue(key)
  return controller
}
