/**
 * An API server's bare behaviour in memory, for tests of the agent: lists, watches, writes and graceful deletion,
 * without validation, defaults or access rules. Tests of the whole use the real server.
 */
import type { AnyObject, WatchEvent } from '#api/object.ts'
import { alreadyExists, conflict, notFound, StatusError } from '#api/status.ts'
import type { ApiRequest, Transport } from '#client/transport.ts'

type Fields = Record<string, unknown>

interface Watcher {
  readonly resource: string
  matches(object: AnyObject, path: string): boolean
  send(event: WatchEvent): void
}

interface Place {
  /** `/api/v1/namespaces/default/pods` */
  readonly collection: string
  readonly namespace: { readonly namespace?: string }
  readonly resource: string
  readonly name: string
  readonly subresource: string
}

const KINDS: Readonly<Record<string, string>> = {
  pods: 'Pod',
  nodes: 'Node',
  services: 'Service',
  configmaps: 'ConfigMap',
  secrets: 'Secret',
  leases: 'Lease',
  events: 'Event',
  serviceaccounts: 'ServiceAccount',
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The seam between plain maps and objects. */
const objectOf = (fields: Fields): AnyObject => fields as unknown as AnyObject

export class MemoryApi implements Transport {
  readonly #objects = new Map<string, AnyObject>()
  readonly #watchers = new Set<Watcher>()
  readonly #history: {
    readonly path: string
    readonly event: WatchEvent
    readonly revision: number
  }[] = []
  #revision = 100
  #tokens = 0
  /** Every write, oldest first: `PATCH pods/web/status`. */
  readonly writes: string[] = []
  /** While true every request fails as an unreachable server does. */
  isDown = false

  /** Objects of a resource, by plural. */
  list(resource: string): AnyObject[] {
    return [...this.#objects]
      .filter(([path]) => parse(path).resource === resource)
      .map(([, object]) => object)
  }

  get(resource: string, name: string): AnyObject | undefined {
    return this.list(resource).find(object => object.metadata.name === name)
  }

  async request(request: ApiRequest): Promise<AnyObject> {
    if (this.isDown) throw new StatusError('ServiceUnavailable', 'the test has switched it off')
    const place = parse(request.path)
    if (request.method === 'GET') return this.#read(request, place)
    const suffix = place.subresource === '' ? '' : `/${place.subresource}`
    this.writes.push(`${request.method} ${place.resource}/${place.name}${suffix}`)
    const body = isFields(request.body) ? request.body : {}
    if (request.method === 'POST') return this.#create(place, body)
    const path = `${place.collection}/${place.name}`
    const subject = { group: '', resource: place.resource, name: place.name }
    const before = this.#objects.get(path)
    if (before === undefined) throw notFound(subject)
    if (request.method === 'DELETE') return this.#delete(path, before, body)
    const uid = isFields(body['metadata']) ? body['metadata']['uid'] : undefined
    if (uid !== undefined && uid !== before.metadata.uid) throw conflict(subject, 'uid mismatch')
    const after = request.method === 'PUT' ? body : merge({ ...before }, body)
    const metadata = isFields(after['metadata']) ? after['metadata'] : {}
    return this.#put(path, objectOf({ ...after, metadata: { ...before.metadata, ...metadata } }))
  }

  async watch(
    request: ApiRequest,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { collection, resource } = parse(request.path)
    const isWide = !collection.includes('/namespaces/')
    const watcher: Watcher = {
      resource,
      matches: (object, path) =>
        (isWide || path.startsWith(`${collection}/`)) &&
        selected(object, request.query?.['fieldSelector']),
      send: onEvent,
    }
    // what happened between the list and now
    const since = Number(request.query?.['resourceVersion'] ?? this.#revision)
    for (const { path, event, revision } of this.#history) {
      if (
        revision > since &&
        parse(path).resource === resource &&
        watcher.matches(event.object, path)
      )
        onEvent(event)
    }
    this.#watchers.add(watcher)
    await new Promise<void>(resolve => {
      if (signal.aborted) return resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    this.#watchers.delete(watcher)
  }

  #read(request: ApiRequest, { collection, resource, name }: Place): AnyObject {
    if (name !== '') {
      const object = this.#objects.get(`${collection}/${name}`)
      if (object === undefined) throw notFound({ group: '', resource, name })
      return object
    }
    const isWide = !collection.includes('/namespaces/')
    const items = [...this.#objects]
      .filter(([path]) => parse(path).resource === resource)
      .filter(([path]) => isWide || path.startsWith(`${collection}/`))
      .map(([, object]) => object)
      .filter(object => selected(object, request.query?.['fieldSelector']))
    const metadata = { resourceVersion: String(this.#revision) }
    return objectOf({ apiVersion: 'v1', kind: 'List', metadata, items })
  }

  #create(place: Place, body: Fields): AnyObject {
    if (place.subresource === 'token') {
      this.#tokens += 1
      const expirationTimestamp = new Date(Date.now() + 3_600_000).toISOString()
      const status = { token: `token-${this.#tokens}`, expirationTimestamp }
      return objectOf({ apiVersion: 'v1', kind: 'TokenRequest', metadata: {}, status })
    }
    const metadata = isFields(body['metadata']) ? body['metadata'] : {}
    const name = String(metadata['name'])
    const path = `${place.collection}/${name}`
    if (this.#objects.has(path)) {
      throw alreadyExists({ group: '', resource: place.resource, name })
    }
    const stamped = {
      creationTimestamp: new Date().toISOString(),
      uid: crypto.randomUUID(),
      ...place.namespace,
      ...metadata,
    }
    const kind = KINDS[place.resource] ?? ''
    return this.#put(path, objectOf({ apiVersion: 'v1', kind, ...body, metadata: stamped }))
  }

  #put(path: string, object: AnyObject): AnyObject {
    this.#revision += 1
    const metadata = { ...object.metadata, resourceVersion: String(this.#revision) }
    const stored = { ...object, metadata }
    const type = this.#objects.has(path) ? 'MODIFIED' : 'ADDED'
    this.#objects.set(path, stored)
    this.#tell(path, { type, object: stored })
    return stored
  }

  #delete(path: string, before: AnyObject, options: Fields): AnyObject {
    const spec = isFields(before['spec']) ? before['spec'] : {}
    const asked = options['gracePeriodSeconds'] ?? spec['terminationGracePeriodSeconds'] ?? 30
    const grace = Number(asked)
    if (parse(path).resource === 'pods' && grace > 0) {
      const deletionTimestamp = new Date(Date.now() + grace * 1000).toISOString()
      const stamps = { deletionTimestamp, deletionGracePeriodSeconds: grace }
      return this.#put(path, { ...before, metadata: { ...before.metadata, ...stamps } })
    }
    this.#objects.delete(path)
    this.#revision += 1
    this.#tell(path, { type: 'DELETED', object: before })
    return before
  }

  #tell(path: string, event: WatchEvent): void {
    const { resource } = parse(path)
    this.#history.push({ path, event, revision: this.#revision })
    for (const watcher of this.#watchers) {
      if (watcher.resource === resource && watcher.matches(event.object, path)) watcher.send(event)
    }
  }
}

const PATH =
  /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/u

function parse(path: string): Place {
  const [, prefix, namespace, resource = '', name = '', subresource = ''] = PATH.exec(path) ?? []
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`
  return {
    collection: `${prefix}${scope}/${resource}`,
    namespace: namespace === undefined ? {} : { namespace },
    resource,
    name: decodeURIComponent(name),
    subresource,
  }
}

function selected(object: AnyObject, selector: string | undefined): boolean {
  if (selector === undefined) return true
  const [field = '', value] = selector.split('=')
  const found = field
    .split('.')
    .reduce<unknown>((at, key) => (isFields(at) ? at[key] : undefined), object)
  return found === value
}

/** A strategic merge as far as agents need it: maps merge, conditions merge by type, other lists are replaced. */
function merge(before: Fields, patch: Fields): Fields {
  const result: Fields = { ...before }
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key]
    if (value === null) delete result[key]
    else if (key === 'conditions' && Array.isArray(old) && Array.isArray(value)) {
      const types = new Set(value.map((condition: Fields) => condition['type']))
      const kept = old.filter((condition: Fields) => !types.has(condition['type']))
      result[key] = [...kept, ...value]
    } else result[key] = isFields(old) && isFields(value) ? merge(old, value) : value
  }
  return result
}
