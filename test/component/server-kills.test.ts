/**
 * The whole server, killed at random moments under load: nothing acknowledged is lost, no revision is used again, and
 * watchers that resume see each event once.
 * KITES_TEST_SERVER_KILLS says how often; every fourth kill hits the server while it starts.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { AnyObject, WatchEvent } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { rfc3339Micro } from '#api/time.ts'
import { systemClock as clock } from '#base/clock.ts'
import { seededRandom } from '#base/random.ts'
import type { HttpTransport } from '#client/http-transport.ts'
import { KilledServer } from '#test/support/killed-server.ts'
import { meaningOf, WriteHistory } from '#test/support/write-history.ts'

const KILLS = Number(process.env['KITES_TEST_SERVER_KILLS'] ?? 20)
const SEED = Number(process.env['KITES_TEST_SEED'] ?? Date.now() % 1e6)
const WRITERS = 6
const KEYS = 5
const DEADLINE_MS = 60_000
const RETRY_MS = 20
const NAMESPACE = '/api/v1/namespaces/kills'
const CONFIG_MAPS = `${NAMESPACE}/configmaps`
const LABEL = 'load=yes'

const directory = mkdtempSync(join(tmpdir(), 'kites-kills-'))
const random = seededRandom(SEED)
const history = new WriteHistory()
/** Ends the writers, and later the watchers. */
const stop = new AbortController()
const over = new AbortController()
t.comment(`seed ${SEED}`)

/** Asks again while the server is away. */
async function ask(task: () => Promise<AnyObject>): Promise<AnyObject | undefined> {
  for (;;) {
    try {
      return await task()
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      if (!isAway(error)) throw error
      await clock.sleep(RETRY_MS)
    }
  }
}

const isAway = (error: unknown): boolean => isReason(error, 'ServiceUnavailable', 'Timeout')
const revisionOf = (object: AnyObject): number => Number(object.metadata.resourceVersion)

function factsOf(object: AnyObject) {
  const { name = '', uid = '' } = object.metadata
  const data = object['data']
  const value = typeof data === 'object' && data !== null && 'v' in data ? String(data.v) : ''
  return { name, uid, value }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = clock.monotonic() + DEADLINE_MS
  while (!isSo()) {
    if (clock.monotonic() > deadline) {
      const found = history.problems.slice(0, 5).join('; ')
      throw new Error(`waited in vain: ${what}; problems: ${found}`)
    }
    await clock.sleep(RETRY_MS)
  }
}

/** Creates, changes and deletes its own few objects, one write at a time, until the end. */
async function write(api: HttpTransport, writer: number): Promise<void> {
  const known = new Map<string, AnyObject>()
  for (let count = 0; !stop.signal.aborted; count++) {
    const name = `w${writer}-${Math.floor(random.float() * KEYS)}`
    const current = known.get(name)
    if (current !== undefined && random.float() < 0.3) await remove(api, known, current)
    else await put(api, known, { name, value: `${writer}.${count}`, current })
  }
}

async function put(
  api: HttpTransport,
  known: Map<string, AnyObject>,
  wanted: {
    readonly name: string
    readonly value: string
    readonly current: AnyObject | undefined
  },
): Promise<void> {
  const { name, value, current } = wanted
  const { resourceVersion } = current?.metadata ?? {}
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { load: 'yes' }, ...(resourceVersion ? { resourceVersion } : {}) },
    data: { v: value, filling: 'x'.repeat(200) },
  }
  const highest = history.highest
  try {
    const answer = await api.request(
      current === undefined
        ? { method: 'POST', path: CONFIG_MAPS, body }
        : { method: 'PUT', path: `${CONFIG_MAPS}/${name}`, body },
    )
    history.acknowledge(revisionOf(answer), meaningOf({ name, value }), highest)
    known.set(name, answer)
  } catch (error) {
    if (!isAway(error)) throw error
    await lookAgain(api, known, { name, isNext: found => factsOf(found).value === value })
  }
}

async function remove(
  api: HttpTransport,
  known: Map<string, AnyObject>,
  current: AnyObject,
): Promise<void> {
  const { name = '', uid = '' } = current.metadata
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid } }
  try {
    await api.request({ method: 'DELETE', path: `${CONFIG_MAPS}/${name}`, body })
    history.acknowledgeDelete(name, uid)
    known.delete(name)
  } catch (error) {
    if (!isAway(error)) throw error
    await lookAgain(api, known, { name, isNext: () => false })
  }
}

/** Nobody knows what became of the last write: it happened as a whole, or not at all. */
async function lookAgain(
  api: HttpTransport,
  known: Map<string, AnyObject>,
  write: { readonly name: string; readonly isNext: (found: AnyObject) => boolean },
): Promise<void> {
  const { name } = write
  const before = known.get(name)
  const found = await ask(() => api.request({ method: 'GET', path: `${CONFIG_MAPS}/${name}` }))
  const isBefore = found?.metadata.resourceVersion === before?.metadata.resourceVersion
  if (found !== undefined && !isBefore && !write.isNext(found))
    history.problems.push(`${name} is at ${found.metadata.resourceVersion}, which nobody wrote`)
  if (found === undefined) known.delete(name)
  else known.set(name, found)
}

