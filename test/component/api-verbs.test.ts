/** The API over raw HTTP/2: verbs, lists, watches, conflicts and every refusal a client may meet. */
import t from 'tap'
import { isReason } from '#api/status.ts'
import { generateKey } from '#client/pki/keys.ts'
import { createRequest } from '#client/pki/request.ts'
import { connectRaw, echoNodes, linesOf, startApi } from './api-fixture.ts'

const DEADLINE_MS = 10_000

const configMap = (name: string, data: Record<string, string> = { a: 'b' }): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})
const CONFIGMAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'

const pod = (name: string, spec: object = {}): object => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'busybox' }], ...spec },
})

const nodes = echoNodes()
const fixture = await startApi({ nodes })
const client = connectRaw(fixture)
t.teardown(async () => {
  client.close()
  await fixture.close()
})
await client.send('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })

void t.test('create, get, update, delete', async t => {
  const created = await client.send('POST', CONFIGMAPS, configMap('one'))
  t.equal(created.status, 201)
  t.match(created.body.metadata, { name: 'one', namespace: 'default', uid: /^[0-9a-f-]{36}$/ })
  const got = await client.send('GET', `${CONFIGMAPS}/one`)
  t.equal(got.text, created.text, 'GET sends the very bytes that were written')
  t.equal(got.headers['content-type'], 'application/json')

  const again = await client.send('POST', CONFIGMAPS, configMap('one'))
  t.equal(again.status, 409)
  t.match(again.body, { reason: 'AlreadyExists', message: 'configmaps "one" already exists' })

  const same = await client.send('PUT', `${CONFIGMAPS}/one`, got.body)
  t.equal(
    same.body.metadata['resourceVersion'],
    got.body.metadata['resourceVersion'],
    'no change, no write',
  )

  const stale = { ...got.body, metadata: { ...got.body.metadata, resourceVersion: '1' } }
  const refused = await client.send('PUT', `${CONFIGMAPS}/one`, stale)
  t.match(refused.body, {
    reason: 'Conflict',
    code: 409,
    message:
      'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again',
  })
  const changed = await client.send('PUT', `${CONFIGMAPS}/one`, configMap('one', { a: 'c' }))
  t.equal(changed.status, 200)

  const deleted = await client.send('DELETE', `${CONFIGMAPS}/one`)
  t.match(deleted.body, {
    kind: 'Status',
    status: 'Success',
    details: { name: 'one', kind: 'configmaps' },
  })
  const gone = await client.send('GET', `${CONFIGMAPS}/one`)
  t.match(gone.body, { reason: 'NotFound', code: 404, message: 'configmaps "one" not found' })
})

void t.test('generateName, dry run and field validation', async t => {
  const generated = await client.send('POST', CONFIGMAPS, { metadata: { generateName: 'made-' } })
  t.match(generated.body.metadata['name'], /^made-[a-z0-9]{5}$/)
  const dry = await client.send('POST', `${CONFIGMAPS}?dryRun=All`, configMap('dry'))
  t.equal(dry.status, 201)
  t.equal((await client.send('GET', `${CONFIGMAPS}/dry`)).status, 404)
  const warned = await client.send('POST', `${CONFIGMAPS}?dryRun=All`, {
    ...configMap('w'),
    odd: 1,
  })
  t.equal(warned.headers['warning'], '299 - "unknown field \\"odd\\""')
  const strict = await client.send('POST', `${CONFIGMAPS}?fieldValidation=Strict`, {
    ...configMap('w'),
    odd: 1,
  })
  t.match(strict.body, { code: 400, message: /strict decoding error: unknown field "odd"/ })
  const nameless = await client.send('POST', CONFIGMAPS, { metadata: {} })
  t.match(nameless.body, { code: 422, message: /name or generateName is required/ })
  const elsewhere = await client.send('POST', CONFIGMAPS, {
    metadata: { name: 'x', namespace: 'y' },
  })
  t.match(elsewhere.body, {
    code: 400,
    message:
      'the namespace of the provided object does not match the namespace sent on the request',
  })
})

void t.test('patches', async t => {
  await client.send('POST', CONFIGMAPS, configMap('p'))
  const patch = (type: string, body: unknown, query = ''): ReturnType<typeof client.send> =>
    client.send('PATCH', `${CONFIGMAPS}/p${query}`, body, { 'content-type': type })
  const merged = await patch('application/merge-patch+json', { data: { b: 'c' } })
  t.match(merged.body, { data: { a: 'b', b: 'c' } })
  const removed = await patch('application/json-patch+json', [{ op: 'remove', path: '/data/a' }])
  t.strictSame(removed.body['data'], { b: 'c' })
  const strategic = await patch('application/strategic-merge-patch+json', {
    metadata: { labels: { x: 'y' } },
  })
  t.match(strategic.body, { metadata: { labels: { x: 'y' } } })
  const unknown = await patch('text/plain', 'x')
  t.match(unknown.body, { code: 415, reason: 'UnsupportedMediaType' })
  const applied = await patch(
    'application/apply-patch+yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata: {won: "1"}\n',
    '?fieldManager=me',
  )
  t.match(applied.body, { data: { won: '1', b: 'c' } })
  const fought = await patch(
    'application/apply-patch+yaml',
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'p' }, data: { won: '2' } },
    '?fieldManager=you',
  )
  t.match(fought.body, { code: 409, reason: 'Conflict', message: /Apply failed with 1 conflict/ })
  const made = await client.send(
    'PATCH',
    `${CONFIGMAPS}/made?fieldManager=me`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made' } },
    { 'content-type': 'application/apply-patch+yaml' },
  )
  t.equal(made.status, 201, 'apply creates')
  const racing = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      patch('application/merge-patch+json', { data: { [`k${index}`]: 'v' } }),
    ),
  )
  t.strictSame(
    racing.map(reply => reply.status),
    racing.map(() => 200),
    'patches retry by themselves',
  )
  const all = await client.send('GET', `${CONFIGMAPS}/p`)
  t.equal(Object.keys(Object(all.body['data'])).length, 12)
})

