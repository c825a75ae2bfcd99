/**
 * The kubelet part of the agent, wired: what runs, and what answers the server. `cmd` calls this once.
 *
 * Law     Building does nothing to the machine; everything starts in `run`. When the parts end, pods live on.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Node } from '#api/types/core-v1.ts'
import { quantityValue } from '#api/quantity.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Part } from '#base/lifetime.ts'
import { runAll } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import { createClient } from '#client/client.ts'
import { createEventRecorder } from '#client/events.ts'
import type { Informers } from '#client/informers.ts'
import type { NodeHandler } from '#client/node-api.ts'
import type { Transport } from '#client/transport.ts'
import { createNodeHandler } from '../api/handler.ts'
import type { ResolvConf } from '../dns/resolv-conf.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import type { PodDeps } from '../pods/deps.ts'
import { ImagePuller } from '../pods/image-puller.ts'
import { Limiter } from '../pods/limiter.ts'
import { Pods } from '../pods/pods.ts'
import { References } from '../pods/references.ts'
import { Tokens } from '../pods/tokens.ts'
import { DockerRuntime } from '../runtime/docker/docker-runtime.ts'
import { cgroupParent } from '../runtime/docker/translate.ts'
import type { Runtime, RuntimeInfo } from '../runtime/runtime.ts'
import { systemMounts } from '../volumes/mounts.ts'
import { readMachine } from './machine.ts'
import { createNodeLease } from './node-lease.ts'
import { allocatableOf } from './node-status.ts'
import { Registration } from './registration.ts'

export interface AgentOptions {
  readonly nodeName: string
  /** Primary first. */
  readonly nodeIPs: readonly string[]
  /** `DATA/agent`: pods live in `pods/`, what must not reach a disk in `memory/`. */
  readonly dataDirectory: string
  readonly transport: Transport
  /** Shared with the network part: services are watched once. They run elsewhere. */
  readonly informers: Informers
  readonly network: PodNetwork
  /** `/var/run/docker.sock` */
  readonly dockerSocket: string
  /** From packaging/pause: its name, and its bytes for when it is missing. */
  readonly sandboxImage: { readonly reference: string; readonly archive: () => Buffer }
  /** What `status.daemonEndpoints` says; 10250. */
  readonly kubeletPort: number
  readonly labels: Readonly<Record<string, string>>
  readonly taints: NonNullable<NonNullable<Node['spec']>['taints']>
  /** Whether tmpfs may be mounted: true for root. */
  readonly mayMount: boolean
  /** The host's resolv.conf, for pods that want it. */
  readonly hostResolvConf: () => ResolvConf
  /** Docker came back: what its start rewrote on this host may need care. */
  readonly onEngineUp: () => void
  /** Above `/kubepods`; '' outside tests. */
  readonly cgroupRoot: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export interface AgentParts {
  readonly parts: readonly Part[]
  readonly handler: NodeHandler
}

const RETRY_MS = 1000

