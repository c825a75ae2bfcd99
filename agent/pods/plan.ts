/**
 * What to do next for one pod, from what is wanted and what is there. Pure: no clock, no I/O.
 *
 * Input   view: the pod as the API has it, everything the engine shows of it, the agent's own memory, now
 * Output  actions that may all run at the same time (what depends on another waits for a later pass), and when to
 *         look again if nothing happens. At most one action per key (`keyOfAction`); none whose key is busy.
 * Law     Applying the actions and planning again reaches an empty plan. Planning twice changes nothing.
 * Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions, SyncPod;
 *         pkg/kubelet/kubelet.go SyncTerminatingPod. Differs: stops are never waited for, they are observed.
 */
import { isTerminalPhase } from '#api/pod-phase.ts'
import type { Container, Pod } from '#api/types/core-v1.ts'
import type { ContainerState, SandboxState } from '../runtime/runtime.ts'
import { crashWaitMs } from './restart.ts'
import {
  FRESH_FAILURE_MS,
  initContainersDone,
  isDeleted,
  isInitDone,
  isSidecar,
  latestOf,
  type PodView,
  readySandbox,
  restartPolicyOf,
  shouldRestart,
} from './view.ts'
import { phaseOf } from './phase.ts'

export type PodAction =
  | { readonly kind: 'mount-volumes' }
  | { readonly kind: 'unmount-volumes' }
  | { readonly kind: 'create-sandbox'; readonly attempt: number }
  | { readonly kind: 'setup-network'; readonly sandbox: SandboxState }
  | { readonly kind: 'remove-sandbox'; readonly sandbox: SandboxState }
  | { readonly kind: 'ensure-image'; readonly container: Container }
  | {
      readonly kind: 'start-container'
      readonly container: Container
      readonly sandboxID: string
      readonly attempt: number
    }
  | {
      readonly kind: 'stop-container'
      readonly container: ContainerState
      readonly graceMs: number
      /** Text of the Killing event. */
      readonly message: string
    }
  | { readonly kind: 'kill-container'; readonly container: ContainerState }
  | { readonly kind: 'remove-container'; readonly container: ContainerState }
  | { readonly kind: 'report-back-off'; readonly container: Container }
  | { readonly kind: 'delete-pod' }

export interface PodPlan {
  readonly actions: readonly PodAction[]
  readonly requeueAfterMs?: number
}

/** What an action works on: two with the same key never run at once. */
export function keyOfAction(action: PodAction): string {
  switch (action.kind) {
    case 'mount-volumes':
    case 'unmount-volumes':
      return 'volumes'
    case 'create-sandbox':
    case 'setup-network':
    case 'remove-sandbox':
      return 'sandbox'
    case 'ensure-image':
      return `image ${action.container.image}`
    case 'start-container':
      return `start ${action.container.name}`
    case 'report-back-off':
      return `report ${action.container.name}`
    case 'delete-pod':
      return 'delete'
    case 'stop-container':
    case 'remove-container':
    case 'kill-container':
      return `${action.kind} ${action.container.id}`
  }
}

/** Dead instances kept per container name besides the present one: `kubectl logs --previous` reads it. */
const DEAD_KEPT = 1
const GRACE_DEFAULT_SECONDS = 30

export function planPod(view: PodView): PodPlan {
  const pass = new Pass(view)
  if (isEnding(view)) planEnd(view, pass)
  else planRun(view, pass)
  return pass.plan()
}

/** Deleted, refused, or over. */
export const isEnding = (view: PodView): boolean =>
  isDeleted(view.pod) ||
  view.local.refusal !== undefined ||
  isTerminalPhase(view.pod.status?.phase) ||
  isTerminalPhase(phaseOf(view))

/** Collects actions: one per key, none that is running, and the earliest time to look again. */
class Pass {
  readonly #view: PodView
  readonly #actions = new Map<string, PodAction>()
  #requeueAfterMs: number | undefined

  constructor(view: PodView) {
    this.#view = view
  }

