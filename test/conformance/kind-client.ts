/**
 * One kind's collection over the raw API, as upstream's conformance tests use it: every answer's code is asserted on the
 * way, that what is created has a resourceVersion, and that a patched object's is larger. Inputs are JSON objects;
 * answers are parsed bodies. Throws when a watch is silent for DEADLINE_MS.
 */
import type { Test } from 'tap'
import type { connectRaw } from '../component/api-fixture.ts'
import { linesOf, type Reply } from '../component/api-fixture.ts'

const DEADLINE_MS = 10_000

type Raw = ReturnType<typeof connectRaw>
export type Body = Reply['body']
type Check = Pick<Test, 'equal' | 'ok'>

export interface KindClient {
  create(t: Check, object: object): Promise<Body>
  get(t: Check, name: string): Promise<Body>
  /** A merge patch, unless another type is named. */
  patch(t: Check, name: string, patch: unknown, type?: string): Promise<Body>
  /** Reads, changes and writes back. */
  update(t: Check, name: string, change: (body: Body) => object): Promise<Body>
  list(t: Check, query?: string): Promise<readonly Body[]>
  remove(t: Check, name: string): Promise<void>
  removeAll(t: Check, query: string): Promise<void>
  isGone(t: Check, name: string): Promise<void>
  watch(query: string): KindWatch
}

export interface KindWatch {
  /** The next event that fits; others are skipped. */
  next(fits: (event: WatchEvent) => boolean): Promise<WatchEvent>
  close(): void
}

export interface WatchEvent {
  readonly type?: string
  readonly object?: Body
}

export const MERGE = 'application/merge-patch+json'
export const STRATEGIC = 'application/strategic-merge-patch+json'

export function kindClient(raw: Raw, path: string): KindClient {
  const send = async (
    t: Check,
    code: number,
    [method, place, body, type]: readonly [string, string, unknown?, string?],
  ): Promise<Body> => {
    const headers = type === undefined ? {} : { 'content-type': type }
    const reply = await raw.send(method, `${path}${place}`, body, headers)
    t.equal(reply.status, code, `${method} ${place}: ${reply.status === code ? code : reply.text}`)
    return reply.body
  }
  const get: KindClient['get'] = (t, name) => send(t, 200, ['GET', `/${name}`])
  const created = new Map<unknown, number>()
  return {
    async create(t, object) {
      const body = await send(t, 201, ['POST', '', object])
      t.ok(versionOf(body) > 0, 'a valid resourceVersion')
      created.set(nameOf(body), versionOf(body))
      return body
    },
    get,
    async patch(t, name, patch, type = MERGE) {
      const body = await send(t, 200, ['PATCH', `/${name}`, patch, type])
      t.ok(versionOf(body) > (created.get(nameOf(body)) ?? 0), 'a larger resourceVersion')
      return body
    },
    update: async (t, name, change) =>
      send(t, 200, ['PUT', `/${name}`, change(await get(t, name))]),
    async list(t, query = '') {
      const items: unknown = (await send(t, 200, ['GET', query]))['items']
      return Array.isArray(items) ? items : []
    },
    async remove(t, name) {
      await send(t, 200, ['DELETE', `/${name}`])
    },
    async removeAll(t, query) {
      await send(t, 200, ['DELETE', query])
    },
    async isGone(t, name) {
      await send(t, 404, ['GET', `/${name}`])
    },
    watch: query => watchOf(raw, `${path}?watch=1${query}`),
  }
}

function watchOf(raw: Raw, path: string): KindWatch {
  const stream = raw.open(path)
  const events = linesOf(stream)
  return {
    async next(fits) {
      const timer = setTimeout(() => stream.destroy(new Error('the watch is silent')), DEADLINE_MS)
      try {
        for (;;) {
          const { done, value } = await events.next()
          if (done === true) throw new Error('the watch ended')
          const event: WatchEvent = value
          if (fits(event)) return event
        }
      } finally {
        clearTimeout(timer)
      }
    },
    close: () => stream.destroy(),
  }
}

export const versionOf = (body: Body): number => Number(body.metadata['resourceVersion'])
export const nameOf = (body: Body | undefined): unknown => body?.metadata['name']
export const labelsOf = (body: Body | undefined): unknown => body?.metadata['labels']

/** The body with these labels beside those it has. */
export const labelled = (body: Body, labels: object): object => ({
  ...body,
  metadata: { ...body.metadata, labels: { ...Object(labelsOf(body) ?? {}), ...labels } },
})

export interface Lifecycle {
  readonly path: string
  readonly object: (name: string) => object
}

/**
 * What nearly every kind's lifecycle test does: create, read, patch a label, find it by that label, delete and confirm;
 * then one more, updated, and deleted as a collection.
 */
export async function runLifecycle(t: Test, raw: Raw, { path, object }: Lifecycle): Promise<void> {
  const client = kindClient(raw, path)
  const first = await client.create(t, object('first'))
  t.equal(nameOf(first), 'first')
  t.equal((await client.get(t, 'first')).metadata['uid'], first.metadata['uid'])
  const patched = await client.patch(t, 'first', { metadata: { labels: { first: 'patched' } } })
  t.match(labelsOf(patched), { first: 'patched' })
  t.equal((await client.list(t, '?labelSelector=first%3Dpatched')).length, 1)
  await client.remove(t, 'first')
  t.equal((await client.list(t, '?labelSelector=first%3Dpatched')).length, 0)
  await client.isGone(t, 'first')
  for (const name of ['second', 'third']) {
    await client.create(t, object(name))
    t.equal(nameOf(await client.get(t, name)), name)
    const updated = await client.update(t, name, body => labelled(body, { e2e: 'updated' }))
    t.match(labelsOf(updated), { e2e: 'updated' })
  }
  t.equal((await client.list(t, '?labelSelector=e2e%3Dupdated')).length, 2)
  await client.removeAll(t, '?labelSelector=e2e%3Dupdated')
  t.equal((await client.list(t, '?labelSelector=e2e%3Dupdated')).length, 0)
}
