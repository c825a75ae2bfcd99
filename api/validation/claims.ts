/**
 * PersistentVolumeClaims, alone and as templates inside pods. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaim and its update and status
 */
import { equalJson } from '#api/json.ts'
import { labelFaults, qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import { STORAGE_CLASS } from '#api/old-annotations.ts'
import { compareQuantities } from '#api/quantity.ts'
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from '#api/types/core-v1.ts'
import { differencesOf } from '#api/validation/differences.ts'
import {
  allowOneOf,
  type Faults,
  forbidden,
  Printed,
  refuseChange,
  required,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import { validateAnnotations, validateLabels } from '#api/validation/metadata.ts'
import {
  isNativeResource,
  requirePositiveQuantity,
  validateAmount,
  validateCapacity,
} from '#api/validation/quantities.ts'

const ACCESS_MODES: readonly string[] = [
  'ReadOnlyMany',
  'ReadWriteMany',
  'ReadWriteOnce',
  'ReadWriteOncePod',
]
export const VOLUME_MODES: readonly string[] = ['Block', 'Filesystem']

export function validateAccessModes(faults: Faults, field: string, modes: readonly string[]): void {
  for (const mode of modes) {
    if (!ACCESS_MODES.includes(mode)) faults.push(unsupported(field, mode, ACCESS_MODES))
  }
  const known = modes.filter(mode => ACCESS_MODES.includes(mode))
  if (known.includes('ReadWriteOncePod') && known.some(mode => mode !== 'ReadWriteOncePod')) {
    faults.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'))
  }
}

export function validateClaim(faults: Faults, { spec = {} }: PersistentVolumeClaim): void {
  validateClaimSpec(faults, 'spec', spec)
}

export function validateClaimSpec(
  faults: Faults,
  field: string,
  spec: PersistentVolumeClaimSpec,
): void {
  const { accessModes = [], selector, resources, storageClassName = '', volumeMode } = spec
  if (accessModes.length === 0) {
    faults.push(required(`${field}.accessModes`, 'at least 1 access mode is required'))
  }
  if (selector !== undefined) validateLabelSelector(faults, `${field}.selector`, selector)
  validateAccessModes(faults, `${field}.accessModes`, accessModes)
  validateSize(faults, `${field}.resources[storage]`, resources?.requests?.['storage'])
  validateClassName(faults, `${field}.storageClassName`, storageClassName)
  allowOneOf(faults, `${field}.volumeMode`, volumeMode, VOLUME_MODES)
  validateSources(faults, field, spec)
  validateClassName(
    faults,
    `${field}.volumeAttributesClassName`,
    spec.volumeAttributesClassName ?? '',
  )
}

function validateSize(faults: Faults, field: string, size: string | undefined): void {
  if (size === undefined) faults.push(required(field))
  else {
    const before = faults.length
    requirePositiveQuantity(faults, field, size)
    if (faults.length === before) validateAmount(faults, field, 'storage', size)
  }
}

function validateClassName(faults: Faults, field: string, name: string): void {
  if (name !== '') wrongFormat(faults, field, name, subdomainFaults(name))
}

function validateSources(faults: Faults, field: string, spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec
  if (dataSource !== undefined) validateSource(faults, `${field}.dataSource`, dataSource)
  if (dataSourceRef === undefined) return
  validateSource(faults, `${field}.dataSourceRef`, dataSourceRef)
  const { namespace = '', ...local } = dataSourceRef
  if (dataSource === undefined) return
  // Upstream shows the path itself, which prints as nothing.
  if (namespace !== '') {
    const detail = 'may not be specified when dataSourceRef.namespace is specified'
    faults.push(wrong(field, new Printed({}), detail))
  } else if (!equalJson(local, dataSource)) {
    faults.push(wrong(field, new Printed({}), 'must match dataSourceRef'))
  }
}

function validateSource(faults: Faults, field: string, source: TypedObjectReference): void {
  const { name, kind, apiGroup = '', namespace = '' } = source
  if (name === '') faults.push(required(`${field}.name`))
  if (kind === '') faults.push(required(`${field}.kind`))
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
    faults.push(wrong(field, kind, detail))
  }
  if (apiGroup !== '') {
    wrongFormat(faults, `${field}.apiGroup`, apiGroup, subdomainFaults(apiGroup))
  }
  if (namespace !== '') {
    wrongFormat(faults, `${field}.namespace`, namespace, labelFaults(namespace))
  }
}

/** Only labels and annotations are taken over from a template's metadata. */
export function validateTemplateMetadata(
  faults: Faults,
  field: string,
  metadata: PersistentVolumeClaimTemplate['metadata'] = {},
): void {
  const { labels, annotations, ...others } = metadata
  validateAnnotations(faults, `${field}.annotations`, annotations)
  validateLabels(faults, `${field}.labels`, labels)
  // Named as Go has it, with a small letter first.
  for (const name of Object.keys(others)) {
    faults.push(forbidden(`${field}.${name === 'uid' ? 'uID' : name}`, 'cannot be set'))
  }
}

export function validateClaimTemplate(
  faults: Faults,
  field: string,
  template: PersistentVolumeClaimTemplate,
): void {
  validateTemplateMetadata(faults, `${field}.metadata`, template.metadata)
  validateClaimSpec(faults, `${field}.spec`, template.spec)
}

const IN_USE = 'is forbidden when status.currentVolumeAttributesClassName is not nil'

/** A claim is bound once, its class named once; bound ones may ask for more and for other attributes. */
export function validateClaimUpdate(
  faults: Faults,
  claim: PersistentVolumeClaim,
  before: PersistentVolumeClaim,
): void {
  validateClaim(faults, claim)
  const { spec = {} } = claim
  const { spec: old = {} } = before
  refuseClassAnnotationChange(faults, claim, before)
  const compared = withMutableFieldsOf(claim, before)
  if (!equalJson(compared, old)) {
    const detail = `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${differencesOf('spec', old, compared)}`
    faults.push(forbidden('spec', detail))
  }
  refuseShrinking(faults, claim, before)
  refuseChange(faults, 'volumeMode', { before: old.volumeMode, after: spec.volumeMode })
  const field = 'spec.volumeAttributesClassName'
  const { volumeAttributesClassName: name } = spec
  if (name === old.volumeAttributesClassName) return
  if (before.status?.currentVolumeAttributesClassName === undefined) return
  if (name === undefined) faults.push(forbidden(field, `update to nil ${IN_USE}`))
  else if (name === '') faults.push(forbidden(field, `update to empty string ${IN_USE}`))
}

const classAnnotation = (claim: PersistentVolumeClaim): string | undefined =>
  claim.metadata.annotations?.[STORAGE_CLASS]

/** The class moves from its old annotation to its field. */
function isClassMove(claim: PersistentVolumeClaim, before: PersistentVolumeClaim): boolean {
  const old = classAnnotation(before)
  const now = classAnnotation(claim)
  return (
    old !== undefined &&
    before.spec?.storageClassName === undefined &&
    claim.spec?.storageClassName === old &&
    (now === undefined || now === old)
  )
}

function refuseClassAnnotationChange(
  faults: Faults,
  claim: PersistentVolumeClaim,
  before: PersistentVolumeClaim,
): void {
  if (isClassMove(claim, before)) return
  const now = classAnnotation(claim) ?? ''
  if (now === (classAnnotation(before) ?? '')) return
  const field = `metadata.annotations.${STORAGE_CLASS}`
  faults.push(wrong(field, now, 'field is immutable'))
}

/** The new spec with everything that may change as it was. */
function withMutableFieldsOf(
  claim: PersistentVolumeClaim,
  before: PersistentVolumeClaim,
): PersistentVolumeClaimSpec {
  const { spec = {} } = claim
  const { spec: old = {} } = before
  const kept: Record<string, unknown> = { ...spec }
  const restore = (name: 'storageClassName' | 'volumeAttributesClassName' | 'volumeName'): void => {
    if (old[name] === undefined) delete kept[name]
    else kept[name] = old[name]
  }
  const isBound = claim.status?.phase === 'Bound'
  if (isBound) restore('volumeAttributesClassName')
  if ((old.volumeName ?? '') === '') restore('volumeName')
  const annotated = classAnnotation(before)
  const isNamed = spec.storageClassName !== undefined && old.storageClassName === undefined
  if (isNamed && (annotated === undefined || annotated === spec.storageClassName)) {
    restore('storageClassName')
  }
  const storage = old.resources?.requests?.['storage']
  const requests = spec.resources?.requests
  if (isBound && requests !== undefined && storage !== undefined) {
    kept['resources'] = { ...spec.resources, requests: { ...requests, storage } }
  }
  return kept
}

/** Down to what there is already, so that an expansion that failed can be taken back. */
function refuseShrinking(
  faults: Faults,
  claim: PersistentVolumeClaim,
  before: PersistentVolumeClaim,
): void {
  const size = claim.spec?.resources?.requests?.['storage'] ?? '0'
  const old = before.spec?.resources?.requests?.['storage'] ?? '0'
  const capacity = before.status?.capacity?.['storage'] ?? '0'
  if (compareQuantities(size, old) >= 0 || compareQuantities(size, capacity) > 0) return
  const field = 'spec.resources.requests.storage'
  faults.push(forbidden(field, 'field can not be less than status.capacity'))
}

const RESIZE_STATES: readonly string[] = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].toSorted()

export function validateClaimStatus(faults: Faults, { status = {} }: PersistentVolumeClaim): void {
  validateCapacity(faults, 'status.capacity', status.capacity)
  const states = 'status.allocatedResourceStatuses'
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    validateClaimResource(faults, states, name)
    if (!RESIZE_STATES.includes(state)) faults.push(unsupported(states, name, RESIZE_STATES))
  }
  const allocated = 'status.allocatedResources'
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    const before = faults.length
    validateClaimResource(faults, allocated, name)
    if (faults.length > before) continue
    validateCapacity(faults, allocated, { [name]: amount })
    if (faults.length === before) {
      validateAmount(faults, `${allocated}[${name}]`, 'storage', amount)
    }
  }
}

function validateClaimResource(faults: Faults, field: string, name: string): void {
  const format = qualifiedNameFaults(name)
  wrongFormat(faults, field, name, format)
  if (format.length === 0 && isNativeResource(name) && name !== 'storage') {
    faults.push(unsupported(field, name, ['storage']))
  }
}
