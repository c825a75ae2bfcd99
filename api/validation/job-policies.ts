/**
 * When a Job fails or succeeds early: podFailurePolicy and successPolicy. Pure.
 * Source: kubernetes pkg/apis/batch/validation/validation.go validatePodFailurePolicy, validateSuccessPolicy
 */
import { qualifiedNameFaults } from '#api/names.ts'
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicy,
  SuccessPolicyRule,
} from '#api/types/batch-v1.ts'
import {
  duplicate,
  type Faults,
  Printed,
  refuseNegative,
  required,
  tooLong,
  tooMany,
  unsupported,
  wrong,
  wrongFormat,
  wrongPart,
} from '#api/validation/fault.ts'
import { countOf, IndexError, parseIndexes } from '#api/validation/indexes.ts'

const RULES_MAX = 20
const PATTERNS_MAX = 20
const EXIT_CODES_MAX = 255
const INDEXES_MAX_BYTES = 64 * 1024

const ACTIONS: readonly string[] = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const OPERATORS: readonly string[] = ['In', 'NotIn']
const STATUSES: readonly string[] = ['False', 'True', 'Unknown']

/** As Go prints a list of quoted words. */
const valid = (values: readonly string[]): string =>
  `valid values: [${values.map(value => JSON.stringify(value)).join(' ')}]`

function requireValid(
  faults: Faults,
  field: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value === undefined || value === '') faults.push(required(field, valid(supported)))
  else if (!supported.includes(value)) faults.push(unsupported(field, value, supported))
}

/** As Go has it in memory. */
export const failureInMemory = ({ rules }: PodFailurePolicy): Printed =>
  new Printed({
    Rules: rules.map(({ action, onExitCodes: codes, onPodConditions }) => ({
      Action: action,
      OnExitCodes:
        codes === undefined
          ? null
          : {
              ContainerName: codes.containerName ?? null,
              Operator: codes.operator,
              Values: codes.values,
            },
      OnPodConditions:
        onPodConditions?.map(({ type, status }) => ({ Type: type, Status: status })) ?? null,
    })),
  })

/** As Go has it in memory. */
export const successInMemory = ({ rules }: SuccessPolicy): Printed =>
  new Printed({
    Rules: rules.map(({ succeededIndexes, succeededCount }) => ({
      SucceededIndexes: succeededIndexes ?? null,
      SucceededCount: succeededCount ?? null,
    })),
  })

export function validateFailurePolicy(faults: Faults, field: string, spec: JobSpec): void {
  const { rules = [] } = spec.podFailurePolicy ?? {}
  if (rules.length > RULES_MAX) faults.push(tooMany(`${field}.rules`, rules.length, RULES_MAX))
  for (const [index, rule] of rules.entries()) {
    validateFailureRule(faults, `${field}.rules[${index}]`, rule, spec)
  }
}

function validateFailureRule(
  faults: Faults,
  field: string,
  rule: PodFailurePolicyRule,
  spec: JobSpec,
): void {
  const { action, onExitCodes, onPodConditions = [] } = rule
  if (action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined) {
      const detail = 'requires the backoffLimitPerIndex to be set'
      faults.push(wrong(`${field}.action`, action, detail))
    }
  } else requireValid(faults, `${field}.action`, action, ACTIONS)
  if (onExitCodes !== undefined) {
    const { containers = [], initContainers = [] } = spec.template.spec ?? {}
    const names = [...containers, ...initContainers].map(({ name }) => name)
    validateExitCodes(faults, `${field}.onExitCodes`, onExitCodes, names)
  }
  validatePatterns(faults, `${field}.onPodConditions`, onPodConditions)
  const hasConditions = onPodConditions.length > 0
  if (onExitCodes !== undefined && hasConditions) {
    const detail = 'specifying both OnExitCodes and OnPodConditions is not supported'
    faults.push(wrongPart(field, detail))
  } else if (onExitCodes === undefined && !hasConditions) {
    const detail = 'specifying one of OnExitCodes and OnPodConditions is required'
    faults.push(wrongPart(field, detail))
  }
}

