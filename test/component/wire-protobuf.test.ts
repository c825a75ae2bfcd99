/** Protobuf as client-go speaks it: bodies, answers, lists, watches and errors, against the same requests in JSON. */
import type { IncomingHttpHeaders } from 'node:http2'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { type RawData, WebSocket } from 'ws'
import type { AnyObject } from '#api/object.ts'
import { startApi } from './api-fixture.ts'
import {
  type Asked,
  PROTOBUF,
  connectWire,
  eventOf,
  objectIn,
  protobufOf,
  take,
} from './wire-fixture.ts'

const META = 'g=meta.k8s.io;v=v1'
const NAMESPACE = '/api/v1/namespaces/default'
const CONFIG_MAPS = `${NAMESPACE}/configmaps`
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

const fixture = await startApi()
const { open, ask, eventsOf, jsonAt, close } = connectWire(fixture)
t.teardown(async () => {
  close()
  await fixture.close()
})

/** Differences of long objects would fill the screen. */
const same = (t: Test, left: unknown, right: unknown, name: string): void => {
  t.ok(isDeepStrictEqual(left, right), name)
}

const configMap = (name: string, data: Readonly<Record<string, string>> = { a: 'b' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})

const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'x' }] },
})

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: pod('').spec },
  },
}

const sar = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
}

const scale = {
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas: 5 },
}

const v1 = (kind: string, rest: object) => ({ apiVersion: 'v1', kind, ...rest })

void t.test('objects: every verb, bodies and answers', async t => {
  const binding = v1('Binding', { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } })
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } }
  const token = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [] },
  }
  const review = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: 'admin' },
  }
  const options = v1('DeleteOptions', { propagationPolicy: 'Background' })
  const account = v1('ServiceAccount', { metadata: { name: 'a' } })
  const patch = Buffer.from('{"data":{"c":"d"}}')
  const merge = 'application/merge-patch+json'
  const cases: readonly (readonly [string, string, object | Buffer | undefined, number, object])[] =
    [
      ['POST', CONFIG_MAPS, configMap('x'), 201, { kind: 'ConfigMap', data: { a: 'b' } }],
      ['GET', `${CONFIG_MAPS}/x`, undefined, 200, { metadata: { name: 'x' } }],
      ['PUT', `${CONFIG_MAPS}/x`, configMap('x', { b: 'é' }), 200, { data: { b: 'é' } }],
      ['PATCH', `${CONFIG_MAPS}/x`, patch, 200, { data: { b: 'é', c: 'd' } }],
      ['POST', `${CONFIG_MAPS}?dryRun=All`, configMap('dry'), 201, { metadata: { name: 'dry' } }],
      ['DELETE', `${CONFIG_MAPS}/x`, options, 200, { kind: 'Status', status: 'Success' }],
      [
        'GET',
        `${CONFIG_MAPS}/x`,
        undefined,
        404,
        { kind: 'Status', reason: 'NotFound', code: 404 },
      ],
      [
        'POST',
        DEPLOYMENTS,
        deployment,
        201,
        { spec: { replicas: 2 }, metadata: { generation: 1 } },
      ],
      ['GET', `${DEPLOYMENTS}/web/scale`, undefined, 200, { kind: 'Scale', spec: { replicas: 2 } }],
      ['PUT', `${DEPLOYMENTS}/web/scale`, scale, 200, { kind: 'Scale', spec: { replicas: 5 } }],
      ['GET', `${DEPLOYMENTS}/web/status`, undefined, 200, { spec: { replicas: 5 } }],
      ['POST', `${NAMESPACE}/pods`, pod('p'), 201, { spec: { restartPolicy: 'Always' } }],
      ['POST', `${NAMESPACE}/pods/p/binding`, binding, 201, { kind: 'Status', status: 'Success' }],
      ['POST', `${NAMESPACE}/pods/p/eviction`, eviction, 201, { kind: 'Status' }],
      ['POST', `${NAMESPACE}/serviceaccounts`, account, 201, { kind: 'ServiceAccount' }],
      [
        'POST',
        `${NAMESPACE}/serviceaccounts/a/token`,
        token,
        201,
        { status: { token: 'default:a' } },
      ],
      [
        'POST',
        '/apis/authentication.k8s.io/v1/tokenreviews',
        review,
        201,
        { status: { authenticated: true } },
      ],
      [
        'POST',
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        sar,
        201,
        { status: { allowed: true } },
      ],
    ]
  for (const [method, path, body, code, expected] of cases) {
    const isPatch = Buffer.isBuffer(body)
    const sent = body === undefined || isPatch ? body : protobufOf(body as AnyObject)
    const answer = await ask(method, path, {
      ...(sent === undefined ? {} : { body: sent }),
      ...(isPatch ? { type: merge } : {}),
    })
    t.equal(answer.media, PROTOBUF, `${method} ${path}: media type`)
    t.equal(answer.code, code, `${method} ${path}: code`)
    t.match(objectIn(answer.bytes), expected, `${method} ${path}`)
  }
  const got = objectIn((await ask('GET', `${DEPLOYMENTS}/web`)).bytes)
  same(t, got, await jsonAt(`${DEPLOYMENTS}/web`), 'the same object as in JSON')
})

