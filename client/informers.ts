/**
 * The informers of one process: one list and watch per resource and selection, however many readers it has.
 * Owns: the informers, which run until `run`'s signal aborts. One asked for later starts at once.
 */
import type { KubeObject } from '#api/object.ts'
import type { Clock } from '#base/clock.ts'
import { type Part, untilAborted } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import { type Kinds, RESOURCES } from './client.ts'
import { type AnyInformer, Informer } from './informer.ts'
import type { ResourceName, Selection } from './resource.ts'
import type { Transport } from './transport.ts'

export interface InformersOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export class Informers implements Part {
  readonly name = 'informers'
  readonly #options: InformersOptions
  readonly #informers = new Map<string, AnyInformer>()
  readonly #running = new Set<Promise<void>>()
  #signal: AbortSignal | undefined

  constructor(options: InformersOptions) {
    this.#options = options
  }

  /** The informer of a kind the client knows by name. */
  of<Name extends keyof Kinds>(name: Name, selection: Selection = {}): Informer<Kinds[Name]> {
    return this.informer<Kinds[Name]>(RESOURCES[name], selection)
  }

  /** The informer of any resource; T is the caller's promise about its kind. */
  informer<T extends KubeObject>(resource: ResourceName, selection: Selection = {}): Informer<T> {
    const { group, version, plural } = resource
    const { namespace = '', labelSelector = '', fieldSelector = '' } = selection
    const id = [group, version, plural, namespace, labelSelector, fieldSelector].join('|')
    const existing = this.#informers.get(id)
    // The seam of a registry of mixed kinds: the id names the resource, hence the type.
    if (existing !== undefined) return existing as unknown as Informer<T>
    const made = new Informer<T>({ ...this.#options, resource, selection })
    this.#informers.set(id, made as unknown as AnyInformer)
    this.#start(made)
    return made
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    for (const informer of this.#informers.values()) this.#start(informer)
    await untilAborted(signal)
    await Promise.all(this.#running)
  }

  /** Resolves when all informers asked for so far have listed once. */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map(informer => informer.synced(signal)))
  }

  #start(informer: { run(signal: AbortSignal): Promise<void> }): void {
    if (this.#signal === undefined || this.#signal.aborted) return
    const running = informer.run(this.#signal).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }
}
