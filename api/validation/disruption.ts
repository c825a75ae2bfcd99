/**
 * PodDisruptionBudgets and RuntimeClasses. Pure.
 * Source: kubernetes pkg/apis/policy/validation/validation.go, pkg/apis/node/validation/validation.go
 */
import { labelFaults, qualifiedNameFaults } from '#api/names.ts'
import { compareQuantities } from '#api/quantity.ts'
import type { RuntimeClass } from '#api/types/node-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '#api/types/policy-v1.ts'
import { validateConditions } from '#api/validation/conditions.ts'
import {
  allowOneOf,
  type Faults,
  NOT_NEGATIVE,
  refuseChange,
  refuseNegative,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import { validateLabels } from '#api/validation/metadata.ts'
import { validateTolerations } from '#api/validation/pod-placement.ts'
import type { RuleTable } from '#api/validation/rules.ts'
import { refuseOver100, validateShare } from '#api/validation/shares.ts'

function validateBudget(faults: Faults, { spec = {} }: PodDisruptionBudget): void {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    faults.push(wrong('spec', spec, 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const [name, share] of Object.entries({ minAvailable, maxUnavailable })) {
    if (share === undefined) continue
    validateShare(faults, `spec.${name}`, share)
    refuseOver100(faults, `spec.${name}`, share)
  }
  if (selector !== undefined) validateLabelSelector(faults, 'spec.selector', selector)
  allowOneOf(faults, 'spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, [
    'AlwaysAllow',
    'IfHealthyBudget',
  ])
}

const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const

function validateBudgetStatus(faults: Faults, budget: PodDisruptionBudget): void {
  const status: Partial<PodDisruptionBudgetStatus> = budget.status ?? {}
  validateConditions(faults, 'status.conditions', status.conditions ?? [])
  for (const name of COUNTS) refuseNegative(faults, `status.${name}`, status[name])
}

function validateRuntimeClass(faults: Faults, runtimeClass: RuntimeClass): void {
  const { handler, overhead, scheduling } = runtimeClass
  wrongFormat(faults, 'handler', handler, labelFaults(handler))
  for (const [name, quantity] of Object.entries(overhead?.podFixed ?? {})) {
    const field = `overhead.podFixed`
    wrongFormat(faults, field, name, qualifiedNameFaults(name))
    if (compareQuantities(quantity, '0') < 0) {
      faults.push(wrong(`${field}[${name}]`, quantity, NOT_NEGATIVE))
    }
  }
  if (scheduling === undefined) return
  validateLabels(faults, 'scheduling.nodeSelector', scheduling.nodeSelector)
  validateTolerations(faults, 'scheduling.tolerations', scheduling.tolerations ?? [])
}

export const DISRUPTION_RULES: RuleTable = {
  'poddisruptionbudgets.policy': { create: validateBudget, status: validateBudgetStatus },
  'runtimeclasses.node.k8s.io': {
    create: validateRuntimeClass,
    update: (faults, { handler }: RuntimeClass, before: RuntimeClass) =>
      refuseChange(faults, 'handler', { before: before.handler, after: handler }),
  },
}
