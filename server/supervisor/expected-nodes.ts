/**
 * Nodes that are about to be back: in the moments after the server started, and after a node's tunnel broke, the agent
 * is dialling. Who asks for such a node waits for it instead of hearing that it is not there.
 *
 * Owns    the time at which each lost node went, and one signal per node that is waited for.
 */
import type { Clock } from '#base/clock.ts'

export class ExpectedNodes {
  readonly #clock: Clock
  readonly #withinMs: number
  readonly #startedAt: number
  readonly #lostAt = new Map<string, number>()
  readonly #arrivals = new Map<string, AbortController>()
  #isClosed = false

  constructor(clock: Clock, withinMs: number) {
    this.#clock = clock
    this.#withinMs = withinMs
    this.#startedAt = clock.monotonic()
  }

  lost(nodeName: string): void {
    const now = this.#clock.monotonic()
    for (const [name, at] of this.#lostAt) if (at + this.#withinMs < now) this.#lostAt.delete(name)
    this.#lostAt.set(nodeName, now)
  }

  arrived(nodeName: string): void {
    this.#lostAt.delete(nodeName)
    this.#arrivals.get(nodeName)?.abort()
    this.#arrivals.delete(nodeName)
  }

  /** Resolves when the node arrived, when it is expected no longer, or when `signal` aborts. */
  async wait(nodeName: string, signal: AbortSignal): Promise<void> {
    const since = this.#lostAt.get(nodeName) ?? this.#startedAt
    const remainingMs = since + this.#withinMs - this.#clock.monotonic()
    if (remainingMs <= 0 || this.#isClosed) return
    const arrival = this.#arrivals.get(nodeName) ?? new AbortController()
    this.#arrivals.set(nodeName, arrival)
    await this.#clock.sleep(remainingMs, AbortSignal.any([signal, arrival.signal]))
    // Whoever else waits for it waits until the same moment.
    if (!arrival.signal.aborted && !signal.aborted) this.#arrivals.delete(nodeName)
  }

  /** Nobody is expected any more. */
  close(): void {
    this.#isClosed = true
    for (const arrival of this.#arrivals.values()) arrival.abort()
    this.#arrivals.clear()
  }
}
