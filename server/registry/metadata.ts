/**
 * The part of an object's metadata that the server owns: filled on create, carried over on update. Pure.
 *
 * Source: k8s.io/apiserver pkg/registry/rest/create.go, update.go, meta.go
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject, ObjectMeta } from '#api/object.ts'
import { rfc3339 } from '#api/time.ts'
import type { Random } from '#base/random.ts'
import type { Strategy } from './strategy.ts'

const GENERATED_SUFFIX = 5
const NAME_MAX = 63

export const generateName = (prefix: string, random: Random): string =>
  prefix.slice(0, NAME_MAX - GENERATED_SUFFIX) + random.suffix(GENERATED_SUFFIX)

/** Metadata of a new object: identity and times are the server's, whatever the client sent. */
export function metadataForCreate(
  sent: ObjectMeta,
  made: { readonly now: number; readonly random: Random; readonly generation: boolean },
): ObjectMeta {
  const {
    resourceVersion: _revision,
    selfLink: _link,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    ...kept
  } = sent
  return {
    ...kept,
    uid: made.random.uuid(),
    creationTimestamp: rfc3339(made.now),
    ...(made.generation ? { generation: 1 } : {}),
  }
}

/** Metadata of an updated object: what the server owns stays as it was. Source: rest.BeforeUpdate */
export function metadataForUpdate(sent: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const { selfLink: _link, ...kept } = sent
  return defined({
    ...kept,
    // What a client makes of these is judged with the rest of the object.
    uid: sent.uid || old.uid,
    creationTimestamp: old.creationTimestamp ?? sent.creationTimestamp,
    deletionTimestamp: old.deletionTimestamp ?? sent.deletionTimestamp,
    deletionGracePeriodSeconds: sent.deletionGracePeriodSeconds ?? old.deletionGracePeriodSeconds,
    generation: old.generation,
    resourceVersion: old.resourceVersion,
  })
}

/** Drops what is undefined, so that objects compare and encode without it. */
function defined(
  meta: { readonly [Name in keyof ObjectMeta]: ObjectMeta[Name] | undefined },
): ObjectMeta {
  return Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined))
}

export const withMetadata = (object: AnyObject, changes: Partial<ObjectMeta>): AnyObject => ({
  ...object,
  metadata: { ...object.metadata, ...changes },
})

/** Raises the generation when more than metadata and a status of its own differs, or annotations where they count. */
export function withGeneration(object: AnyObject, old: AnyObject, strategy: Strategy): AnyObject {
  if (!strategy.generation) return object
  const generation = old.metadata.generation ?? 0
  const isChanged =
    !isSameBut(object, old, 'metadata', ...(strategy.hasStatus ? ['status'] : [])) ||
    (strategy.countsAnnotations === true &&
      !equalJson(object.metadata.annotations ?? {}, old.metadata.annotations ?? {}))
  return isChanged ? withMetadata(object, { generation: generation + 1 }) : object
}

/** True when two states differ in nothing that is worth a revision (times in managedFields are not). */
export function isUnchanged(next: AnyObject, old: AnyObject): boolean {
  return (
    next === old ||
    (isSameBut(next, old, 'metadata') &&
      isSameBut(next.metadata, old.metadata, 'managedFields') &&
      equalJson(timeless(next.metadata.managedFields), timeless(old.metadata.managedFields)))
  )
}

/** Whether two objects agree in all members but these. */
const isSameBut = (left: object, right: object, ...names: readonly string[]): boolean => {
  const ignored = Object.fromEntries(names.map(name => [name, undefined]))
  return equalJson({ ...left, ...ignored }, { ...right, ...ignored })
}

const timeless = (owners: ObjectMeta['managedFields']): unknown =>
  owners?.map(({ time: _time, ...owner }) => owner)
