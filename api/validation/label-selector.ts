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
    const { key, operator, values = [] } = expression
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) {
        const detail = "must be specified when `operator` is 'In' or 'NotIn'"
        faults.push(required(`${place}.values`, detail))
      }
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        faults.push(forbidden(`${place}.values`, detail))
      }
    } else faults.push(wrong(`${place}.operator`, operator, 'not a valid selector operator'))
    wrongFormat(faults, `${place}.key`, key, qualifiedNameFaults(key))
    for (const [at, value] of values.entries()) {
      wrongFormat(faults, `${place}.values[${at}]`, value, labelValueFaults(value))
    }
  }
}
