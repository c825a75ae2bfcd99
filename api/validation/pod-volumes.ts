/**
 * Volumes of a pod and where containers mount them. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateVolumes, ValidateVolumeMounts
 */
import { configKeyFaults, labelFaults } from '#api/names.ts'
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  Volume,
  VolumeDevice,
  VolumeMount,
  VolumeProjection,
} from '#api/types/core-v1.ts'
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
  backstepFaults,
  descendingPathFaults,
  POD_SOURCES,
  validateSourceFields,
} from '#api/validation/volume-sources.ts'

const FILE_MODE = 'must be a number between 0 and 0777 (octal), both inclusive'
/** As `descendingPathFaults`, and nothing that could be taken for the volume's own bookkeeping (`..data`). */
const projectedPathFaults = (path: string): string[] => {
  const faults = descendingPathFaults(path)
  const isHidden = path.startsWith('..') && !path.startsWith('../')
  return isHidden ? [...faults, "must not start with '..'"] : faults
}

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
  if (projected !== undefined) {
    validateMode(faults, `${place}.projected.defaultMode`, projected.defaultMode)
    for (const [index, source] of (projected.sources ?? []).entries()) {
      validateProjection(faults, `${place}.projected.sources[${index}]`, source)
    }
    refuseSharedPaths(faults, `${place}.projected`, projected.sources ?? [])
  }
}

/** Sources of one volume may not write the same file. */
function refuseSharedPaths(
  faults: Faults,
  field: string,
  sources: readonly VolumeProjection[],
): void {
  const paths = new Set<string>()
  for (const { secret, configMap, downwardAPI } of sources) {
    const named = [secret, configMap].flatMap(files =>
      (files?.items ?? []).map(({ path }) => ({ path, shown: files?.name })),
    )
    const written = (downwardAPI?.items ?? []).map(({ path }) => ({ path, shown: path }))
    for (const { path, shown } of [...named, ...written]) {
      if (paths.has(path)) faults.push(wrong(field, shown, 'conflicting duplicate paths'))
      else if (path !== '') paths.add(path)
    }
  }
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const
const DOWNWARD_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
] as const
const DOWNWARD_FIELD_WITH_KEY = /^metadata\.(annotations|labels)\['[^']+'\]$/

/** Upstream's paths do not say which of the files it is. */
function validateDownwardFile(faults: Faults, place: string, file: DownwardAPIVolumeFile): void {
  const { path, fieldRef, resourceFieldRef, mode } = file
  requireFormat(faults, `${place}.path`, path, projectedPathFaults)
  if (fieldRef !== undefined) {
    const field = `${place}.fieldRef.fieldPath`
    const { fieldPath } = fieldRef
    if (fieldPath === '') faults.push(required(field))
    else if (!DOWNWARD_FIELD_WITH_KEY.test(fieldPath)) {
      allowOneOf(faults, field, fieldPath, DOWNWARD_FIELDS)
    }
    if (resourceFieldRef !== undefined) {
      const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously'
      faults.push(wrong(place, 'resource', detail))
    }
  } else if (resourceFieldRef === undefined) {
    faults.push(required(place, 'one of fieldRef and resourceFieldRef is required'))
  } else {
    requireName(faults, `${place}.resourceFieldRef.containerName`, resourceFieldRef.containerName)
    requireName(faults, `${place}.resourceFieldRef.resource`, resourceFieldRef.resource)
  }
  validateMode(faults, `${place}.mode`, mode)
}

function requireName(faults: Faults, field: string, name: string | undefined): void {
  if (name === undefined || name === '') faults.push(required(field))
}

const TOKEN_SECONDS_MIN = 600
const TOKEN_SECONDS_MAX = 2 ** 32

function validateProjection(faults: Faults, place: string, source: VolumeProjection): void {
  const given = Object.values(source).filter(part => part !== undefined)
  if (given.length > 1) {
    faults.push(forbidden(place, 'may not specify more than 1 volume type per source'))
  }
  const { configMap, secret, serviceAccountToken } = source
  if (configMap !== undefined) {
    requireName(faults, `${place}.configMap.name`, configMap.name)
    validateFiles(faults, `${place}.configMap`, configMap)
  }
  if (secret !== undefined) {
    requireName(faults, `${place}.secret.name`, secret.name)
    validateFiles(faults, `${place}.secret`, secret)
  }
  for (const file of source.downwardAPI?.items ?? []) {
    validateDownwardFile(faults, `${place}.downwardAPI`, file)
  }
  if (serviceAccountToken !== undefined) {
    const { expirationSeconds = 3600, path } = serviceAccountToken
    const field = `${place}.serviceAccountToken`
    if (expirationSeconds < TOKEN_SECONDS_MIN) {
      const detail = 'may not specify a duration less than 10 minutes'
      faults.push(wrong(`${field}.expirationSeconds`, expirationSeconds, detail))
    } else if (expirationSeconds > TOKEN_SECONDS_MAX) {
      const detail = 'may not specify a duration larger than 2^32 seconds'
      faults.push(wrong(`${field}.expirationSeconds`, expirationSeconds, detail))
    }
    requireFormat(faults, `${field}.path`, path, projectedPathFaults)
  }
}

interface Files {
  readonly defaultMode?: number
  readonly items?: readonly KeyToPath[]
}

function validateFiles(faults: Faults, place: string, files: Files): void {
  validateMode(faults, `${place}.defaultMode`, files.defaultMode)
  for (const [index, { key, path, mode }] of (files.items ?? []).entries()) {
    const item = `${place}.items[${index}]`
    requireFormat(faults, `${item}.key`, key, configKeyFaults)
    requireFormat(faults, `${item}.path`, path, projectedPathFaults)
    validateMode(faults, `${item}.mode`, mode)
  }
}

function validateMode(faults: Faults, field: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) faults.push(wrong(field, mode, FILE_MODE))
}

/** What the mounts of one container are checked against. */
export interface MountContext {
  readonly volumes: ReadonlyMap<string, Volume>
  readonly devices: readonly VolumeDevice[]
}

export function validateMounts(
  faults: Faults,
  field: string,
  mounts: readonly VolumeMount[],
  { volumes, devices }: MountContext,
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
      wrongFormat(faults, `${place}.${name}`, path, descendingPathFaults(path))
    }
    if ((mount.subPath ?? '') !== '' && (mount.subPathExpr ?? '') !== '') {
      const detail = 'subPathExpr and subPath are mutually exclusive'
      faults.push(wrong(`${place}.subPathExpr`, mount.subPathExpr, detail))
    }
    allowOneOf(faults, `${place}.mountPropagation`, mount.mountPropagation, [
      'Bidirectional',
      'HostToContainer',
      'None',
    ])
  }
}

const BLOCK_SOURCES =
  'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'

/** Volumes that a container sees as bare devices. */
export function validateDevices(
  faults: Faults,
  field: string,
  mounts: readonly VolumeMount[],
  { volumes, devices }: MountContext,
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
