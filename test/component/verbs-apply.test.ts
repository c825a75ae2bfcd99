/**
 * Server-side apply over HTTPS and with the real kubectl: who owns what after which write, through the object, its
 * status and its scale; conflicts; what kubectl does to come over from client-side apply.
 */
import t from 'tap'
import { connectRaw, type Reply, startApi } from './api-fixture.ts'
import { MERGE, told } from './verbs-fixture.ts'

const fixture = await startApi()
const client = connectRaw(fixture)
t.teardown(async () => {
  client.close()
  await fixture.close()
})
await client.send('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })

const MAPS = '/api/v1/namespaces/default/configmaps'
const SETS = '/apis/apps/v1/namespaces/default/deployments'

const apply = (path: string, body: unknown, query = 'fieldManager=me'): Promise<Reply> =>
  client.send('PATCH', `${path}?${query}`, body, { 'content-type': 'application/apply-patch+yaml' })

const map = (name: string, data: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
})

const deployment = (name: string, spec: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'c', image: 'busybox' }] },
    },
    ...spec,
  },
})

interface Entry {
  readonly manager: string
  readonly operation: string
  readonly subresource?: string
  readonly apiVersion: string
  readonly fieldsV1: Readonly<Record<string, unknown>>
}

const entriesOf = ({ body }: Reply): readonly Entry[] =>
  (body.metadata['managedFields'] ?? []) as readonly Entry[]

/** `me Apply scale apps/v1` of those that own the number of replicas. */
const replicaOwners = (reply: Reply): readonly string[] =>
  entriesOf(reply)
    .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1['f:spec'] ?? {}).includes('"f:replicas"'))
    .map(entry =>
      [entry.manager, entry.operation, entry.subresource ?? '-', entry.apiVersion].join(' '),
    )

const managers = (reply: Reply): readonly string[] =>
  entriesOf(reply).map(entry => `${entry.manager} ${entry.operation} ${entry.subresource ?? '-'}`)

