/**
 * DaemonSets and StatefulSets. Pure.
 * Source: kubernetes pkg/apis/apps/validation/validation.go, pkg/registry/apps/{daemonset,statefulset}/strategy.go
 */
import { equalJson } from '#api/json.ts'
import { labelFaults } from '#api/names.ts'
import type {
  DaemonSet,
  DaemonSetUpdateStrategy,
  StatefulSet,
  StatefulSetSpec,
  StatefulSetStatus,
} from '#api/types/apps-v1.ts'
import type { PodSpec, PodTemplateSpec } from '#api/types/core-v1.ts'
import type { LabelSelector } from '#api/types/meta-v1.ts'
import {
  allowOneOf,
  Printed,
  type Faults,
  forbidden,
  refuseChange,
  refuseNegative,
  required,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateClaimSpec } from '#api/validation/claims.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import {
  isEmptySelector,
  validateMatch,
  validateTemplate,
  validateTemplateMetadata,
} from '#api/validation/pod-templates.ts'
import type { RuleTable } from '#api/validation/rules.ts'
import {
  isZero,
  refuseOver100,
  unsupportedStrategy,
  validateShare,
} from '#api/validation/shares.ts'
import { numberOf } from '#api/values.ts'

const TEMPLATE = 'spec.template'

/** Whether the selector can be asked for a match. */
function isUsableSelector(faults: Faults, selector: LabelSelector | undefined): boolean {
  const before = faults.length
  if (selector !== undefined) validateLabelSelector(faults, 'spec.selector', selector)
  return faults.length === before
}

function refuseRestart(faults: Faults, spec: PodSpec | undefined): void {
  const policy = spec?.restartPolicy
  if (policy !== 'Always') {
    faults.push(unsupported(`${TEMPLATE}.spec.restartPolicy`, policy ?? '', ['Always']))
  }
}

function validateDaemonSet(faults: Faults, { spec }: DaemonSet): void {
  if (spec === undefined) {
    faults.push(required('spec.template.spec.containers'))
    return
  }
  const { selector, template } = spec
  if (isUsableSelector(faults, selector)) validateMatch(faults, TEMPLATE, template, selector)
  if (selector !== undefined && isEmptySelector(selector)) {
    faults.push(wrong('spec.selector', selector, 'empty selector is invalid for daemonset'))
  }
  validateTemplate(faults, TEMPLATE, template)
  refuseRestart(faults, template.spec)
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    const detail = 'activeDeadlineSeconds in DaemonSet is not Supported'
    faults.push(forbidden(`${TEMPLATE}.spec.activeDeadlineSeconds`, detail))
  }
  refuseNegative(faults, 'spec.minReadySeconds', spec.minReadySeconds)
  validateDaemonStrategy(faults, 'spec.updateStrategy', spec.updateStrategy ?? {})
  refuseNegative(faults, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
}

