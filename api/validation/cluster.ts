/**
 * Namespaces, Leases, PriorityClasses and Bindings. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go, pkg/apis/coordination/validation,
 * pkg/apis/scheduling/validation, pkg/apis/core/validation/events.go
 */
import { qualifiedNameFaults } from '#api/names.ts'
import type { Lease } from '#api/types/coordination-v1.ts'
import type { Binding, Namespace } from '#api/types/core-v1.ts'
import type { PriorityClass } from '#api/types/scheduling-v1.ts'
import {
  allowOneOf,
  type Faults,
  forbidden,
  required,
  unsupported,
  wrong,
  wrongFormat,
  NOT_NEGATIVE,
} from '#api/validation/fault.ts'
import { requireFinalizerDomain } from '#api/validation/metadata.ts'

/** Upstream's path does not say which of the finalizers it is, except where they are finalized. */
export function validateNamespace(faults: Faults, { spec }: Namespace): void {
  for (const name of spec?.finalizers ?? []) validateFinalizer(faults, 'spec.finalizers', name)
}

export function validateNamespaceFinalizers(faults: Faults, { spec }: Namespace): void {
  for (const [index, name] of (spec?.finalizers ?? []).entries()) {
    validateFinalizer(faults, `spec.finalizers[${index}]`, name)
  }
}

function validateFinalizer(faults: Faults, field: string, name: string): void {
  wrongFormat(faults, field, name, qualifiedNameFaults(name))
  requireFinalizerDomain(faults, field, name)
}

export function validateNamespaceStatus(faults: Faults, { metadata, status }: Namespace): void {
  const isGoing = (metadata.deletionTimestamp ?? null) !== null
  const expected = isGoing ? 'Terminating' : 'Active'
  if (status?.phase === expected) return
  const detail = `may only be '${expected}' if \`deletionTimestamp\` is ${isGoing ? 'not ' : ''}empty`
  faults.push(wrong('status.Phase', status?.phase ?? '', detail))
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
    faults.push(forbidden('value', 'may not be changed in an update.'))
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
