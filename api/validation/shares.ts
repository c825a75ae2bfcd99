/**
 * Numbers of pods stated as a count or as a percentage. Pure.
 * Source: kubernetes pkg/apis/apps/validation/validation.go ValidatePositiveIntOrPercent, IsNotMoreThan100Percent
 */
import { percentFaults } from '#api/names.ts'
import type { FieldError } from '#api/status.ts'
import { Printed, type Faults, refuseNegative, unsupported, wrong } from '#api/validation/fault.ts'

export type Share = number | string

export function validateShare(faults: Faults, field: string, share: Share): void {
  if (typeof share === 'number') refuseNegative(faults, field, share)
  else for (const detail of percentFaults(share)) faults.push(wrong(field, share, detail))
}

export function refuseOver100(faults: Faults, field: string, share: Share): void {
  if (typeof share !== 'string' || percentFaults(share).length > 0) return
  if (Number.parseInt(share, 10) > 100) {
    faults.push(wrong(field, share, 'must not be greater than 100%'))
  }
}

const WHOLE_NUMBER = /^[+-]?[0-9]+$/

/** Text that is no percentage is a number, or nothing. */
export function isZero(share: Share): boolean {
  if (typeof share === 'number') return share === 0
  const isCount = percentFaults(share).length === 0 || WHOLE_NUMBER.test(share)
  return !isCount || Number.parseInt(share, 10) === 0
}

interface Strategy {
  readonly type?: string
  readonly rollingUpdate?: { readonly maxUnavailable?: Share; readonly maxSurge?: Share }
}

interface Strategy {
  readonly type?: string
  readonly rollingUpdate?: { readonly maxUnavailable?: Share; readonly maxSurge?: Share }
}

/** The strategy is shown as Go has it in memory. */
export function unsupportedStrategy(
  field: string,
  { type = '', rollingUpdate }: Strategy,
  supported: readonly string[],
): FieldError {
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {}
  const limits = { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge }
  const RollingUpdate = rollingUpdate === undefined ? null : limits
  return unsupported(field, new Printed({ Type: type, RollingUpdate }), supported)
}
