/**
 * The schedules of CronJobs: five fields or a descriptor, with an optional time zone in front. Pure.
 *
 * Output  the minutes, hours, days, months and weekdays that match; `@every` gives its interval instead.
 * Throws  CronError in the words of the cron library upstream uses; clients show them.
 * Source: github.com/robfig/cron v3 parser.go
 */
export class CronError extends Error {}

export interface CronFields {
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly days: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  readonly weekdays: ReadonlySet<number>
  /** `*` in both: a day matches when both do; else when either does. */
  readonly isAnyDay: boolean
  readonly isAnyWeekday: boolean
}

export interface CronSchedule {
  /** Of `TZ=` or `CRON_TZ=` in front. */
  readonly timeZone: string | undefined
  readonly when: CronFields | { readonly everySeconds: number }
}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names: readonly string[]
}

const MONTHS = ['', ...'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')]
const WEEKDAYS = 'sun mon tue wed thu fri sat'.split(' ')
const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: WEEKDAYS },
]
const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const EVERY = '@every '

export function parseCron(text: string): CronSchedule {
  const zone = /^(?:CRON_)?TZ=(\S*) /.exec(text)
  const timeZone = zone?.[1]
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    throw new CronError(`provided bad location ${timeZone}: unknown time zone ${timeZone}`)
  }
  const spec = zone === null ? text : text.slice(zone[0].length).trim()
  if (!spec.startsWith('@')) return { timeZone, when: parseFields(spec) }
  const fields = DESCRIPTORS[spec]
  if (fields !== undefined) return { timeZone, when: parseFields(fields) }
  if (!spec.startsWith(EVERY)) throw new CronError(`unrecognized descriptor: ${spec}`)
  return { timeZone, when: { everySeconds: everySeconds(spec) } }
}

/** Names as the zone database spells them; offsets are none. */
export function isTimeZone(name: string): boolean {
  if (name === '' || /^[-+]/.test(name)) return name === ''
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function parseFields(spec: string): CronFields {
  const fields = spec.split(/\s+/).filter(field => field !== '')
  if (fields.length !== FIELDS.length) {
    throw new CronError(
      `expected exactly ${FIELDS.length} fields, found ${fields.length}: [${fields.join(' ')}]`,
    )
  }
  const [minutes, hours, days, months, weekdays] = FIELDS.map((bounds, index) =>
    parseField(fields[index] ?? '', bounds),
  )
  const none = { values: new Set<number>(), isAny: false }
  return {
    minutes: (minutes ?? none).values,
    hours: (hours ?? none).values,
    days: (days ?? none).values,
    months: (months ?? none).values,
    weekdays: (weekdays ?? none).values,
    isAnyDay: (days ?? none).isAny,
    isAnyWeekday: (weekdays ?? none).isAny,
  }
}

interface Field {
  readonly values: ReadonlySet<number>
  readonly isAny: boolean
}

function parseField(field: string, bounds: Bounds): Field {
  const values = new Set<number>()
  let isAny = false
  for (const part of field.split(',').filter(part => part !== '')) {
    const { start, end, step, isWhole } = parseRange(part, bounds)
    if (isWhole) isAny = true
    for (let value = start; value <= end; value += step) values.add(value)
  }
  return { values, isAny }
}

interface Range {
  readonly start: number
  readonly end: number
  readonly step: number
  readonly isWhole: boolean
}

/** `*`, `5`, `1-5`, each with `/step`; `5/10` runs to the end of the field. */
function parseRange(text: string, bounds: Bounds): Range {
  const [span = '', stepText, ...moreSteps] = text.split('/')
  const [low = '', high, ...moreHyphens] = span.split('-')
  const isAll = low === '*' || low === '?'
  const start = isAll ? bounds.min : numberOrName(low, bounds)
  if (!isAll && moreHyphens.length > 0) throw new CronError(`too many hyphens: ${text}`)
  const last = isAll ? bounds.max : high === undefined ? start : numberOrName(high, bounds)
  if (moreSteps.length > 0) throw new CronError(`too many slashes: ${text}`)
  const step = stepText === undefined ? 1 : numberOf(stepText)
  const end = stepText !== undefined && high === undefined ? bounds.max : last
  if (start < bounds.min) {
    throw new CronError(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`)
  }
  if (end > bounds.max) {
    throw new CronError(`end of range (${end}) above maximum (${bounds.max}): ${text}`)
  }
  if (start > end) {
    throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`)
  }
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`)
  return { start, end, step, isWhole: isAll && step === 1 }
}

function numberOrName(text: string, { names }: Bounds): number {
  const index = text === '' ? -1 : names.indexOf(text.toLowerCase())
  return index < 0 ? numberOf(text) : index
}

function numberOf(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) {
    const reason = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`
    throw new CronError(`failed to parse int from ${text}: ${reason}`)
  }
  const number = Number(text)
  if (number < 0) throw new CronError(`negative number (${number}) not allowed: ${text}`)
  return number
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  ns: 1e-9,
}

/** Written so that no digit can belong to two of its parts: a long row of them is read once. */
const DURATION = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|us|ns|m|s))+$/
const PART = /(\d+(?:\.\d*)?|\.\d+)(h|ms|us|ns|m|s)/g

/** Rounded down to whole seconds, at least one. */
function everySeconds(spec: string): number {
  const text = spec.slice(EVERY.length)
  if (!DURATION.test(text)) {
    const reason = `time: invalid duration ${JSON.stringify(text)}`
    throw new CronError(`failed to parse duration ${spec}: ${reason}`)
  }
  const seconds = [...text.matchAll(PART)].reduce(
    (total, [, amount, unit]) => total + Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? 0),
    0,
  )
  return Math.max(1, Math.floor(seconds))
}
