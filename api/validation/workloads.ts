/**
 * Deployments, ReplicaSets, ControllerRevisions and Scales. Pure.
 * Source: kubernetes pkg/apis/apps/validation/validation.go, pkg/apis/autoscaling/validation ValidateScale
 */

import type {
  ControllerRevision,
  Deployment,
  DeploymentStrategy,
  ReplicaSet,
} from '#api/types/apps-v1.ts'
import type { Scale } from '#api/types/autoscaling-v1.ts'
import type { PodTemplateSpec } from '#api/types/core-v1.ts'
import type { LabelSelector } from '#api/types/meta-v1.ts'
import {
  type Faults,
  forbidden,
  refuseChange,
  refuseNegative,
  required,
  wrong,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import { isEmptySelector, validateMatch, validateTemplate } from '#api/validation/pod-templates.ts'
import { validateTemplateRestart } from '#api/validation/pods.ts'
import {
  isZero,
  refuseOver100,
  unsupportedStrategy,
  validateShare,
} from '#api/validation/shares.ts'
import { isRecord, numberOf } from '#api/values.ts'

interface Selecting {
  readonly selector?: LabelSelector
  readonly template?: PodTemplateSpec
}

/** Selector and template, which must find each other. Both kinds speak of deployments, as upstream does. */
function validateSelecting(faults: Faults, { selector, template = {} }: Selecting): void {
  const before = faults.length
  if (selector === undefined) faults.push(required('spec.selector'))
  else validateLabelSelector(faults, 'spec.selector', selector)
  const isUsable = selector === undefined || faults.length === before
  if (selector !== undefined && isEmptySelector(selector)) {
    faults.push(wrong('spec.selector', selector, 'empty selector is invalid for deployment'))
  }
  if (!isUsable) {
    faults.push(wrong('spec.selector', selector, 'invalid label selector'))
    return
  }
  validateMatch(faults, 'spec.template', template, selector)
  validateTemplate(faults, 'spec.template', template)
  if (template.spec !== undefined) {
    validateTemplateRestart(faults, 'spec.template.spec', template.spec)
  }
}

/** Decoding fills specs in: only its type lets one be absent. */
export function validateDeployment(faults: Faults, { spec }: Deployment): void {
  if (spec === undefined) {
    faults.push(required('spec.selector'))
    return
  }
  refuseNegative(faults, 'spec.replicas', spec.replicas)
  validateSelecting(faults, spec)
  validateStrategy(faults, 'spec.strategy', spec.strategy ?? {})
  const { minReadySeconds = 0, revisionHistoryLimit, progressDeadlineSeconds } = spec
  refuseNegative(faults, 'spec.minReadySeconds', minReadySeconds)
  refuseNegative(faults, 'spec.revisionHistoryLimit', revisionHistoryLimit)
  if (progressDeadlineSeconds === undefined) return
  const field = 'spec.progressDeadlineSeconds'
  refuseNegative(faults, field, progressDeadlineSeconds)
  if (progressDeadlineSeconds <= minReadySeconds) {
    faults.push(wrong(field, progressDeadlineSeconds, 'must be greater than minReadySeconds'))
  }
}

function validateStrategy(faults: Faults, field: string, strategy: DeploymentStrategy): void {
  const { type = '', rollingUpdate } = strategy
  if (type === 'Recreate') {
    if (rollingUpdate !== undefined) {
      const detail = "may not be specified when strategy `type` is 'Recreate'"
      faults.push(forbidden(`${field}.rollingUpdate`, detail))
    }
  } else if (type === 'RollingUpdate') {
    const place = `${field}.rollingUpdate`
    if (rollingUpdate === undefined) {
      faults.push(required(place, 'this should be defaulted and never be nil'))
      return
    }
    const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate
    validateShare(faults, `${place}.maxUnavailable`, maxUnavailable)
    validateShare(faults, `${place}.maxSurge`, maxSurge)
    if (isZero(maxUnavailable) && isZero(maxSurge)) {
      const detail = 'may not be 0 when `maxSurge` is 0'
      faults.push(wrong(`${place}.maxUnavailable`, maxUnavailable, detail))
    }
    refuseOver100(faults, `${place}.maxUnavailable`, maxUnavailable)
  } else faults.push(unsupportedStrategy(field, strategy, ['Recreate', 'RollingUpdate']))
}

export function validateDeploymentUpdate(
  faults: Faults,
  deployment: Deployment,
  before: Deployment,
): void {
  validateDeployment(faults, deployment)
  refuseSelectorChange(faults, before.spec, deployment.spec)
}

function refuseSelectorChange(
  faults: Faults,
  before: Selecting | undefined,
  after: Selecting | undefined,
): void {
  refuseChange(faults, 'spec.selector', { before: before?.selector, after: after?.selector })
}

export function validateReplicaSet(faults: Faults, { spec }: ReplicaSet): void {
  if (spec === undefined) {
    faults.push(required('spec.selector'))
    return
  }
  refuseNegative(faults, 'spec.replicas', spec.replicas)
  refuseNegative(faults, 'spec.minReadySeconds', spec.minReadySeconds)
  validateSelecting(faults, spec)
}

export function validateReplicaSetUpdate(
  faults: Faults,
  replicaSet: ReplicaSet,
  before: ReplicaSet,
): void {
  validateReplicaSet(faults, replicaSet)
  refuseSelectorChange(faults, before.spec, replicaSet.spec)
}

type Counts = Readonly<Record<string, unknown>>

/** Never more of them than pods. */
const PARTS: readonly string[] = [
  'fullyLabeledReplicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
]

/** Counts of pods: none negative, and no part above the whole. */
function validateCounts(faults: Faults, names: readonly string[], status: Counts): void {
  for (const name of names) refuseNegative(faults, `status.${name}`, numberOf(status[name]))
  const refuseAbove = (name: string, limit: string, shown: string): void => {
    const count = numberOf(status[name])
    if (count <= numberOf(status[limit])) return
    faults.push(wrong(`status.${name}`, count, `cannot be greater than ${shown}`))
  }
  for (const name of names) {
    if (PARTS.includes(name)) refuseAbove(name, 'replicas', 'status.replicas')
  }
  refuseAbove('availableReplicas', 'readyReplicas', 'readyReplicas')
}

const DEPLOYMENT_COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
]

