/**
 * Changes one stored object: read from the cache, compute, commit against the revision that was read, and again
 * when somebody else was faster. Every update, patch, subresource write and graceful delete goes through here.
 *
 * Law     A change that changes nothing is no write: the stored object is answered with its old revision.
 *         An object being deleted whose last holder lets go leaves the store in the same commit.
 * Throws  StatusError(NotFound, Conflict, Invalid ...), or whatever `next` throws.
 */
import { customOf } from '#api/custom/custom-resource.ts'
import type { AnyObject } from '#api/object.ts'
import { MODIFIED, conflict, notFound } from '#api/status.ts'
import type { Cached } from '#server/cache/cache.ts'
import type { Operation } from '#server/store/store.ts'
import { isStoreConflict } from './committer.ts'
import { companionWrites } from './companions.ts'
import { isReleased } from './deletion-plan.ts'
import type { RegistryDeps } from './deps.ts'
import { encodeAt } from './encoding.ts'
import { customStrategy } from './kinds/custom.ts'
import { isUnchanged } from './metadata.ts'
import { confirmEmpty } from './namespace-contents.ts'
import { type Preconditions, checkPreconditions } from './preconditions.ts'
import { DEFAULT_STRATEGY, type Reservation, type Strategy } from './strategy.ts'
import { type Target, asStored, keyAt, subjectOf } from './target.ts'

const ATTEMPTS_MAX = 20
const NAMESPACES = 'namespaces'

export interface Modification {
  readonly target: Target
  readonly name: string
  readonly user: string
  readonly dryRun: boolean
  readonly preconditions?: Preconditions
  /** The stored form after the change, from the stored form before. Runs again after a lost race. */
  readonly next: (current: AnyObject) => AnyObject | Promise<AnyObject>
}

export interface Modified {
  /** Stored form. */
  readonly object: AnyObject
  readonly bytes: Buffer | undefined
  /** The change took the object out of the store. */
  readonly removed: boolean
}

export function strategyOf(deps: RegistryDeps, { resource, storage }: Target): Strategy {
  const custom = customOf(resource)
  return custom === undefined
    ? (deps.strategies.get(storage) ?? DEFAULT_STRATEGY)
    : customStrategy(custom)
}

export async function modify(deps: RegistryDeps, change: Modification): Promise<Modified> {
  const { target, name } = change
  const key = keyAt(target, name)
  const first = await attempt(deps, change, key)
  if (first !== undefined) return first
  const isPinned = change.preconditions?.resourceVersion !== undefined
  if (isPinned) throw conflict(subjectOf(target, name), MODIFIED)
  // Who lost a race waits for those who lost one before: nobody loses again and again, however many they are.
  return deps.committer.inTurn(key, async () => {
    for (let again = 1; again < ATTEMPTS_MAX; again++) {
      // The winner's write is not tracked here only when the store made it (expiry): let it land.
      if (again > 1) await deps.clock.sleep(1)
      const modified = await attempt(deps, change, key)
      if (modified !== undefined) return modified
    }
    throw conflict(subjectOf(target, name), MODIFIED)
  })
}

/** undefined: somebody else was faster. */
async function attempt(
  deps: RegistryDeps,
  change: Modification,
  key: string,
): Promise<Modified | undefined> {
  const { target, name } = change
  await deps.committer.settled(key)
  const cached = deps.cache.get(target.storage, target.namespace, name)
  if (cached === undefined) throw notFound(subjectOf(target, name))
  const stored = cached.object()
  const current = asStored(target, stored)
  checkPreconditions(target, current, change.preconditions)
  const next = await change.next(current)
  // What was stored in another form than today's is written anew, be it only for that.
  if (isUnchanged(next, stored)) return { object: current, bytes: cached.bytes, removed: false }
  try {
    return await write(deps, change, { cached, current, next })
  } catch (error) {
    if (!isStoreConflict(error)) throw error
    // A companion's writer may not have been heard yet.
    if (error.key !== undefined) await deps.committer.settled(error.key)
    return undefined
  }
}

interface Step {
  readonly cached: Cached
  readonly current: AnyObject
  readonly next: AnyObject
}

async function write(deps: RegistryDeps, change: Modification, step: Step): Promise<Modified> {
  const strategy = strategyOf(deps, change.target)
  const removed = isReleased(strategy, step.next)
  if (removed && change.target.storage === NAMESPACES) await confirmEmpty(deps, change.name)
  const reservation = removed ? undefined : await strategy.reserve?.(step.next, step.current)
  const object = reservation?.object ?? step.next
  if (change.dryRun) {
    reservation?.rollback()
    return { object, bytes: undefined, removed }
  }
  const committed = await commitReserved(
    deps,
    change,
    { ...step, next: object },
    { removed, reservation },
  )
  if (removed) strategy.released?.(object)
  return { ...committed, removed }
}

async function commitReserved(
  deps: RegistryDeps,
  change: Modification,
  step: Step,
  plan: { readonly removed: boolean; readonly reservation: Reservation | undefined },
): Promise<{ readonly object: AnyObject; readonly bytes: Buffer | undefined }> {
  const strategy = strategyOf(deps, change.target)
  const { cached, current, next } = step
  const now = deps.clock.now()
  const encoding = encodeAt(next)
  const author = { user: change.user, atMs: now }
  const { encode } = encoding
  const companions = companionWrites(
    deps,
    plan.removed ? strategy.companionsOf?.(current) : plan.reservation?.companions,
  )
  try {
    if (plan.removed) {
      const operation: Operation = {
        kind: 'delete',
        key: cached.key,
        expected: cached.revision,
        encode,
      }
      await deps.committer.commit([operation, ...companions], author)
    } else {
      const expiresAtMs = strategy.expiresAtMs?.(next, now)
      const put = {
        kind: 'put' as const,
        key: cached.key,
        expected: cached.revision,
        encode,
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      }
      if (strategy.isVolatile?.(next, current) === true)
        await deps.committer.commitVolatile(put, author)
      else await deps.committer.commit([put, ...companions], author)
    }
  } catch (error) {
    plan.reservation?.rollback()
    throw error
  }
  plan.reservation?.commit()
  return encoding.result()
}
