/**
 * Pods that wait for a node: ready ones by priority and age, refused ones until something may have changed.
 *
 *   active         taken one by one; higher priority first, then the one that waits longest
 *   back-off       failed lately: 1 s after the first failure, doubling to 10 s
 *   unschedulable  refused; an event that one of the refusing plugins waits for moves it on, or 5 minutes
 *
 * Law  An event that comes while a pod is being decided counts for it: it then backs off in place of going to sleep.
 *      A pod is in at most one of the three, and is never taken twice at once.
 * Source: kubernetes pkg/scheduler/backend/queue/scheduling_queue.go
 */
import type { Pod } from '#api/types/core-v1.ts'
import type { Clock, Timer } from '#base/clock.ts'
import type { ClusterEvent } from './framework.ts'

const BACKOFF_BASE_MS = 1_000
const BACKOFF_MAX_MS = 10_000
const UNSCHEDULABLE_MAX_MS = 300_000

interface Waiting {
  readonly key: string
  pod: Pod
  readonly sequence: number
  attempts: number
  state: 'active' | 'back-off' | 'unschedulable' | 'taken'
  /** Events worth another try; undefined = any. */
  wakes: ReadonlySet<ClusterEvent> | undefined
  timer: Timer | undefined
  /** When it was taken last, and the number of the last event then. */
  takenMs: number
  takenAt: number
  /** Its spec changed while it was being decided. */
  hasChanged: boolean
}

export interface Taken {
  readonly key: string
  readonly pod: Pod
  readonly attempts: number
}

const priorityOf = (waiting: Waiting): number => waiting.pod.spec?.priority ?? 0

const isBefore = (left: Waiting, right: Waiting): boolean =>
  priorityOf(left) !== priorityOf(right)
    ? priorityOf(left) > priorityOf(right)
    : left.sequence < right.sequence

