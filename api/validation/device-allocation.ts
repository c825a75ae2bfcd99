/**
 * The status of a ResourceClaim: what was allocated, for whom, and what drivers say about it; and DeviceTaintRules. Pure.
 * Source: kubernetes pkg/apis/resource/validation/validation.go ValidateResourceClaimStatusUpdate
 */
import { interfaceAddressFaults } from '#api/addresses.ts'
import { equalJson } from '#api/json.ts'
import { byteLength } from '#api/names.ts'
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  DeviceTaintRule,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimStatus,
} from '#api/types/resource-v1.ts'
import { validateConditions } from '#api/validation/conditions.ts'
import {
  CONFIG_MAX,
  requestNamesOf,
  type RequestNames,
  validateReference,
  validateReferences,
} from '#api/validation/device-claims.ts'
import {
  eachOf,
  eachOfSet,
  validateBindings,
  validateDriver,
  validateOpaque,
  validatePool,
  validateRaw,
  validateShortName,
  validateTaint,
} from '#api/validation/device-format.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  Printed,
  refuseChange,
  required,
  requireOneOf,
  tooLong,
  tooMany,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateTerms } from '#api/validation/pod-placement.ts'

const RESERVED_MAX = 256
const RESULTS_MAX = 32
const CONDITIONS_MAX = 8
const ADDRESSES_MAX = 16
const INTERFACE_NAME_MAX = 256
const HARDWARE_ADDRESS_MAX = 128
const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function validateClaimStatus(
  faults: Faults,
  claim: ResourceClaim,
  before: ResourceClaim,
): void {
  const { status = {} } = claim
  const { reservedFor = [], allocation, devices = [] } = status
  const list = { field: 'status.reservedFor', items: reservedFor, most: RESERVED_MAX }
  const consumers = { ...list, key: ({ uid }: { readonly uid: string }) => uid }
  eachOfSet(faults, consumers, ({ resource, name, uid }, place) => {
    for (const [part, value] of Object.entries({ resource, name, uid })) {
      if (value === '') faults.push(required(`${place}.${part}`))
    }
  })
  const allocated = new Set((allocation?.devices?.results ?? []).map(sharedId))
  for (const [index, device] of devices.entries()) {
    validateDevice(faults, `status.devices[${index}]`, { device, allocated })
  }
  for (const [index, device] of devices.entries()) {
    const isRepeated = devices.findIndex(one => sharedId(one) === sharedId(device)) < index
    if (isRepeated) faults.push(duplicate(`status.devices[${index}]`, shownId(device)))
  }
  refuseReservations(faults, { claim, status, before: before.status ?? {} })
  const old = before.status?.allocation
  if (allocation === undefined) return
  if (old !== undefined) {
    refuseChange(faults, 'status.allocation', { before: old, after: allocation })
  } else {
    const names = requestNamesOf(claim.spec.devices ?? {})
    validateAllocation(faults, 'status.allocation', { allocation, names })
  }
}

interface Shared {
  readonly driver: string
  readonly pool: string
  readonly device: string
  readonly shareID?: string
}

/** As Go shows it. */
const shownId = ({ driver, pool, device, shareID = '' }: Shared): Printed =>
  new Printed({ Driver: driver, Pool: pool, Device: device, ShareID: shareID })

const sharedId = ({ driver, pool, device, shareID }: Shared): string =>
  [driver, pool, device, ...(shareID === undefined ? [] : [shareID])].join('/')

interface Change {
  readonly claim: ResourceClaim
  readonly status: ResourceClaimStatus
  readonly before: ResourceClaimStatus
}

/** Nobody reserves what is not allocated, and nobody new what is going away. */
function refuseReservations(faults: Faults, { claim, status, before }: Change): void {
  const { reservedFor = [], allocation } = status
  if (reservedFor.length === 0) return
  const field = 'status.reservedFor'
  if (allocation === undefined) {
    faults.push(forbidden(field, 'may not be specified when `allocated` is not set'))
  } else if (claim.metadata.deletionTimestamp !== undefined) {
    const old = before.reservedFor ?? []
    if (reservedFor.every(one => old.some(other => equalJson(one, other)))) return
    const detail =
      'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
    faults.push(forbidden(field, detail))
  }
}

function validateShare(faults: Faults, field: string, uid: string | undefined): void {
  if (uid === undefined || UID.test(uid)) return
  const fault = uuidFault(uid)
  const detail =
    fault === undefined
      ? 'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'
      : `error validating uid: ${fault}`
  faults.push(wrong(field, uid, detail))
}

const ANY_CASE = new RegExp(UID.source, 'i')
const URN = 'urn:uuid:'