void t.test('lists: selectors, pages, versions', async t => {
  await Promise.all(
    Array.from({ length: 7 }, (_, index) =>
      client.send('POST', '/api/v1/namespaces/paged/configmaps', {
        metadata: { name: `c${index}`, labels: { half: index % 2 === 0 ? 'even' : 'odd' } },
      }),
    ),
  )
  const paged = '/api/v1/namespaces/paged/configmaps'
  const first = await client.send('GET', `${paged}?limit=3`)
  t.match(first.body.metadata, { remainingItemCount: 4 })
  await client.send('POST', paged, { metadata: { name: 'c55' } })
  const token = encodeURIComponent(String(first.body.metadata['continue']))
  const second = await client.send('GET', `${paged}?limit=10&continue=${token}`)
  t.strictSame(
    second.body.items.map(item => item.metadata['name']),
    ['c3', 'c4', 'c5', 'c6'],
    "a page shows the first page's revision",
  )
  t.equal(second.body.metadata['resourceVersion'], first.body.metadata['resourceVersion'])
  const even = await client.send('GET', `${paged}?labelSelector=half%3Deven`)
  t.equal(even.body.items.length, 4)
  const named = await client.send('GET', `/api/v1/configmaps?fieldSelector=metadata.name%3Dc2`)
  t.equal(named.body.items.length, 1)
  const odd = await client.send('GET', `${PODS}?fieldSelector=spec.color%3Dred`)
  t.match(odd.body, { code: 400, message: /field label not supported/ })
  const future = await client.send('GET', `${paged}?resourceVersion=999999`)
  t.match(future.body, {
    code: 504,
    message: /^Timeout: Too large resource version: 999999, current: \d+/,
  })
  const token2 = await client.send('GET', `${paged}?continue=nonsense`)
  t.match(token2.body, { code: 400, message: 'invalid continue token: continue key is not valid' })
})

