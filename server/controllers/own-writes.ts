/**
 * Remembers, per owner, what a controller wrote and has not yet seen in its informer, so that a stale cache never
 * makes it create or delete twice. Owns: that memory, which empties itself as the informer catches up.
 *
 *   created pod web-x at revision 41, informer at 40  -> not settled, the sync waits
 *   informer at 41 or later                           -> settled, whatever became of web-x meanwhile
 *   deleted pod web-y (uid u1)                        -> settled once the informer shows it deleting, or gone
 *
 * Source: kubernetes pkg/controller/controller_utils.go ControllerExpectations. Differs: revisions and uids in place
 * of counts, so that nothing needs to expire.
 */
import { type KubeObject, keyOf } from '#api/object.ts'

interface Reader {
  readonly revision: string
  get(key: string): KubeObject | undefined
}

interface Pending {
  /** The highest revision written. */
  revision: bigint
  /** Key to uid of what was deleted. */
  readonly deleted: Map<string, string | undefined>
}

const numberOf = (revision: string | undefined): bigint =>
  revision !== undefined && /^\d+$/.test(revision) ? BigInt(revision) : 0n

export class OwnWrites {
  readonly #pending = new Map<string, Pending>()

  /** `object` is the server's answer: its resourceVersion is what the informer must reach. */
  wrote(owner: string, object: KubeObject): void {
    const pending = this.#of(owner)
    const revision = numberOf(object.metadata.resourceVersion)
    if (revision > pending.revision) pending.revision = revision
  }

  deleted(owner: string, object: KubeObject): void {
    this.#of(owner).deleted.set(keyOf(object), object.metadata.uid)
  }

  isSettled(owner: string, informer: Reader): boolean {
    const pending = this.#pending.get(owner)
    if (pending === undefined) return true
    for (const [key, uid] of pending.deleted) {
      const object = informer.get(key)
      const isStill =
        object?.metadata.uid === uid && object?.metadata.deletionTimestamp === undefined
      if (!isStill) pending.deleted.delete(key)
    }
    if (pending.deleted.size > 0 || numberOf(informer.revision) < pending.revision) return false
    this.#pending.delete(owner)
    return true
  }

  forget(owner: string): void {
    this.#pending.delete(owner)
  }

  #of(owner: string): Pending {
    const existing = this.#pending.get(owner)
    if (existing !== undefined) return existing
    const made: Pending = { revision: 0n, deleted: new Map() }
    this.#pending.set(owner, made)
    return made
  }
}
