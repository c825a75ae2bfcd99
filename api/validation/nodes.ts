/**
 * Nodes: which pods they repel, which addresses they hold, and what they can carry. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateNode, ValidateNodeUpdate, ValidateNodeResources
 */
import { looseCidrFaults, parseCidr } from '#api/addresses.ts'
import {
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
  NodeConfigSource,
  Taint,
} from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  refuseRepeats,
  required,
  requireFormat,
  requireOneOf,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { TAINT_EFFECTS } from '#api/validation/pod-placement.ts'
import { validateAmount } from '#api/validation/quantities.ts'

export function validateNode(faults: Faults, node: Node): void {
  validateTaints(faults, node.spec?.taints ?? [])
  validateAmounts(faults, node)
  validateRanges(faults, node)
}

/** Upstream looks for them in the spec, and says that they are in the metadata. */
function validateTaints(faults: Faults, taints: readonly Taint[]): void {
  const seen = new Set<string>()
  for (const [index, taint] of taints.entries()) {
    const { key, value = '', effect } = taint
    const place = `metadata.taints[${index}]`
    requireFormat(faults, `${place}.key`, key, qualifiedNameFaults)
    const format = labelValueFaults(value)
    if (format.length > 0) faults.push(wrong(`${place}.value`, value, format.join(';')))
    requireOneOf(faults, `${place}.effect`, effect, TAINT_EFFECTS)
    if (seen.has(`${effect}/${key}`)) {
      const fault = duplicate(place, taint)
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
  const { podCIDR = '', podCIDRs: ranges = [] } = spec
  const field = 'spec.podCIDRs'
  for (const [index, range] of ranges.entries()) {
    wrongFormat(faults, `${field}[${index}]`, range, looseCidrFaults(range))
  }
  if (ranges.length > 1) {
    const families = new Set(ranges.map(range => parseCidr(range)?.family))
    if (families.size !== ranges.length) {
      faults.push(wrong(field, ranges, 'may specify no more than one CIDR for each IP family'))
    }
    refuseRepeats(faults, field, ranges)
  }
  if (ranges.length > 0 && podCIDR !== '' && ranges[0] !== podCIDR) {
    faults.push(wrong(`${field}[0]`, ranges[0], 'must match podCIDR'))
  }
}

/** Where a node is reached and which pods' addresses it holds is decided once. */
export function validateNodeUpdate(faults: Faults, node: Node, before: Node): void {
  validateNode(faults, node)
  refuseRepeats(faults, 'status.addresses', node.status?.addresses ?? [])
  const { spec = {} } = node
  const { spec: old = {} } = before
  if ((old.podCIDRs ?? []).length > 0 && !equalJson(spec.podCIDRs ?? [], old.podCIDRs)) {
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
    if (isResolved && !isGiven) faults.push(required(place, `${name} must be set in status`))
    if (!isResolved && isGiven) faults.push(forbidden(place, `${name} must not be set in spec`))
  }
  const formats = {
    namespace: labelFaults,
    name: subdomainFaults,
    kubeletConfigKey: configKeyFaults,
  }
  for (const name of ['namespace', 'name', 'kubeletConfigKey'] as const) {
    const value = map[name]
    if (value === '') faults.push(required(`${field}.${name}`, `${name} must be set`))
    else wrongFormat(faults, `${field}.${name}`, value, formats[name](value))
  }
}
