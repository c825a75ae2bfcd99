/**
 * Numbers of pods stated as a count or as a percentage. Pure.
 * Source: kubernetes pkg/apis/apps/validation/validation.go ValidatePositiveIntOrPercent, IsNotMoreThan100Percent
 */
import { percentFaults } from '#api/names.ts'
import { type Faults, refuseNegative, wrong } from '#api/validation/fault.ts'

export type Share = number | string

export function validateShare(faults: Faults, field: string, share: Share): void {
  if (typeof share === 'number') refuseNegative(faults, field, share)
  else for (const detail of percentFaults(share)) faults.push(wrong(field, share, detail))
}

export function refuseOver100(faults: Faults, field: string, share: Share): void {
  if (typeof share === 'string' && Number.parseInt(share, 10) > 100) {
    faults.push(wrong(field, share, 'must not be greater than 100%'))
  }
}

export const isZero = (share: Share): boolean =>
  share === 0 || (typeof share === 'string' && Number.parseInt(share, 10) === 0)
