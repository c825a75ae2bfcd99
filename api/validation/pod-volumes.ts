/**
 * Volumes of a pod and where containers mount them. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateVolumes, ValidateVolumeMounts
 */
import { byteLength, labelFaults, subdomainFaults } from '#api/names.ts'
import type { Container, Volume, VolumeDevice, VolumeMount } from '#api/types/core-v1.ts'
import { validateClaimTemplate } from '#api/validation/claims.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  forbidden,
  notFound,
  required,
  requireFormat,
  requireOneOf,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import {
  requireName,
  validateDownwardFile,
  validateFiles,
  validateMode,
  validateProjected,
} from '#api/validation/pod-projections.ts'
import {
  backstepFaults,
  descendingPathFaults,
  POD_SOURCES,
  validateSourceFields,
} from '#api/validation/volume-sources.ts'

/** In upstream's order: the first that is given counts, the others are blamed under these names. */
const SOURCES: readonly (readonly [source: keyof Volume, name?: string])[] = [
  ['emptyDir'],
  ['hostPath'],
  ['gitRepo'],
  ['gcePersistentDisk'],
  ['awsElasticBlockStore'],
  ['secret'],
  ['nfs'],
  ['iscsi'],
  ['glusterfs'],
  ['flocker'],
  ['persistentVolumeClaim'],
  ['rbd'],
  ['cinder'],
  ['cephfs', 'cephFS'],
  ['quobyte'],
  ['downwardAPI', 'downwarAPI'],
  ['fc'],
  ['flexVolume'],
  ['configMap'],
  ['azureFile'],
  ['vsphereVolume'],
  ['photonPersistentDisk'],
  ['portworxVolume'],
  ['azureDisk'],
  ['storageos'],
  ['projected'],
  ['scaleIO'],
  ['csi'],
  ['ephemeral'],
  ['image'],
]

/** Whose volumes they are. */
interface VolumeOwner {
  /** Of a pod; templates have none yet. */
  readonly podName: string
  readonly isPod: boolean
}

/** Returns the volumes without a fault by name, for the mounts to be checked against. */
export function validateVolumes(
  faults: Faults,
  field: string,
  volumes: readonly Volume[],
  owner: VolumeOwner,
): ReadonlyMap<string, Volume> {
  const known = new Map<string, Volume>()
  const claims = new Set(
    volumes
      .filter(({ ephemeral }) => ephemeral !== undefined && owner.podName !== '')
      .map(({ name }) => `${owner.podName}-${name}`),
  )
  for (const [index, volume] of volumes.entries()) {
    const place = `${field}[${index}]`
    const before = faults.length
    validateSource(faults, place, volume, owner)
    requireFormat(faults, `${place}.name`, volume.name, labelFaults)
    if (known.has(volume.name)) faults.push(duplicate(`${place}.name`, volume.name))
    if (faults.length === before) known.set(volume.name, volume)
    const { claimName = '' } = volume.persistentVolumeClaim ?? {}
    if (claims.has(claimName)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume'
      faults.push(wrong(`${place}.persistentVolumeClaim.claimName`, claimName, detail))
    }
  }
  return known
}

function validateSource(faults: Faults, place: string, volume: Volume, owner: VolumeOwner): void {
  const [first, ...others] = SOURCES.filter(([source]) => volume[source] !== undefined)
  if (first === undefined) faults.push(required(place, 'must specify a volume type'))
  else {
    const [source] = first
    const rule = RULES[source]
    const fields = { ...Object(volume[source]) }
    if (rule === undefined) validateSourceFields(faults, place, POD_SOURCES, [source, fields])
    else rule(faults, `${place}.${source}`, volume, owner)
  }
  for (const [source, name = source] of others) {
    faults.push(forbidden(`${place}.${name}`, 'may not specify more than 1 volume type'))
  }
  validateInitiator(faults, place, volume)
}

const ISCSI_NAME_MAX = 64

