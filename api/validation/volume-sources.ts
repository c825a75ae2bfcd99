/**
 * Where volumes come from: what each source must say, in pods and in PersistentVolumes. Pure.
 *
 * A source is a row of small rules; adding a source adds a row. Objects were decoded: fields have their types.
 * Source: kubernetes pkg/apis/core/validation/validation.go validate<X>VolumeSource, validate<X>PersistentVolumeSource
 */
import { byteLength, labelFaults, outOfRange, subdomainFaults } from '#api/names.ts'
import {
  allowOneOf,
  type Faults,
  required,
  requireFormat,
  tooLong,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

export type SourceFields = Readonly<Record<string, unknown>>
export type SourceRule = (faults: Faults, place: string, source: SourceFields) => void
export type SourceTable = Readonly<Record<string, readonly SourceRule[]>>

const textAt = (source: SourceFields, name: string): string => {
  const value = source[name]
  return typeof value === 'string' ? value : ''
}

const numberAt = (source: SourceFields, name: string): number | undefined => {
  const value = source[name]
  return typeof value === 'number' ? value : undefined
}

const listAt = (source: SourceFields, name: string): readonly unknown[] => {
  const value = source[name]
  return Array.isArray(value) ? value : []
}

const recordAt = (source: SourceFields, name: string): SourceFields | undefined => {
  const value = source[name]
  return typeof value === 'object' && value !== null ? { ...value } : undefined
}

/** Text that must not be empty. */
const needs =
  (...names: readonly string[]): SourceRule =>
  (faults, place, source) => {
    for (const name of names) {
      if (textAt(source, name) === '') faults.push(required(`${place}.${name}`))
    }
  }

const needsSome =
  (name: string): SourceRule =>
  (faults, place, source) => {
    if (listAt(source, name).length === 0) faults.push(required(`${place}.${name}`))
  }

const inByte =
  (name: string): SourceRule =>
  (faults, place, source) => {
    const value = numberAt(source, name)
    if (value === undefined || (value >= 0 && value <= 255)) return
    faults.push(wrong(`${place}.${name}`, value, outOfRange(0, 255)))
  }

/** 0 is the whole disk, whatever the message says. */
const partition: SourceRule = (faults, place, source) => {
  const value = numberAt(source, 'partition') ?? 0
  if (value >= 0 && value <= 255) return
  faults.push(wrong(`${place}.partition`, value, outOfRange(1, 255)))
}

/** A secret that is named at all must be named completely. */
const secretNamed =
  (...parts: readonly string[]): SourceRule =>
  (faults, place, source) => {
    const secret = recordAt(source, 'secretRef')
    if (secret !== undefined) needs(...parts)(faults, `${place}.secretRef`, secret)
  }

const oneOf =
  (name: string, supported: readonly string[]): SourceRule =>
  (faults, place, source) => {
    const value = source[name]
    const given = typeof value === 'string' ? value : undefined
    allowOneOf(faults, `${place}.${name}`, given, supported)
  }

export const backstepFaults = (path: string): string[] =>
  path.split('/').includes('..') ? ["must not contain '..'"] : []

/** A path that stays below where it starts. */
export function descendingPathFaults(path: string): string[] {
  const faults = path.startsWith('/') ? ['must be a relative path'] : []
  return [...faults, ...backstepFaults(path)]
}

/** As `descendingPathFaults`, and nothing that could be taken for the volume's own bookkeeping (`..data`). */
export const projectedPathFaults = (path: string): string[] => {
  const faults = descendingPathFaults(path)
  const isHidden = path.startsWith('..') && !path.startsWith('../')
  return isHidden ? [...faults, "must not start with '..'"] : faults
}

const HOST_PATH_TYPES: readonly string[] = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

const hostPath: SourceRule = (faults, place, source) => {
  const path = textAt(source, 'path')
  if (path === '') {
    faults.push(required(`${place}.path`))
    return
  }
  wrongFormat(faults, `${place}.path`, path, backstepFaults(path))
  allowOneOf(faults, `${place}.type`, textAt(source, 'type'), HOST_PATH_TYPES)
}

const gitRepo: SourceRule = (faults, place, source) => {
  const directory = textAt(source, 'directory')
  wrongFormat(faults, `${place}.directory`, directory, descendingPathFaults(directory))
}

const ISCSI_NAMES: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
}

function validateIscsiName(
  faults: Faults,
  field: string,
  name: string,
  isVolumeOfPod: boolean,
): void {
  const pattern = ISCSI_NAMES[name.slice(0, 3)]
  if (pattern === undefined) {
    const detail = isVolumeOfPod
      ? 'must be valid format starting with iqn, eui, or naa'
      : 'must be valid format'
    faults.push(wrong(field, name, detail))
  } else if (!pattern.test(name)) faults.push(wrong(field, name, 'must be valid format'))
}

