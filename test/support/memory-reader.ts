/** An ObjectReader over a few objects in memory, that tests change as they go. Not a test itself. */
import type { KubeObject } from '#api/object.ts'
import type { ObjectReader, StoredKinds } from '#server/auth/object-reader.ts'

type Change = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown }
type Follower = { onReset(): void; onChange(change: Change): void }

export interface MemoryReader extends ObjectReader {
  put<R extends keyof StoredKinds>(groupResource: R, object: StoredKinds[R]): void
  remove<R extends keyof StoredKinds>(groupResource: R, object: StoredKinds[R]): void
}

const idOf = ({ metadata }: KubeObject): string =>
  `${metadata.namespace ?? ''}/${metadata.name ?? ''}`

export function memoryReader(): MemoryReader {
  const stores = new Map<string, Map<string, KubeObject>>()
  const followers = new Map<string, Set<Follower>>()
  const storeOf = (resource: string): Map<string, KubeObject> => {
    const store = stores.get(resource) ?? new Map<string, KubeObject>()
    stores.set(resource, store)
    return store
  }
  const tell = (resource: string, change: Change): void => {
    for (const follower of followers.get(resource) ?? []) follower.onChange(change)
  }
  return {
    // The seam of a fake: what was put under a name is of that name's type.
    get: (resource, namespace, name) => storeOf(resource).get(`${namespace}/${name}`) as never,
    follow(resource, follower) {
      const known = follower as unknown as Follower
      const set = followers.get(resource) ?? new Set()
      followers.set(resource, set.add(known))
      known.onReset()
      for (const object of storeOf(resource).values()) known.onChange({ type: 'ADDED', object })
      return () => set.delete(known)
    },
    put(resource, object) {
      const type = storeOf(resource).has(idOf(object)) ? 'MODIFIED' : 'ADDED'
      storeOf(resource).set(idOf(object), object)
      tell(resource, { type, object })
    },
    remove(resource, object) {
      storeOf(resource).delete(idOf(object))
      tell(resource, { type: 'DELETED', object })
    },
  }
}