void t.test('lists: the same items as in JSON, in pages, slices and packed', async t => {
  const maps = '/api/v1/namespaces/lists/configmaps'
  await ask('POST', '/api/v1/namespaces', {
    body: protobufOf(v1('Namespace', { metadata: { name: 'lists' } })),
  })
  t.match(objectIn((await ask('GET', maps)).bytes), { kind: 'ConfigMapList', items: [] })
  for (let index = 0; index < 30; index++) {
    const body = protobufOf(configMap(`m${index}`, { big: 'x'.repeat(20_000) }))
    await ask('POST', maps, { body })
  }
  const wanted = await jsonAt(maps)
  t.match(wanted, { kind: 'ConfigMapList', items: { length: 30 } })
  // In JSON every item says what it is; in protobuf the list has said it.
  for (const object of Object.values(wanted['items'] ?? {})) {
    Reflect.deleteProperty(object, 'kind')
    Reflect.deleteProperty(object, 'apiVersion')
  }
  same(t, objectIn((await ask('GET', maps)).bytes), wanted, 'in slices')
  const packed = await ask('GET', maps, { encoding: 'gzip' })
  t.equal(packed.headers['content-encoding'], 'gzip')
  same(t, objectIn(gunzipSync(packed.bytes)), wanted, 'packed')
  const page = objectIn((await ask('GET', `${maps}?limit=10`)).bytes)
  t.match(page.metadata, { remainingItemCount: 20, continue: /./ })
  const accept = `${PROTOBUF};as=PartialObjectMetadataList;${META}`
  const partial = objectIn((await ask('GET', maps, { accept })).bytes)
  t.match(partial, { kind: 'PartialObjectMetadataList', items: { length: 30 } })
})

void t.test('old and other versions of a kind', async t => {
  const event = v1('Event', {
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
    reason: 'Why',
    message: 'because',
  })
  await ask('POST', `${NAMESPACE}/events`, { body: protobufOf(event) })
  for (const path of [
    '/apis/events.k8s.io/v1/namespaces/default/events/e',
    '/apis/apps/v1beta1/namespaces/default/deployments/web',
    '/apis/extensions/v1beta1/namespaces/default/deployments/web',
  ]) {
    const answer = await ask('GET', path)
    t.equal(answer.media, PROTOBUF, path)
    same(t, objectIn(answer.bytes), await jsonAt(path), path)
  }
})

/** A revision that is not reached in time; the others need not wait for it. */
const unreached = take(
  eventsOf(
    `${CONFIG_MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=1000000`,
  ),
  1,
)