/** The node names the session after both. */
function validateInitiator(faults: Faults, place: string, { name, iscsi }: Volume): void {
  if (iscsi?.initiatorName === undefined) return
  if (byteLength(`${name}:${iscsi.targetPortal}`) <= ISCSI_NAME_MAX) return
  const detail =
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
  faults.push(wrong(`${place}.name`, name, detail))
}

type VolumeRule = (faults: Faults, field: string, volume: Volume, owner: VolumeOwner) => void

/** Sources that hold more than plain fields. */
const RULES: Readonly<Partial<Record<keyof Volume, VolumeRule>>> = {
  emptyDir(faults, field, { emptyDir }) {
    if (emptyDir?.sizeLimit?.startsWith('-') !== true) return
    const detail = 'SizeLimit field must be a valid resource quantity'
    faults.push(forbidden(`${field}.sizeLimit`, detail))
  },
  configMap(faults, field, { configMap = {} }) {
    requireName(faults, `${field}.name`, configMap.name)
    validateFiles(faults, field, configMap)
  },
  secret(faults, field, { secret = {} }) {
    requireName(faults, `${field}.secretName`, secret.secretName)
    validateFiles(faults, field, secret)
  },
  persistentVolumeClaim(faults, field, { persistentVolumeClaim }) {
    requireName(faults, `${field}.claimName`, persistentVolumeClaim?.claimName)
  },
  downwardAPI(faults, field, { downwardAPI = {} }) {
    validateMode(faults, `${field}.defaultMode`, downwardAPI.defaultMode)
    for (const file of downwardAPI.items ?? []) validateDownwardFile(faults, field, file)
  },
  projected(faults, field, { projected = {} }) {
    validateProjected(faults, field, projected)
  },
  ephemeral(faults, field, { name, ephemeral = {} }, { podName }) {
    const template = `${field}.volumeClaimTemplate`
    if (ephemeral.volumeClaimTemplate === undefined) faults.push(required(template))
    else validateClaimTemplate(faults, template, ephemeral.volumeClaimTemplate)
    if (podName === '' || name === '') return
    const claim = `${podName}-${name}`
    const place = field.replace(/ephemeral$/, 'name')
    for (const fault of subdomainFaults(claim)) {
      faults.push(wrong(place, name, `PVC name ${JSON.stringify(claim)}: ${fault}`))
    }
  },
  image(faults, field, { image = {} }, { isPod }) {
    if (isPod) requireName(faults, `${field}.reference`, image.reference)
    requireOneOf(faults, `${field}.pullPolicy`, image.pullPolicy, PULL_POLICIES)
  },
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const

/** What the mounts of one container are checked against. */
export interface MountContext {
  readonly volumes: ReadonlyMap<string, Volume>
  readonly devices: readonly VolumeDevice[]
  readonly security: Container['securityContext']
}

export function validateMounts(
  faults: Faults,
  field: string,
  mounts: readonly VolumeMount[],
  { volumes, devices, security }: MountContext,
): void {
  const paths = new Set<string>()
  // Of two devices of one name the later counts.
  const taken = new Map(devices.map(({ name, devicePath }) => [name, devicePath]))
  const takenPaths = new Set(taken.values())
  for (const [index, mount] of mounts.entries()) {
    const place = `${field}[${index}]`
    if (mount.name === '') faults.push(required(`${place}.name`))
    if (!volumes.has(mount.name)) faults.push(notFound(`${place}.name`, mount.name))
    if (mount.mountPath === '') faults.push(required(`${place}.mountPath`))
    if (paths.has(mount.mountPath)) {
      faults.push(wrong(`${place}.mountPath`, mount.mountPath, 'must be unique'))
    }
    paths.add(mount.mountPath)
    if (taken.has(mount.name)) {
      faults.push(wrong(`${place}.name`, mount.name, 'must not already exist in volumeDevices'))
    }
    if (takenPaths.has(mount.mountPath)) {
      const detail = 'must not already exist as a path in volumeDevices'
      faults.push(wrong(`${place}.mountPath`, mount.mountPath, detail))
    }
    validateSubPaths(faults, field, { place, mount })
    validatePropagation(faults, field, mount, security?.privileged === true)
  }
}

/** Upstream's paths do not say whose subpath it is. */
function validateSubPaths(
  faults: Faults,
  field: string,
  { place, mount }: { readonly place: string; readonly mount: VolumeMount },
): void {
  const { subPath = '', subPathExpr = '' } = mount
  wrongFormat(faults, `${field}.subPath`, subPath, descendingPathFaults(subPath))
  if (subPath !== '' && subPathExpr !== '') {
    const detail = 'subPathExpr and subPath are mutually exclusive'
    faults.push(wrong(`${place}.subPathExpr`, subPathExpr, detail))
  }
  wrongFormat(faults, `${field}.subPathExpr`, subPathExpr, descendingPathFaults(subPathExpr))
}

const PROPAGATIONS: readonly string[] = ['Bidirectional', 'HostToContainer', 'None']
const READ_ONLY: readonly string[] = ['Disabled', 'Enabled', 'IfPossible']

/** Which mounts a container and its node see of one another, and whether those below are read-only too. */
function validatePropagation(
  faults: Faults,
  field: string,
  { mountPropagation: mode, recursiveReadOnly: recursive, readOnly }: VolumeMount,
  isPrivileged: boolean,
): void {
  allowOneOf(faults, `${field}.mountPropagation`, mode, PROPAGATIONS)
  if (mode === 'Bidirectional' && !isPrivileged) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers'
    faults.push(forbidden(`${field}.mountPropagation`, detail))
  }
  const place = `${field}.recursiveReadOnly`
  allowOneOf(faults, place, recursive, READ_ONLY)
  if (recursive !== 'Enabled' && recursive !== 'IfPossible') return
  if (readOnly !== true) {
    faults.push(forbidden(place, 'may only be specified when readOnly is true'))
  }
  if (mode !== undefined && mode !== 'None') {
    const detail = 'may only be specified when mountPropagation is None or not specified'
    faults.push(forbidden(place, detail))
  }
}

