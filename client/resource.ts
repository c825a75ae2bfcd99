/**
 * One resource of the API as calls: paths, queries and bodies, nothing else. Every call is one request.
 *
 * Throws  StatusError as the Transport does.
 * Law     No caching, no retry: whoever wants them (informers, controllers) adds them.
 */
import type { AnyObject, KubeObject, ObjectList, WatchEvent } from '#api/object.ts'
import type { ApiRequest, Transport } from './transport.ts'

/** Which resource: what a path needs to know. */
export interface ResourceName {
  /** '' for core. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
}

/** Which object. `namespace` is ignored for cluster-scoped resources. */
export interface ObjectName {
  readonly namespace?: string | undefined
  readonly name: string
}

export interface Selection {
  /** Absent or '' = all namespaces. */
  readonly namespace?: string
  /** `app=web,tier in (a,b)` */
  readonly labelSelector?: string
  /** `spec.nodeName=node-1` */
  readonly fieldSelector?: string
}

export interface ListOptions extends Selection {
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan'
}

export interface WatchOptions extends Selection {
  /** Absent = from now, with the present objects as ADDED first. */
  readonly resourceVersion?: string
  readonly timeoutSeconds?: number
  readonly allowWatchBookmarks?: boolean
}

export interface WriteOptions {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict'
}

export type Patch =
  | { readonly type: 'merge'; readonly body: unknown }
  | { readonly type: 'strategic'; readonly body: unknown }
  | { readonly type: 'json'; readonly body: readonly unknown[] }
  /** Server-side apply: `body` is the whole applied configuration; `fieldManager` is required by the server. */
  | { readonly type: 'apply'; readonly body: unknown; readonly force?: boolean }

export interface PatchOptions extends WriteOptions {
  readonly subresource?: string
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun?: boolean
}

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const satisfies Record<Patch['type'], string>

/** How many objects one page of `listAll` asks for. */
const PAGE_LIMIT = 500

export interface ResourceClient<T extends KubeObject> {
  readonly resource: ResourceName
  get(at: ObjectName, signal?: AbortSignal): Promise<T>
  /** One page, as the server gives it. */
  list(options?: ListOptions, signal?: AbortSignal): Promise<ObjectList<T>>
  /** All pages at one revision. */
  listAll(options?: Selection, signal?: AbortSignal): Promise<ObjectList<T>>
  create(object: T, options?: WriteOptions, signal?: AbortSignal): Promise<T>
  update(object: T, options?: WriteOptions, signal?: AbortSignal): Promise<T>
  updateStatus(object: T, options?: WriteOptions, signal?: AbortSignal): Promise<T>
  patch(at: ObjectName, patch: Patch, options?: PatchOptions, signal?: AbortSignal): Promise<T>
  /** Returns the object as it now is (deletion may wait for finalizers or grace), or a Status. */
  delete(at: ObjectName, options?: DeleteOptions, signal?: AbortSignal): Promise<AnyObject>
  deleteCollection(
    selection: Selection,
    options?: DeleteOptions,
    signal?: AbortSignal,
  ): Promise<AnyObject>
  /** POST to a subresource: `binding`, `eviction`, `token`. */
  createSub(
    at: ObjectName,
    subresource: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<AnyObject>
  /** GET of a subresource: `scale`, `status`. */
  getSub(at: ObjectName, subresource: string, signal?: AbortSignal): Promise<AnyObject>
  /** PUT to a subresource: `scale`, `finalize`, `approval`. */
  updateSub(
    at: ObjectName,
    subresource: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<AnyObject>
  /** See Transport.watch. */
  watch(
    options: WatchOptions,
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void>
}

/** `/api/v1`, `/apis/apps/v1`. */
const groupPath = (resource: Pick<ResourceName, 'group' | 'version'>): string =>
  resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`

/** The path of a collection; `namespace` '' or absent = across all namespaces. */
function collectionPath(resource: ResourceName, namespace: string | undefined): string {
  const scope =
    resource.namespaced && namespace !== undefined && namespace !== ''
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : ''
  return `${groupPath(resource)}${scope}/${resource.plural}`
}

const objectPath = (resource: ResourceName, at: ObjectName): string =>
  `${collectionPath(resource, at.namespace)}/${encodeURIComponent(at.name)}`

/** What names an existing object. Throws RangeError for one without a name: a bug of the caller. */
export function nameOf(object: KubeObject): ObjectName {
  const { name, namespace } = object.metadata
  if (name === undefined || name === '') throw new RangeError(`${object.kind} without a name`)
  return { namespace, name }
}

export const apiVersionOf = (resource: Pick<ResourceName, 'group' | 'version'>): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`

/** Query values as text, without the absent ones. */
function queryOf(
  options: Readonly<Record<string, string | number | boolean | undefined>>,
): Readonly<Record<string, string>> {
  const query: Record<string, string> = {}
  for (const [key, value] of Object.entries(options)) {
    if (value !== undefined && value !== '') query[key] = String(value)
  }
  return query
}

const writeQuery = (options: WriteOptions): Readonly<Record<string, string>> =>
  queryOf({
    dryRun: options.dryRun === true ? 'All' : undefined,
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
  })

const deleteBody = ({ dryRun, ...options }: DeleteOptions): unknown => ({
  kind: 'DeleteOptions',
  apiVersion: 'v1',
  ...options,
  ...(dryRun === true ? { dryRun: ['All'] } : {}),
})

/**
 * The calls of one resource. The casts from AnyObject to T are the client's one seam: the server answers with the
 * kind that its path names.
 */
export function resourceClient<T extends KubeObject>(
  transport: Transport,
  resource: ResourceName,
): ResourceClient<T> {
  const send = async (request: ApiRequest, signal: AbortSignal | undefined): Promise<T> =>
    (await transport.request(request, signal)) as unknown as T
  const list = async (options: ListOptions, signal: AbortSignal | undefined) => {
    const { namespace, ...query } = options
    const path = collectionPath(resource, namespace)
    const answer = await transport.request({ method: 'GET', path, query: queryOf(query) }, signal)
    return withKinds(answer as unknown as ObjectList<T>, resource)
  }
  const put = (object: T, suffix: string, options: WriteOptions, signal: AbortSignal | undefined) =>
    send(
      {
        method: 'PUT',
        path: `${objectPath(resource, nameOf(object))}${suffix}`,
        query: writeQuery(options),
        body: object,
      },
      signal,
    )
  return {
    resource,
    get: (at, signal) => send({ method: 'GET', path: objectPath(resource, at) }, signal),
    list: (options = {}, signal) => list(options, signal),
    async listAll(options = {}, signal) {
      let page = await list({ ...options, limit: PAGE_LIMIT }, signal)
      const items = [...page.items]
      while (page.metadata.continue !== undefined && page.metadata.continue !== '') {
        page = await list(
          { ...options, limit: PAGE_LIMIT, continue: page.metadata.continue },
          signal,
        )
        items.push(...page.items)
      }
      return { ...page, items }
    },
    create: (object, options = {}, signal) =>
      send(
        {
          method: 'POST',
          path: collectionPath(resource, object.metadata.namespace),
          query: writeQuery(options),
          body: object,
        },
        signal,
      ),
    update: (object, options = {}, signal) => put(object, '', options, signal),
    updateStatus: (object, options = {}, signal) => put(object, '/status', options, signal),
    patch: (at, patch, options = {}, signal) =>
      send(
        {
          method: 'PATCH',
          path: `${objectPath(resource, at)}${options.subresource === undefined ? '' : `/${options.subresource}`}`,
          query: {
            ...writeQuery(options),
            ...(patch.type === 'apply' && patch.force === true ? { force: 'true' } : {}),
          },
          body: patch.body,
          contentType: PATCH_TYPES[patch.type],
        },
        signal,
      ),
    delete: (at, options = {}, signal) =>
      transport.request(
        { method: 'DELETE', path: objectPath(resource, at), body: deleteBody(options) },
        signal,
      ),
    deleteCollection: ({ namespace, ...query }, options = {}, signal) =>
      transport.request(
        {
          method: 'DELETE',
          path: collectionPath(resource, namespace),
          query: queryOf(query),
          body: deleteBody(options),
        },
        signal,
      ),
    createSub: (at, subresource, body, signal) =>
      transport.request(
        { method: 'POST', path: `${objectPath(resource, at)}/${subresource}`, body },
        signal,
      ),
    getSub: (at, subresource, signal) =>
      transport.request(
        { method: 'GET', path: `${objectPath(resource, at)}/${subresource}` },
        signal,
      ),
    updateSub: (at, subresource, body, signal) =>
      transport.request(
        { method: 'PUT', path: `${objectPath(resource, at)}/${subresource}`, body },
        signal,
      ),
    watch({ namespace, ...query }, onEvent, signal) {
      const path = collectionPath(resource, namespace)
      return transport.watch(
        { method: 'GET', path, query: queryOf({ ...query, watch: true }) },
        event => onEvent(event as unknown as WatchEvent<T>),
        signal,
      )
    },
  }
}

/** Items of a list come without apiVersion and kind when the server follows upstream; objects here always have them. */
function withKinds<T extends KubeObject>(
  answer: ObjectList<T>,
  resource: ResourceName,
): ObjectList<T> {
  const items = answer.items ?? []
  const first = items[0]
  if (first === undefined || first.kind !== undefined) return { ...answer, items }
  const apiVersion = apiVersionOf(resource)
  return { ...answer, items: items.map(item => ({ ...item, apiVersion, kind: resource.kind })) }
}
