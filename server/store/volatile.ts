/**
 * What only memory has: newest states of keys between durable commits, and the revisions they may use.
 *
 * A revision is given to a volatile commit only inside a block that was reserved durably, and a key is marked durably
 * before its first volatile commit, so that a start knows both what may have been given out and whom to announce anew.
 */
import type { CommitRecord } from './backend.ts'
import type { Entry, StoreEvent } from './store.ts'

/** How many revisions one durable reservation gives. */
const BLOCK = 10_000

export class Volatile {
  /** Visible states, newer than what the backend has. */
  readonly states = new Map<string, Entry>()
  /** Keys the backend knows, or will know by the time it matters, to be volatile. */
  readonly #marked = new Set<string>()
  #reserved: number

  constructor(revision: number) {
    this.#reserved = revision
  }

  /** What has to be written before this key may have this revision; undefined = nothing. */
  prepare(
    key: string,
    revision: number,
  ): Pick<CommitRecord, 'reserve' | 'markVolatile'> | undefined {
    const grows = revision > this.#reserved
    const isMarked = this.#marked.has(key)
    if (isMarked && !grows) return undefined
    if (grows) this.#reserved = revision + BLOCK
    this.#marked.add(key)
    return {
      ...(grows ? { reserve: this.#reserved } : {}),
      ...(isMarked ? {} : { markVolatile: key }),
    }
  }

  /** Reservations and marks may have failed with the queue: asking for them again costs little. */
  doubt(revision: number): void {
    this.#reserved = revision
    this.#marked.clear()
  }

  /** Takes an event that became visible. */
  see(event: StoreEvent, isVolatile: boolean): void {
    const { key, bytes, revision, createRevision } = event
    if (isVolatile) this.states.set(key, { key, bytes, revision, createRevision })
    else if (this.states.size > 0) this.states.delete(key)
  }

  *events(): Generator<StoreEvent> {
    for (const entry of this.states.values()) {
      yield { ...entry, kind: 'put', attachment: undefined }
    }
  }
}
