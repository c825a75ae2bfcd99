/**
 * What every write promises beyond the plain case: names, revisions, identities, finalizers, patches that cannot be.
 * Over HTTPS against a real server; messages are upstream's, word for word.
 */
import t from 'tap'
import { connectRaw, type Reply, startApi } from './api-fixture.ts'
import { JSON_PATCH, MERGE, pod, STRATEGIC, told } from './verbs-fixture.ts'

const fixture = await startApi()
const client = connectRaw(fixture)
t.teardown(async () => {
  client.close()
  await fixture.close()
})
await client.send('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })

const MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const JOBS = '/apis/batch/v1/namespaces/default/jobs'
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
const CONTAINER = { name: 'c', image: 'busybox' }

const map = (name: string, metadata: object = {}, data: object = { a: 'b' }): object => ({
  metadata: { name, ...metadata },
  data,
})
const revisionOf = (reply: Reply): unknown => reply.body.metadata['resourceVersion']

void t.test('create', async t => {
  const own = await client.send('POST', MAPS, {
    metadata: {
      name: 'own',
      uid: 'mine',
      creationTimestamp: '2001-01-01T00:00:00Z',
      deletionTimestamp: '2001-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 3,
      generation: 9,
      selfLink: '/x',
      // No revision at all: it is not looked at.
      resourceVersion: 'x',
    },
  })
  t.equal(own.status, 201)
  t.match(revisionOf(own), /^\d+$/)
  t.not(own.body.metadata['uid'], 'mine')
  t.notMatch(own.text, /2001-01-01|selfLink|deletionGracePeriodSeconds/)
  t.equal(own.body.metadata['generation'], 9, 'kinds without generations keep what is written')
  const refused = [
    [
      map('rev', { resourceVersion: '7' }),
      500,
      undefined,
      'resourceVersion should not be set on objects to be created',
    ],
    [
      map('ns', { namespace: 'other' }),
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      { metadata: {} },
      422,
      'Invalid',
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
  ] as const
  for (const [body, ...expected] of refused)
    t.strictSame(told(await client.send('POST', MAPS, body)), expected)
  await client.send('POST', MAPS, map('held', { finalizers: ['a.b/c'] }))
  await client.send('DELETE', `${MAPS}/held`)
  t.strictSame(told(await client.send('POST', MAPS, map('held'))), [
    409,
    'AlreadyExists',
    'object is being deleted: configmaps "held" already exists',
  ])
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'own', uid: 'u' }
  const twice = await client.send('POST', MAPS, map('twice', { ownerReferences: [owner, owner] }))
  t.equal((twice.body.metadata['ownerReferences'] as unknown[]).length, 1)
  t.match(
    twice.headers['warning'],
    /^299 - "\.metadata\.ownerReferences contains duplicate entries; API server dedups owner references in 1\.20\+, .*observed: u"$/,
  )
  const class_ = { metadata: { name: 'pc', namespace: 'default' }, value: 1 }
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses'
  t.equal((await client.send('POST', classes, class_)).status, 201, '"default" is nowhere')
})

void t.test('update', async t => {
  const made = await client.send('POST', MAPS, map('u'))
  const { uid } = made.body.metadata
  const put = (metadata: object, data: object = { a: 'c' }): Promise<Reply> =>
    client.send('PUT', `${MAPS}/u`, { metadata, data })
  t.strictSame(told(await put({})), [
    400,
    'BadRequest',
    'the name of the object (u based on URL) was undeterminable: name must be provided',
  ])
  t.strictSame(told(await put({ name: 'v' })), [
    400,
    'BadRequest',
    'the name of the object (v) does not match the name on the URL (u)',
  ])
  t.strictSame(told(await put({ name: 'u', uid: 'x' })), [
    409,
    'Conflict',
    `Operation cannot be fulfilled on configmaps "u": Precondition failed: UID in precondition: x, UID in object meta: ${String(uid)}`,
  ])
  t.match(told(await put({ name: 'u', deletionTimestamp: '2030-01-01T00:00:00Z' })), [
    422,
    'Invalid',
    /^ConfigMap "u" is invalid: metadata\.deletionTimestamp: .*field is immutable$/,
  ])
  const unconditional = await put({ name: 'u', resourceVersion: '0' })
  t.equal(unconditional.status, 200)
  const again = await put({ name: 'u' })
  t.equal(revisionOf(again), revisionOf(unconditional), 'no change, no revision')
  t.strictSame(told(await client.send('PUT', `${MAPS}/none`, map('none'))), [
    404,
    'NotFound',
    'configmaps "none" not found',
  ])

  const lease = { metadata: { name: 'l' }, spec: {} }
  t.strictSame(
    told(await client.send('PUT', `${LEASES}/l`, { ...lease, metadata: { name: 'l', uid: 'x' } })),
    [
      409,
      'Conflict',
      'Operation cannot be fulfilled on leases.coordination.k8s.io "l": Precondition failed: UID in precondition: x, UID in object meta: ',
    ],
  )
  t.equal((await client.send('PUT', `${LEASES}/l`, lease)).status, 201)
  t.strictSame(told(await client.send('PUT', `${LEASES}/l`, lease)), [
    422,
    'Invalid',
    'leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  ])
})

void t.test('PUT creates some kinds', async t => {
  const made = [
    [`${LEASES}/made`, { spec: {} }],
    ['/api/v1/namespaces/default/limitranges/made', { spec: { limits: [] } }],
    ['/api/v1/namespaces/default/endpoints/made', {}],
    ['/api/v1/namespaces/default/services/made', { spec: { ports: [{ port: 80 }] } }],
    ['/apis/node.k8s.io/v1/runtimeclasses/made', { handler: 'h' }],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles/made', { rules: [] }],
  ] as const
  for (const [path, body] of made) {
    const put = await client.send('PUT', path, { metadata: { name: 'made' }, ...body })
    t.equal(put.status, 201, `${path} ${put.text}`)
  }
  t.equal((await client.send('PUT', `${PODS}/made`, pod('made'))).status, 404)
})

void t.test('patches', async t => {
  await client.send('POST', MAPS, map('p'))
  const patch = (
    body: unknown,
    type: Record<string, string> = MERGE,
    query = '',
    path = `${MAPS}/p`,
  ): Promise<Reply> => client.send('PATCH', `${path}${query}`, body, type)
  t.strictSame(told(await patch({}, MERGE, '', `${MAPS}/none`)), [
    404,
    'NotFound',
    'configmaps "none" not found',
  ])
  t.match(told(await patch({ metadata: { name: 'q' } })), [
    400,
    'BadRequest',
    'the name of the object (q) does not match the name on the URL (p)',
  ])
  t.match(told(await patch({ metadata: { namespace: 'q' } })), [400, 'BadRequest', /namespace/])
  t.match(told(await patch({ metadata: { uid: 'q' } })), [
    422,
    'Invalid',
    'ConfigMap "p" is invalid: metadata.uid: Invalid value: "q": field is immutable',
  ])
  t.match(told(await patch({ metadata: { resourceVersion: '1' } })), [
    409,
    'Conflict',
    /the object has been modified/,
  ])
  t.strictSame(told(await patch([{ op: 'test', path: '/data/a', value: 'z' }], JSON_PATCH)), [
    422,
    'Invalid',
    'the server rejected our request due to an error in our request',
  ])
  const strict = '?fieldValidation=Strict'
  t.match(told(await patch({ foo: 1 }, MERGE, strict)), [
    422,
    'Invalid',
    /^ "" is invalid: patch: Invalid value: "\{.*\}": strict decoding error: unknown field "foo"$/,
  ])
  t.strictSame(told(await patch({ foo: { b: 1, a: null } }, STRATEGIC, strict)), [
    422,
    'Invalid',
    ' "" is invalid: patch: Invalid value: "map[foo:map[a:<nil> b:1]]": strict decoding error: unknown field "foo"',
  ])
  t.strictSame(told(await patch({ data: { a: 1 } }, STRATEGIC)), [
    422,
    'Invalid',
    ' "" is invalid: patch: Invalid value: "map[data:map[a:1]]": cannot convert int64 to string',
  ])
  t.strictSame(told(await patch({ data: 'x' }, STRATEGIC)), [
    422,
    'Invalid',
    ' "" is invalid: patch: Invalid value: "map[data:x]": cannot restore map from string',
  ])
  const added = [{ op: 'add', path: '/data/x', value: 'y', why: 1 }]
  t.match(told(await patch(added, JSON_PATCH, strict)), [
    422,
    'Invalid',
    /strict decoding error: json patch unknown field "\[0\]\.why"$/,
  ])
  const warned = await patch(added, JSON_PATCH)
  t.equal(warned.headers['warning'], String.raw`299 - "json patch unknown field \"[0].why\""`)
  t.match(
    (await patch('{"data":{"k":"1","k":"2"}}')).headers['warning'],
    String.raw`299 - "duplicate field \"data.k\""`,
  )
  t.equal((await patch({ foo: 1 }, MERGE, '?fieldValidation=Ignore')).headers['warning'], undefined)
})

void t.test('delete', async t => {
  const bodies = [
    [
      '?dryRun=x',
      undefined,
      'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["x"]: supported values: "All"',
    ],
    [
      '',
      { propagationPolicy: 'Orphan', orphanDependents: true },
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ],
  ] as const
  await client.send('POST', MAPS, map('d', { finalizers: ['a.b/c'] }))
  for (const [query, body, message] of bodies)
    t.strictSame(told(await client.send('DELETE', `${MAPS}/d${query}`, body)), [
      422,
      'Invalid',
      message,
    ])
  t.strictSame(told(await client.send('DELETE', `${MAPS}/d?uid=x`)).slice(0, 2), [409, 'Conflict'])
  const ignored = await client.send('DELETE', `${MAPS}/d?uid=x&dryRun=All`, {
    kind: 'DeleteOptions',
  })
  t.equal(ignored.status, 200, 'a body hides the query')
  t.match(ignored.body.metadata, { deletionGracePeriodSeconds: 0, finalizers: ['a.b/c'] })
  const foreground = await client.send('DELETE', `${MAPS}/d`, { propagationPolicy: 'Foreground' })
  t.strictSame(foreground.body.metadata['finalizers'], ['a.b/c', 'foregroundDeletion'])
  const cascading = await client.send('DELETE', `${MAPS}/d`, { orphanDependents: false })
  t.equal(cascading.status, 202)
  t.strictSame(cascading.body.metadata['finalizers'], ['a.b/c'])
  const grown = await client.send(
    'PATCH',
    `${MAPS}/d`,
    { metadata: { finalizers: ['x.y/z'] } },
    MERGE,
  )
  t.match(grown.body['message'], /no new finalizers can be added if the object is being deleted/)
  const freed = await client.send('PATCH', `${MAPS}/d`, { metadata: { finalizers: null } }, MERGE)
  t.equal(freed.status, 200)
  t.equal((await client.send('GET', `${MAPS}/d`)).status, 404)

  const template = { spec: { restartPolicy: 'Never', containers: [CONTAINER] } }
  await client.send('POST', JOBS, { metadata: { name: 'j' }, spec: { template } })
  const job = await client.send('DELETE', `${JOBS}/j`)
  t.strictSame(job.body.metadata['finalizers'], ['orphan'], 'jobs leave their pods behind')
  const background = await client.send('DELETE', `${JOBS}/j?propagationPolicy=Background`)
  t.match(background.body, { kind: 'Status', status: 'Success', details: { kind: 'jobs' } })
})

void t.test('delete of a collection', async t => {
  for (const name of ['c1', 'c2', 'c3']) {
    await client.send('POST', MAPS, map(name, { labels: { set: 'c' } }))
  }
  const query = 'labelSelector=set%3Dc'
  const dry = await client.send('DELETE', `${MAPS}?${query}&dryRun=All`)
  t.equal(dry.body.items.length, 3)
  const page = await client.send('DELETE', `${MAPS}?${query}&limit=2`)
  t.strictSame(
    page.body.items.map(item => item.metadata['name']),
    ['c1', 'c2'],
  )
  t.type(page.body.metadata['continue'], 'string')
  t.equal(page.body['kind'], 'ConfigMapList')
  t.equal((await client.send('GET', `${MAPS}?${query}`)).body.items.length, 1)
  const bad = await client.send('DELETE', `${MAPS}?labelSelector=%3D%3D`)
  t.equal(bad.status, 400)
  t.equal((await client.send('DELETE', `${MAPS}?${query}`)).body.items.length, 1)
})

void t.test('many patch one object at once: nobody is refused, nothing is lost', async t => {
  const count = 50
  await client.send('POST', MAPS, map('shared', {}, {}))
  const patched = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      client.send('PATCH', `${MAPS}/shared`, { data: { [`k${index}`]: 'v' } }, MERGE),
    ),
  )
  t.strictSame([...new Set(patched.map(({ status }) => status))], [200])
  const { body } = await client.send('GET', `${MAPS}/shared`)
  t.equal(Object.keys(Object(body['data'])).length, count)
})
