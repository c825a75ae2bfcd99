/**
 * The garbage collector: keeps the owner graph from watches on every kind that can be deleted, and works off what
 * the graph points at. Every deletion rests on a fresh look at the object and at its absent owners.
 * Source: kubernetes pkg/controller/garbagecollector/garbagecollector.go
 */
import type { AnyObject, OwnerReference } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { type DiscoveredResource, discoverResources } from '#client/discovery.ts'
import { apiVersionOf, type ResourceName } from '#client/resource.ts'
import type { ControllerDeps } from '../deps.ts'
import { FOREGROUND, isReachable, type Member, ORPHAN, OwnerGraph } from './graph.ts'
import { type Owner, planCollect, withoutFinalizer, withoutOwner } from './plan.ts'

const WORKERS = 20
const DISCOVERY_PERIOD_MS = 30_000
const DISCOVERY_RETRY_MS = 1_000
const UNKNOWN_KIND_RETRY_MS = 30_000
/** Not an uid: the key under which the collector looks for new kinds. */
const DISCOVERY = 'discovery'
const NEEDED_VERBS = ['list', 'watch', 'delete'] as const
/** Never owned, and too many. */
const IGNORED = ['Event'] as const

/** Namespace and uid of owners verified absent; bounded, the oldest are forgotten first. */
const ABSENT_MAX = 500

