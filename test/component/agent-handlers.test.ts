/** Probes over the network: what counts as well, and the words for what does not. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { act, type Outcome } from '#agent/pods/handlers.ts'
import { RuntimeError } from '#agent/runtime/errors.ts'
import type { Container, Probe } from '#api/types/core-v1.ts'

const seen: Record<string, unknown>[] = []
const server = createServer((request, response) => {
  seen.push({ url: request.url, ...request.headers })
  const status = Number(request.url?.slice(1))
  if (status === 0) return
  response.writeHead(status, { location: '/200' }).end('body')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
t.teardown(() => {
  server.closeAllConnections()
  server.close()
})

const container: Container = { name: 'c', ports: [{ name: 'web', containerPort: port }] }
const target = { container, containerID: 'x', podIP: '127.0.0.1' }
const runtime = {
  execSync: async (_id: string, [command]: readonly string[]) => {
    if (command === 'slow') throw new RuntimeError('timeout', 'command timed out after 1s')
    return { exitCode: Number(command), output: 'said' }
  },
}
const ask = (probe: Probe, timeoutMs = 2000): Promise<Outcome> =>
  act(runtime, probe, target, timeoutMs)

/** A port nobody listens on. */
async function closedPort(): Promise<number> {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address() as AddressInfo
  other.close()
  await once(other, 'close')
  return address.port
}

void t.test('HTTP', async t => {
  t.same(await ask({ httpGet: { port: 'web', path: '/200' } }), { isSuccess: true, output: 'body' })
  t.match(
    await ask({ httpGet: { port, path: '302' } }),
    { isSuccess: true },
    'redirects are not followed, and fine',
  )
  t.same(await ask({ httpGet: { port, path: '/500' } }), {
    isSuccess: false,
    output: 'HTTP probe failed with statuscode: 500',
  })
  t.match(await ask({ httpGet: { port, path: '/0' } }, 50), {
    isSuccess: false,
    output: /^Get "http:\/\/127\.0\.0\.1:\d+\/0": context deadline exceeded/u,
  })
  const closed = await closedPort()
  t.same(await ask({ httpGet: { port: closed } }), {
    isSuccess: false,
    output: `Get "http://127.0.0.1:${closed}/": dial tcp 127.0.0.1:${closed}: connect: connection refused`,
  })
  t.same(await ask({ httpGet: { port: 'none' } }), {
    isSuccess: false,
    output: "couldn't find port: none",
  })
  await ask({
    httpGet: {
      port,
      path: '/200',
      httpHeaders: [
        { name: 'Host', value: 'example.com' },
        { name: 'X-A', value: '1' },
      ],
    },
  })
  t.match(seen.at(-1), { host: 'example.com', 'x-a': '1', 'user-agent': /^kube-probe\/1\.\d+$/u })
})

void t.test('TCP', async t => {
  t.match(await ask({ tcpSocket: { port } }), { isSuccess: true })
  const closed = await closedPort()
  t.same(await ask({ tcpSocket: { port: closed } }), {
    isSuccess: false,
    output: `dial tcp 127.0.0.1:${closed}: connect: connection refused`,
  })
})

void t.test('gRPC', async t => {
  const asked: string[] = []
  const grpc = createHttp2Server()
  // by the name asked for: how it is, or why that cannot be said
  grpc.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const service = Buffer.concat(chunks).subarray(7).toString()
      asked.push(`${headers[':path']} ${service}`)
      const type = { ':status': 200, 'content-type': 'application/grpc' }
      if (service === 'silent') return
      if (service === 'foreign') {
        stream.respond({ ...type, 'grpc-status': 12, 'grpc-message': 'unknown service' })
        stream.end()
        return
      }
      stream.respond(type, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }))
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, service === 'ill' ? 2 : 1]))
    })
  })
  grpc.listen(0, '127.0.0.1')
  await once(grpc, 'listening')
  const { port: at } = grpc.address() as AddressInfo
  const check = (service?: string, timeoutMs?: number): Promise<Outcome> =>
    ask({ grpc: { port: at, ...(service === undefined ? {} : { service }) } }, timeoutMs)
  t.same(await check(), { isSuccess: true, output: 'service healthy' })
  t.same(await check('a'.repeat(60)), { isSuccess: true, output: 'service healthy' })
  t.same(asked, ['/grpc.health.v1.Health/Check ', `/grpc.health.v1.Health/Check ${'a'.repeat(60)}`])
  t.same(await check('ill'), {
    isSuccess: false,
    output: 'service unhealthy (responded with "NOT_SERVING")',
  })
  t.same(await check('foreign'), {
    isSuccess: false,
    output:
      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service',
  })
  t.same(await check('silent', 50), {
    isSuccess: false,
    output: 'timeout: health rpc did not complete within 0.05s',
  })
  const closed = await closedPort()
  t.match(await ask({ grpc: { port: closed } }), {
    isSuccess: false,
    output: /^error: failed to connect service at "127\.0\.0\.1:\d+": .*ECONNREFUSED/u,
  })
  grpc.close()
})

void t.test('commands', async t => {
  t.same(await ask({ exec: { command: ['0'] } }), { isSuccess: true, output: 'said' })
  t.same(await ask({ exec: { command: ['1'] } }), { isSuccess: false, output: 'said' })
  t.same(await ask({ exec: { command: ['slow'] } }), {
    isSuccess: false,
    output: 'command timed out after 1s',
  })
  t.match(await ask({}), { isSuccess: false })
})
