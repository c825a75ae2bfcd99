/** What turns the fields of one group-version of a kind into those of another. Types only. */
import type { FieldError } from '#api/status.ts'
import type { Fields } from '#api/values.ts'

/** Pure functions over whole objects; apiVersion and kind are set by the mechanism, unknown fields dropped behind. */
export interface Conversion {
  /** To the form of the storage's row. */
  readonly toStorage: (object: Fields) => Fields
  readonly fromStorage: (object: Fields) => Fields
  /** Why an object of the old version cannot be said in the stored one. */
  readonly contradictions?: (object: Fields) => readonly FieldError[]
  /** Fields that are there even when nothing is known of them. */
  readonly nulls?: Readonly<Record<string, null>>
  /** Fields are named alike, or differ below what is owned as one: ownership needs no translation. */
  readonly keepsPaths?: true
}
