/**
 * A namespace leaves the store only when nothing is in it. Owns: the count of creations under way, by namespace.
 *
 * Admission refuses creations once a namespace is being deleted, and its controller has emptied it before it lets go.
 * What was admitted a moment before the deletion may still be on its way to the disk when the controller looks: so the
 * last step waits for such creations, and looks again.
 * Throws  StatusError(Conflict) when something is there: the controller empties it once more.
 */
import { groupResource } from '#api/scheme.ts'
import { conflict } from '#api/status.ts'
import type { Cache } from '#server/cache/cache.ts'
import type { Served } from '#server/custom/served.ts'

export interface Creations {
  /** Counts `task` in its namespace until it has ended. */
  run<T>(namespace: string, task: () => Promise<T>): Promise<T>
  /** Resolves when none is under way. Ends, because none is admitted any more. */
  ended(namespace: string): Promise<void>
}

export function createCreations(): Creations {
  const underWay = new Map<string, Set<Promise<unknown>>>()
  return {
    async run(namespace, task) {
      if (namespace === '') return task()
      const all = underWay.get(namespace) ?? new Set()
      underWay.set(namespace, all)
      const running = task()
      all.add(running)
      try {
        return await running
      } finally {
        all.delete(running)
        if (all.size === 0) underWay.delete(namespace)
      }
    },
    async ended(namespace) {
      for (let all = underWay.get(namespace); all !== undefined; all = underWay.get(namespace)) {
        await Promise.allSettled(all)
      }
    },
  }
}

export async function confirmEmpty(
  deps: { readonly cache: Cache; readonly served: Served; readonly creations: Creations },
  namespace: string,
): Promise<void> {
  await deps.creations.ended(namespace)
  const kinds = (await deps.served.storages()).filter(({ namespaced }) => namespaced)
  for (const storage of kinds.map(groupResource)) {
    const { items } = await deps.cache.list({ groupResource: storage, namespace }, { limit: 1 })
    if (items.length === 0) continue
    const subject = { group: '', resource: 'namespaces', name: namespace }
    throw conflict(subject, `there are still ${storage} in it`)
  }
}