const iscsi =
  (isVolumeOfPod: boolean): SourceRule =>
  (faults, place, source) => {
    needs('targetPortal', 'iqn')(faults, place, source)
    const iqn = textAt(source, 'iqn')
    if (iqn !== '') validateIscsiName(faults, `${place}.iqn`, iqn, isVolumeOfPod)
    inByte('lun')(faults, place, source)
    const hasChap = source['chapAuthDiscovery'] === true || source['chapAuthSession'] === true
    if (hasChap && source['secretRef'] === undefined) faults.push(required(`${place}.secretRef`))
    if (!isVolumeOfPod) secretNamed('name')(faults, place, source)
    const initiator = source['initiatorName']
    if (typeof initiator !== 'string') return
    validateIscsiName(faults, `${place}.initiatorname`, initiator, isVolumeOfPod)
  }

const fibreChannel: SourceRule = (faults, place, source) => {
  const targets = listAt(source, 'targetWWNs')
  const wwids = listAt(source, 'wwids')
  const field = `${place}.targetWWNs`
  if (targets.length === 0 && wwids.length === 0) {
    faults.push(required(field, 'must specify either targetWWNs or wwids, but not both'))
  }
  if (targets.length > 0 && wwids.length > 0) {
    const detail = 'targetWWNs and wwids can not be specified simultaneously'
    faults.push(wrong(field, targets, detail))
  }
  if (targets.length === 0) return
  if (numberAt(source, 'lun') === undefined) {
    faults.push(required(`${place}.lun`, 'lun is required if targetWWNs is specified'))
  } else inByte('lun')(faults, place, source)
}

const absolutePath: SourceRule = (faults, place, source) => {
  const path = textAt(source, 'path')
  if (!path.startsWith('/')) faults.push(wrong(`${place}.path`, path, 'must be an absolute path'))
}

const QUOBYTE_REGISTRY = 'must be a host:port pair or multiple pairs separated by commas'
const TENANT_MAX = 64

const quobyte: SourceRule = (faults, place, source) => {
  const registry = textAt(source, 'registry')
  if (registry === '') faults.push(required(`${place}.registry`, QUOBYTE_REGISTRY))
  else if (textAt(source, 'tenant').length > TENANT_MAX) {
    const detail = 'must be a UUID and may not exceed a length of 64 characters'
    faults.push(required(`${place}.tenant`, detail))
  } else {
    for (const pair of registry.split(',')) {
      if (/^([^:[\]]*|\[[^[\]]*\]):[^:]*$/.test(pair)) continue
      faults.push(wrong(`${place}.registry`, registry, QUOBYTE_REGISTRY))
    }
  }
  needs('volume')(faults, place, source)
}

const flocker: SourceRule = (faults, place, source) => {
  const name = textAt(source, 'datasetName')
  const uuid = textAt(source, 'datasetUUID')
  if (name === '' && uuid === '') {
    faults.push(required(place, 'one of datasetName and datasetUUID is required'))
  }
  if (name !== '' && uuid !== '') {
    const detail = 'datasetName and datasetUUID can not be specified simultaneously'
    faults.push(wrong(place, 'resource', detail))
  }
  if (name.includes('/')) {
    faults.push(wrong(`${place}.datasetName`, name, "must not contain '/'"))
  }
}

const endpointsNamespace: SourceRule = (faults, place, source) => {
  const namespace = source['endpointsNamespace']
  if (typeof namespace !== 'string') return
  const field = `${place}.endpointsNamespace`
  if (namespace === '') {
    const detail = 'if the endpointnamespace is set, it must be a valid namespace name'
    faults.push(wrong(field, namespace, detail))
  } else wrongFormat(faults, field, namespace, labelFaults(namespace))
}

const flexOptions: SourceRule = (faults, place, source) => {
  for (const key of Object.keys(recordAt(source, 'options') ?? {})) {
    const domain = `.${key.split('/', 1)[0]?.toLowerCase() ?? ''}`
    if (!domain.endsWith('.kubernetes.io') && !domain.endsWith('.k8s.io')) continue
    const detail = 'kubernetes.io and k8s.io namespaces are reserved'
    faults.push(wrong(`${place}.options[${key}]`, key, detail))
  }
}

const secretNamespace: SourceRule = (faults, place, source) => {
  if (source['secretNamespace'] === '') faults.push(required(`${place}.secretNamespace`))
}

const MANAGED_DISK =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const BLOB_DISK = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

