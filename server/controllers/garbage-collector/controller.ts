/**
 * The garbage collector: keeps the owner graph from watches on every kind that can be deleted, and works off what
 * the graph points at. Every deletion rests on a fresh look at the object and at its absent owners.
 * Source: kubernetes pkg/controller/garbagecollector/garbagecollector.go
 */
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { apiVersionOf } from '#client/resource.ts'
import type { ControllerDeps, RecordingDeps } from '../deps.ts'
import { FOREGROUND, type Member, ORPHAN, OwnerGraph, type Stray } from './graph.ts'
import { WatchedKinds } from './kinds.ts'
import { LiveObjects } from './objects.ts'
import { Owners } from './owners.ts'
import { type Owner, planCollect, withoutOwner } from './plan.ts'

const WORKERS = 20
const DISCOVERY_PERIOD_MS = 30_000
const DISCOVERY_RETRY_MS = 1_000
const UNKNOWN_KIND_RETRY_MS = 30_000
/** Not an uid: the key under which the collector looks for new kinds. */
const DISCOVERY = 'discovery'
/** Brings new kinds, once it is established. */
const DEFINITION = 'CustomResourceDefinition'

export function createGarbageCollector(deps: RecordingDeps): Controller {
  const { log } = deps
  const graph = new OwnerGraph()
  const kinds = new WatchedKinds(deps, {
    observe(object, resource) {
      if (object.kind === DEFINITION) controller.enqueue(DISCOVERY)
      for (const stray of graph.strays(object, resource)) tellStray(deps, stray)
      for (const uid of graph.observe(object, resource)) controller.enqueue(uid)
    },
    forget(uid) {
      for (const affected of graph.forget(uid)) controller.enqueue(affected)
    },
  })
  const objects = new LiveObjects(deps.client)
  const collecting: Collecting = {
    deps,
    graph,
    objects,
    owners: new Owners(graph, kinds, objects),
    enqueue: uid => controller.enqueue(uid),
  }
  const controller: Controller = createController({
    name: 'garbage-collector',
    workers: WORKERS,
    needs: [
      {
        async synced(signal) {
          await discoverAtLast(deps, kinds, signal)
          controller.enqueueAfter(DISCOVERY, DISCOVERY_PERIOD_MS)
        },
      },
    ],
    async sync(uid, signal) {
      if (uid === DISCOVERY) {
        await kinds.discover(signal)
        return { requeueAfterMs: DISCOVERY_PERIOD_MS }
      }
      const member = graph.get(uid)
      if (member === undefined) return undefined
      if (member.isOrphaning) await orphanDependents(collecting, member, signal)
      else if (member.isForeground) await finishForeground(collecting, member, signal)
      else if (!member.isDeleting) return collect(collecting, member, signal)
      return undefined
    },
    clock: deps.clock,
    random: deps.random,
    log,
  })
  return controller
}

/** As Go prints the owner that was looked for: in the dependent's own namespace. */
function tellStray({ events }: RecordingDeps, { dependent, reference }: Stray): void {
  const { namespace, name, uid, resource } = dependent
  const { apiVersion, kind } = reference
  const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${reference.name}, uid: ${reference.uid}]`
  const about = { kind: resource.kind, apiVersion: apiVersionOf(resource), name, uid }
  events.event(
    { reference: namespace === '' ? about : { ...about, namespace } },
    {
      type: 'Warning',
      reason: 'OwnerRefInvalidNamespace',
      message: `ownerRef ${owner} does not exist in namespace ${JSON.stringify(namespace)}`,
    },
  )
}

interface Collecting {
  readonly deps: ControllerDeps
  readonly graph: OwnerGraph
  readonly objects: LiveObjects
  readonly owners: Owners
  readonly enqueue: (uid: string) => void
}

/** The first discovery must succeed: without a full graph nothing may be judged. */
async function discoverAtLast(
  { clock, log }: ControllerDeps,
  kinds: WatchedKinds,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      const added = await kinds.discover(signal)
      await Promise.all(added.map(informer => informer.synced(signal)))
      return
    } catch (error) {
      signal.throwIfAborted()
      log.debug('discovery failed', { error })
      await clock.sleep(DISCOVERY_RETRY_MS, signal)
    }
  }
}

async function collect(
  { deps, graph, objects, owners }: Collecting,
  member: Member,
  signal: AbortSignal,
): Promise<SyncResult | undefined> {
  const object = await objects.find(member, signal)
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined
  const judged: Owner[] = []
  for (const reference of object.metadata.ownerReferences ?? []) {
    const owner = await owners.judge(reference, member, signal)
    if (owner === undefined) return { requeueAfterMs: UNKNOWN_KIND_RETRY_MS }
    judged.push(owner)
  }
  const dependents = graph.dependentsOf(member.uid)
  const action = planCollect({
    object,
    owners: judged,
    hasDependents: dependents.length > 0,
    hasWaitingDependent: dependents.some(dependent => dependent.isForeground),
  })
  if (action.kind === 'set-owners') {
    await objects.patch(member.resource, object, { ownerReferences: action.owners }, signal)
  }
  if (action.kind !== 'delete') return undefined
  const seen =
    action.unblocked === undefined
      ? object
      : await objects.patch(member.resource, object, { ownerReferences: action.unblocked }, signal)
  const { resourceVersion } = seen.metadata
  await objects.delete(member, { policy: action.policy, resourceVersion }, signal)
  deps.log.debug('garbage collected', { resource: member.resource.plural, name: member.name })
  return undefined
}

/** Deletes what depends on it; lets it go once nothing that blocks it is left. */
async function finishForeground(
  { graph, objects, enqueue }: Collecting,
  member: Member,
  signal: AbortSignal,
): Promise<void> {
  const dependents = graph.dependentsOf(member.uid)
  const isBlocked = dependents.some(dependent =>
    dependent.owners.some(owner => owner.uid === member.uid && owner.blockOwnerDeletion === true),
  )
  for (const dependent of dependents) {
    if (!dependent.isDeleting) enqueue(dependent.uid)
  }
  if (!isBlocked) await objects.dropFinalizer(member, FOREGROUND, signal)
}

async function orphanDependents(
  { graph, objects }: Collecting,
  member: Member,
  signal: AbortSignal,
): Promise<void> {
  for (const dependent of graph.dependentsOf(member.uid)) {
    const object = await objects.find(dependent, signal)
    if (object === undefined) continue
    const ownerReferences = withoutOwner(object, member.uid)
    await objects.patch(dependent.resource, object, { ownerReferences }, signal)
  }
  await objects.dropFinalizer(member, ORPHAN, signal)
}
