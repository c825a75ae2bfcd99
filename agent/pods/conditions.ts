/**
 * The conditions of a pod that its node decides. Pure.
 * Source: kubernetes pkg/kubelet/status/generate.go
 */
import { rfc3339 } from '#api/time.ts'
import type { ContainerStatus, PodCondition } from '#api/types/core-v1.ts'
import type { Phase } from './phase.ts'
import { initContainersDone, type PodView, readySandbox } from './view.ts'

export interface ConditionFacts {
  readonly phase: Phase
  readonly inits: readonly ContainerStatus[]
  readonly apps: readonly ContainerStatus[]
  /** Those of the status written last. */
  readonly before: readonly PodCondition[]
}

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>

const OURS = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
])

export function conditionsOf(view: PodView, facts: ConditionFacts): PodCondition[] {
  const containersReady = containersReadyOf(view, facts)
  const verdicts: readonly (readonly [type: string, verdict: Verdict])[] = [
    ['PodReadyToStartContainers', truth(hasNetwork(view))],
    ['Initialized', initializedOf(view, facts)],
    ['Ready', readyOf(view, facts, containersReady)],
    ['ContainersReady', containersReady],
    ['PodScheduled', truth(true)],
  ]
  return [
    ...verdicts.map(([type, verdict]) => stamped(view, facts, { type, verdict })),
    // readiness gates and what else others wrote
    ...facts.before.filter(({ type }) => !OURS.has(type)),
  ]
}

const truth = (value: boolean): Verdict => ({ status: value ? 'True' : 'False' })

const hasNetwork = (view: PodView): boolean => {
  const sandbox = readySandbox(view)
  return sandbox !== undefined && view.local.networkSandboxID === sandbox.id
}

function stamped(
  view: PodView,
  facts: ConditionFacts,
  { type, verdict }: { readonly type: string; readonly verdict: Verdict },
): PodCondition {
  const before = facts.before.find(condition => condition.type === type)
  const { generation } = view.pod.metadata
  return {
    type,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    status: verdict.status,
    ...(before?.lastTransitionTime !== undefined && before.status === verdict.status
      ? { lastTransitionTime: before.lastTransitionTime }
      : { lastTransitionTime: rfc3339(view.nowMs) }),
    ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
    ...(verdict.message === undefined ? {} : { message: verdict.message }),
  }
}

const no = (reason: string, message?: string): Verdict => ({
  status: 'False',
  reason,
  ...(message === undefined ? {} : { message }),
})

const names = (statuses: readonly ContainerStatus[]): string =>
  `[${statuses.map(({ name }) => name).join(' ')}]`

function initializedOf(view: PodView, { phase, inits }: ConditionFacts): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  if (initContainersDone(view)) return truth(true)
  const incomplete = inits.filter(({ ready }) => !ready)
  return no('ContainersNotInitialized', `containers with incomplete status: ${names(incomplete)}`)
}

function containersReadyOf(view: PodView, { phase, apps }: ConditionFacts): Verdict {
  if (phase === 'Succeeded') return no('PodCompleted')
  if (phase === 'Failed') return no('PodFailed')
  const unready = apps.filter(({ ready }) => !ready)
  if (unready.length === 0) return truth(true)
  return no('ContainersNotReady', `containers with unready status: ${names(unready)}`)
}

function readyOf(view: PodView, facts: ConditionFacts, containersReady: Verdict): Verdict {
  if (containersReady.status !== 'True') return containersReady
  const gates = view.pod.spec?.readinessGates ?? []
  const faults = gates.flatMap(({ conditionType }) => {
    const condition = facts.before.find(({ type }) => type === conditionType)
    if (condition === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
    if (condition.status === 'True') return []
    return [
      `the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`,
    ]
  })
  if (faults.length === 0) return truth(true)
  return no('ReadinessGatesNotReady', faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`)
}

/** False for readiness gates and whatever else others write. */
export const isOurCondition = (type: string): boolean => OURS.has(type)