export function createAgentParts(options: AgentOptions): AgentParts {
  const { clock, random, log, nodeName } = options
  const runtime = new DockerRuntime({
    socketPath: options.dockerSocket,
    sandboxImage: options.sandboxImage.reference,
    sandboxImageArchive: options.sandboxImage.archive,
    clock,
    random,
    log,
  })
  const client = createClient(options.transport)
  const events = createEventRecorder({
    client,
    clock,
    random,
    log,
    component: 'kubelet',
    host: nodeName,
  })
  const services = options.informers.of('services')
  const podsInformer = options.informers.of('pods', { fieldSelector: `spec.nodeName=${nodeName}` })
  let registration: Registration | undefined
  let pods: Pods | undefined

  const references = new References({
    transport: options.transport,
    clock,
    random,
    log,
    onChange: podUIDs => pods?.refresh(podUIDs),
  })

  const runNode = async (signal: AbortSignal): Promise<void> => {
    await mkdir(options.dataDirectory, { recursive: true, mode: 0o755 })
    const machine = await readMachine(options.dataDirectory)
    registration = new Registration({
      ...options,
      client,
      runtime,
      events,
      machine,
    })
    const lease = createNodeLease({
      client,
      clock,
      random,
      log,
      nodeName,
      nodeUID: () => registration?.uid,
    })
    const forget = options.informers.of('nodes').addHandler({
      onDelete: node => registration?.nodeDeleted(node),
    })
    await runAll([registration, lease], signal).finally(forget)
  }

  const runPods = async (signal: AbortSignal): Promise<void> => {
    const info = await untilEngine(runtime, options, signal)
    if (info === undefined) return
    if (!info.liveRestore) {
      log.warn('Docker runs without live-restore: its restart will restart all containers', {
        remedy: 'set "live-restore": true in /etc/docker/daemon.json and reload Docker',
      })
    }
    const directories = await prepareDirectories(options)
    const machine = await readMachine(options.dataDirectory)
    const deps: PodDeps = {
      ...options,
      ...directories,
      runtime,
      client,
      events,
      services,
      references,
      puller: new ImagePuller({ runtime, clock }),
      tokens: new Tokens({ client, clock }),
      mounts: systemMounts,
      limiter: new Limiter(2 * availableParallelism()),
      node: {
        nodeName,
        hostIPs: options.nodeIPs,
        memoryBytes: totalmem(),
        allocatable: {
          cpuMillis: machine.cpuCount * 1000,
          memoryBytes: quantityValue(allocatableOf({ machine })['memory'] ?? '0'),
        },
      },
      cgroupParent: cgroupParentOf(info, options.cgroupRoot),
      nodeHosts: () => readFile('/etc/hosts', 'utf8').catch(() => ''),
    }
    const onEngine = (isUp: boolean): void => {
      registration?.engineChanged(isUp)
      if (isUp) options.onEngineUp()
    }
    // the pod network has its addresses from there
    await options.informers.of('nodes').synced(signal)
    pods = new Pods({ deps, pods: podsInformer, onEngine })
    try {
      await pods.run(signal)
    } finally {
      await references.close()
    }
  }

  const handler = createNodeHandler({
    nodeName,
    nodeIPs: options.nodeIPs,
    runtime,
    clock,
    pods: {
      get: (namespace, name) => pods?.get(namespace, name),
      list: () => pods?.list() ?? [],
    },
  })
  return {
    parts: [events, { name: 'node', run: runNode }, { name: 'pods', run: runPods }],
    handler,
  }
}

/** Undefined when `signal` aborted first. Says once why it waits. */
async function untilEngine(
  runtime: Runtime,
  { clock, log }: Pick<AgentOptions, 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<RuntimeInfo | undefined> {
  let told = ''
  while (!signal.aborted) {
    try {
      return await runtime.info()
    } catch (error) {
      const message = messageOf(error)
      if (message !== told) log.warn('waiting for Docker', { error: message })
      told = message
      await clock.sleep(RETRY_MS, signal)
    }
  }
  return undefined
}

/** systemd nests slices by their names: a test's root is not used there. */
const cgroupParentOf = (info: RuntimeInfo, root: string): string =>
  info.cgroupDriver === 'systemd' ? cgroupParent(info) : `${root}${cgroupParent(info)}`

async function prepareDirectories(
  options: AgentOptions,
): Promise<{ readonly podsDirectory: string; readonly memoryDirectory: string }> {
  const podsDirectory = join(options.dataDirectory, 'pods')
  // other users of the host have no business in there, containers get what is bound into them
  await mkdir(podsDirectory, { recursive: true, mode: 0o750 })
  if (!options.mayMount) return { podsDirectory, memoryDirectory: podsDirectory }
  const memoryDirectory = join(options.dataDirectory, 'memory')
  await mkdir(memoryDirectory, { recursive: true, mode: 0o750 })
  // one tmpfs for all pods: a mount of its own for each would cost every pod start some 10 ms
  await systemMounts.tmpfs(memoryDirectory, { sizeBytes: 0, mode: 0o750 })
  return { podsDirectory, memoryDirectory }
}