void t.test('watches: resume, bookmarks, initial events, expiry', async t => {
  const watched = '/api/v1/namespaces/watched/configmaps'
  const start = await client.send('POST', watched, configMap('w1'))
  const version = start.body.metadata['resourceVersion']
  const stream = client.open(`${watched}?watch=true&resourceVersion=${String(version)}`)
  const lines = linesOf(stream)
  await client.send('POST', watched, configMap('w2'))
  await client.send('PUT', `${watched}/w2`, configMap('w2', { a: 'z' }))
  await client.send('DELETE', `${watched}/w2`)
  const seen = []
  for await (const line of lines) {
    seen.push(line['type'])
    if (seen.length === 3) break
  }
  t.strictSame(seen, ['ADDED', 'MODIFIED', 'DELETED'])

  const query =
    'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan'
  const initial = linesOf(client.open(`${watched}?${query}`))
  t.match((await initial.next()).value, { type: 'ADDED', object: { metadata: { name: 'w1' } } })
  t.match((await initial.next()).value, {
    type: 'BOOKMARK',
    object: {
      kind: 'ConfigMap',
      metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } },
    },
  })
  await initial.return(undefined)

  await client.send('POST', watched, configMap('w3'))
  const oldPath = '/api/v1/watch/namespaces/watched/configmaps/w3?timeoutSeconds=1'
  const one = linesOf(client.open(oldPath))
  const told = []
  for await (const line of one) told.push(line)
  t.match(told, [{ object: { metadata: { name: 'w3' } } }])
  t.equal(told.length, 1, 'the old path of a watch')
  const other = await client.send('GET', `${oldPath}&fieldSelector=metadata.name%3Dw1`)
  t.match(other.body, {
    code: 400,
    message: "fieldSelector metadata.name doesn't match requested name",
  })
  const plain = await client.send('GET', `${watched}/w3?watch=true`)
  t.match(plain.body, { kind: 'ConfigMap', metadata: { name: 'w3' } }, 'one object is got')
  await client.send('DELETE', `${watched}/w3`)

  const bounded = linesOf(client.open(`${watched}?watch=true&timeoutSeconds=1`))
  t.match((await bounded.next()).value, { type: 'ADDED' })
  t.equal((await bounded.next()).done, true, 'ends by itself in good order')
})

void t.test('pods: defaults, binding, graceful deletion, eviction, logs', async t => {
  const created = await client.send('POST', PODS, pod('web'))
  t.match(created.body, {
    metadata: { generation: 1 },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 },
  })
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'web' },
    target: { kind: 'Node', name: 'n1' },
  }
  t.match((await client.send('POST', `${PODS}/web/binding`, binding)).body, {
    kind: 'Status',
    code: 201,
  })
  const twice = await client.send('POST', `${PODS}/web/binding`, binding)
  t.match(twice.body, {
    code: 409,
    message:
      'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "n1"',
  })
  const bound = await client.send('GET', `${PODS}/web`)
  t.match(bound.body, {
    spec: { nodeName: 'n1' },
    status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
  })
  const selected = await client.send('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1')
  t.equal(selected.body.items.length, 1)

  const log = await client.send('GET', `${PODS}/web/log?tailLines=2`)
  t.equal(log.text, 'line one\nline two\n')
  t.equal(nodes.seen.at(-1), '/containerLogs/default/web/c?tailLines=2')

  const status = await client.send(
    'PATCH',
    `${PODS}/web/status`,
    { status: { phase: 'Running' }, spec: { nodeName: 'other' } },
    { 'content-type': 'application/merge-patch+json' },
  )
  t.match(status.body, {
    status: { phase: 'Running', qosClass: 'BestEffort' },
    spec: { nodeName: 'n1' },
  })

  const deleting = await client.send('DELETE', `${PODS}/web`)
  t.match(deleting.body, {
    kind: 'Pod',
    metadata: { deletionGracePeriodSeconds: 30, deletionTimestamp: String },
  })
  t.equal((await client.send('GET', `${PODS}/web`)).status, 200, 'its node must let it go')
  await client.send('DELETE', `${PODS}/web`, { gracePeriodSeconds: 0 })
  t.equal((await client.send('GET', `${PODS}/web`)).status, 404)

  await client.send('POST', PODS, pod('evicted'))
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: 'evicted', namespace: 'default' },
  }
  t.equal((await client.send('POST', `${PODS}/evicted/eviction`, eviction)).status, 201)
  t.equal((await client.send('GET', `${PODS}/evicted`)).status, 404, 'unscheduled pods go at once')
})

