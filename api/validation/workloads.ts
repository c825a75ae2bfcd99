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
  requireOneOf,
  wrong,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import { isEmptySelector, validateMatch, validateTemplate } from '#api/validation/pod-templates.ts'
import { validateTemplateRestart } from '#api/validation/pods.ts'
import { isZero, refuseOver100, validateShare } from '#api/validation/shares.ts'
import { isRecord } from '#api/values.ts'

interface Selecting {
  readonly selector?: LabelSelector
  readonly template?: PodTemplateSpec
}

/** Selector and template, which must find each other. */
function validateSelecting(faults: Faults, spec: Selecting, kind: string): void {
  const { selector, template } = spec
  const before = faults.length
  if (selector === undefined) faults.push(required('spec.selector'))
  else {
    validateLabelSelector(faults, 'spec.selector', selector)
    if (isEmptySelector(selector)) {
      faults.push(wrong('spec.selector', selector, `empty selector is invalid for ${kind}`))
    }
  }
  const isUsable = faults.length === before
  if (template === undefined) {
    faults.push(required('spec.template'))
    return
  }
  if (isUsable) validateMatch(faults, 'spec.template', template, selector)
  validateTemplate(faults, 'spec.template', template)
  if (template.spec !== undefined) {
    validateTemplateRestart(faults, 'spec.template.spec', template.spec)
  }
}

export function validateDeployment(faults: Faults, deployment: Deployment): void {
  const { spec } = deployment
  if (spec === undefined) {
    faults.push(required('spec.selector'))
    return
  }
  refuseNegative(faults, 'spec.replicas', spec.replicas)
  validateSelecting(faults, spec, 'deployment')
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
  } else requireOneOf(faults, `${field}.type`, type, ['Recreate', 'RollingUpdate'])
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
  if (spec.template === undefined && spec.replicas === 0) {
    if (spec.selector === undefined) faults.push(required('spec.selector'))
    return
  }
  validateSelecting(faults, spec, 'replicaset')
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

const countOf = (status: Counts, name: string): number => {
  const count = status[name]
  return typeof count === 'number' ? count : 0
}

/** Counts of pods: none negative, and none above all of them. */
function validateCounts(faults: Faults, names: readonly string[], status: Counts): void {
  for (const name of ['replicas', ...names, 'observedGeneration']) {
    refuseNegative(faults, `status.${name}`, countOf(status, name))
  }
  const refuseAbove = (name: string, limit: string, shown: string): void => {
    const count = countOf(status, name)
    if (count <= countOf(status, limit)) return
    faults.push(wrong(`status.${name}`, count, `cannot be greater than ${shown}`))
  }
  for (const name of names) {
    if (name !== 'unavailableReplicas') refuseAbove(name, 'replicas', 'status.replicas')
  }
  refuseAbove('availableReplicas', 'readyReplicas', 'readyReplicas')
}

const DEPLOYMENT_COUNTS = [
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
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
  validateCounts(
    faults,
    ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
    status ?? {},
  )

export function validateControllerRevision(faults: Faults, revision: ControllerRevision): void {
  if (revision.data === undefined) faults.push(required('data', 'data is mandatory'))
  else if (!isRecord(revision.data)) {
    faults.push(wrong('data', '<value omitted>', 'data must be a valid JSON object'))
  }
  refuseNegative(faults, 'revision', revision.revision)
}

export function validateControllerRevisionUpdate(
  faults: Faults,
  revision: ControllerRevision,
  before: ControllerRevision,
): void {
  validateControllerRevision(faults, revision)
  refuseChange(faults, 'data', { before: before.data, after: revision.data })
}

export function validateScale(faults: Faults, scale: Scale): void {
  refuseNegative(faults, 'spec.replicas', scale.spec?.replicas)
}
