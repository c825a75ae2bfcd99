/**
 * The writing thread's work: groups of records into transactions, slices of compaction, checkpoints between them.
 *
 * Everything that arrived while one transaction was being flushed forms the next one. It decides nothing: keys, ids and
 * links come from the sequencer. After a failed transaction it refuses records until their epoch is newer.
 */
import { type HeadRow, type Opened, REPLAY_ROWS, revisionOf, rowIdOf } from './backend.ts'
import { asWriteError, type Connection } from './sqlite-file.ts'
import type { PackedRecord, PackedRow, WriterReply } from './sqlite-messages.ts'

/** Bounds of one transaction, so that the first writer of a burst does not wait for all of it. */
export const GROUP_ROWS = 256
export const GROUP_BYTES = 4 * 1024 * 1024
const COMPACTION_ROWS = 500
/** Write-ahead log length at which its pages move into the file: 8 MB, so that hot pages move once. */
const CHECKPOINT_PAGES = 2000
/** Free pages are reused; only a surplus goes back to the file system. */
const FREE_PAGES_KEPT = 1000
const VACUUM_PAGES = 200

/** Pages of the log that one transaction, and one row, take at most in all likelihood. */
const GROUP_PAGES = 8
const PAGE_BYTES = 4096
const addPages = (pages: number, row: PackedRow): number =>
  pages + 2 + Math.ceil(Math.max(0, row[7]) / PAGE_BYTES)

export interface GroupItem {
  readonly record: PackedRecord
  readonly values: Uint8Array<ArrayBuffer>
}

type Finals = [number, Uint8Array<ArrayBuffer>][]
type Reply = (reply: WriterReply, transfer?: ArrayBuffer[]) => void

export class SqliteWriter {
  readonly #db: Connection
  readonly #reply: Reply
  readonly #statements: ReturnType<typeof prepareStatements>
  #oldestEpoch = 0
  #compactTo = 0
  #cursor: number
  #compactions: { readonly id: number; readonly revision: number }[] = []
  #checkpointWarned = false
  /** Length of the write-ahead log: exact when it was last looked at, and estimated upwards since. */
  #walPages = 0

  constructor(db: Connection, reply: Reply) {
    this.#db = db
    this.#reply = reply
    this.#statements = prepareStatements(db)
    const meta = this.#statements.meta.get()
    this.#compactTo = meta?.compacted ?? 0
    this.#cursor = meta?.compaction_cursor ?? 0
  }

  opened(): Opened {
    const meta = this.#statements.meta.get()
    const head = this.#statements.head.all().map(
      (row): HeadRow => ({
        key: row.key,
        id: row.id,
        createRevision: row.created,
        expiresAtMs: row.expires_at ?? undefined,
      }),
    )
    const compactedRevision = meta?.compacted ?? 0
    const highest = revisionOf(this.#statements.highest.get()?.id ?? 0)
    return {
      // Compaction may have taken the newest row (a delete), and volatile commits never had one.
      revision: Math.max(highest, compactedRevision, meta?.reserved ?? 0),
      compactedRevision,
      replayRevision: revisionOf(this.#statements.recent.get(REPLAY_ROWS)?.id ?? 0),
      head,
      volatileKeys: this.#livingVolatileKeys(head),
    }
  }

  /** Forgets, of the keys to announce, those that nobody has any more. */
  #livingVolatileKeys(head: readonly HeadRow[]): readonly string[] {
    const living = new Set(head.map(row => row.key))
    const keys = this.#statements.volatileKeys.all().map(row => row.key)
    const dead = keys.filter(key => !living.has(key))
    try {
      if (dead.length > 0)
        this.#transaction(() => dead.forEach(key => this.#statements.unmark.run(key)))
    } catch (error) {
      // On a full disk they stay until the next start: a few bytes each.
      if (asWriteError(error).isFatal) throw error
    }
    return keys.filter(key => living.has(key))
  }

