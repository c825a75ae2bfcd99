/**
 * ConfigMaps and Secrets that pods of this node use: each is watched alone, while a pod refers to it, because a
 * node may read exactly those.
 *
 * Owns    one informer per referenced object. `get` waits for its first answer, at most 10 s.
 */
import type { ConfigMap, Pod, Secret } from '#api/types/core-v1.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import { RESOURCES } from '#client/client.ts'
import { Informer } from '#client/informer.ts'
import type { Transport } from '#client/transport.ts'

const FIRST_ANSWER_MS = 10_000

export type ReferenceKind = 'configMaps' | 'secrets'

interface Kinds {
  readonly configMaps: ConfigMap
  readonly secrets: Secret
}

interface Watched {
  readonly informer: Informer<ConfigMap | Secret>
  readonly stop: AbortController
  readonly done: Promise<void>
  readonly users: Set<string>
}

export interface ReferencesOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** A referenced object changed: these pods (by UID) mount it, or will start with it. */
  readonly onChange: (podUIDs: ReadonlySet<string>) => void
}

export class References {
  readonly #options: ReferencesOptions
  readonly #watched = new Map<string, Watched>()

  constructor(options: ReferencesOptions) {
    this.#options = options
  }

  /** Starts watching what the pod refers to. Idempotent. */
  acquire(pod: Pod): void {
    for (const { kind, name } of referencesOf(pod)) this.#watch(kind, pod, name)
  }

  /** The pod is gone: what only it used is no longer watched. */
  release(podUID: string): void {
    for (const [key, watched] of this.#watched) {
      if (!watched.users.delete(podUID) || watched.users.size > 0) continue
      watched.stop.abort()
      this.#watched.delete(key)
    }
  }

  /** Undefined when there is none. Throws Error when the API does not answer in time. */
  async get<Kind extends ReferenceKind>(
    kind: Kind,
    pod: Pod,
    name: string,
  ): Promise<Kinds[Kind] | undefined> {
    const { informer } = this.#watch(kind, pod, name)
    if (!informer.hasSynced) {
      try {
        await informer.synced(AbortSignal.timeout(FIRST_ANSWER_MS))
      } catch (error) {
        throw new Error(
          `failed to read ${kind === 'secrets' ? 'secret' : 'configmap'} "${name}" in time`,
          { cause: error },
        )
      }
    }
    return this.peek(kind, pod, name)
  }

  /** What is known now; undefined also when nothing is known yet. */
  peek<Kind extends ReferenceKind>(kind: Kind, pod: Pod, name: string): Kinds[Kind] | undefined {
    const { namespace } = pod.metadata
    const watched = this.#watched.get(`${kind} ${namespace}/${name}`)
    // the seam: the key names the kind
    return watched?.informer.get(`${namespace}/${name}`) as Kinds[Kind] | undefined
  }

  async close(): Promise<void> {
    for (const { stop } of this.#watched.values()) stop.abort()
    await Promise.all([...this.#watched.values()].map(({ done }) => done))
    this.#watched.clear()
  }

  #watch(kind: ReferenceKind, pod: Pod, name: string): Watched {
    const { namespace = '', uid = '' } = pod.metadata
    const key = `${kind} ${namespace}/${name}`
    const existing = this.#watched.get(key)
    if (existing !== undefined) {
      existing.users.add(uid)
      return existing
    }
    const { transport, clock, random, log, onChange } = this.#options
    const informer = new Informer<ConfigMap | Secret>({
      transport,
      clock,
      random,
      log,
      resource: RESOURCES[kind],
      selection: { namespace, fieldSelector: `metadata.name=${name}` },
    })
    const users = new Set([uid])
    const tell = (): void => onChange(users)
    informer.addHandler({ onAdd: tell, onUpdate: tell, onDelete: tell })
    const stop = new AbortController()
    const done = informer.run(stop.signal).catch((error: unknown) => {
      log.warn('watch of a referenced object ended', { key, error })
    })
    const watched = { informer, stop, done, users }
    this.#watched.set(key, watched)
    return watched
  }
}

export interface Reference {
  readonly kind: ReferenceKind
  readonly name: string
}

/** Every ConfigMap and Secret that a pod names. Pure. */
export function referencesOf(pod: Pod): Reference[] {
  const { spec } = pod
  const found = new Map<string, Reference>()
  const add = (kind: ReferenceKind, name: string | undefined): void => {
    if (name !== undefined && name !== '') found.set(`${kind} ${name}`, { kind, name })
  }
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      add('configMaps', configMapRef?.name)
      add('secrets', secretRef?.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      add('configMaps', valueFrom?.configMapKeyRef?.name)
      add('secrets', valueFrom?.secretKeyRef?.name)
    }
  }
  for (const volume of spec?.volumes ?? []) {
    add('configMaps', volume.configMap?.name)
    add('secrets', volume.secret?.secretName)
    for (const source of volume.projected?.sources ?? []) {
      add('configMaps', source.configMap?.name)
      add('secrets', source.secret?.name)
    }
  }
  for (const { name } of spec?.imagePullSecrets ?? []) add('secrets', name)
  return [...found.values()]
}
