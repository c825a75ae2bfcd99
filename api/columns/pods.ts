/**
 * The row of a pod: one word for its state, gathered from phase, containers and deletion. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go printPod
 */
import { isTerminalPhase } from '../pod-phase.ts'
import {
  AGE,
  ageOf,
  NAME,
  nameOf,
  NONE,
  orNone,
  type Printer,
  type RowCondition,
  text,
  wide,
} from '#api/columns/printer.ts'
import { humanAge } from '#api/duration.ts'
import type { ContainerStatus, Pod } from '#api/types/core-v1.ts'

interface Summary {
  readonly reason: string
  readonly restarts: number
  /** Milliseconds since the epoch of the last restart, 0 when there was none. */
  readonly restartedAt: number
  readonly ready: number
}

const finishedAt = (status: ContainerStatus): number =>
  Date.parse(status.lastState?.terminated?.finishedAt ?? '') || 0

const isSidecar = (pod: Pod, name: string): boolean =>
  pod.spec?.initContainers?.some(
    container => container.name === name && container.restartPolicy === 'Always',
  ) ?? false

const isTrue = (pod: Pod, type: string): boolean =>
  pod.status?.conditions?.some(
    condition => condition.type === type && condition.status === 'True',
  ) ?? false

/** `Error`, or the signal or code when the runtime gave no reason. */
function terminationReason(status: ContainerStatus): string {
  const { reason = '', signal = 0, exitCode = 0 } = status.state?.terminated ?? {}
  if (reason !== '') return reason
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`
}

interface Initialization {
  /** undefined once every init container is through. */
  readonly reason: string | undefined
  readonly sidecarsReady: number
  readonly all: Restarts
  readonly sidecars: Restarts
}

interface Restarts {
  readonly count: number
  readonly at: number
}

const addRestarts = (restarts: Restarts, status: ContainerStatus): Restarts => ({
  count: restarts.count + (status.restartCount ?? 0),
  at: Math.max(restarts.at, finishedAt(status)),
})

function initReason(pod: Pod, status: ContainerStatus, index: number): string {
  if (status.state?.terminated !== undefined) return `Init:${terminationReason(status)}`
  const waiting = status.state?.waiting?.reason ?? ''
  if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`
  return `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`
}

function initializationOf(pod: Pod): Initialization {
  let all: Restarts = { count: 0, at: 0 }
  let sidecars: Restarts = all
  let sidecarsReady = 0
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(pod, status.name)
    all = addRestarts(all, status)
    if (sidecar) sidecars = addRestarts(sidecars, status)
    const { terminated } = status.state ?? {}
    const isDone = terminated !== undefined && (terminated.exitCode ?? 0) === 0
    if (!isDone && sidecar && status.started === true) sidecarsReady += status.ready ? 1 : 0
    else if (!isDone)
      return { reason: initReason(pod, status, index), sidecarsReady, all, sidecars }
  }
  return { reason: undefined, sidecarsReady, all, sidecars }
}

function phaseReason(pod: Pod): string {
  const gated = pod.status?.conditions?.some(
    condition => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated',
  )
  if (gated === true) return 'SchedulingGated'
  return pod.status?.reason || (pod.status?.phase ?? '')
}

function summaryOf(pod: Pod): Summary {
  const init = initializationOf(pod)
  const pending = init.reason ?? phaseReason(pod)
  if (init.reason !== undefined && !isTrue(pod, 'Initialized')) {
    return {
      reason: pending,
      restarts: init.all.count,
      restartedAt: init.all.at,
      ready: init.sidecarsReady,
    }
  }
  let reason = pending
  let restarts = init.sidecars
  let running = 0
  // The first container has the last word.
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    restarts = addRestarts(restarts, status)
    const { waiting, terminated, running: runs } = status.state ?? {}
    if (waiting?.reason !== undefined && waiting.reason !== '') reason = waiting.reason
    else if (terminated !== undefined) reason = terminationReason(status)
    else if (status.ready && runs !== undefined) running += 1
  }
  if (reason === 'Completed' && running > 0) reason = isTrue(pod, 'Ready') ? 'Running' : 'NotReady'
  return {
    reason,
    restarts: restarts.count,
    restartedAt: restarts.at,
    ready: init.sidecarsReady + running,
  }
}

function stateOf(pod: Pod, reason: string): string {
  if (pod.metadata.deletionTimestamp === undefined) return reason
  if (pod.status?.reason === 'NodeLost') return 'Unknown'
  return isTerminalPhase(pod.status?.phase) ? reason : 'Terminating'
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  if (gates.length === 0) return NONE
  return `${gates.filter(gate => isTrue(pod, gate.conditionType)).length}/${gates.length}`
}

function podCells(pod: Pod, now: number): readonly string[] {
  const { reason, restarts, restartedAt, ready } = summaryOf(pod)
  const sidecars = pod.spec?.initContainers?.filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  )
  const total = (pod.spec?.containers?.length ?? 0) + (sidecars?.length ?? 0)
  const ago = humanAge(new Date(restartedAt).toISOString(), now)
  return [
    nameOf(pod),
    `${ready}/${total}`,
    stateOf(pod, reason),
    restarts > 0 && restartedAt > 0 ? `${restarts} (${ago} ago)` : String(restarts),
    ageOf(pod, now),
    orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP),
    orNone(pod.spec?.nodeName),
    orNone(pod.status?.nominatedNodeName),
    readinessGates(pod),
  ]
}

const ENDED: Readonly<Record<string, RowCondition>> = {
  Succeeded: {
    type: 'Completed',
    status: 'True',
    reason: 'Succeeded',
    message: 'The pod has completed successfully.',
  },
  Failed: { type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' },
}

export const podPrinter: Printer = {
  columns: [
    NAME,
    text('Ready', 'Containers that are ready, out of all.'),
    text('Status', 'What the pod is doing, or why it does not.'),
    text('Restarts', 'How often containers were started again, and when last.'),
    AGE,
    wide(text('IP', 'Address of the pod.')),
    wide(text('Node', 'Node the pod was bound to.')),
    wide(text('Nominated Node', 'Node kept free for the pod by preemption.')),
    wide(text('Readiness Gates', 'Extra conditions that are true, out of those asked for.')),
  ],
  cells(pod: Pod, now: number) {
    return podCells(pod, now)
  },
  conditions(pod: Pod) {
    const ended = ENDED[pod.status?.phase ?? '']
    return ended === undefined ? [] : [ended]
  },
}
