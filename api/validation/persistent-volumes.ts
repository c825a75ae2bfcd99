/**
 * PersistentVolumes, also as they stand inside VolumeAttachments. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePersistentVolume, ValidatePersistentVolumeUpdate
 */
import { posix } from 'node:path'
import { equalJson, isList } from '#api/json.ts'
import { subdomainFaults } from '#api/names.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '#api/types/core-v1.ts'
import { validateAccessModes, VOLUME_MODES } from '#api/validation/claims.ts'
import { differencesOf } from '#api/validation/differences.ts'
import {
  allowOneOf,
  type Faults,
  forbidden,
  IMMUTABLE,
  refuseChange,
  required,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { isRecord } from '#api/values.ts'
import { validateTerms } from '#api/validation/pod-placement.ts'
import { printed } from '#api/validation/printed.ts'
import { requirePositiveQuantity, validateCapacity } from '#api/validation/quantities.ts'
import {
  PERSISTENT_SOURCES,
  type SourceFields,
  validateSourceFields,
} from '#api/validation/volume-sources.ts'

const RECLAIM_POLICIES: readonly string[] = ['Delete', 'Recycle', 'Retain']
const INLINE = 'may not be specified in the context of inline volumes'

/** Whose mounts take options. */
const MOUNTED = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const
const MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options'

export function validatePersistentVolume(faults: Faults, volume: PersistentVolume): void {
  const { metadata, spec = {} } = volume
  validateSpec(faults, spec)
  const isMounted = MOUNTED.some(source => spec[source] !== undefined)
  if (isMounted || metadata.annotations?.[MOUNT_OPTIONS] === undefined) return
  const detail = 'may not specify mount options for this volume type'
  faults.push(forbidden(`metadata.annotations.${MOUNT_OPTIONS}`, detail))
}

function validateSpec(faults: Faults, spec: PersistentVolumeSpec): void {
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
  refuseAffinityChange(faults, spec, old)
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    const detail = 'update from non-nil value to nil is forbidden'
    faults.push(forbidden('spec.volumeAttributesClassName', detail))
  }
}

/** Labels that were beta, and what they are called now. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'kubernetes.io/arch'],
  ['beta.kubernetes.io/os', 'kubernetes.io/os'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type'],
])

/** The affinity with each old name for which `now` has the newer one replaced by it. */
function renamed(old: unknown, now: unknown): unknown {
  if (isList(old)) return old.map((item, index) => renamed(item, isList(now) ? now[index] : null))
  if (!isRecord(old) || !isRecord(now)) return old
  return Object.fromEntries(
    Object.entries(old).map(([name, value]) => {
      const isRenamed = name === 'key' && RENAMED.get(String(value)) === now[name]
      return [name, isRenamed ? now[name] : renamed(value, now[name])]
    }),
  )
}

function refuseAffinityChange(
  faults: Faults,
  { nodeAffinity: now }: PersistentVolumeSpec,
  { nodeAffinity: old }: PersistentVolumeSpec,
): void {
  if (old === undefined || equalJson(renamed(old, now), now)) return
  const detail = `${IMMUTABLE}, except for updating from beta label to GA`
  const shown = now === undefined ? undefined : printed('VolumeNodeAffinity', now)
  faults.push(wrong('nodeAffinity', shown, detail))
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
