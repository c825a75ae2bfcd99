/**
 * Nodes: which pods they repel, which addresses they hold, and what they can carry. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateNode, ValidateNodeUpdate, ValidateNodeResources
 */
import { looseCidrFaults, parseCidr } from '#api/addresses.ts'
import {
  byteLength,
  configKeyFaults,
  labelFaults,
  labelValueFaults,
  qualifiedNameFaults,
  subdomainFaults,
} from '#api/names.ts'
import { equalJson } from '#api/json.ts'
import type {
  ConfigMapNodeConfigSource,
  Node,
  NodeAddress,
  NodeConfigSource,
  NodeSpec,
  Taint,
} from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  Printed,
  required,
  requireOneOf,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { TAINT_EFFECTS } from '#api/validation/pod-placement.ts'
import { validateAmount } from '#api/validation/quantities.ts'

export function validateNode(faults: Faults, node: Node): void {
  validateTaints(faults, node.spec?.taints ?? [])
  validateAmounts(faults, node)
  const swap = node.status?.nodeInfo?.swap?.capacity
  if (swap !== undefined && swap <= 0) {
    faults.push(wrong('metadata.nodeSwapStatus.capacity', swap, 'must be greater than zero'))
  }
  validateFeatures(faults, node.status?.declaredFeatures ?? [])
  validateRanges(faults, node)
}

const FEATURE = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/
const FEATURE_MAX = 253

function featureFault(feature: string): string | undefined {
  const what = `invalid feature name ${JSON.stringify(feature)}: must`
  if (byteLength(feature) > FEATURE_MAX) return `${what} be no more than ${FEATURE_MAX} characters`
  if (FEATURE.test(feature)) return undefined
  return `${what} start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`
}

/** What the node's agent can do, in order. */
function validateFeatures(faults: Faults, features: readonly string[]): void {
  const field = 'status.declaredFeatures'
  for (const [index, feature] of features.entries()) {
    const fault = featureFault(feature)
    if (fault !== undefined) faults.push(wrong(`${field}[${index}]`, feature, fault))
    const next = features[index + 1]
    if (next === undefined) continue
    const place = `${field}[${index + 1}]`
    if (next === feature) faults.push(duplicate(place, next))
    else if (feature > next) faults.push(wrong(place, next, 'list must be sorted alphabetically'))
  }
}

/** Upstream looks for them in the spec, and says that they are in the metadata. */
function validateTaints(faults: Faults, taints: readonly Taint[]): void {
  const seen = new Set<string>()
  for (const [index, taint] of taints.entries()) {
    const { key, value = '', effect } = taint
    const place = `metadata.taints[${index}]`
    wrongFormat(faults, `${place}.key`, key, qualifiedNameFaults(key))
    const format = labelValueFaults(value)
    if (format.length > 0) faults.push(wrong(`${place}.value`, value, format.join(';')))
    requireOneOf(faults, `${place}.effect`, effect, TAINT_EFFECTS)
    if (seen.has(`${effect}/${key}`)) {
      const printed = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null }
      const fault = duplicate(place, new Printed(printed))
      const detail = 'taints must be unique by key and effect pair'
      faults.push({ ...fault, message: `${fault.message}: ${detail}` })
    }
    seen.add(`${effect}/${key}`)
  }
}

function validateAmounts(faults: Faults, { status = {} }: Node): void {
  const { capacity = {}, allocatable = {} } = status
  for (const [part, amounts] of Object.entries({ capacity, allocatable })) {
    for (const [name, amount] of Object.entries(amounts)) {
      validateAmount(faults, `status.${part}.${name}`, name, amount)
    }
  }
}

/** One range of addresses for pods per family. */
function validateRanges(faults: Faults, { spec = {} }: Node): void {
  const ranges = rangesOf(spec)
  const field = 'spec.podCIDRs'
  for (const [index, range] of ranges.entries()) {
    wrongFormat(faults, `${field}[${index}]`, range, looseCidrFaults(range))
  }
  if (ranges.length > 1) {
    const bad = ranges.findIndex(range => parseCidr(range) === undefined)
    if (bad >= 0) {
      const detail = `invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${ranges[bad] ?? ''})`
      faults.push({
        type: 'InternalError',
        field,
        message: `Internal error: invalid PodCIDRs. failed to check with dual stack with error:${detail}`,
      })
    }
    const families = new Set(ranges.map(range => parseCidr(range)?.family))
    if (bad >= 0 || families.size !== ranges.length) {
      faults.push(wrong(field, ranges, 'may specify no more than one CIDR for each IP family'))
    }
  }
}

