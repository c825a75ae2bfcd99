/**
 * What writers were told and what watchers saw over many lives of a server, and whether it fits together. Pure.
 *
 * Laws it checks
 *   A revision stands for one write, for ever; an acknowledged one is above all that anybody knew when it was asked for.
 *   Every watcher sees every write once, in order, and all see the same; no acknowledged one is missing.
 *   The events tell a story: nothing is added twice, changed before it is there, or deleted twice.
 */

export interface WatchedEvent {
  readonly type: string
  readonly revision: number
  /** Name, uid and value: what the object was. */
  readonly name: string
  readonly uid: string
  readonly value: string
}

export class WriteHistory {
  readonly problems: string[] = []
  /** What each revision was said to be. */
  readonly #meaning = new Map<number, string>()
  readonly #acknowledged = new Map<number, string>()
  readonly #deleted = new Set<string>()
  readonly #seen = new Map<string, WatchedEvent[]>()
  #highest = 0

  get acknowledged(): number {
    return this.#acknowledged.size + this.#deleted.size
  }

  /** The highest revision anybody has seen so far. */
  get highest(): number {
    return this.#highest
  }

  /** `highestBefore` is `highest` at the moment the write was sent. */
  acknowledge(revision: number, what: string, highestBefore: number): void {
    if (revision <= highestBefore)
      this.problems.push(`${what} got revision ${revision}, and ${highestBefore} was known before`)
    const before = this.#acknowledged.get(revision)
    if (before !== undefined)
      this.problems.push(`${revision} acknowledged for ${before} and ${what}`)
    this.#acknowledged.set(revision, what)
    this.#mean(revision, what)
  }

  acknowledgeDelete(name: string, uid: string): void {
    this.#deleted.add(`${name} ${uid}`)
  }

  see(watcher: string, event: WatchedEvent): void {
    const events = this.#seen.get(watcher) ?? []
    this.#seen.set(watcher, events)
    const last = events.at(-1)?.revision ?? 0
    if (event.revision <= last)
      this.problems.push(
        `${watcher} saw ${event.revision} ${event.type} ${event.name} after ${last}`,
      )
    events.push(event)
    this.#mean(event.revision, event.type === 'DELETED' ? `-${event.name}` : meaningOf(event))
  }

  /** `left` is what a list shows at the end: value by name. */
  check(left: ReadonlyMap<string, string>): readonly string[] {
    for (const [watcher, events] of this.#seen) this.#checkWatcher(watcher, events, left)
    return this.problems
  }

  #mean(revision: number, what: string): void {
    this.#highest = Math.max(this.#highest, revision)
    const before = this.#meaning.get(revision) ?? what
    this.#meaning.set(revision, before)
    if (before !== what) this.problems.push(`revision ${revision} is ${before} and ${what}`)
  }

  #checkWatcher(
    watcher: string,
    events: readonly WatchedEvent[],
    left: ReadonlyMap<string, string>,
  ): void {
    const alive = new Map<string, string>()
    const revisions = new Set<number>()
    const deleted = new Set<string>()
    for (const { type, revision, name, uid, value } of events) {
      revisions.add(revision)
      if ((type === 'ADDED') === alive.has(name))
        this.problems.push(`${watcher}: ${type} ${name} at ${revision} makes no sense`)
      if (type === 'DELETED') {
        alive.delete(name)
        deleted.add(`${name} ${uid}`)
      } else alive.set(name, value)
    }
    for (const [revision, what] of this.#acknowledged) {
      if (what.startsWith('=') && !revisions.has(revision))
        this.problems.push(`${watcher} never saw ${revision} ${what}`)
    }
    for (const life of this.#deleted) {
      if (!deleted.has(life)) this.problems.push(`${watcher} never saw ${life} go`)
    }
    const differs = [...new Set([...alive.keys(), ...left.keys()])].filter(
      name => alive.get(name) !== left.get(name),
    )
    if (differs.length > 0) this.problems.push(`${watcher} ends with another ${differs.join(', ')}`)
  }
}

/** What a revision stands for: `=name value`. */
export const meaningOf = (object: { readonly name: string; readonly value: string }): string =>
  `=${object.name} ${object.value}`
