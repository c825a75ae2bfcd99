import t from 'tap'
import type { AnyObject, KubeObject, WatchEvent } from '#api/object.ts'
import { expired, StatusError } from '#api/status.ts'
import { silentLogger } from '#base/logger.ts'
import { seededRandom } from '#base/random.ts'
import { Informer } from '#client/informer.ts'
import { Informers } from '#client/informers.ts'
import type { ApiRequest, Transport } from '#client/transport.ts'
import { manualClock, turn } from './manual-clock.ts'

const PODS = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }

const pod = (name: string, revision: number, uid = `uid-${name}`): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid, resourceVersion: String(revision) },
})

type Watch = (
  request: ApiRequest,
  onEvent: (event: WatchEvent) => void,
  signal: AbortSignal,
) => Promise<void>

const untilAborted: Watch = (_request, _onEvent, signal) =>
  new Promise(resolve => signal.addEventListener('abort', () => resolve()))

/** A server that plays the given lists and watches one after the other; the last of each for ever. */
function scripted(lists: readonly (() => AnyObject)[], watches: readonly Watch[]) {
  const seen: string[] = []
  let listed = 0
  let watched = 0
  const transport: Transport = {
    async request({ query }) {
      seen.push(`list ${query?.['continue'] ?? ''}`.trim())
      const next = lists[Math.min(listed, lists.length - 1)]
      listed += 1
      if (next === undefined) throw new Error('no list')
      return next()
    },
    watch(request, onEvent, signal) {
      seen.push(`watch ${request.query?.['resourceVersion']}`)
      const next = watches[Math.min(watched, watches.length - 1)] ?? untilAborted
      watched += 1
      return next(request, onEvent, signal)
    },
  }
  return { transport, seen }
}

const list = (revision: number, items: readonly AnyObject[], more?: string) => (): AnyObject => ({
  apiVersion: 'v1',
  kind: 'PodList',
  metadata: {
    resourceVersion: String(revision),
    ...(more === undefined ? {} : { continue: more }),
  },
  items,
})

const send =
  (...events: readonly WatchEvent[]): Watch =>
  async (_request, onEvent) =>
    events.forEach(onEvent)

const event = (type: WatchEvent['type'], object: AnyObject): WatchEvent => ({ type, object })
const bookmark = (revision: number): WatchEvent =>
  event('BOOKMARK', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { resourceVersion: String(revision) },
  })

async function play(
  lists: readonly (() => AnyObject)[],
  watches: readonly Watch[],
  ms: number,
): Promise<{
  told: string[]
  seen: string[]
  names: string[]
  revision: string
  informer: Informer<AnyObject>
}> {
  const clock = manualClock()
  const { transport, seen } = scripted(lists, watches)
  const informer = new Informer<AnyObject>({
    transport,
    resource: PODS,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    indexes: { name: object => [object.metadata.name ?? ''] },
  })
  const told: string[] = []
  informer.addHandler({
    onAdd: object => told.push(`add ${object.metadata.name}`),
    onUpdate: (before, after) =>
      told.push(
        `update ${after.metadata.name} ${before.metadata.resourceVersion}-${after.metadata.resourceVersion}`,
      ),
    onDelete: object => told.push(`delete ${object.metadata.name}`),
  })
  const stop = new AbortController()
  const running = informer.run(stop.signal)
  await clock.advance(ms)
  stop.abort()
  await running
  const names = informer.list().map(object => object.metadata.name ?? '')
  return { told, seen, names, revision: informer.revision, informer }
}

void t.test('lists, then watches from there', async t => {
  const { told, seen, names } = await play(
    [list(5, [pod('a', 3)])],
    [
      async (request, onEvent, signal) => {
        await send(
          event('ADDED', pod('b', 6)),
          event('MODIFIED', pod('a', 7)),
          event('DELETED', pod('b', 8)),
        )(request, onEvent, signal)
        await untilAborted(request, onEvent, signal)
      },
    ],
    10,
  )
  t.same(told, ['add a', 'add b', 'update a 3-7', 'delete b'])
  t.same(seen, ['list', 'watch 5'])
  t.same(names, ['a'])
})

void t.test('resumes from the last event or bookmark', async t => {
  const { seen, told } = await play(
    [list(5, [])],
    [send(event('ADDED', pod('a', 9))), send(bookmark(20)), untilAborted],
    10,
  )
  t.same(seen, ['list', 'watch 5', 'watch 9', 'watch 20'])
  t.same(told, ['add a'])
})

