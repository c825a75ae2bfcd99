/** Lists and watches on the wire: options and their refusals, where watches begin and end, forms, HTTP/1.1, WebSocket. */
import t from 'tap'
import type http2 from 'node:http2'
import https from 'node:https'
import { WebSocket } from 'ws'
import { connectRaw, linesOf, startApi } from './api-fixture.ts'

const fixture = await startApi({
  window: { bytes: 1024 * 1024, changes: 20, flightBytes: 1024 * 1024 },
})
const client = connectRaw(fixture)
t.teardown(() => {
  client.close()
  return fixture.close()
})

const headers = { authorization: 'Bearer admin' }
const PATH = '/api/v1/namespaces/lw/configmaps'
const versions: string[] = []
const write = async (name: string, labels: Record<string, string> = {}): Promise<void> => {
  const made = await client.send('POST', PATH, { metadata: { name, labels } })
  versions.push(String(made.body.metadata['resourceVersion']))
}
for (let index = 0; index < 5; index++) await write(`c${index}`, { app: index < 3 ? 'web' : 'db' })

const V1 = 'meta.k8s.io/v1'

const REFUSALS: readonly { query: string; code: number; message: string | RegExp }[] = [
  ...[
    ['resourceVersionMatch=Exact', 'is forbidden unless resourceVersion is provided'],
    [
      'resourceVersionMatch=Exact&resourceVersion=1&continue=x',
      'is forbidden when continue is provided',
    ],
    [
      'resourceVersionMatch=Exact&resourceVersion=0',
      '"exact" is forbidden for resourceVersion "0"',
    ],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      'is forbidden for watch unless sendInitialEvents is provided',
    ],
  ].map(([query = '', why = '']) => ({
    query,
    code: 422,
    message: `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch ${why}`,
  })),
  {
    query: 'watch=1&sendInitialEvents=true',
    code: 422,
    message:
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  },
  {
    query: 'watch=1&sendInitialEvents=true&resourceVersionMatch=Exact',
    code: 422,
    message:
      /requires .* to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"\]$/,
  },
  {
    query: 'sendInitialEvents=0',
    code: 422,
    message: /sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list$/,
  },
  { query: 'watch=1&timeoutSeconds=x', code: 400, message: /strconv.ParseInt: parsing "x"/ },
  { query: 'resourceVersion=x', code: 400, message: /strconv.ParseUint: parsing "x"/ },
  {
    query: 'continue=a*b',
    code: 400,
    message:
      /^invalid continue token: continue key is not valid: illegal base64 data at input byte 1$/,
  },
  ...[
    ['v9', 1, 'a', 'server does not recognize this encoded version v9'],
    [V1, 0, 'a', `incorrect encoded start resourceVersion (version ${V1})`],
    [V1, 1, '', `encoded start key empty (version ${V1})`],
    [V1, 1, '../../secrets/x', '../../secrets/x'],
  ].map(([v, rv, start, why]) => ({
    query: `continue=${Buffer.from(JSON.stringify({ v, rv, start })).toString('base64url')}`,
    code: 400,
    message: `invalid continue token: continue key is not valid: ${why}`,
  })),
]

void t.test('options that contradict each other or cannot be read', async t => {
  for (const { query, code, message } of REFUSALS) {
    const { status, body } = await client.send('GET', `${PATH}?${query}`)
    t.match({ status, message: body['message'] }, { status: code, message }, query)
  }
  const none = await client.send('GET', `${PATH}?limit=-1&watch=false`)
  t.equal(none.body.items.length, 5, 'a negative limit is none')
})

