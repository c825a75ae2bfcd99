/** How a request is read: path, Accept, YAML and protobuf bodies, room for it. */
import t from 'tap'
import { typeOf } from '#api/scheme.ts'
import { isReason } from '#api/status.ts'
import { createFlowControl } from '#server/http/flow-control.ts'
import { mediaTypeOf, negotiate } from '#server/http/negotiation.ts'
import { parseProtobuf } from '#server/http/protobuf.ts'
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

void t.test('negotiation', async t => {
  const cases: readonly [accept: string | undefined, expected: object][] = [
    [undefined, { media: 'application/json', form: 'object' }],
    ['*/*', { form: 'object' }],
    [
      'application/vnd.kubernetes.protobuf,application/json',
      { media: 'application/json', form: 'object' },
    ],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', { form: 'table' }],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', { form: 'object' }],
    ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', { form: 'partial-list' }],
    ['application/yaml', { media: 'application/yaml' }],
  ]
  for (const [accept, expected] of cases) t.match(negotiate(accept), expected, accept ?? 'none')
  t.ok(
    isReason(
      failure(() => negotiate('text/html')),
      'NotAcceptable',
    ),
  )
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
  for (const [text, expected] of cases) t.strictSame(parseYaml(`a: ${text}`), { a: expected }, text)
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

void t.test('protobuf bodies', async t => {
  const bytes = (number: number, ...parts: readonly (Buffer | string)[]): Buffer => {
    const body = Buffer.concat(parts.map(part => Buffer.from(part)))
    return Buffer.concat([Buffer.from([number * 8 + 2, body.length]), body])
  }
  const number = (field: number, value: number): Buffer => Buffer.from([field * 8, value])
  const probe = bytes(10, bytes(1, bytes(2, bytes(2, number(1, 0), number(2, 80)))), number(2, 5))
  const quantity = bytes(8, bytes(1, bytes(1, 'cpu'), bytes(2, bytes(1, '100m'))))
  const container = bytes(2, bytes(1, 'c'), bytes(2, 'nginx'), probe, quantity)
  const meta = bytes(1, bytes(1, 'web'), bytes(8), bytes(11, bytes(1, 'app'), bytes(2, 'web')))
  const envelope = (kind: string, raw: Buffer): Buffer =>
    Buffer.concat([Buffer.from('k8s\0'), bytes(1, bytes(1, 'v1'), bytes(2, kind)), bytes(2, raw)])
  const podOnly = (_version: string, kind: string): ReturnType<typeof typeOf> =>
    kind === 'Pod' ? typeOf('', 'v1', 'Pod') : undefined
  t.strictSame(
    parseProtobuf(envelope('Pod', Buffer.concat([meta, bytes(2, container)])), podOnly),
    {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'web', creationTimestamp: null, labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'nginx',
            livenessProbe: { httpGet: { port: 80 }, initialDelaySeconds: 5 },
            resources: { limits: { cpu: '100m' } },
          },
        ],
      },
    },
  )
  for (const [name, body] of [
    ['no magic', Buffer.from('{}')],
    ['another kind', envelope('Node', meta)],
    ['cut short', envelope('Pod', Buffer.from([0x0a, 0x7f]))],
  ] as const)
    t.ok(
      isReason(
        failure(() => parseProtobuf(body, podOnly)),
        'BadRequest',
      ),
      name,
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
