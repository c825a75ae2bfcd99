/**
 * OpenAPI documents in portions, so that whoever makes one may give others a turn between them. Pure.
 *
 * A portion adds `entries` to the object that `at` names in the document. Portions of one place follow each other.
 * `createJsonWriter` turns portions into text, piece by piece: the pieces, joined, are the document.
 */
export interface Portion {
  /** Keys from the root: `['components', 'schemas']`. */
  readonly at: readonly string[]
  readonly entries: Schema
}

export type Schema = Readonly<Record<string, unknown>>

export interface JsonWriter {
  add(portion: Portion): Buffer
  /** What is still open. */
  end(): Buffer
}

export function createJsonWriter(): JsonWriter {
  let open: readonly string[] | undefined
  return {
    add({ at, entries }) {
      const text = JSON.stringify(entries).slice(1, -1)
      if (text === '') return Buffer.alloc(0)
      const isSame = open !== undefined && at.join('/') === open.join('/')
      const before = isSame ? ',' : `${closing(open)}${opening(open, at)}`
      open = at
      return Buffer.from(before + text)
    },
    end: () => Buffer.from(open === undefined ? '{}' : `${closing(open)}}`),
  }
}

const closing = (open: readonly string[] = []): string => '}'.repeat(open.length)

const opening = (open: readonly string[] | undefined, at: readonly string[]): string =>
  (open === undefined ? '{' : ',') + at.map(key => `${JSON.stringify(key)}:{`).join('')
