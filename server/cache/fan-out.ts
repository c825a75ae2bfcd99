/**
 * Delivers changes to watchers in short slices. Owns: the watchers, and which of them have something to be given.
 *
 * A watcher is in one of three phases, and only moves down this list except when it falls behind:
 *   initial  the objects of a snapshot, as ADDED, as fast as the consumer drains them
 *   replay   what the window holds after its position, likewise; a watcher that the window outruns is Expired
 *   live     given each change as it happens; when more than `flightBytes` are in flight it goes back to replay
 * So nothing is stored per watcher beyond what is in flight: the window is everybody's queue.
 */
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/logger.ts'
import { StatusError } from '#api/status.ts'
import { type CacheEvent, type CacheWatch, costOf, type WatchSink } from './cache.ts'
import { bookmarkEvent, type Change, type Matches, objectEvent, type Window } from './changes.ts'
import type { Item } from './item.ts'
import { tooOld } from './refusal.ts'
import { type Trigger, TriggerIndex } from './selecting.ts'

const BATCH_BYTES = 256 * 1024
/** Objects looked at in one step of a watcher, matching or not. */
const BATCH_LOOKS = 500
/** How long one slice of deliveries may hold the main thread. */
const SLICE_MS = 1

export interface WatcherOptions {
  readonly groupResource: string
  readonly matches: Matches
  readonly trigger: Trigger
  readonly sink: WatchSink
  /** Objects to announce first, and whether a bookmark closes them. */
  readonly initial: Iterator<Item> | undefined
  readonly initialEventsEnd: boolean
  readonly bookmarks: boolean
  /** Everything up to here is known, or in `initial`. */
  readonly position: number
}

interface Watcher {
  readonly options: WatcherOptions
  phase: 'initial' | 'replay' | 'live' | 'closed'
  position: number
  /** Given to the consumer and not drained. */
  flightBytes: number
  pending: CacheEvent[]
  pendingBytes: number
  isQueued: boolean
}

export interface FanOutDeps {
  readonly window: Window
  readonly flightBytes: number
  readonly clock: Clock
  readonly log: Logger
  readonly revision: () => number
}

export class FanOut {
  readonly #deps: FanOutDeps
  readonly #indexes = new Map<string, TriggerIndex<Watcher>>()
  /** Not live: the window may outrun them. */
  readonly #behind = new Set<Watcher>()
  #queue: Watcher[] = []
  #isScheduled = false

  constructor(deps: FanOutDeps) {
    this.#deps = deps
  }

  add(options: WatcherOptions): CacheWatch {
    const watcher: Watcher = {
      options,
      phase: options.initial === undefined ? 'replay' : 'initial',
      position: options.position,
      flightBytes: 0,
      pending: [],
      pendingBytes: 0,
      isQueued: false,
    }
    this.#indexOf(options.groupResource).add(options.trigger, watcher)
    this.#behind.add(watcher)
    this.#enqueue(watcher)
    return {
      close: () => this.#drop(watcher),
      drained: bytes => this.#drained(watcher, bytes),
      bookmark: () => this.#lastBookmark(watcher),
    }
  }

  /** Tells everyone concerned. The window has the changes already. */
  publish(changes: readonly Change[]): void {
    for (const change of changes) {
      const index = this.#indexes.get(change.groupResource)
      if (index === undefined || index.size === 0) continue
      const states = [change.before, change.after].filter(state => state !== undefined)
      const key = states[0]?.key ?? ''
      for (const watcher of index.concerned(key, states)) {
        if (watcher.phase === 'live') this.#offer(watcher, change)
      }
    }
    for (const watcher of this.#behind) {
      if (watcher.position < this.#deps.window.after) this.#expire(watcher)
      else this.#enqueue(watcher)
    }
  }

  /** A bookmark to every live watcher that wants them. Returns whether anybody does. */
  bookmark(): boolean {
    const revision = this.#deps.revision()
    let wanted = false
    for (const index of this.#indexes.values()) {
      let event: CacheEvent | undefined
      for (const watcher of index.all()) {
        if (!watcher.options.bookmarks) continue
        wanted = true
        if (!isToldUpTo(watcher, revision)) continue
        event ??= bookmarkEvent(revision, 'progress')
        this.#push(watcher, event)
      }
    }
    return wanted
  }

  end(error: StatusError | undefined): void {
    for (const index of this.#indexes.values()) {
      for (const watcher of index.all()) this.#finish(watcher, error)
    }
  }

  #indexOf(groupResource: string): TriggerIndex<Watcher> {
    const found = this.#indexes.get(groupResource) ?? new TriggerIndex<Watcher>()
    this.#indexes.set(groupResource, found)
    return found
  }

