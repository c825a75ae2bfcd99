/**
 * PodDisruptionBudgets and RuntimeClasses. Pure.
 * Source: kubernetes pkg/apis/policy/validation/validation.go, pkg/apis/node/validation/validation.go
 */
import { labelFaults } from '#api/names.ts'
import type { Toleration } from '#api/types/core-v1.ts'
import type { RuntimeClass } from '#api/types/node-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '#api/types/policy-v1.ts'
import { validateConditions } from '#api/validation/conditions.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  Printed,
  refuseChange,
  refuseNegative,
  requireFormat,
  wrong,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import { validateLabels } from '#api/validation/metadata.ts'
import { validateTolerations } from '#api/validation/pod-placement.ts'
import { validateContainerResources } from '#api/validation/pod-resources.ts'
import { printed } from '#api/validation/printed.ts'
import type { RuleTable } from '#api/validation/rules.ts'
import { refuseOver100, validateShare } from '#api/validation/shares.ts'

function validateBudget(faults: Faults, { spec = {} }: PodDisruptionBudget): void {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = new Printed({
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    })
    faults.push(wrong('spec', shown, 'minAvailable and maxUnavailable cannot be both set'))
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

const NO_CLAIMS: ReadonlySet<string> = new Set()

function validateRuntimeClass(faults: Faults, runtimeClass: RuntimeClass): void {
  const { handler, overhead, scheduling } = runtimeClass
  requireFormat(faults, 'handler', handler, labelFaults)
  // What pods need besides their containers is judged as a container's limits.
  const { podFixed } = overhead ?? {}
  if (podFixed !== undefined)
    validateContainerResources(faults, 'overhead', { limits: podFixed }, NO_CLAIMS)
  if (scheduling === undefined) return
  validateLabels(faults, 'scheduling.nodeSelector', scheduling.nodeSelector)
  const { tolerations = [] } = scheduling
  const field = 'scheduling.tolerations'
  validateTolerations(faults, field, tolerations)
  for (const [index, toleration] of tolerations.entries()) {
    if (tolerations.slice(0, index).some(other => isSameToleration(other, toleration))) {
      faults.push(duplicate(`${field}[${index}]`, printed('Toleration', toleration)))
    }
  }
}

const KEY = ['key', 'operator', 'value', 'effect'] as const

const isSameToleration = (left: Toleration, right: Toleration): boolean =>
  KEY.every(name => (left[name] ?? '') === (right[name] ?? ''))

export const DISRUPTION_RULES: RuleTable = {
  'poddisruptionbudgets.policy': { create: validateBudget, status: validateBudgetStatus },
  'runtimeclasses.node.k8s.io': {
    create: validateRuntimeClass,
    update: (faults, { handler }: RuntimeClass, before: RuntimeClass) =>
      refuseChange(faults, 'handler', { before: before.handler, after: handler }),
  },
}
