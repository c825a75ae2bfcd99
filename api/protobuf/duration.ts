/**
 * Go's text of a duration and its nanoseconds. Pure; exact up to 104 days, and for whole microseconds far beyond.
 *
 * Source: Go time.ParseDuration, Duration.String
 */

/** In the order of the text; the longer names first where one begins another. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['h', 3600e9],
  ['ms', 1e6],
  ['m', 60e9],
  ['s', 1e9],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ns', 1],
])

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g

/** Text that has been checked already (`1h30m`, `-1.5s`, `0`). */
export function nanosecondsOf(text: string): number {
  let total = 0
  for (const [, count = '0', unit = 'ns'] of text.matchAll(PART))
    total += Math.round(Number(count) * (UNITS.get(unit) ?? 0))
  return text.startsWith('-') ? -total : total
}

/** `1h30m0s`, `1.5ms`, `0s`. */
export function durationText(nanoseconds: number): string {
  if (nanoseconds < 0) return `-${durationText(-nanoseconds)}`
  if (nanoseconds === 0) return '0s'
  if (nanoseconds < 1e3) return `${nanoseconds}ns`
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`
  const hours = Math.floor(nanoseconds / 3600e9)
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9)
  const rest = nanoseconds % 60e9
  const fraction = String(rest % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const seconds = `${Math.floor(rest / 1e9)}${fraction === '' ? '' : `.${fraction}`}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
