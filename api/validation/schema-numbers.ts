/**
 * What a structural schema says of numbers. Pure.
 * Source: k8s.io/kube-openapi pkg/validation/validate/{validator,values}.go
 */
import { wrong } from '#api/validation/fault.ts'
import { formatOf, typesOf } from '#api/validation/schema-scalars.ts'
import {
  type Judge,
  type Judged,
  numberAt,
  placeOf,
  refuseWhole,
} from '#api/validation/schema-judge.ts'
import type { Schema } from '#api/validation/structural-schemas.ts'

const INT32 = 2 ** 31
const INT64 = 2 ** 63
const FLOAT_MAX = 3.402_823_5e38

interface Numeric {
  readonly type: string
  readonly format: string
}

/** `integer with format int32`: what the number is none of; undefined when it is. */
function outside(value: number, { type, format }: Numeric): string | undefined {
  const limit = format === 'int32' ? INT32 : INT64
  const isInside =
    type === 'integer'
      ? Number.isInteger(value) && value >= -limit && value < limit
      : format !== 'float' || Math.abs(value) <= FLOAT_MAX
  if (isInside) return undefined
  return format === '' ? `${type} (default format)` : `${type} with format ${format}`
}

const BOUNDS = [
  ['minimum', 'exclusiveMinimum', 'Minimum boundary', 'greater than', 1],
  ['maximum', 'exclusiveMaximum', 'Maximum boundary', 'less than', -1],
] as const

export function numberJudge(schema: Schema): Judge {
  const types = typesOf(schema)
  const numeric = { type: types.length === 1 ? (types[0] ?? '') : '', format: formatOf(schema) }
  const isRanged = numeric.type === 'integer' || numeric.type === 'number'
  const checks = [factorJudge(schema, numeric, isRanged), ...boundJudges(schema, numeric, isRanged)]
  return (value, name, judged, old) => {
    if (typeof value !== 'number') return 0
    if (isRanged) refuseOutside(judged, name, 'Checked', outside(value, numeric))
    for (const check of checks) check(value, name, judged, old)
    return 2
  }
}

function refuseOutside(
  judged: Judged,
  name: string,
  what: string,
  fault: string | undefined,
): void {
  if (fault !== undefined) {
    refuseWhole(judged, `${what} value must be of type ${fault} in ${name}`)
  }
}

function factorJudge(schema: Schema, numeric: Numeric, isRanged: boolean): Judge {
  const factor = numberAt(schema, 'multipleOf')
  const fault = factor === undefined || !isRanged ? undefined : outside(factor, numeric)
  return (value, name, judged) => {
    if (factor === undefined || typeof value !== 'number') return 0
    refuseOutside(judged, name, 'MultipleOf', fault)
    // Integers are divided as integers.
    const by = Number.isInteger(value) && fault === undefined ? Math.trunc(factor) : factor
    const place = placeOf(judged, name)
    if (by <= 0) {
      const detail = `factor MultipleOf declared for ${name} must be positive: ${by}`
      judged.faults.push(wrong(place, by, detail))
    } else if (!isWhole(by < 1 ? (1 / by) * value : value / by)) {
      judged.faults.push(wrong(place, value, `${name} in body should be a multiple of ${by}`))
    }
    return 0
  }
}

const WHOLE_WITHIN = 1e-9

/** As far as floating point can tell. */
function isWhole(value: number): boolean {
  const off = Math.abs(value - Math.round(value))
  return off === 0 || off / Math.abs(value) < WHOLE_WITHIN
}

function boundJudges(schema: Schema, numeric: Numeric, isRanged: boolean): Judge[] {
  return BOUNDS.flatMap(([name, exclusive, what, words, sign]) => {
    const bound = numberAt(schema, name)
    if (bound === undefined) return []
    const isExclusive = schema[exclusive] === true
    const fault = isRanged ? outside(bound, numeric) : undefined
    const judge: Judge = (value, path, judged) => {
      if (typeof value !== 'number') return 0
      refuseOutside(judged, path, what, fault)
      // Integers are compared with integers.
      const limit = Number.isInteger(value) && fault === undefined ? Math.trunc(bound) : bound
      const excess = sign * (value - limit)
      if (excess > 0 || (excess === 0 && !isExclusive)) return 0
      const detail = `${path} in body should be ${words}${isExclusive ? '' : ' or equal to'} ${limit}`
      judged.faults.push(wrong(placeOf(judged, path), value, detail))
      return 0
    }
    return [judge]
  })
}
