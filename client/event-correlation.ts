/**
 * Decides how an event is told: as a new object, as a higher count of one already told, or not at all. Pure but for
 * its own memory, which is bounded by `REMEMBERED_MAX` and forgets what was not used for longest.
 *
 *   the 1st "Back-off restarting failed container"   -> create, count 1
 *   the 2nd, same object, reason and message         -> patch of that event, count 2
 *   the 11th different message of one reason         -> one combined event instead of a crowd
 *   the 26th within a burst about one object         -> dropped (one more is allowed every 5 minutes)
 *
 * Source: k8s.io/client-go tools/events/event_broadcaster.go, tools/record/events_cache.go
 */
import type { ObjectReference } from '#api/types/core-v1.ts'

export interface EventFact {
  readonly component: string
  readonly about: ObjectReference
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

export type Telling =
  | { readonly kind: 'create'; readonly id: string; readonly message: string }
  | {
      readonly kind: 'count'
      readonly id: string
      readonly name: string
      readonly count: number
      readonly message: string
    }
  | { readonly kind: 'drop' }

const REMEMBERED_MAX = 4096
const SIMILAR_MAX = 10
const SIMILAR_WINDOW_MS = 600_000
const BURST = 25
const REFILL_MS = 300_000

interface Told {
  name: string
  count: number
}

interface Similar {
  readonly messages: Set<string>
  lastMs: number
}

interface Budget {
  tokens: number
  atMs: number
}

export class EventCorrelation {
  readonly #told = new Map<string, Told>()
  readonly #similar = new Map<string, Similar>()
  readonly #budgets = new Map<string, Budget>()

  decide(fact: EventFact, nowMs: number): Telling {
    if (!this.#spend(fact, nowMs)) return { kind: 'drop' }
    const isCombined = this.#isCrowd(fact, nowMs)
    const id = isCombined ? groupOf(fact) : `${groupOf(fact)}|${fact.message}`
    const message = isCombined ? `(combined from similar events): ${fact.message}` : fact.message
    const told = this.#told.get(id)
    if (told === undefined) return { kind: 'create', id, message }
    told.count += 1
    return { kind: 'count', id, name: told.name, count: told.count, message }
  }

  /** After a successful create: later ones count on from there. */
  created(id: string, name: string): void {
    remember(this.#told, id, { name, count: 1 })
  }

  /** The event is gone from the server (its TTL): the next one is created again. */
  forgotten(id: string): void {
    this.#told.delete(id)
  }

  #spend(fact: EventFact, nowMs: number): boolean {
    const id = `${fact.component}|${subjectOf(fact.about)}`
    const budget = this.#budgets.get(id) ?? { tokens: BURST, atMs: nowMs }
    // A clock that was set back takes nothing away.
    const refill = Math.max(0, nowMs - budget.atMs) / REFILL_MS
    const refilled = Math.min(BURST, budget.tokens + refill)
    const isAllowed = refilled >= 1
    remember(this.#budgets, id, { tokens: isAllowed ? refilled - 1 : refilled, atMs: nowMs })
    return isAllowed
  }

  #isCrowd(fact: EventFact, nowMs: number): boolean {
    const id = groupOf(fact)
    const known = this.#similar.get(id)
    const isFresh = known !== undefined && nowMs - known.lastMs <= SIMILAR_WINDOW_MS
    const similar = isFresh ? known : { messages: new Set<string>(), lastMs: nowMs }
    if (similar.messages.size <= SIMILAR_MAX) similar.messages.add(fact.message)
    similar.lastMs = nowMs
    remember(this.#similar, id, similar)
    return similar.messages.size > SIMILAR_MAX
  }
}

const subjectOf = (about: ObjectReference): string =>
  [about.kind, about.namespace, about.name, about.uid, about.fieldPath].join('|')

const groupOf = (fact: EventFact): string =>
  [fact.component, subjectOf(fact.about), fact.type, fact.reason].join('|')

/** Puts last; drops the first when full: a Map iterates in order of insertion. */
function remember<Value>(memory: Map<string, Value>, id: string, value: Value): void {
  memory.delete(id)
  memory.set(id, value)
  if (memory.size <= REMEMBERED_MAX) return
  for (const oldest of memory.keys()) {
    memory.delete(oldest)
    return
  }
}