void t.test('a revision that is too old means a new list, told as differences', async t => {
  const { seen, told, names } = await play(
    [
      list(5, [pod('a', 3), pod('b', 4), pod('c', 5)]),
      list(50, [pod('a', 3), pod('b', 40), pod('d', 41)]),
    ],
    [() => Promise.reject(expired('too old')), untilAborted],
    10,
  )
  t.same(seen, ['list', 'watch 5', 'list', 'watch 50'])
  t.same(told, ['add a', 'add b', 'add c', 'update b 4-40', 'add d', 'delete c'])
  t.same(names.sort(), ['a', 'b', 'd'])
})

void t.test('deleted and made anew under one name is told as both', async t => {
  const { told } = await play(
    [list(5, [pod('a', 3)]), list(9, [pod('a', 8, 'other')])],
    [() => Promise.reject(expired('too old')), untilAborted],
    10,
  )
  t.same(told, ['add a', 'delete a', 'add a'])
})

void t.test(
  'a server that is away is asked again, later each time, without a new list',
  async t => {
    const away: Watch = () => Promise.reject(new StatusError('ServiceUnavailable', 'away'))
    const { seen } = await play([list(5, [])], [away, away, away, away, untilAborted], 1_000)
    t.ok(seen.length >= 3 && seen.length <= 5, seen.join())
    t.same(seen.slice(0, 3), ['list', 'watch 5', 'watch 5'])
  },
)

void t.test('a watch that ends at once, again and again, is not hammered', async t => {
  const { seen } = await play([list(5, [])], [async () => {}], 2_000)
  t.ok(seen.length < 12, `${seen.length} requests in 2 s`)
})

void t.test('reads all pages at one revision', async t => {
  const { seen, names } = await play(
    [list(5, [pod('a', 1)], 'next'), list(5, [pod('b', 2)])],
    [untilAborted],
    10,
  )
  t.same(seen, ['list', 'list next', 'watch 5'])
  t.same(names, ['a', 'b'])
})

void t.test('the bug of one handler costs the others nothing', async t => {
  const { transport } = scripted([list(5, [pod('a', 3)])], [untilAborted])
  const informer = new Informer<AnyObject>({
    transport,
    resource: PODS,
    clock: manualClock(),
    random: seededRandom(1),
    log: silentLogger,
  })
  const told: string[] = []
  informer.addHandler({
    onAdd: () => {
      throw new Error('bug')
    },
  })
  informer.addHandler({ onAdd: object => told.push(object.metadata.name ?? '') })
  const stop = new AbortController()
  const running = informer.run(stop.signal)
  await informer.synced(stop.signal)
  t.same(told, ['a'])
  const late: string[] = []
  const remove = informer.addHandler({ onAdd: object => late.push(object.metadata.name ?? '') })
  t.same(late, ['a'], 'a late handler is told of what is there')
  remove()
  stop.abort()
  await running
})

void t.test('objects are frozen, indexed, and whole', async t => {
  const { kind: _kind, apiVersion: _apiVersion, ...bare } = pod('a', 3)
  const { informer } = await play([list(5, [bare as AnyObject])], [untilAborted], 10)
  const [object] = informer.byIndex('name', 'a')
  t.match(object, { kind: 'Pod', apiVersion: 'v1' })
  t.ok(Object.isFrozen(object?.metadata))
  informer.addIndex('uid', ({ metadata }: KubeObject) => [metadata.uid ?? ''])
  t.equal(informer.byIndex('uid', 'uid-a').length, 1)
  t.same(informer.byIndex('uid', 'other'), [])
  t.throws(() => informer.byIndex('nothing', 'x'), /no index/)
})

void t.test('informers are shared per resource and selection', async t => {
  const { transport, seen } = scripted([list(5, [])], [untilAborted])
  const clock = manualClock()
  const informers = new Informers({ transport, clock, random: seededRandom(1), log: silentLogger })
  t.equal(informers.of('pods'), informers.of('pods'))
  t.not(informers.of('pods'), informers.of('pods', { fieldSelector: 'spec.nodeName=a' }))
  const stop = new AbortController()
  const running = informers.run(stop.signal)
  await informers.synced(stop.signal)
  informers.of('nodes')
  await turn()
  t.equal(seen.filter(line => line === 'list').length, 3, 'one asked for later starts at once')
  const stopped = informers.of('nodes')
  informers.stop(stopped.resource)
  t.not(informers.of('nodes'), stopped, 'one that was stopped is made anew')
  await turn()
  t.equal(seen.filter(line => line === 'list').length, 4)
  stop.abort()
  await running
  await t.rejects(informers.of('leases').synced(stop.signal))
})
