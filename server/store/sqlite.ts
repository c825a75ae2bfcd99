/**
 * The store on SQLite. Owns: a writing thread (the only one that changes the file) and a reading thread, which is
 * started for a read and ended when nobody has read for a while.
 *
 * Throws  StoreError `failed` with one line for the operator when the file cannot be used (taken by another process,
 *         damaged, written by a newer version, not permitted), `disk-full` when there is no room to create it.
 */
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/logger.ts'
import type {
  Backend,
  BackendListener,
  CommitRecord,
  HistoryPage,
  HistoryPageRequest,
  ListPage,
  ListPageRequest,
  Opened,
} from './backend.ts'
import type { CompactionPolicy } from './compaction.ts'
import { Sequencer } from './sequencer.ts'
import {
  Packer,
  type PackedRecord,
  type ReaderReply,
  type ReaderRequest,
  type ThreadData,
  unpackRow,
  type WriterReply,
  type WriterRequest,
} from './sqlite-messages.ts'
import { type Store, StoreError } from './store.ts'

const READER_IDLE_MS = 60_000
const SEND_RECORDS = 128

export interface SqliteStoreOptions {
  /** The database file; its directory is created when it is not there. */
  readonly path: string
  readonly clock: Clock
  readonly log: Logger
  readonly compaction?: CompactionPolicy
  /** Bytes of a value under another revision: see `commitVolatile` of store.ts. */
  readonly restamp?: (bytes: Buffer, revision: number) => Buffer
  /** The store refuses everything from now on; only a new start can tell what the disk holds. */
  readonly onFatal?: (error: StoreError) => void
  /** NORMAL loses acknowledged commits in a power cut. It is here so that the power-cut test can prove itself. */
  readonly synchronous?: 'FULL' | 'NORMAL'
}

export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const backend = await SqliteBackend.open(options)
  const store = new Sequencer({ ...options, backend })
  try {
    await store.announce()
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'disk-full')) {
      await store.close()
      throw error
    }
    // Readable is better than nothing; the next start announces them.
    options.log.warn('the disk is full: keys renewed in memory keep an old revision')
  }
  return store
}

/** The one place that starts SQLite threads. */
function startSqliteThread(data: ThreadData): Worker {
  return new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: data })
}

class SqliteBackend implements Backend {
  readonly opened: Opened
  readonly #options: SqliteStoreOptions
  readonly #writer: Worker
  readonly #reader: Reader
  readonly #compactions = new Map<number, () => void>()
  #listener: BackendListener | undefined
  #queue: CommitRecord[] = []
  #epoch = 0
  #requests = 0
  #closed = Promise.withResolvers<void>()
  #isClosing = false

  static async open(options: SqliteStoreOptions): Promise<SqliteBackend> {
    const { path, synchronous = 'FULL' } = options
    const writer = startSqliteThread({ role: 'writer', path, synchronous })
    const opened = await new Promise<Opened>((resolve, reject) => {
      writer.once('error', cause => {
        const message = `cannot open the store ${path}: ${messageOf(cause)}`
        reject(new StoreError('failed', message, { cause }))
      })
      writer.once('message', (reply: WriterReply) => {
        if (reply.kind === 'opened') resolve(reply.opened)
        else if (reply.kind === 'failed') reject(new StoreError(reply.code, reply.message))
      })
    })
    writer.removeAllListeners('error')
    return new SqliteBackend(options, writer, opened)
  }

