/** The tunnel over real TLS: requests and streams from the server to the agent, who may open one, and its return. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import t from 'tap'
import { forbidden, notFound } from '#api/status.ts'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { joinCluster, type JoinedCluster } from '#agent/join/join.ts'
import { runTunnel } from '#agent/join/tunnel.ts'
import type { NodeHandler } from '#client/node-api.ts'
import { issueCertificate } from '#client/pki/certificate.ts'
import { keyToPem } from '#api/pki/keys.ts'
import { generateKey } from '#client/pki/new-key.ts'
import { TUNNEL_ALPN } from '#client/tunnel-protocol.ts'
import { startAccess } from './access-fixture.ts'

const DEADLINE_MS = 10_000

const server = await startAccess()
const dataDir = mkdtempSync(join(tmpdir(), 'kites-host-'))
t.teardown(async () => {
  await server.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const joinAs = (nodeName: string): Promise<JoinedCluster> =>
  joinCluster({
    serverUrl: server.url,
    token: readFileSync(server.tokens.agentTokenPath, 'utf8'),
    nodeName,
    nodeIPs: ['192.0.2.7'],
    dataDir,
    passwordFile: join(dataDir, 'node-password'),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    signal: AbortSignal.timeout(DEADLINE_MS),
  })

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`still not: ${what}`)
    await systemClock.sleep(10)
  }
}

const BULK_BYTES = 100 * 1024 * 1024
const CHUNK = Buffer.alloc(64 * 1024, 7)

function* bulk(): Generator<Buffer> {
  for (let sent = 0; sent < BULK_BYTES; sent += CHUNK.length) yield CHUNK
}

const handler: NodeHandler = {
  async request({ method, path, headers }, signal) {
    if (path === '/missing') throw notFound({ group: '', resource: 'pods', name: 'web' })
    if (path === '/broken') throw new Error('boom')
    if (path === '/bulk') return { status: 200, headers: {}, body: Readable.from(bulk()) }
    if (path === '/endless') {
      const body = new PassThrough()
      body.write('first')
      signal.addEventListener('abort', () => body.end())
      return { status: 200, headers: {}, body }
    }
    const text = JSON.stringify({ method, path, test: headers['x-test'] })
    return {
      status: 201,
      headers: { 'content-type': 'application/json' },
      body: Readable.from([Buffer.from(text)]),
    }
  },
  async connect({ method, path }) {
    if (path === '/refused')
      throw forbidden({ group: '', resource: 'pods', name: 'web' }, `no ${method}`)
    return async stream => {
      for await (const chunk of stream) stream.write(chunk)
    }
  },
}

const ask = (path: string, method = 'GET') => ({
  method,
  path,
  headers: { 'x-test': 'yes', connection: 'upgrade', host: 'h' },
})
const signal = AbortSignal.timeout(60_000)

/** Dials until `stop` aborts; the promise is its end. */
async function dialAs(
  nodeName: string,
  stop: AbortSignal,
): Promise<{ readonly end: Promise<void> }> {
  const node = await joinAs(nodeName)
  const part = runTunnel({
    serverUrl: node.serverUrl,
    tls: () => node.tls(),
    handler,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    backoff: { baseMs: 20, maxMs: 100 },
  })
  return { end: part.run(stop) }
}

void t.test('who asks for a node that is about to dial waits for it', async t => {
  const early = server.tunnels.request('early', ask('/first'), signal)
  const first = new AbortController()
  const dialled = await dialAs('early', first.signal)
  t.equal((await early).status, 201, 'after a start of the server')
  first.abort()
  await dialled.end
  await until(() => !server.tunnels.isConnected('early'), 'gone')
  const again = server.tunnels.connect('early', ask('/exec'), signal)
  const impatient = new AbortController()
  const given = t.rejects(server.tunnels.connect('early', ask('/exec'), impatient.signal), {
    message: 'enough',
  })
  impatient.abort(new Error('enough'))
  await given
  const second = new AbortController()
  const redialled = await dialAs('early', second.signal)
  ;(await again).destroy()
  second.abort()
  await redialled.end
})

void t.test('the tunnel carries requests and streams, and comes back', async t => {
  const stop = new AbortController()
  const dialled = await dialAs('tunnel1', stop.signal)
  const answer = await server.tunnels.request('tunnel1', ask('/stats/summary?a=b'), signal)
  t.equal(answer.status, 201)
  t.equal(answer.headers['content-type'], 'application/json')
  t.same(JSON.parse(await text(answer.body)), {
    method: 'GET',
    path: '/stats/summary?a=b',
    test: 'yes',
  })
  await t.rejects(server.tunnels.request('tunnel1', ask('/missing'), signal), {
    reason: 'NotFound',
    message: 'pods "web" not found',
  })
  await t.rejects(server.tunnels.request('tunnel1', ask('/broken'), signal), {
    message: 'Internal error occurred: boom',
  })
  await t.rejects(server.tunnels.connect('tunnel1', ask('/refused', 'POST'), signal), {
    reason: 'Forbidden',
    message: 'pods "web" is forbidden: no POST',
  })

  const stream = await server.tunnels.connect('tunnel1', ask('/exec'), signal)
  stream.write('hello')
  const [echoed] = await new Promise<[Buffer]>(resolve =>
    stream.once('data', (data: Buffer) => resolve([data])),
  )
  t.equal(echoed.toString(), 'hello')
  const ended = new Promise(resolve => stream.once('end', resolve))
  stream.end()
  stream.resume()
  await ended

  const startedAt = performance.now()
  const big = await server.tunnels.request('tunnel1', ask('/bulk'), signal)
  let received = 0
  for await (const chunk of big.body) received += Buffer.from(chunk).length
  t.equal(received, BULK_BYTES)
  t.comment(`bulk: ${Math.round(BULK_BYTES / 1e6 / ((performance.now() - startedAt) / 1000))} MB/s`)

  const aborter = new AbortController()
  const endless = await server.tunnels.request('tunnel1', ask('/endless'), aborter.signal)
  endless.body.resume()
  const closed = new Promise(resolve => endless.body.once('close', resolve))
  aborter.abort()
  await closed

  // The server drops everybody: the agent dials again by itself.
  server.tunnels.close()
  await until(() => !server.tunnels.isConnected('tunnel1'), 'gone')
  await until(() => server.tunnels.isConnected('tunnel1'), 'back')
  const back = await server.tunnels.request('tunnel1', ask('/x'), signal)
  t.match(await text(back.body), '/x')
  stop.abort()
  await dialled.end
  await until(() => !server.tunnels.isConnected('tunnel1'), 'closed for good')
})

void t.test('a tunnel needs the certificate of a node', async t => {
  const admin = server.pki.admin()
  const now = Date.now()
  const key = generateKey()
  const expired = issueCertificate(server.pki.clientCA, {
    subject: { commonName: 'system:node:late', organizations: ['system:nodes'] },
    publicKey: key,
    usages: ['client auth'],
    notBeforeMs: now - 20 * 60_000,
    notAfterMs: now - 10 * 60_000,
    random: systemRandom,
  })
  for (const [name, identity] of Object.entries({
    admin,
    expired: { cert: expired, key: keyToPem(key) },
    none: {},
  })) {
    const port = Number(new URL(server.url).port)
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      ca: server.pki.serverCA.pem,
      ALPNProtocols: [TUNNEL_ALPN],
      ...identity,
    })
    await new Promise<void>(resolve => socket.on('error', () => {}).once('close', () => resolve()))
    t.pass(`${name} was turned away`)
  }
  t.notOk(server.tunnels.isConnected('late'))
})
