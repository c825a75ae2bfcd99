/**
 * What a DELETE makes of an object: its deletion begins, goes a step further, or changes nothing. Pure.
 *
 * Law     Deletion may be hastened, never delayed; a graceful deletion under way keeps its finalizers as they are.
 * Source: k8s.io/apiserver pkg/registry/rest/delete.go BeforeDelete; pkg/registry/generic/registry/store.go
 * deletionFinalizersForGarbageCollection, markAsDeleting
 */
import type { AnyObject } from '#api/object.ts'
import { rfc3339 } from '#api/time.ts'
import { withMetadata } from './metadata.ts'
import type { DeleteOptions, Propagation } from './options.ts'
import type { Strategy } from './strategy.ts'

const ORPHAN = 'orphan'
const FOREGROUND = 'foregroundDeletion'

export interface Asked {
  readonly options: Pick<DeleteOptions, 'gracePeriodSeconds' | 'propagation'>
  /** Milliseconds since the epoch. */
  readonly now: number
  /** What holds when neither the request nor the object's finalizers say anything. */
  readonly propagation?: Propagation | undefined
}

/** The object once deletion has begun or gone a step further; itself when nothing changes. */
export function planDeletion(strategy: Strategy, object: AnyObject, asked: Asked): AnyObject {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata
  if (deletionTimestamp === undefined) return begun(strategy, withHolders(object, asked), asked)
  // Nothing is left to wait for but finalizers.
  if (deletionGracePeriodSeconds === 0) return withHolders(object, asked)
  const grace = positive(asked.options.gracePeriodSeconds)
  const left = positive(deletionGracePeriodSeconds) ?? 0
  if (grace === undefined || grace >= left) return object
  return withHolders(hastened(object, { grace, left, now: asked.now }), asked)
}

function begun(strategy: Strategy, object: AnyObject, { options, now }: Asked): AnyObject {
  const grace = strategy.graceSeconds?.(object, positive(options.gracePeriodSeconds)) ?? 0
  const { generation } = object.metadata
  const marked = withMetadata(object, {
    deletionTimestamp: rfc3339(now + grace * 1000),
    deletionGracePeriodSeconds: grace,
    ...(generation === undefined ? {} : { generation: generation + 1 }),
  })
  return strategy.beginDeletion?.(marked, object) ?? marked
}

/** The end moves back; when it would lie in the past, it is now, and who asked for grace has a second of it. */
function hastened(
  object: AnyObject,
  { grace, left, now }: { readonly grace: number; readonly left: number; readonly now: number },
): AnyObject {
  const end = Date.parse(object.metadata.deletionTimestamp ?? '') + (grace - left) * 1000
  if (end >= now) {
    return withMetadata(object, {
      deletionTimestamp: rfc3339(end),
      deletionGracePeriodSeconds: grace,
    })
  }
  return withMetadata(object, {
    deletionTimestamp: rfc3339(now),
    deletionGracePeriodSeconds: grace === 0 ? 0 : 1,
  })
}

/** Negative input is the shortest grace there is. */
const positive = (seconds: number | undefined): number | undefined =>
  seconds !== undefined && seconds < 0 ? 1 : seconds

function withHolders(object: AnyObject, { options, propagation }: Asked): AnyObject {
  const present = object.metadata.finalizers ?? []
  const isTold = present.includes(ORPHAN) || present.includes(FOREGROUND)
  const wanted = options.propagation ?? (isTold ? undefined : propagation)
  if (wanted === undefined) return object
  const others = present.filter(name => name !== ORPHAN && name !== FOREGROUND)
  const holders = HOLDERS[wanted]
  const isSame =
    present.length === others.length + holders.length &&
    holders.every(name => present.includes(name))
  return isSame ? object : withMetadata(object, { finalizers: [...others, ...holders] })
}

/** True when deletion has begun and nothing holds the object any more. */
export function isReleased(strategy: Strategy, object: AnyObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata
  return (
    deletionTimestamp !== undefined &&
    (deletionGracePeriodSeconds ?? 0) === 0 &&
    (finalizers ?? []).length === 0 &&
    (strategy.mayVanish?.(object) ?? true)
  )
}

/** The finalizers that the garbage collector answers to. */
const HOLDERS: Readonly<Record<Propagation, readonly string[]>> = {
  Orphan: [ORPHAN],
  Foreground: [FOREGROUND],
  Background: [],
}
