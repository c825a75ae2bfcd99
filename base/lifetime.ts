/**
 * Lifetimes: a long-lived part is a `run(signal)` that returns once the signal aborted and it has cleaned up.
 * A Group owns several: the first that fails ends them all, and the group ends when every part has.
 */
import { isAbort } from './errors.ts'

export interface Part {
  readonly name: string
  run(signal: AbortSignal): Promise<void>
}

/**
 * Runs all parts until `signal` aborts or one of them fails.
 * Throws  the first failure, after every other part has returned.
 */
export async function runAll(parts: readonly Part[], signal: AbortSignal): Promise<void> {
  const inner = new AbortController()
  const both = AbortSignal.any([signal, inner.signal])
  const failures: unknown[] = []
  await Promise.all(
    parts.map(async part => {
      try {
        await part.run(both)
        if (!both.aborted) throw new Error(`${part.name} ended by itself`)
      } catch (error) {
        if (!(both.aborted && isAbort(error))) failures.push(error)
        inner.abort()
      }
    }),
  )
  if (failures.length > 0) throw failures[0]
}

/** Resolves when `signal` aborts. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
