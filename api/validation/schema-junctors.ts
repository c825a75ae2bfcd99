/**
 * The logical junctors of a structural schema. Pure.
 *
 * Of alternatives that all refuse a value, the faults of the one are told that got furthest: upstream counts checks.
 * Source: k8s.io/kube-openapi pkg/validation/validate/{schema_props,schema_messages}.go
 */
import type { FieldError } from '#api/status.ts'
import { type Judge, type Judged, refuseWhole } from '#api/validation/schema-judge.ts'
import { type Schema, schemaAt, schemasAt } from '#api/validation/structural-schemas.ts'

interface Outcome {
  readonly faults: readonly FieldError[]
  readonly passed: number
}

type Attempt = (...of: Parameters<Judge>) => Outcome

/** How the schema under a junctor is judged. */
type Branch = (schema: Schema) => Judge

function attemptOf(judge: Judge): Attempt {
  return (value, name, { field }, old) => {
    const faults: FieldError[] = []
    return { passed: judge(value, name, { faults, field }, old), faults }
  }
}

const isValid = ({ faults }: Outcome): boolean => faults.length === 0

/** The first of those that passed most. */
const best = (outcomes: readonly Outcome[]): Outcome | undefined =>
  outcomes.reduce<Outcome | undefined>(
    (most, one) => (most === undefined || one.passed > most.passed ? one : most),
    undefined,
  )

/** undefined where there are none. */
export function junctorJudge(schema: Schema, branch: Branch): Judge | undefined {
  const not = schemaAt(schema, 'not')
  const judges = [
    alternatives(schemasAt(schema, 'anyOf'), branch, anyOf),
    alternatives(schemasAt(schema, 'oneOf'), branch, oneOf),
    alternatives(schemasAt(schema, 'allOf'), branch, allOf),
    alternatives(not === undefined ? [] : [not], branch, notOf),
  ].filter(judge => judge !== undefined)
  if (judges.length === 0) return undefined
  return (value, name, judged, old) =>
    judges.reduce((passed, judge) => passed + judge(value, name, judged, old), 0)
}

type Junctor = (outcomes: readonly Outcome[], name: string, judged: Judged) => number

function alternatives(
  schemas: readonly Schema[],
  branch: Branch,
  junctor: Junctor,
): Judge | undefined {
  if (schemas.length === 0) return undefined
  const attempts = schemas.map(schema => attemptOf(branch(schema)))
  return (value, name, judged, old) =>
    junctor(
      attempts.map(attempt => attempt(value, name, judged, old)),
      name,
      judged,
    )
}

const merge = (judged: Judged, outcome: Outcome | undefined): number => {
  judged.faults.push(...(outcome?.faults ?? []))
  return outcome?.passed ?? 0
}

const anyOf: Junctor = (outcomes, name, judged) => {
  const first = outcomes.find(isValid)
  if (first !== undefined) return first.passed
  refuseWhole(judged, `${JSON.stringify(name)} must validate at least one schema (anyOf)`)
  return merge(judged, best(outcomes))
}

const oneOf: Junctor = (outcomes, name, judged) => {
  const valid = outcomes.filter(isValid)
  const [only] = valid
  if (valid.length === 1 && only !== undefined) return only.passed
  const found = only === undefined ? 'Found none valid' : `Found ${valid.length} valid alternatives`
  const subject = JSON.stringify(name)
  refuseWhole(judged, `${subject} must validate one and only one schema (oneOf). ${found}`)
  return only === undefined ? merge(judged, best(outcomes)) : 0
}

const allOf: Junctor = (outcomes, name, judged) => {
  const passed = outcomes.reduce((sum, outcome) => sum + merge(judged, outcome), 0)
  const valid = outcomes.filter(isValid).length
  if (valid < outcomes.length) {
    const none = valid === 0 ? '. None validated' : ''
    refuseWhole(judged, `${JSON.stringify(name)} must validate all the schemas (allOf)${none}`)
  }
  return passed
}

const notOf: Junctor = (outcomes, name, judged) => {
  if (outcomes.every(isValid)) {
    refuseWhole(judged, `${JSON.stringify(name)} must not validate the schema (not)`)
  }
  return 0
}
