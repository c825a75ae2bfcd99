/**
 * What no apply can take from an object: its API version, kind, name and the metadata the server keeps. Pure.
 */

import type { AnyObject, ObjectMeta } from '#api/object.ts'
import { UNOWNED_METADATA } from '#api/patch/apply/elements.ts'
import { isRecord } from '#api/values.ts'

/** `fields` as an object of `identity`'s kind and name. */
export function kubeObjectOf(fields: unknown, identity: AnyObject): AnyObject {
  const { apiVersion, kind, metadata } = identity
  const known = isRecord(fields) ? fields : {}
  return {
    ...known,
    apiVersion,
    kind,
    metadata: isMetadata(known.metadata) ? known.metadata : nameOf(metadata),
  }
}

/** The seam where merged JSON becomes metadata again; decoding checks its content afterwards. */
const isMetadata = (value: unknown): value is ObjectMeta => isRecord(value)

export const nameOf = ({ name, namespace }: ObjectMeta): ObjectMeta => ({
  ...(name === undefined ? {} : { name }),
  ...(namespace === undefined ? {} : { namespace }),
})

/** Clients write `creationTimestamp: null` without meaning to take the time away. */
export function withoutEmptyServerFields(applied: AnyObject): AnyObject {
  const entries = Object.entries(applied.metadata).filter(
    ([name, value]) => value !== null || !UNOWNED_METADATA.has(name),
  )
  return { ...applied, metadata: Object.fromEntries(entries) }
}
