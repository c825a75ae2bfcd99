/**
 * PersistentVolumes, also as they stand inside VolumeAttachments. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePersistentVolume, ValidatePersistentVolumeUpdate
 */
import { posix } from 'node:path'
import { equalJson } from '#api/json.ts'
import { subdomainFaults } from '#api/names.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '#api/types/core-v1.ts'
import { validateAccessModes, VOLUME_MODES } from '#api/validation/claims.ts'
import { differencesOf } from '#api/validation/differences.ts'
import {
  allowOneOf,
  type Faults,
  forbidden,
  refuseChange,
  required,
  unsupported,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateTerms } from '#api/validation/pod-placement.ts'
import { requirePositiveQuantity, validateCapacity } from '#api/validation/quantities.ts'
import {
  PERSISTENT_SOURCES,
  type SourceFields,
  validateSourceFields,
} from '#api/validation/volume-sources.ts'

const RECLAIM_POLICIES: readonly string[] = ['Delete', 'Recycle', 'Retain']
const INLINE = 'may not be specified in the context of inline volumes'

export function validatePersistentVolume(faults: Faults, { spec = {} }: PersistentVolume): void {
  const field = 'spec'
  validateModes(faults, field, spec)
  validateSize(faults, `${field}.capacity`, spec.capacity ?? {})
  const { persistentVolumeReclaimPolicy: policy, nodeAffinity, storageClassName = '' } = spec
  allowOneOf(faults, `${field}.persistentVolumeReclaimPolicy`, policy, RECLAIM_POLICIES)
  if (nodeAffinity !== undefined) {
    const place = `${field}.nodeAffinity.required`
    if (nodeAffinity.required === undefined) {
      faults.push(required(place, 'must specify required node constraints'))
    } else {
      const terms = nodeAffinity.required.nodeSelectorTerms
      validateTerms(faults, `${place}.nodeSelectorTerms`, terms)
    }
  }
  validateSources(faults, field, spec)
  if (storageClassName !== '') {
    const format = subdomainFaults(storageClassName)
    wrongFormat(faults, `${field}.storageClassName`, storageClassName, format)
  }
  allowOneOf(faults, `${field}.volumeMode`, spec.volumeMode, VOLUME_MODES)
  validateAttributes(faults, field, spec)
}

function validateModes(
  faults: Faults,
  field: string,
  { accessModes = [] }: PersistentVolumeSpec,
): void {
  if (accessModes.length === 0) faults.push(required(`${field}.accessModes`))
  validateAccessModes(faults, `${field}.accessModes`, accessModes)
}

/** The storage there is, and nothing else. */
function validateSize(
  faults: Faults,
  field: string,
  capacity: Readonly<Record<string, string>>,
): void {
  const names = Object.keys(capacity)
  if (names.length === 0) faults.push(required(field))
  if (names.length !== 1 || names[0] !== 'storage') {
    faults.push(unsupported(field, capacity, ['storage']))
  }
  validateCapacity(faults, field, capacity)
  for (const [name, amount] of Object.entries(capacity)) {
    requirePositiveQuantity(faults, `${field}[${name}]`, amount)
  }
}

/** The part of a spec that says where the volume is. */
const sourcesOf = (spec: PersistentVolumeSpec): Readonly<Record<string, SourceFields>> =>
  Object.fromEntries(
    Object.entries(spec).filter(
      (entry): entry is [string, SourceFields] =>
        entry[0] in PERSISTENT_SOURCES && entry[1] !== undefined,
    ),
  )

function validateSources(faults: Faults, field: string, spec: PersistentVolumeSpec): void {
  const [first, ...others] = Object.entries(sourcesOf(spec))
  if (first === undefined) faults.push(required(field, 'must specify a volume type'))
  else validateSourceFields(faults, field, PERSISTENT_SOURCES, first)
  for (const [name] of others) {
    const place = name === 'cephfs' ? 'cephFS' : name
    faults.push(forbidden(`${field}.${place}`, 'may not specify more than 1 volume type'))
  }
  if (first?.[0] === 'local' && spec.nodeAffinity === undefined) {
    faults.push(required(`${field}.nodeAffinity`, 'Local volume requires node affinity'))
  }
  const isRoot = spec.hostPath !== undefined && posix.normalize(spec.hostPath.path) === '/'
  if (isRoot && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const detail = "may not be 'recycle' for a hostPath mount of '/'"
    faults.push(forbidden(`${field}.persistentVolumeReclaimPolicy`, detail))
  }
}

