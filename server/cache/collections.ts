/**
 * The objects of every resource: newest by key, in order, and as of recent revisions. Owns: the maps and the window.
 *
 * A state of the recent past is the present with the window's changes taken back; a state older than the window is
 * read from the store, and Expired when the store has forgotten it too.
 */
import { type Store, StoreError, type StoreEvent } from '#server/store/store.ts'
import { Change, Window, type WindowBounds } from './changes.ts'
import { Item } from './item.ts'
import { Memo } from './memo.ts'
import { tooLarge, tooOld } from './refusal.ts'
import { endOf, partsOf, prefixOf } from './selecting.ts'
import { SortedMap } from './sorted-map.ts'
import { isObject, stampRevision } from './stamp.ts'

/** Parsed objects, counted as bytes of JSON, and frames of events. */
const MEMO_BYTES = 8 * 1024 * 1024
/** Past states that pages are being read from. */
const SNAPSHOTS = 16
const LOAD_PAGE = 1000

export class Collections {
  readonly window: Window
  readonly memo = new Memo(MEMO_BYTES)
  readonly #store: Store
  readonly #items = new Map<string, Item>()
  readonly #sorted = new Map<string, SortedMap<Item>>()
  readonly #snapshots = new Map<string, Snapshot>()
  revision: number

  private constructor(store: Store, revision: number, bounds: WindowBounds) {
    this.#store = store
    this.revision = revision
    this.window = new Window(revision, bounds)
  }

  /** Everything there is as of `revision`. Throws StoreError. */
  static async load(store: Store, revision: number, bounds: WindowBounds): Promise<Collections> {
    const collections = new Collections(store, revision, bounds)
    const entries = new Map<string, [string, Item][]>()
    for await (const item of collections.#stored('', revision)) {
      collections.#items.set(item.key, item)
      collections.memo.stored(item.bytes.length)
      const list = entries.get(item.groupResource) ?? []
      list.push([item.key, item])
      entries.set(item.groupResource, list)
    }
    for (const [groupResource, list] of entries) {
      collections.#sorted.set(groupResource, SortedMap.from(list))
    }
    return collections
  }

  get(key: string): Item | undefined {
    return this.#items.get(key)
  }

  latest(groupResource: string): SortedMap<Item> {
    return this.#sorted.get(groupResource) ?? EMPTY
  }

  /** Takes the store's events in; returns what they changed. */
  apply(events: readonly StoreEvent[], revision: number): Change[] {
    const changes = events.map(event => this.#applyOne(event))
    this.revision = revision
    for (const change of changes) this.window.push(change)
    this.window.trim()
    return changes
  }

  /** Keeps a state that somebody is reading page by page. */
  pin(groupResource: string, revision: number, state: SortedMap<Item>): void {
    const name = `${revision} ${groupResource}`
    this.#snapshots.delete(name)
    this.#snapshots.set(name, { revision, state })
    const { historyRevision } = this.#store
    for (const [known, snapshot] of this.#snapshots) {
      const isOver = this.#snapshots.size > SNAPSHOTS || snapshot.revision < historyRevision
      if (isOver) this.#snapshots.delete(known)
    }
  }

  /** Throws StatusError Expired, Timeout (a revision from the future). */
  async at(groupResource: string, revision: number): Promise<SortedMap<Item>> {
    if (revision === this.revision) return this.latest(groupResource)
    if (revision > this.revision) throw tooLarge(revision, this.revision)
    // What is older than history is promised for is gone for everybody, wherever it may still lie.
    const { historyRevision } = this.#store
    if (revision < historyRevision) throw tooOld(revision, historyRevision)
    const pinned = this.#snapshots.get(`${revision} ${groupResource}`)
    const state = pinned?.state ?? (await this.#rebuild(groupResource, revision))
    this.pin(groupResource, revision, state)
    return state
  }

  async #rebuild(groupResource: string, revision: number): Promise<SortedMap<Item>> {
    if (revision < this.window.after) return this.#readState(groupResource, revision)
    let state = this.latest(groupResource)
    for (const change of this.window.back(revision)) {
      if (change.groupResource !== groupResource) continue
      const { before, after } = change
      if (before !== undefined) state = state.set(before.key, before)
      else if (after !== undefined) state = state.delete(after.key)
    }
    return state
  }

  async #readState(groupResource: string, revision: number): Promise<SortedMap<Item>> {
    const entries: [string, Item][] = []
    try {
      for await (const item of this.#stored(prefixOf(groupResource, ''), revision)) {
        entries.push([item.key, item])
      }
    } catch (error) {
      const isGone = error instanceof StoreError && error.code === 'compacted'
      throw isGone ? tooOld(revision, this.#store.compactedRevision) : error
    }
    return SortedMap.from(entries)
  }

  async *#stored(prefix: string, atRevision: number): AsyncGenerator<Item> {
    let after: string | undefined
    for (let more = true; more; ) {
      const options = { prefix, atRevision, limit: LOAD_PAGE }
      const page = await this.#store.list(after === undefined ? options : { ...options, after })
      for (const entry of page.entries) {
        yield new Item(entry, partsOf(entry.key).groupResource, this.memo)
      }
      after = page.entries.at(-1)?.key
      more = page.more
    }
  }

  #applyOne(event: StoreEvent): Change {
    const { groupResource } = partsOf(event.key)
    const before = this.#items.get(event.key)
    const state = this.latest(groupResource)
    const at = { revision: event.revision, groupResource }
    before?.retire()
    this.memo.stored(-(before?.bytes.length ?? 0))
    if (event.kind === 'delete') {
      this.#items.delete(event.key)
      this.#sorted.set(groupResource, state.delete(event.key))
      const last = this.#lastItem(event, groupResource)
      return new Change({ before: before ?? last, after: undefined }, { ...at, last }, this.memo)
    }
    const after = this.#itemOf(event, groupResource)
    this.memo.stored(after.bytes.length)
    this.#items.set(event.key, after)
    this.#sorted.set(groupResource, state.set(event.key, after))
    return new Change({ before, after }, at, this.memo)
  }

  #itemOf(event: StoreEvent, groupResource: string): Item {
    const object = isObject(event.attachment) ? event.attachment : undefined
    return new Item({ ...event, object }, groupResource, this.memo)
  }

  /** The final state under the deleting revision: as the writer gave it, or stamped here. */
  #lastItem(event: StoreEvent, groupResource: string): Item {
    const item = this.#itemOf(event, groupResource)
    if (item.object().metadata.resourceVersion === String(event.revision)) return item
    const bytes = stampRevision(event.bytes, event.revision)
    return new Item({ ...event, bytes }, groupResource, this.memo)
  }
}

interface Snapshot {
  readonly revision: number
  readonly state: SortedMap<Item>
}

const EMPTY: SortedMap<Item> = SortedMap.empty()

/** The range of keys of a resource in one or all namespaces, after a key. */
export function rangeOf(
  groupResource: string,
  namespace: string,
  after: string | undefined,
): { readonly from: string; readonly to: string } {
  const prefix = prefixOf(groupResource, namespace)
  const from = after === undefined ? prefix : `${after}\0`
  return { from: from > prefix ? from : prefix, to: endOf(prefix) }
}
