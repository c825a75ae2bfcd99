/**
 * Volumes of a pod and where containers mount them. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateVolumes, ValidateVolumeMounts
 */
import { labelFaults } from '#api/names.ts'
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

/** Returns the volumes by name, for the mounts to be checked against. */
export function validateVolumes(
  faults: Faults,
  field: string,
  volumes: readonly Volume[],
): ReadonlyMap<string, Volume> {
  const names = new Map<string, Volume>()
  for (const [index, volume] of volumes.entries()) {
    const place = `${field}[${index}]`
    validateSource(faults, place, volume)
    requireFormat(faults, `${place}.name`, volume.name, labelFaults)
    if (names.has(volume.name)) faults.push(duplicate(`${place}.name`, volume.name))
    names.set(volume.name, volume)
  }
  return names
}

function validateSource(faults: Faults, place: string, volume: Volume): void {
  const { name: _name, ...sources } = volume
  const [first, ...others] = Object.keys(sources).filter(
    key => Reflect.get(sources, key) !== undefined,
  )
  if (first === undefined) faults.push(required(place, 'must specify a volume type'))
  else
    validateSourceFields(faults, place, POD_SOURCES, [first, Object(Reflect.get(sources, first))])
  for (const other of others) {
    faults.push(forbidden(`${place}.${other}`, 'may not specify more than 1 volume type'))
  }
  const { emptyDir, configMap, secret, projected, persistentVolumeClaim } = volume
  const { downwardAPI, ephemeral, image } = volume
  if (emptyDir?.sizeLimit?.startsWith('-') === true) {
    faults.push(
      forbidden(`${place}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'),
    )
  }
  if (configMap !== undefined) {
    requireName(faults, `${place}.configMap.name`, configMap.name)
    validateFiles(faults, `${place}.configMap`, configMap)
  }
  if (secret !== undefined) {
    requireName(faults, `${place}.secret.secretName`, secret.secretName)
    validateFiles(faults, `${place}.secret`, secret)
  }
  if (persistentVolumeClaim !== undefined) {
    requireName(faults, `${place}.persistentVolumeClaim.claimName`, persistentVolumeClaim.claimName)
  }
  for (const file of downwardAPI?.items ?? []) {
    validateDownwardFile(faults, `${place}.downwardAPI`, file)
  }
  if (downwardAPI !== undefined) {
    validateMode(faults, `${place}.downwardAPI.defaultMode`, downwardAPI.defaultMode)
  }
  if (ephemeral !== undefined) {
    const template = `${place}.ephemeral.volumeClaimTemplate`
    if (ephemeral.volumeClaimTemplate === undefined) faults.push(required(template))
    else validateClaimTemplate(faults, template, ephemeral.volumeClaimTemplate)
  }
  if (image !== undefined) {
    requireName(faults, `${place}.image.reference`, image.reference)
    allowOneOf(faults, `${place}.image.pullPolicy`, image.pullPolicy, PULL_POLICIES)
  }
  if (projected !== undefined) validateProjected(faults, `${place}.projected`, projected)
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
  for (const [index, mount] of mounts.entries()) {
    const place = `${field}[${index}]`
    if (mount.name === '') faults.push(required(`${place}.name`))
    if (!volumes.has(mount.name)) faults.push(notFound(`${place}.name`, mount.name))
    if (mount.mountPath === '') faults.push(required(`${place}.mountPath`))
    if (paths.has(mount.mountPath)) {
      faults.push(wrong(`${place}.mountPath`, mount.mountPath, 'must be unique'))
    }
    paths.add(mount.mountPath)
    if (devices.some(({ name }) => name === mount.name)) {
      faults.push(wrong(`${place}.name`, mount.name, 'must not already exist in volumeDevices'))
    }
    if (devices.some(({ devicePath }) => devicePath === mount.mountPath)) {
      const detail = 'must not already exist as a path in volumeDevices'
      faults.push(wrong(`${place}.mountPath`, mount.mountPath, detail))
    }
    for (const name of ['subPath', 'subPathExpr'] as const) {
      const path = mount[name] ?? ''
      if (path !== '' && volumes.get(mount.name)?.image !== undefined) {
        faults.push(wrong(`${place}.${name}`, path, 'not allowed in image volume sources'))
      }
      wrongFormat(faults, `${place}.${name}`, path, descendingPathFaults(path))
    }
    if ((mount.subPath ?? '') !== '' && (mount.subPathExpr ?? '') !== '') {
      const detail = 'subPathExpr and subPath are mutually exclusive'
      faults.push(wrong(`${place}.subPathExpr`, mount.subPathExpr, detail))
    }
    validatePropagation(faults, place, mount, security?.privileged === true)
  }
}

const PROPAGATIONS: readonly string[] = ['Bidirectional', 'HostToContainer', 'None']
const READ_ONLY: readonly string[] = ['Disabled', 'Enabled', 'IfPossible']

/** Which mounts a container and its node see of one another, and whether those below are read-only too. */
function validatePropagation(
  faults: Faults,
  place: string,
  { mountPropagation: mode, recursiveReadOnly: recursive, readOnly }: VolumeMount,
  isPrivileged: boolean,
): void {
  allowOneOf(faults, `${place}.mountPropagation`, mode, PROPAGATIONS)
  if (mode === 'Bidirectional' && !isPrivileged) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers'
    faults.push(forbidden(`${place}.mountPropagation`, detail))
  }
  const field = `${place}.recursiveReadOnly`
  allowOneOf(faults, field, recursive, READ_ONLY)
  if (recursive !== 'Enabled' && recursive !== 'IfPossible') return
  if (readOnly !== true) {
    faults.push(forbidden(field, 'may only be specified when readOnly is true'))
  }
  if (mode !== undefined && mode !== 'None') {
    const detail = 'may only be specified when mountPropagation is None or not specified'
    faults.push(forbidden(field, detail))
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
    }
    if (mounts.some(mount => mount.name === name)) {
      faults.push(wrong(nameField, name, 'must not already exist in volumeMounts'))
    }
    if (mounts.some(({ mountPath }) => mountPath === devicePath)) {
      const detail = 'must not already exist as a path in volumeMounts'
      faults.push(wrong(pathField, devicePath, detail))
    }
    names.add(name)
    paths.add(devicePath)
  }
}
