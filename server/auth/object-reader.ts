/**
 * How authenticators, authorizers and admission see objects: synchronously, from the watch cache.
 *
 * Law  What a reader shows is durable and lags a commit by no more than the cache does. After `onReset` the follower
 *      forgets everything: all that exists follows as ADDED.
 */
import type { Logger } from '#base/logger.ts'
import type { AnyObject } from '#api/object.ts'
import type { Cache, CacheWatch } from '../cache/cache.ts'

export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: AnyObject
}

export interface ObjectFollower {
  onReset(): void
  onChange(change: ObjectChange): void
}

export interface ObjectReader {
  /** `groupResource` is `pods`, `roles.rbac.authorization.k8s.io`; `namespace` is '' for cluster-scoped objects. */
  get(groupResource: string, namespace: string, name: string): AnyObject | undefined
  /** Everything that exists, then every change, in order; until the returned function is called. */
  follow(groupResource: string, follower: ObjectFollower): () => void
}

/** The reader over the watch cache. A follower that fell behind is reset and starts anew. */
export function createObjectReader(cache: Cache, log: Logger): ObjectReader {
  return {
    get: (groupResource, namespace, name) => cache.get(groupResource, namespace, name)?.object(),
    follow(groupResource, follower) {
      let watch: CacheWatch | undefined
      let isClosed = false
      const start = (): void => {
        follower.onReset()
        watch = cache.watch(
          { groupResource, namespace: '' },
          {
            afterRevision: undefined,
            initialEvents: true,
            initialEventsEnd: false,
            bookmarks: false,
          },
          {
            onEvents(events) {
              for (const event of events) {
                if (event.type === 'BOOKMARK' || event.item === undefined) continue
                follower.onChange({ type: event.type, object: event.item.object() })
              }
            },
            onEnd(error) {
              if (isClosed || error === undefined) return
              log.warn('fell behind the watch cache, starting again', { groupResource, error })
              queueMicrotask(start)
            },
          },
        )
      }
      start()
      return () => {
        isClosed = true
        watch?.close()
      }
    },
  }
}