void t.test('finalizers and preconditions hold an object', async t => {
  await client.send('POST', CONFIGMAPS, {
    metadata: { name: 'held', finalizers: ['example.com/hold'] },
  })
  const wrong = await client.send('DELETE', `${CONFIGMAPS}/held`, {
    preconditions: { uid: 'other' },
  })
  t.match(wrong.body, {
    code: 409,
    message: /the UID in the precondition \(other\) does not match the UID in record/,
  })
  const deleting = await client.send('DELETE', `${CONFIGMAPS}/held?propagationPolicy=Foreground`)
  t.match(deleting.body, {
    metadata: { deletionTimestamp: String, finalizers: ['example.com/hold', 'foregroundDeletion'] },
  })
  await client.send(
    'PATCH',
    `${CONFIGMAPS}/held`,
    { metadata: { finalizers: null } },
    { 'content-type': 'application/merge-patch+json' },
  )
  t.equal(
    (await client.send('GET', `${CONFIGMAPS}/held`)).status,
    404,
    'the last finalizer lets it go',
  )
})

void t.test('namespaces wait for their finalizer', async t => {
  await client.send('POST', '/api/v1/namespaces', { metadata: { name: 'doomed' } })
  const deleting = await client.send('DELETE', '/api/v1/namespaces/doomed')
  t.match(deleting.body, { status: { phase: 'Terminating' }, spec: { finalizers: ['kubernetes'] } })
  const current = await client.send('GET', '/api/v1/namespaces/doomed')
  const { body } = current
  const letGo = () =>
    client.send('PUT', '/api/v1/namespaces/doomed/finalize', { ...body, spec: { finalizers: [] } })
  const late = '/api/v1/namespaces/doomed/configmaps'
  // On its way to the disk while somebody lets the namespace go.
  const coming = client.send('POST', late, configMap('late'))
  t.match((await letGo()).body, { code: 409, message: /there are still configmaps in it/ })
  t.equal((await coming).status, 201)
  await client.send('DELETE', `${late}/late`)
  t.equal((await letGo()).status, 200)
  t.equal((await client.send('GET', '/api/v1/namespaces/doomed')).status, 404)
})

