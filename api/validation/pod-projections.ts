/**
 * Volumes that the node fills with files: from ConfigMaps, Secrets, tokens, certificates and the pod itself. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateProjectionSources, validateDownwardAPIVolumeFile
 */
import { configKeyFaults } from '#api/names.ts'
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '#api/types/core-v1.ts'
import {
  type Faults,
  forbidden,
  required,
  requireFormat,
  requireKnown,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import { validateFieldPath, validateResourceField } from '#api/validation/pod-fields.ts'
import { validateSignerName } from '#api/validation/signer-names.ts'
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
  requireFormat(faults, `${place}.path`, path, projectedPathFaults)
  if (fieldRef !== undefined) {
    validateFieldPath(faults, `${place}.fieldRef`, fieldRef.fieldPath, DOWNWARD_FIELDS)
    if (resourceFieldRef !== undefined) {
      const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously'
      faults.push(wrong(place, 'resource', detail))
    }
  } else if (resourceFieldRef === undefined) {
    faults.push(required(place, 'one of fieldRef and resourceFieldRef is required'))
  } else {
    const field = `${place}.resourceFieldRef`
    requireName(faults, `${field}.containerName`, resourceFieldRef.containerName)
    if ((resourceFieldRef.containerName ?? '') !== '') {
      validateResourceField(faults, field, resourceFieldRef)
    }
  }
  validateMode(faults, `${place}.mode`, mode)
}

export function requireName(faults: Faults, field: string, name: string | undefined): void {
  if (name === undefined || name === '') faults.push(required(field))
}

interface Files {
  readonly defaultMode?: number
  readonly items?: readonly KeyToPath[]
}

export function validateFiles(faults: Faults, place: string, files: Files): void {
  validateMode(faults, `${place}.defaultMode`, files.defaultMode)
  for (const [index, { key, path, mode }] of (files.items ?? []).entries()) {
    const item = `${place}.items[${index}]`
    requireFormat(faults, `${item}.key`, key, configKeyFaults)
    requireFormat(faults, `${item}.path`, path, projectedPathFaults)
    validateMode(faults, `${item}.mode`, mode)
  }
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
  for (const [index, source] of sources.entries()) {
    validateProjection(faults, `${field}.sources[${index}]`, source)
  }
  refuseSharedPaths(faults, field, sources)
}

/** A file, and what upstream shows of it when another source writes the same one. */
interface Written {
  readonly path: string
  readonly shown: string | undefined
}

function writtenBy(source: VolumeProjection): Written[] {
  const { secret, configMap, downwardAPI, clusterTrustBundle, podCertificate } = source
  const named = [secret, configMap].flatMap(files =>
    (files?.items ?? []).map(({ path }) => ({ path, shown: files?.name })),
  )
  const paths = [
    ...(downwardAPI?.items ?? []).map(({ path }) => path),
    clusterTrustBundle?.path ?? '',
    ...CERTIFICATE_PATHS.map(name => podCertificate?.[name] ?? ''),
  ]
  return [...named, ...paths.map(path => ({ path, shown: path }))]
}

/** Sources of one volume may not write the same file. */
function refuseSharedPaths(
  faults: Faults,
  field: string,
  sources: readonly VolumeProjection[],
): void {
  const paths = new Set<string>()
  for (const { path, shown } of sources.flatMap(writtenBy)) {
    if (paths.has(path)) faults.push(wrong(field, shown, 'conflicting duplicate paths'))
    else if (path !== '') paths.add(path)
  }
}

