/**
 * Upstream's conformance tests of lists and watches, step by step, against a real API server over HTTPS.
 *
 * Where upstream waits ten seconds for an event that must not come, a later event marks the end: a watch is in order.
 */
import t, { type Test } from 'tap'
import type http2 from 'node:http2'
import { systemRandom } from '#base/random.ts'
import { connectRaw, linesOf, type Reply, startApi } from '../component/api-fixture.ts'

const fixture = await startApi()
const client = connectRaw(fixture)
t.teardown(() => {
  client.close()
  return fixture.close()
})

const TEMPLATES = '/api/v1/namespaces/chunking/podtemplates'
const TOTAL = 400
const WORKERS = 20

const nameOf = (index: number): string => `template-${String(index).padStart(4, '0')}`

async function createTemplates(): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < TOTAL; index = next++) {
      const template = { spec: { containers: [{ name: 'test', image: 'test2' }] } }
      const body = { metadata: { name: nameOf(index) }, template }
      const made = await client.send('POST', TEMPLATES, body)
      if (made.status !== 201) throw new Error(made.text)
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, work))
}

/** Checks a page that follows `found` items; returns how many there are now. */
function checkPage(t: Test, page: Reply, found: number): number {
  const { items } = page.body
  const { continue: token, remainingItemCount } = page.body.metadata
  if (token === undefined) t.equal(remainingItemCount, undefined, 'nothing remains')
  else t.equal(Number(remainingItemCount) + items.length + found, TOTAL, 'what remains is told')
  const names = items.map(item => item.metadata['name'])
  t.strictSame(
    names,
    names.map((_, index) => nameOf(found + index)),
  )
  return found + items.length
}

const tokenOf = (page: Reply): string | undefined => {
  const token = page.body.metadata['continue']
  return typeof token === 'string' ? token : undefined
}

const listTemplates = (limit: number, token?: string): Promise<Reply> =>
  client.send(
    'GET',
    `${TEMPLATES}?limit=${limit}${token === undefined ? '' : `&continue=${token}`}`,
  )

await createTemplates()

void t.test(
  '[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls [Conformance]',
  async t => {
    for (let round = 0; round < 3; round++) {
      let found = 0
      let token: string | undefined
      const versions = new Set<unknown>()
      do {
        const limit = 1 + Math.floor(systemRandom.float() * (TOTAL / 10))
        const page = await listTemplates(limit, token)
        t.ok(page.body.items.length <= limit, 'no page exceeds its limit')
        versions.add(page.body.metadata['resourceVersion'])
        found = checkPage(t, page, found)
        token = tokenOf(page)
      } while (token !== undefined)
      t.equal(found, TOTAL)
      t.equal(versions.size, 1, 'all pages are of one revision')
    }
    const whole = await listTemplates(TOTAL + 1)
    t.equal(checkPage(t, whole, 0), TOTAL)
  },
)

void t.test(
  '[sig-api-machinery] Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Conformance] [Slow]',
  async t => {
    const limit = TOTAL / 10
    const first = await listTemplates(limit)
    let found = checkPage(t, first, 0)
    t.match(await listTemplates(limit, tokenOf(first)), { status: 200 }, 'still there')
    await client.send('POST', '/api/v1/namespaces/chunking/configmaps', { metadata: { name: 'a' } })
    await fixture.store.compact(fixture.store.revision)
    const gone = await listTemplates(limit, tokenOf(first))
    t.match(gone, { status: 410, body: { reason: 'Expired', code: 410, status: 'Failure' } })
    t.match(gone.body['message'], /use the continue token in this response/)
    let page = await listTemplates(limit, tokenOf(gone))
    const version = page.body.metadata['resourceVersion']
    t.not(version, first.body.metadata['resourceVersion'], 'a later revision')
    t.equal(page.body.items.length, limit)
    found = checkPage(t, page, found)
    for (let token = tokenOf(page); token !== undefined; token = tokenOf(page)) {
      page = await listTemplates(limit, token)
      t.equal(page.body.metadata['resourceVersion'], version, 'consistent from here on')
      found = checkPage(t, page, found)
    }
    t.equal(found, TOTAL)
  },
)

void t.test(
  '[sig-api-machinery] Servers with support for Table transformation should return a 406 for a backend which does not implement metadata [Conformance]',
  async t => {
    const review = { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } }
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const refused = await client.send('POST', path, review, { accept: table })
    t.match(refused, { status: 406, body: { kind: 'Status', reason: 'NotAcceptable' } })
    const second = await client.send('POST', path, review, { accept: `${table},application/json` })
    t.match(second, { status: 201, body: { kind: 'SelfSubjectAccessReview' } })
  },
)

