/**
 * Volumes of a pod and where containers mount them. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateVolumes, ValidateVolumeMounts
 */
import { configKeyFaults, labelFaults } from '#api/names.ts'
import type { KeyToPath, Volume, VolumeMount, VolumeProjection } from '#api/types/core-v1.ts'
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

const FILE_MODE = 'must be a number between 0 and 0777 (octal), both inclusive'
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
] as const

/** A path that stays below where it starts. */
function descendingPathFaults(path: string): string[] {
  const faults = path.startsWith('/') ? ['must be a relative path'] : []
  return [...faults, ...backstepFaults(path)]
}

const backstepFaults = (path: string): string[] =>
  path.split('/').includes('..') ? ["must not contain '..'"] : []

/** As `descendingPathFaults`, and nothing that could be taken for the volume's own bookkeeping (`..data`). */
const projectedPathFaults = (path: string): string[] => {
  const faults = descendingPathFaults(path)
  const isHidden = path.startsWith('..') && !path.startsWith('../')
  return isHidden ? [...faults, "must not start with '..'"] : faults
}

/** Returns the names of the volumes, for the mounts to be checked against. */
export function validateVolumes(
  faults: Faults,
  field: string,
  volumes: readonly Volume[],
): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [index, volume] of volumes.entries()) {
    const place = `${field}[${index}]`
    validateSource(faults, place, volume)
    requireFormat(faults, `${place}.name`, volume.name, labelFaults)
    if (names.has(volume.name)) faults.push(duplicate(`${place}.name`, volume.name))
    names.add(volume.name)
  }
  return names
}

function validateSource(faults: Faults, place: string, volume: Volume): void {
  const { name: _name, ...sources } = volume
  const [first, ...others] = Object.keys(sources).filter(
    key => Reflect.get(sources, key) !== undefined,
  )
  if (first === undefined) faults.push(required(place, 'must specify a volume type'))
  for (const other of others) {
    faults.push(forbidden(`${place}.${other}`, 'may not specify more than 1 volume type'))
  }
  const { emptyDir, hostPath, configMap, secret, projected, persistentVolumeClaim } = volume
  if (emptyDir?.sizeLimit?.startsWith('-') === true) {
    faults.push(
      forbidden(`${place}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'),
    )
  }
  if (hostPath !== undefined) {
    requireFormat(faults, `${place}.hostPath.path`, hostPath.path, backstepFaults)
    allowOneOf(faults, `${place}.hostPath.type`, hostPath.type, HOST_PATH_TYPES)
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
  if (projected !== undefined) {
    validateMode(faults, `${place}.projected.defaultMode`, projected.defaultMode)
    for (const [index, source] of (projected.sources ?? []).entries()) {
      validateProjection(faults, `${place}.projected.sources[${index}]`, source)
    }
  }
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

export function validateMounts(
  faults: Faults,
  field: string,
  mounts: readonly VolumeMount[],
  volumes: ReadonlySet<string>,
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