void t.test('watches: framed events, shared by those who watch alike', async t => {
  const maps = '/api/v1/namespaces/watched/configmaps'
  await ask('POST', '/api/v1/namespaces', {
    body: protobufOf(v1('Namespace', { metadata: { name: 'watched' } })),
  })
  const first = await ask('POST', maps, { body: protobufOf(configMap('w')) })
  const { resourceVersion } = objectIn(first.bytes).metadata
  const since = `${maps}?watch=1&resourceVersion=${resourceVersion}`
  const both = [
    take(eventsOf(since, { accept: `${PROTOBUF};stream=watch` }), 2),
    take(eventsOf(since), 2),
  ]
  const accept = `${PROTOBUF};as=PartialObjectMetadata;${META}`
  const partial = take(eventsOf(since, { accept }), 2)
  await ask('PUT', `${maps}/w`, { body: protobufOf(configMap('w', { c: 'd' })) })
  await ask('DELETE', `${maps}/w`)
  const [one = [], other = []] = await Promise.all(both)
  t.match(one, [
    { type: 'MODIFIED', object: { kind: 'ConfigMap', apiVersion: 'v1', data: { c: 'd' } } },
    { type: 'DELETED', object: { kind: 'ConfigMap', metadata: { name: 'w' } } },
  ])
  one.forEach(({ frame }, index) => t.same(frame, other[index]?.frame, 'the same bytes'))
  t.match(await partial, [
    { type: 'MODIFIED', object: { kind: 'PartialObjectMetadata', metadata: { name: 'w' } } },
    { type: 'DELETED' },
  ])
  await ask('POST', maps, { body: protobufOf(configMap('again')) })
  const initial = `${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`
  t.match(await take(eventsOf(initial), 2), [
    { type: 'ADDED', object: { metadata: { name: 'again' } } },
    {
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    },
  ])
  const stream = open('GET', since, {})
  const headers = await new Promise<IncomingHttpHeaders>(resolve => {
    stream.once('response', resolve)
  })
  stream.close()
  t.equal(headers['content-type'], `${PROTOBUF};stream=watch`)
  t.match(await unreached, [
    { type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', reason: 'Timeout', code: 504 } },
  ])
})

void t.test('over WebSocket an event is one binary message, without its length', async t => {
  const maps = '/api/v1/namespaces/watched/configmaps'
  const socket = new WebSocket(`wss://127.0.0.1:${fixture.port}${maps}?watch=1`, {
    ca: fixture.ca,
    headers: { authorization: 'Bearer admin', accept: PROTOBUF },
  })
  const [data, isBinary] = await new Promise<readonly [RawData, boolean]>((resolve, reject) => {
    socket.once('message', (message, binary) => resolve([message, binary]))
    socket.once('error', reject)
  })
  socket.close()
  t.equal(isBinary, true)
  const event = Buffer.isBuffer(data) ? eventOf(data) : undefined
  t.match(event, { type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'again' } } })
})

void t.test('refusals come in the form asked for', async t => {
  const table = `${PROTOBUF};as=Table;${META}`
  const spoken = `application/json, application/yaml, ${PROTOBUF}`
  const notSpoken = { code: 406, reason: 'NotAcceptable', message: /media types are accepted/ }
  const cases: readonly (readonly [string, string, Asked, string, object])[] = [
    ['GET', `${CONFIG_MAPS}/none`, {}, PROTOBUF, { reason: 'NotFound', details: { name: 'none' } }],
    ['GET', `${CONFIG_MAPS}/none`, { accept: 'application/yaml' }, 'application/yaml', {}],
    ['GET', CONFIG_MAPS, { accept: table }, 'application/json', notSpoken],
    ['GET', `${CONFIG_MAPS}?watch=1`, { accept: 'application/yaml' }, 'application/yaml', {}],
    [
      'GET',
      CONFIG_MAPS,
      { accept: `${PROTOBUF};as=PartialObjectMetadata;${META}` },
      'application/json',
      {
        code: 406,
        message:
          'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
      },
    ],
    [
      'POST',
      CONFIG_MAPS,
      { accept: 'image/png', body: protobufOf(configMap('unseen')) },
      'application/json',
      { code: 406, message: `406: Not Acceptable\n\nAvailable representations: ${spoken}` },
    ],
    ['GET', `${CONFIG_MAPS}/unseen`, {}, PROTOBUF, { reason: 'NotFound' }],
    [
      'POST',
      CONFIG_MAPS,
      { body: Buffer.from('k8s\0\x0a\x7f', 'latin1') },
      PROTOBUF,
      {
        code: 400,
        message:
          'the object provided is unrecognized (must be of type ConfigMap): unexpected EOF (6b3873000a7f)',
      },
    ],
    [
      'POST',
      CONFIG_MAPS,
      { body: protobufOf(pod('p')) },
      PROTOBUF,
      { code: 400, message: /Pod in version "v1" cannot be handled as a ConfigMap/ },
    ],
  ]
  for (const [method, path, asked, media, expected] of cases) {
    const answer = await ask(method, path, asked)
    t.equal(answer.media, media, `${method} ${path}: media type`)
    if (media === 'application/yaml') t.match(answer.bytes.toString(), /^status: Failure$/m)
    else {
      const status: unknown =
        media === PROTOBUF ? objectIn(answer.bytes) : JSON.parse(answer.bytes.toString())
      t.match(status, { kind: 'Status', status: 'Failure', ...expected }, `${method} ${path}`)
    }
  }
})
