/**
 * Decides the next step of a Deployment: which ReplicaSets to create, mark, resize or delete, and what to say. Pure.
 *
 * Input   the Deployment, the ReplicaSets it owns, whether pods of old ones still run, now
 * Output  few actions that may all be done at once, and the status after what is observed now
 * Law     One step at a time: growing and shrinking never happen in one plan, so that every step is judged by what
 *         the step before really did. Steps lead to an empty plan; see scaling.ts for the bounds.
 * Source: kubernetes pkg/controller/deployment/deployment_controller.go syncDeployment, rolling.go, recreate.go
 */
import type { Deployment, DeploymentStatus, ReplicaSet } from '#api/types/apps-v1.ts'
import { isRolling } from './bounds.ts'
import {
  type Generations,
  generationsOf,
  isSized,
  marked,
  newReplicaSet,
  nextRevision,
  replicasOf,
  REVISION,
  resized,
  revisionOf,
} from './replica-sets.ts'
import { planRollback, type Rollback } from './rollback.ts'
import { currentSize, isScaling, type Resize, rescale, shrinkOld, toNothing } from './scaling.ts'
import {
  conditionOf,
  type Conditions,
  countStatus,
  deadlineMs,
  hasDeadline,
  isComplete,
  rolloutStatus,
  withCondition,
} from './status.ts'

export type DeploymentAction =
  | { readonly kind: 'create-replica-set'; readonly replicaSet: ReplicaSet }
  | { readonly kind: 'mark-replica-set'; readonly replicaSet: ReplicaSet }
  /** `replicaSet` as it shall be; `from` is its size before, told in an event when it differs. */
  | { readonly kind: 'resize-replica-set'; readonly replicaSet: ReplicaSet; readonly from: number }
  | { readonly kind: 'delete-replica-set'; readonly replicaSet: ReplicaSet }
  /** The Deployment as it was, and the event that tells of it. */
  | ({ readonly kind: 'roll-back' } & Rollback)
  /** The Deployment's own annotation, which `kubectl rollout history` reads. */
  | { readonly kind: 'set-revision'; readonly revision: string }

export interface DeploymentInput {
  readonly deployment: Deployment
  readonly replicaSets: readonly ReplicaSet[]
  /** Uids of ReplicaSets with pods that are not yet at their end, terminating ones included. */
  readonly withPods: ReadonlySet<string>
  readonly nowMs: number
}

export interface DeploymentPlan {
  readonly actions: readonly DeploymentAction[]
  readonly status: DeploymentStatus
  /** Look again then: the progress deadline passes by waiting. */
  readonly requeueAfterMs?: number
}

export function planDeployment(input: DeploymentInput): DeploymentPlan {
  const { deployment, replicaSets, nowMs } = input
  const generations = generationsOf(deployment, replicaSets)
  const before = deployment.status?.conditions ?? []
  if (deployment.metadata.deletionTimestamp !== undefined) {
    return { actions: [], status: countStatus(deployment, generations, before, nowMs) }
  }
  const conditions = withPausing(deployment, before, nowMs)
  const rollback =
    deployment.spec?.paused === true ? undefined : planRollback(deployment, replicaSets)
  if (rollback !== undefined) {
    const status = countStatus(deployment, generations, conditions, nowMs)
    return { actions: [{ kind: 'roll-back', ...rollback }], status }
  }
  if (deployment.spec?.paused === true || isScaling(deployment, replicaSets)) {
    return planScaling(input, generations, conditions)
  }
  return planRollout(input, generations, conditions)
}

