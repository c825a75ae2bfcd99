/** How a request is read: path, Accept, YAML bodies, room for it. */
import t from 'tap'
import { isReason } from '#api/status.ts'
import { createFlowControl } from '#server/http/flow-control.ts'
import { mediaOfStatus, mediaTypeOf, negotiate } from '#server/http/negotiation.ts'
import { requestInfo } from '#server/http/request-info.ts'
import { renderYaml } from '#client/yaml.ts'
import { parseYaml } from '#server/http/yaml.ts'

const failure = (task: () => unknown): unknown => {
  try {
    return task()
  } catch (error) {
    return error
  }
}

void t.test('request info', async t => {
  const cases: readonly [method: string, target: string, expected: object][] = [
    [
      'GET',
      '/api/v1/pods',
      { verb: 'list', group: '', version: 'v1', resource: 'pods', namespace: '', name: '' },
    ],
    [
      'GET',
      '/api/v1/namespaces/a/pods/b',
      { verb: 'get', namespace: 'a', resource: 'pods', name: 'b' },
    ],
    ['HEAD', '/api/v1/namespaces/a/pods/b', { verb: 'get' }],
    ['constructor', '/api/v1/namespaces/a/pods/b', { verb: '' }],
    [
      'POST',
      '/api/v1/namespaces/a/pods/b/binding',
      { verb: 'create', subresource: 'binding', name: 'b' },
    ],
    [
      'GET',
      '/apis/apps/v1/deployments?watch=true',
      { verb: 'watch', group: 'apps', resource: 'deployments' },
    ],
    ['GET', '/apis/apps/v1/deployments?watch=0', { verb: 'list' }],
    ['GET', '/api/v1/watch/namespaces/a/pods', { verb: 'watch', namespace: 'a', resource: 'pods' }],
    ['DELETE', '/api/v1/namespaces/a/pods', { verb: 'deletecollection' }],
    [
      'DELETE',
      '/api/v1/namespaces/a',
      { verb: 'delete', resource: 'namespaces', name: 'a', namespace: 'a' },
    ],
    [
      'PUT',
      '/api/v1/namespaces/a/finalize',
      { verb: 'update', resource: 'namespaces', name: 'a', subresource: 'finalize' },
    ],
    [
      'PATCH',
      '/api/v1/nodes/n/status',
      { verb: 'patch', resource: 'nodes', name: 'n', subresource: 'status' },
    ],
    ['GET', '/api/v1/nodes/n/proxy/a/b', { subresource: 'proxy', rest: ['a', 'b'] }],
    ['GET', '/api/v1/secrets?fieldSelector=metadata.name%3Ds', { verb: 'list', name: 's' }],
    ['GET', '/api/v1/secrets?fieldSelector=type!%3Dx%5C%2Cmetadata.name%3Ds', { name: '' }],
    ['GET', '/api/v1/secrets?fieldSelector=type!%3Dx%2Cmetadata.name%3D%3Ds', { name: 's' }],
    ['GET', '/api/v1/secrets?fieldSelector=metadata.name!%3Ds', { name: '' }],
    ['GET', '/api/v1/namespaces/a/pods/x%2Fy', { name: 'x/y' }],
    ['GET', '/apis', { isResource: false, verb: 'get', path: '/apis' }],
    ['GET', '/apis/apps/v1', { isResource: false }],
    ['POST', '/healthz', { isResource: false, verb: 'post' }],
  ]
  for (const [method, target, expected] of cases) {
    const [path = '', search = ''] = target.split('?')
    t.match(
      requestInfo({ method, path, query: new URLSearchParams(search) }),
      expected,
      `${method} ${target}`,
    )
  }
  t.equal(
    requestInfo({ method: 'GET', path: '/api/v1/%zz', query: new URLSearchParams() }),
    undefined,
  )
})

const PROTO = 'application/vnd.kubernetes.protobuf'
const META = 'g=meta.k8s.io;v=v1'
const ALL = { tables: true, partials: true, protobuf: true, stream: false }

