/**
 * What the plan and the status of a pod are made from: the pod, what the engine shows, and what only this agent
 * knows. Types, and the few questions that both ask of them. Pure.
 */
import type { Container, Pod } from '#api/types/core-v1.ts'
import type { ContainerState, Observation, SandboxState } from '../runtime/runtime.ts'
import type { CrashBackoff } from './restart.ts'

export interface ImageRecord {
  /** Undefined while the image is not known to be there. */
  readonly id?: string
  /** `name@sha256:...` when it came from a registry. */
  readonly digest?: string
  /** The image's USER. */
  readonly user?: string
  readonly failure?: ImageFailure
}

export interface ImageFailure {
  readonly reason: 'ErrImagePull' | 'ErrImageNeverPull' | 'InvalidImageName'
  readonly message: string
  readonly failures: number
  readonly atMs: number
  readonly retryAtMs: number
}

/** A failed pull shows its reason so long, and its back-off afterwards, as users know it. */
export const FRESH_FAILURE_MS = 3000

/** Why a container could not even be created. */
export interface StartFailure {
  readonly reason: 'CreateContainerConfigError' | 'CreateContainerError' | 'RunContainerError'
  readonly message: string
  readonly retryAtMs: number
}

export interface ProbeSummary {
  /** The startup probe has succeeded, or there is none. */
  readonly isStarted: boolean
  /** The readiness probe succeeds, or there is none. */
  readonly isReady: boolean
  /** Set once liveness or startup failed for good: why the container must go. */
  readonly mustRestart?: string
}

/** A stop that has begun. */
export interface StopRecord {
  readonly sinceMs: number
  readonly graceMs: number
}

/** What the agent remembers of one pod between passes. All of it may be lost with the process. */
export interface PodLocal {
  /** Sandbox whose network is set up; '' when none is. */
  readonly networkSandboxID: string
  readonly podIPs: readonly string[]
  /** `unknown`: a folder of an earlier agent is there; mounting again is harmless, unmounting needed. */
  readonly volumes: 'unmounted' | 'unknown' | 'mounted'
  readonly volumeFailure: { readonly message: string; readonly retryAtMs: number } | undefined
  readonly sandboxFailure: { readonly message: string; readonly retryAtMs: number } | undefined
  /** By image reference. */
  readonly images: ReadonlyMap<string, ImageRecord>
  /** By container name. */
  readonly startFailures: ReadonlyMap<string, StartFailure>
  readonly crashes: ReadonlyMap<string, CrashBackoff>
  /** By container id. */
  readonly probes: ReadonlyMap<string, ProbeSummary>
  readonly stops: ReadonlyMap<string, StopRecord>
  readonly terminationMessages: ReadonlyMap<string, string>
  /** Containers that were stopped because a probe failed: they restart whatever their exit code. */
  readonly probeKilled: ReadonlySet<string>
  /** Keys of actions that are running: see `keyOfAction`. */
  readonly busy: ReadonlySet<string>
  /** Set when the node refuses the pod, or its deadline passed: it ends as Failed with these. */
  readonly refusal: { readonly reason: string; readonly message: string } | undefined
}

export interface PodView {
  readonly pod: Pod
  readonly observed: Observation
  readonly local: PodLocal
  readonly nowMs: number
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

export function restartPolicyOf(pod: Pod, container: Container): RestartPolicy {
  const own = container.restartPolicy
  if (own === 'Always' || own === 'OnFailure' || own === 'Never') return own
  const policy = pod.spec?.restartPolicy
  return policy === 'OnFailure' || policy === 'Never' ? policy : 'Always'
}

/** An init container that keeps running beside the others. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always'

/** The newest instance of a container, by name. */
export const latestOf = (view: PodView, name: string): ContainerState | undefined =>
  view.observed.containers.find(container => container.name === name)

/** The one before it. */
export const previousOf = (view: PodView, name: string): ContainerState | undefined =>
  view.observed.containers.filter(container => container.name === name)[1]

export const readySandbox = (view: PodView): SandboxState | undefined =>
  view.observed.sandboxes.find(sandbox => sandbox.state === 'ready')

export const isDeleted = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined

/** Whether an ended container runs again. */
export function shouldRestart(
  policy: RestartPolicy,
  ended: ContainerState,
  local: Pick<PodLocal, 'probeKilled'>,
): boolean {
  if (policy === 'Always') return true
  if (policy === 'Never') return false
  return ended.exitCode !== 0 || local.probeKilled.has(ended.id)
}

export const probesOf = (view: PodView, containerID: string, container: Container): ProbeSummary =>
  view.local.probes.get(containerID) ?? {
    isStarted: container.startupProbe === undefined,
    isReady: container.readinessProbe === undefined && container.startupProbe === undefined,
  }

/**
 * Init containers are done when each ended well (or, as a sidecar, has started) in the present sandbox, or when
 * any app container was ever started there.
 */
export function initContainersDone(view: PodView): boolean {
  const spec = view.pod.spec
  const inits = spec?.initContainers ?? []
  if (inits.length === 0) return true
  const sandboxID = view.observed.sandboxes[0]?.id
  const names = new Set(spec?.containers.map(container => container.name))
  const appStarted = view.observed.containers.some(
    container =>
      names.has(container.name) && container.sandboxID === sandboxID && container.startedAtMs > 0,
  )
  return appStarted || inits.every(init => isInitDone(view, init))
}

export function isInitDone(view: PodView, init: Container): boolean {
  const latest = latestOf(view, init.name)
  const sandboxID = view.observed.sandboxes[0]?.id
  if (latest === undefined || (sandboxID !== undefined && latest.sandboxID !== sandboxID))
    return false
  if (isSidecar(init)) return latest.startedAtMs > 0 && probesOf(view, latest.id, init).isStarted
  return latest.state === 'exited' && latest.exitCode === 0
}
