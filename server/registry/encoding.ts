/** Encodes an object once, at the moment the store gives it a revision. */
import type { AnyObject } from '#api/object.ts'
import type { Encoded } from '#server/store/store.ts'

export interface Encoding {
  readonly encode: (revision: number) => Encoded
  /** What was encoded; before that the object as given. */
  result(): { readonly object: AnyObject; readonly bytes: Buffer | undefined }
}

/** The object handed in must be canonical already (decoded and defaulted by the codec). */
export function encodeAt(object: AnyObject): Encoding {
  let made: { readonly object: AnyObject; readonly bytes: Buffer | undefined } = {
    object,
    bytes: undefined,
  }
  return {
    encode(revision) {
      const stamped = {
        ...object,
        metadata: { ...object.metadata, resourceVersion: String(revision) },
      }
      const text = JSON.stringify(stamped)
      // Of its own memory: the cache keeps it for long, and would have to copy it out of a shared slab.
      const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
      bytes.write(text)
      made = { object: stamped, bytes }
      return { bytes, attachment: stamped }
    },
    result: () => made,
  }
}
