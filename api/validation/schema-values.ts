/**
 * Whether a value is what a structural schema says, in the words of upstream's OpenAPI validator. Pure; a schema is
 * compiled when it is first asked, and kept as long as the schema itself.
 *
 * Output  faults at `field`, or at the member below it that is wrong; what concerns no single member (junctors) stands
 *         at `field`, or at `<nil>` where that is the whole object, as upstream has it
 * On an update, what is the same as before is not judged again (ratcheting); elements of lists are told apart where
 * the list is a map.
 * Source: k8s.io/kube-openapi pkg/validation/{validate,errors}, k8s.io/apiextensions-apiserver
 * pkg/apiserver/validation/{validation,ratcheting}.go
 */
import { canonicalJson, equalJson, propertyOf } from '#api/json.ts'
import { type Faults, required, tooMany, unsupported, wrong } from '#api/validation/fault.ts'
import { type Judge, numberAt, placeOf } from '#api/validation/schema-judge.ts'
import { junctorJudge } from '#api/validation/schema-junctors.ts'
import { numberJudge } from '#api/validation/schema-numbers.ts'
import { textJudge, typeJudge } from '#api/validation/schema-scalars.ts'
import { namedAt, type Schema, schemaAt } from '#api/validation/structural-schemas.ts'
import { isRecord } from '#api/values.ts'

export function validateValue(
  faults: Faults,
  field: string,
  { schema, value }: { readonly schema: Schema; readonly value: unknown },
): void {
  judgeOf(schema)(value, '', { faults, field }, undefined)
}

const judges = new WeakMap<Schema, Judge>()

/** `structure` is what is said outside of junctors about the same value. */
export function judgeOf(schema: Schema, structure: Schema = schema): Judge {
  const known = judges.get(schema)
  if (known !== undefined) return known
  const judge = makeJudge(schema, structure)
  judges.set(schema, judge)
  return judge
}

function makeJudge(schema: Schema, structure: Schema): Judge {
  const ofType = typeJudge(schema)
  const ofJunctors = junctorJudge(schema, branch => judgeOf(branch, structure))
  const ofText = textJudge(schema)
  const ofNumber = numberJudge(schema)
  const ofList = listJudge(schema, structure)
  const ofEnum = enumJudge(schema)
  const ofObject = objectJudge(schema, structure)
  return (value, name, judged, old) => {
    const typed = ofType?.(value, name, judged, old) ?? 0
    if (value === null) {
      ofEnum?.(value, name, judged, old)
      return typed
    }
    const checks = (ofType === undefined ? 0 : 1) + 4
    const joined = ofJunctors?.(value, name, judged, old) ?? 0
    let passed = 0
    if (typeof value === 'string') passed = ofText(value, name, judged, old)
    else if (typeof value === 'number') passed = ofNumber(value, name, judged, old)
    else if (Array.isArray(value)) passed = ofList(value, name, judged, old)
    ofEnum?.(value, name, judged, old)
    if (isRecord(value)) passed = ofObject(value, name, judged, old)
    return typed + joined + passed + checks
  }
}

/** null is never one of the values. */
function enumJudge(schema: Schema): Judge | undefined {
  const values = schema['enum']
  if (!Array.isArray(values) || values.length === 0) return undefined
  const shown = values.map(one => (typeof one === 'string' ? one : JSON.stringify(one)))
  return (value, name, judged) => {
    if (value === null || !values.some(one => equalJson(one, value))) {
      judged.faults.push(unsupported(placeOf(judged, name), value, shown))
    }
    return 0
  }
}

const NOTHING: Judge = () => 0

/** What is as it was is not judged again. Compiled on first use: of a large schema most objects show a small part. */
function childOf(schema: Schema, structure: Schema | undefined): Judge {
  const place = structure ?? schema
  let judge: Judge | undefined
  return (value, name, judged, old) => {
    if (old !== undefined && isSame(place, old, value)) return 0
    judge ??= judgeOf(schema, structure)
    return judge(value, name, judged, old)
  }
}