const LABEL = 'watch-this-configmap'
interface Follower {
  /** The next event, as `TYPE name version data.mutation`. */
  next(): Promise<string>
  take(count: number): Promise<string[]>
  stop(): void
}

/** The configmaps of one namespace: writes give the new version. */
function configMapsIn(namespace: string) {
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  const patch = async (name: string, change: object): Promise<string> =>
    versionOf(
      await client.send('PATCH', `${path}/${name}`, change, {
        'content-type': 'application/merge-patch+json',
      }),
    )
  return {
    create: async (name: string, label: string): Promise<string> =>
      versionOf(
        await client.send('POST', path, { metadata: { name, labels: { [LABEL]: label } } }),
      ),
    mutate: (name: string, mutation: string) => patch(name, { data: { mutation } }),
    relabel: (name: string, label: string) =>
      patch(name, { metadata: { labels: { [LABEL]: label } } }),
    remove: async (name: string): Promise<void> => {
      const { status, text } = await client.send('DELETE', `${path}/${name}`)
      if (status !== 200) throw new Error(text)
    },
    follow: (version: string, ...labels: string[]): Promise<Follower> => {
      const term = encodeURIComponent(`${LABEL} in (${labels.join(',')})`)
      const selector = labels.length === 0 ? '' : `&labelSelector=${term}`
      return followPath(`${path}?watch=true&resourceVersion=${version}${selector}`)
    },
  }
}

type ConfigMaps = ReturnType<typeof configMapsIn>

function versionOf(reply: Reply): string {
  if (reply.status >= 300) throw new Error(reply.text)
  return String(reply.body.metadata['resourceVersion'])
}

async function followPath(path: string): Promise<Follower> {
  const stream: http2.ClientHttp2Stream = client.open(path)
  await new Promise(resolve => stream.once('response', resolve))
  const lines = linesOf(stream)
  const next = async (): Promise<string> => {
    const { value } = await lines.next()
    return eventText(value)
  }
  const take = async (count: number): Promise<string[]> => {
    const events: string[] = []
    while (events.length < count) events.push(await next())
    return events
  }
  return { next, take, stop: () => stream.close() }
}

// The seam between the wire and the test: only configmaps come here.
const eventText = (event: unknown): string => {
  const { type, object } = event as {
    type: string
    object: { metadata: { name: string; resourceVersion: string }; data?: { mutation?: string } }
  }
  const { name, resourceVersion } = object.metadata
  return `${type} ${name} ${resourceVersion} ${object.data?.mutation ?? '-'}`
}

/** A deletion has a version of its own. */
const withoutVersion = (event: string): string =>
  event.startsWith('DELETED') ? event.replace(/ \d+ /, ' ') : event

void t.test(
  '[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps [Conformance]',
  async t => {
    const { create, mutate, relabel, remove, follow } = configMapsIn('several')
    const watchA = await follow('', 'multiple-watchers-A')
    const watchB = await follow('', 'multiple-watchers-B')
    const watchAB = await follow('', 'multiple-watchers-A', 'multiple-watchers-B')
    const a = 'e2e-watch-test-configmap-a'
    const b = 'e2e-watch-test-configmap-b'
    const versions = [await create(a, 'multiple-watchers-A'), await mutate(a, '1')]
    versions.push(await mutate(a, '2'))
    await remove(a)
    const other = await create(b, 'multiple-watchers-B')
    await remove(b)
    const mark = await create('mark', 'multiple-watchers-A')
    const ofA = [
      `ADDED ${a} ${versions[0]} -`,
      `MODIFIED ${a} ${versions[1]} 1`,
      `MODIFIED ${a} ${versions[2]} 2`,
      `DELETED ${a} 2`,
    ]
    const ofB = [`ADDED ${b} ${other} -`, `DELETED ${b} -`]
    const end = `ADDED mark ${mark} -`
    t.strictSame((await watchA.take(5)).map(withoutVersion), [...ofA, end], 'label A')
    t.strictSame((await watchAB.take(7)).map(withoutVersion), [...ofA, ...ofB, end], 'A or B')
    await relabel('mark', 'multiple-watchers-B')
    t.strictSame((await watchB.take(2)).map(withoutVersion), ofB, 'label B')
    t.match(await watchB.next(), /^ADDED mark /, 'and nothing else')
    for (const watch of [watchA, watchB, watchAB]) watch.stop()
  },
)

