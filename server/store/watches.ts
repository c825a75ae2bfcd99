/**
 * Fan-out of durable events to watches, and the way a late watch catches up. Owns: a bounded ring of recent events.
 *
 * A watch is either live (it has everything up to the newest revision) or catching up: page by page from history
 * until the ring reaches back far enough, then live in one synchronous step. So nothing is queued per watch.
 * Changes that only memory had and that newer ones replaced are not replayed from history; the newest always is.
 */
import type { Logger } from '#base/logger.ts'
import {
  type Backend,
  inRange,
  type KeyRange,
  rangeOf,
  revisionOf,
  type StoredRow,
} from './backend.ts'
import { StoreError, type StoreEvent, type Watch, type WatchHandler } from './store.ts'

const RING_BYTES = 4 * 1024 * 1024
const RING_EVENTS = 4096

export interface WatchesOptions {
  readonly backend: Pick<Backend, 'history'>
  readonly log: Logger
  /** Where history ends today. */
  readonly compactedRevision: () => number
  /** Put events of what only memory has, any order. */
  readonly volatileEvents: () => Iterable<StoreEvent>
  readonly revision: number
}

interface Watcher {
  readonly range: KeyRange
  readonly handler: WatchHandler
  /** The newest revision it was offered. */
  position: number
  closed: boolean
}

export class Watches {
  readonly #options: WatchesOptions
  readonly #live = new Set<Watcher>()
  readonly #catchingUp = new Set<Watcher>()
  #ring: StoreEvent[] = []
  #ringBytes = 0
  /** The ring holds every event after this revision. */
  #ringAfter: number
  #revision: number

  constructor(options: WatchesOptions) {
    this.#options = options
    this.#revision = options.revision
    this.#ringAfter = options.revision
  }

  /** Announces all events of one or several whole revisions that just became durable. */
  publish(events: readonly StoreEvent[], revision: number): void {
    this.#revision = revision
    this.#remember(events)
    for (const watcher of this.#live) this.#offer(watcher, events, revision)
  }

  open(options: { prefix: string; afterRevision: number }, handler: WatchHandler): Watch {
    const { prefix, afterRevision } = options
    if (afterRevision > this.#revision) {
      throw new StoreError('future', `revision ${afterRevision} is not there yet`)
    }
    if (afterRevision < this.#options.compactedRevision()) throw this.#compacted(afterRevision)
    const watcher = { range: rangeOf(prefix), handler, position: afterRevision, closed: false }
    const isCurrent = afterRevision === this.#revision && handler.onLive === undefined
    if (isCurrent) this.#live.add(watcher)
    else {
      this.#catchingUp.add(watcher)
      queueMicrotask(() => void this.#catchUp(watcher))
    }
    return { close: () => this.#drop(watcher) }
  }

  /** Ends every watch. */
  end(error: StoreError): void {
    for (const watcher of [...this.#live, ...this.#catchingUp]) this.#end(watcher, error)
  }

  #remember(events: readonly StoreEvent[]): void {
    for (const event of events) {
      // Without the attachment: what rode along must not live as long as the ring.
      this.#ring.push({ ...event, attachment: undefined })
      this.#ringBytes += event.bytes.length
    }
    if (this.#ring.length <= RING_EVENTS && this.#ringBytes <= RING_BYTES) return
    // Drops whole revisions, down to half, so that the copying is rare.
    let dropped = 0
    while (
      dropped < this.#ring.length &&
      (this.#ring.length - dropped > RING_EVENTS / 2 ||
        this.#ringBytes > RING_BYTES / 2 ||
        this.#ring[dropped]?.revision === this.#ringAfter)
    ) {
      const event = this.#ring[dropped++]
      if (event === undefined) break
      this.#ringBytes -= event.bytes.length
      this.#ringAfter = event.revision
    }
    this.#ring = this.#ring.slice(dropped)
  }

  #offer(watcher: Watcher, events: readonly StoreEvent[], revision: number): void {
    if (watcher.closed || revision <= watcher.position) return
    const after = watcher.position
    watcher.position = revision
    const wanted = events.filter(
      event => event.revision > after && inRange(event.key, watcher.range),
    )
    if (wanted.length > 0) this.#guarded(watcher, () => watcher.handler.onEvents(wanted, revision))
  }

  /** One handler's bug ends its own watch and nothing else. */
  #guarded(watcher: Watcher, tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#options.log.error('a watch handler failed', { error })
      this.#end(watcher, new StoreError('failed', 'the watch handler failed', { cause: error }))
    }
  }

  async #catchUp(watcher: Watcher): Promise<void> {
    try {
      while (!watcher.closed && watcher.position < this.#ringAfter) await this.#replay(watcher)
    } catch (error) {
      const cause = error instanceof StoreError ? error : undefined
      this.#end(
        watcher,
        cause ?? new StoreError('failed', 'history is unreadable', { cause: error }),
      )
    }
    if (watcher.closed) return
    this.#catchingUp.delete(watcher)
    this.#live.add(watcher)
    this.#offer(watcher, this.#ring, this.#revision)
    if (!watcher.closed) this.#guarded(watcher, () => watcher.handler.onLive?.(this.#revision))
  }

  async #replay(watcher: Watcher): Promise<void> {
    const after = watcher.position
    const { rows, through } = await this.#options.backend.history({
      ...watcher.range,
      after,
      through: this.#revision,
    })
    // Compaction announces itself before it deletes: a page read before the announcement is whole.
    if (this.#options.compactedRevision() > after) throw this.#compacted(after)
    const events = rows.map(eventOf)
    for (const event of this.#options.volatileEvents()) {
      if (event.revision > after && event.revision <= through) events.push(event)
    }
    events.sort((left, right) => left.revision - right.revision)
    this.#offer(watcher, events, through)
  }

  #compacted(revision: number): StoreError {
    return new StoreError(
      'compacted',
      `history after revision ${revision} is gone (compacted up to ${this.#options.compactedRevision()})`,
    )
  }

  #drop(watcher: Watcher): void {
    watcher.closed = true
    this.#live.delete(watcher)
    this.#catchingUp.delete(watcher)
  }

  #end(watcher: Watcher, error: StoreError): void {
    if (watcher.closed) return
    this.#drop(watcher)
    watcher.handler.onEnd(error)
  }
}

const eventOf = (row: StoredRow): StoreEvent => ({
  kind: row.kind,
  key: row.key,
  revision: revisionOf(row.id),
  createRevision: row.createRevision,
  bytes: row.bytes,
  attachment: undefined,
})