const REPLICA_SET_COUNTS = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
  'terminatingReplicas',
]

export function validateDeploymentStatus(
  faults: Faults,
  { status = {} }: Deployment,
  before: Deployment,
): void {
  validateCounts(faults, DEPLOYMENT_COUNTS, status)
  const { collisionCount = 0 } = status
  if (collisionCount < (before.status?.collisionCount ?? 0)) {
    faults.push(wrong('status.collisionCount', collisionCount, 'cannot be decremented'))
  }
}

export const validateReplicaSetStatus = (faults: Faults, { status }: ReplicaSet): void =>
  validateCounts(faults, REPLICA_SET_COUNTS, status ?? {})

export function validateControllerRevision(faults: Faults, revision: ControllerRevision): void {
  const { data } = revision
  refuseNegative(faults, 'revision', revision.revision)
  if (data === undefined || data === null) faults.push(required('data', 'data is mandatory'))
  else if (!isRecord(data)) faults.push(required('data', 'data must be a valid JSON object'))
}

export function validateControllerRevisionUpdate(
  faults: Faults,
  revision: ControllerRevision,
  before: ControllerRevision,
): void {
  refuseNegative(faults, 'revision', revision.revision)
  refuseChange(faults, 'data', { before: before.data, after: revision.data })
}

export function validateScale(faults: Faults, scale: Scale): void {
  refuseNegative(faults, 'spec.replicas', scale.spec?.replicas)
}
