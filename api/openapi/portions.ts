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
      const shared = open === undefined ? 0 : sharedLength(open, at)
      const before = open === undefined ? '{' : `${closing(open, shared)},`
      open = at
      return Buffer.from(before + opening(at, shared) + text)
    },
    end: () => Buffer.from(open === undefined ? '{}' : `${closing(open, 0)}}`),
  }
}

/** Of how many keys both come below. */
function sharedLength(open: readonly string[], at: readonly string[]): number {
  const differs = at.findIndex((key, index) => key !== open[index])
  return differs < 0 ? at.length : differs
}

const closing = (open: readonly string[], shared: number): string =>
  '}'.repeat(open.length - shared)

const opening = (at: readonly string[], shared: number): string =>
  at
    .slice(shared)
    .map(key => `${JSON.stringify(key)}:{`)
    .join('')
