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
  child,
  difference,
  hasMember,
  isEmpty,
  parseFieldSet,
} from '#api/patch/apply/field-set.ts'
import { encodeOwners, storedOwners } from '#api/patch/apply/managed-fields.ts'

type Entries = readonly ManagedFieldsEntry[]

/** The same path in both. */
const REPLICAS: FieldSet = { 'f:spec': { 'f:replicas': {} } }

const fieldsOf = (entry: ManagedFieldsEntry): FieldSet => parseFieldSet(entry.fieldsV1) ?? EMPTY

const ownsReplicas = (entry: ManagedFieldsEntry): boolean => {
  const spec = child(fieldsOf(entry), 'f:spec')
  return spec !== undefined && hasMember(spec, 'f:replicas')
}

/** The entries of a parent that a Scale in `apiVersion` has. */
export const scaleOwners = (parent: Entries | undefined, apiVersion: string): Entries =>
  (parent ?? []).filter(ownsReplicas).map(entry => ({ ...entry, apiVersion, fieldsV1: REPLICAS }))

const isSame = (left: ManagedFieldsEntry, right: ManagedFieldsEntry): boolean =>
  left.manager === right.manager &&
  left.operation === right.operation &&
  (left.subresource ?? '') === (right.subresource ?? '')

/** The parent's entries once the Scale has `scale`; new owners come in under the parent's `apiVersion`. */
export function parentOwners(
  parent: Entries | undefined,
  scale: Entries | undefined,
  apiVersion: string,
): Entries {
  const left = (scale ?? []).filter(ownsReplicas)
  const kept = (parent ?? []).flatMap(entry => {
    if (!ownsReplicas(entry)) return [entry]
    const at = left.findIndex(owner => isSame(owner, entry))
    const [present] = at === -1 ? [] : left.splice(at, 1)
    if (present !== undefined) return [entry]
    const fieldsV1 = difference(fieldsOf(entry), REPLICAS)
    return isEmpty(fieldsV1) ? [] : [{ ...entry, fieldsV1 }]
  })
  const added = left.map(entry => ({ ...entry, apiVersion, fieldsV1: REPLICAS }))
  return encodeOwners(storedOwners([...kept, ...added])) ?? []
}
