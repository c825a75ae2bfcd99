/**
 * How long a token may be asked for. Pure.
 * Source: kubernetes pkg/apis/authentication/validation/validation.go
 */
import { type Faults, wrong } from '#api/validation/fault.ts'

const SECONDS_MIN = 600
const SECONDS_MAX = 2 ** 32

export function validateTokenLifetime(
  faults: Faults,
  field: string,
  seconds: number | undefined,
): void {
  if (seconds === undefined) return
  if (seconds < SECONDS_MIN) {
    faults.push(wrong(field, seconds, 'may not specify a duration less than 10 minutes'))
  } else if (seconds > SECONDS_MAX) {
    faults.push(wrong(field, seconds, 'may not specify a duration larger than 2^32 seconds'))
  }
}
