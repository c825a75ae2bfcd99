/**
 * ResourceSlices: the devices that a driver offers, where they are and what they can do. Pure.
 * Source: kubernetes pkg/apis/resource/validation/validation.go ValidateResourceSlice
 */
import { equalJson } from '#api/json.ts'
import { subdomainFaults } from '#api/names.ts'
import type {
  CounterSet,
  Device,
  DeviceAttribute,
  DeviceCapacity,
  DeviceCounterConsumption,
  ResourcePool,
  ResourceSlice,
  ResourceSliceSpec,
} from '#api/types/resource-v1.ts'
import { validateRequestPolicy } from '#api/validation/capacity-policy.ts'
import {
  eachOf,
  eachOfSet,
  validateBindings,
  validateDriver,
  validatePool,
  validateQualified,
  validateShortName,
  validateTaint,
} from '#api/validation/device-format.ts'
import {
  type Faults,
  forbidden,
  Printed,
  refuseChange,
  required,
  tooLong,
  tooMany,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateTerms } from '#api/validation/pod-placement.ts'

const DEVICES_MAX = 128
/** With taints or counters a device takes more room. */
const ELABORATE_DEVICES_MAX = 64
const COUNTER_SETS_MAX = 8
const COUNTERS_MAX = 32
const CONSUMPTIONS_MAX = 2
const TAINTS_MAX = 16
const ATTRIBUTES_AND_CAPACITIES_MAX = 32
const ATTRIBUTE_VALUES_MAX = 48
const VALUE_MAX = 64
/** A domain, a slash and a name: longer keys are cut in paths. */
const KEY_SHOWN_MAX = 96

export function validateResourceSlice(
  faults: Faults,
  { spec }: ResourceSlice,
  before?: ResourceSlice,
): void {
  validateDriver(faults, 'spec.driver', spec.driver)
  validatePoolOf(faults, spec.pool)
  const old = before?.spec
  if (old !== undefined) {
    refuseChange(faults, 'spec.pool.name', { before: old.pool.name, after: spec.pool.name })
    refuseChange(faults, 'spec.driver', { before: old.driver, after: spec.driver })
    refuseChange(faults, 'spec.nodeName', { before: old.nodeName, after: spec.nodeName })
  }
  validatePlace(faults, spec)
  if (spec.sharedCounters !== undefined && spec.devices !== undefined) {
    const detail = 'only one of `sharedCounters` or `devices` is allowed'
    faults.push(wrong('spec', '', detail))
  }
  validateDevices(faults, spec, old)
  const sets = spec.sharedCounters ?? []
  const list = { field: 'spec.sharedCounters', items: sets, most: COUNTER_SETS_MAX, key: nameOf }
  eachOfSet(faults, list, (set, place) => validateCounterSet(faults, place, set))
}

const nameOf = ({ name }: { readonly name: string }): string => name

function validatePoolOf(
  faults: Faults,
  { name, resourceSliceCount, generation }: ResourcePool,
): void {
  validatePool(faults, 'spec.pool.name', name)
  if (resourceSliceCount <= 0) {
    const field = 'spec.pool.resourceSliceCount'
    faults.push(wrong(field, resourceSliceCount, 'must be greater than zero'))
  }
  if (generation < 0) {
    const detail = 'must be greater than or equal to zero'
    faults.push(wrong('spec.pool.generation', generation, detail))
  }
}

const PLACES =
  'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'

function validatePlace(faults: Faults, spec: ResourceSliceSpec): void {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec
  const set: string[] = []
  if (nodeName === '') {
    const detail = 'must be either unset or set to a non-empty string'
    faults.push(wrong('spec.nodeName', nodeName, detail))
  } else if (nodeName !== undefined) {
    set.push('`nodeName`')
    wrongFormat(faults, 'spec.nodeName', nodeName, subdomainFaults(nodeName))
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`')
    const field = 'spec.nodeSelector.nodeSelectorTerms'
    validateTerms(faults, field, nodeSelector.nodeSelectorTerms)
    if (nodeSelector.nodeSelectorTerms.length !== 1) {
      const detail = 'must have exactly one node selector term'
      faults.push(wrong(field, nodeSelector.nodeSelectorTerms, detail))
    }
  }
  for (const [name, flag] of Object.entries({ allNodes, perDeviceNodeSelection })) {
    if (flag === true) set.push(`\`${name}\``)
    if (flag === false) {
      faults.push(wrong(`spec.${name}`, flag, 'must be either unset or set to true'))
    }
  }
  if (set.length === 0) faults.push(required('spec', PLACES))
  if (set.length > 1) {
    const detail = `${PLACES}, but multiple fields are set`
    faults.push(wrong('spec', `{${set.join(', ')}}`, detail))
  }
}

