/**
 * DELETE of an object and of a collection.
 *
 * An object leaves at once when nothing holds it. Otherwise deletion begins: it gets a deletionTimestamp and waits
 * for its grace (an agent deletes again with grace 0) and for its finalizers.
 * Source: k8s.io/apiserver pkg/registry/generic/registry/store.go Delete, pkg/registry/rest/delete.go
 */
import type { AnyObject } from '#api/object.ts'
import { apiVersionOf } from '#api/scheme.ts'
import { MODIFIED, type Status, conflict, isReason, notFound } from '#api/status.ts'
import { admissionValidate } from './admission.ts'
import type { Answer, Call } from './call.ts'
import { isStoreConflict } from './committer.ts'
import { companionWrites } from './companions.ts'
import { decodeDeleteOptions } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'
import { encodeAt } from './encoding.ts'
import { list } from './list.ts'
import { isReleased, planDeletion } from './deletion-plan.ts'
import { modify, strategyOf } from './modify.ts'
import { checkPreconditions } from './preconditions.ts'
import { type DeleteOptions, deleteOptions } from './options.ts'
import { type Target, keyAt, shownAs, subjectOf, targetOf } from './target.ts'

const ATTEMPTS_MAX = 20
const COLLECTION_BATCH = 32

export async function remove(deps: RegistryDeps, call: Call): Promise<Answer> {
  const target = targetOf(call)
  const options = deleteOptions(await decodeDeleteOptions(call), call.query)
  warnOfOrphans(call, target, options)
  const { object, removed } = await removeNamed(deps, { call, target, options, name: call.name })
  const strategy = strategyOf(deps, target)
  const code = !removed && options.cascades ? 202 : 200
  if (!removed || strategy.returnsDeleted)
    return { kind: 'object', code, object: shownAs(target, object) }
  return { kind: 'object', code: 200, object: deletedStatus(target, object) }
}

export interface Removal {
  readonly call: Call
  readonly target: Target
  readonly options: DeleteOptions
  readonly name: string
  /** Admission has been asked about the request that leads to this deletion (an eviction). */
  readonly isAdmitted?: boolean
}

/** Returns the object as it was left, in its stored form. */
export async function removeNamed(
  deps: RegistryDeps,
  removal: Removal,
): Promise<{ readonly object: AnyObject; readonly removed: boolean }> {
  const { target, name, options, call } = removal
  const strategy = strategyOf(deps, target)
  for (let attempt = 1; ; attempt++) {
    await deps.committer.settled(keyAt(target, name))
    const cached = deps.cache.get(target.storage, target.namespace, name)
    if (cached === undefined) throw notFound(subjectOf(target, name))
    const current = cached.object()
    checkPreconditions(target, current, options.preconditions)
    if (removal.isAdmitted !== true) {
      await admissionValidate(deps, call, {
        operation: 'DELETE',
        name,
        object: undefined,
        oldObject: current,
        options,
        dryRun: options.dryRun,
      })
    }
    const plan = (object: AnyObject): AnyObject =>
      planDeletion(strategy, object, {
        options,
        now: deps.clock.now(),
        propagation: defaultPropagation(target),
      })
    const begun = plan(current)
    if (!isReleased(strategy, begun)) {
      const modified = await modify(deps, {
        target,
        name,
        user: call.user.name,
        dryRun: options.dryRun,
        preconditions: options.preconditions,
        next: plan,
      })
      return modified
    }
    if (options.dryRun) return { object: current, removed: true }
    try {
      const encoding = encodeAt(current)
      const { key, revision: expected } = cached
      const { encode } = encoding
      const companions = companionWrites(deps, strategy.companionsOf?.(current))
      await deps.committer.commit([{ kind: 'delete', key, expected, encode }, ...companions], {
        user: call.user.name,
        atMs: deps.clock.now(),
      })
      strategy.released?.(current)
      return { object: encoding.result().object, removed: true }
    } catch (error) {
      if (!isStoreConflict(error)) throw error
      if (attempt >= ATTEMPTS_MAX) throw conflict(subjectOf(target, name), MODIFIED)
      if (error.key !== undefined) await deps.committer.settled(error.key)
      await deps.clock.sleep(1)
    }
  }
}

const OLD_WORKLOADS = new Set(['extensions/v1beta1', 'apps/v1beta1', 'apps/v1beta2'])

/**
 * What happens to the dependents of an object when nobody says. Jobs and ReplicationControllers, and all workloads through
 * their old versions, have always left them behind.
 * Source: kubernetes pkg/registry/<group>/<kind>/strategy.go DefaultGarbageCollectionPolicy
 */
function defaultPropagation({ resource, storage }: Target): 'Orphan' | undefined {
  const isOrphaning =
    storage === 'jobs.batch' ||
    storage === 'replicationcontrollers' ||
    (OLD_WORKLOADS.has(apiVersionOf(resource)) && storage.endsWith('.apps')) ||
    (storage === 'cronjobs.batch' && resource.version !== 'v1')
  return isOrphaning ? 'Orphan' : undefined
}

const ORPHANED_PODS =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning'

/** Few people who delete a Job expect its pods to stay. Source: kubernetes pkg/registry/batch/job/storage */
function warnOfOrphans(call: Call, { storage }: Target, { propagation }: DeleteOptions): void {
  if (storage === 'jobs.batch' && propagation === undefined) call.warn(ORPHANED_PODS)
}

function deletedStatus(target: Target, object: AnyObject): AnyObject {
  const { name = '', uid = '' } = object.metadata
  const { group, plural } = target.resource
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group === '' ? {} : { group }), kind: plural, uid },
  }
  return { ...status }
}

/**
 * Deletes what a LIST with the same query shows, one page of it when there is a limit, and answers with that list.
 * What fails does not keep the rest from being deleted; the first failure is the answer then.
 */
export async function removeCollection(deps: RegistryDeps, call: Call): Promise<Answer> {
  const target = targetOf(call)
  const options = deleteOptions(await decodeDeleteOptions(call), call.query)
  warnOfOrphans(call, target, options)
  const listed = await list(deps, call)
  if (listed.kind !== 'page') throw new Error('a list is a page')
  const { items } = listed.page.page
  for (let start = 0; start < items.length; start += COLLECTION_BATCH) {
    call.signal.throwIfAborted()
    const batch = items.slice(start, start + COLLECTION_BATCH)
    const ended = await Promise.allSettled(
      batch.map(item => removeListed(deps, { call, target, options }, item.object())),
    )
    for (const end of ended) if (end.status === 'rejected') throw end.reason
  }
  return listed
}

async function removeListed(
  deps: RegistryDeps,
  removal: Omit<Removal, 'name'>,
  listed: AnyObject,
): Promise<void> {
  const { name = '', namespace = '', uid } = listed.metadata
  const target = { ...removal.target, namespace }
  const { preconditions } = removal.options
  const own = uid === undefined ? preconditions : { uid, ...preconditions }
  const options = { ...removal.options, preconditions: own }
  try {
    await removeNamed(deps, { ...removal, target, options, name })
  } catch (error) {
    // Somebody else deleted it first, or put another in its place.
    const present = deps.cache.get(target.storage, namespace, name)?.object()
    if (present?.metadata.uid === uid) throw error
    if (!isReason(error, 'NotFound', 'Conflict')) throw error
  }
}
