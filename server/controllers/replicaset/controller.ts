/**
 * The ReplicaSet controller: reads, plans, executes, writes status. Decides nothing.
 * Source: kubernetes pkg/controller/replicaset/replica_set.go
 */
import { keyOf } from '#api/object.ts'
import { labelSelectorOf } from '#api/selectors.ts'
import { isReason } from '#api/status.ts'
import type { ReplicaSet } from '#api/types/apps-v1.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { messageOf } from '#base/errors.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { RecordingDeps } from '../deps.ts'
import { execute, type Executors } from '../execute.ts'
import { OwnWrites } from '../own-writes.ts'
import { adopted, controllerOf, planClaims, released } from '../ownership.ts'
import { meansTheSame } from '../same.ts'
import {
  BURST,
  type Failure,
  planReplicaSet,
  type ReplicaSetAction,
  replicaSetStatus,
} from './plan.ts'

const WORKERS = 5
/** How soon to look again when the cache has not caught up with our own writes, should its event be missed. */
const UNSETTLED_RETRY_MS = 500
/** Deletions in flight at once. */
const DELETE_WIDTH = 16

export const BY_NAMESPACE = 'namespace'
export const BY_CONTROLLER = 'controller'

/**
 * The pods with those this pass gave up marked as going, so that the status never counts a pod as available that a
 * Deployment may not rely on any more.
 */
function withDeleted(pods: readonly Pod[], actions: readonly ReplicaSetAction[]): readonly Pod[] {
  const deleted = new Set(
    actions.flatMap(action => (action.kind === 'delete-pods' ? action.pods : [])),
  )
  if (deleted.size === 0) return pods
  return pods.map(pod =>
    deleted.has(pod)
      ? {
          ...pod,
          metadata: { ...pod.metadata, deletionTimestamp: pod.metadata.creationTimestamp ?? '' },
        }
      : pod,
  )
}

