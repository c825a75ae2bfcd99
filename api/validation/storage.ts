/**
 * The kinds of storage.k8s.io, and the table of everything that stores: volumes and claims too. Pure.
 * Source: kubernetes pkg/apis/storage/validation/validation.go
 */
import { equalJson } from '#api/json.ts'
import { byteLength, qualifiedNameFaults, subdomainFaults, INT32_MAX } from '#api/names.ts'
import type { TopologySelectorTerm } from '#api/types/core-v1.ts'
import type {
  CSIDriver,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  StorageClass,
  TokenRequest,
  VolumeAttachment,
  VolumeAttributesClass,
  VolumeError,
} from '#api/types/storage-v1.ts'
import { validateClaim, validateClaimStatus, validateClaimUpdate } from '#api/validation/claims.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  forbidden,
  IMMUTABLE,
  Printed,
  refuseChange,
  refuseNegative,
  required,
  requireFormat,
  tooLong,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import {
  validateInlineVolume,
  validatePersistentVolume,
  validatePersistentVolumeUpdate,
} from '#api/validation/persistent-volumes.ts'
import { refuseNegativeQuantity } from '#api/validation/quantities.ts'
import type { RuleTable } from '#api/validation/rules.ts'
import { validateTokenLifetime } from '#api/validation/token-lifetimes.ts'
import { validateDriverName } from '#api/validation/volume-sources.ts'

const MAP_BYTES_MAX = 256 * 1024
const PARAMETERS_MAX = 512

type TextMap = Readonly<Record<string, string>>

const bytesOf = (map: TextMap): number =>
  Object.entries(map).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0)

/** Judged, and shown, in small letters. */
const requireProvisioner = (faults: Faults, field: string, name: string): void =>
  requireFormat(faults, field, name.toLowerCase(), qualifiedNameFaults)

function validateParameters(faults: Faults, parameters: TextMap): void {
  const field = 'parameters'
  if (Object.keys(parameters).length > PARAMETERS_MAX) {
    faults.push(tooLong(field, PARAMETERS_MAX))
    return
  }
  if ('' in parameters) faults.push(wrong(field, '', 'field can not be empty.'))
  if (bytesOf(parameters) > MAP_BYTES_MAX) faults.push(tooLong(field, MAP_BYTES_MAX))
}

function validateStorageClass(faults: Faults, storageClass: StorageClass): void {
  const { provisioner, parameters = {}, reclaimPolicy, volumeBindingMode } = storageClass
  requireProvisioner(faults, 'provisioner', provisioner)
  validateParameters(faults, parameters)
  allowOneOf(faults, 'reclaimPolicy', reclaimPolicy || undefined, ['Delete', 'Retain'])
  if (volumeBindingMode === undefined) faults.push(required('volumeBindingMode'))
  allowOneOf(faults, 'volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'])
  validateTopologies(faults, 'allowedTopologies', storageClass.allowedTopologies ?? [])
}

function validateTopologies(
  faults: Faults,
  field: string,
  terms: readonly TopologySelectorTerm[],
): void {
  const seen: object[] = []
  for (const [index, term] of terms.entries()) {
    const place = `${field}[${index}].matchLabelExpressions`
    validateTopology(faults, place, term)
    const selected = settled(term)
    // Upstream compares an empty term with places for terms that it leaves empty, too.
    const blanks = Object.keys(selected).length === 0 ? terms.length : 0
    const twins = seen.filter(other => equalJson(other, selected)).length
    for (let twin = 0; twin < blanks + twins; twin++) faults.push(duplicate(place, ''))
    seen.push(selected)
  }
}

/** What a term selects, whatever the order it says it in. */
const settled = ({ matchLabelExpressions = [] }: TopologySelectorTerm): object =>
  Object.fromEntries(matchLabelExpressions.map(({ key, values }) => [key, values.toSorted()]))

