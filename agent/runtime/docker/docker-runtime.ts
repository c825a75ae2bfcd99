/**
 * The Docker Engine as a Runtime: containers and sandboxes. Images and streams are in files beside this one.
 *
 * Owns    the line to the Engine, a cache of inspections, and what was learnt about the host's limits.
 * Law     Restart-proof: it remembers nothing that the Engine's labels do not say.
 */
import type { Logger } from '#base/logger.ts'
import { isRuntimeError, RuntimeError } from '../errors.ts'
import { LABEL } from '../labels.ts'
import type {
  ContainerConfig,
  ContainerState,
  Observation,
  Runtime,
  RuntimeInfo,
  SandboxConfig,
  SandboxState,
} from '../runtime.ts'
import { Engine } from './engine.ts'
import { followEvents } from './events.ts'
import { createImages, type Images } from './images.ts'
import { createStreams, type Streams } from './streams.ts'
import * as translate from './translate.ts'
import type { WireContainer, WireContainerSummary, WireInfo } from './wire.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'

const QUICK_MS = 15_000
const START_MS = 120_000
const REMOVE_MS = 60_000

/** What Engines say when the kernel refuses a negative OOM score (runc, then crun). */
const OOM_REFUSED = /oom_score_adj|final child's PID from pipe/u

export interface DockerRuntimeOptions {
  readonly socketPath: string
  /** Made when missing; its bytes come from `sandboxImageArchive`. */
  readonly sandboxImage: string
  readonly sandboxImageArchive: () => Buffer
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export class DockerRuntime implements Runtime {
  readonly #options: DockerRuntimeOptions
  readonly #engine: Engine
  readonly #images: Images
  readonly #streams: Streams
  /** Inspections of containers by id, valid while the listed state is the same: states only move forward. */
  readonly #inspections = new Map<
    string,
    { readonly state: string; readonly wire: WireContainer }
  >()
  #limits: translate.HostLimits = { negativeOomScore: true }

  constructor(options: DockerRuntimeOptions) {
    this.#options = options
    this.#engine = new Engine(options.socketPath)
    this.#images = createImages(this.#engine, options.clock)
    this.#streams = createStreams(this.#engine)
  }

  async ping(): Promise<void> {
    await this.#engine.call({ method: 'HEAD', path: '/_ping', timeoutMs: 5000 })
  }

  async info(): Promise<RuntimeInfo> {
    const wire = await this.#engine.call<WireInfo>({
      method: 'GET',
      path: '/info',
      timeoutMs: QUICK_MS,
    })
    return translate.runtimeInfo(wire, await this.#engine.apiVersion())
  }