/** A renewal names the revision it replaces. */
async function leaseMetadata(api: HttpTransport, path: string): Promise<object> {
  try {
    const { metadata } = await api.request({ method: 'GET', path })
    return metadata
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    return { name: 'kills' }
  }
}

/** Renews a Lease without end: revisions that are never written, from a reserved block. */
async function renew(api: HttpTransport): Promise<void> {
  const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/kills'
  while (!stop.signal.aborted) {
    const highest = history.highest
    const spec = { holderIdentity: 'kills', renewTime: rfc3339Micro(clock.now()) }
    try {
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: await leaseMetadata(api, path),
        spec,
      }
      const answer = await api.request({ method: 'PUT', path, body })
      history.acknowledge(revisionOf(answer), `lease ${spec.renewTime}`, highest)
    } catch (error) {
      if (!isAway(error)) throw error
    }
    await clock.sleep(RETRY_MS)
  }
}

/** Watches from `start` on, resuming from the last revision it was told whenever the watch ends. */
async function watch(
  api: HttpTransport,
  watcher: { readonly path: string; readonly query: Readonly<Record<string, string>> },
  start: { position: number },
): Promise<void> {
  const id = watcher.path + JSON.stringify(watcher.query)
  const onEvent = ({ type, object }: WatchEvent): void => {
    start.position = revisionOf(object)
    const isLoad = object.metadata.labels?.['load'] === 'yes'
    if (type !== 'BOOKMARK' && isLoad)
      history.see(id, { type, revision: start.position, ...factsOf(object) })
  }
  while (!over.signal.aborted) {
    const query = { ...watcher.query, resourceVersion: String(start.position) }
    try {
      await api.watch({ method: 'GET', path: watcher.path, query }, onEvent, over.signal)
    } catch (error) {
      if (!isAway(error)) history.problems.push(`${id} at ${start.position}: ${String(error)}`)
    }
    await clock.sleep(RETRY_MS)
  }
}

const WATCHERS = [
  { path: CONFIG_MAPS, query: {} },
  { path: CONFIG_MAPS, query: { labelSelector: LABEL, allowWatchBookmarks: 'true' } },
  { path: '/api/v1/configmaps', query: { labelSelector: 'load' } },
] as const

void t.test(`${KILLS} kills of the server`, { timeout: 10 * DEADLINE_MS }, async t => {
  const server = await KilledServer.prepare(directory)
  server.start()
  t.teardown(async () => {
    stop.abort()
    over.abort()
    await server.kill().finally(() => rmSync(directory, { recursive: true, force: true }))
  })
  let api: HttpTransport | undefined
  const deadline = clock.monotonic() + DEADLINE_MS
  while (api === undefined && clock.monotonic() < deadline) {
    api = await server.connect().catch(() => undefined)
    await clock.sleep(RETRY_MS)
  }
  if (api === undefined) throw new Error('no kubeconfig')
  const transport = api
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kills' } }
  await ask(() =>
    transport.request({ method: 'POST', path: '/api/v1/namespaces', body: namespace }),
  )
  const first = await ask(() => transport.request({ method: 'GET', path: CONFIG_MAPS }))
  const positions = WATCHERS.map(() => ({ position: first === undefined ? 0 : revisionOf(first) }))
  const watching = WATCHERS.map((watcher, at) =>
    watch(transport, watcher, positions[at] ?? { position: 0 }),
  )
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(transport, writer))
  const writing = Promise.all([...writers, renew(transport)])
  writing.catch(error => history.problems.push(`the load ended: ${String(error)}`))

  for (let kill = 1; kill <= KILLS; kill++) {
    const before = history.acknowledged
    if (kill % 4 === 0) await clock.sleep(random.float() * 800)
    else {
      await until('the first write after a start', () => history.acknowledged > before)
      await clock.sleep(random.float() ** 2 * 500)
    }
    await server.kill()
    server.start()
  }
  const before = history.acknowledged
  await until('a last life', () => history.acknowledged > before + 50)
  stop.abort()
  await writing
  const last = new Map<string, AnyObject>()
  while (!last.has('last'))
    await put(transport, last, { name: 'last', value: '', current: undefined })
  await until('watchers that have seen the end', () =>
    positions.every(
      ({ position }) => position >= revisionOf(last.get('last') ?? first ?? namespace),
    ),
  )
  const query = { labelSelector: LABEL }
  const list = await ask(() => transport.request({ method: 'GET', path: CONFIG_MAPS, query }))
  over.abort()
  await Promise.all(watching)
  await transport.close()
  t.same(history.check(valuesIn(list)), [])
  t.comment(`${history.acknowledged} acknowledged writes`)
  t.ok(history.acknowledged > KILLS * 10, 'there was load')
})

/** Value by name. */
function valuesIn(list: AnyObject | undefined): ReadonlyMap<string, string> {
  const items = list?.['items']
  const objects: readonly AnyObject[] = Array.isArray(items) ? items : []
  return new Map(objects.map(object => [factsOf(object).name, factsOf(object).value]))
}
