/**
 * Time as a collaborator: whoever waits or stamps is handed a Clock, so that tests and replays own it.
 * `Date.now`, `setTimeout` and `performance` appear only in this file.
 */

/** A running timer. `cancel` is idempotent and safe after the timer fired. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall clock, milliseconds since the epoch. May jump: use it for stamps, not for durations. */
  now(): number
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number
  /** Runs `task` once after `delayMs`. The timer never keeps the process alive by itself. */
  after(delayMs: number, task: () => void): Timer
  /** Resolves after `delayMs`, or at once (without throwing) when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  sleep(delayMs, signal) {
    return new Promise(resolve => {
      if (signal?.aborted) return resolve()
      const finish = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const timer = setTimeout(finish, delayMs)
      signal?.addEventListener('abort', finish, { once: true })
    })
  },
}

/** RFC 3339 with seconds, the form of `metav1.Time` (`2026-01-02T03:04:05Z`). */
export const rfc3339 = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 19)}Z`

/** RFC 3339 with microseconds, the form of `metav1.MicroTime` (`2026-01-02T03:04:05.678000Z`). */
export const rfc3339Micro = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 23)}000Z`
