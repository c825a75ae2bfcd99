/**
 * What a node says of itself: labels, capacity, conditions, images. Pure.
 * Source: kubernetes pkg/kubelet/nodestatus/setters.go, pkg/kubelet/kubelet_node_status.go
 */
import { quantityOfValue } from '#api/quantity.ts'
import { rfc3339 } from '#api/time.ts'
import type { Node, NodeCondition, NodeStatus } from '#api/types/core-v1.ts'
import { VERSION } from '#base/version.ts'
import type { ImageState, RuntimeInfo } from '../runtime/runtime.ts'
import type { Machine, Usage } from './machine.ts'

const PODS_MAX = 110
const IMAGES_MAX = 50
const NAMES_PER_IMAGE_MAX = 5
/** Kept for the system, as kubelets do by default: hard eviction at 100 MiB of memory and 10 % of disk. */
const EVICTION_MEMORY_BYTES = 100 * 1024 * 1024
const EVICTION_DISK_SHARE = 0.1
const EVICTION_INODES_SHARE = 0.05
const EVICTION_PROCESSES_SHARE = 0.05

export interface NodeFacts {
  readonly nodeName: string
  readonly nodeIPs: readonly string[]
  readonly machine: Machine
  /** Undefined while the engine is away. */
  readonly runtime: RuntimeInfo | undefined
  readonly kubeletPort: number
}

export function nodeLabels(
  { nodeName, machine }: Pick<NodeFacts, 'nodeName' | 'machine'>,
  extra: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return {
    ...extra,
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': machine.architecture,
  }
}

type Resources = Readonly<Record<string, string>>

export const capacityOf = ({ machine }: Pick<NodeFacts, 'machine'>): Resources => ({
  cpu: String(machine.cpuCount),
  memory: kibibytes(machine.memoryBytes),
  'ephemeral-storage': kibibytes(machine.diskBytes),
  pods: String(PODS_MAX),
})

export const allocatableOf = ({ machine }: Pick<NodeFacts, 'machine'>): Resources => ({
  ...capacityOf({ machine }),
  memory: kibibytes(machine.memoryBytes - EVICTION_MEMORY_BYTES),
  'ephemeral-storage': quantityOfValue(Math.floor(machine.diskBytes * (1 - EVICTION_DISK_SHARE))),
})

/** Kubelets round to Ki, and people compare. */
const kibibytes = (sizeBytes: number): string => `${Math.floor(sizeBytes / 1024)}Ki`

export interface ConditionFacts {
  readonly usage: Usage
  /** Why the engine cannot be used; '' when it can. */
  readonly engineFault: string
  readonly before: readonly NodeCondition[]
  readonly nowMs: number
}

/** As long as a kubelet's runtime may be away before its node is not Ready. */
const ENGINE_AWAY_MS = 30_000

/** What an engine that does not answer means for the node: nothing at first, it may only restart. */
export const engineFaultAfter = (awayMs: number, why: string): string =>
  awayMs < ENGINE_AWAY_MS ? '' : why

type Verdict = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>

export function nodeConditions(facts: ConditionFacts): NodeCondition[] {
  const { usage, engineFault, before, nowMs } = facts
  const verdicts: readonly Verdict[] = [
    pressure('MemoryPressure', usage.memoryAvailableBytes < EVICTION_MEMORY_BYTES, {
      bad: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
      good: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    }),
    pressure(
      'DiskPressure',
      usage.diskAvailable < EVICTION_DISK_SHARE || usage.inodesAvailable < EVICTION_INODES_SHARE,
      {
        bad: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
        good: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
      },
    ),
    pressure('PIDPressure', usage.processes > usage.processesMax * (1 - EVICTION_PROCESSES_SHARE), {
      bad: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
      good: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    }),
    engineFault === ''
      ? {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'kubelet is posting ready status',
        }
      : {
          type: 'Ready',
          status: 'False',
          reason: 'KubeletNotReady',
          message: `container runtime is down: ${engineFault}`,
        },
  ]
  const ours = new Set(verdicts.map(({ type }) => type))
  return [
    ...before.filter(({ type }) => !ours.has(type)),
    ...verdicts.map(verdict => {
      const old = before.find(({ type }) => type === verdict.type)
      const isSame = old?.status === verdict.status && old.lastTransitionTime !== undefined
      return {
        ...verdict,
        lastHeartbeatTime: rfc3339(nowMs),
        lastTransitionTime: isSame ? (old.lastTransitionTime ?? rfc3339(nowMs)) : rfc3339(nowMs),
      }
    }),
  ]
}

function pressure(
  type: string,
  isHigh: boolean,
  words: { readonly bad: readonly [string, string]; readonly good: readonly [string, string] },
): Verdict {
  const [reason, message] = isHigh ? words.bad : words.good
  return { type, status: isHigh ? 'True' : 'False', reason, message }
}

export function nodeStatus(
  facts: NodeFacts,
  conditions: readonly NodeCondition[],
  images: readonly ImageState[],
): NodeStatus {
  const { machine, runtime, nodeIPs, nodeName } = facts
  return {
    capacity: capacityOf(facts),
    allocatable: allocatableOf(facts),
    conditions,
    addresses: [
      ...nodeIPs.map(address => ({ type: 'InternalIP' as const, address })),
      { type: 'Hostname' as const, address: nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: facts.kubeletPort } },
    nodeInfo: {
      machineID: machine.machineID,
      systemUUID: machine.systemUUID,
      bootID: machine.bootID,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion:
        runtime === undefined ? 'docker://unknown' : `${runtime.name}://${runtime.version}`,
      kubeletVersion: VERSION,
      kubeProxyVersion: VERSION,
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
    images: statusImages(images),
  }
}

/**
 * The biggest first; those of one size by name, because the Engine lists them in any order and a status that only
 * changes places would be written again and again.
 */
function statusImages(images: readonly ImageState[]): NonNullable<NodeStatus['images']> {
  return images
    .map(({ digests, tags, sizeBytes }) => ({
      names: [...digests.toSorted(), ...tags.toSorted()].slice(0, NAMES_PER_IMAGE_MAX),
      sizeBytes,
    }))
    .filter(({ names }) => names.length > 0)
    .sort(
      (left, right) =>
        right.sizeBytes - left.sizeBytes ||
        (left.names[0] ?? '').localeCompare(right.names[0] ?? ''),
    )
    .slice(0, IMAGES_MAX)
}

/** Whether a status is worth writing before its time: anything but the stamps of heartbeats. */
export function differs(before: NodeStatus | undefined, after: NodeStatus): boolean {
  return JSON.stringify(timeless(before)) !== JSON.stringify(timeless(after))
}

function timeless(status: NodeStatus | undefined): unknown {
  return {
    ...status,
    conditions: status?.conditions?.map(({ lastHeartbeatTime: _heartbeat, ...rest }) => rest),
  }
}

export const newNode = (
  facts: NodeFacts,
  options: {
    readonly labels: Readonly<Record<string, string>>
    readonly taints: NonNullable<NonNullable<Node['spec']>['taints']>
  },
): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: facts.nodeName, labels: nodeLabels(facts, options.labels) },
  spec: options.taints.length === 0 ? {} : { taints: options.taints },
})
