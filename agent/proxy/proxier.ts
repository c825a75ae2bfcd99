/**
 * Keeps the packet filter in step with Services, EndpointSlices and this node's host ports. Owns: the batching of
 * changes, and what each object added last; the table itself belongs to the ServiceTable.
 *
 * The first change after a quiet goes to the kernel at once; what arrives while that runs, and for a few milliseconds
 * after, forms the next transaction.
 *
 * Law  Level-driven: a pass translates an object as it is now. Nothing is written before the informers have synced, so
 *      a restart never takes away what the last process wrote.
 *      A table that another program damaged is repaired: at once when `nft monitor` tells, otherwise by the next check.
 */
import { keyOf } from '#api/object.ts'
import type { Pod, Service } from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import { type BackoffPolicy, backoffMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Handler, Informer } from '#client/informer.ts'
import type { VirtualService } from '#netfilter/model.ts'
import type { ServiceTable } from '#netfilter/nftables/program.ts'
import { translateHostPorts, translateService, type Viewpoint } from './translate.ts'

export interface ProxierOptions {
  readonly table: ServiceTable
  readonly viewpoint: Viewpoint
  readonly services: Informer<Service>
  readonly endpointSlices: Informer<EndpointSlice>
  /** Pods of this node only. */
  readonly pods: Informer<Pod>
  /** Calls back when somebody else damages our table; resolves when `signal` aborts. Called once the table is there. */
  readonly watchDamage: (onDamage: () => void, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** Counters for the agent's metrics; milliseconds where the name says so. */
export interface ProxyMetrics {
  readonly transactions: number
  readonly changes: number
  readonly failures: number
  readonly repairs: number
  readonly lastTransactionMs: number
  readonly frontends: number
}

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
const SLICES_BY_SERVICE = 'service'
const BATCH_MS = 5
/** Objects translated without a break: about 5 ms. */
const SLICE_KEYS = 100
/** Rest between a damage report and the look, because a flush is many reports. */
const DAMAGE_SETTLE_MS = 50
const CHECK_INTERVAL_MS = 60_000
/** A check of a large table takes its time: never spend more than this share of it checking. */
const CHECK_SHARE = 1 / 500
const RETRY: BackoffPolicy = { baseMs: 100, maxMs: 10_000 }

export class Proxier implements Part {
  readonly name = 'proxy'
  readonly #options: ProxierOptions
  readonly #dirty = new Set<string>()
  /** What each object adds now: `service/ns/name` or `pod/ns/name`. */
  readonly #added = new Map<string, readonly VirtualService[]>()
  #wake: (() => void) | undefined
  #mustVerify = true
  /** The rules have been written once. */
  readonly #inPlace = Promise.withResolvers<void>()
  readonly #counts = { transactions: 0, changes: 0, failures: 0, repairs: 0, lastTransactionMs: 0 }

  constructor(options: ProxierOptions) {
    this.#options = options
    options.endpointSlices.addIndex(SLICES_BY_SERVICE, slice => {
      const key = serviceKeyOf(slice)
      return key === undefined ? [] : [key]
    })
  }

  get metrics(): ProxyMetrics {
    return { ...this.#counts, frontends: this.#options.table.state.frontendCount }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { services, endpointSlices, pods, watchDamage } = this.#options
    await Promise.all([services, endpointSlices, pods].map(informer => informer.synced(signal)))
    const stops = [
      services.addHandler(everyChange(service => this.#mark(`service/${keyOf(service)}`))),
      endpointSlices.addHandler(
        everyChange(slice => {
          const key = serviceKeyOf(slice)
          if (key !== undefined) this.#mark(`service/${key}`)
        }),
      ),
      pods.addHandler(everyChange(pod => this.#mark(`pod/${keyOf(pod)}`))),
    ]
    const watch = async (): Promise<void> => {
      await this.#inPlace.promise
      if (!signal.aborted) await watchDamage(() => this.verifySoon(), signal)
    }
    const watching = watch()
    try {
      await this.#loop(signal)
    } finally {
      for (const stop of stops) stop()
      this.#inPlace.resolve()
      await watching
    }
  }

  /** Asks for a comparison with the kernel soon. */
  verifySoon(): void {
    this.#mustVerify = true
    this.#wake?.()
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options
    let failures = 0
    let nextCheckMs = clock.monotonic() + CHECK_INTERVAL_MS
    while (!signal.aborted) {
      try {
        if (this.#mustVerify) {
          nextCheckMs = await this.#verify()
        } else await this.#commit()
        failures = 0
      } catch (error) {
        failures += 1
        this.#counts.failures += 1
        this.#mustVerify = true
        log.error('service rules could not be written', { error, failures })
      }
      const pause = failures > 0 ? backoffMs(RETRY, failures, random) : BATCH_MS
      await clock.sleep(this.#mustVerify && failures === 0 ? DAMAGE_SETTLE_MS : pause, signal)
      if (failures === 0) await this.#idle(nextCheckMs - clock.monotonic(), signal)
      if (clock.monotonic() >= nextCheckMs) this.#mustVerify = true
    }
  }

  /** Until something is to be done, or for so long. */
  async #idle(maxMs: number, signal: AbortSignal): Promise<void> {
    if (this.#dirty.size > 0 || this.#mustVerify || maxMs <= 0) return
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await this.#options.clock.sleep(maxMs, AbortSignal.any([signal, woken.signal]))
    this.#wake = undefined
  }

  async #commit(): Promise<void> {
    if (this.#dirty.size === 0) return
    const startedMs = this.#options.clock.monotonic()
    await this.#translateDirty()
    const count = await this.#options.table.commit()
    if (count === 0) return
    this.#counts.transactions += 1
    this.#counts.changes += count
    this.#counts.lastTransactionMs = this.#options.clock.monotonic() - startedMs
  }

  /** Returns  when the next check is due, on the monotonic clock. */
  async #verify(): Promise<number> {
    const { clock, table, log } = this.#options
    const startedMs = clock.monotonic()
    const isFirst = this.#counts.transactions === 0
    this.#mustVerify = false
    const hadChanges = this.#dirty.size > 0
    await this.#translateDirty()
    const count = await table.verify()
    this.#counts.transactions += 1
    this.#counts.changes += count
    this.#inPlace.resolve()
    const tookMs = clock.monotonic() - startedMs
    if (isFirst) log.info('service rules are in place', { changes: count, tookMs })
    else if (count > 0 && !hadChanges) {
      this.#counts.repairs += 1
      log.warn('service rules were damaged by another program and are repaired', { changes: count })
    }
    return clock.monotonic() + Math.max(CHECK_INTERVAL_MS, tookMs / CHECK_SHARE)
  }

  /** In slices, so that ten thousand services at start do not hold up whoever shares the process. */
  async #translateDirty(): Promise<void> {
    let count = 0
    // What is marked meanwhile is visited too.
    for (const key of this.#dirty) {
      this.#dirty.delete(key)
      const after = this.#translate(key)
      this.#options.table.replace(this.#added.get(key) ?? [], after)
      if (after.length === 0) this.#added.delete(key)
      else this.#added.set(key, after)
      count += 1
      if (count % SLICE_KEYS === 0) await this.#options.clock.sleep(0)
    }
  }

  #translate(key: string): readonly VirtualService[] {
    const { services, endpointSlices, pods, viewpoint } = this.#options
    const slash = key.indexOf('/')
    const name = key.slice(slash + 1)
    if (key.slice(0, slash) === 'pod') {
      const pod = pods.get(name)
      return pod === undefined ? [] : translateHostPorts(pod, viewpoint)
    }
    const service = services.get(name)
    if (service === undefined) return []
    return translateService(service, endpointSlices.byIndex(SLICES_BY_SERVICE, name), viewpoint)
  }

  #mark(key: string): void {
    this.#dirty.add(key)
    this.#wake?.()
  }
}

function serviceKeyOf({ metadata }: EndpointSlice): string | undefined {
  const name = metadata.labels?.[SERVICE_NAME_LABEL]
  return name === undefined ? undefined : `${metadata.namespace ?? ''}/${name}`
}

const everyChange = <T extends Service | EndpointSlice | Pod>(
  mark: (object: T) => void,
): Handler<T> => ({
  onAdd: mark,
  onUpdate(before, after) {
    mark(before)
    mark(after)
  },
  onDelete: mark,
})
