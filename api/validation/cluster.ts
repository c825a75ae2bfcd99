/**
 * Nodes, Namespaces, Leases, PriorityClasses and Bindings. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go, pkg/apis/coordination/validation,
 * pkg/apis/scheduling/validation, pkg/apis/core/validation/events.go
 */
import { labelValueFaults, qualifiedNameFaults } from '#api/names.ts'
import type { Lease } from '#api/types/coordination-v1.ts'
import type { Binding, Namespace, Node, Taint } from '#api/types/core-v1.ts'
import type { PriorityClass } from '#api/types/scheduling-v1.ts'
import { equalJson } from '#api/json.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  forbidden,
  required,
  requireOneOf,
  requireFormat,
  unsupported,
  WHOLE,
  wrong,
  wrongFormat,
  NOT_NEGATIVE,
} from '#api/validation/fault.ts'
import { TAINT_EFFECTS } from '#api/validation/pod-placement.ts'

export function validateNode(faults: Faults, node: Node): void {
  validateTaints(faults, 'spec.taints', node.spec?.taints ?? [])
  const { podCIDR = '', podCIDRs = [] } = node.spec ?? {}
  if (podCIDRs.length > 0 && podCIDR !== '' && podCIDRs[0] !== podCIDR) {
    faults.push(wrong('spec.podCIDRs[0]', podCIDRs[0], 'must match podCIDR'))
  }
}

function validateTaints(faults: Faults, field: string, taints: readonly Taint[]): void {
  const seen = new Set<string>()
  for (const [index, taint] of taints.entries()) {
    const { key, value = '', effect } = taint
    const place = `${field}[${index}]`
    requireFormat(faults, `${place}.key`, key, qualifiedNameFaults)
    const format = labelValueFaults(value)
    if (format.length > 0) faults.push(wrong(`${place}.value`, value, format.join(';')))
    requireOneOf(faults, `${place}.effect`, effect, TAINT_EFFECTS)
    if (seen.has(`${effect}/${key}`)) {
      faults.push({
        ...duplicate(place, taint),
        message: `${duplicate(place, taint).message}: taints must be unique by key and effect pair`,
      })
    }
    seen.add(`${effect}/${key}`)
  }
}

const NODE_UPDATES =
  'node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)'

/** Where a node is reached and which pods' addresses it holds is decided once. */
export function validateNodeUpdate(faults: Faults, node: Node, before: Node): void {
  validateNode(faults, node)
  const {
    podCIDRs: _a,
    podCIDR: _b,
    taints: _c,
    unschedulable: _d,
    configSource: _e,
    providerID = '',
    ...rest
  } = node.spec ?? {}
  const {
    podCIDRs = [],
    podCIDR: _f,
    taints: _g,
    unschedulable: _h,
    configSource: _i,
    providerID: id = '',
    ...old
  } = before.spec ?? {}
  if (podCIDRs.length > 0 && !equalJson(node.spec?.podCIDRs ?? [], podCIDRs)) {
    const detail = 'node updates may not change podCIDR except from "" to valid'
    faults.push(forbidden('spec.podCIDRs', detail))
  }
  if (id !== '' && providerID !== id) {
    const detail = 'node updates may not change providerID except from "" to valid'
    faults.push(forbidden('spec.providerID', detail))
  }
  if (!equalJson(rest, old)) faults.push(forbidden(WHOLE, NODE_UPDATES))
}

export function validateNamespace(faults: Faults, namespace: Namespace): void {
  for (const [index, finalizer] of (namespace.spec?.finalizers ?? []).entries()) {
    const field = `spec.finalizers[${index}]`
    const format = qualifiedNameFaults(finalizer)
    wrongFormat(faults, field, finalizer, format)
    if (format.length === 0 && !finalizer.includes('/') && finalizer !== 'kubernetes') {
      const detail = 'name is neither a standard finalizer name nor is it fully qualified'
      faults.push(wrong(field, finalizer, detail))
    }
  }
}

export function validateLease(faults: Faults, { spec = {} }: Lease): void {
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = spec
  if (seconds !== undefined && seconds <= 0) {
    faults.push(wrong('spec.leaseDurationSeconds', seconds, 'must be greater than 0'))
  }
  if (transitions !== undefined && transitions < 0) {
    faults.push(wrong('spec.leaseTransitions', transitions, NOT_NEGATIVE))
  }
}

const USER_PRIORITY_MAX = 1_000_000_000
const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

export function validatePriorityClass(faults: Faults, priority: PriorityClass): void {
  const { name = '' } = priority.metadata
  const { value = 0 } = priority
  if (name.startsWith('system-')) {
    const fault = systemPriorityFault(name, priority)
    if (fault !== undefined) {
      const detail = `priority class names with 'system-' prefix are reserved for system use only. error: ${fault}`
      faults.push(forbidden('metadata.name', detail))
    }
  } else if (value > USER_PRIORITY_MAX) {
    const detail = `maximum allowed value of a user defined priority is ${USER_PRIORITY_MAX}`
    faults.push(forbidden('value', detail))
  }
  allowOneOf(faults, 'preemptionPolicy', priority.preemptionPolicy, [
    'PreemptLowerPriority',
    'Never',
  ])
}

function systemPriorityFault(name: string, priority: PriorityClass): string | undefined {
  const known = SYSTEM_PRIORITIES[name]
  if (known === undefined) return `${name} is not a known system priority class`
  if (priority.value !== known) return `value of ${name} PriorityClass must be ${known}`
  if (priority.globalDefault !== true) return undefined
  return `globalDefault of ${name} PriorityClass must be false`
}

export function validatePriorityClassUpdate(
  faults: Faults,
  priority: PriorityClass,
  before: PriorityClass,
): void {
  if ((priority.value ?? 0) !== (before.value ?? 0)) {
    faults.push(forbidden('Value', 'may not be changed in an update.'))
  }
  if (priority.preemptionPolicy !== before.preemptionPolicy) {
    faults.push(wrong('preemptionPolicy', priority.preemptionPolicy, 'field is immutable'))
  }
}

export function validateBinding(faults: Faults, { target }: Binding): void {
  const { kind = '', name = '' } = target
  if (kind !== '' && kind !== 'Node') {
    faults.push(unsupported('target.kind', kind, ['Node', '<empty>']))
  }
  if (name === '') faults.push(required('target.name'))
}
