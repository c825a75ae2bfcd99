/**
 * Empties namespaces that are being deleted, then lets them go.
 * Source: kubernetes pkg/controller/namespace/deletion/namespaced_resources_deleter.go
 */
import type { AnyObject } from '#api/object.ts'
import { isSharedForm } from '#api/scheme.ts'
import type { Namespace } from '#api/types/core-v1.ts'
import { messageOf } from '#base/errors.ts'
import { ifThere } from '#client/absence.ts'
import { type Controller, createController } from '#client/controller.ts'
import { type DiscoveredResource, discoverResources } from '#client/discovery.ts'
import { nameOf } from '#client/resource.ts'
import type { ControllerDeps } from '../deps.ts'
import { meansTheSame } from '../same.ts'
import { type Emptying, finalized, isGoing, planNamespace, type Remainder } from './plan.ts'

const WORKERS = 2
/** `pods.`, `deployments.apps`: as upstream's conditions spell them. */
const spelled = (resource: DiscoveredResource): string => `${resource.plural}.${resource.group}`

export function createNamespaceController(deps: ControllerDeps): Controller {
  const { client, clock } = deps
  const namespaces = deps.informers.of('namespaces')
  const pods = deps.informers.of('pods')

  const emptyResource = async (
    resource: DiscoveredResource,
    namespace: string,
    signal: AbortSignal,
  ): Promise<Remainder> => {
    const handle = client.resource<AnyObject>(resource)
    const options = { propagationPolicy: 'Background' } as const
    if (resource.verbs.includes('deletecollection')) {
      await handle.deleteCollection({ namespace }, options, signal)
    } else {
      for (const object of (await handle.listAll({ namespace }, signal)).items) {
        await ifThere(handle.delete(nameOf(object), options, signal))
      }
    }
    const { items } = await handle.listAll({ namespace }, signal)
    const finalizers: Record<string, number> = {}
    for (const name of items.flatMap(item => item.metadata.finalizers ?? [])) {
      finalizers[name] = (finalizers[name] ?? 0) + 1
    }
    const graces = items.map(item => item.metadata.deletionGracePeriodSeconds ?? 0)
    return {
      resource: spelled(resource),
      count: items.length,
      finalizers,
      graceSeconds: Math.max(0, ...graces),
    }
  }

  const empty = async (namespace: string, signal: AbortSignal): Promise<Emptying> => {
    let resources: readonly DiscoveredResource[]
    try {
      resources = await discoverResources(client.transport, signal)
    } catch (error) {
      return { remainders: [], discoveryFailure: messageOf(error), deletionFailures: [] }
    }
    const remainders: Remainder[] = []
    const deletionFailures: string[] = []
    for (const resource of resources) {
      const isOurs = resource.namespaced && resource.verbs.includes('delete')
      if (!isOurs || isSharedForm(resource)) continue
      try {
        remainders.push(await emptyResource(resource, namespace, signal))
      } catch (error) {
        if (signal.aborted) throw error
        deletionFailures.push(messageOf(error))
      }
    }
    return { remainders, deletionFailures }
  }

  const finalize = async (namespace: Namespace, signal: AbortSignal): Promise<void> => {
    const body = finalized(namespace)
    await ifThere(client.namespaces.updateSub(nameOf(namespace), 'finalize', body, signal))
  }

  const controller = createController({
    name: 'namespace',
    workers: WORKERS,
    needs: [namespaces],
    async sync(key, signal) {
      const namespace = namespaces.get(key)
      if (namespace === undefined || !isGoing(namespace)) return undefined
      const plan = planNamespace(namespace, await empty(key, signal), clock.now())
      if (plan.mayFinalize) {
        await finalize(namespace, signal)
        return undefined
      }
      if (!meansTheSame(namespace.status, plan.status)) {
        await client.namespaces.updateStatus({ ...namespace, status: plan.status }, {}, signal)
      }
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs }
    },
    clock,
    random: deps.random,
    log: deps.log,
  })
  const enqueue = (namespace: Namespace): void => {
    if (isGoing(namespace)) controller.enqueue(namespace.metadata.name ?? '')
  }
  namespaces.addHandler({ onAdd: enqueue, onUpdate: (_before, after) => enqueue(after) })
  // Pods take longest to go: each that is gone is a reason to look whether it was the last.
  pods.addHandler({
    onDelete: pod => {
      const namespace = namespaces.get(pod.metadata.namespace ?? '')
      if (namespace !== undefined) enqueue(namespace)
    },
  })
  return controller
}
