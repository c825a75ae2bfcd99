/**
 * Peers that talk nonsense, too slowly, too much or too often, against the real server: each is answered or cut off
 * within its bound, and everybody else is served meanwhile.
 */
import { readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import t from 'tap'
import { type Sent, connectH2, sendBytes, sendH1 } from '../support/raw-client.ts'
import { makeTree, removeTree, startServer, until } from '../support/server-child.ts'

const tree = makeTree()
const server = await startServer(tree)
const bystander = connectH2(server)
t.teardown(async () => {
  bystander.close()
  await server.close()
  removeTree(tree)
})

const NAMESPACES = '/api/v1/namespaces'
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const JSON_TYPE = { 'content-type': 'application/json' }
const LIMIT_BYTES = 3 * 1024 * 1024
const LATENCY_MAX_MS = 2000

/** How long the slowest small request of a bystander took while `task` ran. */
async function latencyDuring(task: () => Promise<unknown>): Promise<number> {
  let isOver = false
  const done = task().finally(() => {
    isOver = true
  })
  let slowest = 0
  while (!isOver) {
    const began = performance.now()
    await bystander.send({ method: 'GET', path: `${NAMESPACES}/default` })
    slowest = Math.max(slowest, performance.now() - began)
  }
  await done
  return slowest
}

const slow = {
  /** A header that never ends: cut off. */
  header: sendBytes(server, 'GET /version HTTP/1.1\r\nHost', { untilMs: 55_000 }),
  /** A body that never comes: answered. */
  body: sendBytes(
    server,
    `POST ${NAMESPACES} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
    { untilMs: 55_000 },
  ),
}

void t.test('a body over 3 MiB, with and without its length', async t => {
  const body = `{"a":"${'x'.repeat(LIMIT_BYTES)}"}`
  const huge = Buffer.alloc(30_000_000, 'x')
  const sent: Sent = { method: 'POST', path: NAMESPACES, body, headers: JSON_TYPE }
  const withLength = { ...sent, headers: { ...JSON_TYPE, 'content-length': String(body.length) } }
  const replies = [
    await sendH1(server, sent),
    await sendH1(server, sent, true),
    await sendH1(server, { ...sent, body: huge }, true),
    await bystander.send(withLength),
    await bystander.send(sent),
    await bystander.send({ ...sent, body: huge }),
  ]
  for (const { body: status } of replies)
    t.match(status, {
      code: 413,
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    })
})

void t.test('an empty body, again and again', async t => {
  for (let round = 0; round < 50; round++) {
    const client = connectH2(server)
    const reply = await client.send({
      method: 'POST',
      path: CONFIG_MAPS,
      body: '',
      headers: JSON_TYPE,
    })
    client.close()
    if (reply.status !== 400) t.equal(reply.status, 400)
  }
})

void t.test('what is no HTTP', async t => {
  const host = 'Host: x\r\n'
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['garbage', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['no host', 'GET /version HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a header without a colon', `GET / HTTP/1.1\r\n${host}bad\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['a path without a slash', `GET foo HTTP/1.1\r\n${host}\r\n`, /^HTTP\/1\.1 400 /],
    [
      'a negative length',
      `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    [
      'two lengths',
      `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    [
      'too many headers',
      `GET / HTTP/1.1\r\n${host}${'a: x\r\n'.repeat(20_000)}\r\n`,
      /^(HTTP\/1\.1 431 |$)/,
    ],
    ['HTTP/2 where HTTP/1.1 was agreed', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', /^$/],
  ]
  for (const [name, bytes, answer] of cases) {
    const { text, isClosed } = await sendBytes(server, bytes)
    t.match(text, answer, name)
    t.ok(isClosed, `${name}: the connection is closed`)
  }
  const h2 = await sendBytes(server, 'no preface at all, but long enough', { alpn: 'h2' })
  t.ok(h2.isClosed, 'garbage over HTTP/2')
  t.equal(await plainText('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), true, 'plain HTTP')
  t.equal(await plainText(Buffer.from('16030100050100000100', 'hex')), true, 'a broken TLS hello')
})

/** Sends bytes without TLS; true when the server closed. */
const plainText = (bytes: string | Buffer): Promise<boolean> =>
  new Promise(resolve => {
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write(bytes))
    const timer = setTimeout(() => finish(false), 15_000)
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(isClosed)
    }
    socket.on('error', () => {})
    socket.resume()
    socket.once('close', () => finish(true))
  })

void t.test('bodies that cost much to read hold nobody up', async t => {
  const name = `${CONFIG_MAPS}/heavy`
  await bystander.send({
    method: 'POST',
    path: CONFIG_MAPS,
    body: '{"metadata":{"name":"heavy"},"data":{"a":"b"}}',
    headers: JSON_TYPE,
  })
  const additions = Array.from({ length: 10_000 }, (_, at) => ({
    op: 'add',
    path: `/data/key${at}`,
    value: 'x',
  }))
  const bomb = Array.from(
    { length: 9 },
    (_, at) =>
      `a${at}: &a${at} [${Array(9)
        .fill(at === 0 ? 'x' : `*a${at - 1}`)
        .join(',')}]`,
  ).join('\n')
  const cases: readonly (readonly [string, number, Sent])[] = [
    ['open brackets', 400, { method: 'POST', path: CONFIG_MAPS, body: '['.repeat(3_000_000) }],
    ['open braces', 400, { method: 'POST', path: CONFIG_MAPS, body: '{"a":'.repeat(600_000) }],
    [
      'duplicates',
      201,
      {
        method: 'POST',
        path: CONFIG_MAPS,
        body: `{"metadata":{"name":"d"},"data":{${'"a":"b",'.repeat(300_000)}"a":"b"}}`,
      },
    ],
    [
      'ten thousand operations',
      200,
      {
        method: 'PATCH',
        path: name,
        body: JSON.stringify(additions),
        headers: { 'content-type': 'application/json-patch+json' },
      },
    ],
    [
      'aliases',
      400,
      {
        method: 'PATCH',
        path: `${name}?fieldManager=t`,
        body: bomb,
        headers: { 'content-type': 'application/apply-patch+yaml' },
      },
    ],
    [
      'a list of equals',
      422,
      {
        method: 'POST',
        path: '/api/v1/namespaces/default/pods',
        body: `{"metadata":{"name":"equals"},"spec":{"containers":[${'{"name":"c","image":"x"},'.repeat(40_000)}{"name":"c","image":"x"}]}}`,
      },
    ],
    [
      'unknown fields',
      201,
      {
        method: 'POST',
        path: CONFIG_MAPS,
        body: `{"metadata":{"name":"unknown"}${Array.from({ length: 100_000 }, (_, at) => `,"u${at}":1`).join('')}}`,
      },
    ],
    [
      'a selector',
      200,
      { method: 'GET', path: `${CONFIG_MAPS}?labelSelector=${'a%3Db,'.repeat(8000)}a%3Db` },
    ],
  ]
  for (const [what, status, sent] of cases) {
    let answered = 0
    const latency = await latencyDuring(async () => {
      const client = connectH2(server)
      answered = (await client.send({ headers: JSON_TYPE, ...sent })).status
      client.close()
    })
    t.equal(answered, status, what)
    t.ok(latency < LATENCY_MAX_MS, `${what}: ${Math.round(latency)} ms`)
  }
})

const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

void t.test('a flood of streams opened and reset at once', async t => {
  /** `:method GET, :scheme https, :path /, :authority x`, from the static table. */
  const headers = Buffer.from([0x82, 0x87, 0x84, 0x41, 0x01, 0x78])
  const frames = [Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0))]
  for (let stream = 1; stream < 60_000; stream += 2)
    frames.push(frame(1, 0x5, stream, headers), frame(3, 0, stream, Buffer.from([0, 0, 0, 8])))
  let isClosed = false
  const latency = await latencyDuring(async () => {
    isClosed = (await sendBytes(server, Buffer.concat(frames), { alpn: 'h2', untilMs: 10_000 }))
      .isClosed
  })
  t.ok(isClosed, 'the flooding connection is closed')
  t.ok(latency < LATENCY_MAX_MS, `the others: ${Math.round(latency)} ms`)
})