  async observe(podUID?: string): Promise<Observation> {
    const label = podUID === undefined ? LABEL.podUID : `${LABEL.podUID}=${podUID}`
    const listed = await this.#engine.call<readonly WireContainerSummary[]>({
      method: 'GET',
      path: '/containers/json',
      query: { all: '1', filters: JSON.stringify({ label: [label] }) },
      timeoutMs: QUICK_MS,
    })
    if (podUID === undefined) this.#forgetExcept(new Set(listed.map(summary => summary.Id)))
    const wires = await Promise.all(listed.map(summary => this.#inspect(summary)))
    const sandboxes: SandboxState[] = []
    const containers: ContainerState[] = []
    for (const wire of wires) {
      if (wire === undefined) continue
      const sandbox = translate.sandboxState(wire)
      if (sandbox !== undefined) sandboxes.push(sandbox)
      const container = translate.containerState(wire)
      if (container !== undefined) containers.push(container)
    }
    sandboxes.sort(
      (left, right) => right.attempt - left.attempt || right.createdAtMs - left.createdAtMs,
    )
    containers.sort(
      (left, right) => right.attempt - left.attempt || right.createdAtMs - left.createdAtMs,
    )
    return { sandboxes, containers }
  }

  #forgetExcept(known: ReadonlySet<string>): void {
    for (const id of this.#inspections.keys()) if (!known.has(id)) this.#inspections.delete(id)
  }

  /** Undefined when it vanished between list and inspect. */
  async #inspect(summary: WireContainerSummary): Promise<WireContainer | undefined> {
    const known = this.#inspections.get(summary.Id)
    if (known !== undefined && known.state === summary.State) return known.wire
    try {
      const wire = await this.#inspectNow(summary.Id)
      // only what agrees with itself is kept: a container may have moved on since it was listed
      this.#inspections.set(summary.Id, { state: wire.State.Status, wire })
      return wire
    } catch (error) {
      if (isRuntimeError(error, 'not-found')) return undefined
      throw error
    }
  }

  #inspectNow(id: string): Promise<WireContainer> {
    return this.#engine.call({ method: 'GET', path: `/containers/${id}/json`, timeoutMs: QUICK_MS })
  }

  async createSandbox(config: SandboxConfig): Promise<string> {
    const body = translate.sandboxBody(config, this.#options.sandboxImage, this.#limits)
    const name = translate.sandboxName(config)
    try {
      return await this.#create(name, body)
    } catch (error) {
      if (!isRuntimeError(error, 'not-found')) throw error
      await this.#images.load(this.#options.sandboxImageArchive())
      return await this.#create(name, body)
    }
  }

  async #create(name: string, body: unknown): Promise<string> {
    try {
      const answer = await this.#engine.call<{ readonly Id: string }>({
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body,
        timeoutMs: START_MS,
      })
      return answer.Id
    } catch (error) {
      if (!isRuntimeError(error, 'conflict')) throw error
      // an earlier call of ours timed out after the Engine had done it
      return (await this.#inspectNow(name)).Id
    }
  }

  async startSandbox(sandboxID: string): Promise<number> {
    await this.#start(sandboxID)
    const wire = await this.#inspectNow(sandboxID)
    if (wire.State.Pid === 0)
      throw new RuntimeError('rejected', 'sandbox ended right after its start')
    this.#inspections.set(sandboxID, { state: wire.State.Status, wire })
    return wire.State.Pid
  }

  async removeSandbox(sandboxID: string): Promise<void> {
    await this.removeContainer(sandboxID)
  }

  createContainer(config: ContainerConfig): Promise<string> {
    return this.#create(
      translate.appContainerName(config),
      translate.containerBody(config, this.#limits),
    )
  }

  startContainer(containerID: string): Promise<void> {
    return this.#start(containerID)
  }

  async #start(id: string): Promise<void> {
    try {
      await this.#engine.call({
        method: 'POST',
        path: `/containers/${id}/start`,
        timeoutMs: START_MS,
        accept: [304],
      })
    } catch (error) {
      this.#learn(error)
      throw error
    }
  }

  /** A host that forbids negative OOM scores is noticed on the first start, said once, and never tried again. */
  #learn(error: unknown): void {
    if (!this.#limits.negativeOomScore || !(error instanceof Error)) return
    if (!OOM_REFUSED.test(error.message)) return
    this.#limits = { negativeOomScore: false }
    this.#options.log.warn('host forbids negative OOM scores: pods run with 0 instead', {
      error: error.message,
    })
  }

  async signalStop(containerID: string): Promise<void> {
    try {
      const wire = await this.#inspectNow(containerID)
      await this.#kill(containerID, wire.Config.StopSignal ?? 'SIGTERM')
    } catch (error) {
      if (!isRuntimeError(error, 'not-found')) throw error
    }
  }

  killContainer(containerID: string): Promise<void> {
    return this.#kill(containerID, 'SIGKILL')
  }

  async #kill(containerID: string, signal: string): Promise<void> {
    await this.#engine.call({
      method: 'POST',
      path: `/containers/${containerID}/kill`,
      query: { signal },
      timeoutMs: QUICK_MS,
      // not running, or gone: that is what was wanted
      accept: [404, 409],
    })
  }

  async removeContainer(containerID: string): Promise<void> {
    await this.#engine.call({
      method: 'DELETE',
      path: `/containers/${containerID}`,
      query: { force: '1', v: '1' },
      timeoutMs: REMOVE_MS,
      accept: [404],
    })
    this.#inspections.delete(containerID)
  }

  imageStatus: Runtime['imageStatus'] = reference => this.#images.status(reference)
  listImages: Runtime['listImages'] = () => this.#images.list()
  pullImage: Runtime['pullImage'] = (reference, auth, signal) =>
    this.#images.pull(reference, auth, signal)
  loadImage: Runtime['loadImage'] = archive => this.#images.load(archive)
  removeImage: Runtime['removeImage'] = reference => this.#images.remove(reference)

  logs: Runtime['logs'] = (containerID, options, signal) =>
    this.#streams.logs(containerID, options, signal)
  exec: Runtime['exec'] = (containerID, options) => this.#streams.exec(containerID, options)
  execSync: Runtime['execSync'] = (containerID, command, timeoutMs) =>
    this.#streams.execSync(containerID, command, timeoutMs)
  attach: Runtime['attach'] = (containerID, options) => this.#streams.attach(containerID, options)

  /** An Engine tells of an end before its own list shows it: what an event names is inspected anew. */
  events: Runtime['events'] = (handlers, signal) =>
    followEvents(
      this.#engine,
      this.#options,
      {
        ...handlers,
        onEvent: event => {
          this.#inspections.delete(event.containerID)
          handlers.onEvent(event)
        },
      },
      signal,
    )
}
