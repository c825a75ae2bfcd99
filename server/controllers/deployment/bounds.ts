/**
 * How far a rolling update may go above and below the wanted number of pods. Pure.
 *
 *   replicas 10, maxSurge 25 %, maxUnavailable 25 %  -> surge 3 (rounded up), unavailable 2 (rounded down)
 *   both come out as 0                               -> unavailable 1, or the update could never move
 *
 * Source: kubernetes pkg/controller/deployment/util ResolveFenceposts, apimachinery util/intstr
 */
import type { Deployment } from '#api/types/apps-v1.ts'

export interface Bounds {
  readonly replicas: number
  readonly maxSurge: number
  readonly maxUnavailable: number
}

function resolve(value: number | string | undefined, total: number, round: (n: number) => number) {
  if (value === undefined) return 0
  if (typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value)?.[1]
  return percent === undefined ? 0 : round((Number(percent) * total) / 100)
}

export const isRolling = (deployment: Deployment): boolean =>
  (deployment.spec?.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate'

export function boundsOf(deployment: Deployment): Bounds {
  const replicas = deployment.spec?.replicas ?? 1
  if (!isRolling(deployment)) return { replicas, maxSurge: 0, maxUnavailable: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } =
    deployment.spec?.strategy?.rollingUpdate ?? {}
  const surge = resolve(maxSurge, replicas, Math.ceil)
  const floor = resolve(maxUnavailable, replicas, Math.floor)
  const unavailable = surge === 0 && floor === 0 ? 1 : floor
  return { replicas, maxSurge: surge, maxUnavailable: Math.min(unavailable, replicas) }
}