const azureDiskAddress: SourceRule = (faults, place, source) => {
  const { kind } = source
  const uri = textAt(source, 'diskURI')
  if (kind === undefined) return
  const [prefix, form] =
    kind === 'Managed' ? ['/subscriptions/', MANAGED_DISK] : ['https://', BLOB_DISK]
  if (!uri.startsWith(prefix)) faults.push(unsupported(`${place}.diskURI`, uri, [form]))
}

const storageOs =
  (...secretParts: readonly string[]): SourceRule =>
  (faults, place, source) => {
    const name = textAt(source, 'volumeName')
    const namespace = textAt(source, 'volumeNamespace')
    requireFormat(faults, `${place}.volumeName`, name, labelFaults)
    if (namespace !== '') {
      wrongFormat(faults, `${place}.volumeNamespace`, namespace, labelFaults(namespace))
    }
    secretNamed(...secretParts)(faults, place, source)
  }

const DRIVER_NAME_MAX = 63

export function validateDriverName(faults: Faults, field: string, name: string): void {
  if (name === '') {
    faults.push(required(field))
    return
  }
  if (byteLength(name) > DRIVER_NAME_MAX) faults.push(tooLong(field, DRIVER_NAME_MAX))
  wrongFormat(faults, field, name, subdomainFaults(name.toLowerCase()))
}

const csiOfPod: SourceRule = (faults, place, source) => {
  validateDriverName(faults, `${place}.driver`, textAt(source, 'driver'))
  const secret = recordAt(source, 'nodePublishSecretRef')
  if (secret === undefined) return
  const name = textAt(secret, 'name')
  if (name === '') faults.push(required(`${place}.nodePublishSecretRef.name`))
  else wrongFormat(faults, `${place}.name`, name, subdomainFaults(name))
}

const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

const csiOfVolume: SourceRule = (faults, place, source) => {
  validateDriverName(faults, `${place}.driver`, textAt(source, 'driver'))
  needs('volumeHandle')(faults, place, source)
  for (const part of CSI_SECRETS) {
    const secret = recordAt(source, part)
    if (secret === undefined) continue
    const { name, namespace } = {
      name: textAt(secret, 'name'),
      namespace: textAt(secret, 'namespace'),
    }
    requireFormat(faults, `${place}.${part}.name`, name, subdomainFaults)
    requireFormat(faults, `${place}.${part}.namespace`, namespace, labelFaults)
  }
}

/** What pods and PersistentVolumes say alike. */
const SHARED: SourceTable = {
  hostPath: [hostPath],
  gcePersistentDisk: [needs('pdName'), partition],
  awsElasticBlockStore: [needs('volumeID'), partition],
  glusterfs: [needs('endpoints', 'path')],
  flocker: [flocker],
  nfs: [needs('server', 'path'), absolutePath],
  rbd: [needsSome('monitors'), needs('image')],
  quobyte: [quobyte],
  cephfs: [needsSome('monitors')],
  fc: [fibreChannel],
  flexVolume: [needs('driver'), flexOptions],
  azureFile: [needs('secretName', 'shareName')],
  vsphereVolume: [needs('volumePath')],
  photonPersistentDisk: [needs('pdID')],
  portworxVolume: [needs('volumeID')],
  azureDisk: [
    needs('diskName', 'diskURI'),
    oneOf('cachingMode', ['None', 'ReadOnly', 'ReadWrite']),
    oneOf('kind', ['Dedicated', 'Managed', 'Shared']),
    azureDiskAddress,
  ],
  scaleIO: [needs('gateway', 'system', 'volumeName')],
}

export const POD_SOURCES: SourceTable = {
  ...SHARED,
  gitRepo: [needs('repository'), gitRepo],
  iscsi: [iscsi(true)],
  cinder: [needs('volumeID'), secretNamed('name')],
  storageos: [storageOs('name')],
  csi: [csiOfPod],
}

export const PERSISTENT_SOURCES: SourceTable = {
  ...SHARED,
  glusterfs: [needs('endpoints', 'path'), endpointsNamespace],
  iscsi: [iscsi(false)],
  cinder: [needs('volumeID'), secretNamed('name', 'namespace')],
  azureFile: [needs('secretName', 'shareName'), secretNamespace],
  local: [
    (faults, place, source) => {
      requireFormat(faults, `${place}.path`, textAt(source, 'path'), backstepFaults)
    },
  ],
  storageos: [storageOs('name', 'namespace')],
  csi: [csiOfVolume],
}

/** Upstream's path of a source where it is not its field's name. */
const PLACES: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' }

export function validateSourceFields(
  faults: Faults,
  place: string,
  table: SourceTable,
  [name, source]: readonly [string, SourceFields],
): void {
  for (const rule of table[name] ?? []) rule(faults, `${place}.${PLACES[name] ?? name}`, source)
}
