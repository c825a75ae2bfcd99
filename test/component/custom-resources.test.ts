/**
 * Custom resources over HTTPS: verbs, versions, subresources, watches, discovery and OpenAPI at once, kubectl, deletion,
 * restarts. What each answer says word by word is compared with upstream's in test/fixtures.
 */
import t, { type Test } from 'tap'
import { connectRaw, linesOf, type Reply, startApi } from './api-fixture.ts'
import {
  abolish,
  conditionsOf,
  definitionOf,
  DEFINITIONS,
  establish,
  type Fields,
  OPEN,
  seen,
  version,
} from './definitions-fixture.ts'

let fixture = await startApi()
let raw = connectRaw(fixture)
t.teardown(() => {
  raw.close()
  return fixture.close()
})
for (const name of ['default', 'one']) {
  await raw.send('POST', '/api/v1/namespaces', { metadata: { name } })
}

const GROUP = 'example.com'
const SPEC = {
  type: 'object',
  properties: { size: { type: 'integer', default: 1 }, color: { type: 'string' } },
}
const SCHEMA = {
  type: 'object',
  description: 'Widget turns.',
  properties: { spec: SPEC, status: { type: 'object', properties: { size: { type: 'integer' } } } },
}
const SCALE = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' }
const STORED = { storage: true }
const SERVED = { storage: false }

const root = (plural: string, v = 'v1', group = GROUP): string =>
  `/apis/${group}/${v}/namespaces/default/${plural}`
const widget = (kind: string, name: string, spec: Fields = {}, v = 'v1'): Fields => ({
  apiVersion: `${GROUP}/${v}`,
  kind,
  metadata: { name },
  spec,
})

const created = async (t: Test, path: string, body: Fields): Promise<Reply> => {
  const reply = await raw.send('POST', path, body)
  t.equal(reply.status, 201, reply.status === 201 ? path : reply.text)
  return reply
}

const patch = (path: string, body: unknown, type = 'merge-patch+json'): Promise<Reply> =>
  raw.send('PATCH', path, body, { 'content-type': `application/${type}` })

const generationOf = ({ body }: Reply): unknown => body.metadata['generation']

void t.test('served, listed and published as soon as it is established', async t => {
  const began = performance.now()
  const before = await raw.send('GET', '/apis')
  await establish(
    raw,
    definitionOf({
      group: GROUP,
      plural: 'dials',
      kind: 'Dial',
      versions: [version('v1', SCHEMA)],
    }),
  )
  t.ok(performance.now() - began < 2000, 'within moments')
  const after = await raw.send('GET', '/apis')
  t.not(before.headers['etag'], after.headers['etag'])
  t.ok(after.text.includes(`"${GROUP}/v1"`))
  const aggregated = await raw.send('GET', '/apis', undefined, {
    accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  })
  t.ok(aggregated.text.includes('"resource":"dials"'))
  const { text: index } = await raw.send('GET', '/openapi/v3')
  t.ok(index.includes(`apis/${GROUP}/v1`))
  const { body: v3 } = await raw.send('GET', `/openapi/v3/apis/${GROUP}/v1`)
  t.match(v3, { info: { title: 'Kubernetes CRD Swagger' } })
  const path = `/apis/${GROUP}/v1/namespaces/{namespace}/dials`
  const told = Object(v3['paths'])
  t.same(Object.keys(told).toSorted(), [`/apis/${GROUP}/v1/dials`, path, `${path}/{name}`])
  const forms = ['application/json', 'application/yaml']
  const { get, patch: patched } = told[`${path}/{name}`]
  t.same(Object.keys(get.responses[200].content), forms, 'no protobuf')
  t.same(Object.keys(patched.requestBody.content), [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/apply-patch+yaml',
  ])
  const { schemas } = Object(v3['components'])
  t.match(schemas['com.example.v1.Dial'], {
    description: 'Widget turns.',
    properties: { spec: SPEC, kind: { type: 'string' }, metadata: { allOf: [{}] } },
    'x-kubernetes-group-version-kind': [{ group: GROUP, version: 'v1', kind: 'Dial' }],
  })
  t.match(schemas['com.example.v1.DialList'], { required: ['items'] })
  const { body: v2 } = await raw.send('GET', '/openapi/v2')
  t.match(Object(v2['definitions'])['com.example.v1.Dial'], { type: 'object' })
  await abolish(raw, `dials.${GROUP}`)
  t.equal((await raw.send('GET', `/apis/${GROUP}/v1`)).status, 404, 'and gone with it')
  t.equal((await raw.send('GET', '/apis')).headers['etag'], before.headers['etag'])
  t.notOk((await raw.send('GET', '/openapi/v3')).text.includes(GROUP))
})

