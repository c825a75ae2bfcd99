/** How long something lasted, for people. Pure. Source: k8s.io/apimachinery pkg/util/duration HumanDuration */

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** Two units while the larger is small, one afterwards: `119s`, `2m5s`, `47h`, `2d3h`, `700d`, `3y12d`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 2 * MINUTE) return `${Math.max(seconds, 0)}s`
  if (seconds < 10 * MINUTE) return twoUnits(seconds, [MINUTE, 'm'], [1, 's'])
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`
  if (seconds < 8 * HOUR) return twoUnits(seconds, [HOUR, 'h'], [MINUTE, 'm'])
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`
  if (seconds < 8 * DAY) return twoUnits(seconds, [DAY, 'd'], [HOUR, 'h'])
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`
  if (seconds < 8 * YEAR) return twoUnits(seconds, [YEAR, 'y'], [DAY, 'd'])
  return `${Math.floor(seconds / YEAR)}y`
}

type Unit = readonly [seconds: number, letter: string]

function twoUnits(seconds: number, large: Unit, small: Unit): string {
  const rest = Math.floor((seconds % large[0]) / small[0])
  const whole = `${Math.floor(seconds / large[0])}${large[1]}`
  return rest === 0 ? whole : `${whole}${rest}${small[1]}`
}

/** Time from a stamp until `now` (milliseconds since the epoch); absent and broken stamps are `<unknown>`. */
export function humanAge(timestamp: string | undefined, now: number): string {
  const then = Date.parse(timestamp ?? '')
  return Number.isNaN(then) ? '<unknown>' : humanDuration(now - then)
}
