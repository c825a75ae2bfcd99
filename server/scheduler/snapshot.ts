/**
 * What the scheduler believes about the nodes: their pods and the sums over them, kept up change by change.
 *
 * Pods it has just placed are here before the API shows them (`assume`), so that the next decision counts them.
 * Law  The sums of a node always equal the sums over its pods.
 * Source: kubernetes pkg/scheduler/backend/cache/cache.go, framework/types.go NodeInfo
 */
import type { ContainerPort, Node, Pod } from '#api/types/core-v1.ts'
import { type Amounts, amountsOf, podRequests, podScoredRequests } from './requests.ts'

/** One node as plugins see it. Read only for them. */
export interface NodeInfo {
  readonly name: string
  readonly node: Node
  readonly allocatable: Amounts
  /** Sum over the pods: cpu in millicores, the rest in base units. */
  readonly requested: Amounts
  /** The same with defaults for containers that ask for nothing. */
  readonly scoredRequested: Amounts
  readonly pods: ReadonlyMap<string, Pod>
  /** `TCP|0.0.0.0|80` of host ports taken. */
  readonly hostPorts: ReadonlyMap<string, number>
  /** How many pods each owner uid has here. */
  readonly owners: ReadonlyMap<string, number>
  readonly imageBytes: ReadonlyMap<string, number>
}

interface Entry {
  readonly name: string
  node: Node | undefined
  allocatable: Amounts
  readonly requested: Record<string, number>
  readonly scoredRequested: Record<string, number>
  readonly pods: Map<string, Pod>
  readonly hostPorts: Map<string, number>
  readonly owners: Map<string, number>
  imageBytes: ReadonlyMap<string, number>
}

interface Placed {
  readonly pod: Pod
  readonly nodeName: string
  readonly isAssumed: boolean
}

export const portId = (port: ContainerPort): string =>
  `${port.protocol ?? 'TCP'}|${(port.hostIP ?? '') === '' ? '0.0.0.0' : port.hostIP}|${port.hostPort}`

export const hostPortsOf = (pod: Pod): readonly ContainerPort[] => {
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  const sidecars = initContainers.filter(container => container.restartPolicy === 'Always')
  return [...containers, ...sidecars]
    .flatMap(container => container.ports ?? [])
    .filter(port => (port.hostPort ?? 0) > 0)
}

export const ownerOf = (pod: Pod): string | undefined =>
  pod.metadata.ownerReferences?.find(reference => reference.controller === true)?.uid

export class ClusterState {
  readonly #entries = new Map<string, Entry>()
  readonly #placed = new Map<string, Placed>()
  #nodes: readonly NodeInfo[] | undefined

  /** Nodes that exist, in a stable order. Their sums go on changing: use them before the next await. */
  nodes(): readonly NodeInfo[] {
    this.#nodes ??= [...this.#entries.values()].filter(isPresent)
    return this.#nodes
  }

  setNode(node: Node): void {
    const entry = this.#entry(node.metadata.name ?? '')
    if (entry.node === undefined) this.#nodes = undefined
    entry.node = node
    entry.allocatable = amountsOf(node.status?.allocatable ?? node.status?.capacity)
    entry.imageBytes = new Map(
      (node.status?.images ?? []).flatMap(({ names = [], sizeBytes = 0 }) =>
        names.map(name => [name, sizeBytes] as const),
      ),
    )
  }

  removeNode(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    entry.node = undefined
    this.#nodes = undefined
    // Pods of a vanished node may still be there: kept until they are gone.
    if (entry.pods.size === 0) this.#entries.delete(name)
  }

  /** A pod the API shows on a node. Replaces what was assumed of it. */
  setPod(key: string, pod: Pod): void {
    this.#take(key)
    this.#place(key, { pod, nodeName: pod.spec?.nodeName ?? '', isAssumed: false })
  }

  /** A pod just decided for a node, before the API shows it. */
  assume(key: string, pod: Pod, nodeName: string): void {
    this.#take(key)
    this.#place(key, { pod, nodeName, isAssumed: true })
  }

  /**
   * The binding of this very pod failed. Nothing happens when the API has shown the pod on a node meanwhile, or when
   * another of the same name has been placed. Returns whether a place became free.
   */
  forget(key: string, pod: Pod): boolean {
    const placed = this.#placed.get(key)
    if (placed?.isAssumed !== true || placed.pod.metadata.uid !== pod.metadata.uid) return false
    this.#take(key)
    return true
  }

  removePod(key: string): void {
    this.#take(key)
  }

  isPlaced(key: string): boolean {
    return this.#placed.has(key)
  }

  #entry(name: string): Entry {
    const existing = this.#entries.get(name)
    if (existing !== undefined) return existing
    const made: Entry = {
      name,
      node: undefined,
      allocatable: {},
      requested: {},
      scoredRequested: {},
      pods: new Map(),
      hostPorts: new Map(),
      owners: new Map(),
      imageBytes: new Map(),
    }
    this.#entries.set(name, made)
    return made
  }

  #place(key: string, placed: Placed): void {
    this.#placed.set(key, placed)
    const entry = this.#entry(placed.nodeName)
    entry.pods.set(key, placed.pod)
    count(entry, placed.pod, 1)
  }

  #take(key: string): void {
    const placed = this.#placed.get(key)
    if (placed === undefined) return
    this.#placed.delete(key)
    const entry = this.#entry(placed.nodeName)
    entry.pods.delete(key)
    count(entry, placed.pod, -1)
    if (entry.node === undefined && entry.pods.size === 0) this.#entries.delete(entry.name)
  }
}

const isPresent = (entry: Entry): entry is Entry & { node: Node } => entry.node !== undefined

function count(entry: Entry, pod: Pod, sign: 1 | -1): void {
  tally(entry.requested, podRequests(pod), sign)
  tally(entry.scoredRequested, podScoredRequests(pod), sign)
  for (const port of hostPortsOf(pod)) bump(entry.hostPorts, portId(port), sign)
  const owner = ownerOf(pod)
  if (owner !== undefined) bump(entry.owners, owner, sign)
}

function tally(sums: Record<string, number>, amounts: Amounts, sign: 1 | -1): void {
  for (const [resource, amount] of Object.entries(amounts)) {
    sums[resource] = (sums[resource] ?? 0) + sign * amount
  }
}

function bump(counts: Map<string, number>, id: string, by: number): void {
  const next = (counts.get(id) ?? 0) + by
  if (next === 0) counts.delete(id)
  else counts.set(id, next)
}
