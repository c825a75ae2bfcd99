/**
 * Keeps what every cluster has from its first second: creates what is missing, puts right what was changed.
 * One key per object; a look at each now and then heals what was deleted by hand.
 */
import type { KubeObject } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf, type ResourceClient } from '#client/resource.ts'
import type { ControllerDeps } from '../deps.ts'
import { meansTheSame } from '../same.ts'
import {
  corrected,
  dnsService,
  kubernetesEndpoints,
  kubernetesService,
  kubernetesSlice,
  namespaceOf,
  PRIORITY_CLASSES,
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
    const next = corrected(existing, wanted, meansTheSame)
    if (next !== undefined) await client.update(next, {}, signal)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    await client.create(wanted, {}, signal)
  }
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
    ['kubernetes service', signal => ensure(client.services, kubernetesService(config), signal)],
    [
      'kubernetes endpoints',
      signal => ensure(client.endpoints, kubernetesEndpoints(config), signal),
    ],
    ['kubernetes slice', signal => ensure(client.endpointSlices, kubernetesSlice(config), signal)],
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
