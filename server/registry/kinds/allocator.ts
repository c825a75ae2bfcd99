/**
 * Numbers given out at most once: offsets of service addresses, node ports. In memory; rebuilt from the stored
 * objects at start, and kept in step by reservations of the writes that go through this process.
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
  contains(number: number): boolean
  readonly free: number
}

export interface NumberRange {
  readonly first: number
  readonly last: number
}

/** Tries this often to hit a free number by chance before it searches in order. */
const LUCKY_TRIES = 16

export function createAllocator(range: NumberRange, random: Random): Allocator {
  const held = new Set<number>()
  const size = range.last - range.first + 1
  const take = (number: number): boolean => {
    if (held.has(number)) return false
    held.add(number)
    return true
  }
  return {
    take,
    next() {
      const start = Math.floor(random.float() * size)
      for (let attempt = 0; attempt < LUCKY_TRIES; attempt++) {
        const number = range.first + Math.floor(random.float() * size)
        if (take(number)) return number
      }
      if (held.size >= size) return undefined
      for (let step = 0; step < size; step++) {
        const number = range.first + ((start + step) % size)
        if (take(number)) return number
      }
      return undefined
    },
    release: number => {
      held.delete(number)
    },
    contains: number => number >= range.first && number <= range.last,
    get free() {
      return size - held.size
    },
  }
}
