/**
 * The in-process way to the API: the same stages as over the wire, from flow control on, without socket and JSON.
 *
 * Law     Same objects and same StatusErrors as over HTTPS. Objects are the cache's own: frozen, never to be changed.
 */
import type { AnyObject, ObjectMeta, WatchEvent } from '#api/object.ts'
import type { UserInfo } from '#api/request.ts'
import { apiVersionOf } from '#api/scheme.ts'
import { StatusError, badRequest } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import { assertNever } from '#base/errors.ts'
import type { Turns } from '#base/turns.ts'
import type { ApiRequest, Transport } from '#client/transport.ts'
import {
  type Cache,
  type Cached,
  type CacheEvent,
  type CacheWatch,
  costOf,
} from '#server/cache/cache.ts'
import type { Answer } from '#server/registry/call.ts'
import { type Target, listKindOf, shownAs, targetOf } from '#server/registry/target.ts'
import { type ChainDeps, runStages } from './chain.ts'
import type { RequestContext } from './context.ts'
import { requestInfo } from './request-info.ts'
import { statusOf } from './render.ts'

export interface LocalDeps {
  readonly chain: ChainDeps
  readonly cache: Cache
  readonly clock: Clock
  readonly turns: Turns
  /** Told of errors that are no StatusError. */
  readonly onFault: (error: unknown) => void
}

export function createLocalTransport(deps: LocalDeps, user: UserInfo): Transport {
  const caller = { user, userAgent: agentOf(user) }
  const answerTo = async (request: ApiRequest, signal: AbortSignal): Promise<Answer> => {
    try {
      await deps.turns.take()
      return await runStages(deps.chain, contextOf(request, caller, signal))
    } catch (error) {
      if (error instanceof StatusError) throw error
      if (signal.aborted) throw signal.reason
      deps.onFault(error)
      throw statusOf(error)
    }
  }
  return {
    async request(request, signal = NEVER) {
      signal.throwIfAborted()
      const answer = await answerTo(request, signal)
      return objectOf(deps, answer)
    },
    async watch(request, onEvent, signal) {
      if (signal.aborted) return
      const query = { ...request.query, watch: 'true' }
      const answer = await answerTo({ ...request, query }, signal)
      if (answer.kind !== 'watch') throw badRequest('not a watch')
      await follow(deps, answer, onEvent, signal)
    },
  }
}

const NEVER = new AbortController().signal

interface Caller {
  readonly user: UserInfo
  readonly userAgent: string
}

/** What the parts of a control plane call themselves where they are programs: field managers are named so. */
const agentOf = ({ name }: UserInfo): string =>
  name === 'system:apiserver' ? 'kube-apiserver' : name.replace(/^system:/, '')

function contextOf(
  request: ApiRequest,
  { user, userAgent }: Caller,
  signal: AbortSignal,
): RequestContext {
  const query = new URLSearchParams(request.query ?? {})
  const { method, path, body } = request
  const info = requestInfo({ method, path, query })
  if (info === undefined) throw badRequest('invalid URL escape in the request path')
  return {
    method,
    query,
    info,
    userAgent,
    contentType: request.contentType ?? 'application/json',
    accept: undefined,
    ifNoneMatch: undefined,
    exchange: undefined,
    body: async () =>
      body === undefined ? undefined : { value: withoutUndefined(body), duplicates: [] },
    signal,
    warnings: new Set(),
    resource: undefined,
    user,
  }
}

/** How long a big list may be parsed before others get their turn. */
const SLICE_MS = 2

async function objectOf(deps: LocalDeps, answer: Answer): Promise<AnyObject> {
  switch (answer.kind) {
    case 'item':
      return answer.item.object()
    case 'object':
      return answer.object
    case 'page': {
      const { resource, page } = answer
      const target = targetOf({ resource, namespace: '' })
      const metadata: ObjectMeta & { continue?: string; remainingItemCount?: number } = {
        resourceVersion: String(page.page.revision),
        ...(page.continue === undefined ? {} : { continue: page.continue }),
        ...(page.continue === undefined || page.page.remaining === undefined
          ? {}
          : { remainingItemCount: page.page.remaining }),
      }
      return {
        kind: listKindOf(resource),
        apiVersion: apiVersionOf(resource),
        metadata,
        items: await parsed(deps, target, page.page.items),
      }
    }
    case 'raw':
      return JSON.parse(answer.body.toString('utf8'))
    case 'watch':
    case 'node-response':
    case 'node-stream':
    case 'port-forward':
    case 'proxy':
      throw badRequest('this request answers with a stream')
    default:
      return assertNever(answer)
  }
}

async function parsed(
  { clock, turns }: LocalDeps,
  target: Target,
  items: readonly Cached[],
): Promise<readonly AnyObject[]> {
  const objects: AnyObject[] = []
  let began = clock.monotonic()
  for (const item of items) {
    objects.push(shownAs(target, item.object()))
    if (clock.monotonic() - began < SLICE_MS) continue
    await turns.take()
    began = clock.monotonic()
  }
  return objects
}

/**
 * What JSON would have kept of a body: members that are undefined are no members. The same value when there are none.
 */
export function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map(item => withoutUndefined(item) ?? null)
    return items.every((item, index) => item === value[index]) ? value : items
  }
  const entries = Object.entries(value)
  const kept = entries
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => [name, withoutUndefined(member)] as const)
  const isSame =
    kept.length === entries.length &&
    kept.every(([, member], index) => member === entries[index]?.[1])
  return isSame ? value : Object.fromEntries(kept)
}

/** Resolves when the watch ended in good order; rejects with what ended it otherwise. */
function follow(
  deps: LocalDeps,
  answer: Extract<Answer, { kind: 'watch' }>,
  onEvent: (event: WatchEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const target = targetOf({ resource: answer.resource, namespace: '' })
  return new Promise((resolve, reject) => {
    let isOver = false
    let watch: CacheWatch | undefined
    let owed = 0
    const finish = (error: unknown): void => {
      if (isOver) return
      isOver = true
      signal.removeEventListener('abort', stop)
      watch?.close()
      if (error === undefined) resolve()
      else reject(error)
    }
    const stop = (): void => finish(undefined)
    signal.addEventListener('abort', stop, { once: true })
    // It may have aborted on the way through the stages, and then it says nothing any more.
    if (signal.aborted) stop()
    const deliver = (event: CacheEvent): void => {
      const { item, type } = event
      owed += costOf(event)
      if (isOver) return
      const object =
        item === undefined ? bookmark(answer.resource, event) : shownAs(target, item.object())
      onEvent({ type, object })
    }
    if (answer.watch.refusal !== undefined) return finish(answer.watch.refusal)
    try {
      watch = deps.cache.watch(answer.watch.selection, answer.watch.options, {
        onEvents(events) {
          try {
            events.forEach(deliver)
          } catch (error) {
            finish(error)
          }
          settle()
        },
        onEnd: finish,
      })
      settle()
      if (isOver) watch.close()
    } catch (error) {
      finish(error)
    }
    function settle(): void {
      if (watch === undefined || owed === 0) return
      const bytes = owed
      owed = 0
      watch.drained(bytes)
    }
  })
}

function bookmark(
  resource: { group: string; version: string; kind: string },
  event: CacheEvent,
): AnyObject {
  const annotations = event.initialEventsEnd
    ? { annotations: { 'k8s.io/initial-events-end': 'true' } }
    : {}
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { resourceVersion: String(event.revision), ...annotations },
  }
}