  #offer(watcher: Watcher, change: Change): void {
    // Asked for what comes after a revision that is not there yet (a restored server): not before that.
    if (change.revision <= watcher.position) return
    if (watcher.flightBytes + watcher.pendingBytes > this.#deps.flightBytes) {
      // Pending are whole revisions, so what is before the first of them was given. A bookmark is none of them.
      const first = watcher.pending.find(event => event.type !== 'BOOKMARK')
      watcher.position = (first?.revision ?? change.revision) - 1
      watcher.pending = []
      watcher.pendingBytes = 0
      watcher.phase = 'replay'
      this.#behind.add(watcher)
      return
    }
    const event = change.eventFor(watcher.options.matches)
    if (event !== undefined) this.#push(watcher, event)
  }

  /** Nothing for a watcher that is behind: its position is in what it was given. */
  #lastBookmark(watcher: Watcher): void {
    const revision = this.#deps.revision()
    if (!watcher.options.bookmarks || !isToldUpTo(watcher, revision)) return
    watcher.pending.push(bookmarkEvent(revision, 'progress'))
    this.#flush(watcher)
  }

  #push(watcher: Watcher, event: CacheEvent): void {
    watcher.pending.push(event)
    watcher.pendingBytes += costOf(event)
    this.#enqueue(watcher)
  }

  #enqueue(watcher: Watcher): void {
    if (watcher.isQueued || watcher.phase === 'closed') return
    if (watcher.phase !== 'live' && watcher.flightBytes > this.#deps.flightBytes / 2) return
    watcher.isQueued = true
    this.#queue.push(watcher)
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => this.#deliver())
  }

  #deliver(): void {
    const start = this.#deps.clock.monotonic()
    const queue = this.#queue
    this.#queue = []
    let next = 0
    for (let watcher = queue[next]; watcher !== undefined; watcher = queue[++next]) {
      watcher.isQueued = false
      this.#guardedStep(watcher)
      if (this.#deps.clock.monotonic() - start > SLICE_MS) {
        next++
        break
      }
    }
    this.#queue = [...queue.slice(next), ...this.#queue]
    this.#isScheduled = this.#queue.length > 0
    if (this.#isScheduled) setImmediate(() => this.#deliver())
  }

  #guardedStep(watcher: Watcher): void {
    try {
      this.#step(watcher)
    } catch (error) {
      this.#deps.log.error('a watch could not be served', { error: messageOf(error) })
      const message = 'the watch failed inside the server'
      this.#finish(watcher, new StatusError('InternalError', message, undefined, { cause: error }))
    }
  }

  #step(watcher: Watcher): void {
    if (watcher.phase === 'live') this.#flush(watcher)
    else if (watcher.phase === 'initial') this.#stepInitial(watcher)
    else if (watcher.phase === 'replay') this.#stepReplay(watcher)
  }

  #flush(watcher: Watcher): void {
    const events = watcher.pending
    if (events.length === 0) return
    watcher.flightBytes += watcher.pendingBytes
    watcher.pending = []
    watcher.pendingBytes = 0
    watcher.options.sink.onEvents(events)
  }

  #stepInitial(watcher: Watcher): void {
    const { initial, matches, sink, initialEventsEnd } = watcher.options
    const events: CacheEvent[] = []
    let bytes = 0
    for (let looks = 0; looks < BATCH_LOOKS && bytes < BATCH_BYTES; looks++) {
      const { value, done } = initial?.next() ?? { value: undefined, done: true }
      if (done === true) {
        watcher.phase = 'replay'
        if (initialEventsEnd) {
          events.push(bookmarkEvent(watcher.position, 'end of initial events'))
          bytes += costOf({ item: undefined })
        }
        break
      }
      if (!matches(value)) continue
      const event = objectEvent('ADDED', value.revision, value)
      events.push(event)
      bytes += costOf(event)
    }
    watcher.flightBytes += bytes
    if (events.length > 0) sink.onEvents(events)
    this.#enqueue(watcher)
  }

  #stepReplay(watcher: Watcher): void {
    const { groupResource, matches, sink } = watcher.options
    if (watcher.position < this.#deps.window.after) return this.#expire(watcher)
    const events: CacheEvent[] = []
    let bytes = 0
    let looks = 0
    let isWhole = true
    for (const change of this.#deps.window.since(watcher.position)) {
      const isFull = looks >= BATCH_LOOKS * 4 || bytes >= BATCH_BYTES
      if (isFull && change.revision !== watcher.position) {
        isWhole = false
        break
      }
      looks++
      watcher.position = change.revision
      if (change.groupResource !== groupResource) continue
      const event = change.eventFor(matches)
      if (event === undefined) continue
      events.push(event)
      bytes += costOf(event)
    }
    if (isWhole) {
      watcher.phase = 'live'
      this.#behind.delete(watcher)
    }
    watcher.flightBytes += bytes
    if (events.length > 0) sink.onEvents(events)
    this.#enqueue(watcher)
  }

  #drained(watcher: Watcher, bytes: number): void {
    watcher.flightBytes = Math.max(0, watcher.flightBytes - bytes)
    if (watcher.phase !== 'live') this.#enqueue(watcher)
  }

  #expire(watcher: Watcher): void {
    this.#finish(watcher, tooOld(watcher.position, this.#deps.window.after))
  }

  #finish(watcher: Watcher, error: StatusError | undefined): void {
    if (watcher.phase === 'closed') return
    this.#drop(watcher)
    queueMicrotask(() => watcher.options.sink.onEnd(error))
  }

  #drop(watcher: Watcher): void {
    watcher.phase = 'closed'
    watcher.pending = []
    this.#behind.delete(watcher)
    const { groupResource, trigger } = watcher.options
    const index = this.#indexes.get(groupResource)
    index?.remove(trigger, watcher)
    if (index?.size === 0) this.#indexes.delete(groupResource)
  }
}

/** With what is pending it knows everything up to here, and did not ask for what comes only after. */
const isToldUpTo = (watcher: Watcher, revision: number): boolean =>
  watcher.phase === 'live' && watcher.position <= revision
