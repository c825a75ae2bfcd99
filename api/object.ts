/**
 * What every Kubernetes object has, as types. The kinds themselves are in `api/types/<group>-<version>.ts`,
 * made from the schemas. All of it is deeply readonly: an object read from a cache is never modified.
 */

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

export interface ManagedFieldsEntry {
  readonly manager?: string
  readonly operation?: 'Apply' | 'Update'
  readonly apiVersion?: string
  readonly time?: string
  readonly fieldsType?: 'FieldsV1'
  readonly fieldsV1?: { readonly [key: string]: Json }
  readonly subresource?: string
}

export interface ObjectMeta {
  readonly name?: string
  readonly generateName?: string
  readonly namespace?: string
  readonly selfLink?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
  readonly finalizers?: readonly string[]
  readonly managedFields?: readonly ManagedFieldsEntry[]
}

/** Any object: what generic machinery works on. Kinds narrow it. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}

/** An object whose fields are reached by name: generic code that walks specs uses this view. */
export type AnyObject = KubeObject & { readonly [key: string]: unknown }

export interface ListMeta {
  readonly resourceVersion?: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

export interface ObjectList<Item extends KubeObject = AnyObject> {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ListMeta
  readonly items: readonly Item[]
}

export interface WatchEvent<Item extends KubeObject = AnyObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: Item
}

/** `namespace/name`, or `name` for cluster-scoped objects: what work queues hold. */
export const keyOf = (object: KubeObject): string =>
  object.metadata.namespace === undefined || object.metadata.namespace === ''
    ? (object.metadata.name ?? '')
    : `${object.metadata.namespace}/${object.metadata.name ?? ''}`