function listJudge(schema: Schema, structure: Schema): Judge {
  const items = schemaAt(schema, 'items')
  const judgeItem = items === undefined ? NOTHING : childOf(items, schemaAt(structure, 'items'))
  const least = numberAt(schema, 'minItems')
  const most = numberAt(schema, 'maxItems')
  return (value, name, judged, old) => {
    if (!Array.isArray(value)) return 0
    const before = oldItems(structure, old)
    let passed = 2
    for (let at = 0; at < value.length; at++) {
      const item: unknown = value[at]
      passed += judgeItem(item, `${name}[${at}]`, judged, before?.(item))
    }
    if (least !== undefined && value.length < least) {
      const detail = `${name} in body should have at least ${least} items`
      judged.faults.push(wrong(placeOf(judged, name), value.length, detail))
    }
    if (most !== undefined && value.length > most) {
      judged.faults.push(tooMany(placeOf(judged, name), value.length, most))
    }
    return passed
  }
}

type Find = (item: unknown) => unknown

/** Finds what an element of a list that is a map was before. */
function oldItems(structure: Schema, old: unknown): Find | undefined {
  const keys = structure['x-kubernetes-list-map-keys']
  const isMap = structure['x-kubernetes-list-type'] === 'map' && Array.isArray(keys)
  if (!isMap || !Array.isArray(old)) return undefined
  const keyOf = (item: unknown): string =>
    isRecord(item) ? canonicalJson(keys.map(key => propertyOf(item, String(key)))) : ''
  const items = new Map(old.map(item => [keyOf(item), item] as const))
  return item => items.get(keyOf(item)) ?? undefined
}

/** Of each key, what its value says; keys without a schema may be anything. */
function objectJudge(schema: Schema, structure: Schema): Judge {
  const properties = namedAt(schema, 'properties').map(([key, property]) => ({
    key,
    judge: childOf(property, schemaAt(schemaAt(structure, 'properties'), key)),
  }))
  const named = new Set(properties.map(({ key }) => key))
  const additional = schemaAt(schema, 'additionalProperties')
  const judgeOther =
    additional === undefined
      ? undefined
      : childOf(additional, schemaAt(structure, 'additionalProperties'))
  const countKeys = countJudge(schema)
  const wanted = Array.isArray(schema['required']) ? schema['required'].map(String) : []
  return (value, name, judged, old) => {
    if (!isRecord(value)) return 0
    const before = isRecord(old) ? old : undefined
    const oldOf = (key: string): unknown => before && propertyOf(before, key)
    countKeys(value, name, judged, old)
    let passed = 1
    for (const key of judgeOther === undefined ? [] : Object.keys(value)) {
      if (named.has(key)) continue
      passed += judgeOther?.(value[key], `${name}.${key}`, judged, oldOf(key)) ?? 0
    }
    for (const { key, judge } of properties) {
      const member = propertyOf(value, key)
      if (member === undefined) continue
      const isOfKind = name === '' && (key === 'kind' || key === 'apiVersion')
      const path = name === '' ? key : `${name}.${key}`
      passed += judge(member, path, judged, isOfKind ? undefined : oldOf(key))
    }
    for (const key of wanted) {
      if (Object.hasOwn(value, key)) continue
      judged.faults.push(required(placeOf(judged, `${name}.${key}`)))
    }
    return passed
  }
}

function countJudge(schema: Schema): Judge {
  const least = numberAt(schema, 'minProperties')
  const most = numberAt(schema, 'maxProperties')
  if (least === undefined && most === undefined) return NOTHING
  return (value, name, judged) => {
    const count = Object.keys(isRecord(value) ? value : {}).length
    if (least !== undefined && count < least) {
      const detail = `${name} in body should have at least ${least} properties`
      judged.faults.push(wrong(placeOf(judged, name), count, detail))
    }
    if (most !== undefined && count > most) {
      judged.faults.push(tooMany(placeOf(judged, name), count, most))
    }
    return 0
  }
}

/** Equal, where the order of a list that is a map makes no difference. */
function isSame(schema: Schema | undefined, old: unknown, value: unknown): boolean {
  if (old === value) return true
  if (Array.isArray(old) && Array.isArray(value)) {
    const find = schema === undefined ? undefined : oldItems(schema, old)
    if (schema === undefined || find === undefined) return equalJson(old, value)
    const items = schemaAt(schema, 'items')
    return old.length === value.length && value.every(item => isSame(items, find(item), item))
  }
  if (!isRecord(old) || !isRecord(value)) return equalJson(old, value)
  const keys = Object.keys(value)
  const properties = schemaAt(schema, 'properties')
  const others = schemaAt(schema, 'additionalProperties')
  return (
    keys.length === Object.keys(old).length &&
    keys.every(key => isSame(schemaAt(properties, key) ?? others, propertyOf(old, key), value[key]))
  )
}
