/**
 * Carries out `start-container`: environment, mounts, create, start, postStart hook.
 * What the pod's own configuration makes impossible becomes a StartFailure; an engine that is away is thrown.
 */
import type { Container } from '#api/types/core-v1.ts'
import { messageOf } from '#base/errors.ts'
import { isRuntimeError } from '../runtime/errors.ts'
import { containerConfig } from './container-config.ts'
import { containerMounts, terminationMount } from './container-files.ts'
import type { PodDeps, PodTask } from './deps.ts'
import { presentMessage } from './ensure-image.ts'
import { containerEnv, type EnvSources, MissingReference } from './env.ts'
import { act } from './handlers.ts'
import type { ContainerConfig } from '../runtime/runtime.ts'
import type { PodAction } from './plan.ts'
import { containerEvent, normal, type PodEvent, warning } from './pod-events.ts'
import { nextCrashBackoff } from './restart.ts'
import { referencesOf } from './references.ts'
import type { StartFailure } from './view.ts'

const CONFIG_RETRY_MS = 5000
const POST_START_MAX_MS = 10 * 60_000

type StartAction = Extract<PodAction, { kind: 'start-container' }>

export async function startContainer(
  deps: PodDeps,
  task: PodTask,
  action: StartAction,
): Promise<void> {
  const { memory, pod } = task
  const { container, attempt } = action
  const tell = (event: PodEvent): void =>
    containerEvent(deps.events, { pod, container: container.name }, event)
  if (attempt > 0) tell(normal('Pulled', presentMessage(container.image ?? '')))
  let config: ContainerConfig
  try {
    config = await configOf(deps, task, action)
  } catch (error) {
    if (isRuntimeError(error, 'unavailable', 'timeout')) throw error
    return fail(deps, task, container, 'CreateContainerConfigError', error)
  }
  let containerID: string
  try {
    containerID = await deps.limiter.run(() => deps.runtime.createContainer(config))
    tell(normal('Created', 'Container created'))
  } catch (error) {
    if (isRuntimeError(error, 'unavailable', 'timeout')) throw error
    // somebody removed the image since it was seen: it is fetched again
    if (isRuntimeError(error, 'not-found')) memory.images.delete(container.image ?? '')
    return fail(deps, task, container, 'CreateContainerError', error)
  }
  if (attempt > 0) rememberRestart(deps, task, container.name)
  try {
    await deps.limiter.run(() => deps.runtime.startContainer(containerID))
  } catch (error) {
    if (isRuntimeError(error, 'unavailable', 'timeout')) throw error
    // the engine keeps the instance with its reason: from there on it is a container that ended
    tell(warning('Failed', `Error: ${messageOf(error)}`))
    return
  }
  memory.startFailures.delete(container.name)
  tell(normal('Started', 'Container started'))
  await runPostStart(deps, task, { container, containerID })
}

/** The instance that ended counts for the next back-off. */
function rememberRestart({ clock }: PodDeps, { memory }: PodTask, name: string): void {
  const nowMs = clock.now()
  memory.crashes.set(name, nextCrashBackoff(memory.crashes.get(name), nowMs, nowMs))
}

async function configOf(
  deps: PodDeps,
  task: PodTask,
  action: StartAction,
): Promise<ContainerConfig> {
  const { pod, memory } = task
  const { container, attempt, sandboxID } = action
  const image = memory.images.get(container.image ?? '')
  const env = containerEnv(container, await envSources(deps, task))
  const mounts = await containerMounts(deps, { pod, memory, env }, container)
  const termination = await terminationMount(deps, pod, { container, attempt })
  return containerConfig({
    pod,
    container,
    sandboxID,
    attempt,
    env,
    mounts: [...mounts, termination],
    imageUser: image?.user ?? '',
    cgroupParent: deps.cgroupParent,
    nodeMemoryBytes: deps.node.memoryBytes,
    terminationFile: termination.hostPath,
  })
}

async function envSources(deps: PodDeps, { pod, memory }: PodTask): Promise<EnvSources> {
  if (!deps.services.hasSynced) {
    throw new MissingReference(
      'services have not yet been read at least once, cannot construct envvars',
    )
  }
  // what the pod names is read first, so that the environment itself is made without waiting
  await Promise.all(referencesOf(pod).map(({ kind, name }) => deps.references.get(kind, pod, name)))
  return {
    pod,
    podIPs: memory.podIPs,
    hostIPs: deps.node.hostIPs,
    allocatable: deps.node.allocatable,
    configMap: name => deps.references.peek('configMaps', pod, name),
    secret: name => deps.references.peek('secrets', pod, name),
    services: deps.services.list(),
  }
}

function fail(
  deps: PodDeps,
  { pod, memory }: PodTask,
  container: Container,
  reason: StartFailure['reason'],
  error: unknown,
): void {
  const message = messageOf(error)
  memory.startFailures.set(container.name, {
    reason,
    message,
    retryAtMs: deps.clock.now() + CONFIG_RETRY_MS,
  })
  containerEvent(
    deps.events,
    { pod, container: container.name },
    warning('Failed', `Error: ${message}`),
  )
}

/** A hook that fails ends its container, as upstream has it. */
async function runPostStart(
  deps: PodDeps,
  { pod, memory, signal }: PodTask,
  { container, containerID }: { readonly container: Container; readonly containerID: string },
): Promise<void> {
  const hook = container.lifecycle?.postStart
  if (hook === undefined) return
  if (hook.sleep !== undefined) return deps.clock.sleep((hook.sleep.seconds ?? 0) * 1000, signal)
  const target = { container, containerID, podIP: memory.podIPs[0] ?? '' }
  const outcome = await act(deps.runtime, hook, target, POST_START_MAX_MS)
  if (outcome.isSuccess) return
  const message = `PostStartHook failed: ${outcome.output}`
  containerEvent(
    deps.events,
    { pod, container: container.name },
    warning('FailedPostStartHook', message),
  )
  memory.stops.set(containerID, { sinceMs: deps.clock.now(), graceMs: 0 })
}
