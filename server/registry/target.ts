/**
 * Where a request's object lives: which stored form stands behind the resource it names, and how it reads there. Pure.
 *
 * Events are one storage behind two APIs; every other kind is stored as it is served.
 */
import type { AnyObject } from '#api/object.ts'
import type { FieldError, Subject } from '#api/status.ts'
import { type Resource, apiVersionOf, groupResource } from '#api/scheme.ts'
import { type Form, storageKey } from '#server/cache/cache.ts'
import type { Call } from './call.ts'
import { type Conversion, conversionOf } from './conversions.ts'

export interface Target {
  /** As the client named it. */
  readonly resource: Resource
  /** `pods`, `deployments.apps`: the storage. */
  readonly storage: string
  readonly storageGroup: string
  readonly conversion: Conversion | undefined
  readonly namespace: string
}

export function targetOf(call: Pick<Call, 'resource' | 'namespace'>): Target {
  const conversion = conversionOf(groupResource(call.resource))
  return {
    resource: call.resource,
    storage: conversion?.storage ?? groupResource(call.resource),
    storageGroup: conversion?.storageGroup ?? call.resource.group,
    conversion,
    namespace: call.resource.namespaced ? call.namespace : '',
  }
}

export const keyAt = (target: Target, name: string): string =>
  storageKey({
    group: target.storageGroup,
    plural: target.resource.plural,
    namespace: target.namespace,
    name,
  })

export const subjectOf = (target: Target, name: string): Subject => ({
  group: target.resource.group,
  resource: target.resource.plural,
  name,
})

export const invalidSubject = (
  target: Target,
  name: string,
): { readonly group: string; readonly kind: string; readonly name: string } => ({
  group: target.resource.group,
  kind: target.resource.kind,
  name,
})

/** The stored object as the requested version shows it. */
export const shownAs = (target: Target, stored: AnyObject): AnyObject =>
  target.conversion === undefined ? stored : target.conversion.fromStorage(stored)

export const storedAs = (target: Target, object: AnyObject): AnyObject =>
  target.conversion === undefined ? object : target.conversion.toStorage(object)

/** The encoding a reader of this resource gets; undefined when the stored bytes are it. */
export const readForm = (target: Target): Form | undefined => target.conversion?.form

export const listKindOf = (resource: Resource): string => `${resource.kind}List`

export const typeMetaOf = (
  resource: Resource,
): { readonly apiVersion: string; readonly kind: string } => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
})

export const required = (field: string, detail: string): FieldError => ({
  type: 'FieldValueRequired',
  field,
  message: detail === '' ? 'Required value' : `Required value: ${detail}`,
})
