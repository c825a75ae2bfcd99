/**
 * Lifetimes: a long-lived part is a `run(signal)` that returns once the signal aborted and it has cleaned up.
 * A Group owns several: the first that fails ends them all, and the group ends when every part has.
 */
import { setImmediate } from 'node:timers/promises'
import { isAbort } from './errors.ts'

export interface Part {
  readonly name: string
  run(signal: AbortSignal): Promise<void>
}

/**
 * Runs all parts until `signal` aborts or one of them fails. They start in order, each in a turn of its own: together
 * they would hold up for milliseconds whoever already asks.
 * Throws  the first failure, after every other part has returned.
 */
export async function runAll(parts: readonly Part[], signal: AbortSignal): Promise<void> {
  const inner = new AbortController()
  const both = AbortSignal.any([signal, inner.signal])
  const failures: unknown[] = []
  const runOne = async (part: Part): Promise<void> => {
    try {
      await part.run(both)
      if (!both.aborted) throw new Error(`${part.name} ended by itself`)
    } catch (error) {
      if (!(both.aborted && isAbort(error))) failures.push(error)
      inner.abort()
    }
  }
  const running: Promise<void>[] = []
  for (const part of parts) {
    running.push(runOne(part))
    await setImmediate()
  }
  await Promise.all(running)
  if (failures.length > 0) throw failures[0]
}

/** Resolves when `signal` aborts. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
