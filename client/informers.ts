/**
 * The informers of one process: one list and watch per resource and selection, however many readers it has.
 * Owns: the informers, which run until `run`'s signal aborts or they are stopped. One asked for later starts at once.
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

interface Kept {
  readonly informer: AnyInformer
  readonly ending: AbortController
}

export class Informers implements Part {
  readonly name = 'informers'
  readonly #options: InformersOptions
  readonly #informers = new Map<string, Kept>()
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
    if (existing !== undefined) return existing.informer as unknown as Informer<T>
    const made = new Informer<T>({ ...this.#options, resource, selection })
    const kept = { informer: made as unknown as AnyInformer, ending: new AbortController() }
    this.#informers.set(id, kept)
    this.#start(kept)
    return made
  }

  /** Ends the informer of everything of a resource that is there no more. One asked for later starts anew. */
  stop({ group, version, plural }: ResourceName): void {
    const id = [group, version, plural, '', '', ''].join('|')
    this.#informers.get(id)?.ending.abort()
    this.#informers.delete(id)
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    for (const kept of this.#informers.values()) this.#start(kept)
    await untilAborted(signal)
    await Promise.all(this.#running)
  }

  /** Resolves when all informers asked for so far have listed once. */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ informer }) => informer.synced(signal)))
  }

  #start({ informer, ending }: Kept): void {
    if (this.#signal === undefined || this.#signal.aborted) return
    const signal = AbortSignal.any([this.#signal, ending.signal])
    const running = informer.run(signal).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }
}