const isElaborate = ({ taints = [], consumesCounters = [] }: Device): boolean =>
  taints.length > 0 || consumesCounters.length > 0

function validateDevices(
  faults: Faults,
  spec: ResourceSliceSpec,
  before: ResourceSliceSpec | undefined,
): void {
  const { devices = [], perDeviceNodeSelection: isPlaced = false } = spec
  const most = devices.some(isElaborate) ? ELABORATE_DEVICES_MAX : DEVICES_MAX
  const old = new Map((before?.devices ?? []).map(device => [device.name, device]))
  eachOfSet(
    faults,
    { field: 'spec.devices', items: devices, most, key: nameOf },
    (device, place) => {
      validateDevice(faults, place, { device, before: old.get(device.name) })
      if (isPlaced) validateDevicePlace(faults, place, device)
      else refuseDevicePlace(faults, place, device)
      validateBindings(faults, place, device)
    },
  )
}

interface DeviceChange {
  readonly device: Device
  /** The device of that name as it was. */
  readonly before: Device | undefined
}

function validateDevice(faults: Faults, field: string, { device, before }: DeviceChange): void {
  const { attributes = {}, capacity = {}, taints = [], consumesCounters = [] } = device
  validateShortName(faults, `${field}.name`, device.name)
  refuseTooMuch(faults, field, device)
  for (const [key, value] of Object.entries(attributes)) {
    validateQualified(faults, `${field}.attributes`, key)
    validateAttribute(faults, `${field}.attributes[${shown(key, KEY_SHOWN_MAX)}]`, value)
  }
  for (const [key, value] of Object.entries(capacity)) {
    validateQualified(faults, `${field}.capacity`, key)
    const place = `${field}.capacity[${shown(key, KEY_SHOWN_MAX)}]`
    validateCapacity(faults, place, { value, isShared: device.allowMultipleAllocations === true })
  }
  if (!equalJson(before?.taints, device.taints)) {
    const list = { field: `${field}.taints`, items: taints, most: TAINTS_MAX }
    eachOf(faults, list, (taint, place) => validateTaint(faults, place, { taint }))
  }
  const consumed = { items: consumesCounters, most: CONSUMPTIONS_MAX, key: setOf }
  eachOfSet(faults, { ...consumed, field: `${field}.consumesCounters` }, (one, place) => {
    validateCounterName(faults, `${place}.counterSet`, one.counterSet)
    validateCounters(faults, `${place}.counters`, one.counters)
  })
}

const setOf = ({ counterSet }: DeviceCounterConsumption): string => counterSet

/** Long keys are cut in the middle. */
function shown(key: string, most: number): string {
  if (key.length <= most) return key
  const rest = most - 3
  const tail = Math.floor(rest / 2)
  return `${key.slice(0, Math.floor((rest + 1) / 2))}...${key.slice(key.length - tail)}`
}

function refuseTooMuch(faults: Faults, field: string, device: Device): void {
  const { attributes = {}, capacity = {} } = device
  const entries = Object.keys(attributes).length + Object.keys(capacity).length
  if (entries > ATTRIBUTES_AND_CAPACITIES_MAX) {
    const detail = `the total number of attributes and capacities must not exceed ${ATTRIBUTES_AND_CAPACITIES_MAX}`
    faults.push(wrong(field, entries, detail))
  }
  const values = Object.keys(attributes).length
  if (values > ATTRIBUTE_VALUES_MAX) {
    const detail = `the total number of attribute values must not exceed ${ATTRIBUTE_VALUES_MAX}`
    faults.push(wrong(field, values, detail))
  }
}

