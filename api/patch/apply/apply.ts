/**
 * Who owns which field: the ownership after a plain write, and server-side apply itself. Pure.
 *
 * Laws  applying the same configuration twice changes nothing the second time, times included;
 *       a write that changes no field leaves managedFields as they are (the same array).
 * Source: sigs.k8s.io/structured-merge-diff merge/update.go; k8s.io/apimachinery pkg/util/managedfields/internal
 * fieldmanager.go, structuredmerge.go, managedfieldsupdater.go, skipnonapplied.go, lastappliedmanager.go,
 * lastappliedupdater.go, versioncheck.go. Differs: sets of other API versions of a kind are compared by the same
 * paths, because their field names agree.
 */
import { rfc3339 } from '#api/time.ts'
import { equalJson, type JsonObject } from '#api/json.ts'
import type { AnyObject, ManagedFieldsEntry } from '#api/object.ts'
import { canonicalValue } from '#api/patch/apply/canonical.ts'
import { compareObjects, type Comparison } from '#api/patch/apply/compare.ts'
import { fieldSetOf, requireApplicable } from '#api/patch/apply/configuration.ts'
import { type Conflict, conflictError, conflictsOf } from '#api/patch/apply/conflicts.ts'
import {
  contains,
  difference,
  EMPTY,
  type FieldSet,
  intersection,
  isEmpty,
  recursiveDifference,
  union,
} from '#api/patch/apply/field-set.ts'
import { allowedByLastApplied, LAST_APPLIED, lastAppliedOf } from '#api/patch/apply/last-applied.ts'
import {
  encodeOwners,
  entryOf,
  isSameManager,
  type Manager,
  type Owner,
  ownersForUpdate,
  storedOwners,
} from '#api/patch/apply/managed-fields.ts'
import { kubeObjectOf, nameOf, withoutEmptyServerFields } from '#api/patch/apply/identity.ts'
import { mergeObjects } from '#api/patch/apply/merge.ts'
import { pruneFields } from '#api/patch/apply/prune.ts'
import { zeroOf } from '#api/schema/zero.ts'
import { recordOf } from '#api/values.ts'
import type { StructType } from '#api/schema/type.ts'
import { badRequest } from '#api/status.ts'

/** The manager that gets every field of an object nobody tracked before its first apply. */
const BEFORE_FIRST_APPLY = 'before-first-apply'
/** The manager whose last-applied annotation is honoured and kept up. */
const KUBECTL = 'kubectl'

interface Write {
  readonly type: StructType
  readonly manager: string
  /** API version of the request. */
  readonly apiVersion: string
  /** '' for the object itself. */
  readonly subresource: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Fields this endpoint never writes, such as status on the object itself: nobody comes to own them through it. */
  readonly resetFields?: FieldSet
}

export interface UpdateWrite extends Write {
  /** undefined on create. */
  readonly live: AnyObject | undefined
  /** What will be stored, its managedFields as the client sent them. */
  readonly updated: AnyObject
}

const NOTHING: JsonObject = Object.freeze({})

/** The managedFields after a create, update or patch that is no apply; undefined when there are none to keep. */
export function trackUpdate(write: UpdateWrite): readonly ManagedFieldsEntry[] | undefined {
  const { type, live, updated, subresource } = write
  const owners = ownersForUpdate(live, updated, subresource !== '')
  if (owners.length === 0 && live !== undefined) return undefined
  // What an object shows before anything is said of it was set by nobody.
  const before = live ?? recordOf(zeroOf(type))
  const comparison = comparisonOf(write, before, updated, type)
  if (comparison === undefined) return unchanged(live, owners)
  return encodeOwners(afterUpdate(write, owners, comparison))
}

/** The stored array itself where the write brought no other. */
function unchanged(
  live: AnyObject | undefined,
  owners: readonly Owner[],
): readonly ManagedFieldsEntry[] | undefined {
  const stored = live?.metadata.managedFields
  return equalJson(stored, owners.map(entryOf)) ? stored : encodeOwners(owners)
}

function comparisonOf(
  write: Pick<Write, 'resetFields'>,
  before: JsonObject,
  after: JsonObject,
  type: StructType,
): Comparison | undefined {
  const comparison = compareObjects(type, before, after)
  const { resetFields } = write
  if (comparison === undefined || resetFields === undefined) return comparison
  const changed = recursiveDifference(comparison.changed, resetFields)
  const removed = recursiveDifference(comparison.removed, resetFields)
  return isEmpty(changed) && isEmpty(removed) ? undefined : { changed, removed }
}

/** The writer takes what it changed from everybody; what it removed is nobody's. */
function afterUpdate(write: Write, owners: readonly Owner[], comparison: Comparison): Owner[] {
  const { changed, removed } = comparison
  const self: Manager = { ...write, operation: 'Update' }
  let isKnown = false
  const after = owners.map(owner => {
    if (!isSameManager(owner, self)) return { ...owner, fields: without(owner.fields, comparison) }
    isKnown = true
    const fields = contains(owner.fields, changed)
      ? difference(owner.fields, removed)
      : union(without(owner.fields, comparison), changed)
    return { ...owner, fields, ...(isEmpty(changed) ? {} : { time: timeOf(write) }) }
  })
  if (isKnown || isEmpty(changed)) return after
  return [...after, newOwner(write, 'Update', changed)]
}

/** Who scales owns what it scaled from no time on, as upstream has it. */
const timeOf = ({ subresource, now }: Write): string | undefined =>
  subresource === 'scale' ? undefined : rfc3339(now)