/** No rollout: the ReplicaSets keep their shares of a changed size. */
function planScaling(
  { deployment, nowMs }: DeploymentInput,
  generations: Generations,
  conditions: Conditions,
): DeploymentPlan {
  const revision = nextRevision(generations.old)
  const { current } = generations
  const target = current === undefined ? undefined : marked(current, deployment, revision)
  const resizes = rescale(deployment, generations).flatMap(resize => actionOf(deployment, resize))
  const isResized = resizes.some(action => action.replicaSet.metadata.uid === current?.metadata.uid)
  const marks = isResized ? [] : markOf(current, target)
  const cleaning = deployment.spec?.paused === true ? cleanUp(deployment, generations.old) : []
  const status = countStatus(deployment, generations, conditions, nowMs)
  return {
    actions: [...marks, ...revisionOfTarget(deployment, target), ...resizes, ...cleaning],
    status,
  }
}

function planRollout(
  input: DeploymentInput,
  generations: Generations,
  conditions: Conditions,
): DeploymentPlan {
  const { deployment, nowMs } = input
  const revision = nextRevision(generations.old)
  const target =
    generations.current === undefined
      ? undefined
      : marked(generations.current, deployment, revision)
  const found = withFound(deployment, target, conditions, nowMs)
  const steps = isRolling(deployment)
    ? rollingSteps(deployment, generations, revision)
    : recreateSteps(input, generations, revision)
  const created = steps.find(step => step.kind === 'create-replica-set')?.replicaSet
  const told = created === undefined ? found : withCreated(deployment, created, found, nowMs)
  const status = rolloutStatus(deployment, generations, told, nowMs)
  const isResizingTarget = steps.some(
    step => 'from' in step && step.replicaSet.metadata.uid === target?.metadata.uid,
  )
  const isFinished = steps.length === 0 && isComplete(deployment, status)
  const dueMs = deadlineMs(deployment, status.conditions ?? [])
  const isWaiting =
    dueMs !== undefined &&
    conditionOf(status.conditions ?? [], 'Progressing')?.reason !== 'ProgressDeadlineExceeded'
  return {
    actions: [
      ...(isResizingTarget ? [] : markOf(generations.current, target)),
      ...revisionOfTarget(deployment, target ?? created),
      ...steps,
      ...(isFinished ? cleanUp(deployment, generations.old) : []),
    ],
    status,
    // A second later than due, because stamps have whole seconds.
    ...(isWaiting ? { requeueAfterMs: Math.max(1000, dueMs - nowMs + 1000) } : {}),
  }
}

type Step = Extract<
  DeploymentAction,
  { readonly kind: 'create-replica-set' | 'resize-replica-set' }
>

function rollingSteps(
  deployment: Deployment,
  { current, old }: Generations,
  revision: number,
): readonly Step[] {
  const size = currentSize(deployment, current, old)
  if (current === undefined) return [create(deployment, size, revision)]
  const target = marked(current, deployment, revision)
  const growth =
    replicasOf(current) === size ? [] : actionOf(deployment, { replicaSet: target, replicas: size })
  if (growth.length > 0) return growth
  // Sizes ordered a moment ago may already have cost pods that a status of before still counts as available.
  // Differs from upstream, which may go below its bound then.
  if ([...old, current].some(isUnseen)) return []
  return shrinkOld(deployment, current, old).flatMap(resize => actionOf(deployment, resize))
}

const isUnseen = ({ metadata, status }: ReplicaSet): boolean =>
  (status?.observedGeneration ?? 0) < (metadata.generation ?? 0)

/** All old pods are gone before the first new one comes. */
function recreateSteps(
  { deployment, withPods }: DeploymentInput,
  { current, old }: Generations,
  revision: number,
): readonly Step[] {
  const shrinking = toNothing(old).flatMap(resize => actionOf(deployment, resize))
  if (shrinking.length > 0) return shrinking
  const hasOldPods = old.some(
    replicaSet =>
      (replicaSet.status?.replicas ?? 0) > 0 || withPods.has(replicaSet.metadata.uid ?? ''),
  )
  if (hasOldPods) return []
  const replicas = deployment.spec?.replicas ?? 1
  if (current === undefined) return [create(deployment, replicas, revision)]
  if (replicasOf(current) === replicas) return []
  return actionOf(deployment, { replicaSet: marked(current, deployment, revision), replicas })
}

