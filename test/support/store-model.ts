/**
 * Seeded random operations on a store beside a simple model of it: `storeModel(t, open, seed)`.
 *
 * Law  every list at every revision that is still there equals the model's state then; every watch, fast, slow to start,
 *      closed and resumed, or with a narrow prefix, gets exactly the model's events after where it began.
 */
import type { Test } from 'tap'
import { type Random, seededRandom } from '#base/random.ts'
import { type Operation, type Store, StoreError, type StoreEvent } from '#server/store/store.ts'

const STEPS = 1500
const PREFIXES = ['/', '/a/', '/b/', '/a/1']
const AUTHOR = { user: 'model', atMs: 1 }

/** `put /a/1 value` of each revision, in order. */
type Log = { readonly revision: number; readonly events: readonly string[] }[]

interface Watching {
  readonly prefix: string
  readonly seen: string[]
  /** Where it began, for the comparison. */
  readonly after: number
  position: number
  stop: () => void
  ended: StoreError | undefined
}

const show = (event: StoreEvent): string =>
  `${event.revision} ${event.kind} ${event.key} ${String(event.bytes)}`

const keyIn = (line: string): string => line.split(' ')[2] ?? ''

export function storeModel(t: Test, open: () => Promise<Store>, seed: number): void {
  void t.test(`random operations agree with the model (seed ${seed})`, async t => {
    const store = await open()
    const alive = setInterval(() => {}, 1000)
    const model = new Model(store, seededRandom(seed))
    try {
      for (let step = 0; step < STEPS; step++) await model.step()
      t.same(await model.problems(), [])
      t.ok(model.watches.length > 10 && model.compared > 10, 'there was something to compare')
    } finally {
      clearInterval(alive)
      await store.close()
    }
  })
}

class Model {
  readonly watches: Watching[] = []
  compared = 0
  readonly #store: Store
  readonly #random: Random
  readonly #log: Log = []
  readonly #head = new Map<string, { readonly revision: number; readonly value: string }>()
  readonly #problems: string[] = []
  #values = 0

  constructor(store: Store, random: Random) {
    this.#store = store
    this.#random = random
  }

  async step(): Promise<void> {
    const choice = this.#random.float()
    if (choice < 0.75) return this.#write()
    if (choice < 0.85) return this.#compareList()
    if (choice < 0.92) return this.#watch()
    if (choice < 0.97) return this.#closeAndResume()
    const { revision, compactedRevision } = this.#store
    const target = compactedRevision + Math.floor((revision - compactedRevision) * 0.3)
    await this.#store.compact(target)
  }

