/**
 * The faults of an object of a custom kind, in upstream's order: metadata, schema, scale, embedded objects, lists.
 * Pure.
 *
 * Source: k8s.io/apiextensions-apiserver pkg/registry/customresource/{strategy,status_strategy,validator}.go
 */
import { propertyOf } from '#api/json.ts'
import { qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { AnyObject } from '#api/object.ts'
import type { FieldError } from '#api/status.ts'
import { faultsOf } from '#api/validation/bounded-faults.ts'
import { type Faults, wrong } from '#api/validation/fault.ts'
import {
  STANDARD_FINALIZERS,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '#api/validation/metadata.ts'
import { judgeOf } from '#api/validation/schema-values.ts'
import { type Schema, schemaAt } from '#api/validation/structural-schemas.ts'
import { validateEmbedded } from './embedded.ts'
import { validateLists } from './lists.ts'
import { type ScalePaths, validateScaleSpec, validateScaleStatus } from './scale.ts'
import type { Structure } from './structure.ts'

export interface Judging {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly namespaced: boolean
  readonly schema: Schema | undefined
  readonly structure: Structure
  readonly scale: ScalePaths | undefined
  readonly hasRules: boolean
}

export const customFaults = (
  judging: Judging,
  object: AnyObject,
  old: AnyObject | undefined,
): readonly FieldError[] =>
  faultsOf(faults => {
    if (!isOfKind(faults, judging, object)) return
    const { namespaced, structure, schema, scale } = judging
    if (old === undefined) {
      validateObjectMeta(faults, { namespaced, nameFaults: subdomainFaults }, object.metadata)
    } else validateObjectMetaUpdate(faults, object.metadata, old.metadata)
    judge(faults, '', { schema, value: object, old })
    if (scale !== undefined) {
      validateScaleSpec(faults, object, scale)
      validateScaleStatus(faults, object, scale)
    }
    validateEmbedded(faults, '', { structure, value: object })
    refuseRepeated(faults, structure, object, old)
    tellUnchecked(faults, judging)
  })

/** Only the status is judged, the rest being what it was. */
export const customStatusFaults = (
  judging: Judging,
  object: AnyObject,
  old: AnyObject,
): readonly FieldError[] =>
  faultsOf(faults => {
    if (!isOfKind(faults, judging, object)) return
    const { structure, schema, scale } = judging
    validateObjectMetaUpdate(faults, object.metadata, old.metadata)
    const ofStatus = schemaAt(schemaAt(schema, 'properties'), 'status')
    const { status } = object
    if (status !== undefined) {
      const before = propertyOf(old, 'status')
      judge(faults, 'status', { schema: ofStatus, value: status, old: before })
    }
    if (scale !== undefined) validateScaleStatus(faults, object, scale)
    refuseRepeated(faults, structure, object, old)
    tellUnchecked(faults, judging)
  })

interface Judged {
  readonly schema: Schema | undefined
  readonly value: unknown
  readonly old: unknown
}

/** What alternatives say alike is told once. */
function judge(faults: Faults, field: string, { schema, value, old }: Judged): void {
  if (schema === undefined) return
  const found = faultsOf(own => judgeOf(schema)(value, '', { faults: own, field }, old))
  const distinct = new Map(found.map(fault => [`${fault.field}: ${fault.message}`, fault] as const))
  faults.push(...distinct.values())
}

function isOfKind(faults: Faults, { group, version, kind }: Judging, object: AnyObject): boolean {
  const wanted = { kind, apiVersion: `${group}/${version}` }
  for (const name of ['kind', 'apiVersion'] as const) {
    if (object[name] !== wanted[name]) {
      faults.push(wrong(name, object[name], `must be ${wanted[name]}`))
    }
  }
  return faults.length === 0
}

/** Lists that had repeated elements before may go on having some. */
function refuseRepeated(
  ...[faults, structure, object, old]: readonly [
    Faults,
    Structure,
    AnyObject,
    AnyObject | undefined,
  ]
): void {
  const repeated: Faults = []
  validateLists(repeated, '', { structure, value: object })
  if (repeated.length === 0) return
  const before: Faults = []
  if (old !== undefined) validateLists(before, '', { structure, value: old })
  if (before.length === 0) faults.push(...repeated)
}

const BLOCKING: ReadonlySet<FieldError['type']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

const UNCHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'

function tellUnchecked(faults: Faults, { hasRules }: Judging): void {
  if (hasRules && faults.some(({ type }) => BLOCKING.has(type))) {
    faults.push(wrong('<nil>', null, UNCHECKED))
  }
}

/** Of finalizers that are new: custom kinds may have any, and are told to prefer others. */
export function finalizerWarnings(object: AnyObject, old?: AnyObject): readonly string[] {
  const known = old?.metadata.finalizers ?? []
  const added = (object.metadata.finalizers ?? []).filter(name => !known.includes(name))
  return [...new Set(added)].toSorted().flatMap(finalizerWarningsOf)
}

function finalizerWarningsOf(name: string): readonly string[] {
  const subject = `metadata.finalizers: ${JSON.stringify(name)}`
  const warnings = qualifiedNameFaults(name).map(fault => `${subject}: ${fault}`)
  if (name.includes('/') || STANDARD_FINALIZERS.includes(name)) return warnings
  const path = name.includes('.') ? ' including a path (/)' : ''
  const better = `prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`
  return [...warnings, `${subject}: ${better}`]
}
