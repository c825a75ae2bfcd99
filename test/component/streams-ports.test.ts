/** Port-forward from real clients of several ages, and the proxies of pods, services and nodes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSilent } from 'node:net'
import { PassThrough } from 'node:stream'
import tls from 'node:tls'
import t from 'tap'
import { WebSocket } from 'ws'
import { KubeConfig, PortForward } from '@kubernetes/client-node'
import { sendH1 } from '../support/raw-client.ts'
import { connectRaw } from './api-fixture.ts'
import { KUBECTLS, POD_ADDRESS, running, startStreams } from './streams-fixture.ts'

const fixture = await startStreams()
await fixture.place(running('web'))
const raw = connectRaw(fixture)

/** Absolute paths are links, but not in scripts, comments and other attributes. */
const PAGE = `<!doctype html><html><!-- <a href='/comment'> -->
<a class="x" HREF="/there?a=1&amp;b">ü</a><a href='/one'>'</a><a href=/bare>b</a><a href="rel">r</a>
<img alt='a > b' src="/i.png"><p title=' /no '>3 < 4</p><a href='https://elsewhere.example/'>e</a>
<script src="/s.js">const a = '<a href=\\'/script\\'>'</script><form action="/form"></form></html>`

/** What pods serve: it says how it was asked, echoes bodies, redirects, and upgrades to an echo. */
const server = createServer((request, response) => {
  if (request.url?.startsWith('/to?')) {
    const location = decodeURIComponent(request.url.slice('/to?'.length))
    response.writeHead(302, { location, connection: 'close' }).end()
  } else if (request.method === 'POST') request.pipe(response)
  else if (request.url === '/page')
    response
      .setHeader('content-type', 'text/html; charset=utf-8')
      .setHeader('content-length', Buffer.byteLength(PAGE))
      .end(PAGE)
  else if (request.url === '/broken') request.socket.destroy()
  else if (request.url === '/teapot')
    response
      .writeHead(418, { 'x-a': 'b', 'access-control-allow-origin': '*' })
      .end('short and stout')
  else {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method: request.method, url: request.url, ...request.headers }))
  }
})
const INSTEAD: Readonly<Record<string, string>> = {
  '/refused': 'HTTP/1.1 403 Forbidden\r\nx-a: b\r\ncontent-length: 2\r\n\r\nno',
  '/ignored': 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
}
server.on('upgrade', (request, socket) => {
  const instead = INSTEAD[request.url ?? '']
  if (instead !== undefined) return void socket.end(instead)
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  socket.pipe(socket)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
t.teardown(async () => {
  raw.close()
  await fixture.close()
  server.closeAllConnections()
  server.close()
})

interface Forwarder {
  readonly child: ChildProcess
  readonly url: string
  readonly said: () => string
}

async function forward(program: string, target: string): Promise<Forwarder> {
  const child = spawn(program, ['port-forward', 'web', `:${target}`], {
    env: { PATH: process.env['PATH'], HOME: fixture.directory, KUBECONFIG: fixture.kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const err: string[] = []
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()))
  const [line] = await once(child.stdout, 'data')
  const local = /127\.0\.0\.1:(\d+)/.exec(String(line))?.[1] ?? ''
  return { child, url: `http://127.0.0.1:${local}`, said: () => err.join('') }
}

const PROGRAMS = [...KUBECTLS, { version: 'PATH', program: 'kubectl' }]

for (const { version, program } of PROGRAMS)
  void t.test(`kubectl port-forward ${version}`, async t => {
    const { child, url, said } = await forward(program, String(port))
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const answer = await fetch(`${url}/${index}`, { headers: { connection: 'close' } })
        return answer.text()
      }),
    )
    t.ok(answers.every((answer, index) => answer.includes(`"url":"/${index}"`)))
    const body = Buffer.alloc(10_000_000, 'x')
    const echoed = await fetch(url, { method: 'POST', body })
    t.equal((await echoed.arrayBuffer()).byteLength, body.length)
    t.equal(said(), '')
    child.kill()
    await once(child, 'exit')
  })

void t.test('a port that nobody listens on', async t => {
  const { child, url, said } = await forward('kubectl', '1')
  const closed = once(child, 'close')
  await t.rejects(fetch(url))
  // Some versions give up, others go on.
  while (!said().includes('refused')) await once(child.stderr ?? child, 'data')
  t.match(
    said(),
    /error forwarding port 1 to pod web, uid \S+: failed to connect to localhost:1 .*127\.0\.0\.1:1: connect: connection refused/,
  )
  child.kill()
  await closed
})

