/**
 * Where a request's object lives: which stored form stands behind the resource it names, and how it reads there. Pure.
 *
 * Old versions of a kind share the storage of its current version: one object, read and written in several forms.
 */
import { fromStorage, toStorage } from '#api/conversion/convert.ts'
import { customOf, isCustom } from '#api/custom/custom-resource.ts'
import type { AnyObject } from '#api/object.ts'
import type { FieldError, Subject } from '#api/status.ts'
import { type Resource, apiVersionOf, groupResource } from '#api/scheme.ts'
import { type Form, storageKey } from '#server/cache/cache.ts'
import type { Call } from './call.ts'

export interface Target {
  /** As the client named it. */
  readonly resource: Resource
  /** Whose waivers hold: that row, also where an apply through it is done in the stored row's terms. */
  readonly judgedAs: Resource
  /** The row whose form is stored: what strategies, admission and validation see. */
  readonly stored: Resource
  /** `pods`, `deployments.apps`: the storage. */
  readonly storage: string
  /** The requested form is not the stored one. */
  readonly isConverted: boolean
  readonly namespace: string
}

export function targetOf(call: Pick<Call, 'resource' | 'namespace'>): Target {
  const { resource } = call
  const stored = resource.storage()
  return {
    resource,
    judgedAs: resource,
    stored,
    storage: groupResource(stored),
    isConverted: stored !== resource || customOf(resource)?.isUniform === false,
    namespace: resource.namespaced ? call.namespace : '',
  }
}

export const keyAt = (target: Target, name: string): string =>
  storageKey({
    group: target.stored.group,
    plural: target.resource.plural,
    namespace: target.namespace,
    name,
  })

export const subjectOf = (target: Target, name: string): Subject => ({
  group: target.resource.group,
  resource: target.resource.plural,
  name,
})

/** An old version blames the group that was asked, every other one the group whose rules it are. */
export function invalidSubject(
  { resource, stored }: Target,
  name: string,
  object?: AnyObject,
): { readonly group: string; readonly kind: string; readonly name: string } {
  const { group, kind } = resource.isOld ? resource : stored
  // A custom resource may come under another kind: that is what is invalid then.
  return { group, kind: (isCustom(resource) ? object?.kind : undefined) ?? kind, name }
}

/** The stored object as the requested version shows it. */
export const shownAs = (target: Target, stored: AnyObject): AnyObject =>
  fromStorage(target.resource, stored)

export const storedAs = (target: Target, object: AnyObject): AnyObject =>
  toStorage(target.resource, object)

/** What was read from the storage, which may have been written under an earlier schema, as it would be stored today. */
export const asStored = (target: Target, stored: AnyObject): AnyObject =>
  fromStorage(target.stored, stored)

const FORMS = new WeakMap<Resource, Form>()

/** The encoding a reader of this resource gets; undefined when the stored bytes are it. */
export function readForm({ resource, isConverted }: Target): Form | undefined {
  if (!isConverted) return undefined
  const known = FORMS.get(resource)
  if (known !== undefined) return known
  const form: Form = {
    name: apiVersionOf(resource),
    encode: stored => Buffer.from(JSON.stringify(fromStorage(resource, stored.peek()))),
  }
  FORMS.set(resource, form)
  return form
}

export const listKindOf = (resource: Resource): string =>
  customOf(resource)?.kind.listKind ?? `${resource.kind}List`

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
