/**
 * Which kinds the collector watches: every one that can be listed, watched and deleted, new ones as they appear.
 * Owns: what is watched so far. Kinds that vanish stay watched; their informer has nothing more to tell.
 */
import type { AnyObject } from '#api/object.ts'
import { isSharedForm, storedKind } from '#api/scheme.ts'
import type { Client } from '#client/client.ts'
import { discoverResources } from '#client/discovery.ts'
import type { Informers } from '#client/informers.ts'
import { apiVersionOf, type ResourceName } from '#client/resource.ts'

const NEEDED_VERBS = ['list', 'watch', 'delete'] as const
/** Never owned, and too many. */
const IGNORED = ['Event'] as const

export interface Observer {
  observe(object: AnyObject, resource: ResourceName): void
  forget(uid: string): void
}

export class WatchedKinds {
  readonly #client: Client
  readonly #informers: Informers
  readonly #observer: Observer
  readonly #watched = new Set<string>()
  readonly #byKind = new Map<string, ResourceName>()

  constructor(
    deps: { readonly client: Client; readonly informers: Informers },
    observer: Observer,
  ) {
    this.#client = deps.client
    this.#informers = deps.informers
    this.#observer = observer
  }

  /** Undefined when the kind is not served. An owner named by an old version is the object of the current one. */
  resourceOf(reference: { readonly apiVersion: string; readonly kind: string }) {
    const { apiVersion, kind } = storedKind(reference)
    return this.#byKind.get(`${apiVersion}/${kind}`)
  }

  /** Starts watching what is new; `synced` of each resolves once its objects are in the graph. */
  async discover(
    signal: AbortSignal,
  ): Promise<readonly { synced(signal: AbortSignal): Promise<void> }[]> {
    const added: { synced(signal: AbortSignal): Promise<void> }[] = []
    for (const resource of await discoverResources(this.#client.transport, signal)) {
      const isCollectable =
        NEEDED_VERBS.every(verb => resource.verbs.includes(verb)) &&
        !isSharedForm(resource) &&
        !IGNORED.some(kind => kind === resource.kind)
      const id = `${resource.group}/${resource.plural}`
      this.#byKind.set(`${apiVersionOf(resource)}/${resource.kind}`, resource)
      if (!isCollectable || this.#watched.has(id)) continue
      this.#watched.add(id)
      added.push(this.#watch(resource))
    }
    return added
  }

  #watch(resource: ResourceName): { synced(signal: AbortSignal): Promise<void> } {
    const informer = this.#informers.informer<AnyObject>(resource)
    informer.addHandler({
      onAdd: object => this.#observer.observe(object, resource),
      onUpdate: (_before, after) => this.#observer.observe(after, resource),
      onDelete: object => this.#observer.forget(object.metadata.uid ?? ''),
    })
    return informer
  }
}