void t.test('the official JavaScript client', async t => {
  const config = new KubeConfig()
  config.loadFromFile(fixture.kubeconfig)
  const input = new PassThrough()
  const output = new PassThrough()
  const socket = await new PortForward(config).portForward(
    'default',
    'web',
    [port],
    output,
    null,
    input,
  )
  input.write('GET /js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  let text = ''
  for (; !text.includes('"url":"/js"'); text += String(await once(output, 'data')));
  t.match(text, /^HTTP\/1\.1 200 OK/)
  if ('close' in socket) socket.close()
})

void t.test('WebSocket channels, a pair for each port', async t => {
  for (const protocol of ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io']) {
    const path = `/api/v1/namespaces/default/pods/web/portforward?ports=${port},1`
    const socket = new WebSocket(`${fixture.url.replace('https', 'wss')}${path}`, [protocol], {
      ca: fixture.ca,
      headers: { authorization: 'Bearer admin' },
    })
    const isText = protocol.includes('base64')
    const got = new Map<number, Buffer[]>()
    socket.on('message', data => {
      const bytes = data instanceof Buffer ? data : Buffer.alloc(0)
      const channel = isText ? Number(bytes.toString('latin1', 0, 1)) : (bytes[0] ?? -1)
      const payload = isText
        ? Buffer.from(bytes.toString('latin1', 1), 'base64')
        : bytes.subarray(1)
      got.set(channel, [...(got.get(channel) ?? []), payload])
    })
    await once(socket, 'open')
    const ask = 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    socket.send(isText ? `0${Buffer.from(ask).toString('base64')}` : Buffer.from(`\0${ask}`))
    await once(socket, 'close')
    const said = (channel: number): Buffer => Buffer.concat(got.get(channel) ?? [])
    t.equal(said(0).readUInt16LE(0), port)
    t.equal(said(1).readUInt16LE(0), port)
    t.equal(said(2).readUInt16LE(0), 1)
    t.match(said(0).toString(), /"url":"\/ws"/)
    t.match(said(3).toString(), /error forwarding port 1 to pod web/)
  }
  for (const [query, said] of [
    ['', /query parameter .*ports.* is required/],
    ['?ports=0', /must be > 0/],
    ['?ports=http', /unable to parse/],
    [`?ports=${Array.from({ length: 129 }, () => 1).join()}`, /at most 128 ports/],
  ] as const) {
    const path = `/api/v1/namespaces/default/pods/web/portforward${query}`
    const answer = await fetchUpgrade(path, {
      upgrade: 'websocket',
      'sec-websocket-protocol': 'v4.channel.k8s.io',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    })
    t.match(answer, said)
  }
})

/** What comes first behind an upgrade request, and what an `echo` behind it says to `hello`. */
async function fetchUpgrade(
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const socket = tls.connect({ port: fixture.port, host: '127.0.0.1', ca: fixture.ca })
  await once(socket, 'secureConnect')
  const all = { host: 'api', authorization: 'Bearer admin', connection: 'Upgrade', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  let text = String(await once(socket, 'data'))
  if (text.startsWith('HTTP/1.1 101')) {
    socket.write('hello')
    while (!text.includes('hello')) text += String(await once(socket, 'data'))
  } else if (!socket.readableEnded) {
    socket.on('data', chunk => (text += String(chunk)))
    await once(socket, 'close')
  }
  socket.destroy()
  return text
}

const PODS = '/api/v1/namespaces/default/pods'

void t.test('an upgrade where there is none is a plain request', async t => {
  for (const upgrade of ['websocket', 'SPDY/3.1', 'h2c']) {
    const list = await fetchUpgrade(PODS, { upgrade })
    t.match(list, /^HTTP\/1\.1 200 [^]*connection: close\r\n[^]*"kind":"PodList"/i, upgrade)
    t.match(
      await fetchUpgrade(`${PODS}/none`, { upgrade }),
      /^HTTP\/1\.1 404 [^]*"NotFound"/,
      upgrade,
    )
  }
  const watch = `${PODS}?watch=1&timeoutSeconds=1`
  t.match(await fetchUpgrade(watch, { upgrade: 'h2c' }), /^HTTP\/1\.1 200 /)
  const headers = { authorization: 'Bearer admin', connection: 'Upgrade', upgrade: 'h2c' }
  const created = await sendH1(fixture, {
    method: 'POST',
    path: '/api/v1/namespaces/default/configmaps',
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"upgraded"}}',
    headers: { ...headers, 'content-type': 'application/json' },
  })
  t.equal(created.status, 201, 'with its body')
})

