/**
 * What upstream's TestResource does to one kind (test/e2e/framework/conformance/conformance.go), over the raw API: it is
 * listed by discovery, created, read, updated, its status too, patched in every way, listed, deleted as a collection,
 * while watches of the namespace and of all see it in order. Stricter: all kinds of patches for every kind, and contents.
 * Throws when a watch is silent.
 */
import type { Test } from 'tap'
import type { connectRaw } from '../component/api-fixture.ts'
import {
  type Body,
  kindClient,
  MERGE,
  nameOf,
  STRATEGIC,
  versionOf,
  type WatchEvent,
} from './kind-client.ts'

const LABEL = 'e2e-test.kubernetes.io'
const SELECTOR = `labelSelector=${LABEL}%3Dconformance`
const APPLY = 'application/apply-patch+yaml'
const JSON_PATCH = 'application/json-patch+json'

export interface Crud {
  /** `/apis/resource.k8s.io/v1` */
  readonly base: string
  readonly kind: string
  readonly plural: string
  readonly namespace?: string
  readonly object: object
  readonly patch: object
  /** Absent: the kind has no status. */
  readonly status?: object
}

type Raw = ReturnType<typeof connectRaw>

export async function runCrud(t: Test, raw: Raw, crud: Crud): Promise<void> {
  const { base, plural, namespace, patch, status } = crud
  const discovered = (await raw.send('GET', base)).body['resources']
  t.ok(
    Array.isArray(discovered) && discovered.some(one => Object(one).name === plural),
    `${plural} in discovery`,
  )
  const path = namespace === undefined ? '' : `/namespaces/${namespace}`
  const client = kindClient(raw, `${base}${path}/${plural}`)
  const everywhere = kindClient(raw, `${base}/${plural}`)
  const watches = [everywhere, ...(namespace === undefined ? [] : [client])].map(one =>
    one.watch(`&${SELECTOR}`),
  )
  const seen: Seen = async (type, body) => {
    for (const watch of watches) await sees(t, watch, { type, body })
  }
  const type = { apiVersion: base.slice('/apis/'.length), kind: crud.kind }
  const initial = {
    ...type,
    ...crud.object,
    metadata: { name: 'test', labels: { [LABEL]: 'conformance' } },
  }
  const strict = kindClient(raw, `${base}${path}/${plural}?fieldValidation=Strict`)

  const created = await strict.create(t, initial)
  await seen('ADDED', created)
  const read = await client.get(t, 'test')
  t.strictSame(read, created, 'read as created')
  const updated = await client.update(t, 'test', body => merged(body, patch))
  t.match(updated, patch, 'updated')
  t.ok(versionOf(updated) > versionOf(created), 'a larger resourceVersion')
  await seen('MODIFIED', updated)
  if (status !== undefined) {
    const reply = await raw.send('PUT', `${base}${path}/${plural}/test/status`, {
      ...updated,
      status,
    })
    t.equal(reply.status, 200, reply.text)
    t.match(reply.body, { ...patch, status }, 'status updated')
    await seen('MODIFIED', reply.body)
    t.strictSame(await client.get(t, 'test/status'), reply.body, 'status read')
  }
  for (const [media, query] of PATCHES) {
    const fresh = await again(t, { client, seen, initial })
    const sent = media === JSON_PATCH ? operations(patch) : addressed(fresh, patch)
    const body = await client.patch(t, `test?fieldValidation=Strict${query}`, sent, media)
    t.match(body, patch, media)
    await seen('MODIFIED', body)
  }
  for (const [media, query] of status === undefined ? [] : PATCHES) {
    await again(t, { client, seen, initial })
    const next = await client.update(t, 'test', body => merged(body, patch))
    await seen('MODIFIED', next)
    const sent =
      media === JSON_PATCH
        ? Object.entries(status ?? {}).map(([name, value]) => ({
            op: 'add',
            path: `/status/${name}`,
            value,
          }))
        : addressed(next, { status })
    const place = `test/status?fieldValidation=Strict${query}`
    const body = await client.patch(t, place, sent, media)
    t.match(body, { ...patch, status }, `status: ${media}`)
    await seen('MODIFIED', body)
  }
  t.strictSame((await client.list(t, `?${SELECTOR}`)).map(nameOf), ['test'])
  t.strictSame((await everywhere.list(t, `?${SELECTOR}`)).map(nameOf), ['test'])
  await client.removeAll(t, `?${SELECTOR}`)
  await seen('DELETED')
  await client.isGone(t, 'test')
  for (const watch of watches) watch.close()
}

const PATCHES = [
  [STRATEGIC, ''],
  [APPLY, '&fieldManager=test-apply&force=true'],
  [MERGE, ''],
  [JSON_PATCH, ''],
] as const

type Seen = (type: string, body?: Body) => Promise<void>

interface Watch {
  next(fits: (event: WatchEvent) => boolean): Promise<WatchEvent>
}

interface Wanted {
  readonly type: string
  readonly body: Body | undefined
}

/** The next event is of that type and, where a body is named, of its resourceVersion. */
async function sees(t: Test, watch: Watch, { type, body }: Wanted): Promise<void> {
  const event = await watch.next(({ type }) => type !== 'BOOKMARK')
  t.equal(event.type, type, `the watch sees ${type}`)
  if (body === undefined || event.object === undefined) return
  t.equal(versionOf(event.object), versionOf(body), 'of that version')
}

/** A patch of that very object: its kind, name and uid go with it. */
function addressed(object: Body, patch: object): object {
  const { apiVersion, kind, metadata } = object
  const { name, namespace, uid } = Object(metadata)
  return merged({ apiVersion, kind, metadata: { name, namespace, uid } }, patch)
}

interface Anew {
  readonly client: ReturnType<typeof kindClient>
  readonly seen: Seen
  readonly initial: object
}

async function again(t: Test, { client, seen, initial }: Anew): Promise<Body> {
  await client.remove(t, 'test')
  await client.isGone(t, 'test')
  await seen('DELETED')
  const created = await client.create(t, initial)
  await seen('ADDED', created)
  return created
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Maps are merged, everything else is replaced. */
function merged(below: unknown, above: unknown): object {
  const result: Record<string, unknown> = isMap(below) ? { ...below } : {}
  for (const [key, value] of Object.entries(Object(above))) {
    result[key] = isMap(value) ? merged(result[key], value) : value
  }
  return result
}

/** A merge patch as JSON patch operations; maps that are not there yet are added whole by the first step into them. */
const operations = (patch: object): object[] => {
  const found: object[] = []
  const walk = (value: unknown, path: string): void => {
    if (!isMap(value)) {
      found.push({ op: 'add', path, value })
      return
    }
    for (const [key, inner] of Object.entries(value)) {
      walk(inner, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    }
  }
  walk(patch, '')
  return found
}