void t.test('services: addresses and ports are given out once', async t => {
  const services = '/api/v1/namespaces/default/services'
  const service = (name: string, spec: object): object => ({
    metadata: { name },
    spec: { ports: [{ port: 80 }], ...spec },
  })
  const one = await client.send(
    'POST',
    services,
    service('one', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
  )
  t.match(one.body, {
    spec: { clusterIP: /^10\.43\./, ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
  })
  const two = await client.send(
    'POST',
    services,
    service('two', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
  )
  t.match(two.body, {
    code: 422,
    message:
      'Service "two" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
  })
  const wanted = await client.send('POST', services, service('three', { clusterIP: '10.43.0.10' }))
  t.match(wanted.body, { spec: { clusterIP: '10.43.0.10' } })
  const taken = await client.send('POST', services, service('four', { clusterIP: '10.43.0.10' }))
  t.match(taken.body, { code: 422, message: /provided IP is already allocated/ })
  await client.send('DELETE', `${services}/one`)
  const reused = await client.send(
    'POST',
    services,
    service('two', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
  )
  t.equal(reused.status, 201)
})

void t.test('reviews, tokens, scale, secrets, events', async t => {
  const access = await client.send(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    {
      spec: { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } },
    },
  )
  t.match(access.body, { status: { allowed: true } })
  const token = await client.send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    spec: { token: 'nobody' },
  })
  t.match(token.body, { status: { authenticated: true, user: { username: 'nobody' } } })
  await client.send('POST', '/api/v1/namespaces/default/serviceaccounts', {
    metadata: { name: 'bot' },
  })
  const issued = await client.send('POST', '/api/v1/namespaces/default/serviceaccounts/bot/token', {
    spec: { audiences: [] },
  })
  t.match(issued.body, { kind: 'TokenRequest', status: { token: 'default:bot' } })

  const template = {
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  }
  await client.send('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  })
  const scale = '/apis/apps/v1/namespaces/default/deployments/d/scale'
  const read = await client.send('GET', scale)
  t.match(read.body, { kind: 'Scale', spec: { replicas: 1 }, status: { selector: 'a=b' } })
  await client.send('PUT', scale, { ...read.body, spec: { replicas: 4 } })
  const scaled = await client.send('GET', '/apis/apps/v1/namespaces/default/deployments/d')
  t.match(scaled.body, { spec: { replicas: 4 }, metadata: { generation: 2 } })

  const secret = await client.send('POST', '/api/v1/namespaces/default/secrets', {
    metadata: { name: 's' },
    stringData: { k: 'v' },
  })
  t.strictSame(secret.body['data'], { k: 'dg==' })

  const event = {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'x', namespace: 'default' },
    message: 'hello',
    reason: 'R',
    type: 'Normal',
  }
  t.equal((await client.send('POST', '/api/v1/namespaces/default/events', event)).status, 201)
  const other = await client.send('GET', '/apis/events.k8s.io/v1/namespaces/default/events/e')
  t.match(other.body, { apiVersion: 'events.k8s.io/v1', note: 'hello', regarding: { kind: 'Pod' } })
  const listed = await client.send('GET', '/apis/events.k8s.io/v1/namespaces/default/events')
  t.match(listed.body.items, [{ note: 'hello' }])
})

void t.test('bad input ends as a Status', async t => {
  const cases: readonly {
    name: string
    path: string
    body?: unknown
    headers?: Record<string, string>
    code: number
    message: RegExp
  }[] = [
    {
      name: 'broken JSON',
      path: CONFIGMAPS,
      body: '{"a":',
      code: 400,
      message: /json parse error/,
    },
    {
      name: 'wrong type',
      path: CONFIGMAPS,
      body: { metadata: { name: 5 } },
      code: 400,
      message: /cannot be handled as a ConfigMap/,
    },
    {
      name: 'another kind',
      path: CONFIGMAPS,
      body: { apiVersion: 'v1', kind: 'Pod' },
      code: 400,
      message: /cannot be handled as a ConfigMap/,
    },
    {
      name: 'too large',
      path: CONFIGMAPS,
      body: Buffer.alloc(3 * 1024 * 1024 + 1, 32),
      code: 413,
      message: /limit is 3145728/,
    },
    {
      name: 'broken YAML',
      path: CONFIGMAPS,
      body: 'a: [',
      headers: { 'content-type': 'application/yaml' },
      code: 400,
      message: /YAML/,
    },
    {
      name: 'unknown media type',
      path: CONFIGMAPS,
      body: 'x',
      headers: { 'content-type': 'text/xml' },
      code: 415,
      message: /unknown format/,
    },
    {
      name: 'unknown resource',
      path: '/api/v1/namespaces/default/widgets',
      body: {},
      code: 404,
      message: /could not find the requested resource/,
    },
    {
      name: 'POST to a name',
      path: `${CONFIGMAPS}/x`,
      body: {},
      code: 405,
      message: /does not allow this method/,
    },
    { name: 'empty body', path: CONFIGMAPS, code: 400, message: /empty/ },
  ]
  for (const { name, path, body, headers, code, message } of cases) {
    const reply = await client.send('POST', path, body, headers)
    t.equal(reply.status, code, name)
    t.match(reply.body, { kind: 'Status', status: 'Failure', code, message }, name)
  }
  const accept = await client.send('GET', CONFIGMAPS, undefined, { accept: 'text/html' })
  t.match(accept.body, { code: 406 })
})

void t.test('identity and permission', async t => {
  const nobody = connectRaw(fixture, 'nobody')
  const forbidden = await nobody.send('GET', PODS)
  t.match(forbidden.body, {
    code: 403,
    reason: 'Forbidden',
    message:
      'pods is forbidden: User "nobody" cannot list resource "pods" in API group "" in the namespace "default"',
  })
  nobody.close()
  const stranger = connectRaw(fixture, 'wrong')
  t.match((await stranger.send('GET', PODS)).body, { code: 401, reason: 'Unauthorized' })
  stranger.close()
  const anonymous = connectRaw(fixture, '')
  t.match((await anonymous.send('GET', '/version')).body, {
    message: 'forbidden: User "system:anonymous" cannot get path "/version"',
  })
  t.equal((await anonymous.send('GET', '/healthz')).text, 'ok')
  anonymous.close()
})

void t.test('forms: Table, partial metadata, YAML, conditional discovery', async t => {
  const accept = (text: string): Record<string, string> => ({ accept: text })
  const table = await client.send(
    'GET',
    CONFIGMAPS,
    undefined,
    accept('application/json;as=Table;v=v1;g=meta.k8s.io,application/json'),
  )
  t.match(table.body, {
    kind: 'Table',
    columnDefinitions: [{ name: 'Name' }],
    rows: [{ object: { kind: 'PartialObjectMetadata' } }],
  })
  const partial = await client.send(
    'GET',
    CONFIGMAPS,
    undefined,
    accept('application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'),
  )
  t.match(partial.body, { kind: 'PartialObjectMetadataList' })
  const yaml = await client.send('GET', `${CONFIGMAPS}/p`, undefined, accept('application/yaml'))
  t.match(yaml.text, /^kind: ConfigMap$/m)
  const discovery = await client.send(
    'GET',
    '/apis',
    undefined,
    accept('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'),
  )
  t.match(discovery.body, { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' })
  const again = await client.send('GET', '/apis', undefined, {
    ...accept('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'),
    'if-none-match': String(discovery.headers['etag']),
  })
  t.equal(again.status, 304)
  await client.send('GET', '/apis/a%22%0Ainjected%201/v1/pods')
  const metrics = await client.send('GET', '/metrics')
  t.notMatch(metrics.text, /injected/, 'nobody writes into the metrics by asking')
  t.match(
    metrics.text,
    /apiserver_request_total\{verb="CREATE",group="",version="v1",resource="configmaps"/,
  )
})

void t.test('the in-process transport gives the same objects and errors', async t => {
  const local = fixture.api.local({ name: 'system:apiserver', groups: ['system:masters'] })
  const made = await local.request({ method: 'POST', path: CONFIGMAPS, body: configMap('local') })
  t.equal(made.metadata.name, 'local')
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), DEADLINE_MS)
  const events: string[] = []
  const watching = local.watch(
    { method: 'GET', path: CONFIGMAPS, query: { fieldSelector: 'metadata.name=local' } },
    event => {
      events.push(event.type)
      if (event.type === 'DELETED') abort.abort()
    },
    abort.signal,
  )
  await local.request({ method: 'DELETE', path: `${CONFIGMAPS}/local` })
  await watching
  clearTimeout(timer)
  t.ok(events.includes('DELETED'))
  const refusal = await local
    .request({ method: 'GET', path: `${CONFIGMAPS}/local` })
    .catch((error: unknown) => error)
  t.ok(isReason(refusal, 'NotFound'))
})

void t.test('leases: a renewal takes a new revision and keeps its order', async t => {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
  const lease = (renewTime: string, resourceVersion = ''): object => ({
    metadata: { name: 'n1', resourceVersion },
    spec: { holderIdentity: 'n1', leaseDurationSeconds: 40, renewTime },
  })
  const made = await client.send('POST', leases, lease('2026-01-01T00:00:00.000000Z'))
  t.equal(made.status, 201)
  const before = Number(made.body.metadata['resourceVersion'])
  const renewal = lease('2026-01-01T00:00:10.000000Z', String(before))
  const renewed = await client.send('PUT', `${leases}/n1`, renewal)
  t.equal(renewed.status, 200)
  const after = Number(renewed.body.metadata['resourceVersion'])
  t.ok(after > before)
  const got = await client.send('GET', `${leases}/n1`)
  t.match(got.body, { spec: { renewTime: '2026-01-01T00:00:10.000000Z' } })
  const patched = await client.send(
    'PATCH',
    `${leases}/n1`,
    { spec: { holderIdentity: 'n2' } },
    { 'content-type': 'application/merge-patch+json' },
  )
  t.ok(
    Number(patched.body.metadata['resourceVersion']) > after,
    'a durable write follows a volatile one',
  )
})

void t.test(
  'nodes keep the status they register with; scale is patched; collections are deleted',
  async t => {
    const node = await client.send('POST', '/api/v1/nodes', {
      metadata: { name: 'n9' },
      status: { capacity: { cpu: '2' } },
    })
    t.match(node.body, { status: { capacity: { cpu: '2' } } })
    const scale = await client.send(
      'PATCH',
      '/apis/apps/v1/namespaces/default/deployments/d/scale',
      { spec: { replicas: 7 } },
      { 'content-type': 'application/merge-patch+json' },
    )
    t.match(scale.body, { kind: 'Scale', spec: { replicas: 7 } })
    const status = await client.send(
      'PATCH',
      '/apis/apps/v1/namespaces/default/deployments/d/status?fieldManager=me&force=true',
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        status: { replicas: 7 },
      },
      { 'content-type': 'application/apply-patch+yaml' },
    )
    t.match(status.body, { status: { replicas: 7 }, spec: { replicas: 7 } })
    const many = '/api/v1/namespaces/many/configmaps'
    for (const name of ['a', 'b', 'c'])
      await client.send('POST', many, { metadata: { name, labels: { keep: name } } })
    const gone = await client.send('DELETE', `${many}?labelSelector=keep!%3Dc`)
    t.equal(gone.status, 200)
    const left = await client.send('GET', many)
    t.strictSame(
      left.body.items.map(item => item.metadata['name']),
      ['c'],
    )
  },
)

void t.test('certificate requests: the requester is who the server saw', async t => {
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
  const subject = { commonName: 'x', organizations: [] }
  const request = Buffer.from(createRequest({ key: generateKey(), subject })).toString('base64')
  const made = await client.send('POST', path, {
    metadata: { name: 'csr' },
    spec: {
      request,
      signerName: 'example.com/x',
      usages: ['client auth'],
      username: 'root',
    },
  })
  t.match(made.body, {
    spec: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
  })
  const approval = {
    ...made.body,
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x', message: 'y' }] },
  }
  const approved = await client.send('PUT', `${path}/csr/approval`, approval)
  t.match(approved.body, { status: { conditions: [{ type: 'Approved', lastUpdateTime: String }] } })
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  const certificate = Buffer.from(pem).toString('base64')
  const issued = await client.send(
    'PATCH',
    `${path}/csr/status`,
    { status: { certificate, conditions: [] } },
    { 'content-type': 'application/merge-patch+json' },
  )
  t.match(issued.body, { status: { certificate, conditions: [{ type: 'Approved' }] } })
})
