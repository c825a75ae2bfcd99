/** The watch cache over the store in memory: lists, pages, past states, and what each watcher is told. */
import t from 'tap'
import { type AnyObject, keyOf } from '#api/object.ts'
import { fieldSelectorFrom, parseFieldSelector, parseLabelSelector } from '#api/selectors.ts'
import { StatusError } from '#api/status.ts'
import { type Clock, systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/logger.ts'
import {
  type CacheEvent,
  costOf,
  type Selection,
  storageKey,
  type WatchOptions,
} from '#server/cache/cache.ts'
import { createCache } from '#server/cache/watch-cache.ts'
import { openMemoryStore } from '#server/store/memory.ts'
import type { Store } from '#server/store/store.ts'

const AUTHOR = { user: 'tester', atMs: 1 }
const keyAt = (name: string, namespace = 'default'): string =>
  storageKey({ group: '', plural: 'pods', namespace, name })

interface PodSketch {
  readonly namespace?: string
  readonly labels?: Record<string, string>
  readonly node?: string
}

const aPod = (name: string, sketch: PodSketch, revision: number): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: sketch.namespace ?? 'default',
    resourceVersion: String(revision),
    labels: sketch.labels ?? {},
  },
  spec: { nodeName: sketch.node ?? '' },
})

const write = (store: Store, name: string, sketch: PodSketch = {}): Promise<number> =>
  store.commit(
    [
      {
        kind: 'put',
        key: keyAt(name, sketch.namespace),
        expected: undefined,
        encode: revision => {
          const attachment = aPod(name, sketch, revision)
          return { bytes: Buffer.from(JSON.stringify(attachment)), attachment }
        },
      },
    ],
    AUTHOR,
  )

const erase = (store: Store, name: string): Promise<number> =>
  store.commit([{ kind: 'delete', key: keyAt(name), expected: undefined }], AUTHOR)

/** No slice ever ends: what is delivered in which turn does not depend on how busy the machine is. */
const endlessTurn: Clock = { ...systemClock, monotonic: () => 0 }

async function setUp() {
  const store = await openMemoryStore({ clock: systemClock, log: silentLogger })
  const cache = await createCache({ store, clock: endlessTurn, log: silentLogger })
  return { store, cache }
}

type Cache = Awaited<ReturnType<typeof setUp>>['cache']

const FROM_NOW: WatchOptions = {
  afterRevision: undefined,
  initialEvents: false,
  initialEventsEnd: false,
  bookmarks: false,
}

const PODS: Selection = { groupResource: 'pods', namespace: '' }

const showEvent = (event: CacheEvent): string =>
  `${event.type} ${event.item === undefined ? '' : keyOf(event.item.object())} ${event.revision}`

