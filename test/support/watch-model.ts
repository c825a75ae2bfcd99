/**
 * What lists and watches of configmaps must show, derived from the store's own events, and clients that compare
 * themselves with it: `new Truth(store)`, `new Follower(...)`.
 *
 * Law  a list is the state at its revision; a watch gives exactly the changes after where it began, in order, each as
 *      it concerns the selection: nothing lost, doubled, or of another state. What differs is collected as a problem.
 */
import { type Random } from '#base/random.ts'
import type { Store, StoreEvent } from '#server/store/store.ts'

const PREFIX = '/core/configmaps/'

/** What a client asked for; '' is any. */
export interface Chosen {
  readonly namespace: string
  readonly app: string
  readonly name: string
}

interface State {
  readonly revision: number
  readonly value: string
  readonly app: string
}

interface Entry {
  readonly revision: number
  /** `namespace/name` */
  readonly key: string
  readonly before: State | undefined
  readonly after: State | undefined
}

/** The seam: the test writes these objects itself. */
export interface Shown {
  readonly metadata: {
    readonly namespace?: string
    readonly name?: string
    readonly resourceVersion?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly data?: Readonly<Record<string, string>>
}

export const showItem = ({ metadata, data }: Shown): string =>
  `${metadata.namespace}/${metadata.name} ${metadata.resourceVersion} ${data?.['value']}`

export class Truth {
  readonly #entries: Entry[] = []
  readonly #byKey = new Map<string, Entry[]>()

  constructor(store: Store) {
    store.watch(
      { prefix: PREFIX, afterRevision: store.revision },
      { onEvents: events => events.forEach(event => this.#take(event)), onEnd: () => {} },
    )
  }

  get revision(): number {
    return this.#entries.at(-1)?.revision ?? 0
  }

  #take(event: StoreEvent): void {
    const key = event.key.slice(PREFIX.length)
    const history = this.#byKey.get(key) ?? []
    const object: Shown = JSON.parse(event.bytes.toString())
    const state = {
      revision: event.revision,
      value: object.data?.['value'] ?? '',
      app: object.metadata.labels?.['app'] ?? '',
    }
    const entry = {
      revision: event.revision,
      key,
      before: history.at(-1)?.after,
      after: event.kind === 'put' ? state : undefined,
    }
    this.#byKey.set(key, history)
    history.push(entry)
    this.#entries.push(entry)
  }

  /** Every chosen object as of `revision`, as `showItem` shows them, in order of a list. */
  stateAt(chosen: Chosen, revision: number): string[] {
    const shown: string[] = []
    for (const [key, history] of this.#byKey) {
      const state = history[after(history, revision) - 1]?.after
      if (state !== undefined && isChosen(chosen, key, state))
        shown.push(`${key} ${state.revision} ${state.value}`)
    }
    return shown.sort()
  }

  /** The first event for this choice at or behind `cursor`, with where to go on. */
  next(
    chosen: Chosen,
    cursor: number,
  ): { readonly event: string; readonly cursor: number } | undefined {
    for (let at = cursor; at < this.#entries.length; at++) {
      const entry = this.#entries[at]
      const event = entry && eventOf(chosen, entry)
      if (event !== undefined) return { event, cursor: at + 1 }
    }
    return undefined
  }

  cursorAfter(revision: number): number {
    return after(this.#entries, revision)
  }
}

/** How many entries are not after `revision`. */
function after(entries: readonly Entry[], revision: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.revision ?? 0) <= revision) low = middle + 1
    else high = middle
  }
  return low
}

function isChosen(chosen: Chosen, key: string, state: State): boolean {
  const [namespace, name] = key.split('/')
  return (
    (chosen.namespace === '' || chosen.namespace === namespace) &&
    (chosen.name === '' || chosen.name === name) &&
    (chosen.app === '' || chosen.app === state.app)
  )
}

function eventOf(chosen: Chosen, { key, revision, before, after }: Entry): string | undefined {
  const did = before !== undefined && isChosen(chosen, key, before)
  const does = after !== undefined && isChosen(chosen, key, after)
  if (does) return `${did ? 'MODIFIED' : 'ADDED'} ${key} ${revision} ${after.value}`
  return did ? `DELETED ${key} ${revision} ${before.value}` : undefined
}

export interface ListReply {
  readonly status: number
  readonly items: readonly Shown[]
  readonly revision: number
  readonly token: string | undefined
}

export interface WatchedEvent {
  readonly type: string
  readonly object: Shown & { readonly code?: number }
}

/** How a client reaches the server: over the wire or in the process. */
export interface Access {
  list(chosen: Chosen, query: Readonly<Record<string, string>>): Promise<ListReply>
  /** Ends when it is returned from. */
  watch(chosen: Chosen, query: Readonly<Record<string, string>>): AsyncGenerator<WatchedEvent>
}

export interface FollowerDeps {
  readonly truth: Truth
  readonly access: Access
  readonly random: Random
  /** Resolves when so many more writes are done, or all. */
  readonly writes: (count: number) => Promise<void>
  readonly isOver: () => boolean
  readonly problem: (text: string) => void
}

export const SEEN = ['lists', 'pages', 'events', 'bookmarks', 'expired', 'inconsistent'] as const

