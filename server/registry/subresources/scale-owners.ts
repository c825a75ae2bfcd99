/**
 * Who owns the number of replicas, seen through the Scale and through its parent: writers of the Scale meet writers of
 * the parent's spec, and take that one field from them. Pure.
 *
 * Source: k8s.io/apimachinery pkg/util/managedfields/scalehandler.go
 */
import type { ManagedFieldsEntry } from '#api/object.ts'
import {
  EMPTY,
  type FieldSet,
  difference,
  intersection,
  isEmpty,
  parseFieldSet,
} from '#api/patch/apply/field-set.ts'
import { encodeOwners, storedOwners } from '#api/patch/apply/managed-fields.ts'

import type { ViewOwners } from './subresource.ts'

type Entries = readonly ManagedFieldsEntry[]

/** Where the Scale has it. */
const REPLICAS: FieldSet = { 'f:spec': { 'f:replicas': {} } }

const fieldsOf = (entry: ManagedFieldsEntry): FieldSet => parseFieldSet(entry.fieldsV1) ?? EMPTY

const owns = (entry: ManagedFieldsEntry, path: FieldSet): boolean =>
  !isEmpty(intersection(fieldsOf(entry), path))

/** `path`: the one field of the parent, `{ 'f:spec': { 'f:replicas': {} } }` for most. */
export const ownersAt = (path: FieldSet): ViewOwners => ({
  show: (parent, apiVersion) => scaleOwners(parent, apiVersion, path),
  apply: (parent, scale, apiVersion) => parentOwners({ parent, path }, scale, apiVersion),
})

export const REPLICAS_OWNERS = ownersAt(REPLICAS)

/** The entries of a parent that a Scale in `apiVersion` has. */
const scaleOwners = (parent: Entries | undefined, apiVersion: string, path: FieldSet): Entries =>
  (parent ?? [])
    .filter(entry => owns(entry, path))
    .map(entry => ({ ...entry, apiVersion, fieldsV1: REPLICAS }))

const isSame = (left: ManagedFieldsEntry, right: ManagedFieldsEntry): boolean =>
  left.manager === right.manager &&
  left.operation === right.operation &&
  (left.subresource ?? '') === (right.subresource ?? '')

/** The parent's entries once the Scale has `scale`; new owners come in under the parent's `apiVersion`. */
function parentOwners(
  { parent, path }: { readonly parent: Entries | undefined; readonly path: FieldSet },
  scale: Entries | undefined,
  apiVersion: string,
): Entries {
  const left = (scale ?? []).filter(entry => owns(entry, REPLICAS))
  const kept = (parent ?? []).flatMap(entry => {
    if (!owns(entry, path)) return [entry]
    const at = left.findIndex(owner => isSame(owner, entry))
    const [present] = at === -1 ? [] : left.splice(at, 1)
    if (present !== undefined) return [entry]
    const fieldsV1 = difference(fieldsOf(entry), path)
    return isEmpty(fieldsV1) ? [] : [{ ...entry, fieldsV1 }]
  })
  const added = left.map(entry => ({ ...entry, apiVersion, fieldsV1: path }))
  return encodeOwners(storedOwners([...kept, ...added])) ?? []
}
