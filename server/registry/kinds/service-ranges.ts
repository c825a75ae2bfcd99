/**
 * The ranges that addresses of Services come from, told by ServiceCIDR objects. Pure.
 *
 * The flag's range is open from the first moment, before the object that tells it has been written.
 * Source: kubernetes pkg/registry/core/service/ipallocator/cidrallocator.go syncAllocators, ipallocator.go
 */
import { type Ipv4Network, parseNetwork, sizeOfNetwork } from '#api/ipv4.ts'
import type { AnyObject } from '#api/object.ts'
import { isRecord, listOf, recordOf, textOf } from '#api/values.ts'
import { staticBand } from './allocator.ts'

export interface AddressRange {
  /** The first address that may be given, and the last. Empty when `last` is before it. */
  readonly first: number
  readonly last: number
  /** So many of the first are left to those who name theirs, while there are others. */
  readonly band: number
}

/** The object of the range that the server was started with. */
export const DEFAULT_RANGE = 'kubernetes'

/** The low end is for who names an address: the API's own Service and DNS among them. */
const ADDRESS_BAND = { share: 1 / 16, least: 16, most: 256 }

export function rangeOf({ base, bits }: Ipv4Network): AddressRange {
  const size = sizeOfNetwork(bits)
  return {
    first: base + 1,
    last: base + size - 2,
    band: size <= ADDRESS_BAND.least ? 0 : staticBand(size, ADDRESS_BAND),
  }
}

/** Ranges of IPv4 that are ready and not on their way out; each once. */
export function openRanges(
  objects: readonly AnyObject[],
  flagged: string,
): readonly AddressRange[] {
  const hasDefault = objects.some(({ metadata }) => metadata.name === DEFAULT_RANGE)
  const open = objects
    .filter(isOpen)
    .flatMap(object => listOf(recordOf(object['spec'])['cidrs']).map(textOf))
    .filter(cidr => !cidr.includes(':'))
  const cidrs = new Set([...(hasDefault ? [] : [flagged]), ...open])
  return [...cidrs].map(cidr => rangeOf(parseNetwork(cidr)))
}

/** A range that nobody has judged yet is taken for ready. */
function isOpen(range: AnyObject): boolean {
  if (range.metadata.deletionTimestamp !== undefined) return false
  const conditions = listOf(recordOf(range['status'])['conditions']).filter(isRecord)
  const ready = conditions.find(({ type }) => type === 'Ready')
  return ready === undefined || ready['status'] === 'True'
}
