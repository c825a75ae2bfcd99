import t from 'tap'
import type { AnyObject } from '#api/object.ts'
import { manualClock, turn } from './manual-clock.ts'
import { StatusError } from '#api/status.ts'
import { silentLogger } from '#base/logger.ts'
import { seededRandom } from '#base/random.ts'
import { ifThere } from '#client/absence.ts'
import { errorOfAnswer } from '#client/answer.ts'
import { createClient } from '#client/client.ts'
import { createController } from '#client/controller.ts'
import { discoverResources } from '#client/discovery.ts'
import { EventCorrelation, type EventFact } from '#client/event-correlation.ts'
import { createEventRecorder } from '#client/events.ts'
import { urlOf } from '#client/http-transport.ts'
import { JsonLines } from '#client/json-lines.ts'
import { nameOf } from '#client/resource.ts'
import type { ApiRequest, Transport } from '#client/transport.ts'

const EMPTY: AnyObject = { apiVersion: 'v1', kind: 'Status', metadata: {} }

function recording(answer: (request: ApiRequest) => AnyObject = () => EMPTY) {
  const seen: ApiRequest[] = []
  const transport: Transport = {
    async request(request) {
      seen.push(request)
      return answer(request)
    },
    async watch(request) {
      seen.push(request)
    },
  }
  return { seen, transport, client: createClient(transport) }
}

void t.test('calls become paths', async t => {
  const { client, seen } = recording(() => ({ ...EMPTY, items: [] }))
  const at = { namespace: 'default', name: 'web' }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: at }
  await client.pods.get(at)
  await client.nodes.get({ name: 'n/1' })
  await client.deployments.list({ labelSelector: 'app=web', limit: 5 })
  await client.deployments.list({ namespace: 'default' })
  await client.pods.create(pod, { dryRun: true })
  await client.pods.update(pod)
  await client.pods.updateStatus(pod)
  await client.pods.patch(at, { type: 'apply', body: {}, force: true }, { fieldManager: 'x' })
  await client.pods.patch(at, { type: 'json', body: [] }, { subresource: 'status' })
  await client.pods.delete(at, { gracePeriodSeconds: 0, dryRun: true })
  await client.pods.deleteCollection({ namespace: 'default', labelSelector: 'a=b' })
  await client.pods.createSub(at, 'binding', {})
  await client.deployments.getSub(at, 'scale')
  await client.namespaces.updateSub({ name: 'x' }, 'finalize', {})
  await client.leases.watch(
    { resourceVersion: '7', allowWatchBookmarks: true },
    () => {},
    new AbortController().signal,
  )
  const lines = seen.map(({ method, path, query }) => `${method} ${urlOf(path, query)}`)
  const one = '/api/v1/namespaces/default/pods/web'
  t.same(lines, [
    `GET ${one}`,
    'GET /api/v1/nodes/n%2F1',
    'GET /apis/apps/v1/deployments?labelSelector=app%3Dweb&limit=5',
    'GET /apis/apps/v1/namespaces/default/deployments',
    'POST /api/v1/namespaces/default/pods?dryRun=All',
    `PUT ${one}`,
    `PUT ${one}/status`,
    `PATCH ${one}?fieldManager=x&force=true`,
    `PATCH ${one}/status`,
    `DELETE ${one}`,
    'DELETE /api/v1/namespaces/default/pods?labelSelector=a%3Db',
    `POST ${one}/binding`,
    'GET /apis/apps/v1/namespaces/default/deployments/web/scale',
    'PUT /api/v1/namespaces/x/finalize',
    'GET /apis/coordination.k8s.io/v1/leases?resourceVersion=7&allowWatchBookmarks=true&watch=true',
  ])
  t.equal(seen[7]?.contentType, 'application/apply-patch+yaml')
  t.match(seen[9]?.body, { kind: 'DeleteOptions', gracePeriodSeconds: 0, dryRun: ['All'] })
  t.throws(() => nameOf({ ...pod, metadata: {} }), /without a name/)
})

void t.test('items of a list have their kind', async t => {
  const { client } = recording(() => ({ ...EMPTY, items: [{ metadata: { name: 'a' } }] }))
  t.match((await client.deployments.list()).items, [{ apiVersion: 'apps/v1', kind: 'Deployment' }])
})

void t.test('discovery gives what can be listed, in the preferred version', async t => {
  const rows = (names: readonly string[]) =>
    names.map(name => ({
      name,
      kind: 'K',
      namespaced: true,
      verbs: name === 'bindings' ? ['create'] : ['list'],
    }))
  const { transport } = recording(({ path }) => {
    if (path === '/apis') {
      const versions = [{ version: 'v1' }, { version: 'v1beta1' }]
      return { ...EMPTY, groups: [{ name: 'apps', versions, preferredVersion: versions[0] }] }
    }
    return {
      ...EMPTY,
      resources: rows(ROWS[path] ?? ['deployments']),
    }
  })
  const found = await discoverResources(transport, new AbortController().signal)
  t.same(
    found.map(({ group, version, plural }) => `${group}/${version}/${plural}`),
    ['/v1/pods', 'apps/v1/deployments', 'apps/v1beta1/relics'],
    'each in the preferred version, or in the one that has it',
  )
})

const ROWS: Readonly<Record<string, readonly string[]>> = {
  '/api/v1': ['pods', 'pods/log', 'bindings'],
  '/apis/apps/v1beta1': ['deployments', 'relics'],
}