const NUMBER = '(0|[1-9]\\d*)'
const PRE_RELEASE = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
const semanticVersion = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-${PRE_RELEASE}(\\.${PRE_RELEASE})*)?(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?$`,
)

const validateText = (faults: Faults, field: string, value: string): void => {
  if (Buffer.byteLength(value) > VALUE_MAX) faults.push(tooLong(field, VALUE_MAX))
}

function validateVersion(faults: Faults, field: string, value: string): void {
  if (!semanticVersion.test(value)) {
    const detail = 'must be a string compatible with semver.org spec 2.0.0'
    faults.push(wrong(field, value, detail))
  }
  validateText(faults, field, value)
}

function validateAttribute(faults: Faults, field: string, attribute: DeviceAttribute): void {
  const { string: text, version } = attribute
  if (text !== undefined) validateText(faults, `${field}.string`, text)
  if (version !== undefined) validateVersion(faults, `${field}.version`, version)
  const given = Object.values(attribute).filter(value => value !== undefined).length
  if (given !== 1) {
    const value = given === 0 ? '' : shownAttribute(attribute)
    faults.push(wrong(field, value, 'exactly one value must be specified'))
  }
}

/** As Go shows it. */
const shownAttribute = ({ int, bool, string: text, version }: DeviceAttribute): Printed =>
  new Printed({
    IntValue: int ?? null,
    BoolValue: bool ?? null,
    StringValue: text ?? null,
    VersionValue: version ?? null,
    IntValues: null,
    BoolValues: null,
    StringValues: null,
    VersionValues: null,
  })

interface Capacity {
  readonly value: DeviceCapacity
  /** Several claims may have a share of the device. */
  readonly isShared: boolean
}

function validateCapacity(faults: Faults, field: string, { value, isShared }: Capacity): void {
  const { requestPolicy: policy } = value
  if (policy === undefined) return
  const place = `${field}.requestPolicy`
  if (isShared) validateRequestPolicy(faults, place, { policy, capacity: value.value })
  else faults.push(forbidden(place, 'allowMultipleAllocations must be true'))
}

const DEVICE_PLACES =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec'

function validateDevicePlace(faults: Faults, field: string, device: Device): void {
  const { nodeName, nodeSelector, allNodes } = device
  const set: string[] = []
  if (nodeName === '') faults.push(wrong(`${field}.nodeName`, nodeName, 'must not be empty'))
  else if (nodeName !== undefined) {
    set.push('`nodeName`')
    wrongFormat(faults, `${field}.nodeName`, nodeName, subdomainFaults(nodeName))
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`')
    const terms = nodeSelector.nodeSelectorTerms
    validateTerms(faults, `${field}.nodeSelector.nodeSelectorTerms`, terms)
  }
  if (allNodes === true) set.push('`allNodes`')
  if (allNodes === false) {
    faults.push(wrong(`${field}.allNodes`, allNodes, 'must be either unset or set to true'))
  }
  if (set.length === 0) faults.push(required(field, DEVICE_PLACES))
  if (set.length > 1) faults.push(wrong(field, `{${set.join(', ')}}`, DEVICE_PLACES))
}

function refuseDevicePlace(faults: Faults, field: string, device: Device): void {
  const { nodeName, nodeSelector, allNodes } = device
  if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return
  const detail =
    '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
  faults.push(wrong(field, null, detail))
}

function validateCounterName(faults: Faults, field: string, name: string): void {
  if (name === '') faults.push(required(field))
  else validateShortName(faults, field, name)
}

/** Amounts are quantities, and any quantity will do. */
function validateCounters(
  faults: Faults,
  field: string,
  counters: CounterSet['counters'] | undefined,
): void {
  const names = Object.keys(counters ?? {})
  if (names.length === 0) faults.push(required(field))
  else if (names.length > COUNTERS_MAX) faults.push(tooMany(field, names.length, COUNTERS_MAX))
  else for (const name of names) validateShortName(faults, field, name)
}

function validateCounterSet(faults: Faults, field: string, { name, counters }: CounterSet): void {
  validateCounterName(faults, `${field}.name`, name)
  validateCounters(faults, `${field}.counters`, counters)
}
