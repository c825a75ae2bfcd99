/** Reads over raw HTTP/2: lists and their pages, watches, and the forms of what is answered. */
import t from 'tap'
import { connectRaw, linesOf, startApi } from './api-fixture.ts'
import { CONFIGMAPS, configMap } from './verbs-fixture.ts'

const PODS = '/api/v1/namespaces/default/pods'

const fixture = await startApi()
const client = connectRaw(fixture)
t.teardown(async () => {
  client.close()
  await fixture.close()
})
await client.send('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })
await client.send('POST', CONFIGMAPS, configMap('p'))

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
