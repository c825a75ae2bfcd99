/**
 * One probe's counters: which result holds after each outcome. Pure.
 *
 * Example: failureThreshold 3: ok ok fail fail ok fail fail fail -> success until the last, then failure.
 * Source: kubernetes pkg/kubelet/prober/worker.go doProbe
 */
import type { Probe } from '#api/types/core-v1.ts'

export type ProbeKind = 'startup' | 'liveness' | 'readiness'

export interface ProbeState {
  readonly result: 'unknown' | 'success' | 'failure'
  /** How often the last outcome came in a row. */
  readonly run: number
  readonly lastOutcome: boolean | undefined
}

const INITIAL: Readonly<Record<ProbeKind, ProbeState['result']>> = {
  startup: 'unknown',
  liveness: 'success',
  readiness: 'failure',
}

export const initialProbe = (kind: ProbeKind): ProbeState => ({
  result: INITIAL[kind],
  run: 0,
  lastOutcome: undefined,
})

export interface ProbeTimes {
  readonly initialDelayMs: number
  readonly periodMs: number
  readonly timeoutMs: number
  readonly successThreshold: number
  readonly failureThreshold: number
}

export const probeTimes = (probe: Probe): ProbeTimes => ({
  initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000,
  periodMs: (probe.periodSeconds ?? 10) * 1000,
  timeoutMs: (probe.timeoutSeconds ?? 1) * 1000,
  successThreshold: probe.successThreshold ?? 1,
  failureThreshold: probe.failureThreshold ?? 3,
})

export function nextProbe(
  state: ProbeState,
  isSuccess: boolean,
  times: Pick<ProbeTimes, 'successThreshold' | 'failureThreshold'>,
): ProbeState {
  const run = state.lastOutcome === isSuccess ? state.run + 1 : 1
  const threshold = isSuccess ? times.successThreshold : times.failureThreshold
  const decided = isSuccess ? 'success' : 'failure'
  return { result: run >= threshold ? decided : state.result, run, lastOutcome: isSuccess }
}