void t.test('a handshake that is refused is over', async t => {
  const answer = await fetchUpgrade(`${PODS}/web/portforward?ports=${port}`, {
    upgrade: 'websocket',
    'sec-websocket-protocol': 'v4.channel.k8s.io',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'short',
  })
  t.match(answer, /^HTTP\/1\.1 400 /)
})

const proxy = `${PODS}/web:${port}/proxy`

void t.test('pods/proxy', async t => {
  const asked = await raw.send('GET', `${proxy}/a%2Fb//c/?wsdl&x=1`, undefined, {
    te: 'trailers',
    'x-mine': 'kept',
    'x-forwarded-for': '1.2.3.4',
  })
  t.match(asked.body, {
    method: 'GET',
    url: '/a%2Fb//c/?wsdl&x=1',
    'x-mine': 'kept',
    'x-forwarded-for': '1.2.3.4, 127.0.0.1',
    'x-forwarded-uri': `${proxy}/a%2Fb//c/`,
    host: `127.0.0.1:${fixture.port}`,
  })
  for (const dropped of ['authorization', 'te', 'transfer-encoding'])
    t.notOk(dropped in asked.body, dropped)
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    t.match((await raw.send(method, `${proxy}/m`)).body, { method, url: '/m' })
  t.match(await raw.send('HEAD', `${proxy}/m`), { status: 200, text: '' })
  const big = Buffer.alloc(5_000_000, 'z')
  t.equal((await raw.send('POST', `${proxy}/p`, big)).text.length, big.length)
  const teapot = await raw.send('GET', `${proxy}/teapot`)
  t.match(teapot, { status: 418, text: 'short and stout', headers: { 'x-a': 'b' } })
  t.notOk('access-control-allow-origin' in teapot.headers)
  t.match((await raw.send('GET', `${proxy}/?watch=true`)).body, { url: '/?watch=true' })
  const bare = await raw.send('GET', `${proxy}?q=1`)
  t.match(bare, { status: 301, headers: { location: `${proxy}/?q=1` } })
  const old = `/api/v1/proxy/namespaces/default/pods/web:${port}/x`
  t.match((await raw.send('GET', old)).body, { url: '/x', 'x-forwarded-uri': old })
  const through = await fixture.kubectl(['get', '--raw', `${proxy}/k`])
  t.match(through.stdout, /"url":"\/k"/)
  t.match(await raw.send('GET', `${proxy}/broken`), {
    status: 503,
    body: { message: /^error trying to reach service: / },
  })
  t.match(await raw.send('GET', `${PODS}/web:1/proxy/`), {
    status: 503,
    body: {
      reason: 'ServiceUnavailable',
      message: 'error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused',
    },
  })
  const nobody = connectRaw(fixture, 'nobody')
  t.match(await nobody.send('DELETE', `${proxy}/x`), {
    status: 403,
    body: { message: /cannot delete resource "pods\/proxy"/ },
  })
  nobody.close()
})

void t.test('where redirects lead', async t => {
  for (const [location, expected] of [
    ['/there', `${proxy}/there`],
    ['relative', 'relative'],
    [`http://${POD_ADDRESS}:${port}/there`, `${proxy}/there`],
    ['https://elsewhere.example/there', 'https://elsewhere.example/there'],
    [`${proxy}/already`, `${proxy}/already`],
  ] as const) {
    const path = `${proxy}/to?${encodeURIComponent(location)}`
    t.equal((await raw.send('GET', path)).headers['location'], expected, location)
  }
})

void t.test('links of pages', async t => {
  const { text, headers } = await raw.send('GET', `${proxy}/page`)
  t.equal(
    text,
    PAGE.replaceAll('="/', `="${proxy}/`)
      .replace("'/one", `'${proxy}/one`)
      .replace('=/bare', `=${proxy}/bare`),
  )
  t.equal(headers['content-length'], String(Buffer.byteLength(text)))
})

