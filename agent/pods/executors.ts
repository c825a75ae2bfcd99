/**
 * The actions of a pod's plan, carried out. One row per kind; each does its one thing, writes what it learnt into
 * the pod's memory, and throws RuntimeError only when the engine is away (the worker waits and plans again).
 */
import { messageOf } from '#base/errors.ts'
import { isReason } from '#api/status.ts'
import { backoffMs } from '#base/backoff.ts'
import { isRuntimeError } from '../runtime/errors.ts'
import type { ContainerState, SandboxState } from '../runtime/runtime.ts'
import { refreshVolumes, setUpVolumes, tearDownVolumes } from '../volumes/volumes.ts'
import { identityOf } from './container-config.ts'
import { writeNameFiles } from './container-files.ts'
import type { PodDeps, PodTask } from './deps.ts'
import { act } from './handlers.ts'
import { ensureImage } from './ensure-image.ts'
import { hostnameOf } from './name-files.ts'
import type { PodAction } from './plan.ts'
import { containerEvent, normal, podEvent, warning } from './pod-events.ts'
import { requireHandler } from './runtime-handler.ts'
import { startContainer } from './start-container.ts'
import { placeOf, volumeContext } from './volume-context.ts'

export type Executors = {
  readonly [Kind in PodAction['kind']]: (
    deps: PodDeps,
    task: PodTask,
    action: Extract<PodAction, { kind: Kind }>,
  ) => Promise<void>
}

const RETRY = { baseMs: 500, maxMs: 120_000 } as const
const REPORT_EVERY_MS = 10_000

export const executors: Executors = {
  'mount-volumes': async (deps, task) => {
    const { memory, pod } = task
    try {
      deps.references.acquire(pod)
      memory.volumePaths = await setUpVolumes(volumeContext(deps, task))
      memory.volumes = 'mounted'
      memory.volumeFailure = undefined
      memory.volumeFailures = 0
    } catch (error) {
      memory.volumeFailures += 1
      const message = messageOf(error)
      memory.volumeFailure = { message, retryAtMs: retryAt(deps, memory.volumeFailures) }
      podEvent(deps.events, pod, warning('FailedMount', message))
    }
  },

  'unmount-volumes': async (deps, { pod, memory }) => {
    try {
      await tearDownVolumes(placeOf(deps, pod.metadata.uid ?? ''), deps.mounts)
      memory.volumes = 'unmounted'
      memory.volumePaths = new Map()
    } catch (error) {
      deps.log.warn('volumes of a pod could not be removed', { pod: pod.metadata.name, error })
      // not removed is better than looping: the folder stays and is tried again at the next start
      memory.volumes = 'unmounted'
    }
  },

  'create-sandbox': async (deps, task, { attempt }) => {
    const { pod } = task
    const { spec } = pod
    let created: string | undefined
    let started: Pick<SandboxState, 'id' | 'pid'> | undefined
    try {
      await requireHandler(deps.client, pod, task.signal)
      await deps.limiter.run(async () => {
        created = await deps.runtime.createSandbox({
          pod: identityOf(pod),
          attempt,
          hostname: hostnameOf(pod),
          hostNetwork: spec?.hostNetwork === true,
          hostPID: spec?.hostPID === true,
          hostIPC: spec?.hostIPC === true,
          sysctls: Object.fromEntries(
            (spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value]),
          ),
          labels: {},
          cgroupParent: deps.cgroupParent,
          graceSeconds: spec?.terminationGracePeriodSeconds ?? 30,
        })
        const pid = await deps.runtime.startSandbox(created)
        started = { id: created, pid }
      })
    } catch (error) {
      if (created !== undefined) await deps.runtime.removeSandbox(created).catch(() => undefined)
      return sandboxFailed(deps, task, error)
    }
    if (started !== undefined) await setUpNetwork(deps, task, started)
  },

  'setup-network': (deps, task, { sandbox }) => setUpNetwork(deps, task, sandbox),

  'remove-sandbox': async (deps, { pod, memory }, { sandbox }) => {
    const isCurrent = memory.networkSandboxID === sandbox.id || memory.networkSandboxID === ''
    if (memory.networkSandboxID === sandbox.id) memory.networkSandboxID = ''
    await Promise.all([
      sandbox.hostNetwork || !isCurrent ? undefined : deps.network.teardown(pod.metadata.uid ?? ''),
      deps.limiter.run(() => deps.runtime.removeSandbox(sandbox.id)),
    ])
  },

  'ensure-image': ensureImage,

  'start-container': startContainer,

  'stop-container': async (deps, task, { container, graceMs, message }) => {
    const { pod, memory, signal } = task
    memory.stops.set(container.id, { sinceMs: deps.clock.now(), graceMs })
    if (memory.probes.get(container.id)?.mustRestart !== undefined)
      memory.probeKilled.add(container.id)
    containerEvent(deps.events, { pod, container: container.name }, normal('Killing', message))
    await runPreStop(deps, task, container, graceMs)
    if (!signal.aborted) await deps.runtime.signalStop(container.id)
  },

  'kill-container': (deps, _task, { container }) => deps.runtime.killContainer(container.id),

  'remove-container': async (deps, { memory }, { container }) => {
    await deps.limiter.run(() => deps.runtime.removeContainer(container.id))
    memory.stops.delete(container.id)
    memory.terminationMessages.delete(container.id)
    memory.probeKilled.delete(container.id)
  },

  'report-back-off': async (deps, { pod, memory }, { container }) => {
    const nowMs = deps.clock.now()
    const last = memory.reported.get(container.name) ?? 0
    if (nowMs - last < REPORT_EVERY_MS) return
    memory.reported.set(container.name, nowMs)
    const { name, namespace, uid } = pod.metadata
    containerEvent(
      deps.events,
      { pod, container: container.name },
      warning(
        'BackOff',
        `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`,
      ),
    )
  },

  'delete-pod': async (deps, { pod, isGhost, statusSettled }) => {
    const { name = '', namespace, uid = '' } = pod.metadata
    await statusSettled()
    await deps.network.teardown(uid)
    if (isGhost) return
    try {
      await deps.client.pods.delete(
        { namespace, name },
        { gracePeriodSeconds: 0, preconditions: { uid } },
      )
    } catch (error) {
      // gone already, or another pod has the name now
      if (!isReason(error, 'NotFound', 'Conflict')) throw error
    }
  },
}

