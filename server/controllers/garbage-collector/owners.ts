/**
 * Whether the owner that an object names is there: from the graph when it knows, else from the server.
 * Owns: the owners found absent lately, so that a thousand pods of one gone owner cost one look.
 */
import type { OwnerReference } from '#api/object.ts'
import { FOREGROUND, isReachable, type Member, type OwnerGraph } from './graph.ts'
import type { WatchedKinds } from './kinds.ts'
import type { LiveObjects } from './objects.ts'
import type { Owner } from './plan.ts'

/** Namespace and uid of owners verified absent; bounded, the oldest are forgotten first. */
const ABSENT_MAX = 500

export class Owners {
  readonly #graph: OwnerGraph
  readonly #kinds: Pick<WatchedKinds, 'resourceOf'>
  readonly #objects: Pick<LiveObjects, 'look'>
  readonly #absent = new Set<string>()

  constructor(
    graph: OwnerGraph,
    kinds: Pick<WatchedKinds, 'resourceOf'>,
    objects: Pick<LiveObjects, 'look'>,
  ) {
    this.#graph = graph
    this.#kinds = kinds
    this.#objects = objects
  }

  /** Returns undefined when the owner's kind is not served: nothing can be said then. */
  async judge(
    reference: OwnerReference,
    member: Member,
    signal: AbortSignal,
  ): Promise<Owner | undefined> {
    const known = this.#graph.get(reference.uid)
    if (known !== undefined && isReachable(member, known)) {
      return { reference, state: known.isForeground ? 'waiting' : 'solid' }
    }
    const id = `${member.namespace}/${reference.uid}`
    if (this.#absent.has(id)) return { reference, state: 'absent' }
    const resource = this.#kinds.resourceOf(reference)
    if (resource === undefined) return undefined
    // A cluster-scoped object cannot name the namespace of its owner.
    if (resource.namespaced && member.namespace === '') return undefined
    const at = { namespace: member.namespace, name: reference.name }
    const owner = await this.#objects.look(resource, at, reference.uid, signal)
    if (owner === undefined) {
      this.#markAbsent(id)
      return { reference, state: 'absent' }
    }
    const isWaiting =
      owner.metadata.deletionTimestamp !== undefined &&
      (owner.metadata.finalizers ?? []).includes(FOREGROUND)
    return { reference, state: isWaiting ? 'waiting' : 'solid' }
  }

  #markAbsent(id: string): void {
    this.#absent.add(id)
    if (this.#absent.size <= ABSENT_MAX) return
    for (const oldest of this.#absent) {
      this.#absent.delete(oldest)
      return
    }
  }
}
