/**
 * The watch cache: loads everything from the store, follows it, answers get, list and watch from memory.
 *
 * It starts a little in the past and replays the rest, so that watches that were open before a restart can resume.
 * Throws  StatusError from `list` (Expired, Timeout); a watch that asks for too much ends with Expired.
 */
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import { type Store, StoreError } from '#server/store/store.ts'
import {
  type Cache,
  type Cached,
  type CachedPage,
  type CacheWatch,
  type PageOptions,
  type Selection,
  storageKey,
  type WatchOptions,
  type WatchSink,
} from './cache.ts'
import { type Matches, WINDOW_BOUNDS, type WindowBounds } from './changes.ts'
import { Collections, rangeOf } from './collections.ts'
import { FanOut } from './fan-out.ts'
import type { Item } from './item.ts'
import { isNarrow, matcherOf, triggerOf } from './selecting.ts'

const LOAD_ATTEMPTS = 3
const BOOKMARK_MS = 60_000
/** Encodings that nobody asks for any more are let go after twice as long. */
const SWEEP_MS = 60_000
/** A filtering list lets others run after so long. */
const SLICE_MS = 2
const LOOKS_PER_CLOCK = 64
/** Selections whose matchers are shared at a time. */
const MATCHERS_MAX = 256

export interface CacheOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly window?: WindowBounds
  /** The store went away under it: what it shows grows old from now on, so the server had better end. */
  readonly onLost?: (error: StoreError) => void
}

/** Resolves once everything durable at the call is shown. Throws StoreError. */
export async function createCache(
  options: CacheOptions,
): Promise<Cache & { close(): Promise<void> }> {
  const { store, window = WINDOW_BOUNDS } = options
  for (let attempt = 1; ; attempt++) {
    const isFirst = attempt === 1
    const start = isFirst ? store.replayRevision : store.revision
    try {
      const cache = new WatchCache(options, await Collections.load(store, start, window))
      await cache.follow()
      return cache
    } catch (error) {
      const overtaken = error instanceof StoreError && error.code === 'compacted'
      if (!overtaken || attempt === LOAD_ATTEMPTS) throw error
    }
  }
}

class WatchCache implements Cache {
  readonly #options: CacheOptions
  readonly #collections: Collections
  readonly #fanOut: FanOut
  /** By the selection's text, so that watchers of one selection are judged once per change. */
  readonly #matchers = new Map<string, Matches>()
  #bookmarkTimer: Timer | undefined
  #sweepTimer: Timer | undefined
  #stopFollowing: () => void = () => {}
  #isClosed = false