void t.test('generations, with a status of its own and without', async t => {
  for (const [plural, kind, subresources] of [
    ['withs', 'With', { status: {}, scale: SCALE }],
    ['withouts', 'Without', {}],
  ] as const) {
    const versions = [version('v1', SCHEMA, { subresources })]
    await establish(raw, definitionOf({ group: GROUP, plural, kind, versions }))
    const first = await created(t, root(plural), {
      ...widget(kind, 'a'),
      status: { size: 5 },
    })
    t.match(first.body, { metadata: { generation: 1 }, spec: { size: 1 } }, 'defaulted')
    const path = `${root(plural)}/a`
    t.equal(generationOf(await patch(path, { metadata: { labels: { a: 'b' } } })), 1)
    t.equal(generationOf(await patch(path, { spec: { size: 2 } })), 2)
    const own = kind === 'With'
    t.equal('status' in first.body, !own)
    t.equal(generationOf(await patch(path, { status: { size: 6 } })), own ? 2 : 3)
    const status = await patch(`${path}/status`, { status: { size: 7 }, spec: { size: 9 } })
    t.equal(status.status, own ? 200 : 404)
    if (own) t.match(status.body, { metadata: { generation: 2 }, spec: { size: 2 } })
    const scaled = await patch(`${path}/scale`, { spec: { replicas: 4 } })
    t.equal(scaled.status, own ? 200 : 404)
    if (own) t.match(scaled.body, { spec: { replicas: 4 }, status: { replicas: 7 } })
    const merged = await patch(path, { spec: {} }, 'strategic-merge-patch+json')
    t.equal(merged.status, 415)
    await abolish(raw, `${plural}.${GROUP}`)
  }
})

void t.test('several versions of one object', async t => {
  const versions = [version('v1', SCHEMA, STORED), version('v1beta1', OPEN, SERVED)]
  const definition = definitionOf({ group: GROUP, plural: 'olds', kind: 'Old', versions })
  await establish(raw, definition)
  await created(t, root('olds', 'v1beta1'), widget('Old', 'a', { size: 3 }, 'v1beta1'))
  t.equal((await raw.send('GET', `${root('olds')}/a`)).body['apiVersion'], `${GROUP}/v1`)
  const { body: list } = await raw.send('GET', root('olds', 'v1beta1'))
  t.match(list.items, [{ apiVersion: `${GROUP}/v1beta1`, spec: { size: 3 } }])
  const watch = raw.open(`${root('olds', 'v1beta1')}?watch=1`)
  for await (const { object } of linesOf(watch)) {
    t.match(object, { apiVersion: `${GROUP}/v1beta1`, metadata: { name: 'a' } })
    break
  }
  const name = `olds.${GROUP}`
  const moved = [version('v1', SCHEMA, SERVED), version('v1beta1', OPEN, STORED)]
  await patch(`${DEFINITIONS}/${name}`, { spec: { versions: moved } })
  const definedNow = (await raw.send('GET', `${DEFINITIONS}/${name}`)).body
  t.same(Object(definedNow['status']).storedVersions, ['v1', 'v1beta1'])
  const before = await raw.send('GET', `${root('olds')}/a`)
  const same = await patch(`${root('olds')}/a`, {})
  t.not(
    same.body.metadata['resourceVersion'],
    before.body.metadata['resourceVersion'],
    'an empty write moves it into the version that is stored now',
  )
  const again = await patch(`${root('olds')}/a`, {})
  t.equal(again.body.metadata['resourceVersion'], same.body.metadata['resourceVersion'])
  await abolish(raw, name)
})

void t.test('a watch goes on under a new schema, and ends with its definition', async t => {
  const versions = [version('v1', SCHEMA)]
  await establish(raw, definitionOf({ group: GROUP, plural: 'seens', kind: 'Seen', versions }))
  await created(t, root('seens'), widget('Seen', 'a'))
  const others = raw.open('/api/v1/namespaces?watch=1')
  const events = linesOf(raw.open(`${root('seens')}?watch=1`))
  const next = async (): Promise<Fields> => {
    const { value } = await events.next()
    return Object(value)
  }
  t.match(await next(), { type: 'ADDED' })
  const properties = { ...SCHEMA.properties, more: { type: 'string', default: 'yes' } }
  const changed = [version('v1', { ...SCHEMA, properties })]
  await patch(`${DEFINITIONS}/seens.${GROUP}`, { spec: { versions: changed } })
  const shown = await raw.send('GET', `${root('seens')}/a`)
  t.equal(shown.body['more'], 'yes', 'what was stored before has new defaults')
  await patch(`${root('seens')}/a`, { spec: { size: 2 } })
  t.match(await next(), { type: 'MODIFIED', object: { more: 'yes', spec: { size: 2 } } })
  await abolish(raw, `seens.${GROUP}`)
  t.match(await next(), { type: 'DELETED' })
  t.same(await events.next(), { done: true, value: undefined }, 'and the stream is over')
  t.notOk(others.closed, 'others are not')
  others.close()
})

