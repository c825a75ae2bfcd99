/**
 * The Deployment controller: reads, plans, executes, writes status. Decides nothing.
 * Source: kubernetes pkg/controller/deployment/deployment_controller.go
 */
import { keyOf } from '#api/object.ts'
import { labelSelectorOf } from '#api/selectors.ts'
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { RecordingDeps } from '../deps.ts'
import { executeAll } from '../execute.ts'
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
import { executorsFor, writeStatus } from './execute.ts'
import { planDeployment } from './plan.ts'

const WORKERS = 5
/** How soon to look again when the cache has not caught up with our own writes, should its event be missed. */
const UNSETTLED_RETRY_MS = 500

const BY_NAMESPACE = 'namespace'

/** What the controller reads from. */
function sourcesOf({ informers }: RecordingDeps) {
  const deployments = informers.of('deployments')
  const replicaSets = informers.of('replicaSets')
  const pods = informers.of('pods')
  replicaSets.addIndex(BY_CONTROLLER, controllerIndex)
  pods.addIndex(BY_CONTROLLER, controllerIndex)
  deployments.addIndex(BY_NAMESPACE, object => [object.metadata.namespace ?? ''])
  return { deployments, replicaSets, pods }
}

type Sources = ReturnType<typeof sourcesOf>

export function createDeploymentController(deps: RecordingDeps): Controller {
  const { clock } = deps
  const sources = sourcesOf(deps)
  const { deployments, replicaSets, pods } = sources
  const replicaSetWrites = new OwnWrites()
  const deploymentWrites = new OwnWrites()
  const isSettled = (key: string): boolean =>
    replicaSetWrites.isSettled(key, replicaSets) && deploymentWrites.isSettled(key, deployments)

  const sync = async (key: string, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const deployment = deployments.get(key)
    if (deployment === undefined) {
      replicaSetWrites.forget(key)
      deploymentWrites.forget(key)
      return undefined
    }
    if (!isSettled(key)) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    const owned = await claim({ deps, sources, deployment, writes: replicaSetWrites }, signal)
    if (!isSettled(key)) return { requeueAfterMs: UNSETTLED_RETRY_MS }
    const withPods = uidsWithPods(sources, owned)
    const plan = planDeployment({ deployment, replicaSets: owned, withPods, nowMs: clock.now() })
    const job = { deps, deployment, replicaSetWrites, deploymentWrites }
    await executeAll(executorsFor(job), plan.actions, signal)
    await writeStatus(job, plan.status, signal)
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
  addHandlers(sources, controller)
  return controller
}

interface Claiming {
  readonly deps: RecordingDeps
  readonly sources: Sources
  readonly deployment: Deployment
  readonly writes: OwnWrites
}

/** Takes in orphans and lets go of strays. Returns the owned ones. */
async function claim(
  { deps, sources, deployment, writes }: Claiming,
  signal: AbortSignal,
): Promise<readonly ReplicaSet[]> {
  const { client } = deps
  const candidates = [
    ...sources.replicaSets.byIndex(BY_CONTROLLER, deployment.metadata.uid ?? ''),
    ...sources.replicaSets.byIndex(BY_CONTROLLER, orphansOf(deployment.metadata.namespace)),
  ]
  const claims = planClaims(deployment, labelSelectorOf(deployment.spec?.selector), candidates)
  if (claims.adopt.length > 0) {
    // Only a live look may adopt: the cache may show an owner that is gone or being deleted.
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

/** Uids of the ReplicaSets with pods that have not come to their end. */
const uidsWithPods = ({ pods }: Sources, owned: readonly ReplicaSet[]): ReadonlySet<string> =>
  new Set(
    owned
      .map(replicaSet => replicaSet.metadata.uid ?? '')
      .filter(uid => pods.byIndex(BY_CONTROLLER, uid).some(pod => !isTerminal(pod))),
  )

function addHandlers({ deployments, replicaSets, pods }: Sources, controller: Controller): void {
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
}