void t.test('pages: what remains, selectors, the past, forms', async t => {
  const first = await client.send('GET', `${PATH}?limit=2`)
  t.match(first.body.metadata, { remainingItemCount: 3, continue: /./ })
  const web = await client.send('GET', `${PATH}?limit=2&labelSelector=app%3Dweb`)
  t.match(web.body.metadata, { remainingItemCount: undefined, continue: /./ }, 'not counted')
  const token = String(first.body.metadata['continue'])
  const both = await client.send('GET', `${PATH}?continue=${token}&resourceVersion=${versions[0]}`)
  t.match(both.body, {
    code: 400,
    message: 'specifying resource version is not allowed when using continue',
  })
  const any = await client.send('GET', `${PATH}?continue=${token}&resourceVersion=0`)
  t.equal(any.body.items.length, 3)
  const past = `resourceVersion=${versions[1]}`
  for (const query of [`${past}&resourceVersionMatch=Exact`, `${past}&limit=9`])
    t.equal((await client.send('GET', `${PATH}?${query}`)).body.items.length, 2, query)
  for (const query of [past, `${past}&resourceVersionMatch=NotOlderThan&limit=9`])
    t.equal((await client.send('GET', `${PATH}?${query}`)).body.items.length, 5, query)
  for (const [as, list] of [
    ['Table', 'rows'],
    ['PartialObjectMetadataList', 'items'],
  ] as const) {
    const accept = `application/json;as=${as};g=meta.k8s.io;v=v1`
    const page = await client.send('GET', `${PATH}?limit=2`, undefined, { accept })
    t.match(page.body, { kind: as, metadata: first.body.metadata })
    const count = page.body[list]
    t.equal(Array.isArray(count) && count.length, 2)
  }
  const accept = 'application/json;as=Table;g=meta.k8s.io;v=v9'
  t.equal((await client.send('GET', PATH, undefined, { accept })).status, 406)
})

interface Event {
  readonly type: string
  readonly object: Record<string, unknown> & {
    readonly metadata: { readonly name?: string; readonly annotations?: object }
  }
}

/** Everything a watch says until it ends. */
async function whole(stream: http2.ClientHttp2Stream): Promise<Event[]> {
  const events: Event[] = []
  for await (const line of linesOf(stream)) events.push(line as unknown as Event)
  return events
}

const watching = (query: string): Promise<Event[]> =>
  whole(client.open(`${PATH}?watch=true&timeoutSeconds=1&${query}`))

const shown = (events: readonly Event[]): string[] =>
  events.map(({ type, object }) => {
    const isEnd = object.metadata.annotations !== undefined
    return `${type} ${object.metadata.name ?? (isEnd ? 'end' : '')}`.trim()
  })

const ALL = ['ADDED c0', 'ADDED c1', 'ADDED c2', 'ADDED c3', 'ADDED c4']
const END = ['BOOKMARK end', 'BOOKMARK']
const INITIAL = 'resourceVersionMatch=NotOlderThan&sendInitialEvents'

void t.test('where watches begin and how they end', async t => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', ALL],
    ['resourceVersion=0', ALL],
    ['limit=1', ALL],
    [`resourceVersion=${versions[2]}`, ALL.slice(3)],
    ['allowWatchBookmarks=true', [...ALL, ...END]],
    [`resourceVersion=${versions[3]}&allowWatchBookmarks=1`, ['ADDED c4', 'BOOKMARK']],
    [`${INITIAL}=true&allowWatchBookmarks=true`, [...ALL, ...END]],
    [`${INITIAL}=true&resourceVersion=${versions[0]}&allowWatchBookmarks=true`, [...ALL, ...END]],
    [`${INITIAL}=true`, ALL],
    [`${INITIAL}=false&allowWatchBookmarks=true`, ['BOOKMARK']],
    [`${INITIAL}=false&resourceVersion=${versions[3]}`, ['ADDED c4']],
    ['labelSelector=app%3Ddb', ALL.slice(3)],
    ['fieldSelector=metadata.name%3Dc1', ALL.slice(1, 2)],
  ]
  const seen = await Promise.all(cases.map(([query]) => watching(query)))
  for (const [index, [query, expected]] of cases.entries())
    t.strictSame(shown(seen[index] ?? []), expected, query === '' ? 'plain' : query)
})

