/**
 * Who exists and who depends on whom, by uid, as far as the watches have told. Pure state.
 *
 * Law  What the graph lacks may still exist: absence is only a reason to look at the server.
 *      Memory is one small entry per object that exists.
 * Source: kubernetes pkg/controller/garbagecollector/graph.go, graph_builder.go. Differs: owners not yet seen are not
 * entered as virtual nodes; an index from owner uid to dependents does their work.
 */
import type { KubeObject, OwnerReference } from '#api/object.ts'
import type { ResourceName } from '#client/resource.ts'

export const ORPHAN = 'orphan'
export const FOREGROUND = 'foregroundDeletion'

export interface Member {
  readonly uid: string
  readonly resource: ResourceName
  readonly namespace: string
  readonly name: string
  readonly owners: readonly OwnerReference[]
  readonly isDeleting: boolean
  /** Waits for its dependents to go first. */
  readonly isForeground: boolean
  /** Wants its dependents to stay. */
  readonly isOrphaning: boolean
}

/** A dependent that names an owner it cannot have. */
export interface Stray {
  readonly dependent: Member
  readonly reference: OwnerReference
}

const memberOf = (object: KubeObject, resource: ResourceName): Member => {
  const { uid = '', namespace = '', name = '', finalizers = [] } = object.metadata
  const isDeleting = object.metadata.deletionTimestamp !== undefined
  return {
    uid,
    resource,
    namespace,
    name,
    owners: object.metadata.ownerReferences ?? [],
    isDeleting,
    isForeground: isDeleting && finalizers.includes(FOREGROUND),
    isOrphaning: isDeleting && finalizers.includes(ORPHAN),
  }
}

export class OwnerGraph {
  readonly #members = new Map<string, Member>()
  /** Owner uid to uids of dependents, whether or not the owner is known. */
  readonly #dependents = new Map<string, Set<string>>()

  get(uid: string): Member | undefined {
    return this.#members.get(uid)
  }

  dependentsOf(uid: string): readonly Member[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap(
      dependent => this.#members.get(dependent) ?? [],
    )
  }

  /** References across namespaces that this object brings with it, or makes known. Ask before it is observed. */
  strays(object: KubeObject, resource: ResourceName): readonly Stray[] {
    const after = memberOf(object, resource)
    const before = this.#members.get(after.uid)
    const fresh = after.owners.filter(
      ({ uid }) => before?.owners.some(known => known.uid === uid) !== true,
    )
    const own = fresh.flatMap(reference => {
      const owner = this.#members.get(reference.uid)
      return owner === undefined || isReachable(after, owner)
        ? []
        : [{ dependent: after, reference }]
    })
    if (before !== undefined) return own
    const ofOthers = this.dependentsOf(after.uid)
      .filter(dependent => !isReachable(dependent, after))
      .flatMap(dependent =>
        dependent.owners
          .filter(({ uid }) => uid === after.uid)
          .map(reference => ({ dependent, reference })),
      )
    return [...own, ...ofOthers]
  }

  /** Enters an object as it now is. Returns the uids that have to be looked at because of it. */
  observe(object: KubeObject, resource: ResourceName): readonly string[] {
    const after = memberOf(object, resource)
    if (after.uid === '') return []
    const before = this.#members.get(after.uid)
    this.#unlink(before)
    this.#members.set(after.uid, after)
    for (const { uid } of after.owners) this.#linkTo(uid, after.uid)
    const released = (before?.owners ?? []).filter(
      owner => !after.owners.some(same => same.uid === owner.uid && isSameHold(same, owner)),
    )
    const hasWork = after.isOrphaning || after.isForeground || this.#mayBeGarbage(after)
    return [...(hasWork ? [after.uid] : []), ...released.map(({ uid }) => uid)]
  }

  /** Takes an object out. Returns the uids that have to be looked at: its dependents, and owners that waited. */
  forget(uid: string): readonly string[] {
    const gone = this.#members.get(uid)
    this.#unlink(gone)
    this.#members.delete(uid)
    return [...(this.#dependents.get(uid) ?? []), ...(gone?.owners ?? []).map(owner => owner.uid)]
  }

  #mayBeGarbage(member: Member): boolean {
    if (member.isDeleting || member.owners.length === 0) return false
    return member.owners.some(({ uid }) => {
      const owner = this.#members.get(uid)
      return owner === undefined || owner.isForeground || !isReachable(member, owner)
    })
  }

  #linkTo(owner: string, dependent: string): void {
    const known = this.#dependents.get(owner)
    if (known === undefined) this.#dependents.set(owner, new Set([dependent]))
    else known.add(dependent)
  }

  #unlink(member: Member | undefined): void {
    for (const { uid } of member?.owners ?? []) {
      const dependents = this.#dependents.get(uid)
      dependents?.delete(member?.uid ?? '')
      if (dependents?.size === 0) this.#dependents.delete(uid)
    }
  }
}

const isSameHold = (left: OwnerReference, right: OwnerReference): boolean =>
  (left.blockOwnerDeletion ?? false) === (right.blockOwnerDeletion ?? false)

/** A namespaced owner can only own within its namespace. */
export const isReachable = (dependent: Pick<Member, 'namespace'>, owner: Member): boolean =>
  !owner.resource.namespaced || owner.namespace === dependent.namespace
