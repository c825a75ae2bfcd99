/**
 * All pods of this node: one worker per UID, fed by the watch on the API, the engine's events and a slow relist.
 *
 * Owns    the workers. Pods of an earlier life (containers without an object in the API, folders without either)
 *         get a worker too, which ends them.
 */
import { readdir } from 'node:fs/promises'
import type { Pod } from '#api/types/core-v1.ts'
import { codeOf } from '#base/errors.ts'
import type { Part } from '#base/lifetime.ts'
import { untilAborted } from '#base/lifetime.ts'
import type { Informer } from '#client/informer.ts'
import type { Observation, PodIdentity } from '../runtime/runtime.ts'
import { isLiveVolume } from '../volumes/volumes.ts'
import type { PodDeps } from './deps.ts'
import { PodWorker } from './worker.ts'

const RELIST_MS = 60_000
const REFRESH_MS = 60_000
const RETRY_MS = 1000

export interface PodsOptions {
  readonly deps: PodDeps
  readonly pods: Informer<Pod>
  readonly onEngine: (isUp: boolean) => void
}

export class Pods implements Part {
  readonly name = 'pods'
  readonly #options: PodsOptions
  readonly #workers = new Map<string, PodWorker>()
  /** What the last relist saw, by pod UID: only pods that differ are woken. */
  #seen: ReadonlyMap<string, string> = new Map()

  constructor(options: PodsOptions) {
    this.#options = options
  }

  /** The newest of that name: an older one may still be ending. */
  get(namespace: string, name: string): Pod | undefined {
    return this.list().findLast(
      ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
    )
  }

  list(): Pod[] {
    return [...this.#workers.values()].map(({ pod }) => pod)
  }

  refresh(podUIDs: Iterable<string>): void {
    for (const uid of podUIDs) {
      const worker = this.#workers.get(uid)
      worker?.refresh().catch((error: unknown) => {
        this.#options.deps.log.warn('volumes of a pod could not be refreshed', { pod: uid, error })
      })
      worker?.wake()
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { pods, deps } = this.#options
    await pods.synced(signal)
    const observed = await this.#observeAll(signal)
    if (observed === undefined) return
    const forget = pods.addHandler({
      onAdd: pod => this.#upsert(pod),
      onUpdate: (_before, pod) => this.#upsert(pod),
      onDelete: pod => this.#workers.get(pod.metadata.uid ?? '')?.vanish(),
    })
    await this.#adopt(observed)
    await Promise.all([
      deps.runtime.events(
        {
          onEvent: event => this.#workers.get(event.podUID)?.wake(),
          onConnect: () => {
            this.#options.onEngine(true)
            for (const worker of this.#workers.values()) worker.wake()
          },
          onDisconnect: () => this.#options.onEngine(false),
        },
        signal,
      ),
      this.#relistEvery(signal),
      this.#refreshEvery(signal),
      untilAborted(signal),
    ])
    forget()
    await Promise.all([...this.#workers.values()].map(worker => worker.stop()))
  }

  #upsert(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const worker = this.#workers.get(uid)
    if (worker === undefined) this.#open(pod)
    else worker.update(pod)
  }

  #open(pod: Pod, { isGhost = false } = {}): void {
    const uid = pod.metadata.uid ?? ''
    const { deps } = this.#options
    const worker = new PodWorker({
      deps,
      pod,
      isGhost,
      onDone: () => {
        this.#workers.delete(uid)
        deps.references.release(uid)
        deps.tokens.forget(uid)
      },
    })
    this.#workers.set(uid, worker)
  }

  /** Undefined when `signal` aborted first. */
  async #observeAll(signal: AbortSignal): Promise<Observation | undefined> {
    const { runtime, clock, log } = this.#options.deps
    while (!signal.aborted) {
      try {
        return await runtime.observe()
      } catch (error) {
        log.debug('engine is away', { error })
        await clock.sleep(RETRY_MS, signal)
      }
    }
    return undefined
  }

  /** Ends what no object of the API stands for any more. */
  async #adopt(observed: Observation): Promise<void> {
    const leftovers = new Map<
      string,
      { readonly identity: PodIdentity; readonly graceSeconds: number }
    >()
    for (const { pod } of observed.containers)
      leftovers.set(pod.uid, { identity: pod, graceSeconds: 30 })
    for (const { pod, graceSeconds } of observed.sandboxes)
      leftovers.set(pod.uid, { identity: pod, graceSeconds })
    for (const uid of await this.#folders()) {
      if (!leftovers.has(uid))
        leftovers.set(uid, { identity: { uid, namespace: '', name: uid }, graceSeconds: 0 })
    }
    for (const [uid, { identity, graceSeconds }] of leftovers) {
      if (this.#workers.has(uid)) continue
      this.#options.deps.log.info('ending a pod that no longer exists', { pod: identity.name, uid })
      this.#open(ghostOf(identity, graceSeconds, this.#options.deps.clock.now()), {
        isGhost: true,
      })
    }
    await this.#freeAddresses()
  }

  /** Addresses of pods of which not even a container is left: Docker's data was lost, or a removal cut short. */
  async #freeAddresses(): Promise<void> {
    const { network, log } = this.#options.deps
    try {
      for (const uid of await network.podUIDs()) {
        if (!this.#workers.has(uid)) await network.teardown(uid)
      }
    } catch (error) {
      log.warn('addresses of former pods could not be freed', { error })
    }
  }

  async #folders(): Promise<string[]> {
    try {
      return await readdir(this.#options.deps.podsDirectory)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  }

  async #relistEvery(signal: AbortSignal): Promise<void> {
    const { runtime, clock, log } = this.#options.deps
    while (!signal.aborted) {
      await clock.sleep(RELIST_MS, signal)
      if (signal.aborted) return
      try {
        this.#wakeChanged(await runtime.observe())
      } catch (error) {
        log.debug('relist failed', { error })
      }
    }
  }

  #wakeChanged(observed: Observation): void {
    const now = new Map<string, string>()
    for (const { pod, id, state } of [...observed.sandboxes, ...observed.containers]) {
      now.set(pod.uid, `${now.get(pod.uid) ?? ''} ${id}=${state}`)
    }
    for (const [uid, worker] of this.#workers) {
      if (now.get(uid) !== this.#seen.get(uid)) worker.wake()
    }
    this.#seen = now
  }

  /** Tokens grow old and fields change without any event of theirs. */
  async #refreshEvery(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.deps.clock.sleep(REFRESH_MS, signal)
      if (signal.aborted) return
      const live = [...this.#workers.values()].filter(
        ({ pod }) => pod.spec?.volumes?.some(isLiveVolume) === true,
      )
      this.refresh(live.map(({ uid }) => uid))
    }
  }
}

/** A pod of which only labels are left, being deleted. */
const ghostOf = (
  { uid, namespace, name }: PodIdentity,
  graceSeconds: number,
  nowMs: number,
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    uid,
    namespace,
    name,
    deletionTimestamp: new Date(nowMs).toISOString(),
    deletionGracePeriodSeconds: graceSeconds,
  },
  spec: { containers: [] },
})
