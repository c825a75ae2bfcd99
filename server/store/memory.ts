/**
 * The store in memory: the same sequencer over plain arrays, for simulations and unit tests. Nothing survives it.
 *
 * Owns: rows in order of revision. Acknowledges everything appended in one turn together, in a microtask, like a
 * group commit; `failNext` makes the next group fail.
 */
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import {
  type Acknowledgement,
  type Backend,
  type BackendListener,
  type CommitRecord,
  inRange,
  type HistoryPage,
  type HistoryPageRequest,
  type ListPage,
  type ListPageRequest,
  type Row,
  revisionOf,
  type StoredRow,
} from './backend.ts'
import type { CompactionPolicy } from './compaction.ts'
import { Sequencer } from './sequencer.ts'
import type { Store, StoreError } from './store.ts'

const HISTORY_PAGE = 500

export interface MemoryStoreOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly compaction?: CompactionPolicy
}

export interface MemoryStore extends Store {
  /** The next group of commits fails with this error. */
  failNext(error: StoreError): void
}

export async function openMemoryStore(options: MemoryStoreOptions): Promise<MemoryStore> {
  const backend = new MemoryBackend()
  const store = new Sequencer({ ...options, backend })
  return Object.assign(store, { failNext: (error: StoreError) => backend.failNext(error) })
}

class MemoryBackend implements Backend {
  readonly opened = {
    revision: 0,
    compactedRevision: 0,
    replayRevision: 0,
    head: [],
    volatileKeys: [],
  }
  #rows: StoredRow[] = []
  #queue: CommitRecord[] = []
  #listener: BackendListener | undefined
  #failure: StoreError | undefined

  failNext(error: StoreError): void {
    this.#failure = error
  }

  listen(listener: BackendListener): void {
    this.#listener = listener
  }

  append(record: CommitRecord): void {
    if (this.#queue.push(record) === 1) queueMicrotask(() => this.#flush())
  }

  async list(request: ListPageRequest): Promise<ListPage> {
    const latest = new Map<string, StoredRow>()
    for (const row of this.#rows) {
      if (revisionOf(row.id) > request.atRevision) break
      if (inRange(row.key, request)) latest.set(row.key, row)
    }
    const rows = [...latest.values()]
      .filter(row => row.kind === 'put')
      .sort((left, right) => (left.key < right.key ? -1 : 1))
    return { rows: rows.slice(0, request.limit), more: rows.length > request.limit }
  }

  async history(request: HistoryPageRequest): Promise<HistoryPage> {
    const rows = this.#rows.filter(
      row =>
        revisionOf(row.id) > request.after &&
        revisionOf(row.id) <= request.through &&
        inRange(row.key, request),
    )
    const cut = rows[HISTORY_PAGE]
    if (cut === undefined) return { rows, through: request.through }
    const through = Math.max(revisionOf(cut.id) - 1, request.after + 1)
    return { rows: rows.filter(row => revisionOf(row.id) <= through), through }
  }

  async compact(revision: number): Promise<void> {
    const dead = new Set<number>()
    for (const row of this.#rows) {
      if (revisionOf(row.id) > revision) break
      dead.add(row.previous)
      if (row.kind === 'delete') dead.add(row.id)
    }
    this.#rows = this.#rows.filter(row => !dead.has(row.id))
  }

  async close(): Promise<void> {}

  #flush(): void {
    const records = this.#queue
    this.#queue = []
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) return this.#listener?.onFailed(failure)
    const finals = new Map<number, Buffer>()
    for (const row of records.flatMap(record => record.rows))
      this.#rows.push(this.#stored(row, finals))
    const sequence = records.at(-1)?.sequence ?? 0
    const acknowledgement: Acknowledgement = { sequence, finals }
    this.#listener?.onFlushed(acknowledgement)
  }

  #stored(row: Row, finals: Map<number, Buffer>): StoredRow {
    if (row.bytes !== undefined) return { ...row, bytes: row.bytes }
    const bytes = this.#rows.findLast(({ id }) => id === row.previous)?.bytes ?? Buffer.alloc(0)
    finals.set(row.id, bytes)
    return { ...row, bytes }
  }
}
