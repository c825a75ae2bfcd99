/**
 * The arithmetic of a Deployment's ReplicaSets: how many pods each should have next. Pure.
 *
 * A rolling update of 10 with surge 3 and unavailable 2 (at most 13 pods, at least 8 available):
 *   old 10/10 available, new 0      -> new 3       (13 pods)
 *   old 10/10, new 3/0 available    -> old 8       (8 available is allowed)
 *   old 8/8, new 3/0                -> new 5       (13 pods again)
 *   old 8/8, new 5/2                -> old 6       ...and so on until old 0, new 10
 *
 * Law  The sum of all sizes never grows beyond replicas + maxSurge by a step planned here, and no step takes an
 *      available pod while that would leave fewer than replicas - maxUnavailable available.
 * Source: kubernetes pkg/controller/deployment/rolling.go, sync.go scale, util/deployment_util.go NewRSNewReplicas
 */
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import { boundsOf, isRolling } from './bounds.ts'
import {
  availableOf,
  byAge,
  DESIRED,
  type Generations,
  MAX,
  replicasOf,
  sum,
} from './replica-sets.ts'

export interface Resize {
  readonly replicaSet: ReplicaSet
  readonly replicas: number
}

/**
 * Available pods that will still be there once the ReplicaSet has its size: its status may lag behind a shrinking
 * that was ordered a moment ago. Differs from upstream, which counts those pods once more.
 */
const lastingOf = (replicaSet: ReplicaSet): number =>
  Math.min(availableOf(replicaSet), replicasOf(replicaSet))

/** The size of the current ReplicaSet in the next step of a rollout. `current` is undefined before its creation. */
export function currentSize(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): number {
  const { replicas, maxSurge } = boundsOf(deployment)
  if (!isRolling(deployment)) return replicas
  const size = current === undefined ? 0 : replicasOf(current)
  if (size >= replicas) return replicas
  const room = replicas + maxSurge - size - sum(old, replicasOf)
  return room <= 0 ? size : size + Math.min(room, replicas - size)
}

/** Which old ReplicaSets shrink in the next step: first by pods that are not available, then by available ones. */
export function shrinkOld(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly Resize[] {
  const oldPods = sum(old, replicasOf)
  if (oldPods === 0) return []
  const { replicas, maxUnavailable } = boundsOf(deployment)
  const minAvailable = replicas - maxUnavailable
  const currentUnavailable = replicasOf(current) - lastingOf(current)
  let room = oldPods + replicasOf(current) - minAvailable - currentUnavailable
  if (room <= 0) return []
  const sizes = new Map(old.map(replicaSet => [replicaSet, replicasOf(replicaSet)]))
  for (const replicaSet of [...old].sort(byAge)) {
    const size = replicasOf(replicaSet)
    const unhealthy = Math.min(room, Math.max(0, size - availableOf(replicaSet)))
    room -= unhealthy
    sizes.set(replicaSet, size - unhealthy)
  }
  // Counted apart from `room`: what just went was not available, so the available ones are all still there.
  let spare = sum(old, lastingOf) + lastingOf(current) - minAvailable
  for (const replicaSet of [...old].sort(byAge)) {
    if (spare <= 0) break
    const size = sizes.get(replicaSet) ?? 0
    const taken = Math.min(size, spare)
    sizes.set(replicaSet, size - taken)
    spare -= taken
  }
  return changed(sizes)
}

/** Recreate, and a saturated new ReplicaSet: all others go to nothing. */
export const toNothing = (old: readonly ReplicaSet[]): readonly Resize[] =>
  old
    .filter(replicaSet => replicasOf(replicaSet) > 0)
    .map(replicaSet => ({ replicaSet, replicas: 0 }))

/** True when `replicas` was changed since the active ReplicaSets were sized. */
export const isScaling = (deployment: Deployment, replicaSets: readonly ReplicaSet[]): boolean =>
  replicaSets.some(replicaSet => {
    const desired = replicaSet.metadata.annotations?.[DESIRED]
    return (
      replicasOf(replicaSet) > 0 &&
      desired !== undefined &&
      Number(desired) !== (deployment.spec?.replicas ?? 1)
    )
  })

/** The sizes after a change of `replicas`, or of a paused Deployment: proportional while a rollout is under way. */
export function rescale(deployment: Deployment, { current, old }: Generations): readonly Resize[] {
  const { replicas, maxSurge } = boundsOf(deployment)
  const all = current === undefined ? old : [...old, current]
  const active = all.filter(replicaSet => replicasOf(replicaSet) > 0)
  if (active.length <= 1) {
    const only = active[0] ?? current ?? old.at(-1)
    return only === undefined ? [] : [{ replicaSet: only, replicas }]
  }
  if (current !== undefined && isSaturated(deployment, current)) return toNothing(old)
  if (!isRolling(deployment)) return []
  const allowed = replicas > 0 ? replicas + maxSurge : 0
  return proportional(deployment, active, allowed - sum(active, replicasOf))
}

function isSaturated(deployment: Deployment, current: ReplicaSet): boolean {
  const replicas = deployment.spec?.replicas ?? 1
  return (
    replicasOf(current) === replicas &&
    Number(current.metadata.annotations?.[DESIRED] ?? Number.NaN) === replicas &&
    availableOf(current) === replicas
  )
}

/** Spreads `toAdd` (negative to shrink) over the active ReplicaSets by their share; the largest takes the rest. */
function proportional(
  deployment: Deployment,
  active: readonly ReplicaSet[],
  toAdd: number,
): readonly Resize[] {
  // Of equal size, the newer one grows first and the older one shrinks first.
  const ordered = [...active].sort(
    (left, right) =>
      replicasOf(right) - replicasOf(left) || (toAdd > 0 ? byAge(right, left) : byAge(left, right)),
  )
  const sizes = new Map<ReplicaSet, number>()
  let added = 0
  for (const replicaSet of ordered) {
    const share = shareOf(deployment, replicaSet, toAdd, added)
    sizes.set(replicaSet, replicasOf(replicaSet) + share)
    added += share
  }
  const largest = ordered[0]
  if (largest !== undefined) {
    sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added))
  }
  return ordered.map(replicaSet => ({
    replicaSet,
    replicas: Math.max(0, sizes.get(replicaSet) ?? 0),
  }))
}

function shareOf(
  deployment: Deployment,
  replicaSet: ReplicaSet,
  toAdd: number,
  added: number,
): number {
  const size = replicasOf(replicaSet)
  if (size === 0 || toAdd === 0 || toAdd === added) return 0
  const { replicas, maxSurge } = boundsOf(deployment)
  const sizedFor =
    Number(replicaSet.metadata.annotations?.[MAX] ?? 0) || deployment.status?.replicas || size
  const fraction =
    replicas === 0 ? -size : Math.round((size * (replicas + maxSurge)) / sizedFor) - size
  return toAdd > 0 ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added)
}

const changed = (sizes: ReadonlyMap<ReplicaSet, number>): readonly Resize[] =>
  [...sizes]
    .filter(([replicaSet, replicas]) => replicasOf(replicaSet) !== replicas)
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }))
