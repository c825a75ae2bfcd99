/**
 * Numbers given out at most once: node ports. In memory; rebuilt from the stored objects at start, and kept in step by
 * reservations of the writes that go through this process.
 *
 * Law     take() of a held number says so; release() of a free one does nothing.
 */
import type { Random } from '#base/random.ts'

export interface Allocator {
  /** False when it is held already. */
  take(number: number): boolean
  /** A free number, at random; undefined when none is left. */
  next(): number | undefined
  release(number: number): void
}

export interface NumberRange {
  readonly first: number
  readonly last: number
}

/** Tries this often to hit a free number by chance before it searches in order. */
const LUCKY_TRIES = 16

/**
 * `band`: so many of the first numbers are left to those who name theirs, while there are others.
 * Source: kubernetes KEP-3070, pkg/registry/core/service/ipallocator calculateRangeOffset
 */
export function createAllocator(range: NumberRange, random: Random, band = 0): Allocator {
  const held = new Set<number>()
  const size = range.last - range.first + 1
  const take = (number: number): boolean => {
    if (held.has(number)) return false
    held.add(number)
    return true
  }
  const draw = (first: number, count: number): number | undefined => {
    const any = (): number => Math.floor(random.float() * count)
    for (let attempt = 0; attempt < LUCKY_TRIES; attempt++) {
      const number = first + any()
      if (count > 0 && take(number)) return number
    }
    const start = any()
    for (let step = 0; step < count; step++) {
      const number = first + ((start + step) % count)
      if (take(number)) return number
    }
    return undefined
  }
  return {
    take,
    next: () => draw(range.first + band, size - band) ?? draw(range.first, band),
    release: number => {
      held.delete(number)
    },
  }
}

/** A `share` of the range, between `least` and `most`; a range smaller than `least` has none. */
export const staticBand = (
  size: number,
  of: { readonly share: number; readonly least: number; readonly most: number },
): number =>
  size < of.least ? 0 : Math.min(of.most, Math.max(of.least, Math.floor(size * of.share)))