void t.test(
  '[sig-api-machinery] Watchers should be able to start watching from a specific resource version [Conformance]',
  async t => {
    const { create, mutate, remove, follow } = configMapsIn('versions')
    const name = 'e2e-watch-test-resource-version'
    await create(name, 'from-resource-version')
    const first = await mutate(name, '1')
    const second = await mutate(name, '2')
    await remove(name)
    const watch = await follow(first, 'from-resource-version')
    t.equal(await watch.next(), `MODIFIED ${name} ${second} 2`)
    t.match(await watch.next(), new RegExp(`^DELETED ${name} `))
    watch.stop()
  },
)

void t.test(
  '[sig-api-machinery] Watchers should be able to restart watching from the last resource version observed by the previous watch [Conformance]',
  async t => {
    const { create, mutate, remove, follow } = configMapsIn('restart')
    const name = 'e2e-watch-test-watch-closed'
    const broken = await follow('', 'watch-closed-and-restarted')
    const created = await create(name, 'watch-closed-and-restarted')
    await mutate(name, '1')
    t.equal(await broken.next(), `ADDED ${name} ${created} -`)
    const last = await broken.next()
    t.match(last, /^MODIFIED .* 1$/)
    broken.stop()
    const second = await mutate(name, '2')
    const restarted = await follow(last.split(' ')[2] ?? '', 'watch-closed-and-restarted')
    await remove(name)
    t.equal(await restarted.next(), `MODIFIED ${name} ${second} 2`)
    t.match(await restarted.next(), new RegExp(`^DELETED ${name} `))
    restarted.stop()
  },
)

void t.test(
  '[sig-api-machinery] Watchers should observe an object deletion if it stops meeting the requirements of the selector [Conformance]',
  async t => {
    const { create, mutate, relabel, remove, follow } = configMapsIn('selector')
    const name = 'e2e-watch-test-label-changed'
    const label = 'label-changed-and-restored'
    const watch = await follow('', label)
    const created = await create(name, label)
    const first = await mutate(name, '1')
    const left = await relabel(name, 'wrong-value')
    t.equal(await watch.next(), `ADDED ${name} ${created} -`)
    t.equal(await watch.next(), `MODIFIED ${name} ${first} 1`)
    t.equal(await watch.next(), `DELETED ${name} ${left} 1`)
    await mutate(name, '2')
    const restored = await relabel(name, label)
    const third = await mutate(name, '3')
    await remove(name)
    t.equal(await watch.next(), `ADDED ${name} ${restored} 2`, 'nothing of the time between')
    t.equal(await watch.next(), `MODIFIED ${name} ${third} 3`)
    t.match(await watch.next(), new RegExp(`^DELETED ${name} \\d+ 3`))
    watch.stop()
  },
)

const ITERATIONS = 100

void t.test(
  '[sig-api-machinery] Watchers should receive events on concurrent watches in same order [Conformance]',
  async t => {
    const configMaps = configMapsIn('order')
    let isOver = false
    const writer = writeUntil(configMaps, () => isOver)
    const watches: Follower[] = []
    let version = '0'
    for (let round = 0; round < ITERATIONS; round++) {
      watches.push(await configMaps.follow(version))
      const events = await Promise.all(watches.map(watch => watch.next()))
      const versions = new Set(events.map(event => event.split(' ')[2]))
      if (versions.size > 1) t.fail(`watches differ: ${[...versions].join(', ')}`)
      version = [...versions][0] ?? ''
    }
    t.equal(watches.length, ITERATIONS)
    isOver = true
    for (const watch of watches) watch.stop()
    await writer
  },
)

/** Random creates, updates and deletes, one after another. */
async function writeUntil(maps: ConfigMaps, isOver: () => boolean): Promise<void> {
  const existing: string[] = []
  for (let count = 0; !isOver(); count++) {
    const chance = systemRandom.float()
    const name = existing[Math.floor(systemRandom.float() * existing.length)]
    if (name === undefined || chance < 0.4) {
      existing.push(`cm-${count}`)
      await maps.create(`cm-${count}`, 'random')
    } else if (chance < 0.7) await maps.mutate(name, String(count))
    else {
      existing.splice(existing.indexOf(name), 1)
      await maps.remove(name)
    }
  }
}
