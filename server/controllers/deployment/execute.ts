/**
 * Carries out what a Deployment's plan says: the writes, the events that tell of them, and what to do when the name
 * of a new ReplicaSet is taken.
 * Source: kubernetes pkg/controller/deployment/sync.go
 */
import { keyOf } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import type { Deployment, DeploymentStatus, ReplicaSet } from '#api/types/apps-v1.ts'
import { messageOf } from '#base/errors.ts'
import { nameOf } from '#client/resource.ts'
import type { RecordingDeps } from '../deps.ts'
import type { Executors } from '../execute.ts'
import type { OwnWrites } from '../own-writes.ts'
import { isControlledBy } from '../ownership.ts'
import { meansTheSame } from '../same.ts'
import type { DeploymentAction } from './plan.ts'
import { REVISION } from './replica-sets.ts'
import { isSameTemplate } from './template-hash.ts'

/** One Deployment being worked on, and what its writes have to be remembered in. */
export interface Job {
  readonly deps: RecordingDeps
  readonly deployment: Deployment
  readonly replicaSetWrites: OwnWrites
  readonly deploymentWrites: OwnWrites
}

export function executorsFor(job: Job): Executors<DeploymentAction> {
  const { client } = job.deps
  return {
    'create-replica-set': ({ replicaSet }, signal) => createReplicaSet(job, replicaSet, signal),
    'mark-replica-set': ({ replicaSet }, signal) => writeReplicaSet(job, replicaSet, signal),
    'resize-replica-set': async ({ replicaSet, from }, signal) => {
      await writeReplicaSet(job, replicaSet, signal)
      if (from !== replicaSet.spec?.replicas) tellResize(job, replicaSet, from)
    },
    'delete-replica-set': async ({ replicaSet }, signal) => {
      const { uid } = replicaSet.metadata
      const preconditions = uid === undefined ? {} : { uid }
      await client.replicaSets.delete(nameOf(replicaSet), { preconditions }, signal)
      job.replicaSetWrites.deleted(keyOf(job.deployment), replicaSet)
    },
    'roll-back': async ({ deployment, event }, signal) => {
      const answer = await client.deployments.update(deployment, {}, signal)
      job.deploymentWrites.wrote(keyOf(deployment), answer)
      job.deps.events.event(deployment, event)
    },
    'set-revision': async ({ revision }, signal) => {
      const body = { metadata: { annotations: { [REVISION]: revision } } }
      const at = nameOf(job.deployment)
      // As a part of the status: other writes of annotations count as changes of what is wanted.
      const options = { subresource: 'status' }
      const answer = await client.deployments.patch(at, { type: 'merge', body }, options, signal)
      job.deploymentWrites.wrote(keyOf(job.deployment), answer)
    },
  }
}

export async function writeStatus(
  { deps, deployment, deploymentWrites }: Job,
  status: DeploymentStatus,
  signal: AbortSignal,
): Promise<void> {
  if (meansTheSame(deployment.status, status)) return
  // Setting the revision moved the object on: only our own status is at stake, so the patch names no revision.
  const patch = {
    type: 'merge',
    body: { status: { ...nulls(deployment.status, status), ...status } },
  } as const
  const options = { subresource: 'status' }
  const answer = await deps.client.deployments.patch(nameOf(deployment), patch, options, signal)
  deploymentWrites.wrote(keyOf(deployment), answer)
}

async function writeReplicaSet(
  job: Job,
  replicaSet: ReplicaSet,
  signal: AbortSignal,
): Promise<void> {
  const answer = await job.deps.client.replicaSets.update(replicaSet, {}, signal)
  job.replicaSetWrites.wrote(keyOf(job.deployment), answer)
}

async function createReplicaSet(
  job: Job,
  replicaSet: ReplicaSet,
  signal: AbortSignal,
): Promise<void> {
  try {
    const answer = await job.deps.client.replicaSets.create(replicaSet, {}, signal)
    job.replicaSetWrites.wrote(keyOf(job.deployment), answer)
    if ((replicaSet.spec?.replicas ?? 0) > 0) tellResize(job, replicaSet, 0)
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return collide(job, replicaSet, signal)
    await tellRefusal(job, replicaSet, error, signal)
    throw error
  }
}

/** The name is taken: by ourselves in an earlier life, which is fine, or by another template. */
async function collide(job: Job, replicaSet: ReplicaSet, signal: AbortSignal): Promise<void> {
  const { deployment, deps } = job
  const existing = await deps.client.replicaSets.get(nameOf(replicaSet), signal)
  const isOurs = isControlledBy(existing, deployment)
  if (isOurs && isSameTemplate(existing.spec?.template ?? {}, replicaSet.spec?.template ?? {})) {
    job.replicaSetWrites.wrote(keyOf(deployment), existing)
    return
  }
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
  await writeStatus(job, { ...deployment.status, collisionCount }, signal)
  throw new Error(`replica set name ${replicaSet.metadata.name} is taken, choosing another`)
}

async function tellRefusal(
  job: Job,
  replicaSet: ReplicaSet,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return
  const { deployment, deps } = job
  const reason = 'ReplicaSetCreateError'
  const message = `Failed to create new replica set "${replicaSet.metadata.name}": ${messageOf(error)}`
  deps.events.event(deployment, { type: 'Warning', reason, message })
  const before = deployment.status?.conditions ?? []
  // The same failure again keeps its times: nothing new is to be told.
  if (before.some(condition => condition.reason === reason && condition.message === message)) return
  const stamp = rfc3339(deps.clock.now())
  const times = { lastUpdateTime: stamp, lastTransitionTime: stamp }
  const others = before.filter(({ type }) => type !== 'Progressing')
  const condition = { type: 'Progressing', status: 'False', reason, message, ...times }
  await writeStatus(job, { ...deployment.status, conditions: [...others, condition] }, signal)
}

function tellResize({ deps, deployment }: Job, replicaSet: ReplicaSet, from: number): void {
  const to = replicaSet.spec?.replicas ?? 0
  const direction = to > from ? 'up' : 'down'
  const message = `Scaled ${direction} replica set ${replicaSet.metadata.name} from ${from} to ${to}`
  deps.events.event(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message })
}

/** A merge patch removes a field by null: whatever the old status had and the new one lacks. */
function nulls(
  before: DeploymentStatus | undefined,
  after: DeploymentStatus,
): Readonly<Record<string, null>> {
  const gone = Object.keys(before ?? {}).filter(field => !(field in after))
  return Object.fromEntries(gone.map(field => [field, null]))
}