void t.test('upgrades through a proxy', async t => {
  const echoed = await fetchUpgrade(`${proxy}/`, { upgrade: 'echo' })
  t.match(echoed, /^HTTP\/1\.1 101 [^]*Upgrade: echo[^]*hello$/)
  const refused = await fetchUpgrade(`${proxy}/refused`, { upgrade: 'echo' })
  t.match(refused, /^HTTP\/1\.1 403 [^]*x-a: b[^]*no$/)
  const odd = await fetchUpgrade(`${proxy}/ignored`, { upgrade: 'echo' })
  t.match(odd, /^HTTP\/1\.1 500 [^]*invalid upgrade response: status code 200/)
})

void t.test('who hangs up on a silent server frees its connection', async t => {
  const silent = createSilent()
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => void silent.close())
  const { port: silentPort } = silent.address() as AddressInfo
  for (const scheme of ['', 'https:']) {
    const client = tls.connect({ port: fixture.port, host: '127.0.0.1', ca: fixture.ca })
    const path = `${PODS}/${scheme}web:${silentPort}/proxy/x`
    client.write(`GET ${path} HTTP/1.1\r\nhost: api\r\nauthorization: Bearer admin\r\n\r\n`)
    const [connection] = await once(silent, 'connection')
    const over = once(connection, 'close')
    await once(connection, 'data')
    client.destroy()
    await over
    t.pass(scheme)
  }
})

void t.test('services/proxy', async t => {
  const services = '/api/v1/namespaces/default/services'
  const spec = {
    ports: [
      { name: 'http', port: 8080 },
      { name: 'other', port: 9 },
    ],
  }
  await raw.send('POST', services, { metadata: { name: 'web' }, spec })
  const endpoints = '/api/v1/namespaces/default/endpoints'
  t.match(await raw.send('GET', `${services}/web:http/proxy/`), { status: 404 })
  const addresses = [{ ip: POD_ADDRESS, nodeName: 'node-1' }]
  const subsets = [{ addresses, ports: [{ name: 'http', port }] }]
  await raw.send('POST', endpoints, { metadata: { name: 'web' }, subsets })
  for (const name of ['web:http', 'web:8080', 'http:web:8080'])
    t.match((await raw.send('GET', `${services}/${name}/proxy/s`)).body, { url: '/s' }, name)
  for (const [name, status, message] of [
    ['web:other', 503, 'no endpoints available for service "web:other"'],
    ['web', 503, 'no endpoints available for service "web"'],
    ['web:81', 503, 'no service port 81 found for service "web"'],
    ['ftp:web:8080', 400, 'invalid service request "ftp:web:8080"'],
    ['none:http', 404, 'endpoints "none" not found'],
  ] as const)
    t.match(
      await raw.send('GET', `${services}/${name}/proxy/`),
      { status, body: { message } },
      name,
    )
  const loopback = [{ addresses: [{ ip: '10.42.0.77', nodeName: 'node-1' }], ports: [{ port: 1 }] }]
  await raw.send('POST', services, { metadata: { name: 'odd' }, spec: { ports: [{ port: 1 }] } })
  await raw.send('POST', endpoints, { metadata: { name: 'odd' }, subsets: loopback })
  t.match(
    (await raw.send('GET', `${services}/odd/proxy/`)).body,
    { message: /10\.42\.0\.77 is no address of node "node-1" or its pods/ },
    'a node dials nobody else',
  )
})

void t.test('nodes/proxy', async t => {
  const status = {
    addresses: [{ type: 'InternalIP', address: POD_ADDRESS }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
  }
  await raw.send('POST', '/api/v1/nodes', { metadata: { name: 'node-1' }, status })
  for (const name of ['node-1', 'node-1:10250', 'https:node-1:10250'])
    t.match(await raw.send('GET', `/api/v1/nodes/${name}/proxy/healthz`), {
      status: 200,
      text: 'ok',
    })
  t.match((await raw.send('GET', '/api/v1/nodes/node-1/proxy/pods')).body, { kind: 'PodList' })
  t.match(await raw.send('GET', '/api/v1/nodes/node-1/proxy/nothing'), { status: 404 })
  t.match(await raw.send('POST', '/api/v1/nodes/node-1/proxy/pods'), { status: 405 })
  t.match((await raw.send('GET', `/api/v1/nodes/node-1:${port}/proxy/n`)).body, { url: '/n' })
  t.match((await raw.send('GET', `/api/v1/proxy/nodes/node-1:${port}/n`)).body, { url: '/n' })
  t.match(await raw.send('GET', '/api/v1/nodes/none/proxy/healthz'), { status: 404 })
})
