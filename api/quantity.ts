/**
 * Resource quantities: text in, exact arithmetic, upstream's canonical text out. Pure.
 *
 * A quantity is a whole number of nano-units; finer input is rounded away from zero, as upstream does, so that
 * whoever asks for a little gets a little. Canonical text keeps the family it was written in:
 * `0.5` -> `500m`, `1024Mi` -> `1Gi`, `1.5Gi` -> `1536Mi`, `1e3` -> `1e3`.
 * Throws  Error with upstream's text when the input is no quantity.
 * Source: k8s.io/apimachinery pkg/api/resource quantity.go, suffix.go. Differs: exponents beyond 1000 are refused,
 * values beyond exa in the SI family keep the suffix `E` instead of losing it.
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

export interface Quantity {
  readonly nanos: bigint
  readonly format: QuantityFormat
}

export const QUANTITY_FORMAT_ERROR =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const NUMERIC_ERROR = 'unable to parse numeric part of quantity'
const SUFFIX_ERROR = "unable to parse quantity's suffix"

const EXPONENT_MAX = 1000
const LENGTH_MAX = 512
const NANOS = 1_000_000_000n
const INT64_MAX = 9_223_372_036_854_775_807n
const SHAPE = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/

/** Powers of ten, smallest first. */
const DECIMAL_SUFFIXES: readonly (readonly [suffix: string, exponent: number])[] = [
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]
const DECIMAL = new Map(DECIMAL_SUFFIXES)
/** Powers of 1024, smallest first. */
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const
const BINARY = new Map<string, number>(
  BINARY_SUFFIXES.slice(1).map((suffix, index) => [suffix, index + 1]),
)

interface Scale {
  readonly format: QuantityFormat
  /** Power of ten, or of 1024 for BinarySI. */
  readonly exponent: number
}

function scaleOf(suffix: string): Scale {
  const decimal = DECIMAL.get(suffix)
  if (decimal !== undefined) return { format: 'DecimalSI', exponent: decimal }
  const binary = BINARY.get(suffix)
  if (binary !== undefined) return { format: 'BinarySI', exponent: binary }
  if (!/^[eE][-+]?[0-9]+$/.test(suffix)) throw new Error(SUFFIX_ERROR)
  const exponent = Number(suffix.slice(1))
  if (Math.abs(exponent) > EXPONENT_MAX) throw new Error(SUFFIX_ERROR)
  return { format: 'DecimalExponent', exponent }
}

const divideUp = (value: bigint, by: bigint): bigint => (value + by - 1n) / by

/** Magnitude in nano-units, rounded up. */
function magnitude(digits: bigint, decimals: number, scale: Scale): bigint {
  if (scale.format === 'BinarySI') {
    const scaled = digits * NANOS * 1024n ** BigInt(scale.exponent)
    return divideUp(scaled, 10n ** BigInt(decimals))
  }
  const power = 9 + scale.exponent - decimals
  return power >= 0 ? digits * 10n ** BigInt(power) : divideUp(digits, 10n ** BigInt(-power))
}

export function parseQuantity(text: string): Quantity {
  const match = text.length > LENGTH_MAX ? null : SHAPE.exec(text)
  if (match === null || text === '') throw new Error(QUANTITY_FORMAT_ERROR)
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match
  const scale = scaleOf(suffix)
  if (whole === '' && fraction === '') throw new Error(NUMERIC_ERROR)
  let nanos = magnitude(BigInt(whole + fraction), fraction.length, scale)
  let format = scale.format
  if (format === 'BinarySI') {
    if (nanos > INT64_MAX * NANOS) nanos = INT64_MAX * NANOS
    if (nanos < NANOS && nanos > 0n) format = 'DecimalSI'
  }
  return { nanos: sign === '-' ? -nanos : nanos, format }
}

/** Removes as many factors as divide `value`. */
function withoutFactors(value: bigint, factor: bigint): { rest: bigint; times: number } {
  let rest = value
  let times = 0
  while (rest !== 0n && rest % factor === 0n) {
    rest /= factor
    times += 1
  }
  return { rest, times }
}

function formatBinary(value: bigint): string {
  const { rest, times } = withoutFactors(value, 1024n)
  const largest = Math.min(times, BINARY_SUFFIXES.length - 1)
  return `${rest * 1024n ** BigInt(times - largest)}${BINARY_SUFFIXES[largest] ?? ''}`
}

function formatDecimal(nanos: bigint, format: 'DecimalSI' | 'DecimalExponent'): string {
  const { rest, times } = withoutFactors(nanos, 10n)
  const power = times - 9
  const highest = format === 'DecimalSI' ? 18 : Number.POSITIVE_INFINITY
  const exponent = Math.min(Math.floor(power / 3) * 3, highest)
  const amount = rest * 10n ** BigInt(power - exponent)
  if (format === 'DecimalExponent') return exponent === 0 ? `${amount}` : `${amount}e${exponent}`
  const suffix = DECIMAL_SUFFIXES.find(([, power10]) => power10 === exponent)?.[0] ?? ''
  return `${amount}${suffix}`
}

export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0'
  if (format !== 'BinarySI') return formatDecimal(nanos, format)
  const small = nanos > -1024n * NANOS && nanos < 1024n * NANOS
  return small || nanos % NANOS !== 0n
    ? formatDecimal(nanos, 'DecimalSI')
    : formatBinary(nanos / NANOS)
}

/** Upstream's canonical text of a quantity written as text or JSON number. */
export const canonicalQuantity = (text: string | number): string =>
  formatQuantity(parseQuantity(String(text).trim()))

/** Negative, zero or positive as `left` is less than, equal to or greater than `right`. */
export function compareQuantities(left: string, right: string): number {
  const difference = parseQuantity(left).nanos - parseQuantity(right).nanos
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** The left side's family wins, unless the left side is zero. */
export function addQuantities(left: string, right: string): string {
  const a = parseQuantity(left)
  const b = parseQuantity(right)
  return formatQuantity({ nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format })
}

const roundedAway = (nanos: bigint, unit: bigint): number =>
  Number(nanos < 0n ? -divideUp(-nanos, unit) : divideUp(nanos, unit))

/** Thousandths, rounded away from zero: what CPU is counted in. */
export const quantityMillis = (text: string): number =>
  roundedAway(parseQuantity(text).nanos, 1_000_000n)

/** Whole units, rounded away from zero: bytes, pods, devices. */
export const quantityValue = (text: string): number => roundedAway(parseQuantity(text).nanos, NANOS)

/** Canonical text of a number of thousandths (`1500` -> `1500m`, `2000` -> `2`). */
export const quantityOfMillis = (millis: number): string =>
  formatQuantity({ nanos: BigInt(Math.ceil(millis)) * 1_000_000n, format: 'DecimalSI' })

/** Canonical text of whole units: `BinarySI` for bytes (`1073741824` -> `1Gi`). */
export const quantityOfValue = (value: number, format: QuantityFormat = 'DecimalSI'): string =>
  formatQuantity({ nanos: BigInt(Math.ceil(value)) * NANOS, format })