  private constructor(options: SqliteStoreOptions, writer: Worker, opened: Opened) {
    this.opened = opened
    this.#options = options
    this.#writer = writer
    this.#reader = new Reader(options)
    writer.on('message', (reply: WriterReply) => this.#receive(reply))
    writer.on('error', error => this.#die(messageOf(error)))
    writer.on('exit', () => (this.#isClosing ? this.#closed.resolve() : this.#die('it ended')))
  }

  listen(listener: BackendListener): void {
    this.#listener = listener
  }

  append(record: CommitRecord): void {
    // One message for all commits of one turn of the event loop.
    if (this.#queue.push(record) === 1) setImmediate(() => this.#send())
  }

  async list(request: ListPageRequest): Promise<ListPage> {
    const { rows, values, more } = await this.#reader.ask(id => ({ ...request, kind: 'list', id }))
    return { rows: rows.map(row => unpackRow(row, values)), more }
  }

  async history(request: HistoryPageRequest): Promise<HistoryPage> {
    const reply = await this.#reader.ask(id => ({ ...request, kind: 'history', id }))
    const rows = reply.rows.map(row => unpackRow(row, reply.values))
    return { rows, through: reply.through }
  }

  compact(revision: number): Promise<void> {
    return new Promise(resolve => {
      const id = ++this.#requests
      this.#compactions.set(id, resolve)
      this.#post({ kind: 'compact', id, revision })
    })
  }

  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true
      this.#send()
      this.#reader.close()
      this.#post({ kind: 'close' })
    }
    await this.#closed.promise
    for (const resolve of this.#compactions.values()) resolve()
  }

  #post(request: WriterRequest): void {
    const transfer = request.kind === 'append' ? [request.values.buffer] : []
    this.#writer.postMessage(request, transfer)
  }

  #send(): void {
    const queue = this.#queue
    this.#queue = []
    // What is acknowledged together is announced together, in one turn: that bounds it.
    for (let at = 0; at < queue.length; at += SEND_RECORDS) {
      this.#sendSome(queue.slice(at, at + SEND_RECORDS))
    }
  }

  #sendSome(some: readonly CommitRecord[]): void {
    const packer = new Packer()
    const records = some.map(
      (record): PackedRecord => ({
        sequence: record.sequence,
        rows: record.rows.map(row => packer.add(row)),
        user: record.author.user,
        atMs: record.author.atMs,
        reserve: record.reserve,
        markVolatile: record.markVolatile,
      }),
    )
    this.#post({ kind: 'append', epoch: this.#epoch, records, values: packer.finish() })
  }

  #receive(reply: WriterReply): void {
    if (reply.kind === 'flushed') {
      const finals = new Map(reply.finals.map(([id, bytes]) => [id, Buffer.from(bytes.buffer)]))
      this.#listener?.onFlushed({ sequence: reply.sequence, finals })
    } else if (reply.kind === 'failed') this.#fail(reply)
    else if (reply.kind === 'compacted') {
      this.#compactions.get(reply.id)?.()
      this.#compactions.delete(reply.id)
    } else if (reply.kind === 'warning') {
      this.#options.log.warn('the store could not tidy up', { error: reply.message })
    }
  }

  #fail(reply: Extract<WriterReply, { readonly kind: 'failed' }>): void {
    // Records not sent yet belong to the failed epoch too: their heads are rolled back with the rest.
    this.#queue = []
    this.#epoch = reply.epoch + 1
    const error = new StoreError(reply.code, reply.message)
    if (reply.isFatal) this.#listener?.onFatal(error)
    else this.#listener?.onFailed(error)
  }

  #die(why: string): void {
    this.#closed.resolve()
    if (this.#isClosing) return
    this.#isClosing = true
    this.#reader.close()
    this.#listener?.onFatal(new StoreError('failed', `the store's writing thread failed: ${why}`))
  }
}

type Rows = Extract<ReaderReply, { readonly kind: 'rows' }>

/** The reading thread while there is something to read. */
class Reader {
  readonly #options: SqliteStoreOptions
  readonly #asked = new Map<
    number,
    { resolve(rows: Rows): void; reject(error: StoreError): void }
  >()
  #thread: Worker | undefined
  #idle: Timer | undefined
  #requests = 0
  #isClosed = false

  constructor(options: SqliteStoreOptions) {
    this.#options = options
  }

  ask(request: (id: number) => ReaderRequest): Promise<Rows> {
    if (this.#isClosed) return Promise.reject(new StoreError('closed', 'the store is closed'))
    this.#idle?.cancel()
    this.#thread ??= this.#start()
    const id = ++this.#requests
    this.#thread.postMessage(request(id), [])
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }))
  }

  close(): void {
    this.#isClosed = true
    this.#retire()
    this.#rejectAll(new StoreError('closed', 'the store is closed'))
  }

  #start(): Worker {
    const thread = startSqliteThread({ role: 'reader', path: this.#options.path })
    thread.on('message', (reply: ReaderReply) => this.#receive(reply))
    thread.on('error', error => {
      if (this.#thread === thread) this.#thread = undefined
      this.#rejectAll(new StoreError('failed', `the store is unreadable: ${messageOf(error)}`))
    })
    return thread
  }

  #receive(reply: ReaderReply): void {
    const waiting = this.#asked.get(reply.id)
    this.#asked.delete(reply.id)
    if (reply.kind === 'rows') waiting?.resolve(reply)
    else waiting?.reject(new StoreError('failed', `the store is unreadable: ${reply.message}`))
    if (this.#asked.size > 0 || this.#isClosed) return
    this.#idle = this.#options.clock.after(READER_IDLE_MS, () => this.#retire())
  }

  #retire(): void {
    this.#idle?.cancel()
    this.#thread?.postMessage('close')
    this.#thread = undefined
  }

  #rejectAll(error: StoreError): void {
    for (const waiting of this.#asked.values()) waiting.reject(error)
    this.#asked.clear()
  }
}
