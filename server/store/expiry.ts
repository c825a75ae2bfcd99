/**
 * Deletes keys whose time is over, in batches, through the ordinary commit. Owns: a heap of due times and one timer.
 *
 * A heap entry is a hint: the key may have been renewed or deleted since, which the commit's expectation finds out.
 */
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import { type Operation, StoreError } from './store.ts'

const BATCH = 200
/** The wall clock may jump: look again at least this often. */
const LONGEST_WAIT_MS = 60_000
const RETRY_MS = 10_000

export interface ExpiryOptions {
  readonly clock: Clock
  readonly log: Logger
  /** The newest revision of a key and its due time, if it has one. */
  readonly current: (
    key: string,
  ) => { readonly revision: number; readonly expiresAtMs: number | undefined } | undefined
  readonly commit: (operations: readonly Operation[]) => Promise<unknown>
}

interface Due {
  readonly atMs: number
  readonly key: string
}

export class Expiry {
  readonly #options: ExpiryOptions
  readonly #heap: Due[] = []
  #timer: Timer | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #sweeping = false
  #stopped = false

  constructor(options: ExpiryOptions) {
    this.#options = options
  }

  add(key: string, atMs: number): void {
    push(this.#heap, { key, atMs })
    if (!this.#sweeping && atMs < this.#timerAtMs) this.#arm(0)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** `atLeastMs` holds a retry back. */
  #arm(atLeastMs: number): void {
    const next = this.#heap[0]
    this.#timer?.cancel()
    this.#timerAtMs = Number.POSITIVE_INFINITY
    if (next === undefined || this.#stopped) return
    const now = this.#options.clock.now()
    const waitMs = Math.min(Math.max(next.atMs - now, atLeastMs, 1), LONGEST_WAIT_MS)
    this.#timerAtMs = now + waitMs
    this.#timer = this.#options.clock.after(waitMs, () => void this.#sweep())
  }

  async #sweep(): Promise<void> {
    if (this.#sweeping || this.#stopped) return
    this.#sweeping = true
    let retryMs = 0
    try {
      for (let due = this.#takeDue(); due.length > 0; due = this.#takeDue()) {
        await this.#delete(due)
        if (this.#stopped) break
      }
    } catch (error) {
      retryMs = RETRY_MS
      if (!this.#stopped) this.#options.log.warn('expired keys could not be deleted', { error })
    }
    this.#sweeping = false
    this.#arm(retryMs)
  }

  #takeDue(): Due[] {
    const now = this.#options.clock.now()
    const due: Due[] = []
    while (due.length < BATCH && (this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY) <= now) {
      const first = pop(this.#heap)
      if (first !== undefined) due.push(first)
    }
    return due
  }

  async #delete(due: readonly Due[]): Promise<void> {
    const operations = new Map<string, Operation>()
    for (const { key, atMs } of due) {
      const current = this.#options.current(key)
      if (current?.expiresAtMs !== atMs) continue
      operations.set(key, { kind: 'delete', key, expected: current.revision })
    }
    if (operations.size === 0) return
    try {
      await this.#options.commit([...operations.values()])
    } catch (error) {
      for (const entry of due) push(this.#heap, entry)
      // Expectations are read and checked in one turn unless the queue was full: then simply look again.
      if (error instanceof StoreError && error.code === 'conflict') return
      throw error
    }
  }
}

function push(heap: Due[], due: Due): void {
  let index = heap.push(due) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent]
    if (above === undefined || above.atMs <= due.atMs) break
    heap[index] = above
    index = parent
  }
  heap[index] = due
}

function pop(heap: Due[]): Due | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return first
  let index = 0
  for (;;) {
    const left = 2 * index + 1
    const right = left + 1
    const smaller =
      (heap[right]?.atMs ?? Number.POSITIVE_INFINITY) < (heap[left]?.atMs ?? 0) ? right : left
    const below = heap[smaller]
    if (below === undefined || below.atMs >= last.atMs) break
    heap[index] = below
    index = smaller
  }
  heap[index] = last
  return first
}
