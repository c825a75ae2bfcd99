/**
 * Faults of fields, in upstream's words. Validation appends to one list per object, in the order fields are looked at.
 * Source: k8s.io/apimachinery pkg/util/validation/field/errors.go
 */
import { canonicalJson, equalJson } from '#api/json.ts'
import type { FieldError } from '#api/status.ts'

/** What a validation appends to. */
export type Faults = FieldError[]

/** How upstream prints the path of a whole object. */
export const WHOLE = '[]'

export const IMMUTABLE = 'field is immutable'
export const NOT_NEGATIVE = 'must be greater than or equal to 0'

/** A value as upstream's own type of it prints: JSON with the names of the program, in the order they are declared. */
export class Printed {
  readonly text: string
  constructor(members: object | string) {
    this.text = JSON.stringify(members)
  }
}

/** How a message shows a value: text quoted, everything else as JSON, as Go writes it for web pages. */
const show = (value: unknown): string =>
  value instanceof Printed
    ? escaped(value.text)
    : value === undefined || value === null
      ? 'null'
      : typeof value === 'string'
        ? canonicalJson(value)
        : escaped(canonicalJson(value))

const escaped = (json: string): string =>
  json.replaceAll(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const because = (detail: string): string => (detail === '' ? '' : `: ${detail}`)

export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  message: `Required value${because(detail)}`,
})

export const wrong = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${show(value)}${because(detail)}`,
})

/** Where the value would be too much to show. */
export const wrongPart = (field: string, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${detail}`,
})

export const unsupported = (
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${show(value)}: supported values: ${supported
    .map(value => JSON.stringify(value))
    .join(', ')}`,
})

export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${show(value)}`,
})

export const forbidden = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  message: `Forbidden${because(detail)}`,
})

export const notFound = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  message: `Not found: ${show(value)}`,
})

export const tooLong = (field: string, bytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`,
})

export const tooMany = (field: string, actual: number, most: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: must have at most ${most} ${most === 1 ? 'item' : 'items'}`,
})

/** One `Invalid value` per fault that a format found. */
export function wrongFormat(
  faults: Faults,
  field: string,
  value: string,
  found: readonly string[],
): void {
  for (const detail of found) faults.push(wrong(field, value, detail))
}

/** The second of two equal ones, and those after it. */
export function refuseRepeats(faults: Faults, field: string, values: readonly unknown[]): void {
  const seen = new Set<string>()
  for (const [index, value] of values.entries()) {
    const text = canonicalJson(value)
    if (seen.has(text)) faults.push(duplicate(`${field}[${index}]`, value))
    seen.add(text)
  }
}

/** A star stands alone; whether one is there. */
export function refuseCrowd(
  faults: Faults,
  field: string,
  list: readonly string[],
  others: string,
): boolean {
  if (!list.includes('*')) return false
  if (list.length > 1) {
    faults.push(wrong(field, list, `if '*' is present, must not specify other ${others}`))
  }
  return true
}

/** A name that must be given and must have a format. */
export function requireFormat(
  faults: Faults,
  field: string,
  value: string | undefined,
  format: (value: string) => readonly string[],
): void {
  if (value === undefined || value === '') faults.push(required(field))
  else wrongFormat(faults, field, value, format(value))
}

export function requireOneOf(
  faults: Faults,
  field: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value === undefined || value === '') faults.push(required(field))
  else if (!supported.includes(value)) faults.push(unsupported(field, value, supported))
}

/** As `requireOneOf` where an absent value is just another unknown one. */
export function requireKnown(
  faults: Faults,
  field: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  const given = value ?? ''
  if (!supported.includes(given)) faults.push(unsupported(field, given, supported))
}

/** As `requireOneOf` where the value may be absent. */
export function allowOneOf(
  faults: Faults,
  field: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value !== undefined && !supported.includes(value)) {
    faults.push(unsupported(field, value, supported))
  }
}

export function refuseNegative(faults: Faults, field: string, value: number | undefined): void {
  if (value !== undefined && value < 0) faults.push(wrong(field, value, NOT_NEGATIVE))
}

export function refuseChange(
  faults: Faults,
  field: string,
  change: { readonly before: unknown; readonly after: unknown },
): void {
  if (!equalJson(change.before, change.after)) faults.push(wrong(field, change.after, IMMUTABLE))
}
