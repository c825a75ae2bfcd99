/** Discovery and OpenAPI over HTTP: forms, hashes, what clients may keep. */
import t from 'tap'
import { gunzipSync } from 'node:zlib'
import http2 from 'node:http2'
import { connectRaw, startApi } from './api-fixture.ts'

const fixture = await startApi()
const raw = connectRaw(fixture)
t.teardown(() => {
  raw.close()
  return fixture.close()
})

const get = (path: string, headers: Record<string, string> = {}) =>
  raw.send('GET', path, undefined, headers)

const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const V3_PROTOBUF = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf'
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

void t.test('OpenAPI v2: JSON, protobuf under both names, 304', async t => {
  const json = await get('/openapi/v2')
  t.equal(json.status, 200)
  t.equal(json.headers['content-type'], 'application/json')
  t.match(json.body, { swagger: '2.0' })
  const etag = String(json.headers.etag)
  for (const mark of ['@', '.']) {
    const accept = V2_PROTOBUF.replace('v2.v1', `v2${mark}v1`)
    const { status, headers } = await get('/openapi/v2', { accept })
    t.equal(status, 200)
    t.equal(headers['content-type'], V2_PROTOBUF)
    t.equal(headers.etag, etag, 'one hash for all forms')
  }
  t.equal((await get('/openapi/v2', { 'if-none-match': etag })).status, 304)
  t.equal((await get('/openapi/v2', { accept: 'text/html' })).status, 406)
  t.match((await get('/swagger.json')).body, { swagger: '2.0' }, 'the name of old')
})

void t.test('OpenAPI v3: documents are named with their hash and kept for ever', async t => {
  const paths = Object((await get('/openapi/v3')).body).paths
  t.match(paths['apis/extensions/v1beta1'], { serverRelativeURL: /\?hash=[0-9A-F]{128}$/ })
  for (const root of ['api', 'apis/apps', 'openid/v1/jwks'])
    t.match((await get(paths[root].serverRelativeURL)).body, { paths: { [`/${root}/`]: {} } })
  t.match((await get(paths['version'].serverRelativeURL)).body, {
    info: { title: 'Kubernetes', version: '1.36' },
    components: { schemas: { 'io.k8s.apimachinery.pkg.version.Info': { type: 'object' } } },
  })
  const { serverRelativeURL } = paths['apis/apps/v1']
  const document = await get(serverRelativeURL)
  t.equal(document.headers['cache-control'], 'public, immutable')
  t.ok(Date.parse(String(document.headers.expires)) > Date.now())
  t.match(document.body, { openapi: '3.0.0' })
  const protobuf = await get(serverRelativeURL, { accept: V3_PROTOBUF })
  t.equal(protobuf.headers['content-type'], V3_PROTOBUF)
  const wrong = await get('/openapi/v3/apis/apps/v1?hash=123')
  t.equal(wrong.status, 301)
  t.equal(wrong.headers.location, serverRelativeURL)
  t.equal((await get('/openapi/v3/apis/apps/v1')).headers['cache-control'], undefined)
  t.equal((await get('/openapi/v3/apis/nope/v1')).status, 404)
})

void t.test('a client that unzips gets it zipped', async t => {
  const session = http2.connect(fixture.url, { ca: fixture.ca })
  const stream = session.request({
    ':path': '/openapi/v3/apis/batch/v1',
    authorization: 'Bearer admin',
    'accept-encoding': 'gzip',
  })
  let encoding: unknown
  stream.once('response', headers => (encoding = headers['content-encoding']))
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  session.close()
  t.equal(encoding, 'gzip')
  t.match(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()), { openapi: '3.0.0' })
})

void t.test('discovery: classic in every form, aggregated in both versions', async t => {
  for (const path of ['/api', '/apis', '/api/v1', '/apis/apps', '/apis/apps/v1']) {
    const json = await get(path)
    t.match(json.headers, { 'content-type': 'application/json', etag: /^"\w+"$/ }, path)
    t.equal((await get(path, { 'if-none-match': String(json.headers.etag) })).status, 304)
    t.match((await get(path, { accept: 'application/yaml' })).text, /^kind: API/m, path)
    const protobuf = await get(path, { accept: 'application/vnd.kubernetes.protobuf' })
    t.ok(protobuf.text.startsWith('k8s\0'), path)
    t.equal((await get(path, { accept: 'text/html' })).status, 406, path)
  }
  const core = Object((await get('/api/v1')).body).resources
  const pods = core.find(({ name }: { name: string }) => name === 'pods')
  t.match(pods, { storageVersionHash: 'xPOwRZ+Yhw8=', shortNames: ['po'], categories: ['all'] })
  t.equal(pods.verbs.join(' '), 'create delete deletecollection get list patch update watch')
  for (const version of ['v2', 'v2beta1']) {
    const accept = AGGREGATED.replace('v=v2', `v=${version}`)
    const { body, headers } = await get('/apis', { accept: `${accept},application/json` })
    t.equal(headers['content-type'], accept)
    t.match(body, { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}` })
    const names = body.items.map(({ metadata }) => metadata['name'])
    t.same(names.slice(-2), ['extensions', 'settings.k8s.io'], 'old groups last')
  }
})

void t.test('the list of paths', async t => {
  const { paths } = Object((await get('/')).body)
  for (const path of ['/api/v1', '/apis/apps/v1', '/healthz/ping', '/openapi/v2', '/version'])
    t.ok(paths.includes(path), path)
  t.ok(paths.every((path: string, index: number) => index === 0 || paths[index - 1] < path))
})