function validateExitCodes(
  faults: Faults,
  field: string,
  codes: PodFailurePolicyOnExitCodesRequirement,
  names: readonly string[],
): void {
  const { operator, containerName, values } = codes
  requireValid(faults, `${field}.operator`, operator, OPERATORS)
  if (containerName !== undefined && !names.includes(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    faults.push(wrong(`${field}.containerName`, containerName, detail))
  }
  const place = `${field}.values`
  if (values.length === 0) faults.push(wrong(place, values, 'at least one value is required'))
  else if (values.length > EXIT_CODES_MAX) {
    faults.push(tooMany(place, values.length, EXIT_CODES_MAX))
  }
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0) {
      faults.push(wrong(`${place}[${index}]`, value, 'must not be 0 for the In operator'))
    }
    if (values.indexOf(value) < index) faults.push(duplicate(`${place}[${index}]`, value))
  }
  if (values.some((value, index) => (values[index - 1] ?? value) > value)) {
    faults.push(wrong(place, values, 'must be ordered'))
  }
}

function validatePatterns(
  faults: Faults,
  field: string,
  patterns: readonly PodFailurePolicyOnPodConditionsPattern[],
): void {
  if (patterns.length > PATTERNS_MAX) faults.push(tooMany(field, patterns.length, PATTERNS_MAX))
  for (const [index, { type, status }] of patterns.entries()) {
    const place = `${field}[${index}]`
    wrongFormat(faults, `${place}.type`, type, qualifiedNameFaults(type))
    requireValid(faults, `${place}.status`, status, STATUSES)
  }
}

export function validateSuccessPolicy(faults: Faults, field: string, spec: JobSpec): void {
  const { rules = [] } = spec.successPolicy ?? {}
  if (rules.length === 0) {
    const detail = 'at least one rules must be specified when the successPolicy is specified'
    faults.push(required(`${field}.rules`, detail))
  }
  if (rules.length > RULES_MAX) faults.push(tooMany(`${field}.rules`, rules.length, RULES_MAX))
  for (const [index, rule] of rules.entries()) {
    validateSuccessRule(faults, `${field}.rules[${index}]`, rule, spec.completions ?? 0)
  }
}

function validateSuccessRule(
  faults: Faults,
  field: string,
  rule: SuccessPolicyRule,
  completions: number,
): void {
  const { succeededCount, succeededIndexes } = rule
  if (succeededCount === undefined && succeededIndexes === undefined) {
    const detail = 'at least one of succeededCount or succeededIndexes must be specified'
    faults.push(required(field, detail))
  }
  const indexes =
    succeededIndexes === undefined
      ? undefined
      : countIndexes(faults, `${field}.succeededIndexes`, succeededIndexes, completions)
  if (succeededCount === undefined) return
  const place = `${field}.succeededCount`
  const refuseAbove = (most: number, what: string): void => {
    if (succeededCount <= most) return
    faults.push(wrong(place, succeededCount, `must be less than or equal to ${most} (${what})`))
  }
  refuseNegative(faults, place, succeededCount)
  refuseAbove(completions, 'the number of specified completions')
  if (indexes !== undefined) {
    refuseAbove(indexes, 'the number of indexes in the specified succeededIndexes field')
  }
}

function countIndexes(faults: Faults, field: string, text: string, completions: number): number {
  if (text.length > INDEXES_MAX_BYTES) faults.push(tooLong(field, INDEXES_MAX_BYTES))
  try {
    return countOf(parseIndexes(text, completions))
  } catch (error) {
    if (!(error instanceof IndexError)) throw error
    faults.push(wrong(field, text, `error parsing succeededIndexes: ${error.message}`))
    return 0
  }
}
