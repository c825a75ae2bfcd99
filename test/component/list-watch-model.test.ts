/**
 * Random writes, compactions, pages and watches, over HTTPS and in the process: every client ends with exactly the
 * store's truth. KITES_TEST_WATCH_OPERATIONS sets how many writes, KITES_TEST_SEED which.
 */
import t from 'tap'
import type { UserInfo } from '#api/request.ts'
import { StatusError } from '#api/status.ts'
import { type Random, seededRandom } from '#base/random.ts'
import {
  type Access,
  type Chosen,
  Follower,
  type ListReply,
  SEEN,
  type Shown,
  Truth,
  type WatchedEvent,
  showItem,
} from '../support/watch-model.ts'
import { ADMIN, connectRaw, linesOf, startApi } from './api-fixture.ts'

const OPERATIONS = Number(process.env['KITES_TEST_WATCH_OPERATIONS'] ?? 5000)
const SEED = Number(process.env['KITES_TEST_SEED'] ?? Date.now() % 1e6)
const WRITERS = 16
const NAMESPACES = ['a', 'b']
const NAMES = 40
const APPS = ['web', 'db', '']
/** Small enough for slow watchers to fall behind, and for late ones to be outrun. */
const WINDOW = { bytes: 1024 * 1024, changes: 250, flightBytes: 32 * 1024 }
const COMPACT_EVERY = 300
const LIST_EVERY = 25
const EVERYTHING: Chosen = { namespace: '', app: '', name: '' }

const CHOICES: readonly Chosen[] = [
  EVERYTHING,
  { ...EVERYTHING, namespace: 'a' },
  { ...EVERYTHING, app: 'web' },
  { namespace: 'b', app: 'db', name: '' },
  { namespace: 'a', app: '', name: 'c7' },
  { namespace: '', app: 'web', name: 'c3' },
]

const pathOf = ({ namespace }: Chosen): string =>
  namespace === '' ? '/api/v1/configmaps' : `/api/v1/namespaces/${namespace}/configmaps`

const queryOf = ({ app, name }: Chosen): Record<string, string> => ({
  ...(app === '' ? {} : { labelSelector: `app=${app}` }),
  ...(name === '' ? {} : { fieldSelector: `metadata.name=${name}` }),
})

/** The seam: what configmap lists, watches and Status objects have in common. */
interface Wire {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly Shown[]
}

const replyOf = (status: number, { metadata, items = [] }: Wire): ListReply => ({
  status,
  items,
  revision: Number(metadata.resourceVersion),
  token: metadata.continue,
})

type Fixture = Awaited<ReturnType<typeof startApi>>

/** A connection of its own, so that a reader who dawdles holds nobody else up. */
function overHttps(fixture: Fixture): Access & { close(): void } {
  const client = connectRaw(fixture)
  const target = (chosen: Chosen, query: object): string =>
    `${pathOf(chosen)}?${new URLSearchParams({ ...queryOf(chosen), ...query }).toString()}`
  return {
    list: async (chosen, query) => {
      const { status, text } = await client.send('GET', target(chosen, query))
      return replyOf(status, JSON.parse(text))
    },
    async *watch(chosen, query) {
      const stream = client.open(target(chosen, { ...query, watch: 'true' }))
      for await (const line of linesOf(stream)) yield line as unknown as WatchedEvent
    },
    close: () => client.close(),
  }
}

/** In the process events come at once: they wait here until the client takes them. */
function inProcess(fixture: Fixture, user: UserInfo): Access {
  const transport = fixture.api.local(user)
  return {
    list: async (chosen, query) => {
      try {
        const path = pathOf(chosen)
        const list = await transport.request({
          method: 'GET',
          path,
          query: { ...queryOf(chosen), ...query },
        })
        return replyOf(200, list as unknown as Wire)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        return replyOf(error.code, error.toStatus())
      }
    },
    async *watch(chosen, query) {
      const ended = new AbortController()
      const events: WatchedEvent[] = []
      let wake = (): void => {}
      let isOver = false
      const request = {
        method: 'GET',
        path: pathOf(chosen),
        query: { ...queryOf(chosen), ...query },
      }
      const timer = setTimeout(() => ended.abort(), 1000 * Number(query['timeoutSeconds']))
      const take = (event: unknown): void => {
        events.push(event as WatchedEvent)
        wake()
      }
      const done = transport
        .watch({ ...request, method: 'GET' }, take, ended.signal)
        .catch((error: unknown) => {
          if (!(error instanceof StatusError)) throw error
          take({ type: 'ERROR', object: error.toStatus() })
        })
        .finally(() => {
          isOver = true
          wake()
        })
      try {
        while (!isOver || events.length > 0) {
          const event = events.shift()
          if (event !== undefined) yield event
          else await new Promise<void>(resolve => (wake = resolve))
        }
      } finally {
        clearTimeout(timer)
        ended.abort()
        await done
      }
    },
  }
}

