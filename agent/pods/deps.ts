/** What pod workers share: collaborators and facts about the node. Types only. */
import type { Pod, Service } from '#api/types/core-v1.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { EventRecorder } from '#client/events.ts'
import type { Lister } from '#client/informer.ts'
import type { ResolvConf } from '../dns/resolv-conf.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Mounts } from '../volumes/mounts.ts'
import type { ImagePuller } from './image-puller.ts'
import type { Limiter } from './limiter.ts'
import type { PodMemory } from './memory.ts'
import type { References } from './references.ts'
import type { Tokens } from './tokens.ts'

export interface NodeFacts {
  readonly nodeName: string
  /** Primary first. */
  readonly hostIPs: readonly string[]
  readonly memoryBytes: number
  readonly allocatable: { readonly cpuMillis: number; readonly memoryBytes: number }
}

export interface PodDeps {
  readonly runtime: Runtime
  readonly network: PodNetwork
  readonly client: Client
  readonly events: Pick<EventRecorder, 'event'>
  readonly services: Lister<Service>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly puller: ImagePuller
  readonly references: References
  readonly tokens: Tokens
  readonly mounts: Mounts
  /** Bounds work inside the engine: starts, removals. */
  readonly limiter: Limiter
  readonly node: NodeFacts
  /** `/kubepods`, or `kubepods.slice`. */
  readonly cgroupParent: string
  /** One folder per pod UID, on disk and in memory. */
  readonly podsDirectory: string
  readonly memoryDirectory: string
  /** The node's own resolv.conf, and the text of its /etc/hosts. */
  hostResolvConf(): ResolvConf
  nodeHosts(): Promise<string>
}

/** The pod an executor works for. */
export interface PodTask {
  /** As the API has it now. */
  readonly pod: Pod
  readonly memory: PodMemory
  readonly signal: AbortSignal
  /** No object of the API stands for it any more. */
  readonly isGhost: boolean
  /** The last status is on its way to the API: resolves when it is there. */
  readonly statusSettled: () => Promise<void>
}
