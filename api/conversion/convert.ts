/**
 * Objects between the version they are served in and the one they are stored in. Pure.
 *
 * Output  a canonical object of the version asked for: its fields in its order, what it has no field for dropped; the
 *         same object where both are one. The stored form has its version's defaults as well: what an old version
 *         leaves open was decided by its own defaults before, what it does not know by these.
 *
 * toStorage throws StatusError(Invalid) for what the stored version cannot say.
 */
import { applyDefaults, decodeObject } from '#api/codec.ts'
import { customOf } from '#api/custom/custom-resource.ts'
import type { AnyObject } from '#api/object.ts'
import { type Resource, apiVersionOf } from '#api/scheme.ts'
import { type FieldError, invalid } from '#api/status.ts'
import { CONVERSIONS, WAIVED } from './table.ts'
import type { Fields } from '#api/values.ts'

const conversionOf = (resource: Resource) =>
  CONVERSIONS[`${apiVersionOf(resource)} ${resource.plural}`]

const as = (resource: Resource, object: Fields): AnyObject =>
  decodeObject(
    resource.type(),
    { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind },
    'Ignore',
  ).object

export function toStorage(resource: Resource, object: AnyObject): AnyObject {
  const stored = resource.storage()
  if (stored === resource) return object
  const custom = customOf(stored)
  if (custom !== undefined) return custom.kind.converted(object)
  const conversion = conversionOf(resource)
  const faults = conversion?.contradictions?.(object) ?? []
  if (faults.length > 0) {
    const { group, kind } = resource
    throw invalid({ group, kind, name: object.metadata.name ?? '' }, faults)
  }
  const converted = as(stored, conversion?.toStorage(object) ?? object)
  return applyDefaults(stored.type(), converted)
}

export function fromStorage(resource: Resource, object: AnyObject): AnyObject {
  const custom = customOf(resource)
  if (custom !== undefined) return custom.isUniform ? object : custom.restored(object)
  if (resource.storage() === resource) return object
  const conversion = conversionOf(resource)
  const shown = as(resource, conversion?.fromStorage(object) ?? object)
  return conversion?.nulls === undefined ? shown : { ...conversion.nulls, ...shown }
}

/** Whether fields have the same paths in both forms, so that one ownership serves both. */
export function hasSamePaths(resource: Resource): boolean {
  const conversion = conversionOf(resource)
  return conversion === undefined || conversion.keepsPaths === true
}

/** An apply configuration in the terms of the stored version: only the fields it names, undecoded. */
export function restated(resource: Resource, configuration: AnyObject): AnyObject {
  const stored = resource.storage()
  const { metadata } = configuration
  return {
    metadata,
    ...(conversionOf(resource)?.toStorage(configuration) ?? configuration),
    apiVersion: apiVersionOf(stored),
    kind: stored.kind,
  }
}

/** Whether the fault is none through this version, though it is one through the stored version. */
export const isWaived = (
  resource: Resource,
  { field, message }: Pick<FieldError, 'field' | 'message'>,
): boolean =>
  WAIVED[`${apiVersionOf(resource)} ${resource.plural}`]?.some(
    ([fields, messages]) => fields.test(field) && messages.test(message),
  ) === true