function validateAttributes(faults: Faults, field: string, spec: PersistentVolumeSpec): void {
  const { volumeAttributesClassName: name, csi } = spec
  if (name === undefined) return
  const place = `${field}.volumeAttributesClassName`
  if (name === '') faults.push(required(place, 'an empty string is disallowed'))
  else wrongFormat(faults, place, name, subdomainFaults(name))
  if (csi === undefined) {
    const detail = 'has to be specified when using volumeAttributesClassName'
    faults.push(required(`${field}.csi`, detail))
  }
}

/** A volume that is nowhere stored by itself: a CSI one, of which others say the rest. */
export function validateInlineVolume(
  faults: Faults,
  field: string,
  spec: PersistentVolumeSpec,
): void {
  if (spec.claimRef !== undefined) faults.push(forbidden(`${field}.claimRef`, INLINE))
  if (Object.keys(spec.capacity ?? {}).length > 0) {
    faults.push(forbidden(`${field}.capacity`, INLINE))
  }
  if (spec.csi === undefined) {
    faults.push(required(`${field}.csi`, 'has to be specified in the context of inline volumes'))
  }
  validateModes(faults, field, spec)
  const { persistentVolumeReclaimPolicy: policy = 'Retain', volumeMode = 'Filesystem' } = spec
  if (policy !== 'Retain') {
    const detail = 'may only be Retain in the context of inline volumes'
    faults.push(forbidden(`${field}.persistentVolumeReclaimPolicy`, detail))
  }
  if (spec.nodeAffinity !== undefined) faults.push(forbidden(`${field}.nodeAffinity`, INLINE))
  validateSources(faults, field, spec)
  if ((spec.storageClassName ?? '') !== '') {
    faults.push(forbidden(`${field}.storageClassName`, INLINE))
  }
  if (volumeMode !== 'Filesystem') {
    const detail =
      'may not specify volumeMode other than Filesystem in the context of inline volumes'
    faults.push(forbidden(`${field}.volumeMode`, detail))
  }
  validateAttributes(faults, field, spec)
}

/** Where a volume is stays; who uses it may change. */
export function validatePersistentVolumeUpdate(
  faults: Faults,
  volume: PersistentVolume,
  before: PersistentVolume,
): void {
  validatePersistentVolume(faults, volume)
  const { spec = {} } = volume
  const { spec: old = {} } = before
  const now = sourcesOf(withoutNewExpandSecret(spec, old))
  const was = sourcesOf(old)
  if (!equalJson(now, was)) {
    const detail = `spec.persistentvolumesource is immutable after creation\n${differencesOf('spec', was, now)}`
    faults.push(forbidden('spec.persistentvolumesource', detail))
  }
  refuseChange(faults, 'volumeMode', { before: old.volumeMode, after: spec.volumeMode })
  if (old.nodeAffinity !== undefined) {
    refuseChange(faults, 'nodeAffinity', { before: old.nodeAffinity, after: spec.nodeAffinity })
  }
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    const detail = 'update from non-nil value to nil is forbidden'
    faults.push(forbidden('spec.volumeAttributesClassName', detail))
  }
}

/** The one secret that may be added later. */
function withoutNewExpandSecret(
  spec: PersistentVolumeSpec,
  old: PersistentVolumeSpec,
): PersistentVolumeSpec {
  if (old.csi === undefined || old.csi.controllerExpandSecretRef !== undefined) return spec
  if (spec.csi === undefined) return spec
  const { controllerExpandSecretRef: _added, ...csi } = spec.csi
  return { ...spec, csi }
}
