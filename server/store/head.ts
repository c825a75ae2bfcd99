/**
 * The head: for every living key its newest revision, pending writes included. Owns: the map and its undo.
 *
 * Law  `undo` in reverse order of the changes restores exactly what was there before them.
 */
import { type HeadRow, revisionOf } from './backend.ts'
import { type Operation, StoreError } from './store.ts'

export interface HeadEntry {
  readonly revision: number
  readonly createRevision: number
  /** The newest row of this key that is, or will be, written. */
  readonly rowId: number
  readonly expiresAtMs: number | undefined
  /** Bytes that only memory has. */
  readonly volatileBytes: Buffer | undefined
}

/** One change, and what the key had before it. */
export interface HeadChange {
  readonly key: string
  readonly before: HeadEntry | undefined
}

export class Head {
  readonly #entries = new Map<string, HeadEntry>()

  constructor(rows: readonly HeadRow[]) {
    for (const row of rows) {
      this.#entries.set(row.key, {
        revision: revisionOf(row.id),
        createRevision: row.createRevision,
        rowId: row.id,
        expiresAtMs: row.expiresAtMs,
        volatileBytes: undefined,
      })
    }
  }

  get(key: string): HeadEntry | undefined {
    return this.#entries.get(key)
  }

  entries(): IterableIterator<[string, HeadEntry]> {
    return this.#entries.entries()
  }

  /** Throws StoreError `conflict` unless every operation's expectation holds. */
  check(operations: readonly Operation[]): void {
    const seen = new Set<string>()
    for (const operation of operations) {
      const { key, expected } = operation
      if (seen.has(key)) throw new TypeError(`one commit names ${key} twice`)
      seen.add(key)
      const revision = this.#entries.get(key)?.revision ?? 0
      const holds = expected === undefined || expected === revision
      const pointless = operation.kind === 'delete' && revision === 0
      if (holds && !pointless) continue
      const found = revision === 0 ? 'does not exist' : `is at revision ${revision}`
      throw new StoreError('conflict', `${key} ${found}, expected ${expected ?? 'a revision'}`, {
        key,
      })
    }
  }

  /** Sets (or with undefined removes) a key and returns how to take it back. */
  set(key: string, entry: HeadEntry | undefined): HeadChange {
    const before = this.#entries.get(key)
    if (entry === undefined) this.#entries.delete(key)
    else this.#entries.set(key, entry)
    return { key, before }
  }

  undo(changes: readonly HeadChange[]): void {
    for (const { key, before } of changes.toReversed()) {
      if (before === undefined) this.#entries.delete(key)
      else this.#entries.set(key, before)
    }
  }
}
