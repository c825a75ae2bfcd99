/**
 * Whether two values mean the same on the wire, where a zero number, an empty list and an absent field are one.
 * Used before writing a status, so that nothing is sent that would change nothing. Pure.
 */
import { isDeepStrictEqual } from 'node:util'

const isVoid = (value: unknown): boolean =>
  value === undefined || value === null || value === 0 || value === ''

/** Without what the wire leaves out. Lists and maps that are empty count as absent too. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(bare)
  if (typeof value !== 'object' || value === null) return isVoid(value) ? undefined : value
  const kept = Object.entries(value)
    .map(([key, child]) => [key, bare(child)] as const)
    .filter(([, child]) => child !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

export const meansTheSame = (left: unknown, right: unknown): boolean =>
  isDeepStrictEqual(bare(left), bare(right))
