/**
 * What the sequencer needs of a place that keeps rows: append in order, flush, read history, forget.
 *
 * A backend decides nothing: expectations, revisions and order are settled before a record reaches it. It may
 * gather records into groups; it acknowledges them in order, and only when they would survive a power cut.
 */
import type { Author, StoreError } from './store.ts'

/** Positions within one revision; also the bound of operations in one commit. */
export const POSITIONS = 4096

/** How much of the past is cheap to read at a start. */
export const REPLAY_ROWS = 1000

/** One number that orders rows: revision first, then the position inside its commit. Safe up to 2^41 revisions. */
export const rowIdOf = (at: { readonly revision: number; readonly position: number }): number =>
  at.revision * POSITIONS + at.position

export const revisionOf = (rowId: number): number => Math.floor(rowId / POSITIONS)

export interface Row {
  readonly id: number
  readonly key: string
  readonly kind: 'put' | 'delete'
  readonly createRevision: number
  /** Row that this one supersedes; 0 = none. Compaction walks these links instead of searching. */
  readonly previous: number
  readonly expiresAtMs: number | undefined
  /** Undefined only in a delete on its way in: the backend keeps, and reports, the bytes the key had. */
  readonly bytes: Buffer | undefined
}

/** A row read back: bytes are always there. */
export type StoredRow = Row & { readonly bytes: Buffer }

/** What one commit writes. All of it becomes durable, or none. */
export interface CommitRecord {
  /** Counts records of this process; acknowledgements name it. */
  readonly sequence: number
  readonly rows: readonly Row[]
  readonly author: Author
  /** Revisions up to here may be given out without being written. */
  readonly reserve?: number
  /** A key whose newest bytes may live in memory only: it is announced anew after the next start. */
  readonly markVolatile?: string
}

/** The latest row of a living key, without its bytes. */
export interface HeadRow {
  readonly key: string
  readonly id: number
  readonly createRevision: number
  readonly expiresAtMs: number | undefined
}

export interface Opened {
  /** No revision up to here may be given out again. */
  readonly revision: number
  readonly compactedRevision: number
  /** REPLAY_ROWS or a few more rows lie above it, or all there are. */
  readonly replayRevision: number
  readonly head: readonly HeadRow[]
  readonly volatileKeys: readonly string[]
}

export interface Acknowledgement {
  /** Everything up to this record is durable. */
  readonly sequence: number
  /** Row id to final bytes, for deletes that brought none. */
  readonly finals: ReadonlyMap<number, Buffer>
}

export interface BackendListener {
  onFlushed(acknowledgement: Acknowledgement): void
  /** Everything appended and not acknowledged is lost; what is appended from now on counts again. */
  onFailed(error: StoreError): void
  /** The backend is beyond use: only a new start can tell what is durable. */
  onFatal(error: StoreError): void
}

export interface KeyRange {
  /** Inclusive. */
  readonly from: string
  /** Exclusive. */
  readonly to: string
}

export interface ListPageRequest extends KeyRange {
  readonly atRevision: number
  readonly limit: number
}

export interface ListPage {
  /** At most `limit`, or fewer when they are big; at least one unless there is none. */
  readonly rows: readonly StoredRow[]
  /** False when nothing follows in the range. */
  readonly more: boolean
}

export interface HistoryPageRequest extends KeyRange {
  readonly after: number
  readonly through: number
}

export interface HistoryPage {
  /** Whole revisions only. */
  readonly rows: readonly StoredRow[]
  /** The revision this page is complete up to; at least one more than asked `after`. */
  readonly through: number
}

export interface Backend {
  readonly opened: Opened
  listen(listener: BackendListener): void
  append(record: CommitRecord): void
  /** Living keys in key order as of a revision. */
  list(request: ListPageRequest): Promise<ListPage>
  /** Rows of revisions in (after, through], oldest first. */
  history(request: HistoryPageRequest): Promise<HistoryPage>
  /** Forgets, in slices, what only revisions below `revision` could show. */
  compact(revision: number): Promise<void>
  /** After the last acknowledgement: releases what it holds. */
  close(): Promise<void>
}

/** The range of keys that start with `prefix`. */
export const rangeOf = (prefix: string): KeyRange => {
  if (prefix === '') return { from: '', to: '\u{10ffff}' }
  const last = prefix.length - 1
  return {
    from: prefix,
    to: prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1),
  }
}

export const inRange = (key: string, range: KeyRange): boolean =>
  key >= range.from && key < range.to
