/** The listener: protocols by ALPN, client certificates, renewal, slow readers, restart, and the end. */
import { once } from 'node:events'
import { X509Certificate } from 'node:crypto'
import http2 from 'node:http2'
import https from 'node:https'
import tls from 'node:tls'
import t from 'tap'
import { WebSocket } from 'ws'
import type { Authenticator } from '#api/request.ts'
import { keyToPem } from '#api/pki/keys.ts'
import { systemRandom } from '#base/random.ts'
import { createAuthority, issueCertificate, openAuthority } from '#client/pki/certificate.ts'
import { generateKey } from '#client/pki/new-key.ts'
import { ADMIN, connectRaw, linesOf, startApi } from './api-fixture.ts'

const DAY_MS = 86_400_000
const validity = { notBeforeMs: Date.now() - DAY_MS, notAfterMs: Date.now() + DAY_MS }

/** Whoever shows a certificate is its common name. */
const byCertificate: Authenticator = {
  authenticate: ({ certificate, bearer }) => {
    if (bearer === 'admin') return ADMIN
    if (certificate === undefined) return undefined
    const name = /CN=(.*)/.exec(new X509Certificate(certificate).subject)?.[1] ?? ''
    return { name, groups: ['system:masters'] }
  },
}

const fixture = await startApi({
  authenticator: byCertificate,
  alpn: { 'kites-tunnel': socket => socket.end('tunnel') },
})
t.teardown(() => fixture.close())
const { ca, port } = fixture

interface H1Reply {
  readonly status: number
  readonly text: string
}

const h1 = (options: https.RequestOptions, body?: Buffer): Promise<H1Reply> =>
  new Promise((resolve, reject) => {
    const request = https.request(
      { host: '127.0.0.1', port, ca, agent: false, ...options },
      response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        )
      },
    )
    request.once('error', reject)
    request.end(body)
  })

const admin = { authorization: 'Bearer admin' }

const identityFrom = (
  authority: ReturnType<typeof openAuthority>,
  name: string,
): { cert: string; key: string } => {
  const key = generateKey()
  const cert = issueCertificate(authority, {
    ...validity,
    subject: { commonName: name, organizations: [] },
    publicKey: key,
    usages: ['client auth'],
    random: systemRandom,
  })
  return { cert, key: keyToPem(key) }
}

void t.test('HTTP/1.1 gets the same answers', async t => {
  const version = await h1({ path: '/version', headers: admin })
  t.match(version, { status: 200, text: /gitVersion/ })
  const made = await h1(
    {
      method: 'POST',
      path: '/api/v1/namespaces',
      headers: { ...admin, 'content-type': 'application/json' },
    },
    Buffer.from('{"metadata":{"name":"default"}}'),
  )
  t.equal(made.status, 201)
  const large = await h1(
    {
      method: 'POST',
      path: '/api/v1/namespaces',
      headers: { ...admin, 'content-length': 4 * 1024 * 1024 },
    },
    Buffer.alloc(4 * 1024 * 1024, 32),
  )
  t.equal(large.status, 413)
  const head = await h1({ method: 'HEAD', path: '/api/v1/namespaces/default', headers: admin })
  t.match(head, { status: 200, text: '' })
})

void t.test('HTTP/2 clients that wait to be asked for their body', async t => {
  const session = http2.connect(fixture.url, { ca })
  const post = (body: string): Promise<readonly [http2.IncomingHttpHeaders, ...unknown[]]> => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/api/v1/namespaces',
      'content-type': 'application/json',
      expect: '100-continue',
      'content-length': body.length,
      ...admin,
    })
    stream.once('continue', () => stream.end(body))
    // The seam to the event's arguments.
    return once(stream, 'response') as Promise<[http2.IncomingHttpHeaders]>
  }
  const [made] = await post('{"metadata":{"name":"asked"}}')
  t.equal(made[':status'], 201)
  const [refused] = await post(' '.repeat(4_000_000))
  t.equal(refused[':status'], 413, 'without being sent')
  session.destroy()
})

void t.test('another protocol on the same port', async t => {
  const socket = tls.connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['kites-tunnel'] })
  const chunks: string[] = []
  for await (const chunk of socket) chunks.push(String(chunk))
  t.equal(chunks.join(''), 'tunnel')
})