  /** Waits for every watch to arrive, then compares all they saw. */
  async problems(): Promise<readonly string[]> {
    const { revision } = this.#store
    for (const watching of this.watches) {
      const wanted = this.#log
        .filter(entry => entry.revision > watching.after)
        .flatMap(entry => entry.events)
        .filter(line => keyIn(line).startsWith(watching.prefix))
      const until = watching.position === -1 ? revision : watching.position
      const upTo = wanted.filter(line => Number(line.split(' ')[0]) <= until)
      for (let turns = 0; turns < 2000 && watching.seen.length < upTo.length; turns++) {
        if (watching.ended !== undefined) break
        await new Promise(resolve => setImmediate(resolve))
      }
      const expected = watching.ended === undefined ? upTo : upTo.slice(0, watching.seen.length)
      if (JSON.stringify(watching.seen) !== JSON.stringify(expected)) {
        this.#problems.push(
          `watch ${watching.prefix} after ${watching.after}: ${firstDifference(watching.seen, expected)}`,
        )
      }
      if (watching.ended !== undefined && watching.ended.code !== 'compacted') {
        this.#problems.push(`watch ended with ${watching.ended.code}`)
      }
    }
    return this.#problems
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#random.float() * items.length)]
  }

  /** One to three commits at once, some of several keys, some bound to fail. */
  async #write(): Promise<void> {
    const commits = 1 + Math.floor(this.#random.float() * 3)
    await Promise.all(Array.from({ length: commits }, () => this.#commit()))
  }

  async #commit(): Promise<void> {
    const keys = new Set(
      Array.from(
        { length: this.#random.float() < 0.2 ? 3 : 1 },
        () => `/${this.#pick(['a', 'b'])}/${Math.floor(this.#random.float() * 12)}`,
      ),
    )
    const lines: ((revision: number) => string)[] = []
    const states: { key: string; value: string | undefined }[] = []
    let holds = true
    const operations = [...keys].map((key): Operation => {
      const head = this.#head.get(key)
      const expected = this.#pick([undefined, undefined, head?.revision ?? 0, 0])
      holds &&= expected === undefined || expected === (head?.revision ?? 0)
      if (this.#random.float() < 0.25) {
        holds &&= head !== undefined
        lines.push(revision => `${revision} delete ${key} ${head?.value}`)
        states.push({ key, value: undefined })
        return { kind: 'delete', key, expected }
      }
      const value = `v${++this.#values}`
      lines.push(revision => `${revision} put ${key} ${value}`)
      states.push({ key, value })
      return { kind: 'put', key, expected, encode: () => ({ bytes: Buffer.from(value) }) }
    })
    const before = this.#log.at(-1)?.revision ?? 0
    const pending = this.#store.commit(operations, AUTHOR)
    // Commits are numbered as they are called: the model takes its number at once.
    if (holds) {
      const revision = before + 1
      this.#log.push({ revision, events: lines.map(line => line(revision)) })
      for (const { key, value } of states) {
        if (value === undefined) this.#head.delete(key)
        else this.#head.set(key, { revision, value })
      }
    }
    const outcome = await pending.catch((error: unknown) => error)
    const isRight = holds
      ? typeof outcome === 'number'
      : outcome instanceof StoreError && outcome.code === 'conflict'
    if (!isRight) this.#problems.push(`commit ended with ${String(outcome)}`)
  }

  async #compareList(): Promise<void> {
    const { revision, compactedRevision } = this.#store
    const at = compactedRevision + Math.ceil(this.#random.float() * (revision - compactedRevision))
    const prefix = this.#pick(PREFIXES) ?? '/'
    const state = new Map<string, string>()
    for (const entry of this.#log) {
      if (entry.revision > at) break
      for (const line of entry.events) {
        const [, kind, key = '', value = ''] = line.split(' ')
        if (kind === 'put' && key.startsWith(prefix)) state.set(key, value)
        else state.delete(key)
      }
    }
    const page = await this.#store.list({ prefix, atRevision: at })
    const listed = page.entries.map(entry => `${entry.key} ${String(entry.bytes)}`)
    const wanted = [...state].map(([key, value]) => `${key} ${value}`).sort()
    this.compared++
    if (JSON.stringify([...listed].sort()) !== JSON.stringify(wanted)) {
      this.#problems.push(`list ${prefix} at ${at}: ${firstDifference(listed, wanted)}`)
    }
  }

  #watch(): void {
    const { revision, compactedRevision } = this.#store
    const span = revision - compactedRevision
    this.#start(
      this.#pick(PREFIXES) ?? '/',
      compactedRevision + Math.floor(this.#random.float() * (span + 1)),
    )
  }

  #start(prefix: string, after: number): void {
    const seen: string[] = []
    const watching: Watching = {
      prefix,
      seen,
      after,
      position: -1,
      stop: () => {},
      ended: undefined,
    }
    const watch = this.#store.watch(
      { prefix, afterRevision: after },
      {
        onEvents: events => seen.push(...events.map(show)),
        onEnd: error => (watching.ended = error),
      },
    )
    watching.stop = () => watch.close()
    this.watches.push(watching)
  }

  /** Stops a watch at what it saw last and lets a new one go on from there. */
  #closeAndResume(): void {
    const watching = this.#pick(this.watches.filter(one => one.position === -1 && !one.ended))
    if (watching === undefined) return
    watching.stop()
    const last = watching.seen.at(-1)
    watching.position = last === undefined ? watching.after : Number(last.split(' ')[0])
    if (watching.position >= this.#store.compactedRevision) {
      this.#start(watching.prefix, watching.position)
    }
  }
}

function firstDifference(seen: readonly string[], wanted: readonly string[]): string {
  const at = wanted.findIndex((line, index) => seen[index] !== line)
  const index = at === -1 ? wanted.length : at
  return `at ${index} of ${wanted.length} saw ${seen[index]}, wanted ${wanted[index]}`
}