void t.test('a definition goes when its last instance has gone', async t => {
  const versions = [version('v1', OPEN)]
  const name = `helds.${GROUP}`
  await establish(raw, definitionOf({ group: GROUP, plural: 'helds', kind: 'Held', versions }))
  const held = widget('Held', 'a')
  await created(t, root('helds'), { ...held, metadata: { name: 'a', finalizers: ['a.b/c'] } })
  await created(t, root('helds').replace('default', 'one'), widget('Held', 'b'))
  const answer = await raw.send('DELETE', `${DEFINITIONS}/${name}`)
  t.match(answer.body.metadata['finalizers'], ['customresourcecleanup.apiextensions.k8s.io'])
  const ending = await seen(raw, name, ({ object }) =>
    String(JSON.stringify(object)).includes('InstanceDeletionInProgress'),
  )
  t.ok(conditionsOf(ending).includes('Terminating True'))
  const refused = await raw.send('POST', root('helds'), widget('Held', 'c'))
  t.match(refused.body, { code: 403, message: /while custom resource definition is terminating/ })
  t.equal((await raw.send('GET', `${root('helds')}/a`)).status, 200, 'held by a finalizer')
  await patch(`${root('helds')}/a`, { metadata: { finalizers: null } })
  await abolish(raw, name)
  t.equal((await raw.send('GET', root('helds'))).status, 404)
})

void t.test('names are free again when their definition has gone', async t => {
  const versions = [version('v1', OPEN)]
  await establish(raw, definitionOf({ group: GROUP, plural: 'firsts', kind: 'Same', versions }))
  const second = definitionOf({ group: GROUP, plural: 'seconds', kind: 'Same', versions })
  await raw.send('POST', DEFINITIONS, second)
  const refused = await seen(raw, `seconds.${GROUP}`, ({ object }) =>
    conditionsOf(object).includes('Established False'),
  )
  t.ok(conditionsOf(refused).includes('NamesAccepted False'))
  t.equal((await raw.send('GET', root('seconds'))).status, 404)
  await abolish(raw, `firsts.${GROUP}`)
  await seen(raw, `seconds.${GROUP}`, ({ object }) =>
    conditionsOf(object).includes('Established True'),
  )
  t.equal((await raw.send('GET', root('seconds'))).status, 200)
  await abolish(raw, `seconds.${GROUP}`)
})

void t.test('what is stored and not acted on says so', async t => {
  const rules = [{ rule: 'self.size > 0' }]
  const ruled = { ...SCHEMA, properties: { spec: { ...SPEC, 'x-kubernetes-validations': rules } } }
  const conversion = {
    strategy: 'Webhook',
    webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://127.0.0.1:1/c' } },
  }
  const versions = [version('v1', ruled, STORED), version('v2', OPEN, SERVED)]
  const reply = await establish(
    raw,
    definitionOf({ group: GROUP, plural: 'hooks', kind: 'Hook', versions, more: { conversion } }),
  )
  const warnings = String(reply.headers['warning'])
  t.match(warnings, /x-kubernetes-validations are stored and not evaluated/)
  t.match(warnings, /conversion webhooks are not called/)
  await created(t, root('hooks'), widget('Hook', 'a', { size: 0 }))
  const refused = await raw.send('GET', root('hooks', 'v2'))
  t.match(refused.body, {
    code: 500,
    message: /conversion webhook for example.com\/v2, Kind=Hook failed/,
  })
  await abolish(raw, `hooks.${GROUP}`)
})

