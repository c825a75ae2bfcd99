/**
 * The store over any backend: expectations, revisions, order, visibility. Owns: the head and the queue of commits.
 *
 * A commit is checked against the head (pending writes included), numbered, encoded and appended in one synchronous
 * step. What the backend acknowledges becomes visible in order: revision, watches, then the writer's promise.
 * When the backend fails, everything not acknowledged fails and the head returns to what is durable; numbers that
 * were given out are not given out again.
 *
 * Bound  QUEUE_BYTES wait for the disk; more writers wait, in order, before their expectations are checked.
 */
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import {
  type Acknowledgement,
  type Backend,
  POSITIONS,
  type Row,
  rangeOf,
  rowIdOf,
} from './backend.ts'
import { Compaction, type CompactionPolicy, DEFAULT_COMPACTION } from './compaction.ts'
import { Expiry } from './expiry.ts'
import { Head, type HeadChange } from './head.ts'
import { readList } from './reads.ts'
import {
  type Author,
  type Entry,
  type EntryPage,
  type ListOptions,
  type Operation,
  type Put,
  type Store,
  StoreError,
  type StoreEvent,
  type Watch,
  type WatchHandler,
} from './store.ts'
import { Volatile } from './volatile.ts'
import { Watches } from './watches.ts'

const QUEUE_BYTES = 32 * 1024 * 1024
/** What a queued commit costs beside its bytes. */
const COMMIT_OVERHEAD_BYTES = 256
const EXPIRY_AUTHOR = 'kites:expiry'
const ANNOUNCE_AUTHOR = 'kites:announce'

export interface SequencerOptions {
  readonly backend: Backend
  readonly clock: Clock
  readonly log: Logger
  readonly compaction?: CompactionPolicy
  /** Bytes for a key that is announced anew under a fresh revision after a start; unchanged when absent. */
  readonly restamp?: (bytes: Buffer, revision: number) => Buffer
  readonly onFatal?: (error: StoreError) => void
}

/** An event still to become durable; a delete without bytes waits for the backend's. */
interface Drafted {
  readonly event: Omit<StoreEvent, 'bytes'>
  readonly bytes: Buffer | undefined
  readonly rowId: number
  readonly expiresAtMs: number | undefined
}

interface Pending {
  /** Becomes visible once the backend acknowledged this record (volatile: an earlier one). */
  readonly sequence: number
  readonly revision: number
  readonly events: readonly Drafted[]
  readonly isVolatile: boolean
  readonly bytes: number
  readonly changes: readonly HeadChange[]
  readonly resolve: (revision: number) => void
  readonly reject: (error: StoreError) => void
}

export class Sequencer implements Store {
  readonly #options: SequencerOptions
  readonly #backend: Backend
  readonly #head: Head
  readonly #watches: Watches
  readonly #expiry: Expiry
  readonly #compaction: Compaction
  readonly #volatile: Volatile
  readonly #roomWaiters: (() => void)[] = []
  readonly #idleWaiters: (() => void)[] = []
  #pending: Pending[] = []
  #pendingBytes = 0
  #sequence = 0
  #acknowledged = 0
  #revision: number
  #next: number
  #compacted: number
  #retired = 0
  #refusal: StoreError | undefined

