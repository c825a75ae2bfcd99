/**
 * What a Deployment sees in its ReplicaSets: which is the new one, which are old, what their annotations say. Pure.
 * Source: kubernetes pkg/controller/deployment/util/deployment_util.go, sync.go getNewReplicaSet
 */
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import { controllerReference } from '../ownership.ts'
import { boundsOf } from './bounds.ts'
import { HASH_LABEL, isSameTemplate, templateHash } from './template-hash.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
export const DESIRED = 'deployment.kubernetes.io/desired-replicas'
export const MAX = 'deployment.kubernetes.io/max-replicas'
/** A rollback that an old version of the API asked for: its revision, 0 for the one before. */
export const ROLLBACK_TO = 'deprecated.deployment.rollback.to'
/** Belong to the Deployment or are kept by the controller: never copied down. */
export const NOT_COPIED: readonly string[] = [
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED,
  MAX,
  ROLLBACK_TO,
]
const REVISION_HISTORY_MAX_CHARACTERS = 2000

export const replicasOf = (replicaSet: ReplicaSet): number => replicaSet.spec?.replicas ?? 1
export const availableOf = (replicaSet: ReplicaSet): number =>
  replicaSet.status?.availableReplicas ?? 0
export const sum = (
  replicaSets: readonly ReplicaSet[],
  of: (replicaSet: ReplicaSet) => number,
): number => replicaSets.reduce((total, replicaSet) => total + of(replicaSet), 0)

const createdMs = (replicaSet: ReplicaSet): number =>
  Date.parse(replicaSet.metadata.creationTimestamp ?? '') || 0
const nameOf = (replicaSet: ReplicaSet): string => replicaSet.metadata.name ?? ''

export const byAge = (left: ReplicaSet, right: ReplicaSet): number =>
  createdMs(left) - createdMs(right) || (nameOf(left) < nameOf(right) ? -1 : 1)

export function revisionOf(replicaSet: ReplicaSet): number {
  const revision = Number.parseInt(replicaSet.metadata.annotations?.[REVISION] ?? '0', 10)
  return Number.isNaN(revision) ? 0 : revision
}

export interface Generations {
  /** The ReplicaSet with the Deployment's template; the oldest when several have it. */
  readonly current: ReplicaSet | undefined
  /** All others, oldest first. */
  readonly old: readonly ReplicaSet[]
}

export function generationsOf(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
): Generations {
  const ordered = [...replicaSets].sort(byAge)
  const template = deployment.spec?.template ?? {}
  const current = ordered.find(replicaSet =>
    isSameTemplate(replicaSet.spec?.template ?? {}, template),
  )
  return { current, old: ordered.filter(replicaSet => replicaSet !== current) }
}

/** The revision the current ReplicaSet must bear: one above all old ones. */
export const nextRevision = (old: readonly ReplicaSet[]): number =>
  Math.max(0, ...old.map(revisionOf)) + 1

/** Annotations that tell the later scaling what this ReplicaSet was sized for. */
function sizeAnnotations(deployment: Deployment): Readonly<Record<string, string>> {
  const { replicas, maxSurge } = boundsOf(deployment)
  return { [DESIRED]: String(replicas), [MAX]: String(replicas + maxSurge) }
}

export const isSized = (replicaSet: ReplicaSet, deployment: Deployment): boolean =>
  Object.entries(sizeAnnotations(deployment)).every(
    ([key, value]) => replicaSet.metadata.annotations?.[key] === value,
  )

const copied = (deployment: Deployment): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(deployment.metadata.annotations ?? {}).filter(
      ([key]) => !NOT_COPIED.includes(key),
    ),
  )

function revisionAnnotations(
  replicaSet: ReplicaSet | undefined,
  revision: number,
): Readonly<Record<string, string>> {
  const before = replicaSet?.metadata.annotations?.[REVISION]
  if (before === undefined || before === '') return { [REVISION]: String(revision) }
  if (replicaSet === undefined || revisionOf(replicaSet) >= revision) return { [REVISION]: before }
  const history = replicaSet.metadata.annotations?.[REVISION_HISTORY]
  const entries = history === undefined || history === '' ? [] : history.split(',')
  entries.push(before)
  while (entries.length > 1 && entries.join(',').length > REVISION_HISTORY_MAX_CHARACTERS)
    entries.shift()
  return { [REVISION]: String(revision), [REVISION_HISTORY]: entries.join(',') }
}

/** The ReplicaSet resized, and marked with what it was sized for. */
export const resized = (
  replicaSet: ReplicaSet,
  deployment: Deployment,
  replicas: number,
): ReplicaSet => ({
  ...replicaSet,
  metadata: {
    ...replicaSet.metadata,
    annotations: { ...replicaSet.metadata.annotations, ...sizeAnnotations(deployment) },
  },
  ...(replicaSet.spec === undefined ? {} : { spec: { ...replicaSet.spec, replicas } }),
})

/** The current ReplicaSet as it should be marked; the very same object when nothing differs. */
export function marked(
  replicaSet: ReplicaSet,
  deployment: Deployment,
  revision: number,
): ReplicaSet {
  const before = replicaSet.metadata.annotations ?? {}
  const after = { ...before, ...copied(deployment), ...revisionAnnotations(replicaSet, revision) }
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0
  const isSame =
    Object.entries(after).every(([key, value]) => before[key] === value) &&
    (replicaSet.spec?.minReadySeconds ?? 0) === minReadySeconds
  if (isSame || replicaSet.spec === undefined) return replicaSet
  return {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations: after },
    spec: { ...replicaSet.spec, minReadySeconds },
  }
}

/** The ReplicaSet a Deployment makes for its present template. */
export function newReplicaSet(
  deployment: Deployment,
  options: { readonly replicas: number; readonly revision: number },
): ReplicaSet {
  const spec = deployment.spec
  const template = spec?.template ?? {}
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0)
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash }
  const { namespace } = deployment.metadata
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name ?? ''}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: {
        ...copied(deployment),
        ...sizeAnnotations(deployment),
        ...revisionAnnotations(undefined, options.revision),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: options.replicas,
      ...(spec?.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: {
        ...spec?.selector,
        matchLabels: { ...spec?.selector.matchLabels, [HASH_LABEL]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}