void t.test('answers become the errors they stand for', t => {
  const cases = [
    [409, { kind: 'Status', reason: 'AlreadyExists', code: 409, message: 'x' }, 'AlreadyExists'],
    [409, 'no', 'Conflict'],
    [410, {}, 'Expired'],
    [418, {}, 'BadRequest'],
    [502, {}, 'ServiceUnavailable'],
    [599, {}, 'InternalError'],
    [404, { kind: 'Status', reason: 'Odd', message: 'x' }, 'NotFound'],
  ] as const
  for (const [code, body, reason] of cases) t.equal(errorOfAnswer(code, body).reason, reason)
  t.end()
})

void t.test('lines are whole however they are cut', t => {
  const text = '{"a":"é"}\n\n{"b":[1,2]}\n'
  const bytes = Buffer.from(text)
  for (let size = 1; size < bytes.length; size += 1) {
    const lines = new JsonLines(1024)
    const values: unknown[] = []
    for (let at = 0; at < bytes.length; at += size) {
      lines.push(bytes.subarray(at, at + size), value => values.push(value))
    }
    t.same(values, [{ a: 'é' }, { b: [1, 2] }])
  }
  t.throws(() => new JsonLines(4).push(Buffer.from('123456'), () => {}), /too long/)
  t.end()
})

const fact = (message: string, reason = 'BackOff'): EventFact => ({
  component: 'kubelet',
  about: { kind: 'Pod', name: 'web', namespace: 'default', uid: 'u' },
  type: 'Warning',
  reason,
  message,
})

void t.test('the same event again is a count', t => {
  const correlation = new EventCorrelation()
  const first = correlation.decide(fact('x'), 0)
  t.equal(first.kind, 'create')
  if (first.kind === 'create') correlation.created(first.id, 'web.1')
  t.match(correlation.decide(fact('x'), 1), { kind: 'count', name: 'web.1', count: 2 })
  if (first.kind === 'create') correlation.forgotten(first.id)
  t.equal(correlation.decide(fact('x'), 2).kind, 'create')
  t.end()
})

void t.test('a clock that is set back silences nobody', t => {
  const correlation = new EventCorrelation()
  const day = 86_400_000
  correlation.decide(fact('before'), day)
  t.equal(correlation.decide(fact('after'), 0).kind, 'create')
  t.equal(correlation.decide(fact('later'), 1).kind, 'create')
  t.end()
})

void t.test('a crowd of similar events becomes one, a flood is cut off', t => {
  const correlation = new EventCorrelation()
  const kinds = Array.from({ length: 30 }, (_, index) => {
    const telling = correlation.decide(fact(`m${index}`), index)
    if (telling.kind === 'create') correlation.created(telling.id, `e${index}`)
    return telling.kind === 'drop'
      ? 'drop'
      : telling.message.startsWith('(combined')
        ? 'combined'
        : telling.kind
  })
  t.same(kinds, [
    ...Array.from({ length: 10 }, () => 'create'),
    ...Array.from({ length: 15 }, () => 'combined'),
    ...Array.from({ length: 5 }, () => 'drop'),
  ])
  t.not(correlation.decide(fact('later'), 400_000).kind, 'drop', 'one more after five minutes')
  t.end()
})

void t.test('events are told, and told again when the first was forgotten', async t => {
  const clock = manualClock()
  let isPatchLost = false
  const { client, seen } = recording(({ method }) => {
    if (method === 'PATCH' && isPatchLost) throw new StatusError('NotFound', 'gone')
    return EMPTY
  })
  const recorder = createEventRecorder({
    client,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    component: 'kubelet',
    host: 'n1',
  })
  const stop = new AbortController()
  const running = recorder.run(stop.signal)
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u' },
  }
  const happened = { type: 'Normal', reason: 'Pulled', message: 'x'.repeat(2000) } as const
  recorder.event(pod, happened)
  await clock.advance(1)
  recorder.event(
    { reference: { kind: 'Pod', name: 'web', namespace: 'default', uid: 'u', apiVersion: 'v1' } },
    happened,
  )
  await clock.advance(1)
  isPatchLost = true
  recorder.event(pod, happened)
  await clock.advance(1)
  t.same(
    seen.map(({ method }) => method),
    ['POST', 'PATCH', 'PATCH', 'POST'],
  )
  t.match(seen[0]?.body, {
    count: 1,
    source: { component: 'kubelet', host: 'n1' },
    involvedObject: { uid: 'u' },
  })
  t.match(seen[1]?.body, { count: 2 })
  stop.abort()
  await running
})

void t.test('a controller retries what failed, later, and lets others pass', async t => {
  const clock = manualClock()
  const seen: string[] = []
  const controller = createController({
    name: 'test',
    workers: 1,
    needs: [],
    async sync(key) {
      seen.push(key)
      if (key === 'bad' && seen.length < 4) throw new Error('no')
      return key === 'again' && seen.filter(one => one === 'again').length < 2
        ? { requeueAfterMs: 500 }
        : undefined
    },
    clock,
    random: seededRandom(1),
    log: silentLogger,
  })
  const stop = new AbortController()
  const running = controller.run(stop.signal)
  for (const key of ['bad', 'good', 'again']) controller.enqueue(key)
  await clock.advance(10)
  t.same(seen, ['bad', 'good', 'again'])
  await clock.advance(1_000)
  t.same(seen.slice(3).sort(), ['again', 'bad'])
  await turn()
  t.ok(controller.isIdle)
  stop.abort()
  await running
})

void t.test('absence is an answer, any other refusal an error', async t => {
  const refused = (reason: 'NotFound' | 'Forbidden'): Promise<AnyObject> =>
    Promise.reject(new StatusError(reason, 'no'))
  t.equal(await ifThere(Promise.resolve(EMPTY)), EMPTY)
  t.equal(await ifThere(refused('NotFound')), undefined)
  await t.rejects(ifThere(refused('Forbidden')), new StatusError('Forbidden', 'no'))
})
