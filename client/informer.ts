/**
 * A local, always-current copy of one collection: list once, then watch from there, for ever.
 * Owns: its store, its indexes, and the one loop that fills them.
 *
 * Handlers are told of every change in order, after the store holds it. They must be quick and only enqueue keys:
 * what they missed (two changes between a list and the next) is theirs to not need.
 *
 * Law  A watch that ends is resumed from the last revision seen, bookmarks included. A revision that is too old (410)
 *      means a new list, whose difference to the store is told as add, update and delete.
 *      Absence means nothing before `hasSynced`.
 * Source: k8s.io/client-go tools/cache/reflector.go, shared_informer.go
 */
import { type AnyObject, type KubeObject, keyOf, type WatchEvent } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { type BackoffPolicy, backoffMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import { deepFreeze } from './freeze.ts'
import { type Indexer, ObjectIndex } from './object-index.ts'
import {
  apiVersionOf,
  type ResourceClient,
  type ResourceName,
  resourceClient,
  type Selection,
} from './resource.ts'
import type { Transport } from './transport.ts'

export interface Handler<T extends KubeObject> {
  onAdd?(object: T): void
  onUpdate?(before: T, after: T): void
  /** The last known state. */
  onDelete?(object: T): void
}

/** What readers see of an informer. Objects are frozen and shared. */
export interface Lister<T extends KubeObject> {
  readonly hasSynced: boolean
  /** `namespace/name`, or `name`. */
  get(key: string): T | undefined
  list(): readonly T[]
  /** Objects whose index function gave `value`; [] when none. */
  byIndex(index: string, value: string): readonly T[]
}

export interface InformerOptions<T extends KubeObject> {
  readonly transport: Transport
  readonly resource: ResourceName
  readonly selection?: Selection
  readonly indexes?: Readonly<Record<string, Indexer<T>>>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

const RETRY: BackoffPolicy = { baseMs: 200, maxMs: 15_000, jitter: 0.5 }
/** The server ends a watch between these; spread out, so that not all come back at once. */
const WATCH_SECONDS_MIN = 300
const WATCH_SECONDS_MAX = 600

export class Informer<T extends KubeObject> implements Lister<T> {
  readonly resource: ResourceName
  readonly #client: ResourceClient<T>
  readonly #options: InformerOptions<T>
  readonly #log: Logger
  readonly #index: ObjectIndex<T>
  readonly #handlers = new Set<Handler<T>>()
  readonly #waiting = new Set<() => void>()
  #hasSynced = false
  #revision = ''

  constructor(options: InformerOptions<T>) {
    this.resource = options.resource
    this.#options = options
    this.#client = resourceClient<T>(options.transport, options.resource)
    this.#index = new ObjectIndex(options.indexes ?? {})
    this.#log = options.log.with({ resource: options.resource.plural })
  }

  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /** The newest resourceVersion this copy reflects; '' before the first list. */
  get revision(): string {
    return this.#revision
  }

  get(key: string): T | undefined {
    return this.#index.get(key)
  }

  list(): readonly T[] {
    return this.#index.list()
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#index.byIndex(index, value)
  }

  /** Adds an index, filled from what is already here. Adding the same name twice keeps the first. */
  addIndex(name: string, indexer: Indexer<T>): void {
    this.#index.addIndex(name, indexer)
  }

  /** Tells `handler` of everything already here, then of every change. Returns what takes it out again. */
  addHandler(handler: Handler<T>): () => void {
    for (const object of this.#index.list()) this.#tell(() => handler.onAdd?.(object))
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  /** Resolves after the first list; rejects with the abort reason when `signal` aborts before. */
  synced(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#hasSynced) return resolve()
      if (signal.aborted) return reject(signal.reason)
      const finish = (): void => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
      const abort = (): void => {
        this.#waiting.delete(finish)
        reject(signal.reason)
      }
      this.#waiting.add(finish)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options
    let failures = 0
    let mustList = true
    while (!signal.aborted) {
      try {
        if (mustList) await this.#relist(signal)
        mustList = false
        if (signal.aborted) return
        const hadProgress = await this.#watch(signal)
        failures = hadProgress ? 0 : failures + 1
      } catch (error) {
        if (signal.aborted) return
        const isTooOld = isReason(error, 'Expired', 'Gone')
        // Away means: the same revision will do later. Any other refusal may be about the revision itself, too old,
        // or of a future that a restored server does not have.
        mustList ||= !isReason(error, 'ServiceUnavailable', 'TooManyRequests')
        failures += 1
        if (isTooOld && failures === 1) {
          this.#log.debug('watch is too old, listing again', { why: messageOf(error) })
          continue
        }
        // A server that is starting or going is daily life; only its staying away is worth a line.
        this.#log[failures >= 3 ? 'warn' : 'debug']('list or watch failed', { error, failures })
      }
      if (failures > 0) await clock.sleep(backoffMs(RETRY, failures, random), signal)
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const list = await this.#client.listAll(this.#options.selection ?? {}, signal)
    const seen = new Set<string>()
    for (const object of list.items) {
      seen.add(keyOf(object))
      this.#put(object)
    }
    for (const object of this.#index.list()) {
      if (!seen.has(keyOf(object))) this.#drop(object)
    }
    this.#revision = list.metadata.resourceVersion ?? ''
    this.#hasSynced = true
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  /** Returns  whether the watch lived long enough, or told enough, to be called healthy. */
  async #watch(signal: AbortSignal): Promise<boolean> {
    const { clock, random, selection } = this.#options
    const spread = WATCH_SECONDS_MAX - WATCH_SECONDS_MIN
    const startedMs = clock.monotonic()
    let count = 0
    const options = {
      ...selection,
      resourceVersion: this.#revision,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.floor(WATCH_SECONDS_MIN + spread * random.float()),
    }
    await this.#client.watch(
      options,
      event => {
        count += 1
        this.#apply(event)
      },
      signal,
    )
    return count > 0 || clock.monotonic() - startedMs > 1000
  }

  #apply(event: WatchEvent<T>): void {
    const { object } = event
    const revision = object.metadata.resourceVersion
    if (event.type === 'DELETED') this.#drop(object)
    else if (event.type !== 'BOOKMARK') this.#put(object)
    // After the store, so that `revision` never promises what `get` does not yet show.
    if (revision !== undefined && revision !== '') this.#revision = revision
  }

  #put(object: T): void {
    const whole = this.#withKind(object)
    const before = this.#index.put(whole)
    if (before === undefined) {
      for (const handler of this.#handlers) this.#tell(() => handler.onAdd?.(whole))
    } else if (before.metadata.uid !== whole.metadata.uid) {
      // Deleted and made anew under the same name while nobody watched.
      for (const handler of this.#handlers) {
        this.#tell(() => handler.onDelete?.(before))
        this.#tell(() => handler.onAdd?.(whole))
      }
    } else if (before.metadata.resourceVersion !== whole.metadata.resourceVersion) {
      for (const handler of this.#handlers) this.#tell(() => handler.onUpdate?.(before, whole))
    }
  }

  #drop(object: T): void {
    const key = keyOf(object)
    const before = this.#index.delete(key)
    if (before === undefined) return
    // The event's object is the last state; after a relist it is what we had.
    const last = this.#withKind(object)
    for (const handler of this.#handlers) this.#tell(() => handler.onDelete?.(last))
  }

  #withKind(object: T): T {
    if (object.kind !== undefined) return deepFreeze(object)
    const { kind } = this.resource
    return deepFreeze({ ...object, apiVersion: apiVersionOf(this.resource), kind })
  }

  /** One handler's bug must not cost the others their events. */
  #tell(notify: () => void): void {
    try {
      notify()
    } catch (error) {
      this.#log.error('informer handler failed', { error })
    }
  }
}

export type AnyInformer = Informer<AnyObject>
