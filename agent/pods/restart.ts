/**
 * How long a crashed container waits before it runs again. Pure.
 *
 * The first restart is immediate; then 10 s, 20 s, 40 s ... up to 5 minutes after each end. A container that has
 * run without being restarted for 10 minutes starts from the beginning.
 * Source: k8s.io/client-go util/flowcontrol/backoff.go; kubernetes pkg/kubelet/kuberuntime doBackOff
 */

export interface CrashBackoff {
  readonly delayMs: number
  readonly updatedAtMs: number
}

const INITIAL_MS = 10_000
const MAX_MS = 300_000
const FORGET_MS = 2 * MAX_MS

/** Milliseconds until an instance that ended at `finishedAtMs` may be followed by the next; 0 = now. */
export function crashWaitMs(
  backoff: CrashBackoff | undefined,
  finishedAtMs: number,
  nowMs: number,
): number {
  if (backoff === undefined || finishedAtMs - backoff.updatedAtMs > FORGET_MS) return 0
  return Math.max(0, finishedAtMs + backoff.delayMs - nowMs)
}

/** The state after one more restart at `nowMs`. */
export function nextCrashBackoff(
  backoff: CrashBackoff | undefined,
  finishedAtMs: number,
  nowMs: number,
): CrashBackoff {
  const isFresh = backoff === undefined || finishedAtMs - backoff.updatedAtMs > FORGET_MS
  const delayMs = isFresh ? INITIAL_MS : Math.min(MAX_MS, backoff.delayMs * 2)
  return { delayMs, updatedAtMs: nowMs }
}

/** `10s`, `1m20s`, `5m0s`: a Go duration of whole seconds. */
export function goDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const rest = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${minutes}m${rest}` : rest
}