const BLOCK_SOURCES =
  'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'

/** Volumes that a container sees as bare devices. */
export function validateDevices(
  faults: Faults,
  field: string,
  mounts: readonly VolumeMount[],
  { volumes, devices }: Pick<MountContext, 'devices' | 'volumes'>,
): void {
  const [names, paths] = [new Set<string>(), new Set<string>()]
  const taken = new Map(mounts.map(({ name, mountPath }) => [name, mountPath]))
  const takenPaths = new Set(taken.values())
  for (const [index, { name, devicePath }] of devices.entries()) {
    const [nameField, pathField] = [`${field}[${index}].name`, `${field}[${index}].devicePath`]
    const volume = volumes.get(name)
    if (name === '') faults.push(required(nameField))
    if (names.has(name)) faults.push(wrong(nameField, name, 'must be unique'))
    if (volume === undefined) faults.push(notFound(nameField, name))
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      faults.push(wrong(nameField, name, BLOCK_SOURCES))
    }
    if (devicePath === '') faults.push(required(pathField))
    if (paths.has(devicePath)) faults.push(wrong(pathField, devicePath, 'must be unique'))
    if (backstepFaults(devicePath).length > 0) {
      faults.push(wrong(pathField, devicePath, "can not contain backsteps ('..')"))
    } else paths.add(devicePath)
    if (taken.has(name)) {
      faults.push(wrong(nameField, name, 'must not already exist in volumeMounts'))
    }
    if (takenPaths.has(devicePath)) {
      const detail = 'must not already exist as a path in volumeMounts'
      faults.push(wrong(pathField, devicePath, detail))
    }
    if (name !== '') names.add(name)
  }
}
