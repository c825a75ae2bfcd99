/** Writes over raw HTTP/2, conflicts, what holds an object, and the refusals a client meets first. */
import t from 'tap'
import { isReason } from '#api/status.ts'
import { connectRaw, startApi } from './api-fixture.ts'
import { CONFIGMAPS, configMap } from './verbs-fixture.ts'

const DEADLINE_MS = 10_000

const PODS = '/api/v1/namespaces/default/pods'

const fixture = await startApi()
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