  /** Writes records, all or none, and answers. */
  write(group: readonly GroupItem[], epoch: number): void {
    const last = group.at(-1)
    if (last === undefined || epoch < this.#oldestEpoch) return
    const finals: Finals = []
    try {
      this.#transaction(() => {
        for (const item of group) this.#insert(item, finals)
      })
    } catch (error) {
      return this.#fail(error, epoch)
    }
    const { sequence } = last.record
    this.#reply({ kind: 'flushed', sequence, finals })
    this.#walPages += GROUP_PAGES
    for (const { record } of group) this.#walPages += record.rows.reduce(addPages, 0)
    this.#checkpoint(CHECKPOINT_PAGES)
  }

  compact(id: number, revision: number): void {
    this.#compactions.push({ id, revision })
    this.#compactTo = Math.max(this.#compactTo, revision)
  }

  /** One bounded step of what can wait. Returns whether there is more. */
  tend(): boolean {
    if (this.#cursor < rowIdOf({ revision: this.#compactTo + 1, position: 0 }) - 1) {
      try {
        this.#compactSlice()
      } catch (error) {
        // A full disk must not wedge it: the marks are where they were, and the next request goes on.
        this.#reply({ kind: 'warning', message: asWriteError(error).error.message })
        this.#compactTo = revisionOf(this.#cursor)
        this.#answerCompactions()
        return false
      }
      return true
    }
    this.#answerCompactions()
    return this.#vacuum()
  }

  close(): void {
    this.#walPages = Math.max(this.#walPages, 1)
    this.#checkpoint(1)
    this.#db.close()
  }

  #transaction(work: () => void): void {
    this.#statements.begin.run()
    try {
      work()
      this.#statements.commit.run()
    } catch (error) {
      if (this.#db.inTransaction) this.#statements.rollback.run()
      throw error
    }
  }

  #insert({ record, values }: GroupItem, finals: Finals): void {
    for (const row of record.rows) {
      const [id, key, isPut, created, previous, expiresAtMs, offset, length] = row
      const given = length < 0 ? undefined : Buffer.from(values.buffer, offset, length)
      const value = given ?? this.#valueOf(previous)
      if (given === undefined) finals.push([id, new Uint8Array(value)])
      const { user, atMs } = record
      this.#statements.insert.run(
        id,
        key,
        isPut ? 1 : 0,
        created,
        previous,
        expiresAtMs,
        user,
        atMs,
        value,
      )
    }
    if (record.reserve !== undefined) this.#statements.reserve.run(record.reserve)
    if (record.markVolatile !== undefined) this.#statements.mark.run(record.markVolatile)
  }

  #valueOf(id: number): Buffer {
    return this.#statements.value.get(id)?.value ?? Buffer.alloc(0)
  }

  #fail(cause: unknown, epoch: number): void {
    const { error, isFatal } = asWriteError(cause)
    this.#oldestEpoch = epoch + 1
    const { code, message } = error
    this.#reply({ kind: 'failed', epoch, code, message, isFatal })
  }

  /** Deletes what the next rows in (cursor, compactTo] replaced, and those of them that are deletes. */
  #compactSlice(): void {
    const through = rowIdOf({ revision: this.#compactTo + 1, position: 0 }) - 1
    const rows = this.#statements.slice.all(this.#cursor, through, COMPACTION_ROWS)
    const cursor = rows.length < COMPACTION_ROWS ? through : (rows.at(-1)?.id ?? through)
    this.#transaction(() => {
      this.#statements.setCompaction.run(this.#compactTo, cursor)
      for (const row of rows) {
        if (row.previous !== 0) this.#statements.remove.run(row.previous)
        if (row.is_put === 0) this.#statements.remove.run(row.id)
      }
    })
    this.#cursor = cursor
    this.#walPages += GROUP_PAGES + 2 * rows.length
    this.#checkpoint(CHECKPOINT_PAGES)
  }

  #answerCompactions(): void {
    for (const { id } of this.#compactions.splice(0)) this.#reply({ kind: 'compacted', id })
  }

  #vacuum(): boolean {
    const free = Number(this.#db.pragma('freelist_count', { simple: true }))
    const total = Number(this.#db.pragma('page_count', { simple: true }))
    if (free < FREE_PAGES_KEPT || free < total / 4) return false
    try {
      this.#db.exec(`pragma incremental_vacuum(${VACUUM_PAGES})`)
      this.#walPages += 2 * VACUUM_PAGES
      this.#checkpoint(CHECKPOINT_PAGES)
      return true
    } catch (error) {
      this.#reply({ kind: 'warning', message: asWriteError(error).error.message })
      return false
    }
  }

  /** Moves the log's pages into the file once it is `pages` long. A failure costs only space: try again later. */
  #checkpoint(pages: number): void {
    if (this.#walPages < pages) return
    try {
      this.#walPages = this.#statements.walLength.get()?.log ?? 0
      if (this.#walPages < pages) return
      this.#statements.checkpoint.get()
      this.#walPages = 0
      this.#checkpointWarned = false
    } catch (error) {
      if (this.#checkpointWarned) return
      this.#checkpointWarned = true
      const { message } = asWriteError(error).error
      this.#reply({ kind: 'warning', message: `checkpoint: ${message}` })
    }
  }
}

interface MetaRow {
  readonly reserved: number
  readonly compacted: number
  readonly compaction_cursor: number
}

interface HeadColumns {
  readonly id: number
  readonly key: string
  readonly created: number
  readonly expires_at: number | null
}

type InsertValues = [
  id: number,
  key: string,
  isPut: number,
  created: number,
  previous: number,
  expiresAt: number | null,
  user: string,
  at: number,
  value: Buffer,
]

function prepareStatements(db: Connection) {
  return {
    begin: db.prepare('begin immediate'),
    commit: db.prepare('commit'),
    rollback: db.prepare('rollback'),
    meta: db.prepare<[], MetaRow>('select reserved, compacted, compaction_cursor from meta'),
    highest: db.prepare<[], { id: number | null }>('select max(id) as id from history'),
    recent: db.prepare<[number], { id: number }>(
      'select id from history order by id desc limit 1 offset ?',
    ),
    head: db.prepare<[], HeadColumns>(`
      select h.id, h.key, h.created, h.expires_at
      from (select max(id) as id from history group by key) newest
      join history h on h.id = newest.id
      where h.is_put = 1`),
    volatileKeys: db.prepare<[], { key: string }>('select key from volatile'),
    insert: db.prepare<InsertValues>('insert into history values (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    value: db.prepare<[number], { value: Buffer }>('select value from history where id = ?'),
    reserve: db.prepare<[number]>('update meta set reserved = ?'),
    mark: db.prepare<[string]>('insert or ignore into volatile values (?)'),
    unmark: db.prepare<[string]>('delete from volatile where key = ?'),
    slice: db.prepare<[number, number, number], { id: number; previous: number; is_put: number }>(
      'select id, previous, is_put from history where id > ? and id <= ? order by id limit ?',
    ),
    setCompaction: db.prepare<[number, number]>(
      'update meta set compacted = ?, compaction_cursor = ?',
    ),
    remove: db.prepare<[number]>('delete from history where id = ?'),
    walLength: db.prepare<[], { log: number }>('pragma wal_checkpoint(NOOP)'),
    checkpoint: db.prepare<[], { log: number }>('pragma wal_checkpoint(PASSIVE)'),
  }
}
