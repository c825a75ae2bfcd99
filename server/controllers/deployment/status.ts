/**
 * What a Deployment's status says: counts, and the conditions that `kubectl rollout status` reads. Pure.
 * Source: kubernetes pkg/controller/deployment/progress.go, sync.go calculateStatus, util/deployment_util.go
 */
import { rfc3339 } from '#api/time.ts'
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '#api/types/apps-v1.ts'
import { boundsOf } from './bounds.ts'
import { availableOf, type Generations, replicasOf, sum } from './replica-sets.ts'

/** Upstream's way to say "no deadline". */
const NO_DEADLINE = 2 ** 31 - 1

export type Conditions = readonly DeploymentCondition[]

export const conditionOf = (
  conditions: Conditions,
  type: string,
): DeploymentCondition | undefined => conditions.find(condition => condition.type === type)

const without = (conditions: Conditions, type: string): Conditions =>
  conditions.filter(condition => condition.type !== type)

export interface NewCondition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

/** Same status and reason: kept as it is. Same status: only its transition time is kept. */
export function withCondition(
  conditions: Conditions,
  next: NewCondition,
  nowMs: number,
): Conditions {
  const before = conditionOf(conditions, next.type)
  if (before?.status === next.status && before.reason === next.reason) return conditions
  return withFreshCondition(conditions, next, nowMs)
}

/** As above, but its update time moves even when status and reason stay. */
function withFreshCondition(conditions: Conditions, next: NewCondition, nowMs: number): Conditions {
  const before = conditionOf(conditions, next.type)
  const stamp = rfc3339(nowMs)
  const isSameStatus = before?.status === next.status
  const lastTransitionTime = isSameStatus ? (before?.lastTransitionTime ?? stamp) : stamp
  return [...without(conditions, next.type), { ...next, lastUpdateTime: stamp, lastTransitionTime }]
}

export const hasDeadline = (deployment: Deployment): boolean => {
  const seconds = deployment.spec?.progressDeadlineSeconds
  return seconds !== undefined && seconds !== NO_DEADLINE
}

/** Counts and the Available condition. `conditions` are those decided so far. */
export function countStatus(
  deployment: Deployment,
  { current, old }: Generations,
  conditions: Conditions,
  nowMs: number,
): DeploymentStatus {
  const all = current === undefined ? old : [...old, current]
  const available = sum(all, availableOf)
  const { replicas, maxUnavailable } = boundsOf(deployment)
  const isEnough = available >= replicas - maxUnavailable
  const { collisionCount } = deployment.status ?? {}
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(all, replicaSet => replicaSet.status?.replicas ?? 0),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum(all, replicaSet => replicaSet.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, replicasOf) - available),
    terminatingReplicas: sum(all, replicaSet => replicaSet.status?.terminatingReplicas ?? 0),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(conditions, isEnough ? AVAILABLE : UNAVAILABLE, nowMs),
  }
}

const AVAILABLE: NewCondition = {
  type: 'Available',
  status: 'True',
  reason: 'MinimumReplicasAvailable',
  message: 'Deployment has minimum availability.',
}

const UNAVAILABLE: NewCondition = {
  type: 'Available',
  status: 'False',
  reason: 'MinimumReplicasUnavailable',
  message: 'Deployment does not have minimum availability.',
}

export const isComplete = (deployment: Deployment, status: DeploymentStatus): boolean => {
  const wanted = deployment.spec?.replicas ?? 1
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldPods = (status: DeploymentStatus): number =>
    (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldPods(after) < oldPods(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

/** When the rollout counts as stuck, in epoch milliseconds; undefined when it cannot. */
export function deadlineMs(deployment: Deployment, conditions: Conditions): number | undefined {
  const progressing = conditionOf(conditions, 'Progressing')
  if (!hasDeadline(deployment) || progressing === undefined) return undefined
  if (progressing.reason === 'NewReplicaSetAvailable') return undefined
  const seconds = deployment.spec?.progressDeadlineSeconds ?? 0
  return Date.parse(progressing.lastUpdateTime ?? '') + seconds * 1000
}

/** The status while a rollout may be going on: counts, Progressing, and failures of the ReplicaSets. */
export function rolloutStatus(
  deployment: Deployment,
  generations: Generations,
  conditions: Conditions,
  nowMs: number,
): DeploymentStatus {
  const status = countStatus(deployment, generations, conditions, nowMs)
  const progressed = progress(deployment, generations.current, status, nowMs)
  return { ...status, conditions: withFailure(progressed, generations) }
}

function progress(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  status: DeploymentStatus,
  nowMs: number,
): Conditions {
  const conditions = status.conditions ?? []
  if (!hasDeadline(deployment)) return without(conditions, 'Progressing')
  const before = conditionOf(conditions, 'Progressing')
  const isDone =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) &&
    before?.reason === 'NewReplicaSetAvailable'
  if (isDone) return conditions
  const subject =
    current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${current.metadata.name}"`
  const say = (state: 'True' | 'False', reason: string, did: string): NewCondition => ({
    type: 'Progressing',
    status: state,
    reason,
    message: `${subject} ${did}`,
  })
  if (isComplete(deployment, status)) {
    const done = say('True', 'NewReplicaSetAvailable', 'has successfully progressed.')
    return withCondition(conditions, done, nowMs)
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    return withFreshCondition(
      conditions,
      say('True', 'ReplicaSetUpdated', 'is progressing.'),
      nowMs,
    )
  }
  const dueMs = deadlineMs(deployment, conditions)
  const isStuck =
    before?.reason === 'ProgressDeadlineExceeded' || (dueMs !== undefined && dueMs < nowMs)
  if (!isStuck) return conditions
  const stuck = say('False', 'ProgressDeadlineExceeded', 'has timed out progressing.')
  return withCondition(conditions, stuck, nowMs)
}

/** A ReplicaSet that cannot create pods makes its Deployment say so. */
function withFailure(conditions: Conditions, { current, old }: Generations): Conditions {
  const all = current === undefined ? old : [current, ...old]
  const failures = all.flatMap(
    replicaSet =>
      replicaSet.status?.conditions?.filter(condition => condition.type === 'ReplicaFailure') ?? [],
  )
  const failure = failures[0]
  const others = without(conditions, 'ReplicaFailure')
  if (failure === undefined) return others
  const { lastTransitionTime } = failure
  const time = lastTransitionTime === undefined ? {} : { lastUpdateTime: lastTransitionTime }
  return [...others, { ...failure, ...time }]
}
