/**
 * The life cycle of CustomResourceDefinitions on this server: their instances are deleted through its own registry,
 * and watches that what they show has outlived are ended.
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import { LOOPBACK } from '#api/request.ts'
import type { Resource } from '#api/scheme.ts'
import { type Lifecycle, type LifecycleOptions, startLifecycle } from '#server/custom/lifecycle.ts'
import type { Served } from '#server/custom/served.ts'
import type { Registry } from '#server/registry/registry.ts'
import type { OpenWatch } from './watch-stream.ts'

export interface DefinitionsOptions extends Omit<LifecycleOptions, 'removeAll' | 'onChange'> {
  readonly registry: Registry
  readonly watchers: ReadonlySet<OpenWatch>
}

export const followDefinitions = (options: DefinitionsOptions): Lifecycle =>
  startLifecycle({
    ...options,
    removeAll: (resource, namespace, signal) =>
      removeAll(options.registry, { resource, namespace, signal }),
    onChange: () => endOutdated(options),
  })

interface Place {
  readonly resource: Resource
  readonly namespace: string
  readonly signal: AbortSignal
}

/** Deletes every object of a resource in a namespace, also of one that is not served any more. */
async function removeAll(registry: Registry, place: Place): Promise<void> {
  await registry.handle({
    ...place,
    verb: 'deletecollection',
    subresource: '',
    name: '',
    rest: [],
    query: new URLSearchParams(),
    user: LOOPBACK,
    userAgent: 'kube-apiserver',
    contentType: 'application/json',
    body: async () => undefined,
    warn: () => {},
  })
}

/** A watch goes on under a new schema; it ends with its resource, and when objects are stored in another version. */
function endOutdated(on: { readonly watchers: ReadonlySet<OpenWatch>; readonly served: Served }) {
  for (const watch of on.watchers) {
    const { resource } = watch
    if (!isCustom(resource)) continue
    const found = on.served.find(resource.group, resource.version, resource.plural)
    if (found?.storage().version !== resource.storage().version) watch.end()
  }
}
