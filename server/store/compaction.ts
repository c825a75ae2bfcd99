/**
 * When to forget history, and up to which revision. The choice is pure; the shell looks once a minute.
 *
 * What is older than `keepMs` can no longer be listed, so that a pager learns of it as with any other server; deleting
 * it costs a transaction and waits until there is something worth deleting.
 */
import type { Clock, Timer } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/logger.ts'
import type { Store } from './store.ts'

/** A revision can be read while it is young. On disk it is kept while it is young or among the last few, but never beyond the hard bound. */
export interface CompactionPolicy {
  /** At least this long ... */
  readonly keepMs: number
  /** ... and at least so many revisions, whatever their age ... */
  readonly keepRevisions: number
  /** ... and never more than this many. */
  readonly maxRevisions: number
}

export const DEFAULT_COMPACTION: CompactionPolicy = {
  keepMs: 5 * 60_000,
  keepRevisions: 10_000,
  maxRevisions: 100_000,
}

/** The newest revision at some moment. */
export interface Sample {
  readonly atMs: number
  readonly revision: number
}

/** Fewer revisions than this are not worth a transaction. */
const STEP = 500
const PERIOD_MS = 60_000

/** The newest revision that is as old as history is kept for; undefined when nothing is. */
export const retiredRevision = (
  policy: CompactionPolicy,
  samples: readonly Sample[],
  nowMs: number,
): number | undefined => samples.findLast(sample => sample.atMs <= nowMs - policy.keepMs)?.revision

/** The revision to compact to, or undefined when there is nothing worth forgetting. `samples`: oldest first. */
export function planCompaction(
  policy: CompactionPolicy,
  samples: readonly Sample[],
  state: { readonly revision: number; readonly compactedRevision: number; readonly nowMs: number },
): number | undefined {
  const byAge = retiredRevision(policy, samples, state.nowMs) ?? 0
  const byCount = state.revision - policy.keepRevisions
  const target = Math.max(Math.min(byAge, byCount), state.revision - policy.maxRevisions)
  return target >= state.compactedRevision + STEP ? target : undefined
}

/** Samples the revision and compacts by the policy until stopped. */
export class Compaction {
  readonly #deps: { readonly store: Store; readonly clock: Clock; readonly log: Logger }
  readonly #policy: CompactionPolicy
  #samples: Sample[]
  #timer: Timer | undefined
  #stopped = false

  constructor(
    deps: { readonly store: Store; readonly clock: Clock; readonly log: Logger },
    policy: CompactionPolicy,
  ) {
    this.#deps = deps
    this.#policy = policy
    this.#samples = [{ atMs: deps.clock.now(), revision: deps.store.revision }]
    this.#arm()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #arm(): void {
    if (!this.#stopped) this.#timer = this.#deps.clock.after(PERIOD_MS, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { store, clock, log } = this.#deps
    const nowMs = clock.now()
    const { revision, compactedRevision } = store
    store.retire(retiredRevision(this.#policy, this.#samples, nowMs) ?? 0)
    const target = planCompaction(this.#policy, this.#samples, {
      revision,
      compactedRevision,
      nowMs,
    })
    this.#samples = [...this.#samples, { atMs: nowMs, revision }].slice(
      -Math.ceil(this.#policy.keepMs / PERIOD_MS + 2),
    )
    if (target !== undefined) {
      try {
        await store.compact(target)
        log.debug('history compacted', { revision: target })
      } catch (error) {
        if (!this.#stopped) log.warn('history could not be compacted', { error: messageOf(error) })
      }
    }
    this.#arm()
  }
}
