/**
 * One pod on this node: observes, plans, starts what was planned, writes the status. Decides nothing itself.
 *
 * Owns    the pod's memory, its probers, one timer, one status writer.
 * Law     One pass at a time; actions run beside it and end in another pass. A pass that fails (engine away) is
 *         tried again; nothing that runs is touched meanwhile.
 */
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Pod, PodCondition, PodStatus } from '#api/types/core-v1.ts'
import { isAbort } from '#base/errors.ts'
import { backoffMs } from '#base/backoff.ts'
import type { Timer } from '#base/clock.ts'
import { isRuntimeError } from '../runtime/errors.ts'
import type { Observation } from '../runtime/runtime.ts'
import { isOurCondition } from './conditions.ts'
import { terminationMessage } from './container-files.ts'
import type { PodDeps, PodTask } from './deps.ts'
import { executors, refresh } from './executors.ts'
import { newMemory, type PodMemory } from './memory.ts'
import { deadlineOf, keyOfAction, type PodAction, planPod } from './plan.ts'
import { PodProbers } from './pod-probers.ts'
import { statusOf } from './status.ts'
import { StatusWriter } from './status-writer.ts'
import { type PodView, readySandbox } from './view.ts'
import { placeOf } from './volume-context.ts'

const RETRY = { baseMs: 200, maxMs: 10_000 } as const
const STOP_WAIT_MS = 2000

export interface PodWorkerOptions {
  readonly deps: PodDeps
  readonly pod: Pod
  /** Only labels or folders are left of it: there is no object to write to. */
  readonly isGhost: boolean
  /** The pod is gone: from this node and from the API. */
  readonly onDone: () => void
}

export class PodWorker {
  readonly uid: string
  readonly #deps: PodDeps
  readonly #memory: PodMemory = newMemory()
  readonly #stop = new AbortController()
  readonly #writer: StatusWriter
  readonly #probers: PodProbers
  readonly #onDone: () => void
  readonly #isGhost: boolean
  readonly #inFlight = new Set<Promise<void>>()
  #pod: Pod
  #status: PodStatus | undefined
  #timer: Timer | undefined
  #pass: Promise<void> | undefined
  #isWoken = false
  #isDone = false
  #failures = 0

  constructor({ deps, pod, isGhost, onDone }: PodWorkerOptions) {
    this.#isGhost = isGhost
    this.uid = pod.metadata.uid ?? ''
    this.#deps = deps
    this.#pod = pod
    this.#onDone = onDone
    const { client, clock, random, log } = deps
    this.#writer = new StatusWriter(pod, { client, clock, random, log, signal: this.#stop.signal })
    this.#probers = new PodProbers(deps, this.#memory, () => this.wake())
    if (existsSync(placeOf(deps, this.uid).directory)) this.#memory.volumes = 'unknown'
    this.wake()
  }

  /** The pod as its user sees it now. */
  get pod(): Pod {
    return this.#status === undefined ? this.#pod : { ...this.#pod, status: this.#status }
  }

  get volumePaths(): ReadonlyMap<string, string> {
    return this.#memory.volumePaths
  }

  update(pod: Pod): void {
    const before = this.#pod
    this.#pod = pod
    if (!isEcho(before, pod)) this.wake()
  }

  /** The object is gone from the API, whoever took it: the pod ends with what grace it was given. */
  vanish(): void {
    const { metadata, spec } = this.#pod
    this.#pod = {
      ...this.#pod,
      metadata: {
        ...metadata,
        deletionTimestamp:
          metadata.deletionTimestamp ?? new Date(this.#deps.clock.now()).toISOString(),
        deletionGracePeriodSeconds:
          metadata.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30,
      },
    }
    this.wake()
  }