function watching(
  cache: Cache,
  selection: Selection,
  options: WatchOptions = FROM_NOW,
  drains = true,
) {
  const seen: CacheEvent[] = []
  const ended = Promise.withResolvers<unknown>()
  const watch = cache.watch(selection, options, {
    onEvents(events) {
      seen.push(...events)
      if (drains) for (const event of events) watch.drained(costOf(event))
    },
    onEnd: error => ended.resolve(error),
  })
  return { seen, watch, ended: ended.promise, shown: () => seen.map(showEvent) }
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    return error instanceof StatusError ? error.reason : String(error)
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

void t.test('a watch after a revision that is yet to come begins there', async t => {
  const { store, cache } = await setUp()
  await write(store, 'a')
  const late = watching(cache, PODS, { ...FROM_NOW, afterRevision: cache.revision + 1 })
  await turn()
  await write(store, 'b')
  await write(store, 'c')
  await turn()
  t.same(late.shown(), ['ADDED default/c 3'])
})

void t.test('lists by namespace, selector and page; a page token shows its own past', async t => {
  const { store, cache } = await setUp()
  for (let index = 0; index < 300; index++) {
    const labels = { app: index % 3 === 0 ? 'web' : 'db' }
    await write(store, `p${String(index).padStart(3, '0')}`, { labels, node: `n${index % 2}` })
  }
  await write(store, 'other', { namespace: 'kube-system' })
  const first = await cache.list({ ...PODS, namespace: 'default' }, { limit: 100 })
  t.equal(first.items.length, 100)
  t.equal(first.remaining, 200)
  t.equal(first.next, keyAt('p099'))
  await erase(store, 'p150')
  await write(store, 'p1000')
  const rest = await cache.list(
    { ...PODS, namespace: 'default' },
    { limit: 0, after: first.next ?? '', atRevision: first.revision },
  )
  t.equal(rest.items.length, 200)
  t.ok(rest.items.some(item => item.key === keyAt('p150')))
  t.equal(rest.next, undefined)
  const labels = parseLabelSelector('app=web')
  t.equal((await cache.list({ ...PODS, labels }, { limit: 0 })).items.length, 99)
  const fields = parseFieldSelector('spec.nodeName=n1')
  const some = await cache.list({ ...PODS, fields }, { limit: 10 })
  t.equal(some.items.length, 10)
  t.equal(some.remaining, undefined)
  t.equal(cache.count('pods'), 301)
  t.equal(cache.get('pods', 'kube-system', 'other')?.object().kind, 'Pod')
  t.ok(Object.isFrozen(cache.get('pods', 'kube-system', 'other')?.object().metadata))
  t.equal(await reasonOf(cache.list(PODS, { limit: 0, atRevision: cache.revision + 1 })), 'Timeout')
})

void t.test('a watcher sees objects come and go as they match', async t => {
  const { store, cache } = await setUp()
  const all = watching(cache, PODS)
  const web = watching(cache, { ...PODS, labels: parseLabelSelector('app=web') })
  const node = watching(cache, { ...PODS, fields: parseFieldSelector('spec.nodeName=n1') })
  const name = watching(cache, {
    ...PODS,
    namespace: 'default',
    fields: fieldSelectorFrom([{ field: 'metadata.name', operator: '=', value: 'b' }]),
  })
  const elsewhere = watching(cache, { ...PODS, namespace: 'elsewhere' })
  await write(store, 'a', { labels: { app: 'web' } })
  await write(store, 'a', { labels: { app: 'web' }, node: 'n1' })
  await write(store, 'a', { labels: { app: 'db' }, node: 'n1' })
  await write(store, 'b', { node: 'n2' })
  await erase(store, 'a')
  await turn()
  t.same(all.shown(), [
    'ADDED default/a 1',
    'MODIFIED default/a 2',
    'MODIFIED default/a 3',
    'ADDED default/b 4',
    'DELETED default/a 5',
  ])
  t.same(web.shown(), ['ADDED default/a 1', 'MODIFIED default/a 2', 'DELETED default/a 3'])
  t.same(node.shown(), ['ADDED default/a 2', 'MODIFIED default/a 3', 'DELETED default/a 5'])
  t.same(name.shown(), ['ADDED default/b 4'])
  t.same(elsewhere.shown(), [])
  const left = web.seen[2]
  t.equal(left?.item?.object().metadata.resourceVersion, '3', 'left with the new revision ...')
  t.same(left?.item?.object().metadata.labels, { app: 'web' }, '... and the last matching state')
  const frame = JSON.parse(String(node.seen[2]?.frame()))
  t.equal(frame.type, 'DELETED')
  t.equal(frame.object.metadata.resourceVersion, '5')
  t.equal(all.seen[1]?.frame(), all.seen[1]?.frame(), 'a frame is made once')
  t.equal(all.seen[1], web.seen[1], 'and shared')
})

void t.test(
  'resumes after a revision, starts with what exists, or is told it is too late',
  async t => {
    const { store, cache } = await setUp()
    for (const name of ['a', 'b', 'c']) await write(store, name)
    const resumed = watching(cache, PODS, { ...FROM_NOW, afterRevision: 1 })
    const initial = watching(cache, PODS, {
      afterRevision: undefined,
      initialEvents: true,
      initialEventsEnd: true,
      bookmarks: true,
    })
    await write(store, 'd')
    await turn()
    await turn()
    t.same(resumed.shown(), ['ADDED default/b 2', 'ADDED default/c 3', 'ADDED default/d 4'])
    t.same(initial.shown(), [
      'ADDED default/a 1',
      'ADDED default/b 2',
      'ADDED default/c 3',
      'BOOKMARK  3',
      'ADDED default/d 4',
    ])
    t.equal(initial.seen[3]?.initialEventsEnd, true)
    await cache.close()
    t.equal(await resumed.ended, undefined)
  },
)

void t.test('a slow watcher is held back, catches up, and expires when it is outrun', async t => {
  const { store, cache } = await setUp()
  const alive = setInterval(() => {}, 1000)
  try {
    const slow = watching(cache, PODS, { ...FROM_NOW, bookmarks: true }, false)
    const big = { labels: { filler: 'x'.repeat(20_000) } }
    for (let index = 0; index < 200; index++) await write(store, `p${index}`, big)
    await turn()
    const held = slow.seen.length
    t.ok(held < 100, `${held} of 200 are in flight`)
    slow.watch.bookmark()
    t.equal(slow.seen.length, held, 'no bookmark for who is behind')
    while (slow.seen.length < 200) {
      slow.watch.drained(Number.POSITIVE_INFINITY)
      await turn()
    }
    t.same(
      slow.seen.map(event => event.revision),
      Array.from({ length: 200 }, (_, index) => index + 1),
    )
    for (let index = 0; index < 1200; index++) await write(store, `p${index % 200}`, big)
    const message = /^too old resource version: /
    t.match(await slow.ended, { reason: 'Expired', code: 410, message })
    const late = watching(cache, PODS, { ...FROM_NOW, afterRevision: 1 })
    t.match(await late.ended, { reason: 'Expired' })
  } finally {
    clearInterval(alive)
  }
})

void t.test(
  'past states are exact inside the window and read from the store beyond it',
  async t => {
    const { store, cache } = await setUp()
    await write(store, 'a', { node: 'first' })
    await write(store, 'b')
    const past = cache.revision
    const big = { labels: { filler: 'x'.repeat(30_000) } }
    await write(store, 'a', big)
    await erase(store, 'b')
    const names = async (): Promise<string[]> => {
      const page = await cache.list(PODS, { limit: 0, atRevision: past })
      return page.items.map(item => `${item.key} ${item.revision}`)
    }
    const wanted = ['/core/pods/default/a 1', '/core/pods/default/b 2']
    t.same(await names(), wanted)
    for (let index = 0; index < 900; index++) await write(store, 'a', big)
    for (let index = 1; index < 40; index++) {
      await cache.list(PODS, { limit: 0, atRevision: cache.revision - index })
    }
    t.same(await names(), wanted, 'from the store')
    for (let index = 1; index < 40; index++) {
      await cache.list(PODS, { limit: 0, atRevision: cache.revision - index })
    }
    await store.compact(cache.revision)
    t.equal(await reasonOf(cache.list(PODS, { limit: 0, atRevision: 1 })), 'Expired')
  },
)

void t.test('a start shows everything and lets watches of the recent past resume', async t => {
  const store = await openMemoryStore({ clock: systemClock, log: silentLogger })
  for (let index = 0; index < 20; index++) await write(store, `p${index}`)
  await erase(store, 'p3')
  const cache = await createCache({ store, clock: systemClock, log: silentLogger })
  t.equal(cache.revision, 21)
  t.equal(cache.count('pods'), 19)
  const resumed = watching(cache, PODS, { ...FROM_NOW, afterRevision: 18 })
  await turn()
  t.same(resumed.shown(), ['ADDED default/p18 19', 'ADDED default/p19 20', 'DELETED default/p3 21'])
})

void t.test('a state that history is no longer promised for is gone, pinned or not', async t => {
  const { store, cache } = await setUp()
  for (const name of ['a', 'b', 'c']) await write(store, name)
  const first = await cache.list(PODS, { limit: 1 })
  await write(store, 'd')
  const page = { limit: 1, after: first.next ?? '', atRevision: first.revision }
  t.equal((await cache.list(PODS, page)).items.length, 1)
  store.retire(first.revision)
  t.equal((await cache.list(PODS, page)).items.length, 1, 'the revision itself is there')
  store.retire(first.revision + 1)
  t.equal(await reasonOf(cache.list(PODS, page)), 'Expired')
  const resumed = watching(cache, PODS, { ...FROM_NOW, afterRevision: 1 })
  await turn()
  t.equal(resumed.seen.length, 3, 'what the window holds can still be watched')
})

void t.test(
  'a watch can be closed with a bookmark, which comes after all that was due',
  async t => {
    const { store, cache } = await setUp()
    const asked = watching(cache, PODS, { ...FROM_NOW, bookmarks: true })
    const other = watching(cache, PODS)
    const future = watching(cache, PODS, { ...FROM_NOW, bookmarks: true, afterRevision: 9 })
    await turn()
    await write(store, 'a')
    for (const { watch } of [asked, other, future]) watch.bookmark()
    t.same(asked.shown(), ['ADDED default/a 1', 'BOOKMARK  1'])
    await turn()
    t.same(other.shown(), ['ADDED default/a 1'])
    t.same(future.shown(), [], 'nothing from before where it begins')
  },
)