void t.test('a thousand connections that say nothing', async t => {
  const sockets: tls.TLSSocket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  const { session } = tlsSession()
  const latency = await latencyDuring(async () => {
    const options = {
      host: '127.0.0.1',
      port: server.port,
      ca: server.ca,
      ALPNProtocols: ['http/1.1'],
    }
    for (let batch = 0; batch < 20; batch++)
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const socket = tls.connect({ ...options, ...(await session) })
          sockets.push(socket)
          socket.on('error', () => {})
          await new Promise(resolve => socket.once('secureConnect', resolve))
        }),
      )
  })
  t.equal(sockets.filter(socket => !socket.destroyed).length, 1000)
  t.ok(latency < LATENCY_MAX_MS, `the others: ${Math.round(latency)} ms`)
  t.equal(
    (await server.kubectl(['get', 'ns', 'default', '-o', 'name'])).stdout,
    'namespace/default\n',
  )
})

/** A session to resume, so that a thousand handshakes cost little. */
function tlsSession(): { readonly session: Promise<tls.ConnectionOptions> } {
  const socket = tls.connect({
    host: '127.0.0.1',
    port: server.port,
    ca: server.ca,
    ALPNProtocols: ['http/1.1'],
  })
  socket.on('error', () => {})
  return {
    session: new Promise(resolve =>
      socket.once('session', session => {
        resolve({ session })
        socket.destroy()
      }),
    ),
  }
}

void t.test('who is too slow is cut off', async t => {
  const body = await slow.body
  t.ok(body.isClosed, 'a body that does not come')
  t.match(body.text, /^HTTP\/1\.1 504 [^]*"message":"request body was not received in time"/)
  const header = await slow.header
  t.ok(header.isClosed, 'a header that does not end')
  t.match(header.text, /^HTTP\/1\.1 408 /)
})

void t.test('afterwards the server is well', async t => {
  const memory = /VmRSS:\s+(\d+)/.exec(
    readFileSync(`/proc/${server.child.pid ?? 0}/status`, 'utf8'),
  )
  t.ok(Number(memory?.[1]) < 600 * 1024, `${memory?.[1] ?? '?'} kB`)
  await until(async () => (await bystander.send({ method: 'GET', path: '/readyz' })).text === 'ok')
  t.notMatch(server.log(), /request failed|"level":"error"/)
  t.ok(await server.stop())
})
