/**
 * The entries of `metadata.managedFields`: who they belong to, how many there may be, in which order they stand. Pure.
 *
 * Source: k8s.io/apimachinery pkg/util/managedfields/internal managedfields.go, capmanagers.go, fieldmanager.go
 */
import { compareText, equalJson } from '#api/json.ts'
import type { AnyObject, ManagedFieldsEntry } from '#api/object.ts'
import {
  EMPTY,
  type FieldSet,
  isEmpty,
  parseFieldSet,
  unionOf,
} from '#api/patch/apply/field-set.ts'

/** More Update entries than this are merged into one per API version. */
const UPDATE_ENTRIES_MAX = 10
const ANCIENT_CHANGES = 'ancient-changes'

export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
}

/** One entry with its set at hand. */
export interface Owner extends Manager {
  readonly time: string | undefined
  readonly fields: FieldSet
}

export const ownerOf = (entry: ManagedFieldsEntry, fields: FieldSet): Owner => ({
  manager: entry.manager ?? '',
  operation: entry.operation ?? 'Update',
  apiVersion: entry.apiVersion ?? '',
  subresource: entry.subresource ?? '',
  time: entry.time,
  fields,
})

/** Appliers keep their identity when they move to another API version; updaters do not. */
export const isSameManager = (left: Manager, right: Manager): boolean =>
  left.manager === right.manager &&
  left.operation === right.operation &&
  left.subresource === right.subresource &&
  (left.operation === 'Apply' || left.apiVersion === right.apiVersion)

/** Equal texts for the same manager. */
const identityOf = ({ manager, operation, subresource, apiVersion }: Manager): string =>
  JSON.stringify([manager, operation, subresource, operation === 'Apply' ? '' : apiVersion])

export const entryOf = (owner: Owner): ManagedFieldsEntry => ({
  manager: owner.manager,
  operation: owner.operation,
  apiVersion: owner.apiVersion,
  ...(owner.time === undefined ? {} : { time: owner.time }),
  fieldsType: 'FieldsV1',
  fieldsV1: owner.fields,
  ...(owner.subresource === '' ? {} : { subresource: owner.subresource }),
})

/** undefined when an entry cannot be understood: upstream then falls back to what was stored. */
function parseOwners(entries: readonly ManagedFieldsEntry[]): Owner[] | undefined {
  const owners = new Map<string, Owner>()
  for (const entry of entries) {
    const fields = parseFieldSet(entry.fieldsV1 ?? {})
    const isKnown = entry.operation === 'Apply' || entry.operation === 'Update'
    if (fields === undefined || !isKnown || entry.fieldsType !== 'FieldsV1') return undefined
    const owner = ownerOf(entry, fields)
    owners.set(identityOf(owner), owner)
  }
  return [...owners.values()]
}

/** What is stored was checked when it was stored. */
export const storedOwners = (entries: readonly ManagedFieldsEntry[] | undefined): Owner[] =>
  (entries ?? []).map(entry => ownerOf(entry, toFieldSet(entry)))

function toFieldSet({ fieldsV1 }: ManagedFieldsEntry): FieldSet {
  return fieldsV1 !== undefined && isFieldSet(fieldsV1) ? fieldsV1 : EMPTY
}

/** The seam where stored JSON becomes a set: only our own encoder has written it. */
const isFieldSet = (fields: object): fields is FieldSet => fields !== undefined

/**
 * The owners a write starts from. A request may bring its own list (kubectl migrates entries that way), or a single
 * empty entry, which resets all ownership; subresources and unreadable lists change nothing.
 */
export function ownersForUpdate(
  live: AnyObject | undefined,
  updated: AnyObject,
  isSubresource: boolean,
): Owner[] {
  const stored = live?.metadata.managedFields
  const sent = updated.metadata.managedFields
  if (isSubresource || sent === undefined || sent.length === 0) return storedOwners(stored)
  if (sent === stored || equalJson(sent, stored)) return storedOwners(stored)
  const [first] = sent
  if (sent.length === 1 && first !== undefined && Object.keys(first).length === 0) return []
  const owners = parseOwners(sent)
  return owners === undefined || owners.length === 0 ? storedOwners(stored) : owners
}

/** Sorted, capped entries; owners of nothing vanish. undefined when nobody owns anything. */
export function encodeOwners(owners: readonly Owner[]): readonly ManagedFieldsEntry[] | undefined {
  const kept = capUpdates(owners.filter(owner => !isEmpty(owner.fields)))
  return kept.length === 0 ? undefined : kept.toSorted(compareOwners).map(entryOf)
}

const compareOwners = (left: Owner, right: Owner): number =>
  compareText(left.operation, right.operation) ||
  compareText(left.time ?? '', right.time ?? '') ||
  compareText(left.manager, right.manager) ||
  compareText(left.apiVersion, right.apiVersion) ||
  compareText(left.subresource, right.subresource)

/** Merges the oldest updaters of one API version until there are few enough. */
function capUpdates(owners: readonly Owner[]): readonly Owner[] {
  const updaters = owners
    .filter(owner => owner.operation === 'Update')
    .sort((a, b) => compareText(a.time ?? '', b.time ?? '') || compareOwners(a, b))
  let excess = updaters.length - UPDATE_ENTRIES_MAX
  if (excess <= 0) return owners
  const gone = new Set<Owner>()
  const buckets = new Map<string, Owner[]>()
  for (const owner of updaters) {
    if (excess <= 0) break
    const bucket = buckets.get(owner.apiVersion)
    if (bucket === undefined) buckets.set(owner.apiVersion, [owner])
    else {
      bucket.push(owner)
      excess -= 1
    }
  }
  const merged = [...buckets.values()]
    .filter(bucket => bucket.length > 1)
    .map(bucket => {
      for (const owner of bucket) gone.add(owner)
      return bucketOf(bucket)
    })
  return [...owners.filter(owner => !gone.has(owner)), ...merged]
}

const bucketOf = (bucket: readonly Owner[]): Owner => ({
  manager: ANCIENT_CHANGES,
  operation: 'Update',
  apiVersion: bucket[0]?.apiVersion ?? '',
  subresource: '',
  time: bucket.at(-1)?.time,
  fields: unionOf(bucket.map(owner => owner.fields)),
})
