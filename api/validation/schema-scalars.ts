/**
 * What a structural schema says of types and of text. Pure.
 * Source: k8s.io/kube-openapi pkg/validation/validate/{type,validator,formats}.go, k8s.io/apiextensions-apiserver
 * pkg/apiserver/validation/formats.go
 */
import type { FieldError } from '#api/status.ts'
import { tooLong, wrong } from '#api/validation/fault.ts'
import { type Matcher, matcherOf } from '#api/validation/go-regexp-matcher.ts'
import { type Judge, numberAt, placeOf } from '#api/validation/schema-judge.ts'
import { type Schema, typeOf } from '#api/validation/structural-schemas.ts'
import { formatCheck } from '#api/validation/value-formats.ts'
import { textOf } from '#api/values.ts'

/** Of what types a value may be; none where it may be any. */
export function typesOf(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string']
  const type = typeOf(schema)
  return type === '' ? [] : [type]
}

const NUMBER_FORMATS: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
}

/** '' for a format that nobody checks. */
export function formatOf(schema: Schema): string {
  const format = textOf(schema['format'])
  const types = typesOf(schema)
  const type = types.length === 1 ? (types[0] ?? '') : ''
  const isKnown =
    type === '' || type === 'string'
      ? formatCheck(format) !== undefined
      : (NUMBER_FORMATS[type]?.includes(format) ?? false)
  return isKnown ? format : ''
}

const wrongType = (field: string, given: string, detail: string): FieldError => ({
  ...wrong(field, given, detail),
  type: 'FieldValueTypeInvalid',
})

/** undefined where there is nothing to say. */
export function typeJudge(schema: Schema): Judge | undefined {
  const types = typesOf(schema)
  const format = formatOf(schema)
  if (types.length === 0 && format === '') return undefined
  const isNullable = schema['nullable'] === true
  return (value, name, judged) => {
    const fault = value === null && isNullable ? undefined : mismatch(types, format, value)
    if (fault === undefined) return 1
    const [wanted, given] = fault
    const detail = `${name} in body must be of type ${wanted}: ${JSON.stringify(given)}`
    judged.faults.push(wrongType(placeOf(judged, name), given, detail))
    return 0
  }
}

/** What was wanted and what is there; undefined when they agree. */
function mismatch(
  types: readonly string[],
  format: string,
  value: unknown,
): readonly [string, string] | undefined {
  if (value === null) return types.length === 0 ? undefined : [types.join(','), 'null']
  const given = kindOf(value)
  if (types.includes(given) || (given === 'integer' && types.includes('number'))) return undefined
  const isNumeric = types.includes('number') || types.includes('integer')
  const isTextOrList = given === 'string' || given === 'array'
  if (format !== '' && !isTextOrList) return [format, GO_FORMATS[given] ?? '']
  // A list in place of text with a format is let through by upstream.
  return format !== '' && !isNumeric ? undefined : [types.join(','), given]
}

const GO_FORMATS: Readonly<Record<string, string>> = { integer: 'int64', number: 'float64' }

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

type TextCheck = (text: string) => 'long' | 'refused' | undefined

/** Length and pattern, of which the first that is wrong counts; and the format. */
export function textJudge(schema: Schema): Judge {
  const most = numberAt(schema, 'maxLength')
  const least = numberAt(schema, 'minLength')
  const pattern = textOf(schema['pattern'])
  const matcher = pattern === '' ? undefined : knownMatcher(pattern)
  const format = formatOf(schema)
  const checkFormat = format === '' ? undefined : formatCheck(format)
  const check = lengthCheck(most, least)
  return (value, name, judged) => {
    if (typeof value !== 'string') return 0
    const place = (): string => placeOf(judged, name)
    const length = check(value)
    if (length === 'long') judged.faults.push(tooLong(place(), most ?? 0))
    else if (length === 'refused') {
      const detail = `${name} in body should be at least ${least} chars long`
      judged.faults.push(wrong(place(), value, detail))
    } else if (matcher !== undefined && !matcher.matches(value)) {
      judged.faults.push(wrong(place(), value, `${name} in body should match '${pattern}'`))
    }
    if (checkFormat !== undefined && !checkFormat(value)) {
      const detail = `${name} in body must be of type ${format}: ${JSON.stringify(value)}`
      judged.faults.push(wrongType(place(), value, detail))
    }
    return checkFormat === undefined ? 1 : 2
  }
}

const lengthCheck =
  (most: number | undefined, least: number | undefined): TextCheck =>
  text => {
    if (most === undefined && least === undefined) return undefined
    const length = codePoints(text)
    if (most !== undefined && length > most) return 'long'
    return least !== undefined && length < least ? 'refused' : undefined
  }

function codePoints(text: string): number {
  let count = 0
  for (const _character of text) count += 1
  return count
}

/** The definition's own validation let no other through. */
const NO_MATCH: Matcher = { matches: () => false }

const knownMatcher = (pattern: string): Matcher => matcherOf(pattern) ?? NO_MATCH
