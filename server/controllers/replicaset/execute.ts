/**
 * Carries out what a ReplicaSet's plan says, and tells of it in events.
 *
 * Pods are created in batches of 1, 2, 4, ... and the first batch with a refusal is the last: a quota or a webhook
 * that refuses all is asked a handful of times, not five hundred.
 * Source: kubernetes pkg/controller/replicaset/replica_set.go slowStartBatch, pkg/controller RealPodControl
 */
import { keyOf } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import type { ReplicaSet } from '#api/types/apps-v1.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { messageOf } from '#base/errors.ts'
import { nameOf } from '#client/resource.ts'
import type { RecordingDeps } from '../deps.ts'
import { execute, type Executors } from '../execute.ts'
import type { OwnWrites } from '../own-writes.ts'
import { BURST, type Failure, type ReplicaSetAction } from './plan.ts'

/** Deletions in flight at once. */
const DELETE_WIDTH = 16

/** One ReplicaSet being worked on, and what its writes have to be remembered in. */
export interface Job {
  readonly deps: RecordingDeps
  readonly replicaSet: ReplicaSet
  readonly writes: OwnWrites
}

export interface Outcome {
  /** For the ReplicaFailure condition. */
  readonly failure: Failure | undefined
  /** To be thrown once the status is written. */
  readonly refusal: unknown
}

/** Runs all actions; a refused one does not keep the others, nor the status, from being done. */
export async function executeActions(
  job: Job,
  actions: readonly ReplicaSetAction[],
  signal: AbortSignal,
): Promise<Outcome> {
  const executors: Executors<ReplicaSetAction> = {
    'create-pods': ({ pod, count }) => createPods(job, pod, count, signal),
    'delete-pods': ({ pods }) => deletePods(job, pods, signal),
  }
  let outcome: Outcome = { failure: undefined, refusal: undefined }
  for (const action of actions) {
    try {
      await execute(executors, action, signal)
    } catch (error) {
      if (signal.aborted) throw error
      const reason = action.kind === 'create-pods' ? 'FailedCreate' : 'FailedDelete'
      outcome = { failure: { reason, message: messageOf(error) }, refusal: error }
    }
  }
  return outcome
}

/** Throws the first refusal after having told of it; what was created before counts. */
async function createPods(job: Job, pod: Pod, count: number, signal: AbortSignal): Promise<void> {
  const { deps, replicaSet, writes } = job
  const createOne = async (): Promise<void> => {
    const made = await deps.client.pods.create(pod, {}, signal)
    writes.wrote(keyOf(replicaSet), made)
    const message = `Created pod: ${made.metadata.name}`
    deps.events.event(replicaSet, { type: 'Normal', reason: 'SuccessfulCreate', message })
  }
  let left = count
  for (let width = 1; left > 0; width = Math.min(width * 2, BURST)) {
    const batch = Math.min(width, left)
    left -= batch
    const results = await Promise.allSettled(Array.from({ length: batch }, createOne))
    const refused = results.find(result => result.status === 'rejected')
    if (refused === undefined) continue
    if (!signal.aborted) {
      const message = `Error creating: ${messageOf(refused.reason)}`
      deps.events.event(replicaSet, { type: 'Warning', reason: 'FailedCreate', message })
    }
    throw refused.reason
  }
}

async function deletePods(job: Job, pods: readonly Pod[], signal: AbortSignal): Promise<void> {
  for (let from = 0; from < pods.length; from += DELETE_WIDTH) {
    const batch = pods.slice(from, from + DELETE_WIDTH)
    const results = await Promise.allSettled(batch.map(pod => deletePod(job, pod, signal)))
    const refused = results.find(result => result.status === 'rejected')
    if (refused !== undefined) throw refused.reason
  }
}

async function deletePod(job: Job, pod: Pod, signal: AbortSignal): Promise<void> {
  const { deps, replicaSet, writes } = job
  const { uid, name } = pod.metadata
  const preconditions = uid === undefined ? {} : { uid }
  try {
    await deps.client.pods.delete(nameOf(pod), { preconditions }, signal)
  } catch (error) {
    // Gone already, or another one by now: in both cases ours is deleted.
    if (!isReason(error, 'NotFound', 'Conflict')) {
      const message = `Error deleting: ${messageOf(error)}`
      deps.events.event(replicaSet, { type: 'Warning', reason: 'FailedDelete', message })
      throw error
    }
  }
  writes.deleted(keyOf(replicaSet), pod)
  const message = `Deleted pod: ${name}`
  deps.events.event(replicaSet, { type: 'Normal', reason: 'SuccessfulDelete', message })
}
