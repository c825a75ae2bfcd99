/**
 * Addresses of Services, given out at most once. An address is taken while an IPAddress object bears its name, whoever
 * made that, and while a write that takes it is under way; the store has the last word (both are written in one commit).
 *
 * Remembers only what no IPAddress object tells: writes under way, and Services stored without one until it is repaired.
 * Source: kubernetes pkg/registry/core/service/ipallocator/ipallocator.go, cidrallocator.go
 */
import { formatIpv4, parseIpv4 } from '#api/ipv4.ts'
import type { AnyObject } from '#api/object.ts'
import type { Random } from '#base/random.ts'
import { type AddressRange, openRanges } from './service-ranges.ts'

/** What is stored, as far as addresses are concerned. */
export interface AddressBook {
  /** All ServiceCIDR objects. */
  ranges(): Promise<readonly AnyObject[]>
  /** Whether there is an IPAddress object of that name. */
  has(address: string): boolean
}

/** Why an address is not to be had, in upstream's words. */
export type AddressRefusal =
  | 'provided IP is already allocated'
  | 'the provided network does not match the current range'

export interface AddressAllocator {
  /** Addresses are canonical text. `ranges` as `open()` gave them. */
  take(address: string, ranges: readonly AddressRange[]): AddressRefusal | undefined
  /** A free address, at random, taken; undefined when none is left. */
  next(ranges: readonly AddressRange[]): string | undefined
  /** Ends what `take` and `next` began: from here on the IPAddress object tells, or nothing does. */
  forget(address: string): void
  /** Taken although no IPAddress object says so yet. */
  remember(address: string): void
  open(): Promise<readonly AddressRange[]>
}

export function createAddressAllocator(
  book: AddressBook,
  flagged: string,
  random: Random,
): AddressAllocator {
  const underWay = new Set<string>()
  const isFree = (address: string): boolean => !underWay.has(address) && !book.has(address)
  const draw = (first: number, count: number): string | undefined => {
    const start = Math.floor(random.float() * count)
    for (let step = 0; step < count; step++) {
      const address = formatIpv4(first + ((start + step) % count))
      if (!isFree(address)) continue
      underWay.add(address)
      return address
    }
    return undefined
  }
  return {
    take(address, ranges) {
      const number = parseIpv4(address)
      const isInside = ({ first, last }: AddressRange): boolean =>
        number !== undefined && number >= first && number <= last
      if (!ranges.some(isInside)) return 'the provided network does not match the current range'
      if (!isFree(address)) return 'provided IP is already allocated'
      underWay.add(address)
      return undefined
    },
    next(ranges) {
      for (const { first, last, band } of ranges) {
        const size = Math.max(0, last - first + 1)
        const address = draw(first + band, Math.max(0, size - band)) ?? draw(first, band)
        if (address !== undefined) return address
      }
      return undefined
    },
    forget: address => void underWay.delete(address),
    remember: address => void underWay.add(address),
    open: async () => openRanges(await book.ranges(), flagged),
  }
}