function validateDaemonStrategy(
  faults: Faults,
  field: string,
  strategy: DaemonSetUpdateStrategy,
): void {
  const { rollingUpdate } = strategy
  const type: string = strategy.type ?? ''
  if (type === 'OnDelete') return
  if (type !== 'RollingUpdate') {
    faults.push(unsupportedStrategy(field, strategy, ['RollingUpdate', 'OnDelete']))
    return
  }
  const place = `${field}.rollingUpdate`
  if (rollingUpdate === undefined) {
    faults.push(required(place))
    return
  }
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate
  validateShare(faults, `${place}.maxUnavailable`, maxUnavailable)
  validateShare(faults, `${place}.maxSurge`, maxSurge)
  refuseOver100(faults, `${place}.maxUnavailable`, maxUnavailable)
  refuseOver100(faults, `${place}.maxSurge`, maxSurge)
  if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    const detail = 'may not be set when maxUnavailable is non-zero'
    faults.push(wrong(`${place}.maxSurge`, maxSurge, detail))
  } else if (isZero(maxUnavailable) && isZero(maxSurge)) {
    faults.push(required(`${place}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  }
}

function validateDaemonSetUpdate(faults: Faults, set: DaemonSet, before: DaemonSet): void {
  const change = { before: before.spec?.selector, after: set.spec?.selector }
  refuseChange(faults, 'spec.selector', change)
  validateDaemonSet(faults, set)
}

const DAEMON_COUNTS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const

const STATEFUL_COUNTS = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
] as const

type Counts<Name extends string> = Readonly<Partial<Record<Name | 'collisionCount', unknown>>>

function validateCounts<Name extends string>(
  faults: Faults,
  names: readonly Name[],
  status: Counts<Name>,
): void {
  for (const name of names) refuseNegative(faults, `status.${name}`, numberOf(status[name]))
}

function refuseFewerCollisions(
  faults: Faults,
  status: Counts<'collisionCount'>,
  before: Counts<'collisionCount'>,
): void {
  const collisionCount = numberOf(status.collisionCount)
  if (collisionCount < numberOf(before.collisionCount)) {
    faults.push(wrong('status.collisionCount', collisionCount, 'cannot be decremented'))
  }
}

const OUT_OF_REPLICAS = 'cannot be greater than status.replicas'

function validateStatefulStatus(faults: Faults, set: StatefulSet, before: StatefulSet): void {
  const status: Partial<StatefulSetStatus> = set.status ?? {}
  validateCounts(faults, STATEFUL_COUNTS, status)
  for (const name of [
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
  ] as const) {
    const count = status[name] ?? 0
    if (count > (status.replicas ?? 0)) {
      faults.push(wrong(`status.${name}`, count, OUT_OF_REPLICAS))
    }
  }
  const { availableReplicas = 0, readyReplicas = 0 } = status
  if (availableReplicas > readyReplicas) {
    const detail = 'cannot be greater than status.readyReplicas'
    faults.push(wrong('status.availableReplicas', availableReplicas, detail))
  }
  refuseFewerCollisions(faults, status, before.status ?? {})
}

/** What a StatefulSet is not asked again when it changes. */
interface Lenience {
  /** The service name and the claims never change: those of old stay. */
  readonly keepsIdentity: boolean
  /** The set was already faulty: its template may stay so. */
  readonly keepsTemplate: boolean
}

const STRICT: Lenience = { keepsIdentity: false, keepsTemplate: false }

function validateStatefulSpec(faults: Faults, spec: StatefulSetSpec, lenience: Lenience): void {
  const { keepsIdentity, keepsTemplate } = lenience
  validateManagement(faults, spec)
  if (!keepsIdentity) {
    for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      validateClaimSpec(faults, `spec.volumeClaimTemplates[${index}].spec`, claim.spec ?? {})
    }
  }
  refuseNegative(faults, 'spec.replicas', spec.replicas)
  refuseNegative(faults, 'spec.minReadySeconds', spec.minReadySeconds)
  refuseNegative(faults, 'spec.ordinals.start', spec.ordinals?.start)
  const { serviceName = '', selector, template } = spec
  if (!keepsIdentity && serviceName !== '') {
    wrongFormat(faults, 'spec.serviceName', serviceName, labelFaults(serviceName))
  }
  const isUsable = isUsableSelector(faults, selector)
  if (selector === undefined) faults.push(required('spec.selector'))
  else if (isEmptySelector(selector)) {
    faults.push(wrong('spec.selector', selector, 'empty selector is invalid for statefulset'))
  }
  if (isUsable) {
    validateMatch(faults, TEMPLATE, template, selector)
    if (!keepsTemplate) validateTemplate(faults, TEMPLATE, asRun(spec))
    validateTemplateMetadata(faults, TEMPLATE, template)
  } else faults.push(wrong('spec.selector', selector, ''))
  refuseRestart(faults, template.spec)
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    const detail = 'activeDeadlineSeconds in StatefulSet is not Supported'
    faults.push(forbidden(`${TEMPLATE}.spec.activeDeadlineSeconds`, detail))
  }
}

function validateStatefulSet(faults: Faults, { spec }: StatefulSet): void {
  if (spec === undefined) faults.push(required('spec.selector'))
  else validateStatefulSpec(faults, spec, STRICT)
}

/** The template with what the controller puts over it: hostname, subdomain, and the claims in front of the volumes. */
function asRun({ template, volumeClaimTemplates: claims = [] }: StatefulSetSpec): PodTemplateSpec {
  if (template.spec === undefined) return template
  const { hostname: _hostname, subdomain: _subdomain, volumes = [], ...spec } = template.spec
  const names = new Set(claims.map(({ metadata }) => metadata.name ?? ''))
  const claimed = [...names].map(name => ({ name, persistentVolumeClaim: { claimName: name } }))
  const others = volumes.filter(({ name }) => !names.has(name))
  return { ...template, spec: { ...spec, volumes: [...claimed, ...others] } }
}

function validateManagement(faults: Faults, spec: StatefulSetSpec): void {
  const { podManagementPolicy: policy = '', persistentVolumeClaimRetentionPolicy: retention } = spec
  if (policy === '') faults.push(required('spec.podManagementPolicy'))
  else if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    faults.push(wrong('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"))
  }
  validateStatefulStrategy(faults, spec.updateStrategy ?? {})
  for (const name of ['whenDeleted', 'whenScaled'] as const) {
    const field = `spec.persistentVolumeClaimRetentionPolicy.${name}`
    if (retention !== undefined) {
      allowOneOf(faults, field, retention[name] ?? '', ['Retain', 'Delete'])
    }
  }
}

/** As Go has it in memory. */
const inMemory = (rolling: StatefulRolling): object | null =>
  rolling === undefined
    ? null
    : new Printed({
        Partition: rolling.partition ?? 0,
        MaxUnavailable: rolling.maxUnavailable ?? null,
      })

type StatefulRolling = NonNullable<StatefulSetSpec['updateStrategy']>['rollingUpdate']

function validateStatefulStrategy(
  faults: Faults,
  strategy: NonNullable<StatefulSetSpec['updateStrategy']>,
): void {
  const field = 'spec.updateStrategy'
  const { type = '', rollingUpdate } = strategy
  if (type === '') faults.push(required(field))
  else if (type === 'OnDelete') {
    if (rollingUpdate !== undefined) {
      const detail = "only allowed for updateStrategy 'RollingUpdate'"
      faults.push(wrong(`${field}.rollingUpdate`, inMemory(rollingUpdate), detail))
    }
  } else if (type !== 'RollingUpdate') {
    const shown = new Printed({ Type: type, RollingUpdate: inMemory(rollingUpdate) })
    faults.push(wrong(field, shown, "must be 'RollingUpdate' or 'OnDelete'"))
  } else if (rollingUpdate !== undefined) {
    const place = `${field}.rollingUpdate`
    refuseNegative(faults, `${place}.partition`, rollingUpdate.partition)
    const { maxUnavailable } = rollingUpdate
    if (maxUnavailable === undefined) return
    validateShare(faults, `${place}.maxUnavailable`, maxUnavailable)
    if (isZero(maxUnavailable)) {
      faults.push(wrong(`${place}.maxUnavailable`, maxUnavailable, 'cannot be 0'))
    }
    refuseOver100(faults, `${place}.maxUnavailable`, maxUnavailable)
  }
}

const MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const

const FROZEN =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

const frozenPart = (spec: StatefulSetSpec | undefined): object =>
  Object.fromEntries(
    Object.entries(spec ?? {}).filter(([name]) => !MUTABLE.some(mutable => mutable === name)),
  )

function validateStatefulSetUpdate(faults: Faults, set: StatefulSet, before: StatefulSet): void {
  if (set.spec !== undefined && before.spec !== undefined) {
    const changed = { keepsIdentity: true, keepsTemplate: false }
    const found: Faults = []
    validateStatefulSpec(found, before.spec, changed)
    validateStatefulSpec(faults, set.spec, { ...changed, keepsTemplate: found.length > 0 })
  }
  if (!equalJson(frozenPart(set.spec), frozenPart(before.spec))) {
    faults.push(forbidden('spec', FROZEN))
  }
}

export const POD_SET_RULES: RuleTable = {
  'daemonsets.apps': {
    create: validateDaemonSet,
    update: validateDaemonSetUpdate,
    status(faults, set: DaemonSet, before: DaemonSet) {
      validateCounts(faults, DAEMON_COUNTS, set.status ?? {})
      refuseFewerCollisions(faults, set.status ?? {}, before.status ?? {})
    },
  },
  'statefulsets.apps': {
    create: validateStatefulSet,
    update: validateStatefulSetUpdate,
    status: validateStatefulStatus,
  },
}
