/**
 * Everything that a store process said over many lives (store-load.ts), and whether it fits together. Pure.
 */

interface Run {
  /** Keys and values it held when it opened. */
  readonly held: Map<string, string>
  openedAt: number
}

/** Lives in memory between commits: what it was told may be gone after a kill, its revisions may not come back. */
const VOLATILE_KEY = '/lease'

export class KillHistory {
  /** `kind key value` of each event, by revision. */
  readonly #events = new Map<number, Set<string>>()
  /** Facts of acknowledged commits, by revision. */
  readonly #acknowledged = new Map<number, readonly string[]>()
  readonly #volatile = new Set<number>()
  readonly #runs: Run[] = []
  readonly #problems: string[] = []
  #lastComplete = 0

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  get volatile(): number {
    return this.#volatile.size
  }

  /** Up to here the watcher is sure to have seen everything. */
  get resumeRevision(): number {
    return this.#lastComplete
  }

  startRun(): number {
    return this.#runs.push({ held: new Map(), openedAt: 0 })
  }

  endRun(text: string): void {
    const run = this.#runs.at(-1)
    if (run === undefined) return
    const seen: number[] = []
    let last = this.#lastComplete
    // A line without its end was cut by the kill.
    for (const line of text.split('\n').slice(0, -1)) {
      const [kind = '', ...facts] = line.split(' ')
      if (kind === 'E') {
        const revision = Number(facts[0])
        if (revision < last) this.#problems.push(`event ${revision} after ${last}`)
        if (revision === this.#lastComplete) this.#problems.push(`event ${revision} seen twice`)
        last = revision
        seen.push(revision)
        this.#see(revision, facts.slice(1))
      } else this.#note(run, kind, facts)
    }
    // The kill may have come between two events of the last revision: that one is asked for again.
    const complete = seen.findLast(revision => revision < last)
    this.#lastComplete = Math.max(this.#lastComplete, complete ?? 0)
  }

  check(): readonly string[] {
    for (const [revision, facts] of this.#acknowledged) this.#checkAcknowledged(revision, facts)
    for (const revision of this.#volatile) {
      const others = [...(this.#events.get(revision) ?? [])].filter(
        event => event.split(' ')[1] !== VOLATILE_KEY,
      )
      if (others.length > 0) this.#problems.push(`volatile revision ${revision} was used again`)
    }
    for (const [revision, events] of this.#events) {
      // The last kill may have come between two lines of one commit, and nobody asked again.
      if (revision <= this.#lastComplete) this.#checkWhole(revision, events)
    }
    this.#checkHeld()
    return this.#problems
  }

  #see(revision: number, facts: readonly string[]): void {
    const events = this.#events.get(revision) ?? new Set()
    this.#events.set(revision, events.add(facts.join(' ')))
  }

  #note(run: Run, kind: string, facts: readonly string[]): void {
    const [first = '', second = '', third = ''] = facts
    if (kind === 'S') run.openedAt = Number(first)
    else if (kind === 'K') run.held.set(first, third)
    else if (kind === 'V') this.#take(Number(first), () => this.#volatile.add(Number(first)))
    else if (kind === 'A') {
      this.#take(Number(first), () => this.#acknowledged.set(Number(first), facts.slice(1)))
    } else this.#problems.push(`it said ${kind} ${first} ${second}`)
  }

  #take(revision: number, record: () => void): void {
    if (this.#acknowledged.has(revision) || this.#volatile.has(revision)) {
      this.#problems.push(`revision ${revision} was given out twice`)
    }
    record()
  }

  #checkAcknowledged(revision: number, facts: readonly string[]): void {
    const events = [...(this.#events.get(revision) ?? [])]
    for (const fact of facts) {
      const [key = '', value = ''] = fact.split('=')
      const wanted = value === '-' ? `delete ${key} ` : `put ${key} ${value}`
      const isThere = events.some(event =>
        value === '-' ? event.startsWith(wanted) : event === wanted,
      )
      if (!isThere) this.#problems.push(`acknowledged ${revision} ${fact} is not in the history`)
    }
    if (events.length !== new Set(facts.map(fact => fact.split('=')[0])).size) {
      this.#problems.push(`revision ${revision} shows ${events.join(', ')}`)
    }
  }

  /** Pairs are written together: both or none. */
  #checkWhole(revision: number, events: ReadonlySet<string>): void {
    const pair = [...events].filter(event => event.includes(' /pair/'))
    if (pair.length === 1) this.#problems.push(`half a commit at ${revision}: ${pair.join()}`)
    const keys = [...events].map(event => event.split(' ')[1])
    if (new Set(keys).size < keys.length) {
      this.#problems.push(`revision ${revision} has two contents: ${[...events].join(', ')}`)
    }
  }

  /** What each life held at its start is what the events up to there amount to. */
  #checkHeld(): void {
    const order = [...this.#events.keys()].sort((left, right) => left - right)
    for (const { held, openedAt } of this.#runs) {
      if (openedAt === 0) continue
      const state = new Map<string, string>()
      for (const revision of order) {
        if (revision > openedAt) break
        for (const event of this.#events.get(revision) ?? []) {
          const [kind, key = '', value = ''] = event.split(' ')
          if (kind === 'put') state.set(key, value)
          else state.delete(key)
        }
      }
      for (const key of new Set([...state.keys(), ...held.keys()])) {
        if (key === VOLATILE_KEY || state.get(key) === held.get(key)) continue
        this.#problems.push(
          `at ${openedAt} ${key} was ${held.get(key)}, by its history ${state.get(key)}`,
        )
      }
    }
  }
}