const retryAt = (deps: PodDeps, failures: number): number =>
  deps.clock.now() + backoffMs(RETRY, failures, deps.random)

/** A sandbox whose network fails is kept: the next try needs no new one. */
async function setUpNetwork(
  deps: PodDeps,
  task: PodTask,
  sandbox: Pick<SandboxState, 'id' | 'pid'>,
): Promise<void> {
  const { pod, memory } = task
  const { uid = '', namespace = '', name = '' } = pod.metadata
  try {
    const podIPs =
      pod.spec?.hostNetwork === true
        ? deps.node.hostIPs
        : (await deps.network.setup({ podUID: uid, namespace, name, pid: sandbox.pid })).podIPs
    await writeNameFiles(deps, pod, podIPs)
    memory.podIPs = podIPs
    memory.networkSandboxID = sandbox.id
    memory.sandboxFailure = undefined
    memory.sandboxFailures = 0
  } catch (error) {
    sandboxFailed(deps, task, error)
  }
}

function sandboxFailed(deps: PodDeps, { pod, memory }: PodTask, error: unknown): void {
  memory.sandboxFailures += 1
  const message = `Failed to create pod sandbox: ${messageOf(error)}`
  // the first try may only have taught the runtime what its host forbids
  const retryAtMs =
    memory.sandboxFailures === 1 ? deps.clock.now() : retryAt(deps, memory.sandboxFailures)
  memory.sandboxFailure = { message, retryAtMs }
  if (memory.sandboxFailures > 1 && !isRuntimeError(error, 'unavailable')) {
    podEvent(deps.events, pod, warning('FailedCreatePodSandBox', message))
  }
}

async function runPreStop(
  deps: PodDeps,
  task: PodTask,
  state: ContainerState,
  graceMs: number,
): Promise<void> {
  const { pod, memory, signal } = task
  const spec = pod.spec
  const container = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(
    ({ name }) => name === state.name,
  )
  const hook = container?.lifecycle?.preStop
  if (container === undefined || hook === undefined || graceMs <= 0) return
  if (hook.sleep !== undefined) {
    return await deps.clock.sleep(Math.min(graceMs, (hook.sleep.seconds ?? 0) * 1000), signal)
  }
  const target = { container, containerID: state.id, podIP: memory.podIPs[0] ?? '' }
  const outcome = await act(deps.runtime, hook, target, graceMs)
  if (!outcome.isSuccess) {
    const message = `PreStopHook failed: ${outcome.output}`
    containerEvent(
      deps.events,
      { pod, container: state.name },
      warning('FailedPreStopHook', message),
    )
  }
}

/** Objects that mounted volumes show may have changed. */
export async function refresh(deps: PodDeps, task: PodTask): Promise<void> {
  if (task.memory.volumes !== 'mounted') return
  await refreshVolumes(volumeContext(deps, task))
}
