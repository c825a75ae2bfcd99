/**
 * The status of a pod from what is observed. Pure.
 *
 * Input   view; before: the status written last (its transition times and last known ends are kept)
 * Output  the whole status this agent owns, conditions of others (readiness gates) included unchanged
 * Source: kubernetes pkg/kubelet/kubelet_pods.go generateAPIPodStatus, convertToAPIContainerStatuses
 */
import { isTerminalPhase } from '#api/pod-phase.ts'
import { rfc3339 } from '#api/time.ts'
import type { Container, ContainerStatus, PodStatus } from '#api/types/core-v1.ts'
import type { ContainerState } from '../runtime/runtime.ts'
import { conditionsOf } from './conditions.ts'
import { phaseOf } from './phase.ts'
import { qosClassOf } from './qos.ts'
import { crashWaitMs, goDuration } from './restart.ts'
import {
  FRESH_FAILURE_MS,
  initContainersDone,
  isDeleted,
  isSidecar,
  latestOf,
  type PodView,
  previousOf,
  probesOf,
  restartPolicyOf,
  shouldRestart,
} from './view.ts'

export interface HostFacts {
  readonly hostIPs: readonly string[]
}

type State = NonNullable<ContainerStatus['state']>

export function statusOf(view: PodView, before: PodStatus, host: HostFacts): PodStatus {
  const { pod, local } = view
  const phase = phaseOf(view)
  const spec = pod.spec
  const statuses = (containers: readonly Container[], kind: 'init' | 'app'): ContainerStatus[] =>
    containers.map(container => containerStatus(view, { container, kind, before }))
  const inits = statuses(spec?.initContainers ?? [], 'init')
  const apps = statuses(spec?.containers ?? [], 'app')
  const podIPs = podIPsOf(view, before, host)
  const [hostIP] = host.hostIPs
  return {
    ...(pod.metadata.generation === undefined
      ? {}
      : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: conditionsOf(view, { phase, inits, apps, before: before.conditions ?? [] }),
    ...(local.refusal === undefined ? carried(before) : local.refusal),
    ...(hostIP === undefined ? {} : { hostIP, hostIPs: host.hostIPs.map(ip => ({ ip })) }),
    ...(podIPs[0] === undefined ? {} : { podIP: podIPs[0], podIPs: podIPs.map(ip => ({ ip })) }),
    startTime: before.startTime ?? rfc3339(view.nowMs),
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
    ...(apps.length === 0 ? {} : { containerStatuses: apps }),
    qosClass: before.qosClass ?? qosClassOf(pod),
  }
}

/** Reason and message of a pod that is over stay. */
const carried = (before: PodStatus): Pick<PodStatus, 'reason' | 'message'> =>
  isTerminalPhase(before.phase)
    ? {
        ...(before.reason === undefined ? {} : { reason: before.reason }),
        ...(before.message === undefined ? {} : { message: before.message }),
      }
    : {}

function podIPsOf(view: PodView, before: PodStatus, host: HostFacts): readonly string[] {
  if (view.pod.spec?.hostNetwork === true) {
    return view.local.networkSandboxID === ''
      ? (before.podIPs ?? []).map(({ ip }) => ip)
      : host.hostIPs
  }
  if (view.local.podIPs.length > 0) return view.local.podIPs
  return (before.podIPs ?? []).map(({ ip }) => ip)
}

interface Subject {
  readonly container: Container
  readonly kind: 'init' | 'app'
  readonly before: PodStatus
}

function containerStatus(view: PodView, subject: Subject): ContainerStatus {
  const { container } = subject
  const latest = latestOf(view, container.name)
  const known = recorded(subject)
  // what was removed at the end of a pod keeps the status it had
  if (latest === undefined && known !== undefined && (known.containerID ?? '') !== '') {
    return keepsRecord(view) ? ended(known) : { ...known, ready: false, started: false }
  }
  const state = stateOf(view, subject, latest)
  const lastState = lastStateOf(view, subject, state)
  const image = view.local.images.get(container.image ?? '')
  const probes = latest === undefined ? undefined : probesOf(view, latest.id, container)
  const isRunning = state.running !== undefined
  const isStarted = isRunning && probes?.isStarted === true
  return {
    name: container.name,
    state,
    lastState,
    ready: isReady(view, subject, { latest, isStarted, isProbeReady: probes?.isReady === true }),
    restartCount: latest?.attempt ?? 0,
    image: container.image ?? '',
    imageID: imageIDOf(latest, known, image?.digest),
    ...(latest === undefined ? {} : { containerID: containerID(latest) }),
    started: isStarted,
  }
}

const keepsRecord = ({ pod }: PodView): boolean =>
  isDeleted(pod) || isTerminalPhase(pod.status?.phase)

/** A container that vanished while it ran was not seen to end. */
function ended(status: ContainerStatus): ContainerStatus {
  const { state } = status
  if (state?.terminated !== undefined || state?.waiting !== undefined) {
    return { ...status, ready: status.ready && state.terminated?.exitCode === 0, started: false }
  }
  return {
    ...status,
    ready: false,
    started: false,
    state: {
      terminated: {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was terminated',
        ...(status.containerID === undefined ? {} : { containerID: status.containerID }),
      },
    },
  }
}

const recorded = ({ container, kind, before }: Subject): ContainerStatus | undefined =>
  (kind === 'init' ? before.initContainerStatuses : before.containerStatuses)?.find(
    ({ name }) => name === container.name,
  )

interface Readiness {
  readonly latest: ContainerState | undefined
  readonly isStarted: boolean
  readonly isProbeReady: boolean
}

function isReady(view: PodView, { container, kind }: Subject, facts: Readiness): boolean {
  const { latest, isStarted, isProbeReady } = facts
  if (kind === 'init' && !isSidecar(container)) {
    return latest?.state === 'exited' && latest.exitCode === 0
  }
  return (
    latest?.state === 'running' && isStarted && isProbeReady && !view.local.stops.has(latest.id)
  )
}

export const containerID = (container: ContainerState): string => `docker://${container.id}`

/** An adopted instance keeps what was written when it started: its digest is not asked for again. */
function imageIDOf(
  latest: ContainerState | undefined,
  known: ContainerStatus | undefined,
  digest: string | undefined,
): string {
  if (latest === undefined) return ''
  if (known?.containerID === containerID(latest) && known.imageID !== '') return known.imageID
  return digest === undefined ? `docker://${latest.imageID}` : `docker-pullable://${digest}`
}

function stateOf(view: PodView, subject: Subject, latest: ContainerState | undefined): State {
  const { container, kind } = subject
  if (latest?.state === 'running') return { running: { startedAt: rfc3339(latest.startedAtMs) } }
  if (latest?.state === 'exited') {
    const policy = restartPolicyOf(view.pod, container)
    const runsAgain =
      !isDeleted(view.pod) &&
      !isTerminalPhase(view.pod.status?.phase) &&
      view.local.refusal === undefined &&
      // an init container that ended well is done, whatever the policy
      !(kind === 'init' && !isSidecar(container) && latest.exitCode === 0) &&
      shouldRestart(policy, latest, view.local)
    const terminated = terminatedOf(view, latest)
    if (!runsAgain) return { terminated }
    return waitingToRestart(view, container, latest) ?? { terminated }
  }
  return { waiting: waitingOf(view, kind, container) }
}

/** Undefined while the next instance is about to start: the end is shown until then. */
function waitingToRestart(
  view: PodView,
  container: Container,
  latest: ContainerState,
): State | undefined {
  const backoff = view.local.crashes.get(container.name)
  const waitMs = crashWaitMs(backoff, latest.finishedAtMs, view.nowMs)
  if (waitMs > 0 && backoff !== undefined) {
    const { name, namespace, uid } = view.pod.metadata
    const message = `back-off ${goDuration(backoff.delayMs)} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`
    return { waiting: { reason: 'CrashLoopBackOff', message } }
  }
  const waiting = failureOf(view, container)
  if (waiting !== undefined) return { waiting }
  if (latest.error === '') return undefined
  return { waiting: { reason: 'RunContainerError', message: latest.error } }
}

/** What holds an instance back that is wanted now. */
function failureOf(view: PodView, container: Container): State['waiting'] | undefined {
  const image = view.local.images.get(container.image ?? '')?.failure
  if (image !== undefined) return imageWaiting(view, container, image)
  const failure = view.local.startFailures.get(container.name)
  return failure === undefined ? undefined : { reason: failure.reason, message: failure.message }
}

function imageWaiting(
  view: PodView,
  container: Container,
  failure: NonNullable<ReturnType<PodView['local']['images']['get']>>['failure'] & {},
): NonNullable<State['waiting']> {
  const { reason, message } = failure
  if (reason !== 'ErrImagePull' || view.nowMs - failure.atMs < FRESH_FAILURE_MS) {
    return { reason, message }
  }
  return {
    reason: 'ImagePullBackOff',
    message: `Back-off pulling image "${container.image}": ErrImagePull: ${message}`,
  }
}

function waitingOf(
  view: PodView,
  kind: 'init' | 'app',
  container: Container,
): NonNullable<State['waiting']> {
  const hasInits = (view.pod.spec?.initContainers ?? []).length > 0
  const isBlocked = kind === 'app' && hasInits && !initContainersDone(view)
  if (!isBlocked) {
    const failure = failureOf(view, container)
    if (failure !== undefined) return failure
  }
  return { reason: hasInits ? 'PodInitializing' : 'ContainerCreating' }
}

function lastStateOf(view: PodView, subject: Subject, state: State): State {
  const { container } = subject
  const latest = latestOf(view, container.name)
  if (state.waiting !== undefined && latest?.state === 'exited') {
    return { terminated: terminatedOf(view, latest) }
  }
  const previous = previousOf(view, container.name)
  if (previous?.state === 'exited') return { terminated: terminatedOf(view, previous) }
  const known = recorded(subject)
  return (latest?.attempt ?? 0) > 0 ? (known?.lastState ?? {}) : {}
}

function terminatedOf(view: PodView, container: ContainerState): NonNullable<State['terminated']> {
  const left = view.local.terminationMessages.get(container.id) ?? ''
  const message = left === '' ? container.error : left
  return {
    exitCode: container.exitCode,
    reason: reasonOf(container),
    ...(message === '' ? {} : { message }),
    ...(container.startedAtMs === 0 ? {} : { startedAt: rfc3339(container.startedAtMs) }),
    finishedAt: rfc3339(container.finishedAtMs),
    containerID: containerID(container),
  }
}

function reasonOf(container: ContainerState): string {
  if (container.oomKilled) return 'OOMKilled'
  if (container.error !== '' && container.startedAtMs === 0) return 'StartError'
  return container.exitCode === 0 ? 'Completed' : 'Error'
}
