/**
 * The smallest API that informers can follow: objects in memory behind the client's Transport. Lists and watches only;
 * field selectors other than `spec.nodeName` are not understood and refused.
 */
import { type AnyObject, keyOf, type KubeObject, type WatchEvent } from '#api/object.ts'
import { badRequest } from '#api/status.ts'
import type { ApiRequest, Transport } from '#client/transport.ts'

interface Watcher {
  readonly path: string
  readonly nodeName: string | undefined
  readonly onEvent: (event: WatchEvent) => void
}

const PATHS: Readonly<Record<string, string>> = {
  Node: '/api/v1/nodes',
  Pod: '/api/v1/pods',
  Service: '/api/v1/services',
  EndpointSlice: '/apis/discovery.k8s.io/v1/endpointslices',
}

export class NetworkApi implements Transport {
  readonly #objects = new Map<string, AnyObject>()
  readonly #watchers = new Set<Watcher>()
  #revision = 1

  put(object: KubeObject): void {
    const path = pathOf(object)
    const id = `${path} ${keyOf(object)}`
    const before = this.#objects.get(id)
    this.#revision += 1
    const { metadata } = object
    const uid = before?.metadata.uid ?? `uid-${this.#revision}`
    const stored = {
      ...object,
      metadata: { uid, ...metadata, resourceVersion: String(this.#revision) },
    }
    this.#objects.set(id, stored)
    this.#tell(path, { type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored })
  }

  delete(object: KubeObject): void {
    const path = pathOf(object)
    const id = `${path} ${keyOf(object)}`
    const before = this.#objects.get(id)
    if (before === undefined) return
    this.#objects.delete(id)
    this.#revision += 1
    const metadata = { ...before.metadata, resourceVersion: String(this.#revision) }
    this.#tell(path, { type: 'DELETED', object: { ...before, metadata } })
  }

  request(request: ApiRequest): Promise<AnyObject> {
    const nodeName = selectedNode(request)
    const items = [...this.#objects]
      .filter(([id, object]) => id.startsWith(`${request.path} `) && isOn(object, nodeName))
      .map(([, object]) => object)
    const metadata = { resourceVersion: String(this.#revision) }
    return Promise.resolve({ apiVersion: 'v1', kind: 'List', metadata, items })
  }

  watch(
    request: ApiRequest,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const watcher = { path: request.path, nodeName: selectedNode(request), onEvent }
    this.#watchers.add(watcher)
    return new Promise(resolve => {
      const finish = (): void => {
        this.#watchers.delete(watcher)
        resolve()
      }
      if (signal.aborted) finish()
      else signal.addEventListener('abort', finish, { once: true })
    })
  }

  #tell(path: string, event: WatchEvent): void {
    for (const watcher of this.#watchers) {
      if (watcher.path === path && isOn(event.object, watcher.nodeName)) watcher.onEvent(event)
    }
  }
}

function pathOf({ kind }: KubeObject): string {
  const path = PATHS[kind]
  if (path === undefined) throw new Error(`no path for ${kind}`)
  return path
}

function selectedNode({ query }: ApiRequest): string | undefined {
  const selector = query?.fieldSelector
  if (selector === undefined) return undefined
  const [field, value] = selector.split('=')
  if (field !== 'spec.nodeName') throw badRequest(`field selector ${selector}`)
  return value
}

const isOn = (object: AnyObject, nodeName: string | undefined): boolean => {
  if (nodeName === undefined) return true
  const { spec } = object
  return (
    typeof spec === 'object' && spec !== null && 'nodeName' in spec && spec.nodeName === nodeName
  )
}
