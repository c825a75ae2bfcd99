/**
 * How much of a device's capacity one claim may ask for, when several share the device. Pure.
 * Source: kubernetes pkg/apis/resource/validation/validation.go validateRequestPolicy
 */
import { addQuantities, compareQuantities, quantityValue } from '#api/quantity.ts'
import type { CapacityRequestPolicy, CapacityRequestPolicyRange } from '#api/types/resource-v1.ts'
import { eachOfSet } from '#api/validation/device-format.ts'
import { type Faults, forbidden, required, wrong } from '#api/validation/fault.ts'

const OPTIONS_MAX = 10

interface Policy {
  readonly policy: CapacityRequestPolicy
  /** All there is: a quantity. */
  readonly capacity: string
}

export function validateRequestPolicy(
  faults: Faults,
  field: string,
  { policy, capacity }: Policy,
): void {
  const { validValues: values = [], validRange: range, default: fallback } = policy
  if (values.length > 0 && range !== undefined) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
    faults.push(forbidden(field, detail))
  } else if (values.length > 0) {
    if (fallback === undefined) {
      faults.push(required(`${field}.default`, 'required when validValues is defined'))
    } else validateValues(faults, `${field}.validValues`, { values, fallback, capacity })
  } else if (range !== undefined) {
    if (fallback === undefined) {
      faults.push(required(`${field}.default`, 'required when validRange is defined'))
    } else validateRange(faults, `${field}.validRange`, { range, fallback, capacity })
  }
}

interface Values {
  readonly values: readonly string[]
  readonly fallback: string
  readonly capacity: string
}

function validateValues(faults: Faults, field: string, of: Values): void {
  const { values, fallback, capacity } = of
  for (const [index, value] of values.entries()) {
    const previous = values[index - 1]
    if (previous !== undefined && compareQuantities(previous, value) > 0) {
      const detail = 'values must be sorted in ascending order'
      faults.push(wrong(`${field}[${index}]`, value, detail))
    }
  }
  const list = {
    field,
    items: values,
    most: OPTIONS_MAX,
    key: (value: string) => String(quantityValue(value)),
  }
  eachOfSet(faults, list, (value, place) => {
    if (compareQuantities(value, capacity) <= 0) return
    faults.push(wrong(place, value, `option is larger than capacity value: ${capacity}`))
  })
  if (
    !values
      .slice(0, values.length > OPTIONS_MAX ? 0 : undefined)
      .some(value => compareQuantities(value, fallback) === 0)
  ) {
    const detail = 'default value is not valid according to the requestPolicy'
    faults.push(wrong(field, fallback, detail))
  }
}

interface Range {
  readonly range: CapacityRequestPolicyRange
  readonly fallback: string
  readonly capacity: string
}

function validateRange(faults: Faults, field: string, { range, fallback, capacity }: Range): void {
  const { min, max, step } = range
  const isMore = (left: string, right: string): boolean => compareQuantities(left, right) > 0
  if (min === undefined) {
    faults.push(required(`${field}.min`, 'required when validRange is defined'))
    return
  }
  if (isMore(min, capacity)) {
    faults.push(wrong(`${field}.min`, min, `min is larger than capacity value: ${capacity}`))
  }
  if (isMore(min, fallback)) {
    faults.push(wrong(`${field}.min`, fallback, `default is less than min: ${min}`))
  }
  if (max !== undefined) {
    const place = `${field}.max`
    if (isMore(min, max)) faults.push(wrong(place, min, `min is larger than max: ${max}`))
    if (isMore(max, capacity)) {
      faults.push(wrong(place, max, `max is larger than capacity value: ${capacity}`))
    }
    if (isMore(fallback, max)) {
      faults.push(wrong(`${field}.max`, fallback, `default is more than max: ${max}`))
    }
  }
  if (step === undefined) return
  const values = max === undefined ? [fallback] : [fallback, max]
  validateStep(faults, `${field}.step`, { step, min, capacity, values })
}

interface Step {
  readonly step: string
  readonly min: string
  readonly capacity: string
  /** What has to be reached from `min` in whole steps. */
  readonly values: readonly string[]
}

function validateStep(faults: Faults, field: string, { step, min, capacity, values }: Step): void {
  const first = addQuantities(min, step)
  if (compareQuantities(first, capacity) > 0) {
    const detail = `one step ${first} is larger than capacity value: ${capacity}`
    faults.push(wrong(field, step, detail))
  }
  const width = quantityValue(step)
  for (const value of values) {
    // Upstream has no answer at all to a step of nothing.
    if (width !== 0 && (quantityValue(value) - quantityValue(min)) % width === 0) continue
    const detail = `value is not a multiple of a given step (${step}) from (${min})`
    faults.push(wrong(field, value, detail))
  }
}
