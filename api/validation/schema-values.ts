/**
 * Whether a value is what a structural schema says, in the words of upstream's OpenAPI validator. Pure.
 *
 * Output  faults at `field`, or at the member below it that is wrong
 * Patterns, formats and logical junctors are not tried: they only ever restrict further.
 * Source: k8s.io/kube-openapi pkg/validation/{validate,errors}, k8s.io/apiextensions-apiserver
 * pkg/apiserver/validation/validation.go kubeOpenAPIResultToFieldErrors
 */

import { equalJson } from '#api/json.ts'
import {
  type Faults,
  required,
  tooLong,
  tooMany,
  unsupported,
  wrong,
} from '#api/validation/fault.ts'
import { type Schema, schemaAt, typeOf } from '#api/validation/structural-schemas.ts'
import { isRecord } from '#api/values.ts'

interface Judged {
  readonly schema: Schema
  readonly value: unknown
  /** Path below the judged value, as `spec.size`; '' for itself. */
  readonly name: string
}

export function validateValue(
  faults: Faults,
  field: string,
  { schema, value }: Pick<Judged, 'schema' | 'value'>,
): void {
  judge(faults, field, { schema, value, name: '' })
}

function judge(faults: Faults, field: string, judged: Judged): void {
  const { schema, value } = judged
  const fault = typeFault(schema, value)
  if (fault !== undefined) {
    const [wanted, given] = fault
    const detail = `${judged.name} in body must be of type ${wanted}: ${JSON.stringify(given)}`
    faults.push(wrong(placeOf(field, judged), given, detail))
  }
  if (value === null) return
  if (typeof value === 'string') judgeText(faults, field, { ...judged, value })
  else if (typeof value === 'number') judgeNumber(faults, field, { ...judged, value })
  else if (Array.isArray(value)) judgeList(faults, field, { ...judged, value })
  const values = schema['enum']
  if (Array.isArray(values) && !values.some(one => equalJson(one, value))) {
    const shown = values.map(one => (typeof one === 'string' ? one : JSON.stringify(one)))
    faults.push(unsupported(placeOf(field, judged), value, shown))
  }
  if (isRecord(value)) judgeObject(faults, field, { ...judged, value })
}

const placeOf = (field: string, { name }: Judged): string =>
  name === '' ? field : `${field}.${name}`

/** What was wanted and what is there; undefined when they agree. */
function typeFault(schema: Schema, value: unknown): readonly [string, string] | undefined {
  const wanted = typeOf(schema)
  const given = kindOf(value)
  if (wanted === '' || wanted === given) return undefined
  if (wanted === 'number' && given === 'integer') return undefined
  return given === 'null' && schema['nullable'] === true ? undefined : [wanted, given]
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

const numberAt = (schema: Schema, name: string): number | undefined => {
  const value = schema[name]
  return typeof value === 'number' ? value : undefined
}

type Over<T> = Judged & { readonly value: T }

const refused = (field: string, judged: Judged, what: string): ReturnType<typeof wrong> =>
  wrong(placeOf(field, judged), judged.value, `${judged.name} in body should be ${what}`)

function judgeText(faults: Faults, field: string, judged: Over<string>): void {
  const { length } = Array.from(judged.value)
  const most = numberAt(judged.schema, 'maxLength')
  const least = numberAt(judged.schema, 'minLength')
  if (most !== undefined && length > most) faults.push(tooLong(placeOf(field, judged), most))
  if (least !== undefined && length < least) {
    faults.push(refused(field, judged, `at least ${least} chars long`))
  }
}

function judgeNumber(faults: Faults, field: string, judged: Over<number>): void {
  const { schema, value } = judged
  const factor = numberAt(schema, 'multipleOf')
  if (factor !== undefined && factor > 0 && !Number.isInteger(value / factor)) {
    faults.push(refused(field, judged, `a multiple of ${factor}`))
  }
  const bounds = [
    ['maximum', 'exclusiveMaximum', 'less than', (bound: number) => value - bound],
    ['minimum', 'exclusiveMinimum', 'greater than', (bound: number) => bound - value],
  ] as const
  for (const [name, exclusive, words, excess] of bounds) {
    const bound = numberAt(schema, name)
    if (bound === undefined) continue
    const isExclusive = schema[exclusive] === true
    if (excess(bound) < 0 || (excess(bound) === 0 && !isExclusive)) continue
    faults.push(refused(field, judged, `${words}${isExclusive ? '' : ' or equal to'} ${bound}`))
  }
}

function judgeList(faults: Faults, field: string, judged: Over<readonly unknown[]>): void {
  const { schema, value, name } = judged
  const items = schemaAt(schema, 'items')
  if (items !== undefined) {
    for (const [index, item] of value.entries()) {
      judge(faults, field, { schema: items, value: item, name: `${name}[${index}]` })
    }
  }
  const least = numberAt(schema, 'minItems')
  const most = numberAt(schema, 'maxItems')
  if (least !== undefined && value.length < least) {
    const detail = `${name} in body should have at least ${least} items`
    faults.push(wrong(placeOf(field, judged), value.length, detail))
  }
  if (most !== undefined && value.length > most) {
    faults.push(tooMany(placeOf(field, judged), value.length, most))
  }
}

function judgeObject(faults: Faults, field: string, judged: Over<Schema>): void {
  const { schema, value, name } = judged
  const count = Object.keys(value).length
  const least = numberAt(schema, 'minProperties')
  const most = numberAt(schema, 'maxProperties')
  if (least !== undefined && count < least) {
    const detail = `${name} in body should have at least ${least} properties`
    faults.push(wrong(placeOf(field, judged), count, detail))
  }
  if (most !== undefined && count > most) {
    faults.push(tooMany(placeOf(field, judged), count, most))
  }
  const properties = schemaAt(schema, 'properties')
  const additional = schemaAt(schema, 'additionalProperties')
  const below = (key: string): string => (name === '' ? key : `${name}.${key}`)
  for (const [key, member] of Object.entries(value)) {
    const of = schemaAt(properties, key) ?? additional
    if (of !== undefined) judge(faults, field, { schema: of, value: member, name: below(key) })
  }
  const wanted = schema['required']
  for (const key of Array.isArray(wanted) ? wanted : []) {
    if (typeof key !== 'string' || Object.hasOwn(value, key)) continue
    faults.push(required(placeOf(field, { ...judged, name: below(key) })))
  }
}