export function createGarbageCollector(deps: ControllerDeps): Controller {
  const { client, informers, log } = deps
  const graph = new OwnerGraph()
  const absent = new Set<string>()
  const watched = new Map<string, DiscoveredResource>()
  const byKind = new Map<string, ResourceName>()

  const handle = (resource: ResourceName) => client.resource<AnyObject>(resource)
  const find = (member: Member, signal: AbortSignal): Promise<AnyObject | undefined> =>
    found(handle(member.resource).get(member, signal), member.uid)

  const markAbsent = (id: string): void => {
    absent.add(id)
    if (absent.size <= ABSENT_MAX) return
    for (const oldest of absent) {
      absent.delete(oldest)
      return
    }
  }

  /** Starts watching what is new. Returns the informers that were added. */
  const discover = async (signal: AbortSignal) => {
    const added: { synced(signal: AbortSignal): Promise<void> }[] = []
    for (const resource of await discoverResources(client.transport, signal)) {
      const isCollectable =
        NEEDED_VERBS.every(verb => resource.verbs.includes(verb)) &&
        !IGNORED.some(kind => kind === resource.kind)
      const id = `${resource.group}/${resource.plural}`
      byKind.set(`${apiVersionOf(resource)}/${resource.kind}`, resource)
      if (!isCollectable || watched.has(id)) continue
      watched.set(id, resource)
      const informer = informers.informer<AnyObject>(resource)
      const observe = (object: AnyObject): void => {
        for (const uid of graph.observe(object, resource)) controller.enqueue(uid)
      }
      informer.addHandler({
        onAdd: observe,
        onUpdate: (_before, after) => observe(after),
        onDelete: object => {
          for (const uid of graph.forget(object.metadata.uid ?? '')) controller.enqueue(uid)
        },
      })
      added.push(informer)
    }
    return added
  }

  /** The first discovery must succeed: without a full graph nothing may be judged. */
  const start = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      try {
        const added = await discover(signal)
        await Promise.all(added.map(informer => informer.synced(signal)))
        controller.enqueueAfter(DISCOVERY, DISCOVERY_PERIOD_MS)
        return
      } catch (error) {
        signal.throwIfAborted()
        log.debug('discovery failed', { error })
        await deps.clock.sleep(DISCOVERY_RETRY_MS, signal)
      }
    }
  }

  /** Returns undefined when the owner's kind is not served: nothing can be said then. */
  const judge = async (
    reference: OwnerReference,
    member: Member,
    signal: AbortSignal,
  ): Promise<Owner | undefined> => {
    const known = graph.get(reference.uid)
    if (known !== undefined && isReachable(member, known)) {
      return { reference, state: known.isForeground ? 'waiting' : 'solid' }
    }
    const id = `${member.namespace}/${reference.uid}`
    if (absent.has(id)) return { reference, state: 'absent' }
    const resource = byKind.get(`${reference.apiVersion}/${reference.kind}`)
    if (resource === undefined) return undefined
    // A cluster-scoped object cannot name the namespace of its owner.
    if (resource.namespaced && member.namespace === '') return undefined
    const at = { namespace: member.namespace, name: reference.name }
    const owner = await found(handle(resource).get(at, signal), reference.uid)
    if (owner === undefined) {
      markAbsent(id)
      return { reference, state: 'absent' }
    }
    const isWaiting =
      owner.metadata.deletionTimestamp !== undefined &&
      (owner.metadata.finalizers ?? []).includes(FOREGROUND)
    return { reference, state: isWaiting ? 'waiting' : 'solid' }
  }

  /** Writes metadata fields of an object, provided it is still the one we read. */
  const patch = async (
    resource: ResourceName,
    object: AnyObject,
    fields: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<AnyObject> => {
    const { namespace, name = '', uid, resourceVersion } = object.metadata
    const body = { metadata: { uid, resourceVersion, ...fields } }
    return handle(resource).patch({ namespace, name }, { type: 'merge', body }, {}, signal)
  }

  const collect = async (member: Member, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const object = await find(member, signal)
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined
    const owners: Owner[] = []
    for (const reference of object.metadata.ownerReferences ?? []) {
      const owner = await judge(reference, member, signal)
      if (owner === undefined) return { requeueAfterMs: UNKNOWN_KIND_RETRY_MS }
      owners.push(owner)
    }
    const dependents = graph.dependentsOf(member.uid)
    const action = planCollect({
      object,
      owners,
      hasDependents: dependents.length > 0,
      hasWaitingDependent: dependents.some(dependent => dependent.isForeground),
    })
    if (action.kind === 'set-owners') {
      await patch(member.resource, object, { ownerReferences: action.owners }, signal)
    }
    if (action.kind !== 'delete') return undefined
    const seen =
      action.unblocked === undefined
        ? object
        : await patch(member.resource, object, { ownerReferences: action.unblocked }, signal)
    const { resourceVersion } = seen.metadata
    const preconditions = {
      uid: member.uid,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    }
    const options = { propagationPolicy: action.policy, preconditions }
    await handle(member.resource)
      .delete(member, options, signal)
      .catch((error: unknown) => {
        if (!isReason(error, 'NotFound')) throw error
      })
    log.debug('garbage collected', { resource: member.resource.plural, name: member.name })
    return undefined
  }

  /** Deletes what depends on it; lets it go once nothing that blocks it is left. */
  const finishForeground = async (member: Member, signal: AbortSignal): Promise<void> => {
    const dependents = graph.dependentsOf(member.uid)
    const isBlocked = dependents.some(dependent =>
      dependent.owners.some(owner => owner.uid === member.uid && owner.blockOwnerDeletion === true),
    )
    for (const dependent of dependents) {
      if (!dependent.isDeleting) controller.enqueue(dependent.uid)
    }
    if (isBlocked) return
    await dropFinalizer(member, FOREGROUND, signal)
  }

  const orphanDependents = async (member: Member, signal: AbortSignal): Promise<void> => {
    for (const dependent of graph.dependentsOf(member.uid)) {
      const object = await find(dependent, signal)
      if (object === undefined) continue
      const ownerReferences = withoutOwner(object, member.uid)
      await patch(dependent.resource, object, { ownerReferences }, signal)
    }
    await dropFinalizer(member, ORPHAN, signal)
  }

  const dropFinalizer = async (
    member: Member,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<void> => {
    const object = await find(member, signal)
    if (object?.metadata.finalizers?.includes(finalizer) !== true) return
    const finalizers = withoutFinalizer(object, finalizer)
    await patch(member.resource, object, { finalizers }, signal).catch((error: unknown) => {
      if (!isReason(error, 'NotFound')) throw error
    })
  }

  const controller: Controller = createController({
    name: 'garbage-collector',
    workers: WORKERS,
    needs: [{ synced: start }],
    async sync(uid, signal) {
      if (uid === DISCOVERY) {
        await discover(signal)
        return { requeueAfterMs: DISCOVERY_PERIOD_MS }
      }
      const member = graph.get(uid)
      if (member === undefined) return undefined
      if (member.isOrphaning) await orphanDependents(member, signal)
      else if (member.isForeground) await finishForeground(member, signal)
      else if (!member.isDeleting) return collect(member, signal)
      return undefined
    },
    clock: deps.clock,
    random: deps.random,
    log,
  })
  return controller
}

/** The object if it exists and is the very one; undefined otherwise. */
async function found(getting: Promise<AnyObject>, uid: string): Promise<AnyObject | undefined> {
  try {
    const object = await getting
    return object.metadata.uid === uid ? object : undefined
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}
