/** How long to wait before trying again: exponential, capped, with jitter so that crowds spread out. Pure. */
import type { Random } from './random.ts'

export interface BackoffPolicy {
  readonly baseMs: number
  readonly maxMs: number
  /** Growth per failure; 2 when absent. */
  readonly factor?: number
  /** Share of the delay that is random, 0 to 1; 0.2 when absent. */
  readonly jitter?: number
}

/** Delay after the `failures`-th failure in a row (1 = first), in milliseconds. */
export function backoffMs(policy: BackoffPolicy, failures: number, random: Random): number {
  const grown = policy.baseMs * (policy.factor ?? 2) ** Math.max(0, failures - 1)
  const capped = Math.min(policy.maxMs, grown)
  const jitter = policy.jitter ?? 0.2
  return capped * (1 - jitter) + capped * jitter * random.float()
}
