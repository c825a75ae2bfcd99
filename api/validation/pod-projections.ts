/**
 * Volumes that the node fills with files: from ConfigMaps, Secrets, tokens and the pod itself. Trust bundles and
 * certificates never come here: the registry drops them before. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateProjectionSources, validateDownwardAPIVolumeFile
 */
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  VolumeProjection,
} from '#api/types/core-v1.ts'
import { type Faults, forbidden, required, requireFormat, wrong } from '#api/validation/fault.ts'
import { validateFieldPath, validateVolumeResourceField } from '#api/validation/pod-fields.ts'
import { validateTokenLifetime } from '#api/validation/token-lifetimes.ts'
import { projectedPathFaults } from '#api/validation/volume-sources.ts'

const FILE_MODE = 'must be a number between 0 and 0777 (octal), both inclusive'
const DOWNWARD_FIELDS: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]

/** Upstream's paths do not say which of the files it is. */
export function validateDownwardFile(
  faults: Faults,
  place: string,
  file: DownwardAPIVolumeFile,
): void {
  const { path, fieldRef, resourceFieldRef, mode } = file
  requirePath(faults, `${place}.path`, path)
  if (fieldRef !== undefined) {
    validateFieldPath(faults, `${place}.fieldRef`, fieldRef, DOWNWARD_FIELDS)
    if (resourceFieldRef !== undefined) {
      const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously'
      faults.push(wrong(place, 'resource', detail))
    }
  } else if (resourceFieldRef === undefined) {
    faults.push(required(place, 'one of fieldRef and resourceFieldRef is required'))
  } else validateVolumeResourceField(faults, `${place}.resourceFieldRef`, resourceFieldRef)
  validateMode(faults, `${place}.mode`, mode)
}

const requirePath = (faults: Faults, field: string, path: string | undefined): void =>
  requireFormat(faults, field, path, projectedPathFaults)

export function requireName(faults: Faults, field: string, name: string | undefined): void {
  if (name === undefined || name === '') faults.push(required(field))
}

interface Files {
  readonly defaultMode?: number
  readonly items?: readonly KeyToPath[]
}

export function validateFiles(faults: Faults, place: string, files: Files): void {
  validateMode(faults, `${place}.defaultMode`, files.defaultMode)
  for (const [index, file] of (files.items ?? []).entries()) {
    validateFile(faults, `${place}.items[${index}]`, file)
  }
}

function validateFile(faults: Faults, item: string, { key, path, mode }: KeyToPath): void {
  requireName(faults, `${item}.key`, key)
  requirePath(faults, `${item}.path`, path)
  validateMode(faults, `${item}.mode`, mode)
}

export function validateMode(faults: Faults, field: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) faults.push(wrong(field, mode, FILE_MODE))
}

export function validateProjected(
  faults: Faults,
  field: string,
  { defaultMode, sources = [] }: ProjectedVolumeSource,
): void {
  validateMode(faults, `${field}.defaultMode`, defaultMode)
  const volume = { field, paths: new Set<string>() }
  for (const [index, source] of sources.entries()) {
    validateProjection(faults, `${field}.sources[${index}]`, source, volume)
  }
}

/** Sources of one volume may not write the same file. */
interface Written {
  readonly field: string
  readonly paths: Set<string>
}

/** `shown` is what upstream shows when another source writes the same file. */
function claimPath(
  faults: Faults,
  { field, paths }: Written,
  { path, shown }: { readonly path: string; readonly shown: string },
): void {
  if (path === '') return
  if (paths.has(path)) faults.push(wrong(field, shown, 'conflicting duplicate paths'))
  paths.add(path)
}

function validateProjection(
  faults: Faults,
  place: string,
  source: VolumeProjection,
  volume: Written,
): void {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source
  for (const [name, files] of Object.entries({ secret, configMap })) {
    if (files === undefined) continue
    const { name: shown = '', items = [] } = files
    requireName(faults, `${place}.${name}.name`, shown)
    for (const [index, file] of items.entries()) {
      validateFile(faults, `${place}.${name}.items[${index}]`, file)
      claimPath(faults, volume, { path: file.path, shown })
    }
  }
  for (const file of downwardAPI?.items ?? []) {
    validateDownwardFile(faults, `${place}.downwardAPI`, file)
    claimPath(faults, volume, { path: file.path, shown: file.path })
  }
  if (serviceAccountToken !== undefined) {
    const { expirationSeconds, path } = serviceAccountToken
    validateTokenLifetime(
      faults,
      `${place}.serviceAccountToken.expirationSeconds`,
      expirationSeconds,
    )
    // Upstream blames the volume's path, which there is none of.
    requirePath(faults, `${volume.field}.path`, path)
  }
  const given = Object.values(source).filter(part => part !== undefined)
  if (given.length > 1) {
    faults.push(forbidden(place, 'may not specify more than 1 volume type per source'))
  }
}