/** Counts writes, and lets those wait who want some more of them to be done. */
class Progress {
  done = 0
  #waiting: { readonly until: number; readonly resolve: () => void }[] = []

  readonly wait = (count: number): Promise<void> => {
    const until = Math.min(this.done + count, OPERATIONS)
    if (until <= this.done) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push({ until, resolve }))
  }

  readonly isOver = (): boolean => this.done >= OPERATIONS

  step(): void {
    this.done++
    for (const one of this.#waiting) if (one.until <= this.done) one.resolve()
    this.#waiting = this.#waiting.filter(one => one.until > this.done)
  }
}

type Send = (method: string, path: string, body?: object) => Promise<number>

/** One random write. Refusals (it exists, it does not, somebody was faster) are part of life. */
async function write(random: Random, send: Send, value: string): Promise<void> {
  const pick = (items: readonly string[]): string =>
    items[Math.floor(random.float() * items.length)] ?? ''
  const collection = `/api/v1/namespaces/${pick(NAMESPACES)}/configmaps`
  const name = `c${Math.floor(random.float() * NAMES)}`
  const filler = 'x'.repeat(Math.floor(random.float() ** 8 * 20_000))
  const object = { metadata: { name, labels: { app: pick(APPS) } }, data: { value, filler } }
  const choice = random.float()
  if (choice < 0.3) await send('POST', collection, object)
  else if (choice < 0.6) await send('PUT', `${collection}/${name}`, object)
  else if (choice < 0.9) await send('PATCH', `${collection}/${name}`, { data: { value } })
  else if (choice < 0.997) await send('DELETE', `${collection}/${name}`)
  else await send('DELETE', `${collection}?labelSelector=app%3Dweb`)
}

const EXPECTED = new Set([200, 201, 404, 409])

void t.test(`every client ends with the truth (seed ${SEED}, ${OPERATIONS} writes)`, async t => {
  const fixture = await startApi({ window: WINDOW })
  // An empty store is at revision 0, from which a watch means any state, told in any order.
  const namespace = { metadata: { name: 'first' } }
  await fixture.api
    .local(ADMIN)
    .request({ method: 'POST', path: '/api/v1/namespaces', body: namespace })
  const random = seededRandom(SEED)
  const truth = new Truth(fixture.store)
  const progress = new Progress()
  const problems: string[] = []
  const problem = (text: string): void => void (problems.length < 20 && problems.push(text))
  const connections = CHOICES.map(() => overHttps(fixture))
  const local = inProcess(fixture, ADMIN)
  const deps = { truth, random, problem, writes: progress.wait, isOver: progress.isOver }
  const followers = [
    ...CHOICES.flatMap((chosen, at) => {
      const access = connections[at]
      return access === undefined ? [] : [new Follower({ ...deps, access }, chosen)]
    }),
    ...CHOICES.map(chosen => new Follower({ ...deps, access: local }, chosen)),
  ]
  const wire = connectRaw(fixture)
  const send: Send = async (method, path, body) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const headers = body === undefined ? {} : { 'content-type': type }
    const { status, text } = await wire.send(method, path, body, headers)
    if (!EXPECTED.has(status)) problem(text)
    return status
  }
  let begun = 0
  const writer = async (): Promise<void> => {
    while (begun++ < OPERATIONS) {
      await write(random, send, String(begun))
      progress.step()
      if (progress.done % COMPACT_EVERY === 0)
        await fixture.store.compact(Math.max(0, truth.revision - Math.floor(random.float() * 200)))
      if (progress.done % LIST_EVERY === 0) await checkPast()
    }
  }
  let past = 0
  /** The state of some moment of the past, or the honest answer that it is gone. */
  const checkPast = async (): Promise<void> => {
    const revision = Math.max(1, truth.revision - Math.floor(random.float() * 400))
    const wasGone = revision < fixture.store.historyRevision
    const query = { resourceVersion: String(revision), resourceVersionMatch: 'Exact' }
    const page = await local.list(EVERYTHING, query)
    const isGone = revision < fixture.store.historyRevision
    if (page.status === 410 ? !isGone : wasGone) problem(`list at ${revision}: ${page.status}`)
    if (page.status !== 200) return
    past++
    const shown = page.items.map(showItem).join('\n')
    if (shown !== truth.stateAt(EVERYTHING, revision).join('\n')) problem(`list at ${revision}`)
  }
  try {
    const started = performance.now()
    const all = [...followers.map(one => one.run()), ...Array.from({ length: WRITERS }, writer)]
    await Promise.all(all)
    t.comment(`${Math.round(performance.now() - started)} ms, ${past} exact lists`)
    t.strictSame(problems, [])
    const sum = SEEN.map(
      what => [what, followers.reduce((total, one) => total + one.seen[what], 0)] as const,
    )
    t.comment(JSON.stringify(Object.fromEntries(sum)))
    for (const [what, count] of sum) t.ok(count > 0, `there were ${what}`)
  } finally {
    wire.close()
    for (const connection of connections) connection.close()
    await fixture.close()
  }
})