  add(action: PodAction): void {
    const key = keyOfAction(action)
    if (this.#view.local.busy.has(key) || this.#actions.has(key)) return
    this.#actions.set(key, action)
  }

  lookAgain(afterMs: number): void {
    this.#requeueAfterMs = Math.max(1, Math.min(this.#requeueAfterMs ?? Infinity, afterMs))
  }

  plan(): PodPlan {
    const actions = [...this.#actions.values()]
    return this.#requeueAfterMs === undefined
      ? { actions }
      : { actions, requeueAfterMs: this.#requeueAfterMs }
  }
}

function planRun(view: PodView, pass: Pass): void {
  const deadlineMs = deadlineOf(view.pod)
  if (deadlineMs !== undefined) pass.lookAgain(deadlineMs - view.nowMs)
  planVolumes(view, pass)
  const wanted = wantedContainers(view)
  // images are fetched while sandbox and volumes are made
  for (const container of wanted) planImage(view, container, pass)
  const sandbox = planSandbox(view, pass)
  planProbeKills(view, pass)
  planStopDeadlines(view, pass)
  planRemovals(view, pass)
  if (sandbox === undefined || !isReadyForContainers(view, sandbox)) return
  for (const container of wanted) planContainer(view, { container, sandbox }, pass)
}

/** When a pod with activeDeadlineSeconds has had its time; undefined when it may run for ever. */
export function deadlineOf({ spec, status }: Pod): number | undefined {
  if (spec?.activeDeadlineSeconds === undefined || status?.startTime === undefined) return undefined
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000
}

const isReadyForContainers = (view: PodView, sandbox: SandboxState): boolean =>
  view.local.volumes === 'mounted' && view.local.networkSandboxID === sandbox.id

function planVolumes({ local, nowMs }: PodView, pass: Pass): void {
  if (local.volumes === 'mounted') return
  const retryAtMs = local.volumeFailure?.retryAtMs ?? 0
  if (retryAtMs > nowMs) return pass.lookAgain(retryAtMs - nowMs)
  pass.add({ kind: 'mount-volumes' })
}

/** The containers whose turn it is: the next init container with all sidecars before it, or all app containers. */
function wantedContainers(view: PodView): Container[] {
  const spec = view.pod.spec
  const inits = spec?.initContainers ?? []
  if (initContainersDone(view)) return [...inits.filter(isSidecar), ...(spec?.containers ?? [])]
  const next = inits.findIndex(init => !isInitDone(view, init))
  return inits.filter((init, index) => index === next || (index < next && isSidecar(init)))
}

/** The sandbox to work with, once it runs; undefined while there is none. */
function planSandbox(view: PodView, pass: Pass): SandboxState | undefined {
  const { local, nowMs, observed } = view
  if (local.busy.has('sandbox')) return undefined
  const sandbox = readySandbox(view)
  for (const other of observed.sandboxes) {
    if (other.id !== sandbox?.id && sandbox !== undefined) {
      pass.add({ kind: 'remove-sandbox', sandbox: other })
    }
  }
  if (sandbox !== undefined) {
    if (local.networkSandboxID !== sandbox.id) planNetwork(view, sandbox, pass)
    return sandbox
  }
  // members of a dead sandbox have no network any more: they go before a new one comes
  const orphans = observed.containers.filter(container => container.state === 'running')
  for (const container of orphans) {
    planStop(
      view,
      { container, graceMs: graceOfSpec(view), message: sandboxChanged(container.name) },
      pass,
    )
  }
  if (orphans.length > 0) return undefined
  const retryAtMs = local.sandboxFailure?.retryAtMs ?? 0
  if (retryAtMs > nowMs) {
    pass.lookAgain(retryAtMs - nowMs)
    return undefined
  }
  const attempt = Math.max(-1, ...observed.sandboxes.map(({ attempt: used }) => used)) + 1
  pass.add({ kind: 'create-sandbox', attempt })
  return undefined
}

function planNetwork({ local, nowMs }: PodView, sandbox: SandboxState, pass: Pass): void {
  const retryAtMs = local.sandboxFailure?.retryAtMs ?? 0
  if (retryAtMs > nowMs) pass.lookAgain(retryAtMs - nowMs)
  else pass.add({ kind: 'setup-network', sandbox })
}

const sandboxChanged = (name: string): string =>
  `Pod sandbox changed, container ${name} will be killed and re-created.`

function planImage(view: PodView, container: Container, pass: Pass): void {
  const latest = latestOf(view, container.name)
  if (latest?.state === 'running') return
  if (!mayStart(view, container)) return
  const record = view.local.images.get(container.image ?? '')
  if (record?.id !== undefined) return
  const { retryAtMs = 0, atMs = 0 } = record?.failure ?? {}
  if (retryAtMs <= view.nowMs) return pass.add({ kind: 'ensure-image', container })
  pass.lookAgain(retryAtMs - view.nowMs)
  const freshForMs = atMs + FRESH_FAILURE_MS - view.nowMs
  if (freshForMs > 0) pass.lookAgain(freshForMs)
}

/** Whether its state allows a (new) instance, regardless of back-off. */
function mayStart(view: PodView, container: Container): boolean {
  const latest = latestOf(view, container.name)
  if (latest === undefined || latest.state !== 'exited') return true
  return shouldRestart(restartPolicyOf(view.pod, container), latest, view.local)
}

function planContainer(
  view: PodView,
  { container, sandbox }: { readonly container: Container; readonly sandbox: SandboxState },
  pass: Pass,
): void {
  const { local, nowMs } = view
  const latest = latestOf(view, container.name)
  if (local.busy.has(`start ${container.name}`)) return
  if (latest?.state === 'running') return
  if (latest?.state === 'created') return pass.add({ kind: 'remove-container', container: latest })
  const isRerun =
    latest !== undefined && latest.sandboxID !== sandbox.id && !isAppContainer(view, container)
  if (!isRerun && !mayStart(view, container)) return
  if (latest !== undefined && !isRerun) {
    const waitMs = crashWaitMs(local.crashes.get(container.name), latest.finishedAtMs, nowMs)
    if (waitMs > 0) {
      pass.add({ kind: 'report-back-off', container })
      return pass.lookAgain(waitMs)
    }
  }
  const retryAtMs = local.startFailures.get(container.name)?.retryAtMs ?? 0
  if (retryAtMs > nowMs) return pass.lookAgain(retryAtMs - nowMs)
  if (local.images.get(container.image ?? '')?.id === undefined) return
  const attempt = latest === undefined ? 0 : latest.attempt + 1
  pass.add({ kind: 'start-container', container, sandboxID: sandbox.id, attempt })
}

const isAppContainer = (view: PodView, container: Container): boolean =>
  view.pod.spec?.containers.some(({ name }) => name === container.name) === true

function planProbeKills(view: PodView, pass: Pass): void {
  for (const container of view.observed.containers) {
    const why = view.local.probes.get(container.id)?.mustRestart
    if (container.state !== 'running' || why === undefined) continue
    planStop(view, { container, graceMs: graceOfSpec(view), message: why }, pass)
  }
}

interface StopRequest {
  readonly container: ContainerState
  readonly graceMs: number
  readonly message: string
}

/** Asks first, kills when the grace is over. A shorter grace than the one promised before wins. */
function planStop(view: PodView, stop: StopRequest, pass: Pass): void {
  const { container } = stop
  const begun = view.local.stops.get(container.id)
  if (begun === undefined) return pass.add({ kind: 'stop-container', ...stop })
  const dueMs = begun.sinceMs + Math.min(begun.graceMs, stop.graceMs)
  if (view.nowMs >= dueMs) pass.add({ kind: 'kill-container', container })
  // an engine that is slow to kill is asked again, not hammered
  pass.lookAgain(view.nowMs >= dueMs ? 2000 : dueMs - view.nowMs)
}

/** Every stop that has begun ends: also one whose reason is gone. */
function planStopDeadlines(view: PodView, pass: Pass): void {
  for (const container of view.observed.containers) {
    const begun = view.local.stops.get(container.id)
    if (container.state !== 'running' || begun === undefined) continue
    planStop(view, { container, graceMs: begun.graceMs, message: '' }, pass)
  }
}

function planRemovals(view: PodView, pass: Pass): void {
  const seen = new Map<string, number>()
  for (const container of view.observed.containers) {
    const newer = seen.get(container.name) ?? 0
    seen.set(container.name, newer + 1)
    if (newer > DEAD_KEPT && container.state !== 'running') {
      pass.add({ kind: 'remove-container', container })
    }
  }
}

const graceOfSpec = ({ pod }: PodView): number =>
  (pod.spec?.terminationGracePeriodSeconds ?? GRACE_DEFAULT_SECONDS) * 1000

/**
 * The end of a pod: stop all containers, then take sandbox, network and volumes away. A pod that is only over keeps
 * its dead containers for their logs; a deleted one loses them and then its object.
 */
function planEnd(view: PodView, pass: Pass): void {
  const { local, observed, pod } = view
  const running = observed.containers.filter(({ state }) => state === 'running')
  const graceMs = isDeleted(pod) ? deletionGraceMs(view) : graceOfSpec(view)
  for (const container of running) {
    planStop(view, { container, graceMs, message: `Stopping container ${container.name}` }, pass)
  }
  const isStarting = [...local.busy].some(key => key.startsWith('start ') || key === 'sandbox')
  if (running.length > 0 || isStarting) return
  for (const sandbox of observed.sandboxes) pass.add({ kind: 'remove-sandbox', sandbox })
  if (observed.sandboxes.length > 0) return
  if (local.volumes !== 'unmounted') return pass.add({ kind: 'unmount-volumes' })
  if (!isDeleted(pod)) return
  for (const container of observed.containers) pass.add({ kind: 'remove-container', container })
  // a pull goes on for others, or for nobody: nothing of the pod hangs on it
  const isBusy = [...local.busy].some(key => !key.startsWith('image '))
  if (observed.containers.length === 0 && !isBusy) pass.add({ kind: 'delete-pod' })
}

/** What is left of the grace that the deletion promised. `deletionTimestamp` is when it ends. */
function deletionGraceMs({ pod }: PodView): number {
  const seconds = pod.metadata.deletionGracePeriodSeconds ?? GRACE_DEFAULT_SECONDS
  return Math.max(0, seconds) * 1000
}