const create = (deployment: Deployment, replicas: number, revision: number): Step => ({
  kind: 'create-replica-set',
  replicaSet: newReplicaSet(deployment, { replicas, revision }),
})

/** Nothing when the ReplicaSet already has that size and is marked with what it was sized for. */
function actionOf(
  deployment: Deployment,
  { replicaSet, replicas }: Resize,
): readonly Extract<Step, { readonly kind: 'resize-replica-set' }>[] {
  const from = replicasOf(replicaSet)
  if (from === replicas && isSized(replicaSet, deployment)) return []
  return [
    { kind: 'resize-replica-set', replicaSet: resized(replicaSet, deployment, replicas), from },
  ]
}

const markOf = (
  before: ReplicaSet | undefined,
  after: ReplicaSet | undefined,
): readonly DeploymentAction[] =>
  after === undefined || before === after ? [] : [{ kind: 'mark-replica-set', replicaSet: after }]

function revisionOfTarget(
  deployment: Deployment,
  target: ReplicaSet | undefined,
): readonly DeploymentAction[] {
  const revision = target?.metadata.annotations?.[REVISION]
  if (revision === undefined || deployment.metadata.annotations?.[REVISION] === revision) return []
  return [{ kind: 'set-revision', revision }]
}

/** Empty old ReplicaSets beyond the history limit, the lowest revisions first. */
function cleanUp(deployment: Deployment, old: readonly ReplicaSet[]): readonly DeploymentAction[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10
  const alive = old.filter(replicaSet => replicaSet.metadata.deletionTimestamp === undefined)
  const surplus = [...alive]
    .sort((left, right) => revisionOf(left) - revisionOf(right))
    .slice(0, Math.max(0, alive.length - limit))
  return surplus
    .filter(
      replicaSet =>
        replicasOf(replicaSet) === 0 &&
        (replicaSet.status?.replicas ?? 0) === 0 &&
        (replicaSet.metadata.generation ?? 0) <= (replicaSet.status?.observedGeneration ?? 0),
    )
    .map(replicaSet => ({ kind: 'delete-replica-set', replicaSet }))
}

/** A pause stops the progress clock; resuming starts it anew. */
function withPausing(deployment: Deployment, conditions: Conditions, nowMs: number): Conditions {
  if (!hasDeadline(deployment)) return conditions
  const progressing = conditionOf(conditions, 'Progressing')
  if (progressing?.reason === 'ProgressDeadlineExceeded') return conditions
  const isPaused = deployment.spec?.paused === true
  const wasPaused = progressing?.reason === 'DeploymentPaused'
  if (isPaused === wasPaused) return conditions
  const [reason, message] = isPaused
    ? ['DeploymentPaused', 'Deployment is paused']
    : ['DeploymentResumed', 'Deployment is resumed']
  return withCondition(
    conditions,
    { type: 'Progressing', status: 'Unknown', reason, message },
    nowMs,
  )
}

function withFound(
  deployment: Deployment,
  target: ReplicaSet | undefined,
  conditions: Conditions,
  nowMs: number,
): Conditions {
  const isKnown = conditionOf(conditions, 'Progressing') !== undefined
  if (target === undefined || isKnown || !hasDeadline(deployment)) return conditions
  const message = `Found new replica set "${target.metadata.name}"`
  const found = {
    type: 'Progressing',
    status: 'True',
    reason: 'FoundNewReplicaSet',
    message,
  } as const
  return withCondition(conditions, found, nowMs)
}

function withCreated(
  deployment: Deployment,
  created: ReplicaSet,
  conditions: Conditions,
  nowMs: number,
): Conditions {
  if (!hasDeadline(deployment)) return conditions
  const message = `Created new replica set "${created.metadata.name}"`
  const next = {
    type: 'Progressing',
    status: 'True',
    reason: 'NewReplicaSetCreated',
    message,
  } as const
  return withCondition(conditions, next, nowMs)
}