export class SchedulingQueue {
  readonly #clock: Clock
  readonly #pods = new Map<string, Waiting>()
  /** A binary heap by `isBefore`; entries that are no longer active are skipped when met. */
  readonly #heap: Waiting[] = []
  readonly #recent: { readonly event: ClusterEvent; readonly number: number }[] = []
  #eventNumber = 0
  #sequence = 0
  #wakeTaker: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get length(): number {
    return this.#pods.size
  }

  /** A new pod, or a changed one: whatever it waited for, its change may have mended it. */
  add(key: string, pod: Pod): void {
    const existing = this.#pods.get(key)
    if (existing !== undefined && existing.pod.metadata.uid === pod.metadata.uid) {
      const hasChanged = isSpecChanged(existing.pod, pod)
      existing.pod = pod
      if (existing.state === 'taken') existing.hasChanged ||= hasChanged
      if (existing.state === 'unschedulable' && hasChanged) this.#backOff(existing)
      return
    }
    if (existing !== undefined) this.remove(key)
    this.#sequence += 1
    const waiting: Waiting = {
      key,
      pod,
      sequence: this.#sequence,
      attempts: 0,
      state: 'active',
      wakes: undefined,
      timer: undefined,
      takenMs: 0,
      takenAt: 0,
      hasChanged: false,
    }
    this.#pods.set(key, waiting)
    this.#activate(waiting)
  }

  remove(key: string): void {
    const waiting = this.#pods.get(key)
    waiting?.timer?.cancel()
    this.#pods.delete(key)
  }

  /** The next pod, once there is one; undefined when `signal` aborts. It must be given back or removed. */
  async take(signal: AbortSignal): Promise<Taken | undefined> {
    const wake = (): void => this.#wakeTaker?.()
    signal.addEventListener('abort', wake, { once: true })
    try {
      while (!signal.aborted) {
        const next = this.#pop()
        if (next !== undefined) {
          next.state = 'taken'
          next.attempts += 1
          next.takenMs = this.#clock.monotonic()
          next.takenAt = this.#eventNumber
          next.hasChanged = false
          return { key: next.key, pod: next.pod, attempts: next.attempts }
        }
        await new Promise<void>(resolve => (this.#wakeTaker = resolve))
      }
      return undefined
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  /** No node would take it. `wakes` are the events the refusing plugins wait for; undefined = any. */
  refused(key: string, wakes: ReadonlySet<ClusterEvent> | undefined): void {
    const waiting = this.#pods.get(key)
    if (waiting?.state !== 'taken') return
    waiting.wakes = wakes
    const isStale = this.#recent.some(
      ({ event, number }) => number > waiting.takenAt && (wakes === undefined || wakes.has(event)),
    )
    if (isStale || waiting.hasChanged) return this.#backOff(waiting)
    waiting.state = 'unschedulable'
    waiting.timer = this.#clock.after(UNSCHEDULABLE_MAX_MS, () => this.#backOff(waiting))
  }

  /** Something went wrong that a later try may mend: a binding that failed, a server that was away. */
  failed(key: string, pod: Pod): void {
    const waiting = this.#pods.get(key)
    const isSame = waiting?.pod.metadata.uid === pod.metadata.uid
    if (waiting?.state === 'taken' && isSame) this.#backOff(waiting)
  }

  /** Moves on what waits for such an event. */
  wake(event: ClusterEvent): void {
    this.#eventNumber += 1
    this.#recent.push({ event, number: this.#eventNumber })
    if (this.#recent.length > RECENT_EVENTS_MAX) this.#recent.shift()
    for (const waiting of this.#pods.values()) {
      if (waiting.state !== 'unschedulable') continue
      if (waiting.wakes === undefined || waiting.wakes.has(event)) this.#backOff(waiting)
    }
  }

  close(): void {
    for (const waiting of this.#pods.values()) waiting.timer?.cancel()
    this.#pods.clear()
  }

  /** Back-off counts from the last try: who has slept longer than that is active at once. */
  #backOff(waiting: Waiting): void {
    waiting.timer?.cancel()
    waiting.timer = undefined
    const delayMs = Math.min(
      BACKOFF_MAX_MS,
      BACKOFF_BASE_MS * 2 ** Math.max(0, waiting.attempts - 1),
    )
    const leftMs = waiting.takenMs + delayMs - this.#clock.monotonic()
    if (leftMs <= 0) return this.#activate(waiting)
    waiting.state = 'back-off'
    waiting.timer = this.#clock.after(leftMs, () => this.#activate(waiting))
  }

  #activate(waiting: Waiting): void {
    waiting.state = 'active'
    waiting.timer = undefined
    const heap = this.#heap
    heap.push(waiting)
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.#swapIfBefore(at, parent)) break
      at = parent
    }
    this.#wakeTaker?.()
  }

  #pop(): Waiting | undefined {
    for (;;) {
      const top = this.#heap[0]
      if (top === undefined) return undefined
      const last = this.#heap.pop()
      if (last !== undefined && last !== top) {
        this.#heap[0] = last
        this.#sink()
      }
      if (this.#pods.get(top.key) === top && top.state === 'active') return top
    }
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      const right = left + 1
      const isRightFirst = this.#isBeforeAt(right, left)
      const child = isRightFirst ? right : left
      if (!this.#swapIfBefore(child, at)) return
      at = child
    }
  }

  #isBeforeAt(left: number, right: number): boolean {
    const first = this.#heap[left]
    const second = this.#heap[right]
    return first !== undefined && second !== undefined && isBefore(first, second)
  }

  #swapIfBefore(child: number, parent: number): boolean {
    if (!this.#isBeforeAt(child, parent)) return false
    const lower = this.#heap[child]
    const upper = this.#heap[parent]
    if (lower === undefined || upper === undefined) return false
    this.#heap[parent] = lower
    this.#heap[child] = upper
    return true
  }
}

/** How many events are remembered for pods being decided: one decision takes far less than that many. */
const RECENT_EVENTS_MAX = 256

/** Status changes (our own condition among them) mend nothing. */
const isSpecChanged = (before: Pod, after: Pod): boolean =>
  JSON.stringify([before.spec, before.metadata.labels]) !==
  JSON.stringify([after.spec, after.metadata.labels])
