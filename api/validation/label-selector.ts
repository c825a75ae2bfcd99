/**
 * Label selectors of specs. Pure.
 * Source: k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go ValidateLabelSelector
 */
import { labelValueFaults, qualifiedNameFaults } from '#api/names.ts'
import type { LabelSelectorObject } from '#api/selectors.ts'
import { type Faults, forbidden, required, wrong, wrongFormat } from '#api/validation/fault.ts'
import { validateLabels } from '#api/validation/metadata.ts'

export function validateLabelSelector(
  faults: Faults,
  field: string,
  selector: LabelSelectorObject,
): void {
  validateLabels(faults, `${field}.matchLabels`, selector.matchLabels)
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    const place = `${field}.matchExpressions[${index}]`
    if (!validateOperator(faults, place, expression)) {
      faults.push(wrong(`${place}.operator`, expression.operator, 'not a valid selector operator'))
    }
    validateRequirementNames(faults, place, expression)
  }
}

type Requirement = NonNullable<LabelSelectorObject['matchExpressions']>[number]

/** Whether the operator is known; where it is, that it has as many values as it needs. */
export function validateOperator(
  faults: Faults,
  field: string,
  { operator, values = [] }: Requirement,
): boolean {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return true
    const detail = "must be specified when `operator` is 'In' or 'NotIn'"
    faults.push(required(`${field}.values`, detail))
    return true
  }
  if (operator !== 'Exists' && operator !== 'DoesNotExist') return false
  if (values.length > 0) {
    const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
    faults.push(forbidden(`${field}.values`, detail))
  }
  return true
}

export function validateRequirementNames(
  faults: Faults,
  field: string,
  { key, values = [] }: Requirement,
): void {
  wrongFormat(faults, `${field}.key`, key, qualifiedNameFaults(key))
  for (const [at, value] of values.entries()) {
    wrongFormat(faults, `${field}.values[${at}]`, value, labelValueFaults(value))
  }
}