void t.test('negotiation', async t => {
  const json = { media: 'application/json', form: 'object', meta: 'meta.k8s.io/v1' }
  const protobuf = { media: PROTO, form: 'object' }
  const cases: readonly [accept: string | undefined, offers: object, expected: object][] = [
    [undefined, {}, json],
    ['*/*', {}, json],
    ['application/*', {}, json],
    ['application/yaml', {}, { media: 'application/yaml' }],
    [`${PROTO},application/json`, {}, protobuf],
    [`${PROTO},application/json`, { protobuf: false }, json],
    [`application/json;q=0.5,${PROTO}`, {}, protobuf],
    [`${PROTO};q=0.5, application/json;q=0.9`, {}, json],
    [`*/*,${PROTO}`, {}, protobuf],
    [`${PROTO};stream=watch`, {}, protobuf],
    [`${PROTO};stream=other,application/json`, {}, json],
    ['application/json;sv=v2,application/yaml', {}, { media: 'application/yaml' }],
    ['text/html,application/json', {}, json],
    [`application/json;as=Table;${META},application/json`, {}, { form: 'table' }],
    [`application/json;as=Table;${META},application/json`, { tables: false }, json],
    [
      'application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
      {},
      { form: 'table', meta: 'meta.k8s.io/v1beta1' },
    ],
    ['application/json;as=Table;v=v1alpha1;g=meta.k8s.io,application/json', {}, json],
    [`${PROTO};as=Table;${META},application/json;as=Table;${META}`, {}, { ...json, form: 'table' }],
    [`application/json;as=PartialObjectMetadataList;${META}`, {}, { form: 'partial-list' }],
    [
      `${PROTO};as=PartialObjectMetadata;${META}`,
      { protobuf: false },
      { media: PROTO, form: 'partial' },
    ],
    [`${PROTO};as=PartialObjectMetadata;${META},${PROTO}`, { partials: false }, protobuf],
    [`${PROTO};stream=watch`, { stream: true }, protobuf],
  ]
  for (const [accept, offers, expected] of cases)
    t.match(negotiate(accept, { ...ALL, ...offers }), expected, accept ?? 'none')
  const only = 'only the following media types are accepted: '
  const spoken = `${only}application/json, application/yaml, ${PROTO}`
  const unrouted =
    '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf'
  const streamed = `${only}application/json;stream=watch, ${PROTO};stream=watch`
  const refused: readonly [accept: string, offers: object, spoken: string][] = [
    ['text/html', {}, unrouted],
    ['nonsense', {}, unrouted],
    [PROTO, { protobuf: false }, spoken],
    [`${PROTO};as=Table;${META}`, {}, spoken],
    [`application/json;as=Pod;${META}`, {}, spoken],
    ['application/json;g=meta.k8s.io', {}, spoken],
    ['application/yaml,application/json', { stream: true }, streamed],
  ]
  for (const [accept, offers, message] of refused) {
    const error = failure(() => negotiate(accept, { ...ALL, ...offers }))
    t.ok(isReason(error, 'NotAcceptable'), accept)
    t.match(error, { message }, accept)
  }
  t.equal(mediaOfStatus(`application/json;as=Table;${META},${PROTO}`), PROTO)
  t.equal(mediaOfStatus('text/html'), 'application/json')
  t.equal(mediaTypeOf('Application/JSON; charset=utf-8'), 'application/json')
})

void t.test('YAML scalars read as kubectl reads them', async t => {
  const cases: readonly [string, unknown][] = [
    ['on', true],
    ['no', false],
    ['0777', 511],
    ['0o17', 15],
    ['0b11', 3],
    ['0x1F', 31],
    ['1_000', 1000],
    ['1e3', 1000],
    ['08', 8],
    ['12:30:45', '12:30:45'],
    ['2024-01-01', '2024-01-01'],
    ['~', null],
    ['"1"', '1'],
  ]
  for (const [text, expected] of cases)
    t.strictSame(parseYaml(`a: ${text}`).value, { a: expected }, text)
  t.ok(
    isReason(
      failure(() => parseYaml('a: [')),
      'BadRequest',
    ),
  )
  const bomb = `a: &a [x]\nb: [${Array.from({ length: 2000 }, () => '*a').join(', ')}]`
  t.ok(
    isReason(
      failure(() => parseYaml(bomb)),
      'BadRequest',
    ),
    'aliases are bounded',
  )
  t.equal(renderYaml({ a: 'on' }), 'a: "on"\n')
  t.equal(
    renderYaml({ at: '2026-01-02T03:04:05Z', mode: '0644' }),
    'at: "2026-01-02T03:04:05Z"\nmode: "0644"\n',
  )
})

void t.test('flow control', async t => {
  const user = { name: 'u', groups: [] }
  const flow = createFlowControl({ reads: 1, writes: 1 })
  const gate = Promise.withResolvers<void>()
  const first = flow.run({ verb: 'get', subresource: '', user }, () => gate.promise)
  const refused = await flow
    .run({ verb: 'list', subresource: '', user }, async () => 1)
    .catch((error: unknown) => error)
  t.ok(isReason(refused, 'TooManyRequests'))
  t.equal(
    await flow.run({ verb: 'watch', subresource: '', user }, async () => 2),
    2,
    'watches are exempt',
  )
  t.equal(
    await flow.run({ verb: 'create', subresource: '', user }, async () => 3),
    3,
    'writes are counted apart',
  )
  const master = { name: 'm', groups: ['system:masters'] }
  t.equal(await flow.run({ verb: 'get', subresource: '', user: master }, async () => 4), 4)
  gate.resolve()
  await first
  t.equal(flow.reading, 0)
})
