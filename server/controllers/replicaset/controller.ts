/**
 * The ReplicaSet controller: reads, plans, executes, writes status. Decides nothing.
 * Source: kubernetes pkg/controller/replicaset/replica_set.go
 */
import { keyOf } from '#api/object.ts'
import { labelSelectorOf } from '#api/selectors.ts'
import type { ReplicaSet } from '#api/types/apps-v1.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { RecordingDeps } from '../deps.ts'
import { OwnWrites } from '../own-writes.ts'
import {
  adopted,
  BY_CONTROLLER,
  controllerIndex,
  controllerOf,
  orphansOf,
  planClaims,
  released,
} from '../ownership.ts'
import { isTerminal } from '../pods.ts'
import { meansTheSame } from '../same.ts'
import { executeActions, type Job } from './execute.ts'
import { type Failure, planReplicaSet, type ReplicaSetAction, replicaSetStatus } from './plan.ts'

const WORKERS = 5
/** How soon to look again when the cache has not caught up with our own writes, should its event be missed. */
const UNSETTLED_RETRY_MS = 500

const BY_NAMESPACE = 'namespace'

/** What the controller reads from. */
function sourcesOf({ informers }: RecordingDeps) {
  const replicaSets = informers.of('replicaSets')
  const pods = informers.of('pods')
  replicaSets.addIndex(BY_CONTROLLER, controllerIndex)
  replicaSets.addIndex(BY_NAMESPACE, object => [object.metadata.namespace ?? ''])
  pods.addIndex(BY_CONTROLLER, controllerIndex)
  return { replicaSets, pods }
}

type Sources = ReturnType<typeof sourcesOf>

export function createReplicaSetController(deps: RecordingDeps): Controller {
  const { clock } = deps
  const sources = sourcesOf(deps)
  const { replicaSets, pods } = sources
  const writes = new OwnWrites()

  const sync = async (key: string, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const replicaSet = replicaSets.get(key)
    if (replicaSet === undefined) {
      writes.forget(key)
      return undefined
    }
    if (!writes.isSettled(key, pods)) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    const job = { deps, replicaSet, writes }
    const owned = await claim(job, sources, signal)
    if (!writes.isSettled(key, pods)) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    const plan = planReplicaSet(replicaSet, owned, relatedTo(replicaSet, sources), clock.now())
    const { failure, refusal } = await executeActions(job, plan.actions, signal)
    await writeStatus(job, { pods: withDeleted(owned, plan.actions), failure }, signal)
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
  addHandlers(sources, controller)
  return controller
}

/** Takes in orphans and lets go of strays. Returns the owned pods. */
async function claim(
  { deps, replicaSet, writes }: Job,
  { pods }: Sources,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  const { client } = deps
  const candidates = [
    ...pods.byIndex(BY_CONTROLLER, replicaSet.metadata.uid ?? ''),
    ...pods.byIndex(BY_CONTROLLER, orphansOf(replicaSet.metadata.namespace)),
  ]
  const claims = planClaims(replicaSet, labelSelectorOf(replicaSet.spec?.selector), candidates)
  const adopt = claims.adopt.filter(pod => !isTerminal(pod))
  if (adopt.length > 0) {
    // Only a live look may adopt: the cache may show an owner that is gone or being deleted.
    const live = await client.replicaSets.get(nameOf(replicaSet), signal)
    const isSame = live.metadata.uid === replicaSet.metadata.uid
    if (!isSame || live.metadata.deletionTimestamp !== undefined) return claims.owned
  }
  const changed = [
    ...adopt.map(pod => adopted(pod, replicaSet)),
    ...claims.release.map(pod => released(pod, replicaSet)),
  ]
  for (const pod of changed) {
    writes.wrote(keyOf(replicaSet), await client.pods.update(pod, {}, signal))
  }
  return claims.owned
}

/** All pods of the same workload: those of every ReplicaSet with the same owner. */
function relatedTo(replicaSet: ReplicaSet, { replicaSets, pods }: Sources): readonly Pod[] {
  const owner = controllerOf(replicaSet)?.uid
  const siblings = owner === undefined ? [replicaSet] : replicaSets.byIndex(BY_CONTROLLER, owner)
  return siblings.flatMap(({ metadata }) => pods.byIndex(BY_CONTROLLER, metadata.uid ?? ''))
}

async function writeStatus(
  { deps, replicaSet }: Job,
  observed: { readonly pods: readonly Pod[]; readonly failure: Failure | undefined },
  signal: AbortSignal,
): Promise<void> {
  const status = replicaSetStatus(replicaSet, observed.pods, deps.clock.now(), observed.failure)
  if (meansTheSame(replicaSet.status, status)) return
  await deps.client.replicaSets.updateStatus({ ...replicaSet, status }, {}, signal)
}

/**
 * The pods with those this pass gave up marked as going, so that the status never counts a pod as available that a
 * Deployment may not rely on any more.
 */
function withDeleted(pods: readonly Pod[], actions: readonly ReplicaSetAction[]): readonly Pod[] {
  const deleted = new Set(
    actions.flatMap(action => (action.kind === 'delete-pods' ? action.pods : [])),
  )
  if (deleted.size === 0) return pods
  return pods.map(pod => {
    if (!deleted.has(pod)) return pod
    const deletionTimestamp = pod.metadata.creationTimestamp ?? ''
    return { ...pod, metadata: { ...pod.metadata, deletionTimestamp } }
  })
}

function addHandlers({ replicaSets, pods }: Sources, controller: Controller): void {
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
}
