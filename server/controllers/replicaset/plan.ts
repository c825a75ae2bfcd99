/**
 * Decides what a ReplicaSet does next: how many pods to create or which to delete, and what its status says. Pure.
 *
 * Input   the ReplicaSet, the pods it owns, all pods of the same workload (for the deletion order), now
 * Output  at most BURST pods to create or delete
 * Law     Applying the plan to a world that answers leads to an empty plan; an empty plan stays empty.
 *         A ReplicaSet that is being deleted never acts.
 * Source: kubernetes pkg/controller/replicaset/replica_set.go manageReplicas, replica_set_utils.go calculateStatus
 */
import { labelSelectorFromSet } from '#api/selectors.ts'
import { rfc3339 } from '#api/time.ts'
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '#api/types/apps-v1.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { controllerReference } from '../ownership.ts'
import { isActive, isAvailable, isReady, isTerminal, isTerminating, readySinceMs } from '../pods.ts'
import { inDeletionOrder } from './deletion-order.ts'

/** Most pods created or deleted in one pass. */
export const BURST = 500

export type ReplicaSetAction =
  /** The pods are alike: `count` of `pod`, each named by the server. */
  | { readonly kind: 'create-pods'; readonly count: number; readonly pod: Pod }
  | { readonly kind: 'delete-pods'; readonly pods: readonly Pod[] }

export interface ReplicaSetPlan {
  readonly actions: readonly ReplicaSetAction[]
  /** Look again then: a pod becomes available by waiting. */
  readonly requeueAfterMs?: number
}

export function planReplicaSet(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  related: readonly Pod[],
  nowMs: number,
): ReplicaSetPlan {
  const active = pods.filter(isActive)
  const requeueAfterMs = nextAvailableMs(replicaSet, active, nowMs)
  return {
    actions:
      replicaSet.metadata.deletionTimestamp === undefined
        ? scale(replicaSet, active, related, nowMs)
        : [],
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  }
}

function scale(
  replicaSet: ReplicaSet,
  active: readonly Pod[],
  related: readonly Pod[],
  nowMs: number,
): readonly ReplicaSetAction[] {
  const missing = (replicaSet.spec?.replicas ?? 1) - active.length
  if (missing > 0) {
    return [{ kind: 'create-pods', count: Math.min(missing, BURST), pod: podOf(replicaSet) }]
  }
  if (missing === 0) return []
  const order = inDeletionOrder(active, related.filter(isActive), nowMs)
  return [{ kind: 'delete-pods', pods: order.slice(0, Math.min(-missing, BURST)) }]
}

/** The pod a ReplicaSet makes from its template. */
export function podOf(replicaSet: ReplicaSet): Pod {
  const template = replicaSet.spec?.template
  const { labels, annotations, finalizers } = template?.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${replicaSet.metadata.name ?? ''}-`,
      ...(replicaSet.metadata.namespace === undefined
        ? {}
        : { namespace: replicaSet.metadata.namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(replicaSet)],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
  }
}

/** What went wrong in this pass, for the ReplicaFailure condition. */
export interface Failure {
  readonly reason: 'FailedCreate' | 'FailedDelete'
  readonly message: string
}

export function replicaSetStatus(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  nowMs: number,
  failure: Failure | undefined,
): ReplicaSetStatus {
  const active = pods.filter(isActive)
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0
  const template = labelSelectorFromSet(replicaSet.spec?.template?.metadata?.labels ?? {})
  const conditions = conditionsWith(replicaSet.status?.conditions ?? [], failure, nowMs)
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(pod => template.matches(pod.metadata.labels)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter(pod => isAvailable(pod, minReadySeconds, nowMs)).length,
    terminatingReplicas: pods.filter(pod => isTerminating(pod) && !isTerminal(pod)).length,
    observedGeneration: replicaSet.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  }
}

function conditionsWith(
  before: readonly ReplicaSetCondition[],
  failure: Failure | undefined,
  nowMs: number,
): readonly ReplicaSetCondition[] {
  const others = before.filter(condition => condition.type !== 'ReplicaFailure')
  if (failure === undefined) return others
  const existing = before.find(condition => condition.type === 'ReplicaFailure')
  if (existing?.reason === failure.reason && existing.status === 'True') return before
  const condition = { type: 'ReplicaFailure', status: 'True', lastTransitionTime: rfc3339(nowMs) }
  return [...others, { ...condition, ...failure }]
}

/** Milliseconds until the next ready pod has been ready for long enough. */
function nextAvailableMs(
  replicaSet: ReplicaSet,
  active: readonly Pod[],
  nowMs: number,
): number | undefined {
  const minReadyMs = (replicaSet.spec?.minReadySeconds ?? 0) * 1000
  if (minReadyMs === 0) return undefined
  const waits = active.flatMap(pod => {
    const sinceMs = readySinceMs(pod)
    return sinceMs === undefined || sinceMs + minReadyMs <= nowMs
      ? []
      : [sinceMs + minReadyMs - nowMs]
  })
  return waits.length === 0 ? undefined : Math.min(...waits)
}
