/**
 * Lists of completion indexes as Jobs write them: `1,3-5,7`. Pure.
 * Source: kubernetes pkg/apis/batch/validation/validation.go validateIndexesFormat
 */
export interface Interval {
  readonly first: number
  readonly last: number
}

export class IndexError extends Error {}

/** Throws IndexError for what is no rising list of indexes below `completions`. */
export function parseIndexes(text: string, completions: number): readonly Interval[] {
  if (text === '') return []
  let previous: number | undefined
  return text.split(',').map(part => {
    const interval = parseInterval(part, completions)
    if (previous !== undefined && previous >= interval.first)
      throw notRising(previous, interval.first)
    previous = interval.last
    return interval
  })
}

function parseInterval(text: string, completions: number): Interval {
  const limits = text.split('-')
  if (limits.length > 2) {
    throw new IndexError(
      `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    )
  }
  const [first = 0, last] = limits.map(limit => parseIndex(limit, completions))
  if (last === undefined) return { first, last: first }
  if (first >= last) throw notRising(first, last)
  return { first, last }
}

function parseIndex(text: string, completions: number): number {
  const shown = JSON.stringify(text)
  if (!/^\+?\d+$/.test(text)) {
    throw new IndexError(`cannot convert string to integer for index: ${shown}`)
  }
  const index = Number(text)
  if (index >= completions) throw new IndexError(`too large index: ${shown}`)
  return index
}

const notRising = (previous: number, current: number): IndexError =>
  new IndexError(`non-increasing order, previous: ${previous}, current: ${current}`)

export const countOf = (intervals: readonly Interval[]): number =>
  intervals.reduce((total, { first, last }) => total + last - first + 1, 0)

/** The first index both lists hold. */
export function overlapOf(
  left: readonly Interval[],
  right: readonly Interval[],
): number | undefined {
  for (const { first, last } of left) {
    const other = right.find(interval => first <= interval.last && interval.first <= last)
    if (other !== undefined) return Math.max(first, other.first)
  }
  return undefined
}