void t.test('what may be applied', async t => {
  const made = await apply(`${MAPS}/a`, map('a', { a: '1' }))
  t.equal(made.status, 201)
  t.strictSame(managers(made), ['me Apply -'])
  const again = await apply(`${MAPS}/a`, map('a', { a: '1' }))
  t.equal(again.status, 200)
  t.equal(again.text, made.text, 'the same again changes nothing')
  const dry = await apply(`${MAPS}/dry`, map('dry', {}), 'fieldManager=me&dryRun=All')
  t.equal(dry.status, 201)
  t.equal((await client.send('GET', `${MAPS}/dry`)).status, 404)

  const refused = [
    [
      '',
      map('a', {}),
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
    [
      'fieldManager=me',
      map('a', {}, { managedFields: [{}] }),
      400,
      'BadRequest',
      'metadata.managedFields must be nil',
    ],
    [
      'fieldManager=me',
      map('b', {}),
      400,
      'BadRequest',
      'the name of the object (b) does not match the name on the URL (a)',
    ],
    [
      'fieldManager=me',
      map('a', {}, { resourceVersion: '1' }),
      409,
      'Conflict',
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      'fieldManager=me',
      { ...map('a', {}), foo: 1 },
      400,
      'BadRequest',
      'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .foo: field not declared in schema',
    ],
    [
      'fieldManager=you',
      map('a', { a: '2' }),
      409,
      'Conflict',
      'Apply failed with 1 conflict: conflict with "me": .data.a',
    ],
  ] as const
  for (const [query, body, ...expected] of refused)
    t.strictSame(told(await apply(`${MAPS}/a`, body, query)), expected)
  t.strictSame(told(await apply(`${MAPS}/none`, map('none', {}, { uid: 'x' }))), [
    409,
    'Conflict',
    'Operation cannot be fulfilled on configmaps "none": uid mismatch: the provided object specified uid x, and no existing object was found',
  ])
  t.match(told(await client.send('PATCH', `${MAPS}/a?force=true`, {}, MERGE)), [
    422,
    'Invalid',
    'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  ])
  t.strictSame(told(await apply(`${SETS}/none/status`, deployment('none', {}))), [
    404,
    'NotFound',
    'deployments.apps "none" not found',
  ])
})

void t.test('every write keeps owners', async t => {
  const agent = { 'user-agent': 'tool/1.0 (linux)' }
  const made = await client.send('POST', MAPS, map('o', { a: '1' }), agent)
  t.strictSame(managers(made), ['tool Update -'])
  const put = await client.send('PUT', `${MAPS}/o?fieldManager=other`, map('o', { a: '2' }))
  t.strictSame(managers(put), ['other Update -', 'tool Update -'])
  const reset = await client.send(
    'PATCH',
    `${MAPS}/o`,
    { metadata: { managedFields: [{}] } },
    MERGE,
  )
  t.strictSame(entriesOf(reset), [])
  const untracked = await client.send(
    'PATCH',
    `${MAPS}/o?fieldManager=x`,
    { data: { b: '1' } },
    MERGE,
  )
  t.strictSame(entriesOf(untracked), [], 'nobody is tracked until somebody applies')
  const applied = await apply(`${MAPS}/o`, map('o', { c: '1' }))
  t.strictSame(managers(applied), ['me Apply -', 'before-first-apply Update -'])
  for (let turn = 0; turn < 11; turn += 1)
    await client.send(
      'PATCH',
      `${MAPS}/o?fieldManager=u${turn}`,
      { data: { [`u${turn}`]: '1' } },
      MERGE,
    )
  const many = managers(await client.send('GET', `${MAPS}/o`))
  t.equal(many.length, 11)
  t.ok(many.includes('ancient-changes Update -'))
})

void t.test('status is owned apart', async t => {
  await apply(`${SETS}/s`, deployment('s', { replicas: 1 }))
  const both = {
    ...deployment('s', { replicas: 5 }),
    status: { replicas: 7, observedGeneration: 1 },
  }
  const status = await apply(`${SETS}/s/status`, both, 'fieldManager=controller')
  t.match(status.body, { spec: { replicas: 1 }, status: { replicas: 7 } })
  t.strictSame(managers(status), ['controller Apply status', 'me Apply -'].sort())
  const [own] = entriesOf(status).filter(entry => entry.subresource === 'status')
  t.strictSame(Object.keys(own?.fieldsV1 ?? {}), ['f:status'])
  const labelled = { metadata: { labels: { a: 'b' } }, status: { replicas: 8 } }
  const patched = await client.send('PATCH', `${SETS}/s/status`, labelled, MERGE)
  t.match(patched.body, { status: { replicas: 8 } })
  t.notOk('labels' in patched.body.metadata, 'labels are not changed with the status')
})

void t.test('scale is owned as the field of its parent', async t => {
  const scale = (replicas: number): object => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'w', namespace: 'default' },
    spec: { replicas },
  })
  await apply(`${SETS}/w`, deployment('w', { replicas: 1 }))
  t.strictSame(told(await apply(`${SETS}/w/scale`, scale(2), 'fieldManager=hpa')), [
    409,
    'Conflict',
    'Apply failed with 1 conflict: conflict with "me": .spec.replicas',
  ])
  const forced = await apply(`${SETS}/w/scale`, scale(2), 'fieldManager=hpa&force=true')
  t.equal(forced.status, 200)
  t.match(forced.body, { kind: 'Scale', spec: { replicas: 2 }, status: { selector: 'app=w' } })
  const get = (): Promise<Reply> => client.send('GET', `${SETS}/w`)
  t.strictSame(replicaOwners(await get()), ['hpa Apply scale apps/v1'])
  t.equal((await get()).body.metadata['generation'], 2)
  const again = await apply(`${SETS}/w/scale`, scale(2), 'fieldManager=hpa')
  t.equal(again.body.metadata['resourceVersion'], forced.body.metadata['resourceVersion'])
  t.equal((await apply(`${SETS}/w`, deployment('w', {}))).status, 200)
  t.match((await get()).body, { spec: { replicas: 2 } }, 'what the scale owns stays')
  const put = await client.send('PUT', `${SETS}/w/scale?fieldManager=hand`, scale(3))
  t.equal(put.status, 200)
  t.strictSame(replicaOwners(await get()), ['hand Update scale apps/v1'])
  t.strictSame(told(await apply(`${SETS}/w`, deployment('w', { replicas: 9 }))), [
    409,
    'Conflict',
    'Apply failed with 1 conflict: conflict with "hand" with subresource "scale" using apps/v1: .spec.replicas',
  ])
  t.match(told(await client.send('PUT', `${SETS}/w/scale`, scale(-1))), [
    422,
    'Invalid',
    'Scale.autoscaling "w" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ])
  const foreign = { ...scale(1), apiVersion: 'apps/v1', kind: 'Deployment' }
  t.equal((await apply(`${SETS}/w/scale`, foreign, 'fieldManager=hpa')).status, 400)
})

void t.test('every kind that scales', async t => {
  const template = {
    metadata: { labels: { app: 'k' } },
    spec: { containers: [{ name: 'c', image: 'busybox' }] },
  }
  const selector = { matchLabels: { app: 'k' } }
  const kinds = [
    ['/apis/apps/v1/namespaces/default/statefulsets', { selector, template, serviceName: 'k' }],
    ['/apis/apps/v1/namespaces/default/replicasets', { selector, template }],
    ['/api/v1/namespaces/default/replicationcontrollers', { selector: { app: 'k' }, template }],
  ] as const
  for (const [path, spec] of kinds) {
    t.equal((await client.send('POST', path, { metadata: { name: 'k' }, spec })).status, 201, path)
    const body = { spec: { replicas: 4 } }
    const scaled = await client.send('PATCH', `${path}/k/scale`, body, MERGE)
    t.match(scaled.body, { spec: { replicas: 4 }, status: { selector: 'app=k' } }, path)
  }
})

void t.test('kubectl comes over from client-side apply', async t => {
  const file = (data: object): string => JSON.stringify(map('k', data))
  const kubectl = (args: string, input: string) => fixture.kubectl(args.split(' '), input)
  t.equal((await kubectl('apply -f -', file({ a: '1', b: '1' }))).code, 0)
  const path = `${MAPS}/k`
  t.strictSame(managers(await client.send('GET', path)), ['kubectl-client-side-apply Update -'])
  const moved = await kubectl('apply --server-side -f -', file({ a: '2' }))
  t.equal(moved.stderr, '')
  const after = await client.send('GET', path)
  t.strictSame(after.body['data'], { a: '2' }, 'fields that are no longer applied are gone')
  t.strictSame(managers(after), ['kubectl-last-applied Apply -', 'kubectl Apply -'])
  await client.send('PATCH', `${path}?fieldManager=other`, { data: { a: '3' } }, MERGE)
  const clash = await kubectl('apply --server-side -f -', file({ a: '4' }))
  t.equal(clash.code, 1)
  t.match(
    clash.stderr,
    'error: Apply failed with 1 conflict: conflict with "other" using v1: .data.a',
  )
  const forced = await kubectl('apply --server-side --force-conflicts -f -', file({ a: '4' }))
  t.equal(forced.stdout, 'configmap/k serverside-applied\n')
  const back = await kubectl('apply -f -', file({ a: '5' }))
  t.equal(back.code, 0)
  t.match((await client.send('GET', path)).body, { data: { a: '5' } })
  const diff = await kubectl('diff --server-side -f -', file({ a: '5' }))
  t.ok(diff.code <= 1, diff.stderr)
})