export function createReplicaSetController(deps: RecordingDeps): Controller {
  const { client, clock, events } = deps
  const replicaSets = deps.informers.of('replicaSets')
  const pods = deps.informers.of('pods')
  const writes = new OwnWrites()
  replicaSets.addIndex(BY_CONTROLLER, object => [controllerOf(object)?.uid ?? ''])
  pods.addIndex(BY_CONTROLLER, object => [controllerOf(object)?.uid ?? ''])
  replicaSets.addIndex(BY_NAMESPACE, object => [object.metadata.namespace ?? ''])
  const orphans = (namespace: string | undefined): readonly Pod[] =>
    pods.byIndex(BY_CONTROLLER, '').filter(pod => pod.metadata.namespace === namespace)

  /** Throws the refusal after having told of it; what was created before counts. */
  const createPods = async (
    replicaSet: ReplicaSet,
    pod: Pod,
    count: number,
    signal: AbortSignal,
  ) => {
    let left = count
    for (let width = 1; left > 0; width = Math.min(width * 2, BURST)) {
      const batch = Math.min(width, left)
      const results = await Promise.allSettled(
        Array.from({ length: batch }, async () => {
          const made = await client.pods.create(pod, {}, signal)
          writes.wrote(keyOf(replicaSet), made)
          const message = `Created pod: ${made.metadata.name}`
          events.event(replicaSet, { type: 'Normal', reason: 'SuccessfulCreate', message })
        }),
      )
      left -= batch
      const refused = results.find(result => result.status === 'rejected')
      if (refused !== undefined) {
        const message = `Error creating: ${messageOf(refused.reason)}`
        if (!signal.aborted) {
          events.event(replicaSet, { type: 'Warning', reason: 'FailedCreate', message })
        }
        throw refused.reason
      }
    }
  }

  const deletePod = async (replicaSet: ReplicaSet, pod: Pod, signal: AbortSignal) => {
    const { uid } = pod.metadata
    const options = { preconditions: uid === undefined ? {} : { uid } }
    try {
      await client.pods.delete(nameOf(pod), options, signal)
    } catch (error) {
      // Gone already, or another one by now: in both cases ours is deleted.
      if (!isReason(error, 'NotFound', 'Conflict')) {
        const message = `Error deleting: ${messageOf(error)}`
        events.event(replicaSet, { type: 'Warning', reason: 'FailedDelete', message })
        throw error
      }
    }
    writes.deleted(keyOf(replicaSet), pod)
    const message = `Deleted pod: ${pod.metadata.name}`
    events.event(replicaSet, { type: 'Normal', reason: 'SuccessfulDelete', message })
  }

  const executorsFor = (replicaSet: ReplicaSet): Executors<ReplicaSetAction> => ({
    'create-pods': ({ pod, count }, signal) => createPods(replicaSet, pod, count, signal),
    'delete-pods': async (action, signal) => {
      for (let from = 0; from < action.pods.length; from += DELETE_WIDTH) {
        const batch = action.pods.slice(from, from + DELETE_WIDTH)
        const results = await Promise.allSettled(
          batch.map(pod => deletePod(replicaSet, pod, signal)),
        )
        const refused = results.find(result => result.status === 'rejected')
        if (refused !== undefined) throw refused.reason
      }
    },
  })

  /** Takes in orphans and lets go of strays. Returns whether anything was written. */
  const claim = async (replicaSet: ReplicaSet, signal: AbortSignal) => {
    const candidates = [
      ...pods.byIndex(BY_CONTROLLER, replicaSet.metadata.uid ?? ''),
      ...orphans(replicaSet.metadata.namespace),
    ]
    const claims = planClaims(replicaSet, labelSelectorOf(replicaSet.spec?.selector), candidates)
    if (claims.adopt.length > 0) {
      // Only a live look may adopt: the cache may show an owner that is gone or being deleted.
      const live = await client.replicaSets.get(nameOf(replicaSet), signal)
      const isSame = live.metadata.uid === replicaSet.metadata.uid
      if (!isSame || live.metadata.deletionTimestamp !== undefined)
        return { ...claims, hasWritten: false }
    }
    for (const pod of claims.adopt) {
      if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue
      writes.wrote(
        keyOf(replicaSet),
        await client.pods.update(adopted(pod, replicaSet), {}, signal),
      )
    }
    for (const pod of claims.release) {
      writes.wrote(
        keyOf(replicaSet),
        await client.pods.update(released(pod, replicaSet), {}, signal),
      )
    }
    const hasWritten = !writes.isSettled(keyOf(replicaSet), pods)
    return { ...claims, hasWritten }
  }

  const related = (replicaSet: ReplicaSet): readonly Pod[] => {
    const owner = controllerOf(replicaSet)?.uid
    if (owner === undefined) return pods.byIndex(BY_CONTROLLER, replicaSet.metadata.uid ?? '')
    return replicaSets
      .byIndex(BY_CONTROLLER, owner)
      .flatMap(sibling => pods.byIndex(BY_CONTROLLER, sibling.metadata.uid ?? ''))
  }

  const writeStatus = async (
    replicaSet: ReplicaSet,
    owned: readonly Pod[],
    failure: Failure | undefined,
    signal: AbortSignal,
  ) => {
    const status = replicaSetStatus(replicaSet, owned, clock.now(), failure)
    if (meansTheSame(replicaSet.status, status)) return
    await client.replicaSets.updateStatus({ ...replicaSet, status }, {}, signal)
  }

  const sync = async (key: string, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const replicaSet = replicaSets.get(key)
    if (replicaSet === undefined) {
      writes.forget(key)
      return undefined
    }
    if (!writes.isSettled(key, pods)) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    const { owned, hasWritten } = await claim(replicaSet, signal)
    if (hasWritten) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    const plan = planReplicaSet(replicaSet, owned, related(replicaSet), clock.now())
    let failure: Failure | undefined
    let refusal: unknown
    for (const action of plan.actions) {
      try {
        await execute(executorsFor(replicaSet), action, signal)
      } catch (error) {
        if (signal.aborted) throw error
        refusal = error
        const reason = action.kind === 'create-pods' ? 'FailedCreate' : 'FailedDelete'
        failure = { reason, message: messageOf(error) }
      }
    }
    await writeStatus(replicaSet, withDeleted(owned, plan.actions), failure, signal)
    if (refusal !== undefined) throw refusal
    return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs }
  }

  const controller = createController({
    name: 'replicaset',
    workers: WORKERS,
    needs: [replicaSets, pods],
    sync,
    clock,
    random: deps.random,
    log: deps.log,
  })
  const enqueueOwner = (pod: Pod): void => {
    const owner = controllerOf(pod)
    const namespace = pod.metadata.namespace ?? ''
    if (owner !== undefined) {
      if (owner.kind === 'ReplicaSet') controller.enqueue(`${namespace}/${owner.name}`)
      return
    }
    if (pod.metadata.labels === undefined) return
    for (const replicaSet of replicaSets.byIndex(BY_NAMESPACE, namespace)) {
      const selector = labelSelectorOf(replicaSet.spec?.selector)
      if (selector.matches(pod.metadata.labels)) controller.enqueue(keyOf(replicaSet))
    }
  }
  replicaSets.addHandler({
    onAdd: object => controller.enqueue(keyOf(object)),
    onUpdate: (_before, after) => controller.enqueue(keyOf(after)),
    onDelete: object => controller.enqueue(keyOf(object)),
  })
  pods.addHandler({
    onAdd: enqueueOwner,
    onUpdate: (before, after) => {
      enqueueOwner(after)
      if (controllerOf(before)?.uid !== controllerOf(after)?.uid) enqueueOwner(before)
    },
    onDelete: enqueueOwner,
  })
  return controller
}