  constructor(options: CacheOptions, collections: Collections) {
    this.#options = options
    this.#collections = collections
    this.#fanOut = new FanOut({
      window: collections.window,
      flightBytes: (options.window ?? WINDOW_BOUNDS).flightBytes,
      clock: options.clock,
      log: options.log,
      revision: () => collections.revision,
    })
    collections.memo.onKept = () => this.#armSweeps()
  }

  get revision(): number {
    return this.#collections.revision
  }

  /** Resolves when it has caught up with the store. */
  follow(): Promise<void> {
    const { store, log } = this.#options
    return new Promise((resolve, reject) => {
      const watch = store.watch(
        { prefix: '', afterRevision: this.revision },
        {
          onEvents: (events, revision) =>
            this.#fanOut.publish(this.#collections.apply(events, revision)),
          onLive: revision => {
            this.#collections.revision = revision
            resolve()
          },
          onEnd: error => {
            this.#fanOut.end(undefined)
            if (error.code !== 'closed') {
              log.error('the cache lost the store', { error })
              this.#options.onLost?.(error)
            }
            reject(error)
          },
        },
      )
      this.#stopFollowing = () => watch.close()
    })
  }

  get(groupResource: string, namespace: string, name: string): Cached | undefined {
    const dot = groupResource.indexOf('.')
    const plural = dot === -1 ? groupResource : groupResource.slice(0, dot)
    const group = dot === -1 ? '' : groupResource.slice(dot + 1)
    return this.#collections.get(storageKey({ group, plural, namespace, name }))
  }

  async list(selection: Selection, options: PageOptions): Promise<CachedPage> {
    const { groupResource, namespace } = selection
    const { limit, after, atRevision } = options
    const revision = atRevision ?? this.revision
    const state =
      atRevision === undefined
        ? this.#collections.latest(groupResource)
        : await this.#collections.at(groupResource, atRevision)
    const { from, to } = rangeOf(groupResource, namespace, after)
    const found = await this.#collect(state.range(from, to), selection, limit)
    const items = found.slice(0, limit === 0 ? found.length : limit)
    const next = items.length < found.length ? items.at(-1)?.key : undefined
    if (next !== undefined) this.#collections.pin(groupResource, revision, state)
    const isExact = next !== undefined && !isNarrow(selection)
    const remaining = isExact ? state.count(`${next}\0`, to) : undefined
    return { items, revision, next, remaining }
  }

  watch(selection: Selection, options: WatchOptions, sink: WatchSink): CacheWatch {
    const { groupResource, namespace } = selection
    const { afterRevision, initialEvents, initialEventsEnd, bookmarks } = options
    const { from, to } = rangeOf(groupResource, namespace, undefined)
    if (bookmarks) this.#armBookmarks()
    return this.#fanOut.add({
      groupResource,
      matches: this.#matcherFor(selection),
      trigger: triggerOf(selection),
      sink,
      initial: initialEvents ? this.#collections.latest(groupResource).range(from, to) : undefined,
      initialEventsEnd: initialEvents && initialEventsEnd,
      bookmarks,
      position: initialEvents ? this.revision : (afterRevision ?? this.revision),
    })
  }

  count(groupResource: string): number {
    return this.#collections.latest(groupResource).size
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#bookmarkTimer?.cancel()
    this.#sweepTimer?.cancel()
    this.#stopFollowing()
    this.#fanOut.end(undefined)
  }

  #matcherFor(selection: Selection): Matches {
    const text = JSON.stringify(selection)
    const known = this.#matchers.get(text)
    if (known !== undefined) return known
    if (this.#matchers.size >= MATCHERS_MAX) this.#matchers.clear()
    const matches = matcherOf(selection)
    this.#matchers.set(text, matches)
    return matches
  }

  /** One more than `limit`, so that the caller knows whether something follows. */
  async #collect(items: Iterable<Item>, selection: Selection, limit: number): Promise<Item[]> {
    const wanted = limit === 0 ? Number.POSITIVE_INFINITY : limit + 1
    const { clock } = this.#options
    const matches = isNarrow(selection) ? matcherOf(selection) : undefined
    const found: Item[] = []
    let sliceStart = clock.monotonic()
    let looks = 0
    for (const item of items) {
      if (matches === undefined || matches(item)) found.push(item)
      if (found.length >= wanted) break
      if (++looks % LOOKS_PER_CLOCK !== 0 || clock.monotonic() - sliceStart < SLICE_MS) continue
      await new Promise(resolve => setImmediate(resolve))
      sliceStart = clock.monotonic()
    }
    return found
  }

  #armSweeps(): void {
    if (this.#sweepTimer !== undefined || this.#isClosed) return
    this.#sweepTimer = this.#options.clock.after(SWEEP_MS, () => {
      this.#sweepTimer = undefined
      if (this.#collections.memo.sweep()) this.#armSweeps()
    })
  }

  #armBookmarks(): void {
    if (this.#bookmarkTimer !== undefined || this.#isClosed) return
    this.#bookmarkTimer = this.#options.clock.after(BOOKMARK_MS, () => {
      this.#bookmarkTimer = undefined
      if (this.#fanOut.bookmark()) this.#armBookmarks()
    })
  }
}