void t.test('a revision that is not here', async t => {
  const futureItem = client.send('GET', `${PATH}/c1?resourceVersion=999999`)
  t.equal((await client.send('GET', `${PATH}/c1?resourceVersion=0`)).status, 200)
  const future = watching(`${INITIAL}=true&allowWatchBookmarks=true&resourceVersion=999999`)
  for (let index = 0; index < 30; index++) {
    await write('gone')
    await client.send('DELETE', `${PATH}/gone`)
  }
  t.match(await watching(`resourceVersion=${versions[0]}`), [
    {
      type: 'ERROR',
      object: {
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: new RegExp(`^too old resource version: ${versions[0]} \\(\\d+\\)$`),
      },
    },
  ])
  t.match(await future, [
    {
      type: 'ERROR',
      object: {
        code: 504,
        reason: 'Timeout',
        message: /^Timeout: Too large resource version: 999999, current: \d+$/,
        details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
      },
    },
  ])
  t.match((await futureItem).body, { code: 504, message: /Too large resource version: 999999/ })
  await fixture.store.compact(fixture.store.revision)
  const past = await client.send('GET', `${PATH}?resourceVersion=1&resourceVersionMatch=Exact`)
  t.match(past.body, {
    code: 410,
    reason: 'Expired',
    message: 'The resourceVersion for the provided list is too old.',
    metadata: { continue: undefined },
  })
})

/** With HTTP/1.1 and gzip on offer: the first lines and the headers. */
function overHttp1(query: string, accept: string): Promise<{ events: Event[]; headers: object }> {
  return new Promise((resolve, reject) => {
    const request = https.get(
      `${fixture.url}${PATH}?watch=true&timeoutSeconds=1&${query}`,
      { ca: fixture.ca, headers: { ...headers, accept, 'accept-encoding': 'gzip' } },
      response => {
        let text = ''
        response.on('data', chunk => (text += String(chunk)))
        response.once('end', () => {
          const events = text.split('\n').filter(line => line !== '')
          resolve({ events: events.map(line => JSON.parse(line)), headers: response.headers })
        })
      },
    )
    request.once('error', reject)
  })
}

void t.test('HTTP/1.1, Table and partial metadata; never compressed, never YAML', async t => {
  const as = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1`
  const [plain, table, partial] = await Promise.all([
    overHttp1('', 'application/json'),
    overHttp1('allowWatchBookmarks=true', as('Table')),
    overHttp1('allowWatchBookmarks=true', as('PartialObjectMetadata')),
  ])
  t.match(plain.headers, { 'transfer-encoding': 'chunked', 'content-type': 'application/json' })
  t.notOk('content-encoding' in plain.headers)
  t.strictSame(shown(plain.events), ALL)
  const columns = table.events.map(({ object }) => object['columnDefinitions'])
  t.match(columns.slice(0, 2), [[{ name: 'Name' }, { name: 'Data' }, { name: 'Age' }], []])
  const [row] = (table.events[0]?.object['rows'] ?? []) as { cells: unknown[]; object: object }[]
  t.match(row, { cells: ['c0', 0], object: { metadata: { name: 'c0' } } })
  t.match(table.events.at(-2), {
    type: 'BOOKMARK',
    object: {
      kind: 'Table',
      rows: [{ object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } }],
    },
  })
  t.strictSame(shown(partial.events), [...ALL, ...END])
  t.ok(partial.events.every(({ object }) => object['kind'] === 'PartialObjectMetadata'))
  const yaml = await client.send('GET', `${PATH}?watch=true`, undefined, {
    accept: 'application/yaml',
  })
  t.equal(yaml.status, 406)
})

void t.test('a watch over WebSocket: one event, one text message', async t => {
  const socket = new WebSocket(
    `wss://127.0.0.1:${fixture.port}${PATH}?watch=true&timeoutSeconds=1&resourceVersion=0`,
    ['base64url.bearer.authorization.k8s.io.YWRtaW4', 'of.the.caller'],
    { ca: fixture.ca, headers },
  )
  const events: Event[] = []
  socket.on('message', (data, isBinary) => {
    t.notOk(isBinary)
    events.push(JSON.parse(Buffer.isBuffer(data) ? data.toString() : ''))
  })
  const code = await new Promise((resolve, reject) => {
    socket.once('close', resolve)
    socket.once('error', reject)
  })
  t.equal(code, 1000, 'ends in good order')
  t.equal(socket.protocol, 'of.the.caller')
  t.strictSame(shown(events), ALL)
  const refused = new WebSocket(
    `wss://127.0.0.1:${fixture.port}${PATH}?watch=true&timeoutSeconds=x`,
    { ca: fixture.ca, headers },
  )
  const status = await new Promise(resolve => {
    refused.once('unexpected-response', (_request, response) => resolve(response.statusCode))
    refused.once('error', () => resolve(0))
  })
  t.equal(status, 400, 'a refusal is an HTTP answer')
})