const without = (fields: FieldSet, { changed, removed }: Comparison): FieldSet =>
  difference(difference(fields, changed), removed)

const newOwner = (write: Write, operation: 'Apply' | 'Update', fields: FieldSet): Owner => ({
  manager: write.manager,
  operation,
  apiVersion: write.apiVersion,
  subresource: write.subresource,
  time: timeOf(write),
  fields,
})

export interface Application extends Write {
  /** undefined when the apply creates the object. */
  readonly live: AnyObject | undefined
  /** The configuration as sent, undecoded: only the fields it names. */
  readonly applied: AnyObject
  /** Take fields from their owners instead of refusing. */
  readonly force: boolean
}

export interface Applied {
  /** The merged object, managedFields included: not yet decoded, defaulted or admitted. */
  readonly object: AnyObject
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined
}

/**
 * Applies a configuration.
 * Throws  StatusError(Conflict) when it would change fields of other owners and `force` is off;
 *         StatusError(BadRequest) when the configuration itself is at fault.
 */
export function applyConfiguration(application: Application): Applied {
  const { type, live, manager } = application
  requireConfiguration(application)
  requireApplicable(type, application.applied)
  const applied = kubeObjectOf(canonicalValue(type, application.applied), application.applied)
  const base = live ?? emptyOf(applied)
  const owners = ownersBefore(application)
  const named = fieldSetOf(type, applied)
  const { resetFields } = application
  const own = newOwner(
    application,
    'Apply',
    resetFields === undefined ? named : recursiveDifference(named, resetFields),
  )
  const previous = owners.find(owner => isSameManager(owner, own))
  const others = owners.filter(owner => owner !== previous)
  const onto = (object: AnyObject): AnyObject =>
    kubeObjectOf(mergeObjects(type, object, withoutEmptyServerFields(applied)), base)
  const merged = onto(base)
  const rest = pruneFields(type, merged, {
    last: previous?.fields ?? EMPTY,
    owned: others.reduce((all, owner) => union(all, owner.fields), own.fields),
  })
  // Pruning takes emptied maps away, even one that is applied as `{}`: merging once more brings it back.
  const pruned = rest === merged ? merged : onto(rest)
  const comparison = comparisonOf(application, base, pruned, type)
  refuseConflicts(application, base, others, comparison)
  const after = others.map(owner =>
    comparison === undefined ? owner : { ...owner, fields: without(owner.fields, comparison) },
  )
  // Its time is when an owner last changed a value: the annotation that follows it is none of its own.
  const isSame = equalJson(pruned, base)
  const object = manager === KUBECTL ? withLastApplied(pruned, base, applied) : pruned
  const isNoop = isSame && (object === pruned || equalJson(object, base))
  const kept = previous !== undefined && isSame && equalJson(previous.fields, own.fields)
  const managedFields =
    kept && previous.apiVersion === own.apiVersion
      ? base.metadata.managedFields
      : encodeOwners([...after, isSame ? { ...own, time: previous?.time } : own])
  return { object: withManagedFields(isNoop ? base : object, base, managedFields), managedFields }
}

function requireConfiguration({ applied }: Application): void {
  if (applied.metadata.managedFields !== undefined) {
    throw badRequest('metadata.managedFields must be nil')
  }
}

/** What an apply that creates starts from: a name and nothing else. */
const emptyOf = ({ apiVersion, kind, metadata }: AnyObject): AnyObject => ({
  apiVersion,
  kind,
  metadata: nameOf(metadata),
})

/** Stored owners; an object that nobody tracked is all `before-first-apply`'s. */
function ownersBefore(application: Application): Owner[] {
  const { live, type } = application
  const owners = storedOwners(live?.metadata.managedFields)
  if (live === undefined || owners.length > 0) return owners
  const everything = compareObjects(type, NOTHING, live)
  if (everything === undefined) return []
  const writer = { ...application, manager: BEFORE_FIRST_APPLY }
  return [newOwner(writer, 'Update', everything.changed)]
}

/**
 * Conflicts with what `kubectl apply` wrote on the client side are no conflicts for `kubectl apply --server-side`:
 * the annotation tells which fields those are.
 */
function refuseConflicts(
  application: Application,
  live: AnyObject,
  others: readonly Owner[],
  comparison: Comparison | undefined,
): void {
  if (application.force || comparison === undefined) return
  const { type, manager } = application
  const conflicts: Conflict[] = conflictsOf(others, comparison.changed)
  if (conflicts.length === 0) return
  const allowed = manager === KUBECTL ? allowedByLastApplied(type, live) : EMPTY
  const remaining = conflicts.flatMap(conflict => {
    const fields = difference(intersection(conflict.fields, comparison.changed), allowed)
    return isEmpty(fields) ? [] : [{ ...conflict, fields }]
  })
  if (remaining.length > 0) throw conflictError(remaining)
}

/** Keeps the client-side annotation true where it exists, so that both ways of applying can alternate. */
function withLastApplied(object: AnyObject, live: AnyObject, applied: AnyObject): AnyObject {
  if (live.metadata.annotations?.[LAST_APPLIED] === undefined) return object
  const annotations = { ...object.metadata.annotations, [LAST_APPLIED]: lastAppliedOf(applied) }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

function withManagedFields(
  object: AnyObject,
  live: AnyObject,
  managedFields: readonly ManagedFieldsEntry[] | undefined,
): AnyObject {
  if (object === live && managedFields === live.metadata.managedFields) return live
  const { managedFields: _old, ...metadata } = object.metadata
  return {
    ...object,
    metadata: managedFields === undefined ? metadata : { ...metadata, managedFields },
  }
}
