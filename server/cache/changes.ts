/**
 * One change of one object, seen by each watcher in its own way, and the bounded window of recent changes.
 *
 * A watcher that asked for some objects only sees a change as it concerns these: an object that comes to match is
 * ADDED, one that ceases to match is DELETED with its last matching state. Each of the three views is made once and
 * shared, frame included.
 * Source: k8s.io/apiserver pkg/storage/cacher/cache_watcher.go convertToWatchEvent
 */
import type { CacheEvent } from './cache.ts'
import { Item } from './item.ts'
import type { Memo } from './memo.ts'
import { stampRevision } from './stamp.ts'

/** How one watcher's selection judges an object. */
export type Matches = (item: Item) => boolean

export class Change {
  readonly revision: number
  readonly groupResource: string
  /** The state before, undefined when the object is new. */
  readonly before: Item | undefined
  /** The state after; for a delete undefined, and `last` is the final state under the deleting revision. */
  readonly after: Item | undefined
  readonly #memo: Memo
  #last: Item | undefined
  #events: Partial<Record<CacheEvent['type'], CacheEvent>> = {}
  /** The latest judgement: watchers of one selection share it, and mostly come one after another. */
  #judge: Matches | undefined
  #judged: CacheEvent | undefined

  constructor(
    states: { readonly before: Item | undefined; readonly after: Item | undefined },
    at: {
      readonly revision: number
      readonly groupResource: string
      readonly last?: Item | undefined
    },
    memo: Memo,
  ) {
    this.revision = at.revision
    this.groupResource = at.groupResource
    this.before = states.before
    this.after = states.after
    this.#last = at.last
    this.#memo = memo
  }

  /** What a watcher is told, undefined when the change is none of its business. */
  eventFor(matches: Matches): CacheEvent | undefined {
    if (this.#judge === matches) return this.#judged
    this.#judge = matches
    this.#judged = this.#judgedBy(matches)
    return this.#judged
  }

  #judgedBy(matches: Matches): CacheEvent | undefined {
    const { before, after } = this
    const didMatch = before !== undefined && matches(before)
    const doesMatch = after !== undefined && matches(after)
    if (doesMatch) return this.#event(didMatch ? 'MODIFIED' : 'ADDED', after)
    return didMatch ? this.#event('DELETED', this.#lastOf(before)) : undefined
  }

  /** Bytes that only the window keeps alive. */
  get bytes(): number {
    return (this.before?.bytes.length ?? 0) + (this.#last?.bytes.length ?? 0) + 256
  }

  /** Drops the frames: late readers make their own. */
  cool(): void {
    this.#events = {}
    this.#judge = undefined
    this.#judged = undefined
  }

  #event(type: 'ADDED' | 'MODIFIED' | 'DELETED', item: Item): CacheEvent {
    return (this.#events[type] ??= objectEvent(type, this.revision, item))
  }

  #lastOf(before: Item): Item {
    const { key, createRevision, bytes } = before
    const { revision } = this
    this.#last ??= new Item(
      { key, createRevision, revision, bytes: stampRevision(bytes, revision) },
      this.groupResource,
      this.#memo,
    )
    return this.#last
  }
}

export function objectEvent(
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  revision: number,
  item: Item,
): CacheEvent {
  let frame: Buffer | undefined
  return {
    type,
    revision,
    item,
    initialEventsEnd: false,
    frame() {
      frame ??= Buffer.concat([OPENINGS[type], item.bytes, CLOSING])
      return frame
    },
  }
}

const OPENINGS = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const
const CLOSING = Buffer.from('}\n')

export const bookmarkEvent = (
  revision: number,
  reason: 'end of initial events' | 'progress',
): CacheEvent => ({
  type: 'BOOKMARK',
  revision,
  item: undefined,
  initialEventsEnd: reason === 'end of initial events',
  frame: () => NOTHING,
})

const NOTHING = Buffer.alloc(0)

/** How much of the recent past is kept for watchers that are late. */
export interface WindowBounds {
  readonly bytes: number
  readonly changes: number
  /** In flight to one consumer at most, give or take one batch. */
  readonly flightBytes: number
}

export const WINDOW_BOUNDS: WindowBounds = {
  bytes: 16 * 1024 * 1024,
  changes: 20_000,
  flightBytes: 1024 * 1024,
}
/** The newest changes keep their frames for watchers that are a little late. */
const HOT_CHANGES = 256

export class Window {
  /** Every change after this revision is here. */
  after: number
  readonly #bounds: WindowBounds
  #changes: Change[] = []
  #first = 0
  #bytes = 0

  constructor(after: number, bounds: WindowBounds) {
    this.after = after
    this.#bounds = bounds
  }

  push(change: Change): void {
    this.#changes.push(change)
    this.#bytes += change.bytes
    this.#changes[this.#changes.length - 1 - HOT_CHANGES]?.cool()
  }

  /** Forgets the oldest whole revisions beyond the bounds. */
  trim(): void {
    while (
      this.#first < this.#changes.length &&
      (this.#bytes > this.#bounds.bytes ||
        this.#changes.length - this.#first > this.#bounds.changes ||
        this.#changes[this.#first]?.revision === this.after)
    ) {
      const oldest = this.#changes[this.#first++]
      this.#bytes -= oldest?.bytes ?? 0
      this.after = oldest?.revision ?? this.after
    }
    if (this.#first * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#first)
      this.#first = 0
    }
  }

  /** Changes after `revision`, oldest first. Do not hold across a turn. */
  *since(revision: number): Generator<Change> {
    let low = this.#first
    let high = this.#changes.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#changes[middle]?.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    for (let at = low; at < this.#changes.length; at++) {
      const change = this.#changes[at]
      if (change !== undefined) yield change
    }
  }

  /** Changes after `revision`, newest first. */
  *back(revision: number): Generator<Change> {
    for (let at = this.#changes.length - 1; at >= this.#first; at--) {
      const change = this.#changes[at]
      if (change === undefined || change.revision <= revision) return
      yield change
    }
  }
}