void t.test('client certificates', async t => {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const ask = (identity: { cert: string; key: string }): Promise<H1Reply> =>
    h1(
      { method: 'POST', path, ...identity, headers: { 'content-type': 'application/json' } },
      Buffer.from('{}'),
    )
  const ours = await ask(identityFrom(fixture.authority, 'alice'))
  t.match(ours.text, /"username":"alice"/)
  const stranger = openAuthority(
    createAuthority({ ...validity, commonName: 'stranger', random: systemRandom }),
  )
  const theirs = await ask(identityFrom(stranger, 'mallory'))
  t.match(
    theirs,
    { status: 403, text: /system:anonymous/ },
    'a chain that TLS did not verify is nobody',
  )
})

void t.test('a renewed certificate serves new connections, old ones live on', async t => {
  const old = connectRaw(fixture)
  await old.send('GET', '/version')
  const key = generateKey()
  const cert = issueCertificate(fixture.authority, {
    ...validity,
    subject: { commonName: 'renewed', organizations: [] },
    publicKey: key,
    usages: ['server auth'],
    altNames: { dns: [], ips: ['127.0.0.1'], emails: [], uris: [] },
    random: systemRandom,
  })
  fixture.api.setSecureContext({ cert, key: keyToPem(key), clientCA: ca })
  const socket = tls.connect({ host: '127.0.0.1', port, ca })
  await new Promise(resolve => socket.once('secureConnect', resolve))
  t.equal(socket.getPeerCertificate().subject.CN, 'renewed')
  socket.destroy()
  t.equal((await old.send('GET', '/version')).status, 200)
  old.close()
})

void t.test('a reader that does not read holds nobody up', async t => {
  const client = connectRaw(fixture)
  const data = { blob: 'x'.repeat(200_000) }
  await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      client.send('POST', '/api/v1/namespaces/big/configmaps', {
        metadata: { name: `c${index}` },
        data,
      }),
    ),
  )
  const slow = client.open('/api/v1/namespaces/big/configmaps')
  await new Promise(resolve => slow.once('response', resolve))
  t.equal((await client.send('GET', '/version')).status, 200, 'on the same connection')
  const chunks: Buffer[] = []
  for await (const chunk of slow) chunks.push(Buffer.from(chunk))
  const list = JSON.parse(Buffer.concat(chunks).toString())
  t.equal(list.items.length, 40)

  const zipped = await client.send('GET', '/api/v1/namespaces/big/configmaps', undefined, {
    'accept-encoding': 'gzip',
  })
  t.equal(zipped.headers['content-encoding'], 'gzip')
  client.close()
})

void t.test('a WebSocket that asks for nothing spoken here is refused', async t => {
  const socket = new WebSocket(
    `wss://127.0.0.1:${port}/api/v1/namespaces/default/pods/x/exec?command=a`,
    ['v1.channel.k8s.io'],
    { ca, headers: admin },
  )
  const status = await new Promise(resolve => {
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
    socket.once('error', () => resolve(0))
  })
  t.equal(status, 404, 'no such pod')
})

void t.test(
  'restart on compacted history: an old watch is told so; closing ends watches',
  async t => {
    const first = await startApi()
    const writer = connectRaw(first)
    for (let index = 0; index < 5; index++)
      await writer.send('POST', '/api/v1/namespaces/a/configmaps', {
        metadata: { name: `c${index}` },
      })
    const stream = writer.open('/api/v1/namespaces/a/configmaps?watch=true&resourceVersion=5')
    // A request that a closing server has not seen yet is refused, and rightly.
    await once(stream, 'response')
    const ended = linesOf(stream).next()
    await first.store.compact(4)
    await first.close({ keeps: true })
    t.equal((await ended).done, true, 'the watch ended in good order')

    const second = await startApi({ directory: first.directory })
    const reader = connectRaw(second)
    const lines = linesOf(
      reader.open('/api/v1/namespaces/a/configmaps?watch=true&resourceVersion=1'),
    )
    t.match((await lines.next()).value, {
      type: 'ERROR',
      object: {
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: /^too old resource version: 1 \(\d+\)$/,
      },
    })
    t.equal((await lines.next()).done, true)
    reader.close()
    await second.close()
  },
)
