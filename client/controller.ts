/**
 * The thin shell of every controller: keys in, `sync(key)` on a few workers, retry with back-off. Decides nothing.
 *
 * Law  One object's failure delays only that object. A sync that throws is tried again, later each time; a sync that
 *      returns `requeueAfterMs` is run again then. Nothing runs before the informers it reads have listed.
 */
import { isReason } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import { WorkQueue } from './work-queue.ts'

export interface SyncResult {
  readonly requeueAfterMs?: number
}

export interface ControllerOptions {
  readonly name: string
  /** How many keys may be worked on at once. */
  readonly workers: number
  /** One pass over one object, named by key. Safe to run twice, late, or for an object that is gone. */
  sync(key: string, signal: AbortSignal): Promise<SyncResult | undefined>
  /** Informers that must have listed before the first sync. */
  readonly needs: readonly { synced(signal: AbortSignal): Promise<void> }[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export interface Controller extends Part {
  /** From informer handlers: only ever a key. */
  enqueue(key: string): void
  enqueueAfter(key: string, delayMs: number): void
  readonly isIdle: boolean
}

/** Refusals that a fresh look at the world usually mends: not worth a warning the first times. */
const EXPECTED = ['Conflict', 'AlreadyExists', 'NotFound', 'ServiceUnavailable'] as const
const WARN_AFTER_FAILURES = 5

/** Source: kubernetes NamespaceLifecycle admission, k8s.io/api/core/v1 NamespaceTerminatingCause */
const isNamespaceGoing = (error: unknown): boolean =>
  isReason(error, 'Forbidden') &&
  (error.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')

export function createController(options: ControllerOptions): Controller {
  const { name, clock, random } = options
  const log = options.log.with({ controller: name })
  const queue = new WorkQueue({ clock, random })

  const work = async (key: string, signal: AbortSignal): Promise<void> => {
    try {
      const result = await options.sync(key, signal)
      queue.forget(key)
      if (result?.requeueAfterMs !== undefined) queue.addAfter(key, result.requeueAfterMs)
    } catch (error) {
      if (signal.aborted) return
      if (isNamespaceGoing(error)) {
        // Nothing can be created there any more, and what the key names goes as well.
        queue.forget(key)
        log.debug('namespace is going', { key })
        return
      }
      queue.retry(key)
      const failures = queue.failures(key)
      const isDaily = isReason(error, ...EXPECTED) && failures < WARN_AFTER_FAILURES
      log[isDaily ? 'debug' : 'warn']('sync failed', { key, failures, error })
    } finally {
      queue.done(key)
    }
  }

  const runWorker = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const key = await queue.take(signal)
      await work(key, signal)
    }
  }

  return {
    name,
    enqueue: key => queue.add(key),
    enqueueAfter: (key, delayMs) => queue.addAfter(key, delayMs),
    get isIdle() {
      return queue.isIdle
    },
    async run(signal) {
      try {
        await Promise.all(options.needs.map(informer => informer.synced(signal)))
        await Promise.all(Array.from({ length: options.workers }, () => runWorker(signal)))
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        queue.close()
      }
    },
  }
}