function validateTopology(faults: Faults, field: string, term: TopologySelectorTerm): void {
  const keys = new Set<string>()
  for (const [index, { key, values }] of (term.matchLabelExpressions ?? []).entries()) {
    const place = `${field}[${index}]`
    if (values.length === 0) faults.push(required(`${place}.values`))
    for (const [at, value] of values.entries()) {
      if (values.indexOf(value) < at) faults.push(duplicate(`${place}.values[${at}]`, value))
    }
    wrongFormat(faults, `${place}.key`, key, qualifiedNameFaults(key))
    if (keys.has(key)) faults.push(duplicate(`${place}.key`, key))
    keys.add(key)
  }
}

const CLASS_FIXED = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const

function validateStorageClassUpdate(
  faults: Faults,
  storageClass: StorageClass,
  before: StorageClass,
): void {
  for (const name of CLASS_FIXED) {
    if (equalJson(storageClass[name] ?? {}, before[name] ?? {})) continue
    faults.push(wrong(name, storageClass[name], IMMUTABLE))
  }
}

function validateAttributesClass(faults: Faults, attributes: VolumeAttributesClass): void {
  const { driverName, parameters = {} } = attributes
  requireProvisioner(faults, 'driverName', driverName)
  validateParameters(faults, parameters)
  if (Object.keys(parameters).length === 0) {
    faults.push(required('parameters', 'must contain at least one key/value pair'))
  }
}

function validateAttributesClassUpdate(
  faults: Faults,
  attributes: VolumeAttributesClass,
  before: VolumeAttributesClass,
): void {
  for (const name of ['driverName', 'parameters'] as const) {
    if (equalJson(attributes[name] ?? {}, before[name] ?? {})) continue
    faults.push(forbidden(name, `updates to ${name} are forbidden.`))
  }
}

function validateAttachment(faults: Faults, attachment: VolumeAttachment): void {
  validateAttachmentSpec(faults, attachment)
  validateAttachmentStatus(faults, attachment)
  const { persistentVolumeName: name } = attachment.spec.source
  if (name === undefined) return
  wrongFormat(faults, 'spec.source.persistentVolumeName', name, subdomainFaults(name))
}

const ONE_SOURCE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'

function validateAttachmentSpec(faults: Faults, { spec }: VolumeAttachment): void {
  const { attacher, source, nodeName } = spec
  const { persistentVolumeName: name, inlineVolumeSpec: inline } = source
  validateDriverName(faults, 'spec.attacher', attacher)
  const field = 'spec.source'
  if (inline === undefined && name === undefined) faults.push(required(field, ONE_SOURCE))
  else if (inline !== undefined && name !== undefined) faults.push(forbidden(field, ONE_SOURCE))
  else if (inline !== undefined) validateInlineVolume(faults, `${field}.inlineVolumeSpec`, inline)
  else if (name === '') {
    const detail = 'must specify non empty persistentVolumeName'
    faults.push(required(`${field}.persistentVolumeName`, detail))
  }
  wrongFormat(faults, 'spec.nodeName', nodeName, subdomainFaults(nodeName))
}

function validateAttachmentStatus(faults: Faults, { status }: VolumeAttachment): void {
  const { attachmentMetadata = {}, attachError, detachError } = status ?? {}
  if (bytesOf(attachmentMetadata) > MAP_BYTES_MAX) {
    faults.push(tooLong('status.attachmentMetadata', MAP_BYTES_MAX))
  }
  validateVolumeError(faults, 'status.attachError', attachError)
  validateVolumeError(faults, 'status.detachError', detachError)
}

const ERROR_BYTES_MAX = 1024
/** The limit that the fault names is upstream's slip, which clients know. */
function validateVolumeError(faults: Faults, field: string, error: VolumeError | undefined): void {
  if (error === undefined) return
  if (byteLength(error.message ?? '') > ERROR_BYTES_MAX) {
    faults.push(tooLong(`${field}.message`, MAP_BYTES_MAX))
  }
  const { errorCode = 0 } = error
  if (errorCode >= 0) return
  const detail = `must be between 0 and ${INT32_MAX}, inclusive`
  faults.push(wrong(`${field}.errorCode`, errorCode, detail))
}

