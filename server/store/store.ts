/**
 * The store's contract: a revisioned key-value store with watch. It stores bytes and knows no Kubernetes.
 *
 *   revision 5: put /pods/a      revision 6: put /pods/b, delete /pods/a     revision 7: put /pods/b
 *   get(/pods/b) -> the bytes of 7, created 6. list(/pods/, at 5) -> a. watch(/pods/, after 5) -> 6, 7.
 *   compact(6): list(at 5) and watch(after 4) now fail with `compacted`; watch(after 6) still works.
 *
 * Laws
 *   Revisions are strictly increasing and never reused, not even after a crash.
 *   A commit is acknowledged only when it is durable (flushed), whole or not at all.
 *   No reader and no watcher sees a revision that is not durable; when N is visible, all below N are settled.
 *   Every acknowledged commit reaches every watcher exactly once and in order of revision.
 *   If a commit group fails, it and all queued behind it fail, and the head returns to what is durable.
 */

/** What `expected` of an operation may demand of the key, checked against the head including pending writes. */
export type Expected =
  /** The key's latest modification must have exactly this revision; 0: the key must not exist. */
  | number
  /** Anything goes. */
  | undefined

/** Bytes of a value for the revision it was given, plus what rides along to the cache unpersisted. */
export interface Encoded {
  readonly bytes: Buffer
  /** Handed to watchers of this process as `StoreEvent.attachment` (e.g. the object already parsed). */
  readonly attachment?: unknown
}

export interface Put {
  readonly kind: 'put'
  readonly key: string
  readonly expected: Expected
  /**
   * Called exactly once, with the revision this commit was assigned, in the same synchronous step that checks the
   * expectations: inside `commit`, unless the queue is full and `commit` had to wait for room first.
   */
  readonly encode: (revision: number) => Encoded
  /** Wall-clock time after which the store deletes the key by itself (events). */
  readonly expiresAtMs?: number
}

/** Deleting a key that is not there is a conflict, whatever is expected. */
export interface Delete {
  readonly kind: 'delete'
  readonly key: string
  readonly expected: Expected
  /** The last state, stamped with the deleting revision: what watchers see as the deleted object. */
  readonly encode?: (revision: number) => Encoded
}

export type Operation = Put | Delete

/** Who wrote a revision and when: kept with it, for history and audit. */
export interface Author {
  readonly user: string
  readonly atMs: number
}

export interface StoreEvent {
  readonly kind: 'put' | 'delete'
  readonly key: string
  readonly revision: number
  /** Revision at which the key was created; for a delete, that of the life that ended. */
  readonly createRevision: number
  /** The new bytes; for a delete the final bytes if the writer gave some, else the bytes it had. */
  readonly bytes: Buffer
  readonly attachment: unknown
}

export interface Entry {
  readonly key: string
  readonly bytes: Buffer
  readonly revision: number
  readonly createRevision: number
}

export interface ListOptions {
  readonly prefix: string
  /** Undefined: the latest durable state. */
  readonly atRevision?: number
  /** Undefined: no bound. */
  readonly limit?: number
  /** Start strictly after this key. */
  readonly after?: string
}

export interface EntryPage {
  readonly entries: readonly Entry[]
  /** The revision the page shows. */
  readonly revision: number
  /** True when keys follow behind `limit`. */
  readonly more: boolean
}

export interface Watch {
  /** Idempotent. No event is delivered after it returns. */
  close(): void
}

export interface WatchHandler {
  /** All events of one or several whole revisions, in order. Called synchronously, never re-entered. */
  onEvents(events: readonly StoreEvent[], revision: number): void
  /** Once: everything up to `revision` was delivered, and what follows is delivered as it happens. */
  onLive?(revision: number): void
  /** The watch ended and will not deliver more (`closed` store, or `compacted` under a slow replay). */
  onEnd(error: StoreError): void
}

export interface Store {
  /** The latest durable revision. */
  readonly revision: number
  /** Revisions up to here are gone from history. */
  readonly compactedRevision: number
  /**
   * Lists of states before this are refused: history is promised for some minutes, and what is older may go at any time.
   * Never below `compactedRevision`; counted from the start of the process.
   */
  readonly historyRevision: number
  /**
   * Where a reader that starts with the store may begin to replay: a thousand writes or so before the start. Counted in
   * writes, because each start leaves a gap in the numbers (the rest of a block reserved for volatile commits).
   */
  readonly replayRevision: number
  get(key: string): Promise<Entry | undefined>
  list(options: ListOptions): Promise<EntryPage>
  /**
   * Applies all operations or none, under one new revision.
   * Throws  StoreError `conflict` (with the failing key), `disk-full`, `failed`, `closed`.
   */
  commit(operations: readonly Operation[], author: Author): Promise<number>
  /**
   * Replaces the bytes of one existing key in memory only, with a revision from a durably reserved block
   * (Lease renewals). Watchers see it like any commit. After a crash the last durable bytes are back,
   * re-announced under a fresh revision, and the counter resumes above the block.
   */
  commitVolatile(operation: Put, author: Author): Promise<number>
  /** Events after `afterRevision`, history first. Throws StoreError `compacted` / `future`. */
  watch(options: { prefix: string; afterRevision: number }, handler: WatchHandler): Watch
  /** Forgets superseded history up to `revision`, in bounded slices, resumable after a crash. */
  compact(revision: number): Promise<void>
  /** Takes back the promise of history before `revision`: costs nothing, deletes nothing. */
  retire(revision: number): void
  /** Flushes what is queued, refuses what comes after, releases the files. */
  close(): Promise<void>
}

export type StoreErrorCode = 'conflict' | 'compacted' | 'future' | 'disk-full' | 'failed' | 'closed'

export class StoreError extends Error {
  readonly code: StoreErrorCode
  /** The key whose expectation failed (`conflict`). */
  readonly key: string | undefined

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions & { key?: string }) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
    this.key = options?.key
  }
}