  constructor(options: SequencerOptions) {
    const { backend, clock, log } = options
    this.#options = options
    this.#backend = backend
    this.#revision = backend.opened.revision
    this.#next = this.#revision + 1
    this.#volatile = new Volatile(this.#revision)
    this.#compacted = backend.opened.compactedRevision
    this.#head = new Head(backend.opened.head)
    this.#watches = new Watches({
      backend,
      log,
      revision: this.#revision,
      compactedRevision: () => this.#compacted,
      volatileEvents: () => this.#volatile.events(),
    })
    this.#expiry = new Expiry({
      clock,
      log,
      current: key => this.#head.get(key),
      commit: operations => this.commit(operations, { user: EXPIRY_AUTHOR, atMs: clock.now() }),
    })
    this.#compaction = new Compaction(
      { store: this, clock, log },
      options.compaction ?? DEFAULT_COMPACTION,
    )
    backend.listen({
      onFlushed: acknowledgement => this.#settle(acknowledgement),
      onFailed: error => this.#fail(error),
      onFatal: error => this.#fatal(error),
    })
    for (const { key, expiresAtMs } of backend.opened.head) {
      if (expiresAtMs !== undefined) this.#expiry.add(key, expiresAtMs)
    }
  }

  get revision(): number {
    return this.#revision
  }

  get historyRevision(): number {
    return Math.max(this.#retired, this.#compacted)
  }

  get compactedRevision(): number {
    return this.#compacted
  }

  get replayRevision(): number {
    return Math.max(this.#backend.opened.replayRevision, this.#compacted)
  }

  /** Gives keys whose newest bytes a stop may have swallowed a fresh revision. Call once, before use. */
  async announce(): Promise<void> {
    await Promise.all(this.#backend.opened.volatileKeys.map(key => this.#announceOne(key)))
  }

  async #announceOne(key: string): Promise<void> {
    const entry = await this.get(key)
    if (entry === undefined) return
    const encode = (revision: number) => ({
      bytes: this.#options.restamp?.(entry.bytes, revision) ?? entry.bytes,
    })
    const put: Put = { kind: 'put', key, expected: entry.revision, encode }
    await this.commit([put], { user: ANNOUNCE_AUTHOR, atMs: this.#options.clock.now() })
  }

  async get(key: string): Promise<Entry | undefined> {
    const page = await readList(this.#reads(), {
      range: { from: key, to: `${key}\0` },
      atRevision: undefined,
      limit: 1,
    })
    return page.entries[0]
  }

  list(options: ListOptions): Promise<EntryPage> {
    const range = rangeOf(options.prefix)
    const after = options.after === undefined ? range.from : `${options.after}\0`
    return readList(this.#reads(), {
      range: { from: after > range.from ? after : range.from, to: range.to },
      atRevision: options.atRevision,
      limit: options.limit,
    })
  }

  async commit(operations: readonly Operation[], author: Author): Promise<number> {
    if (operations.length === 0 || operations.length > POSITIONS) {
      throw new TypeError(`a commit has 1 to ${POSITIONS} operations, not ${operations.length}`)
    }
    if (this.#pendingBytes >= QUEUE_BYTES) await this.#room()
    return this.#enqueue(operations, author)
  }

  async commitVolatile(operation: Put, author: Author): Promise<number> {
    if (this.#pendingBytes >= QUEUE_BYTES) await this.#room()
    if (this.#refusal !== undefined) throw this.#refusal
    this.#head.check([operation])
    const head = this.#head.get(operation.key)
    if (head === undefined) {
      throw new StoreError('conflict', `${operation.key} does not exist`, { key: operation.key })
    }
    const revision = this.#next++
    const { bytes, attachment } = operation.encode(revision)
    const preparation = this.#volatile.prepare(operation.key, revision)
    if (preparation !== undefined) {
      this.#backend.append({ sequence: ++this.#sequence, rows: [], author, ...preparation })
    }
    const change = this.#head.set(operation.key, { ...head, revision, volatileBytes: bytes })
    const { createRevision, rowId } = head
    const event: Drafted = {
      event: { kind: 'put', key: operation.key, revision, createRevision, attachment },
      bytes,
      rowId,
      expiresAtMs: undefined,
    }
    const durable = this.#queue({ revision, events: [event], isVolatile: true, changes: [change] })
    // With nothing before it in the queue it is settled already; a microtask keeps watches from re-entering.
    queueMicrotask(() => this.#settle({ sequence: this.#acknowledged, finals: new Map() }))
    return durable
  }

  watch(options: { prefix: string; afterRevision: number }, handler: WatchHandler): Watch {
    if (this.#refusal !== undefined) throw this.#refusal
    return this.#watches.open(options, handler)
  }

  async compact(revision: number): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal
    if (revision > this.#revision) {
      throw new StoreError('future', `revision ${revision} is not there yet`)
    }
    // Announced before anything is deleted: whoever reads meanwhile learns of it.
    if (revision <= this.#compacted) return
    this.#compacted = revision
    await this.#backend.compact(revision)
  }

  retire(revision: number): void {
    this.#retired = Math.max(this.#retired, Math.min(revision, this.#revision))
  }

  async close(): Promise<void> {
    if (this.#refusal === undefined) this.#stop(new StoreError('closed', 'the store is closed'))
    if (this.#pending.length > 0) {
      await new Promise<void>(resolve => this.#idleWaiters.push(resolve))
    }
    this.#watches.end(new StoreError('closed', 'the store is closed'))
    await this.#backend.close()
  }

  #reads() {
    return {
      backend: this.#backend,
      refusal: () => (this.#refusal?.code === 'closed' ? this.#refusal : undefined),
      revision: () => this.#revision,
      compactedRevision: () => this.#compacted,
      volatile: () => this.#volatile.states,
    }
  }

  #room(): Promise<void> {
    return new Promise(resolve => this.#roomWaiters.push(resolve))
  }

  #enqueue(operations: readonly Operation[], author: Author): Promise<number> {
    if (this.#refusal !== undefined) throw this.#refusal
    this.#head.check(operations)
    const revision = this.#next++
    const drafts = operations.map((operation, position) =>
      this.#draft(operation, revision, position),
    )
    const changes = drafts.map(({ row }) =>
      this.#head.set(
        row.key,
        row.kind === 'delete'
          ? undefined
          : {
              revision,
              createRevision: row.createRevision,
              rowId: row.id,
              expiresAtMs: row.expiresAtMs,
              volatileBytes: undefined,
            },
      ),
    )
    this.#backend.append({
      sequence: ++this.#sequence,
      rows: drafts.map(draft => draft.row),
      author,
    })
    const events = drafts.map(draft => draft.event)
    return this.#queue({ revision, events, isVolatile: false, changes })
  }

  #draft(
    operation: Operation,
    revision: number,
    position: number,
  ): { readonly row: Row; readonly event: Drafted } {
    const { kind, key } = operation
    const head = this.#head.get(key)
    const encoded = operation.encode?.(revision)
    const bytes = encoded?.bytes ?? head?.volatileBytes
    const createRevision = head?.createRevision ?? revision
    const row: Row = {
      id: rowIdOf({ revision, position }),
      key,
      kind,
      createRevision,
      previous: head?.rowId ?? 0,
      expiresAtMs: operation.kind === 'put' ? operation.expiresAtMs : undefined,
      bytes,
    }
    const event = { kind, key, revision, createRevision, attachment: encoded?.attachment }
    return { row, event: { event, bytes, rowId: row.id, expiresAtMs: row.expiresAtMs } }
  }

  #queue(commit: Pick<Pending, 'revision' | 'events' | 'isVolatile' | 'changes'>): Promise<number> {
    const bytes = commit.events.reduce(
      (sum, event) => sum + (event.bytes?.length ?? 0),
      COMMIT_OVERHEAD_BYTES,
    )
    this.#pendingBytes += bytes
    return new Promise((resolve, reject) => {
      this.#pending.push({ ...commit, sequence: this.#sequence, bytes, resolve, reject })
    })
  }

  #settle({ sequence, finals }: Acknowledgement): void {
    this.#acknowledged = sequence
    const count = this.#pending.findIndex(pending => pending.sequence > sequence)
    const settled = this.#pending.splice(0, count === -1 ? this.#pending.length : count)
    const last = settled.at(-1)
    if (last === undefined) return
    const events: StoreEvent[] = []
    for (const pending of settled) {
      this.#pendingBytes -= pending.bytes
      for (const draft of pending.events) {
        const bytes = draft.bytes ?? finals.get(draft.rowId) ?? Buffer.alloc(0)
        const event = { ...draft.event, bytes }
        events.push(event)
        this.#volatile.see(event, pending.isVolatile)
        if (draft.expiresAtMs !== undefined) this.#expiry.add(event.key, draft.expiresAtMs)
      }
    }
    this.#revision = last.revision
    this.#watches.publish(events, last.revision)
    for (const pending of settled) pending.resolve(pending.revision)
    this.#wake()
  }

  /** Everything queued fails; the head is what was durable. */
  #fail(error: StoreError): void {
    const failed = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    this.#acknowledged = this.#sequence
    const changes = failed.flatMap(pending => pending.changes)
    this.#head.undo(changes)
    for (const { key, before } of changes) {
      if (before?.expiresAtMs !== undefined) this.#expiry.add(key, before.expiresAtMs)
    }
    this.#volatile.doubt(this.#revision)
    for (const pending of failed) pending.reject(error)
    this.#wake()
  }

  #fatal(error: StoreError): void {
    this.#stop(error)
    this.#fail(error)
    this.#watches.end(error)
    this.#options.onFatal?.(error)
  }

  #stop(refusal: StoreError): void {
    this.#refusal = refusal
    this.#expiry.stop()
    this.#compaction.stop()
  }

  #wake(): void {
    if (this.#pendingBytes < QUEUE_BYTES) {
      for (const wake of this.#roomWaiters.splice(0)) wake()
    }
    if (this.#pending.length === 0) for (const wake of this.#idleWaiters.splice(0)) wake()
  }
}
