/**
 * The phase of a pod from its containers. Pure.
 * Law     Succeeded and Failed are final: nothing leads out of them.
 * Source: kubernetes pkg/kubelet/kubelet_pods.go getPhase
 */
import { isTerminalPhase } from '#api/pod-phase.ts'
import type { Container } from '#api/types/core-v1.ts'
import {
  initContainersDone,
  isDeleted,
  isSidecar,
  latestOf,
  type PodView,
  restartPolicyOf,
  shouldRestart,
} from './view.ts'

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

export function phaseOf(view: PodView): Phase {
  const before = view.pod.status?.phase
  if (isTerminalPhase(before)) return before
  if (view.local.refusal !== undefined) return 'Failed'
  if (!initContainersDone(view)) return hasFailedInit(view) ? 'Failed' : beforeOr(view, 'Pending')
  const containers = view.pod.spec?.containers ?? []
  const ends = containers.map(container => endOf(view, container))
  if (ends.includes('never-ran')) return beforeOr(view, 'Pending')
  if (ends.includes('alive')) return 'Running'
  return ends.every(end => end === 'succeeded') ? 'Succeeded' : 'Failed'
}

/** A pod that ran never becomes Pending again, also when its sandbox had to be made anew. */
function beforeOr(view: PodView, phase: Phase): Phase {
  return view.pod.status?.phase === 'Running' ? 'Running' : phase
}

/** `alive` = runs, or will run again. */
type End = 'never-ran' | 'alive' | 'succeeded' | 'failed'

function endOf(view: PodView, container: Container): End {
  const latest = latestOf(view, container.name)
  if (latest === undefined) return missingEnd(view, container)
  if (latest.state === 'created') return latest.attempt > 0 ? 'alive' : 'never-ran'
  if (latest.state === 'running') return 'alive'
  const runsAgain =
    !isDeleted(view.pod) && shouldRestart(restartPolicyOf(view.pod, container), latest, view.local)
  if (runsAgain) return 'alive'
  return latest.exitCode === 0 ? 'succeeded' : 'failed'
}

/**
 * The containers of a deleted pod are removed one by one: their end stays written in the status. One that was
 * removed by hand comes again.
 */
function missingEnd({ pod }: PodView, container: Container): End {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container.name)
  if ((status?.containerID ?? '') === '') return 'never-ran'
  if (!isDeleted(pod)) return 'alive'
  return status?.state?.terminated?.exitCode === 0 ? 'succeeded' : 'failed'
}

function hasFailedInit(view: PodView): boolean {
  return (view.pod.spec?.initContainers ?? []).some(init => {
    const latest = latestOf(view, init.name)
    if (isSidecar(init) || latest?.state !== 'exited' || latest.exitCode === 0) return false
    return !shouldRestart(restartPolicyOf(view.pod, init), latest, view.local)
  })
}
