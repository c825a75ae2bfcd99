/**
 * Scalars with a canonical form: text that may be written in several ways in, the one upstream writes out. Pure.
 *
 * Throws  ScalarFault with the text upstream's decoder uses.
 * Source: k8s.io/apimachinery pkg/apis/meta/v1 time.go, micro_time.go; Go time.Parse and time.ParseDuration
 */
import { timeFault } from './time-faults.ts'
import { canonicalQuantity } from '#api/quantity.ts'

/** The value has the right JSON type and the wrong content. */
export class ScalarFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ScalarFault'
  }
}

/** Up to three digits need no arithmetic: nothing below 1000 (or 1024) of a unit has a shorter form. */
const PLAIN_QUANTITY = /^(?:0|[1-9][0-9]{0,2}(?:m|k|M|G|Ki|Mi|Gi)?)$/

export function canonicalQuantityOf(value: string | number): string {
  const text = typeof value === 'number' ? String(value) : value
  if (PLAIN_QUANTITY.test(text)) return text
  try {
    return canonicalQuantity(text)
  } catch (cause) {
    throw new ScalarFault(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/
const CANONICAL_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/
const LAYOUT = '2006-01-02T15:04:05Z07:00'
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00'

interface Moment {
  /** Milliseconds since the epoch of the whole second. */
  readonly secondMs: number
  readonly micros: number
}

function parseMoment(text: string, layout: string): Moment {
  const parts = RFC3339.exec(text)
  if (parts === null) throw new ScalarFault(timeFault(text, layout))
  const [
    ,
    year = '',
    month = '',
    day = '',
    hour = '',
    minute = '',
    second = '',
    fraction = '',
    zone = '',
  ] = parts
  const secondMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
  // Date.parse rolls the 31st of April over into May; Go refuses it.
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  if (Number.isNaN(secondMs) || Number(day) > lastDay || hour === '24')
    throw new ScalarFault(timeFault(text, layout))
  return { secondMs, micros: Number(fraction.slice(1, 7).padEnd(6, '0')) }
}

const second = (ms: number): string => new Date(ms).toISOString().slice(0, 19)

/** metav1.Time: UTC, whole seconds. */
export const canonicalTime = (text: string): string =>
  CANONICAL_TIME.test(text) ? text : `${second(parseMoment(text, LAYOUT).secondMs)}Z`

/** metav1.MicroTime: UTC, six digits. */
export function canonicalMicroTime(text: string): string {
  const { secondMs, micros } = parseMoment(text, MICRO_LAYOUT)
  return `${second(secondMs)}.${String(micros).padStart(6, '0')}Z`
}

const BASE64 = /^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/

/** Go's standard encoding: padded, line breaks ignored. */
export function canonicalBase64(text: string): string {
  const compact = /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, '') : text
  if (!BASE64.test(compact) || compact.length % 4 !== 0) {
    const wrong = compact.search(/[^A-Za-z0-9+/]/)
    throw new ScalarFault(
      `illegal base64 data at input byte ${wrong < 0 ? compact.length - (compact.length % 4) : wrong}`,
    )
  }
  return compact
}

const DURATION =
  /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*$/

/** Go duration text; kept as it is written. */
export function checkedDuration(text: string): string {
  if (text === '0' || DURATION.test(text)) return text
  throw new ScalarFault(
    text === '' || /\d$/.test(text)
      ? `time: missing unit in duration ${JSON.stringify(text)}`
      : `time: invalid duration ${JSON.stringify(text)}`,
  )
}
