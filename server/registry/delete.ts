/**
 * DELETE of an object and of a collection.
 *
 * An object leaves at once when nothing holds it. Otherwise deletion begins: it gets a deletionTimestamp and waits
 * for its grace (an agent deletes again with grace 0) and for its finalizers.
 * Source: k8s.io/apiserver pkg/registry/generic/registry/store.go Delete, pkg/registry/rest/delete.go
 */
import type { AnyObject } from '#api/object.ts'
import { MODIFIED, type Status, conflict, isReason, notFound } from '#api/status.ts'
import { rfc3339 } from '#base/clock.ts'
import { admissionValidate } from './admission.ts'
import type { Answer, Call } from './call.ts'
import { isStoreConflict } from './committer.ts'
import { decodeDeleteOptions } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'
import { encodeAt } from './encoding.ts'
import { selectionOf } from './list.ts'
import { withMetadata } from './metadata.ts'
import { checkPreconditions, isReleased, modify, strategyOf } from './modify.ts'
import { type DeleteOptions, deleteOptions } from './options.ts'
import type { Strategy } from './strategy.ts'
import {
  type Target,
  keyAt,
  listKindOf,
  shownAs,
  subjectOf,
  targetOf,
  typeMetaOf,
} from './target.ts'

const ORPHAN = 'orphan'
const FOREGROUND = 'foregroundDeletion'
const ATTEMPTS_MAX = 20
const COLLECTION_BATCH = 32

export async function remove(deps: RegistryDeps, call: Call): Promise<Answer> {
  const target = targetOf(call)
  const options = deleteOptions(await decodeDeleteOptions(call), call.query)
  const { object, removed } = await removeNamed(deps, { call, target, options, name: call.name })
  const strategy = strategyOf(deps, target.storage)
  if (!removed || strategy.returnsDeleted)
    return { kind: 'object', code: 200, object: shownAs(target, object) }
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
  const strategy = strategyOf(deps, target.storage)
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
        oldObject: shownAs(target, current),
        options,
        dryRun: options.dryRun,
      })
    }
    const begun = planDeletion(strategy, current, { options, now: deps.clock.now() })
    if (!isReleased(strategy, begun)) {
      const modified = await modify(deps, {
        target,
        name,
        user: call.user.name,
        dryRun: options.dryRun,
        preconditions: options.preconditions,
        next: latest => planDeletion(strategy, latest, { options, now: deps.clock.now() }),
      })
      return modified
    }
    if (options.dryRun) return { object: current, removed: true }
    try {
      const encoding = encodeAt(current)
      await deps.committer.commit(
        [{ kind: 'delete', key: cached.key, expected: cached.revision, encode: encoding.encode }],
        { user: call.user.name, atMs: deps.clock.now() },
      )
      strategy.released?.(current)
      return { object: encoding.result().object, removed: true }
    } catch (error) {
      if (!isStoreConflict(error)) throw error
      if (attempt >= ATTEMPTS_MAX) throw conflict(subjectOf(target, name), MODIFIED)
      await deps.clock.sleep(1)
    }
  }
}

/** The object once deletion has begun or gone a step further. Pure. */
export function planDeletion(
  strategy: Strategy,
  object: AnyObject,
  asked: { readonly options: DeleteOptions; readonly now: number },
): AnyObject {
  const { options, now } = asked
  const grace = graceOf(strategy, object, options.gracePeriodSeconds)
  const finalizers = finalizersFor(object.metadata.finalizers ?? [], options.propagation)
  const withHolders = isSame(finalizers, object.metadata.finalizers ?? [])
    ? object
    : withMetadata(object, { finalizers })
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = object.metadata
  if (deletionTimestamp !== undefined) {
    // A second request may only shorten the wait.
    const left = deletionGracePeriodSeconds ?? 0
    if (options.gracePeriodSeconds === undefined || grace >= left) return withHolders
    const began = Date.parse(deletionTimestamp) - left * 1000
    return withMetadata(withHolders, {
      deletionTimestamp: rfc3339(began + grace * 1000),
      deletionGracePeriodSeconds: grace,
    })
  }
  const begun = withMetadata(withHolders, {
    deletionTimestamp: rfc3339(now + grace * 1000),
    deletionGracePeriodSeconds: grace,
    ...(generation === undefined ? {} : { generation: generation + 1 }),
  })
  return strategy.beginDeletion?.(begun) ?? begun
}

function graceOf(strategy: Strategy, object: AnyObject, asked: number | undefined): number {
  const positive = asked !== undefined && asked < 0 ? 1 : asked
  return strategy.graceSeconds?.(object, positive) ?? 0
}

function finalizersFor(
  present: readonly string[],
  propagation: DeleteOptions['propagation'],
): readonly string[] {
  if (propagation === undefined) return present
  const others = present.filter(name => name !== ORPHAN && name !== FOREGROUND)
  if (propagation === 'Orphan') return [...others, ORPHAN]
  return propagation === 'Foreground' ? [...others, FOREGROUND] : others
}

const isSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((value, index) => value === right[index])

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

/** Answers with the list of what was (or will be) deleted. */
export async function removeCollection(deps: RegistryDeps, call: Call): Promise<Answer> {
  const target = targetOf(call)
  const options = deleteOptions(await decodeDeleteOptions(call), call.query)
  const page = await deps.cache.list(selectionOf(call, target), { limit: 0 })
  const left: AnyObject[] = []
  for (let start = 0; start < page.items.length; start += COLLECTION_BATCH) {
    call.signal.throwIfAborted()
    const batch = page.items.slice(start, start + COLLECTION_BATCH)
    const removed = await Promise.all(
      batch.map(item => removeListed(deps, { call, target, options }, item.object())),
    )
    left.push(...removed.filter(object => object !== undefined))
  }
  const { apiVersion } = typeMetaOf(target.resource)
  return {
    kind: 'object',
    code: 200,
    object: {
      apiVersion,
      kind: listKindOf(target.resource),
      metadata: { resourceVersion: String(page.revision) },
      items: left.map(object => shownAs(target, object)),
    },
  }
}

async function removeListed(
  deps: RegistryDeps,
  removal: Omit<Removal, 'name'>,
  listed: AnyObject,
): Promise<AnyObject | undefined> {
  const { name = '', namespace = '', uid } = listed.metadata
  const target = { ...removal.target, namespace }
  const options = {
    ...removal.options,
    preconditions: { ...removal.options.preconditions, ...(uid === undefined ? {} : { uid }) },
  }
  try {
    return (await removeNamed(deps, { ...removal, target, options, name })).object
  } catch (error) {
    // Somebody else deleted it first, or put another in its place.
    if (isReason(error, 'NotFound', 'Conflict')) return undefined
    throw error
  }
}