void t.test('a definition of 2017', async t => {
  const path = DEFINITIONS.replace('/v1/', '/v1beta1/')
  const definition = {
    metadata: { name: `relics.${GROUP}` },
    spec: {
      group: GROUP,
      version: 'v1',
      names: { plural: 'relics', kind: 'Relic' },
      validation: {
        openAPIV3Schema: { properties: { spec: { properties: { a: { maximum: 5 } } } } },
      },
      additionalPrinterColumns: [{ name: 'A', type: 'integer', JSONPath: '.spec.a' }],
    },
  }
  await raw.send('POST', path, definition)
  const name = `relics.${GROUP}`
  const shown = await seen(raw, name, ({ object }) =>
    conditionsOf(object).includes('Established True'),
  )
  t.ok(conditionsOf(shown).includes('NonStructuralSchema True'))
  const refused = await raw.send('POST', root('relics'), widget('Relic', 'a', { a: 7 }))
  t.equal(refused.status, 422, refused.text)
  const relic = { ...widget('Relic', 'a', { a: 3 }), unknown: true }
  t.match((await created(t, root('relics'), relic)).body, { unknown: true })
  await abolish(raw, name)
})

void t.test('hostile objects', async t => {
  const versions = [version('v1', OPEN)]
  await establish(raw, definitionOf({ group: GROUP, plural: 'bads', kind: 'Bad', versions }))
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
  const bodies: readonly (readonly [string, number])[] = [
    [`{"apiVersion":"${GROUP}/v1","kind":"Bad","metadata":{"name":"a"},"spec":${deep}}`, 400],
    [
      `{"apiVersion":"${GROUP}/v1","kind":"Bad","metadata":{"name":"b"},"x":"${'y'.repeat(4 << 20)}"}`,
      413,
    ],
    [`{"apiVersion":"${GROUP}/v1","kind":"Bad","metadata":[]}`, 400],
    [`{"apiVersion":"${GROUP}/v1","kind":"Bad","metadata":{"name":"c","labels":7}}`, 400],
    ['[]', 400],
    ['null', 400],
  ]
  for (const [body, code] of bodies) {
    const { status, body: answer } = await raw.send('POST', root('bads'), body)
    t.equal(status, code, body.slice(0, 80))
    t.equal(answer['kind'], 'Status')
  }
  const proto = `{"apiVersion":"${GROUP}/v1","kind":"Bad","metadata":{"name":"p"},"__proto__":{"a":1},"constructor":{"b":2}}`
  const kept = await raw.send('POST', root('bads'), proto)
  t.equal(kept.status, 201, kept.text)
  t.ok(kept.text.includes('"__proto__":{"a":1}'))
  await abolish(raw, `bads.${GROUP}`)
})

void t.test('kubectl', async t => {
  const columns = [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }]
  const versions = [version('v1', SCHEMA, { additionalPrinterColumns: columns })]
  const names = { shortNames: ['kn'] }
  const definition = definitionOf({ group: GROUP, plural: 'knobs', kind: 'Knob', versions, names })
  const run = async (args: string, input?: string): Promise<string> => {
    const { code, stdout, stderr } = await fixture.kubectl(args.split(' '), input)
    t.equal(code, 0, code === 0 ? args : stderr)
    return stdout
  }
  await run('create -f -', JSON.stringify(definition))
  await run(`wait --for=condition=Established crd/knobs.${GROUP} --timeout=20s`)
  t.match(await run(`api-resources --api-group=${GROUP}`), /knobs +kn +example.com\/v1 +true +Knob/)
  const knob = JSON.stringify(widget('Knob', 'a', { size: 4 }))
  t.match(await run('apply -f -', knob), /knob.example.com\/a created/)
  t.match(await run('apply --server-side --force-conflicts -f -', knob), /serverside-applied/)
  t.match(await run('get kn'), /NAME +SIZE\na +4/)
  t.match(await run('patch kn a --type=merge -p {"spec":{"size":6}}'), /patched/)
  t.match(await run('get kn a -o jsonpath={.spec.size}'), '6')
  t.match(await run('explain knobs.spec.size'), /FIELD: size <integer>/)
  t.match(await run('describe kn a'), /Size: +6/)
  t.match(await run('delete kn --all'), /deleted/)
  t.match(await run(`delete crd knobs.${GROUP} --timeout=20s`), /deleted/)
})

void t.test('after a restart it is served from the first request on', async t => {
  const versions = [version('v1', OPEN)]
  await establish(raw, definitionOf({ group: GROUP, plural: 'keeps', kind: 'Keep', versions }))
  await created(t, root('keeps'), widget('Keep', 'a'))
  raw.close()
  const { directory } = fixture
  await fixture.close({ keeps: true })
  fixture = await startApi({ directory })
  raw = connectRaw(fixture)
  t.equal((await raw.send('GET', `${root('keeps')}/a`)).status, 200)
  await abolish(raw, `keeps.${GROUP}`)
})
