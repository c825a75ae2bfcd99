/**
 * How authenticators, authorizers and admission see objects: synchronously, from the watch cache.
 *
 * Law  What a reader shows is durable and lags a commit by no more than the cache does. After `onReset` the follower
 *      forgets everything: all that exists follows as ADDED.
 */
import type { AnyObject } from '#api/object.ts'
import type {
  MutatingAdmissionPolicy,
  ValidatingAdmissionPolicy,
} from '#api/types/admissionregistration-v1.ts'
import type { CertificateSigningRequest } from '#api/types/certificates-v1.ts'
import type {
  Namespace,
  Node,
  PersistentVolume,
  Pod,
  Secret,
  ServiceAccount,
} from '#api/types/core-v1.ts'
import type { RuntimeClass } from '#api/types/node-v1.ts'
import type { ResourceSlice } from '#api/types/resource-v1.ts'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '#api/types/rbac-v1.ts'
import type { PriorityClass } from '#api/types/scheduling-v1.ts'
import type { VolumeAttachment } from '#api/types/storage-v1.ts'
import type { Logger } from '#base/logger.ts'
import {
  type Cache,
  type CacheWatch,
  costOf,
  type WatchOptions,
  type WatchSink,
} from '../cache/cache.ts'

/** What lies under the names that access control reads. */
export interface StoredKinds {
  readonly namespaces: Namespace
  readonly nodes: Node
  readonly pods: Pod
  readonly secrets: Secret
  readonly serviceaccounts: ServiceAccount
  readonly persistentvolumes: PersistentVolume
  readonly 'roles.rbac.authorization.k8s.io': Role
  readonly 'rolebindings.rbac.authorization.k8s.io': RoleBinding
  readonly 'clusterroles.rbac.authorization.k8s.io': ClusterRole
  readonly 'clusterrolebindings.rbac.authorization.k8s.io': ClusterRoleBinding
  readonly 'priorityclasses.scheduling.k8s.io': PriorityClass
  readonly 'runtimeclasses.node.k8s.io': RuntimeClass
  readonly 'certificatesigningrequests.certificates.k8s.io': CertificateSigningRequest
  readonly 'volumeattachments.storage.k8s.io': VolumeAttachment
  readonly 'resourceslices.resource.k8s.io': ResourceSlice
  readonly 'validatingadmissionpolicies.admissionregistration.k8s.io': ValidatingAdmissionPolicy
  readonly 'mutatingadmissionpolicies.admissionregistration.k8s.io': MutatingAdmissionPolicy
}

export interface ObjectChange<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

export interface ObjectFollower<T> {
  onReset(): void
  onChange(change: ObjectChange<T>): void
}

export interface ObjectReader {
  /** `namespace` is '' for cluster-scoped objects. */
  get<R extends keyof StoredKinds>(
    groupResource: R,
    namespace: string,
    name: string,
  ): StoredKinds[R] | undefined
  /** Everything that exists, then every change, in order; until the returned function is called. */
  follow<R extends keyof StoredKinds>(
    groupResource: R,
    follower: ObjectFollower<StoredKinds[R]>,
  ): () => void
}

export type ObjectGetter = Pick<ObjectReader, 'get'>

/** The reader over the watch cache. A follower that fell behind is reset and starts anew. */
export function createObjectReader(cache: Cache, log: Logger): ObjectReader {
  return {
    get<R extends keyof StoredKinds>(groupResource: R, namespace: string, name: string) {
      const object = cache.get(groupResource, namespace, name)?.object()
      return object !== undefined && isStoredAs(groupResource, object) ? object : undefined
    },
    follow: (groupResource, follower) => follow({ cache, log, groupResource, follower }),
  }
}

/** The seam between generic and typed: under its name the cache holds what that kind's schema accepted. */
export const isStoredAs = <R extends keyof StoredKinds>(
  _groupResource: R,
  _object: AnyObject,
): _object is AnyObject & StoredKinds[R] => true

const FROM_THE_START: WatchOptions = {
  afterRevision: undefined,
  initialEvents: true,
  initialEventsEnd: false,
  bookmarks: false,
}

function follow<R extends keyof StoredKinds>(options: {
  readonly cache: Cache
  readonly log: Logger
  readonly groupResource: R
  readonly follower: ObjectFollower<StoredKinds[R]>
}): () => void {
  const { cache, log, groupResource, follower } = options
  let watch: CacheWatch | undefined
  let isClosed = false
  const start = (): void => {
    if (isClosed) return
    follower.onReset()
    // Events may arrive before `watch` returns: what they cost is given back as soon as it has.
    let owed = 0
    let opened: CacheWatch | undefined
    const sink: WatchSink = {
      onEvents(events) {
        for (const event of events) {
          owed += costOf(event)
          const object = event.item?.object()
          if (event.type === 'BOOKMARK' || object === undefined) continue
          if (isStoredAs(groupResource, object)) follower.onChange({ type: event.type, object })
        }
        giveBack()
      },
      onEnd(error) {
        if (error === undefined || isClosed) return
        log.warn('fell behind the watch cache, starting again', { groupResource, error })
        queueMicrotask(start)
      },
    }
    const giveBack = (): void => {
      if (opened === undefined || owed === 0) return
      const bytes = owed
      owed = 0
      opened.drained(bytes)
    }
    opened = cache.watch({ groupResource, namespace: '' }, FROM_THE_START, sink)
    watch = opened
    giveBack()
  }
  start()
  return () => {
    isClosed = true
    watch?.close()
  }
}
