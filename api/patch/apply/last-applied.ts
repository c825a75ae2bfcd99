/**
 * The annotation in which client-side `kubectl apply` remembers its configuration. Pure.
 * Source: k8s.io/apimachinery pkg/util/managedfields/internal lastappliedmanager.go, lastappliedupdater.go
 */

import { canonicalJson } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { compareObjects } from '#api/patch/apply/compare.ts'
import { fieldSetOf } from '#api/patch/apply/configuration.ts'
import { difference, EMPTY, type FieldSet } from '#api/patch/apply/field-set.ts'
import type { StructType } from '#api/schema/type.ts'
import { isRecord } from '#api/values.ts'

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Fields the annotation names whose live value is still the applied one: kubectl owns those. */
export function allowedByLastApplied(type: StructType, live: AnyObject): FieldSet {
  const configuration = parseAnnotation(live.metadata.annotations?.[LAST_APPLIED])
  if (configuration?.apiVersion !== live.apiVersion || configuration.kind !== live.kind)
    return EMPTY
  const named = fieldSetOf(type, configuration)
  const comparison = compareObjects(type, configuration, live)
  if (comparison === undefined) return named
  return difference(difference(named, comparison.changed), comparison.removed)
}

function parseAnnotation(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The annotation's value for a configuration: its JSON without itself and without ownership, ended by a newline. */
export function lastAppliedOf(applied: AnyObject): string {
  const { managedFields: _managedFields, annotations, ...metadata } = applied.metadata
  const { [LAST_APPLIED]: _itself, ...others } = annotations ?? {}
  const rest = Object.keys(others).length === 0 ? metadata : { ...metadata, annotations: others }
  return `${canonicalJson({ ...applied, metadata: rest })}\n`
}
