/**
 * Writes the status of one pod to the API: only when it changed, never two writes at once, the newest one wins.
 * An unreachable API is tried again with back-off; a pod that is gone ends the writing.
 *
 * What somebody may wait for (a phase, readiness, a container that starts or ends) is written at once; the rest waits
 * a moment for company, which spares every pod's start and end half of its writes.
 */
import { isDeepStrictEqual } from 'node:util'
import { isReason } from '#api/status.ts'
import type { ContainerStatus, Pod, PodStatus } from '#api/types/core-v1.ts'
import { backoffMs } from '#base/backoff.ts'
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'

/** How long news that nobody waits for may wait. */
const LAZY_MS = 200
const RETRY = { baseMs: 200, maxMs: 10_000 } as const
/** Fields that vanish again: a patch must say so. */
const VANISHING = ['reason', 'message', 'podIP', 'podIPs'] as const
const ADDRESS_LISTS = ['podIPs', 'hostIPs'] as const

export interface StatusWriterOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}

export class StatusWriter {
  readonly #options: StatusWriterOptions
  readonly #pod: Pod
  #written: PodStatus | undefined
  #wanted: PodStatus | undefined
  #running: Promise<void> | undefined
  #lazy: Timer | undefined
  #isGone = false

  constructor(pod: Pod, options: StatusWriterOptions) {
    this.#pod = pod
    this.#written = pod.status
    this.#options = options
  }

  write(status: PodStatus): void {
    if (this.#isGone || isDeepStrictEqual(status, this.#wanted ?? this.#written)) return
    this.#wanted = status
    if (isUrgent(this.#written, status)) return this.#start()
    this.#lazy ??= this.#options.clock.after(LAZY_MS, () => this.#start())
  }

  /** Resolves when the last status asked for is written, or never will be. */
  async settled(): Promise<void> {
    if (this.#lazy !== undefined) this.#start()
    await this.#running
  }

  #start(): void {
    this.#lazy?.cancel()
    this.#lazy = undefined
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  async #run(): Promise<void> {
    const { clock, random, signal, log } = this.#options
    let failures = 0
    while (this.#wanted !== undefined && !signal.aborted && !this.#isGone) {
      const status = this.#wanted
      try {
        await this.#patch(status)
        this.#written = status
        failures = 0
        if (this.#wanted === status) this.#wanted = undefined
      } catch (error) {
        if (isReason(error, 'NotFound', 'Conflict')) {
          this.#isGone = true
          return
        }
        failures += 1
        if (failures === 1) log.warn('status of a pod could not be written', { error })
        await clock.sleep(backoffMs(RETRY, failures, random), signal)
      }
    }
  }

  /** Lists that a strategic patch would merge by address: an address that is gone must go. */
  #replacedLists(status: PodStatus): (readonly [field: string, list: readonly unknown[]])[] {
    return ADDRESS_LISTS.flatMap(field => {
      const before = this.#written?.[field]
      const after = status[field]
      if (before === undefined || after === undefined || isDeepStrictEqual(before, after)) return []
      return [[field, [...after, { $patch: 'replace' }]] as const]
    })
  }

  async #patch(status: PodStatus): Promise<void> {
    const { name = '', namespace, uid } = this.#pod.metadata
    const vanished = VANISHING.filter(
      field => status[field] === undefined && this.#written?.[field] !== undefined,
    )
    const body = {
      // a pod made anew under the same name is not ours to write
      metadata: { uid },
      status: {
        ...status,
        ...Object.fromEntries(vanished.map(field => [field, null])),
        ...Object.fromEntries(this.#replacedLists(status)),
      },
    }
    const { client, signal } = this.#options
    await client.pods.patch(
      { namespace, name },
      { type: 'strategic', body },
      { subresource: 'status' },
      signal,
    )
  }
}

/** Whether somebody may wait for the difference. Pure. */
export function isUrgent(before: PodStatus | undefined, after: PodStatus): boolean {
  const isReady = (status: PodStatus | undefined): boolean =>
    status?.conditions?.some(
      condition => condition.type === 'Ready' && condition.status === 'True',
    ) === true
  if ((before?.phase ?? 'Pending') !== after.phase || isReady(before) !== isReady(after))
    return true
  const news = (status: PodStatus | undefined): string =>
    [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
      .map(stateWord)
      .filter(word => !word.endsWith(' '))
      .join(',')
  return news(before) !== news(after)
}

/** Ends in a space while nothing has happened yet. */
function stateWord({ name, state, restartCount }: ContainerStatus): string {
  if (state?.running !== undefined) return `${name} running ${restartCount}`
  if (state?.terminated !== undefined) return `${name} terminated ${restartCount}`
  const reason = state?.waiting?.reason ?? ''
  const isFresh = reason === 'ContainerCreating' || reason === 'PodInitializing'
  return `${name} ${isFresh ? '' : reason}`
}