function validateProjection(faults: Faults, place: string, source: VolumeProjection): void {
  const { configMap, secret, serviceAccountToken, clusterTrustBundle, podCertificate } = source
  for (const [name, files] of Object.entries({ configMap, secret })) {
    if (files === undefined) continue
    requireName(faults, `${place}.${name}.name`, files.name)
    validateFiles(faults, `${place}.${name}`, files)
  }
  for (const file of source.downwardAPI?.items ?? []) {
    validateDownwardFile(faults, `${place}.downwardAPI`, file)
  }
  if (serviceAccountToken !== undefined) {
    validateToken(faults, `${place}.serviceAccountToken`, serviceAccountToken)
  }
  if (clusterTrustBundle !== undefined) {
    validateTrustBundle(faults, `${place}.clusterTrustBundle`, clusterTrustBundle)
  }
  if (podCertificate !== undefined) {
    validateCertificate(faults, `${place}.podCertificate`, podCertificate)
  }
  const given = Object.values(source).filter(part => part !== undefined)
  if (given.length > 1) {
    faults.push(forbidden(place, 'may not specify more than 1 volume type per source'))
  }
}

const TOKEN_SECONDS_MIN = 600
const TOKEN_SECONDS_MAX = 2 ** 32

function validateToken(
  faults: Faults,
  field: string,
  { expirationSeconds = 3600, path }: ServiceAccountTokenProjection,
): void {
  if (expirationSeconds < TOKEN_SECONDS_MIN) {
    const detail = 'may not specify a duration less than 10 minutes'
    faults.push(wrong(`${field}.expirationSeconds`, expirationSeconds, detail))
  } else if (expirationSeconds > TOKEN_SECONDS_MAX) {
    const detail = 'may not specify a duration larger than 2^32 seconds'
    faults.push(wrong(`${field}.expirationSeconds`, expirationSeconds, detail))
  }
  requireFormat(faults, `${field}.path`, path, projectedPathFaults)
}

function validateTrustBundle(
  faults: Faults,
  field: string,
  bundle: ClusterTrustBundleProjection,
): void {
  const { name, signerName, labelSelector, path } = bundle
  if (name !== undefined && signerName !== undefined) {
    faults.push(wrong(field, bundle, 'only one of name and signerName may be used'))
  } else if (name !== undefined) {
    if (name === '') faults.push(required(`${field}.name`, 'must be a valid object name'))
    if (labelSelector !== undefined) {
      const detail = 'labelSelector must be unset if name is specified'
      faults.push(wrong(`${field}.labelSelector`, labelSelector, detail))
    }
  } else if (signerName !== undefined) {
    if (signerName === '') {
      faults.push(required(`${field}.signerName`, 'must be a valid signer name'))
    }
    validateSignerName(faults, `${field}.signerName`, signerName)
    if (labelSelector !== undefined) {
      validateLabelSelector(faults, `${field}.labelSelector`, labelSelector)
    }
  } else faults.push(required(field, 'either name or signerName must be specified'))
  requireFormat(faults, `${field}.path`, path, projectedPathFaults)
}

const CERTIFICATE_PATHS = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const
const KEY_TYPES: readonly string[] = [
  'ECDSAP256',
  'ECDSAP384',
  'ECDSAP521',
  'ED25519',
  'RSA3072',
  'RSA4096',
]
const HOUR = 3600
const DAY = 24 * HOUR
const CERTIFICATE_SECONDS_MAX = 91 * DAY

function validateCertificate(
  faults: Faults,
  field: string,
  certificate: PodCertificateProjection,
): void {
  const { signerName, keyType, maxExpirationSeconds: seconds = HOUR } = certificate
  validateSignerName(faults, `${field}.signerName`, signerName)
  requireKnown(faults, `${field}.keyType`, keyType, KEY_TYPES)
  if (seconds < HOUR || seconds > CERTIFICATE_SECONDS_MAX) {
    const bound = seconds < HOUR ? `>= ${HOUR}` : `<= ${CERTIFICATE_SECONDS_MAX}`
    const detail = `if provided, maxExpirationSeconds must be ${bound}`
    faults.push(wrong(`${field}.maxExpirationSeconds`, seconds, detail))
  }
  const given = CERTIFICATE_PATHS.filter(name => (certificate[name] ?? '') !== '')
  for (const name of given) {
    const path = certificate[name] ?? ''
    wrongFormat(faults, `${field}.${name}`, path, projectedPathFaults(path))
  }
  if (given.length === 0) {
    const detail = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'
    faults.push(required(field, detail))
  }
}
