/**
 * Which kinds the collector watches: every one that can be listed, watched and deleted, new ones as they appear.
 * Owns: what is watched so far. Kinds that vanish, or appear in another version, are watched no more as they were.
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

const groupIn = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''

export class WatchedKinds {
  readonly #client: Client
  readonly #informers: Informers
  readonly #observer: Observer
  readonly #watched = new Map<string, ResourceName>()
  #byKind: ReadonlyMap<string, ResourceName> = new Map()

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
    return (
      this.#byKind.get(`${apiVersion}/${kind}`) ??
      this.#byKind.get(`${groupIn(apiVersion)}//${kind}`)
    )
  }

  /** Starts watching what is new; `synced` of each resolves once its objects are in the graph. */
  async discover(
    signal: AbortSignal,
  ): Promise<readonly { synced(signal: AbortSignal): Promise<void> }[]> {
    const added: { synced(signal: AbortSignal): Promise<void> }[] = []
    const byKind = new Map<string, ResourceName>()
    const gone = new Map(this.#watched)
    for (const resource of await discoverResources(this.#client.transport, signal)) {
      const isCollectable =
        NEEDED_VERBS.every(verb => resource.verbs.includes(verb)) &&
        !isSharedForm(resource) &&
        !IGNORED.some(kind => kind === resource.kind)
      const id = `${resource.group}/${resource.plural}`
      byKind.set(`${apiVersionOf(resource)}/${resource.kind}`, resource)
      // Definitions serve one object in several versions, of which discovery names the preferred one.
      byKind.set(`${resource.group}//${resource.kind}`, resource)
      if (!isCollectable) continue
      if (this.#watched.get(id)?.version === resource.version) gone.delete(id)
      else added.push(this.#watch(resource))
      this.#watched.set(id, resource)
    }
    this.#byKind = byKind
    for (const [id, resource] of gone) {
      this.#informers.stop(resource)
      if (this.#watched.get(id) === resource) this.#watched.delete(id)
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