function validateAttachmentUpdate(
  faults: Faults,
  attachment: VolumeAttachment,
  before: VolumeAttachment,
): void {
  validateAttachment(faults, attachment)
  const { attacher, source, nodeName } = attachment.spec
  if (equalJson(before.spec, attachment.spec)) return
  // Inline volumes are shown as they were sent.
  const { persistentVolumeName = null, inlineVolumeSpec = null } = source
  const Source = { PersistentVolumeName: persistentVolumeName, InlineVolumeSpec: inlineVolumeSpec }
  const shown = new Printed({ Attacher: attacher, Source, NodeName: nodeName })
  faults.push(wrong('spec', shown, IMMUTABLE))
}

const FS_GROUP_POLICIES: readonly string[] = ['File', 'None', 'ReadWriteOnceWithFSType']
const LIFECYCLE_MODES: readonly string[] = ['Persistent', 'Ephemeral']
const ALLOCATABLE_SECONDS_MIN = 10

export function validateDriver(faults: Faults, { spec }: CSIDriver): void {
  const needed = {
    attachedRequired: spec.attachRequired,
    podInfoOnMount: spec.podInfoOnMount,
    storageCapacity: spec.storageCapacity,
  }
  for (const [name, value] of Object.entries(needed)) {
    if (value === undefined) faults.push(required(`spec.${name}`))
  }
  allowOneOf(faults, 'spec.fsGroupPolicy', spec.fsGroupPolicy, FS_GROUP_POLICIES)
  validateTokenRequests(faults, 'spec.tokenRequests', spec.tokenRequests ?? [])
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (LIFECYCLE_MODES.includes(mode)) continue
    faults.push(unsupported('spec.volumeLifecycleModes', mode, LIFECYCLE_MODES))
  }
  if (spec.seLinuxMount === undefined) faults.push(required('spec.seLinuxMount'))
  const { nodeAllocatableUpdatePeriodSeconds: seconds, serviceAccountTokenInSecrets } = spec
  if (seconds !== undefined && seconds < ALLOCATABLE_SECONDS_MIN) {
    const detail = `must be greater than or equal to ${ALLOCATABLE_SECONDS_MIN} seconds`
    faults.push(wrong('spec.nodeAllocatableUpdatePeriodSeconds', seconds, detail))
  }
  if (serviceAccountTokenInSecrets === undefined || (spec.tokenRequests ?? []).length > 0) return
  const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
  faults.push(wrong('spec.serviceAccountTokenInSecrets', serviceAccountTokenInSecrets, detail))
}

function validateTokenRequests(
  faults: Faults,
  field: string,
  requests: readonly TokenRequest[],
): void {
  const audiences = new Set<string>()
  for (const [index, { audience, expirationSeconds: seconds }] of requests.entries()) {
    const place = `${field}[${index}]`
    if (audiences.has(audience)) {
      faults.push(duplicate(`${place}.audience`, audience))
      continue
    }
    audiences.add(audience)
    validateTokenLifetime(faults, `${place}.expirationSeconds`, seconds)
  }
}

function validateDriverUpdate(faults: Faults, driver: CSIDriver, before: CSIDriver): void {
  validateDriver(faults, driver)
  const [{ spec }, { spec: old }] = [driver, before]
  refuseChange(faults, 'spec.attachedRequired', {
    before: old.attachRequired,
    after: spec.attachRequired,
  })
  refuseChange(faults, 'spec.volumeLifecycleModes', {
    before: old.volumeLifecycleModes,
    after: spec.volumeLifecycleModes,
  })
}

const NODE_ID_MAX = 256