/** Clients that know only `podCIDR` state that alone, and are believed. */
function rangesOf({ podCIDR = '', podCIDRs = [] }: NodeSpec): readonly string[] {
  return podCIDR === '' || podCIDRs[0] === podCIDR ? podCIDRs : [podCIDR]
}

/** Where a node is reached and which pods' addresses it holds is decided once. */
export function validateNodeUpdate(faults: Faults, node: Node, before: Node): void {
  validateNode(faults, node)
  refuseNodeChange(faults, node, before)
}

/** A write of the status, which upstream looks at less closely. */
export function validateNodeStatus(faults: Faults, node: Node, before: Node): void {
  validateAmounts(faults, node)
  validateFeatures(faults, node.status?.declaredFeatures ?? [])
  refuseNodeChange(faults, node, before)
  validateTaints(faults, node.spec?.taints ?? [])
}

function refuseNodeChange(faults: Faults, node: Node, before: Node): void {
  refuseRepeatedAddresses(faults, node.status?.addresses ?? [])
  const { spec = {} } = node
  const { spec: old = {} } = before
  if (rangesOf(old).length > 0 && !equalJson(rangesOf(spec), rangesOf(old))) {
    const detail = 'node updates may not change podCIDR except from "" to valid'
    faults.push(forbidden('spec.podCIDRs', detail))
  }
  if ((old.providerID ?? '') !== '' && spec.providerID !== old.providerID) {
    const detail = 'node updates may not change providerID except from "" to valid'
    faults.push(forbidden('spec.providerID', detail))
  }
  validateConfig(faults, node)
  if ((spec.externalID ?? '') !== (old.externalID ?? '')) {
    faults.push(forbidden('spec.externalID', 'may not be updated'))
  }
}

function refuseRepeatedAddresses(faults: Faults, addresses: readonly NodeAddress[]): void {
  const seen = new Set<string>()
  for (const [index, { type, address }] of addresses.entries()) {
    const printed = new Printed({ Type: type, Address: address })
    if (seen.has(printed.text)) faults.push(duplicate(`status.addresses[${index}]`, printed))
    seen.add(printed.text)
  }
}

/** Nodes no longer read it; what is written there still has to make sense. */
function validateConfig(faults: Faults, { spec, status }: Node): void {
  if (spec?.configSource !== undefined) {
    validateSource(faults, 'spec.configSource', spec.configSource, false)
  }
  const { assigned, active, lastKnownGood } = status?.config ?? {}
  for (const [part, source] of Object.entries({ assigned, active, lastKnownGood })) {
    if (source !== undefined) validateSource(faults, `status.config.${part}`, source, true)
  }
}

function validateSource(
  faults: Faults,
  field: string,
  source: NodeConfigSource,
  isResolved: boolean,
): void {
  if (source.configMap === undefined) {
    faults.push(wrong(field, source, 'exactly one reference subfield must be non-nil'))
    return
  }
  validateReference(faults, `${field}.configMap`, source.configMap, isResolved)
}

function validateReference(
  faults: Faults,
  field: string,
  map: ConfigMapNodeConfigSource,
  isResolved: boolean,
): void {
  for (const name of ['uid', 'resourceVersion'] as const) {
    const isGiven = (map[name] ?? '') !== ''
    const place = `${field}.${name}`
    if (isResolved && !isGiven) faults.push(required(place))
    if (!isResolved && isGiven) faults.push(forbidden(place, `${name} must not be set in spec`))
  }
  const formats = {
    namespace: labelFaults,
    name: subdomainFaults,
    kubeletConfigKey: configKeyFaults,
  }
  for (const name of ['namespace', 'name', 'kubeletConfigKey'] as const) {
    const value = map[name]
    if (value === '') faults.push(required(`${field}.${name}`))
    else wrongFormat(faults, `${field}.${name}`, value, formats[name](value))
  }
}
