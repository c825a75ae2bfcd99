/**
 * Taking away what a manager applied last time and does not apply any more, unless somebody else owns it. Pure.
 *
 * Source: sigs.k8s.io/structured-merge-diff merge/update.go prune, addBackOwnedItems, addBackDanglingItems
 */
import type { AnyObject } from '#api/object.ts'
import { fieldSetOf } from '#api/patch/apply/configuration.ts'
import { kubeObjectOf } from '#api/patch/apply/identity.ts'
import {
  contains,
  difference,
  type FieldSet,
  intersection,
  isEmpty,
  union,
} from '#api/patch/apply/field-set.ts'
import { removeFields, withNamedParents } from '#api/patch/apply/merge.ts'
import type { StructType } from '#api/schema/type.ts'

export interface Ownership {
  /** What the manager applied last time. */
  readonly last: FieldSet
  /** What anybody owns now, this configuration included. */
  readonly owned: FieldSet
}

export function pruneFields(type: StructType, merged: AnyObject, ownership: Ownership): AnyObject {
  const { last, owned } = ownership
  if (isEmpty(last) || contains(owned, last)) return merged
  const named = (set: FieldSet): FieldSet => withNamedParents(type, set)
  const remove = (set: FieldSet): AnyObject => removeFrom(type, merged, set)
  const all = named(fieldSetOf(type, merged))
  const lastNamed = named(last)
  // First everything of the last time goes, with all that hangs below it ...
  const bare = named(fieldSetOf(type, remove(lastNamed)))
  // ... then what somebody owns comes back ...
  const ownedBack = named(fieldSetOf(type, remove(difference(all, union(bare, named(owned))))))
  // ... and so does what this manager never owned.
  return remove(intersection(difference(all, ownedBack), lastNamed))
}

const removeFrom = (type: StructType, object: AnyObject, set: FieldSet): AnyObject => {
  const rest = removeFields(type, object, set)
  return rest === object ? object : kubeObjectOf(rest, object)
}
