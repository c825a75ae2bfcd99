/** Writes a revision into stored JSON, and makes parsed objects safe to share. Pure. */
import type { AnyObject } from '#api/object.ts'

/** The same object with this `metadata.resourceVersion`. */
export const stamped = (object: AnyObject, revision: number): AnyObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
})

/**
 * Stored bytes under another revision: deleted objects, and keys that are announced anew after a start
 * (`restamp` of the store's options).
 */
export const stampRevision = (bytes: Buffer, revision: number): Buffer =>
  Buffer.from(JSON.stringify(stamped(parseObject(bytes), revision)))

/** The seam between stored bytes and objects: only the registry writes them, and it writes objects. */
export const parseObject = (bytes: Buffer): AnyObject => JSON.parse(bytes.toString())

export const isObject = (value: unknown): value is AnyObject =>
  typeof value === 'object' && value !== null && 'metadata' in value

export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const key in value) deepFreeze(value[key])
  return value
}