/** Lists, watches, dawdles, breaks off, resumes, and starts again when it is told that it came too late. */
export class Follower {
  readonly seen: Record<(typeof SEEN)[number], number> = {
    lists: 0,
    pages: 0,
    events: 0,
    bookmarks: 0,
    expired: 0,
    inconsistent: 0,
  }
  readonly #deps: FollowerDeps
  readonly #chosen: Chosen
  #revision = 0
  #cursor = 0

  constructor(deps: FollowerDeps, chosen: Chosen) {
    this.#deps = deps
    this.#chosen = chosen
  }

  async run(): Promise<void> {
    let mustList = true
    while (!this.#isDone()) {
      const streams = this.#deps.random.float() < 0.3
      if (mustList && !streams) await this.#list()
      mustList = !(await this.#watch(mustList && streams))
    }
  }

  #isDone(): boolean {
    const { truth, isOver } = this.#deps
    return isOver() && this.#revision > 0 && truth.next(this.#chosen, this.#cursor) === undefined
  }

  #begin(revision: number): void {
    this.#revision = revision
    this.#cursor = this.#deps.truth.cursorAfter(revision)
  }

  #compare(what: string, actual: readonly string[], expected: readonly string[]): void {
    if (actual.join('\n') === expected.join('\n')) return
    const at = expected.findIndex((line, index) => actual[index] !== line)
    this.#deps.problem(
      `${what} ${JSON.stringify(this.#chosen)}: at ${at} ${String(actual[at])} instead of ${String(expected[at])} (${actual.length} of ${expected.length})`,
    )
  }

  async #list(): Promise<void> {
    const { access, random, truth, writes } = this.#deps
    this.seen.lists++
    const items: string[] = []
    let token: string | undefined
    let isConsistent = true
    for (;;) {
      const limit = String(1 + Math.floor(random.float() * 8))
      const more = token === undefined ? {} : { continue: token }
      const page = await access.list(this.#chosen, { limit, ...more })
      token = page.token
      if (page.status === 410) {
        isConsistent = false
        this.seen.inconsistent++
        continue
      }
      this.seen.pages++
      const shown = page.items.map(showItem)
      if (isConsistent) items.push(...shown)
      else this.#compareRest(page, shown)
      if (token === undefined) {
        if (isConsistent) this.#compare('list', items, truth.stateAt(this.#chosen, page.revision))
        this.#begin(page.revision)
        // Pages of two revisions are no state to go on from.
        if (isConsistent) return
        items.length = 0
        isConsistent = true
      }
      if (random.float() < 0.2) await writes(Math.floor(random.float() * 500))
    }
  }

  /** A page of a list that goes on inconsistently is still of one revision. */
  #compareRest(page: ListReply, shown: readonly string[]): void {
    const [first] = shown
    if (first === undefined) return
    const state = this.#deps.truth.stateAt(this.#chosen, page.revision)
    const start = state.indexOf(first)
    this.#compare('page', shown, state.slice(start, start + shown.length))
  }

  /** Returns false when it must list again. */
  async #watch(initial: boolean): Promise<boolean> {
    const { access, random, writes } = this.#deps
    const lasts = 1 + Math.floor(random.float() * 300)
    const query = initial
      ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
      : { resourceVersion: String(this.#revision) }
    const options = { ...query, allowWatchBookmarks: 'true', timeoutSeconds: '1' }
    const begun: string[] | undefined = initial ? [] : undefined
    const state = { begun }
    let count = 0
    for await (const event of access.watch(this.#chosen, options)) {
      if (event.type === 'ERROR') return this.#refused(event)
      this.#event(event, state)
      if (state.begun === undefined && ++count >= lasts) break
      if (random.float() < 0.01) await writes(Math.floor(random.float() * 600))
    }
    if (random.float() < 0.3) await writes(Math.floor(random.float() * 900))
    return state.begun === undefined && random.float() < 0.7
  }

  #refused({ object }: WatchedEvent): boolean {
    if (object.code !== 410) this.#deps.problem(`watch: ${JSON.stringify(object)}`)
    this.seen.expired++
    return false
  }

  #event({ type, object }: WatchedEvent, state: { begun: string[] | undefined }): void {
    const revision = Number(object.metadata.resourceVersion)
    const isEnd = object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true'
    if (type === 'BOOKMARK') this.seen.bookmarks++
    else this.seen.events++
    if (state.begun !== undefined) {
      if (!isEnd) return void state.begun.push(showItem(object))
      const expected = this.#deps.truth.stateAt(this.#chosen, revision)
      this.#compare('initial events', state.begun, expected)
      state.begun = undefined
      return this.#begin(revision)
    }
    if (revision < this.#revision) this.#deps.problem(`${type} ${revision} after ${this.#revision}`)
    this.#revision = revision
    if (type === 'BOOKMARK') return this.#marked(revision)
    const next = this.#deps.truth.next(this.#chosen, this.#cursor)
    this.#compare('event', [`${type} ${showItem(object)}`], [next?.event ?? 'nothing'])
    this.#cursor = next?.cursor ?? this.#cursor
  }

  /** Nothing up to a bookmark may be missing. */
  #marked(revision: number): void {
    const next = this.#deps.truth.next(this.#chosen, this.#cursor)
    if (next === undefined || next.cursor > this.#deps.truth.cursorAfter(revision)) return
    this.#deps.problem(`bookmark ${revision} before ${next.event}`)
  }
}
