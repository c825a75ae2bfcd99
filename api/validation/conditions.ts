/**
 * Conditions of `meta/v1` in a status. Pure.
 * Source: k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go ValidateConditions
 */
import { byteLength, patternFault, qualifiedNameFaults } from '#api/names.ts'
import type { Condition } from '#api/types/meta-v1.ts'
import {
  duplicate,
  type Faults,
  required,
  tooLong,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

const REASON_MAX = 1024
const MESSAGE_MAX = 32 * 1024
const STATUSES: readonly string[] = ['False', 'True', 'Unknown']

const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const REASON_FAULT = patternFault(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  REASON,
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
)
const reasonPattern = new RegExp(`^${REASON}$`)

export function validateConditions(
  faults: Faults,
  field: string,
  conditions: readonly Condition[],
): void {
  const seen = new Set<string>()
  for (const [index, condition] of conditions.entries()) {
    const place = `${field}[${index}]`
    if (seen.has(condition.type)) faults.push(duplicate(`${place}.type`, condition.type))
    seen.add(condition.type)
    validateCondition(faults, place, condition)
  }
}

function validateCondition(faults: Faults, field: string, condition: Condition): void {
  const { type, status, observedGeneration = 0, reason, message } = condition
  wrongFormat(faults, `${field}.type`, type, qualifiedNameFaults(type))
  if (!STATUSES.includes(status)) faults.push(unsupported(`${field}.status`, status, STATUSES))
  if (observedGeneration < 0) {
    const detail = 'must be greater than or equal to zero'
    faults.push(wrong(`${field}.observedGeneration`, observedGeneration, detail))
  }
  if ((condition.lastTransitionTime ?? null) === null) {
    faults.push(required(`${field}.lastTransitionTime`))
  }
  if (reason === '') faults.push(required(`${field}.reason`))
  else {
    if (!reasonPattern.test(reason)) faults.push(wrong(`${field}.reason`, reason, REASON_FAULT))
    if (byteLength(reason) > REASON_MAX) faults.push(tooLong(`${field}.reason`, REASON_MAX))
  }
  if (byteLength(message) > MESSAGE_MAX) faults.push(tooLong(`${field}.message`, MESSAGE_MAX))
}