/** What Go's parser says of it: it takes more forms than the one that is asked for. */
function uuidFault(text: string): string | undefined {
  const parsed = (uuid: string): string | undefined =>
    ANY_CASE.test(uuid) ? undefined : 'invalid UUID format'
  switch (byteLength(text)) {
    case 32:
      return /^[0-9a-f]+$/i.test(text) ? undefined : 'invalid UUID format'
    case 36:
      return parsed(text)
    case 38:
      return text.startsWith('{') && text.endsWith('}')
        ? parsed(text.slice(1, -1))
        : 'invalid bracketed UUID format'
    case 45: {
      const prefix = text.slice(0, URN.length)
      return prefix.toLowerCase() === URN
        ? parsed(text.slice(URN.length))
        : `invalid urn prefix: ${JSON.stringify(prefix)}`
    }
    default:
      return `invalid UUID length: ${byteLength(text)}`
  }
}

interface Allocated {
  readonly device: AllocatedDeviceStatus
  readonly allocated: ReadonlySet<string>
}

function validateDevice(faults: Faults, field: string, { device, allocated }: Allocated): void {
  const { conditions = [], data, networkData } = device
  validateDriver(faults, `${field}.driver`, device.driver)
  validatePool(faults, `${field}.pool`, device.pool)
  validateShortName(faults, `${field}.device`, device.device)
  validateShare(faults, `${field}.shareID`, device.shareID)
  if (!allocated.has(sharedId(device))) {
    faults.push(wrong(field, shownId(device), 'must be an allocated device in the claim'))
  }
  const place = `${field}.conditions`
  if (conditions.length > CONDITIONS_MAX) {
    faults.push(tooMany(place, conditions.length, CONDITIONS_MAX))
  }
  validateConditions(faults, place, conditions)
  if (data !== undefined) validateRaw(faults, `${field}.data`, data)
  if (networkData !== undefined) validateNetwork(faults, `${field}.networkData`, networkData)
}

function validateNetwork(faults: Faults, field: string, data: NetworkDeviceData): void {
  const { interfaceName = '', hardwareAddress = '', ips = [] } = data
  if (byteLength(interfaceName) > INTERFACE_NAME_MAX) {
    faults.push(tooLong(`${field}.interfaceName`, INTERFACE_NAME_MAX))
  }
  if (byteLength(hardwareAddress) > HARDWARE_ADDRESS_MAX) {
    faults.push(tooLong(`${field}.hardwareAddress`, HARDWARE_ADDRESS_MAX))
  }
  const list = { items: ips, most: ADDRESSES_MAX, key: (address: string) => address }
  eachOfSet(faults, { ...list, field: `${field}.ips` }, (address, place) =>
    wrongFormat(faults, place, address, interfaceAddressFaults(address)),
  )
}

interface Allocating {
  readonly allocation: AllocationResult
  readonly names: RequestNames
}

function validateAllocation(faults: Faults, field: string, of: Allocating): void {
  const { allocation, names } = of
  const { results = [], config = [] } = allocation.devices ?? {}
  const all = { field: `${field}.devices.results`, items: results, most: RESULTS_MAX }
  eachOf(faults, all, (result, place) => validateResult(faults, place, { result, names }))
  const configs = { field: `${field}.devices.config`, items: config, most: 2 * CONFIG_MAX }
  eachOf(faults, configs, (one, place) => {
    requireOneOf(faults, `${place}.source`, one.source, ['FromClaim', 'FromClass'])
    validateReferences(faults, `${place}.requests`, { references: one.requests ?? [], names })
    validateOpaque(faults, `${place}.opaque`, one.opaque)
  })
  if (allocation.nodeSelector !== undefined) {
    const terms = allocation.nodeSelector.nodeSelectorTerms
    validateTerms(faults, `${field}.nodeSelector.nodeSelectorTerms`, terms)
  }
}

interface Result {
  readonly result: DeviceRequestAllocationResult
  readonly names: RequestNames
}

function validateResult(faults: Faults, field: string, { result, names }: Result): void {
  validateReference(faults, `${field}.request`, { name: result.request, names })
  validateDriver(faults, `${field}.driver`, result.driver)
  validatePool(faults, `${field}.pool`, result.pool)
  validateShortName(faults, `${field}.device`, result.device)
  validateBindings(faults, field, result)
  validateShare(faults, `${field}.shareID`, result.shareID)
}

export function validateTaintRule(
  faults: Faults,
  { spec }: DeviceTaintRule,
  before?: DeviceTaintRule,
): void {
  const { driver, pool, device } = spec.deviceSelector ?? {}
  const field = 'spec.deviceSelector'
  if (driver !== undefined) validateDriver(faults, `${field}.driver`, driver)
  if (pool !== undefined) validatePool(faults, `${field}.pool`, pool)
  if (device !== undefined) validateShortName(faults, `${field}.device`, device)
  validateTaint(faults, 'spec.taint', { taint: spec.taint, before: before?.spec.taint })
}

export function validateTaintRuleStatus(faults: Faults, { status }: DeviceTaintRule): void {
  const conditions = status?.conditions ?? []
  validateConditions(faults, 'status.conditions', conditions)
  if (conditions.length > CONDITIONS_MAX) {
    faults.push(tooMany('status.conditions', conditions.length, CONDITIONS_MAX))
  }
}
