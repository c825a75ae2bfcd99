/**
 * The Deployment controller: reads, plans, executes, writes status. Decides nothing.
 * Source: kubernetes pkg/controller/deployment/deployment_controller.go, sync.go
 */
import { keyOf } from '#api/object.ts'
import { labelSelectorOf } from '#api/selectors.ts'
import { isReason } from '#api/status.ts'
import type { Deployment, DeploymentStatus, ReplicaSet } from '#api/types/apps-v1.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { messageOf } from '#base/errors.ts'
import { rfc3339 } from '#base/clock.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { RecordingDeps } from '../deps.ts'
import { executeAll, type Executors } from '../execute.ts'
import { OwnWrites } from '../own-writes.ts'
import { adopted, controllerOf, isControlledBy, planClaims, released } from '../ownership.ts'
import { isTerminal } from '../pods.ts'
import { meansTheSame } from '../same.ts'
import { type DeploymentAction, planDeployment } from './plan.ts'
import { REVISION } from './replica-sets.ts'
import { isSameTemplate } from './template-hash.ts'

const WORKERS = 5
const UNSETTLED_RETRY_MS = 500

const BY_NAMESPACE = 'namespace'
const BY_CONTROLLER = 'controller'

export function createDeploymentController(deps: RecordingDeps): Controller {
  const { client, clock, events } = deps
  const deployments = deps.informers.of('deployments')
  const replicaSets = deps.informers.of('replicaSets')
  const pods = deps.informers.of('pods')
  const writes = new OwnWrites()
  const statusWrites = new OwnWrites()
  replicaSets.addIndex(BY_CONTROLLER, object => [controllerOf(object)?.uid ?? ''])
  pods.addIndex(BY_CONTROLLER, object => [controllerOf(object)?.uid ?? ''])
  deployments.addIndex(BY_NAMESPACE, object => [object.metadata.namespace ?? ''])

  const createReplicaSet = async (
    deployment: Deployment,
    replicaSet: ReplicaSet,
    signal: AbortSignal,
  ) => {
    try {
      writes.wrote(keyOf(deployment), await client.replicaSets.create(replicaSet, {}, signal))
      const size = replicaSet.spec?.replicas ?? 0
      if (size > 0) tellResize(deployment, replicaSet, 0)
    } catch (error) {
      if (isReason(error, 'AlreadyExists')) return collide(deployment, replicaSet, signal)
      await tellRefusal(deployment, replicaSet, error, signal)
      throw error
    }
  }

  /** The name is taken: by ourselves in an earlier life, which is fine, or by another template. */
  const collide = async (deployment: Deployment, replicaSet: ReplicaSet, signal: AbortSignal) => {
    const existing = await client.replicaSets.get(nameOf(replicaSet), signal)
    const isOurs = isControlledBy(existing, deployment)
    if (isOurs && isSameTemplate(existing.spec?.template ?? {}, replicaSet.spec?.template ?? {})) {
      writes.wrote(keyOf(deployment), existing)
      return
    }
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    const status = { ...deployment.status, collisionCount }
    await client.deployments.updateStatus({ ...deployment, status }, {}, signal)
    throw new Error(`replica set name ${replicaSet.metadata.name} is taken, choosing another`)
  }

  const tellRefusal = async (
    deployment: Deployment,
    replicaSet: ReplicaSet,
    error: unknown,
    signal: AbortSignal,
  ) => {
    if (signal.aborted) return
    const message = `Failed to create new replica set "${replicaSet.metadata.name}": ${messageOf(error)}`
    events.event(deployment, { type: 'Warning', reason: 'ReplicaSetCreateError', message })
    const stamp = rfc3339(clock.now())
    const condition = {
      type: 'Progressing',
      status: 'False',
      reason: 'ReplicaSetCreateError',
      message,
      lastUpdateTime: stamp,
      lastTransitionTime: stamp,
    }
    const others = (deployment.status?.conditions ?? []).filter(
      ({ type }) => type !== 'Progressing',
    )
    const status = { ...deployment.status, conditions: [...others, condition] }
    await writeStatus(deployment, status, signal)
  }

  const tellResize = (deployment: Deployment, replicaSet: ReplicaSet, from: number): void => {
    const to = replicaSet.spec?.replicas ?? 0
    const direction = to > from ? 'up' : 'down'
    const message = `Scaled ${direction} replica set ${replicaSet.metadata.name} from ${from} to ${to}`
    events.event(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message })
  }

  const executorsFor = (deployment: Deployment): Executors<DeploymentAction> => {
    const key = keyOf(deployment)
    const write = async (replicaSet: ReplicaSet, signal: AbortSignal): Promise<void> => {
      writes.wrote(key, await client.replicaSets.update(replicaSet, {}, signal))
    }
    return {
      'create-replica-set': ({ replicaSet }, signal) =>
        createReplicaSet(deployment, replicaSet, signal),
      'mark-replica-set': ({ replicaSet }, signal) => write(replicaSet, signal),
      'resize-replica-set': async ({ replicaSet, from }, signal) => {
        await write(replicaSet, signal)
        if (from !== replicaSet.spec?.replicas) tellResize(deployment, replicaSet, from)
      },
      'delete-replica-set': async ({ replicaSet }, signal) => {
        const { uid } = replicaSet.metadata
        const preconditions = uid === undefined ? {} : { uid }
        await client.replicaSets.delete(nameOf(replicaSet), { preconditions }, signal)
        writes.deleted(key, replicaSet)
      },
      'set-revision': async ({ revision }, signal) => {
        const body = { metadata: { annotations: { [REVISION]: revision } } }
        const at = nameOf(deployment)
        const answer = await client.deployments.patch(at, { type: 'merge', body }, {}, signal)
        statusWrites.wrote(key, answer)
      },
    }
  }

  const writeStatus = async (
    deployment: Deployment,
    status: DeploymentStatus,
    signal: AbortSignal,
  ) => {
    if (meansTheSame(deployment.status, status)) return
    // Setting the revision moved the object on: only our own status is at stake, so the patch names no revision.
    const body = { status: { ...nulls(deployment.status, status), ...status } }
    const options = { subresource: 'status' }
    const at = nameOf(deployment)
    const answer = await client.deployments.patch(at, { type: 'merge', body }, options, signal)
    statusWrites.wrote(keyOf(deployment), answer)
  }

  /** Takes in orphans and lets go of strays. Returns the owned ones. */
  const claim = async (deployment: Deployment, signal: AbortSignal) => {
    const namespace = deployment.metadata.namespace
    const candidates = [
      ...replicaSets.byIndex(BY_CONTROLLER, deployment.metadata.uid ?? ''),
      ...replicaSets
        .byIndex(BY_CONTROLLER, '')
        .filter(replicaSet => replicaSet.metadata.namespace === namespace),
    ]
    const claims = planClaims(deployment, labelSelectorOf(deployment.spec?.selector), candidates)
    if (claims.adopt.length > 0) {
      const live = await client.deployments.get(nameOf(deployment), signal)
      const isSame = live.metadata.uid === deployment.metadata.uid
      if (!isSame || live.metadata.deletionTimestamp !== undefined) return claims.owned
    }
    const changed = [
      ...claims.adopt.map(replicaSet => adopted(replicaSet, deployment)),
      ...claims.release.map(replicaSet => released(replicaSet, deployment)),
    ]
    for (const replicaSet of changed) {
      writes.wrote(keyOf(deployment), await client.replicaSets.update(replicaSet, {}, signal))
    }
    return claims.owned
  }

  const withPods = (owned: readonly ReplicaSet[]): ReadonlySet<string> =>
    new Set(
      owned
        .map(replicaSet => replicaSet.metadata.uid ?? '')
        .filter(uid => pods.byIndex(BY_CONTROLLER, uid).some(pod => !isTerminal(pod))),
    )

  const isSettled = (key: string): boolean =>
    writes.isSettled(key, replicaSets) && statusWrites.isSettled(key, deployments)

  const sync = async (key: string, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const deployment = deployments.get(key)
    if (deployment === undefined) {
      writes.forget(key)
      statusWrites.forget(key)
      return undefined
    }
    if (!isSettled(key)) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    const owned = await claim(deployment, signal)
    if (!writes.isSettled(key, replicaSets)) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    const nowMs = clock.now()
    const plan = planDeployment({
      deployment,
      replicaSets: owned,
      withPods: withPods(owned),
      nowMs,
    })
    await executeAll(executorsFor(deployment), plan.actions, signal)
    await writeStatus(deployment, plan.status, signal)
    return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs }
  }

  const controller = createController({
    name: 'deployment',
    workers: WORKERS,
    needs: [deployments, replicaSets, pods],
    sync,
    clock,
    random: deps.random,
    log: deps.log,
  })
  const enqueueOwner = (replicaSet: ReplicaSet): void => {
    const owner = controllerOf(replicaSet)
    const namespace = replicaSet.metadata.namespace ?? ''
    if (owner !== undefined) {
      if (owner.kind === 'Deployment') controller.enqueue(`${namespace}/${owner.name}`)
      return
    }
    for (const deployment of deployments.byIndex(BY_NAMESPACE, namespace)) {
      const selector = labelSelectorOf(deployment.spec?.selector)
      if (selector.matches(replicaSet.metadata.labels)) controller.enqueue(keyOf(deployment))
    }
  }
  /** Only Recreate waits for pods to go; everything else is told by the ReplicaSets' status. */
  const enqueueOfGonePod = (pod: Pod): void => {
    const owner = controllerOf(pod)
    if (owner?.kind !== 'ReplicaSet') return
    const replicaSet = replicaSets.get(`${pod.metadata.namespace ?? ''}/${owner.name}`)
    if (replicaSet !== undefined) enqueueOwner(replicaSet)
  }
  deployments.addHandler({
    onAdd: object => controller.enqueue(keyOf(object)),
    onUpdate: (_before, after) => controller.enqueue(keyOf(after)),
    onDelete: object => controller.enqueue(keyOf(object)),
  })
  replicaSets.addHandler({
    onAdd: enqueueOwner,
    onUpdate: (before, after) => {
      enqueueOwner(after)
      if (controllerOf(before)?.uid !== controllerOf(after)?.uid) enqueueOwner(before)
    },
    onDelete: enqueueOwner,
  })
  pods.addHandler({ onDelete: enqueueOfGonePod })
  return controller
}

/** A merge patch removes a field by null: whatever the old status had and the new one lacks. */
function nulls(
  before: DeploymentStatus | undefined,
  after: DeploymentStatus,
): Readonly<Record<string, null>> {
  const gone = Object.keys(before ?? {}).filter(field => !(field in after))
  return Object.fromEntries(gone.map(field => [field, null]))
}
