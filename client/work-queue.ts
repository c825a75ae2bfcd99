/**
 * A set of keys waiting to be worked on. Owns: its timers.
 *
 * Fair     keys come out in the order they went in.
 * Stingy   a key is never worked on twice at once; many adds before work are one.
 * Honest   a key added while being worked on is worked on again afterwards.
 * Patient  `addAfter` keeps the earliest of several delays; `retry` waits longer with each failure in a row.
 *
 * Invariant: a key is in `waiting` if and only if it is dirty and not processing.
 * Bound: the number of distinct keys, which is the number of objects.
 * Source: k8s.io/client-go/util/workqueue (queue.go, delaying_queue.go, default_rate_limiters.go)
 */
import { type BackoffPolicy, backoffMs } from '#base/backoff.ts'
import type { Clock, Timer } from '#base/clock.ts'
import type { Random } from '#base/random.ts'

export interface WorkQueueOptions {
  readonly clock: Clock
  readonly random: Random
  /** Delay of `retry`; 50 ms to 5 minutes when absent. */
  readonly retry?: BackoffPolicy
}

interface Delayed {
  readonly dueMs: number
  readonly timer: Timer
}

const RETRY: BackoffPolicy = { baseMs: 50, maxMs: 300_000 }

export class WorkQueue {
  readonly #clock: Clock
  readonly #random: Random
  readonly #retry: BackoffPolicy
  /** In order of arrival. */
  readonly #waiting = new Set<string>()
  readonly #dirty = new Set<string>()
  readonly #processing = new Set<string>()
  readonly #takers: ((key: string) => void)[] = []
  readonly #delayed = new Map<string, Delayed>()
  readonly #failures = new Map<string, number>()

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.#retry = options.retry ?? RETRY
  }

  /** Keys ready to be taken. */
  get length(): number {
    return this.#waiting.size
  }

  /** True when nothing waits, is delayed or is being worked on. */
  get isIdle(): boolean {
    return this.#waiting.size + this.#processing.size + this.#delayed.size === 0
  }

  add(key: string): void {
    if (this.#dirty.has(key)) return
    this.#dirty.add(key)
    if (!this.#processing.has(key)) this.#offer(key)
  }

  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) return this.add(key)
    const dueMs = this.#clock.monotonic() + delayMs
    const existing = this.#delayed.get(key)
    if (existing !== undefined && existing.dueMs <= dueMs) return
    existing?.timer.cancel()
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { dueMs, timer })
  }

  /** Adds again after a delay that grows with each call until `forget`. */
  retry(key: string): void {
    const failures = this.failures(key) + 1
    this.#failures.set(key, failures)
    this.addAfter(key, backoffMs(this.#retry, failures, this.#random))
  }

  /** Failures in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** The next key, once there is one. Rejects with the abort reason when `signal` aborts. */
  take(signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      for (const key of this.#waiting) {
        this.#waiting.delete(key)
        this.#begin(key)
        return resolve(key)
      }
      const taker = (key: string): void => {
        signal.removeEventListener('abort', abort)
        resolve(key)
      }
      const abort = (): void => {
        const at = this.#takers.indexOf(taker)
        if (at >= 0) this.#takers.splice(at, 1)
        reject(signal.reason)
      }
      this.#takers.push(taker)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  /** Must follow every `take`, once the work on the key is over. */
  done(key: string): void {
    this.#processing.delete(key)
    if (this.#dirty.has(key)) this.#offer(key)
  }

  /** Cancels all timers. */
  close(): void {
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
  }

  #begin(key: string): void {
    this.#dirty.delete(key)
    this.#processing.add(key)
  }

  /** Hands the key to a waiting taker in the same turn, so that the invariant has no gap. */
  #offer(key: string): void {
    const taker = this.#takers.shift()
    if (taker === undefined) {
      this.#waiting.add(key)
      return
    }
    this.#begin(key)
    taker(key)
  }
}