function validateCsiNode(faults: Faults, { spec }: CSINode): void {
  const names = new Set<string>()
  for (const [index, driver] of spec.drivers.entries()) {
    const place = `spec.drivers[${index}]`
    const { name, nodeID } = driver
    validateDriverName(faults, `${place}.name`, name)
    if (nodeID === '') faults.push(required(`${place}.nodeID`))
    if (byteLength(nodeID) > NODE_ID_MAX) {
      faults.push(wrong(`${place}.nodeID`, nodeID, `must be ${NODE_ID_MAX} characters or less`))
    }
    refuseNegative(faults, `${place}.allocatable.count`, driver.allocatable?.count)
    if (names.has(name)) faults.push(duplicate(`${place}.name`, name))
    names.add(name)
    validateTopologyKeys(faults, place, driver)
  }
}

function validateTopologyKeys(
  faults: Faults,
  place: string,
  { topologyKeys = [] }: CSINodeDriver,
): void {
  for (const [index, key] of topologyKeys.entries()) {
    if (key === '') faults.push(required(place))
    if (topologyKeys.indexOf(key) < index) faults.push(duplicate(place, key))
    wrongFormat(faults, place, key, qualifiedNameFaults(key))
  }
}

/** Drivers come and go, but do not change; what they can hold may, where the driver says so. */
function validateCsiNodeUpdate(faults: Faults, node: CSINode, before: CSINode): void {
  validateCsiNode(faults, node)
  const fixed = ({ allocatable: _allocatable, ...rest }: CSINodeDriver): object => rest
  for (const old of before.spec.drivers) {
    const driver = node.spec.drivers.find(({ name }) => name === old.name)
    if (driver === undefined || equalJson(fixed(driver), fixed(old))) continue
    const { name, nodeID, topologyKeys = null } = driver
    const members = { Name: name, NodeID: nodeID, TopologyKeys: topologyKeys, Allocatable: null }
    faults.push(wrong('spec.drivers', new Printed(members), IMMUTABLE))
  }
}

function validateStorageCapacity(faults: Faults, capacity: CSIStorageCapacity): void {
  const { nodeTopology, storageClassName } = capacity
  if (nodeTopology !== undefined) validateLabelSelector(faults, 'nodeTopology', nodeTopology)
  wrongFormat(faults, 'storageClassName', storageClassName, subdomainFaults(storageClassName))
  const { capacity: amount } = capacity
  if (amount !== undefined) refuseNegativeQuantity(faults, 'capacity', amount)
}

function validateStorageCapacityUpdate(
  faults: Faults,
  capacity: CSIStorageCapacity,
  before: CSIStorageCapacity,
): void {
  for (const name of ['nodeTopology', 'storageClassName'] as const) {
    refuseChange(faults, name, { before: before[name], after: capacity[name] })
  }
}

const group = 'storage.k8s.io'

export const STORAGE_RULES: RuleTable = {
  persistentvolumes: {
    create: validatePersistentVolume,
    update: validatePersistentVolumeUpdate,
  },
  persistentvolumeclaims: {
    create: validateClaim,
    update: validateClaimUpdate,
    status: validateClaimStatus,
  },
  [`storageclasses.${group}`]: {
    create: validateStorageClass,
    update: validateStorageClassUpdate,
  },
  [`volumeattachments.${group}`]: {
    create: validateAttachment,
    update: validateAttachmentUpdate,
    status: validateAttachmentStatus,
  },
  [`csidrivers.${group}`]: { create: validateDriver, update: validateDriverUpdate },
  [`csinodes.${group}`]: { create: validateCsiNode, update: validateCsiNodeUpdate },
  [`csistoragecapacities.${group}`]: {
    create: validateStorageCapacity,
    update: validateStorageCapacityUpdate,
  },
  [`volumeattributesclasses.${group}`]: {
    create: validateAttributesClass,
    update: validateAttributesClassUpdate,
  },
}
