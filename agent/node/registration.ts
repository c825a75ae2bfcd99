/**
 * Registers this node and keeps its status: written when something changed, and every 5 minutes.
 *
 * Law     Labels and taints are set when the node is made; of an existing node only our own labels are corrected.
 *         An engine that only restarts changes nothing: its pods live on, and a node that is not Ready takes them out
 *         of their Services. Once it is away for longer the node is not Ready and says why, until it answers again.
 * Source: kubernetes pkg/kubelet/kubelet_node_status.go tryRegisterWithAPIServer, syncNodeStatus
 */
import { isReason } from '#api/status.ts'
import type { Node, NodeStatus } from '#api/types/core-v1.ts'
import { backoffMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { EventRecorder } from '#client/events.ts'
import type { ImageState, Runtime, RuntimeInfo } from '../runtime/runtime.ts'
import { type Machine, readUsage } from './machine.ts'
import {
  differs,
  engineFaultAfter,
  newNode,
  nodeConditions,
  type NodeFacts,
  nodeLabels,
  nodeStatus,
} from './node-status.ts'

const CHECK_MS = 10_000
const REPORT_MS = 5 * 60_000
/** The engine's list costs it more than the rest of a check. */
const IMAGES_MS = 60_000
const RETRY = { baseMs: 200, maxMs: 5000 } as const
const MERGE_KEYED = 'strategic' as const

export interface RegistrationOptions {
  readonly client: Client
  readonly runtime: Runtime
  readonly events: Pick<EventRecorder, 'event'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly nodeName: string
  readonly nodeIPs: readonly string[]
  readonly machine: Machine
  readonly dataDirectory: string
  readonly kubeletPort: number
  readonly labels: Readonly<Record<string, string>>
  readonly taints: NonNullable<NonNullable<Node['spec']>['taints']>
}

export class Registration implements Part {
  readonly name = 'node status'
  readonly #options: RegistrationOptions
  #node: Node | undefined
  #written: NodeStatus | undefined
  #writtenAtMs = 0
  #imagesAtMs = 0
  #info: RuntimeInfo | undefined
  #isEngineAway = true
  #engineSeenAtMs = -Infinity
  #wake = (): void => {}

  constructor(options: RegistrationOptions) {
    this.#options = options
  }

  /** Undefined until the node is registered. */
  get uid(): string | undefined {
    return this.#node?.metadata.uid
  }

  /** The engine came or went: look now. */
  engineChanged(isUp: boolean): void {
    if (
      isUp &&
      this.#written?.conditions?.some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      ) === true
    )
      return
    this.#wake()
  }

  /** The Node was deleted while its host lives: it registers again, with all that it says of itself. */
  nodeDeleted(node: Node): void {
    if (this.#node?.metadata.uid !== node.metadata.uid) return
    this.#forget()
    this.#wake()
  }

  #forget(): void {
    this.#node = undefined
    this.#written = undefined
  }

  async run(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      try {
        this.#node ??= await this.#register(signal)
        await this.#sync(signal)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        if (isReason(error, 'NotFound')) this.#forget()
        failures += 1
        this.#options.log[failures === 3 ? 'warn' : 'debug']('node status could not be written', {
          error,
        })
      }
      const pauseMs = failures > 0 ? backoffMs(RETRY, failures, this.#options.random) : CHECK_MS
      await this.#pause(pauseMs, signal)
    }
  }

  async #pause(pauseMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await this.#options.clock.sleep(pauseMs, AbortSignal.any([signal, woken.signal]))
  }

  async #register(signal: AbortSignal): Promise<Node> {
    const { client, nodeName, labels, taints, log } = this.#options
    const wanted = newNode(this.#facts(), { labels, taints })
    try {
      const node = await client.nodes.create(wanted, {}, signal)
      log.info('node registered', { node: nodeName })
      return node
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
    }
    const existing = await client.nodes.get({ name: nodeName }, signal)
    const own = nodeLabels(this.#facts(), labels)
    const isCurrent = Object.entries(own).every(
      ([key, value]) => existing.metadata.labels?.[key] === value,
    )
    if (isCurrent) return existing
    const body = { metadata: { labels: own } }
    return await client.nodes.patch({ name: nodeName }, { type: MERGE_KEYED, body }, {}, signal)
  }

  #facts(): NodeFacts {
    const { nodeName, nodeIPs, machine, kubeletPort } = this.#options
    return { nodeName, nodeIPs, machine, runtime: this.#info, kubeletPort }
  }

  async #sync(signal: AbortSignal): Promise<void> {
    const { client, clock, nodeName, dataDirectory } = this.#options
    const engineFault = await this.#checkEngine()
    const nowMs = clock.now()
    const before = this.#written ?? this.#node?.status
    const conditions = nodeConditions({
      usage: await readUsage(dataDirectory),
      engineFault,
      before: before?.conditions ?? [],
      nowMs,
    })
    const images = engineFault === '' ? await this.#images() : undefined
    const whole = nodeStatus(this.#facts(), conditions, images ?? [])
    const status =
      images === undefined && before?.images !== undefined
        ? { ...whole, images: before.images }
        : whole
    const isDue = nowMs - this.#writtenAtMs >= REPORT_MS
    if (!isDue && !differs(this.#written, status)) return
    this.#node = await client.nodes.patch(
      { name: nodeName },
      { type: MERGE_KEYED, body: { status: patchable(status) } },
      { subresource: 'status' },
      signal,
    )
    this.#tellReady(before, status)
    this.#written = status
    this.#writtenAtMs = nowMs
  }

  #tellReady(before: NodeStatus | undefined, status: NodeStatus): void {
    const isReady = (of: NodeStatus | undefined): boolean =>
      of?.conditions?.some(
        condition => condition.type === 'Ready' && condition.status === 'True',
      ) === true
    if (this.#node === undefined || isReady(status) === isReady(before)) return
    const reason = isReady(status) ? 'NodeReady' : 'NodeNotReady'
    const message = `Node ${this.#options.nodeName} status is now: ${reason}`
    this.#options.events.event(
      { ...this.#node, apiVersion: 'v1', kind: 'Node' },
      { type: 'Normal', reason, message },
    )
  }

  /** '' when the engine answers, or did a moment ago. */
  async #checkEngine(): Promise<string> {
    const { clock, runtime } = this.#options
    try {
      // what comes back may be another version
      if (this.#isEngineAway) this.#info = await runtime.info()
      else await runtime.ping()
      this.#isEngineAway = false
      this.#engineSeenAtMs = clock.monotonic()
      return ''
    } catch (error) {
      this.#isEngineAway = true
      const fault = engineFaultAfter(clock.monotonic() - this.#engineSeenAtMs, messageOf(error))
      if (fault !== '') this.#info = undefined
      return fault
    }
  }

  /** Undefined when the list of a minute ago is good enough. */
  async #images(): Promise<readonly ImageState[] | undefined> {
    const nowMs = this.#options.clock.monotonic()
    if (this.#written !== undefined && nowMs - this.#imagesAtMs < IMAGES_MS) return undefined
    try {
      const images = await this.#options.runtime.listImages()
      this.#imagesAtMs = nowMs
      return images
    } catch {
      // the list is a convenience for schedulers: the old one does
      return undefined
    }
  }
}

/** Addresses are merged by their type, which two families share: they are replaced as a list instead. */
function patchable(status: NodeStatus): unknown {
  const { addresses = [] } = status
  const isUnique = new Set(addresses.map(({ type }) => type)).size === addresses.length
  return isUnique ? status : { ...status, addresses: [...addresses, { $patch: 'replace' }] }
}