  wake(): void {
    if (this.#stop.signal.aborted || this.#isDone) return
    this.#isWoken = true
    this.#pass ??= this.#run().finally(() => {
      this.#pass = undefined
    })
  }

  /** Objects that its volumes show may have changed. */
  async refresh(): Promise<void> {
    if (this.#isDone) return
    forgetDelays(this.#memory)
    await refresh(this.#deps, this.#task())
  }

  /** The agent ends; the pod lives on. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#timer?.cancel()
    this.#probers.close()
    await this.#pass
    // a hook may take minutes: the next agent observes what came of it
    await Promise.race([Promise.allSettled(this.#inFlight), this.#deps.clock.sleep(STOP_WAIT_MS)])
    await this.#writer.settled()
  }

  async #run(): Promise<void> {
    while (this.#isWoken && !this.#stop.signal.aborted && !this.#isDone) {
      this.#isWoken = false
      try {
        await this.#onePass()
        this.#failures = 0
      } catch (error) {
        this.#failures += 1
        const level = isRuntimeError(error, 'unavailable', 'timeout') ? 'debug' : 'warn'
        this.#deps.log[level]('pass over a pod failed', { pod: this.#pod.metadata.name, error })
        this.#lookAgain(backoffMs(RETRY, this.#failures, this.#deps.random))
      }
    }
  }

  async #onePass(): Promise<void> {
    const observed = await this.#deps.runtime.observe(this.uid)
    await this.#readTerminationMessages(observed)
    this.#probers.sync(this.pod, observed)
    this.#checkDeadline()
    this.#report(this.#view(observed))
    const plan = planPod(this.#view(observed))
    this.#timer?.cancel()
    if (plan.requeueAfterMs !== undefined) this.#lookAgain(plan.requeueAfterMs)
    for (const action of plan.actions) this.#start(action)
  }

  #report(view: PodView): void {
    if (isAdopting(view)) return
    this.#status = statusOf(view, this.#statusBefore(), { hostIPs: this.#deps.node.hostIPs })
    if (!this.#isGhost) this.#writer.write(this.#status)
  }

  #view(observed: Observation): PodView {
    return { pod: this.pod, observed, local: this.#memory, nowMs: this.#deps.clock.now() }
  }

  /** Our last word, with what others have said in the API since. */
  #statusBefore(): PodStatus {
    const fromAPI = this.#pod.status ?? {}
    if (this.#status === undefined) return fromAPI
    const isForeign = ({ type }: PodCondition): boolean => !isOurCondition(type)
    const ours = (this.#status.conditions ?? []).filter(condition => !isForeign(condition))
    return {
      ...this.#status,
      conditions: [...ours, ...(fromAPI.conditions ?? []).filter(isForeign)],
    }
  }

  #checkDeadline(): void {
    const deadlineMs = deadlineOf(this.pod)
    if (deadlineMs === undefined || this.#deps.clock.now() < deadlineMs) return
    this.#memory.refusal ??= {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    }
  }

  #lookAgain(afterMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#deps.clock.after(afterMs, () => this.wake())
  }

  #start(action: PodAction): void {
    const key = keyOfAction(action)
    this.#memory.busy.add(key)
    const running = this.#execute(action)
      .catch(async (error: unknown) => {
        if (this.#stop.signal.aborted || isAbort(error)) return
        const fields = { pod: this.#pod.metadata.name, action: action.kind, error }
        this.#deps.log[isRuntimeError(error, 'unavailable') ? 'debug' : 'warn'](
          'action on a pod failed',
          fields,
        )
        // keeps a hopeless action from spinning
        await this.#deps.clock.sleep(1000, this.#stop.signal)
      })
      .finally(() => {
        this.#memory.busy.delete(key)
        this.#inFlight.delete(running)
        this.wake()
      })
    this.#inFlight.add(running)
  }

  /** The one cast: the table has an executor for each kind, which the compiler cannot follow through the lookup. */
  async #execute(action: PodAction): Promise<void> {
    const execute = executors[action.kind] as (
      deps: PodDeps,
      task: PodTask,
      action: PodAction,
    ) => Promise<void>
    await execute(this.#deps, this.#task(), action)
    if (action.kind !== 'delete-pod') return
    this.#isDone = true
    this.#stop.abort()
    this.#timer?.cancel()
    this.#probers.close()
    this.#onDone()
  }

  #task(): PodTask {
    return {
      pod: this.pod,
      memory: this.#memory,
      signal: this.#stop.signal,
      isGhost: this.#isGhost,
      statusSettled: () => this.#writer.settled(),
    }
  }

  async #readTerminationMessages({ containers }: Observation): Promise<void> {
    const messages = this.#memory.terminationMessages
    for (const container of containers) {
      if (container.state !== 'exited' || messages.has(container.id)) continue
      messages.set(container.id, await terminationMessage(this.#deps.runtime, container))
    }
  }
}

/** Nothing but what this agent writes itself has changed: its own status comes back from the API. */
function isEcho(before: Pod, after: Pod): boolean {
  const foreign = ({ metadata, spec, status }: Pod): unknown => {
    const { resourceVersion: _version, managedFields: _fields, ...rest } = metadata
    const conditions = status?.conditions?.filter(({ type }) => !isOurCondition(type)) ?? []
    return { metadata: rest, spec, conditions }
  }
  return isDeepStrictEqual(foreign(before), foreign(after))
}

/**
 * A sandbox runs whose network this agent has not looked at yet: it has just restarted, or is in the middle of
 * making it. What it would say now about readiness would be wrong for a moment, and cost a pod its traffic.
 */
function isAdopting(view: PodView): boolean {
  const sandbox = readySandbox(view)
  const { networkSandboxID, sandboxFailure } = view.local
  return sandbox !== undefined && sandbox.id !== networkSandboxID && sandboxFailure === undefined
}

/** What was missing may be there now: waiting longer would only be waiting. */
function forgetDelays(memory: PodMemory): void {
  for (const [name, failure] of memory.startFailures) {
    memory.startFailures.set(name, { ...failure, retryAtMs: 0 })
  }
  if (memory.volumeFailure !== undefined) {
    memory.volumeFailure = { ...memory.volumeFailure, retryAtMs: 0 }
  }
}
