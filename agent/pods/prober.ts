/**
 * Runs the probes of one running container until it is told to stop, and keeps their summary.
 *
 * Owns    one timer per probe. Startup comes first; liveness and readiness wait for it.
 * Source: kubernetes pkg/kubelet/prober/worker.go. Differs: the first readiness probe runs at once after its
 *         initial delay, without a random part of the period, so that a pod is Ready as soon as it is.
 */
import type { Container, Probe } from '#api/types/core-v1.ts'
import type { Clock, Timer } from '#base/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { act, type Outcome, type Target } from './handlers.ts'
import {
  initialProbe,
  nextProbe,
  type ProbeKind,
  type ProbeState,
  probeTimes,
} from './probe-state.ts'
import type { ProbeSummary } from './view.ts'

export interface ProberOptions {
  readonly runtime: Pick<Runtime, 'execSync'>
  readonly clock: Clock
  readonly target: Target
  /** When the container started, epoch milliseconds. */
  readonly startedAtMs: number
  /** The summary changed: look at the pod again. */
  readonly onChange: () => void
  readonly onFailure: (kind: ProbeKind, outcome: Outcome) => void
  /** An adopted container that was ready stays ready until its probe says otherwise. */
  readonly wasReady: boolean
}

export class Prober {
  readonly #options: ProberOptions
  readonly #states = new Map<ProbeKind, ProbeState>()
  readonly #timers = new Map<ProbeKind, Timer>()
  #isStopped = false
  #mustRestart: string | undefined

  constructor(options: ProberOptions) {
    this.#options = options
    for (const kind of ['startup', 'liveness', 'readiness'] as const) {
      const probe = probeOf(options.target.container, kind)
      if (probe === undefined) continue
      const state = initialProbe(kind)
      const isKept = options.wasReady && kind !== 'liveness'
      this.#states.set(kind, isKept ? { ...state, result: 'success' } : state)
      const ageMs = options.clock.now() - options.startedAtMs
      this.#schedule(kind, Math.max(0, probeTimes(probe).initialDelayMs - ageMs))
    }
  }

  get summary(): ProbeSummary {
    const startup = this.#states.get('startup')
    const isStarted = startup === undefined || startup.result === 'success'
    const readiness = this.#states.get('readiness')
    const isReady = isStarted && (readiness === undefined || readiness.result === 'success')
    return this.#mustRestart === undefined
      ? { isStarted, isReady }
      : { isStarted, isReady, mustRestart: this.#mustRestart }
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  #schedule(kind: ProbeKind, delayMs: number): void {
    if (this.#isStopped) return
    const { clock } = this.#options
    this.#timers.set(
      kind,
      clock.after(delayMs, () => void this.#probe(kind)),
    )
  }

  async #probe(kind: ProbeKind): Promise<void> {
    const { runtime, target, onFailure } = this.#options
    const probe = probeOf(target.container, kind)
    const state = this.#states.get(kind)
    if (probe === undefined || state === undefined || this.#isStopped) return
    const times = probeTimes(probe)
    const isStarted = this.summary.isStarted
    // liveness and readiness wait for startup, startup ends with its first success
    if (kind !== 'startup' && !isStarted)
      return this.#schedule(kind, Math.min(times.periodMs, 1000))
    if (kind === 'startup' && isStarted && state.lastOutcome === true) return
    const outcome = await act(runtime, probe, target, times.timeoutMs)
    if (this.#isStopped) return
    // an engine that restarts says nothing about the container
    if (outcome.isUnknown === true) return this.#schedule(kind, times.periodMs)
    if (!outcome.isSuccess) onFailure(kind, outcome)
    const before = this.summary
    const next = nextProbe(state, outcome.isSuccess, times)
    this.#states.set(kind, next)
    if (kind !== 'readiness' && next.result === 'failure') {
      this.#mustRestart = `Container ${target.container.name} failed ${kind} probe, will be restarted`
    }
    const after = this.summary
    const hasChanged =
      before.isReady !== after.isReady ||
      before.isStarted !== after.isStarted ||
      before.mustRestart !== after.mustRestart
    if (hasChanged) this.#options.onChange()
    if (this.#mustRestart === undefined || kind === 'readiness')
      this.#schedule(kind, times.periodMs)
  }
}

function probeOf(container: Container, kind: ProbeKind): Probe | undefined {
  if (kind === 'startup') return container.startupProbe
  return kind === 'liveness' ? container.livenessProbe : container.readinessProbe
}

export const hasProbes = (container: Container): boolean =>
  container.startupProbe !== undefined ||
  container.livenessProbe !== undefined ||
  container.readinessProbe !== undefined
