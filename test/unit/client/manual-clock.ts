/** A Clock that stands still until told to go on: for tests. Timers due fire in order. */
import type { Clock, Timer } from '#base/clock.ts'

export interface ManualClock extends Clock {
  /** Moves on, firing what falls due, with a turn of the event loop after each. */
  advance(ms: number): Promise<void>
}

interface Pending {
  readonly dueMs: number
  readonly task: () => void
}

export const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

export function manualClock(startMs = Date.parse('2026-01-01T00:00:00Z')): ManualClock {
  let nowMs = 0
  const pending = new Set<Pending>()
  const after = (delayMs: number, task: () => void): Timer => {
    const entry = { dueMs: nowMs + delayMs, task }
    pending.add(entry)
    return { cancel: () => pending.delete(entry) }
  }
  return {
    now: () => startMs + nowMs,
    monotonic: () => nowMs,
    after,
    sleep: (delayMs, signal) =>
      new Promise(resolve => {
        if (signal?.aborted) return resolve()
        const timer = after(delayMs, resolve)
        signal?.addEventListener(
          'abort',
          () => {
            timer.cancel()
            resolve()
          },
          { once: true },
        )
      }),
    async advance(ms) {
      const endMs = nowMs + ms
      await turn()
      for (;;) {
        const due = [...pending]
          .filter(({ dueMs }) => dueMs <= endMs)
          .sort((left, right) => left.dueMs - right.dueMs)[0]
        if (due === undefined) break
        pending.delete(due)
        nowMs = Math.max(nowMs, due.dueMs)
        due.task()
        await turn()
      }
      nowMs = endMs
    },
  }
}
