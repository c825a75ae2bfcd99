/** Exec, attach and cp from real clients of several ages to real processes: SPDY, WebSocket, every protocol version. */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import tls, { type TLSSocket } from 'node:tls'
import t from 'tap'
import { WebSocket } from 'ws'
import { Exec, KubeConfig } from '@kubernetes/client-node'
import { TYPE } from '#server/http/spdy/frames.ts'
import { SpdyClient } from '../support/spdy-client.ts'
import { KUBECTLS, running, startStreams } from './streams-fixture.ts'

const fixture = await startStreams()
t.teardown(() => fixture.close())
await fixture.place(running('web'))

const WAYS = [
  ...KUBECTLS.map(({ version, program }) => ({ name: version, program, env: {} })),
  { name: 'PATH', program: 'kubectl', env: {} },
  {
    name: 'PATH without WebSocket',
    program: 'kubectl',
    env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' },
  },
]

function kubectl(
  { program, env }: (typeof WAYS)[number],
  args: readonly string[],
  input = '',
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: {
        PATH: process.env['PATH'],
        HOME: fixture.directory,
        KUBECONFIG: fixture.kubeconfig,
        ...env,
      },
    })
    const out: string[] = []
    const err: string[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()))
    child.once('error', reject)
    child.once('close', code => resolve({ code, stdout: out.join(''), stderr: err.join('') }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

for (const way of WAYS)
  void t.test(`kubectl ${way.name}`, async t => {
    t.match(
      await kubectl(way, ['exec', 'web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3']),
      { code: 3, stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 3\n' },
    )
    t.match(await kubectl(way, ['exec', '-i', 'web', '--', 'cat'], 'typed'), {
      code: 0,
      stdout: 'typed',
      stderr: '',
    })
    t.match(await kubectl(way, ['attach', '-i', 'web'], 'hello'), {
      code: 0,
      stdout: 'attached\nhello',
    })
    const count = ['exec', 'web', '--', 'head', '-c', '8000000', '/dev/zero']
    t.equal((await kubectl(way, count)).stdout.length, 8_000_000)
    t.match(await kubectl(way, ['exec', 'nobody', '--', 'true']), {
      code: 1,
      stderr: /pods "nobody" not found/,
    })
  })

for (const way of WAYS.slice(-2))
  void t.test(`a node that goes away, kubectl ${way.name}`, async t => {
    const running = kubectl(way, ['exec', 'web', '--', 'sh', '-c', 'echo on; exec sleep 60'])
    while (fixture.sever() === 0) await new Promise(resolve => setTimeout(resolve, 20))
    t.not((await running).code, null)
    t.match(await kubectl(way, ['exec', 'web', '--', 'echo', 'back']), { stdout: 'back\n' })
  })

const sumOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex')

for (const way of WAYS)
  void t.test(`kubectl cp ${way.name}`, async t => {
    const here = join(fixture.directory, 'here')
    const pod = join(fixture.directory, `pod ${way.name}`.replaceAll(' ', '-'))
    const back = `${pod}-back`
    mkdirSync(pod, { recursive: true })
    writeFileSync(here, randomBytes(3_000_000))
    t.match(await kubectl(way, ['cp', here, `web:${pod}/there`]), { code: 0, stderr: '' })
    const { code, stderr } = await kubectl(way, ['cp', `web:${pod}/there`, back])
    t.equal(code, 0, stderr)
    t.equal(sumOf(back), sumOf(here))
  })

void t.test('the official JavaScript client', async t => {
  const config = new KubeConfig()
  config.loadFromFile(fixture.kubeconfig)
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const stdin = new PassThrough()
  const ended = new Promise(resolve => {
    const command = ['sh', '-c', 'cat; echo err >&2; exit 4']
    void new Exec(config).exec(
      'default',
      'web',
      'c',
      command,
      stdout,
      stderr,
      stdin,
      false,
      resolve,
    )
  })
  stdin.end('through')
  t.match(await ended, {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '4' }] },
  })
  t.equal(String(stdout.read()), 'through')
  t.equal(String(stderr.read()), 'err\n')
})

const PATH = '/api/v1/namespaces/default/pods/web/exec'
const FAILING = 'stdin=1&stdout=1&stderr=1&command=sh&command=-c&command=cat%3B%20exit%205'

for (const [protocol, said] of [
  ['v5.channel.k8s.io', /^3\{.*"ExitCode"/],
  ['v4.channel.k8s.io', /^3\{.*"ExitCode"/],
  ['v4.base64.channel.k8s.io', /^3\{.*"ExitCode"/],
  ['channel.k8s.io', /^3command terminated with exit code 5$/],
  ['base64.channel.k8s.io', /^3command terminated with exit code 5$/],
  ['', /^3command terminated with exit code 5$/],
] as const)
  void t.test(`WebSocket ${protocol === '' ? 'without a protocol' : protocol}`, async t => {
    const isBase64 = protocol.includes('base64')
    const commandWithoutStdin = FAILING.replace('cat%3B%20', 'printf%20hi%3B')
    const query = protocol.startsWith('v5') ? FAILING : commandWithoutStdin
    const socket = new WebSocket(
      `${fixture.url.replace('https', 'wss')}${PATH}?${query}&tty=0`,
      protocol === '' ? [] : [protocol],
      { ca: fixture.ca, headers: { authorization: 'Bearer admin' } },
    )
    const said_: string[] = []
    socket.on('message', data => {
      const bytes = data instanceof Buffer ? data : Buffer.alloc(0)
      const payload = isBase64
        ? Buffer.from(bytes.toString('latin1', 1), 'base64')
        : bytes.subarray(1)
      said_.push(`${isBase64 ? bytes.toString('latin1', 0, 1) : bytes[0]}${payload.toString()}`)
    })
    await once(socket, 'open')
    t.equal(socket.protocol, protocol)
    if (protocol.startsWith('v5')) {
      socket.send(Buffer.concat([Buffer.from([0]), Buffer.from('hi')]))
      socket.send(Buffer.from([255, 0]))
    }
    await once(socket, 'close')
    t.equal(said_[0], '1hi')
    t.match(said_.at(-1), said)
  })

/** A raw upgrade request; the answer's head, and the socket behind it. */
async function upgrade(
  query: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ head: string; socket: TLSSocket }> {
  const socket = tls.connect({ port: fixture.port, host: '127.0.0.1', ca: fixture.ca })
  await once(socket, 'secureConnect')
  const lines = Object.entries({
    host: 'x',
    authorization: 'Bearer admin',
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`)
  socket.write(`POST ${PATH}?${query} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  const [head] = await once(socket, 'data')
  return { head: String(head), socket }
}

void t.test('an upgrade behind a watch that still runs costs its own connection alone', async t => {
  const socket = tls.connect({ port: fixture.port, host: '127.0.0.1', ca: fixture.ca })
  await once(socket, 'secureConnect')
  const pods = '/api/v1/namespaces/default/pods'
  const head = 'HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\n'
  const upgraded = 'connection: Upgrade\r\nupgrade: h2c\r\n'
  socket.write(`GET ${pods}?watch=1 ${head}\r\nGET ${pods} ${head}${upgraded}\r\n`)
  socket.on('error', () => {}).resume()
  await once(socket, 'close')
  const { head: after, socket: other } = await upgrade('', { upgrade: 'h2c' })
  t.match(after, /^HTTP\/1\.1 400 /)
  other.destroy()
})

for (const [protocol, said] of [
  ['v4.channel.k8s.io', /^\{.*"ExitCode"/],
  ['v3.channel.k8s.io', /^command terminated with exit code 5$/],
  ['v2.channel.k8s.io', /^command terminated with exit code 5$/],
  ['channel.k8s.io', /^command terminated with exit code 5$/],
] as const)
  void t.test(`SPDY ${protocol}`, async t => {
    const { head, socket } = await upgrade(`${FAILING}&tty=1`, {
      'x-stream-protocol-version': `v9.channel.k8s.io, ${protocol}`,
    })
    t.match(head, /^HTTP\/1\.1 101 [^]*x-stream-protocol-version: /i)
    t.ok(head.includes(protocol))
    const client = new SpdyClient(socket)
    await client.open(1, { streamtype: 'error' })
    await client.open(3, { streamtype: 'stdin' })
    await client.open(5, { streamtype: 'stdout' })
    const hasResize = /^v[34]/.test(protocol)
    if (hasResize) {
      fixture.sizes.seen.length = 0
      await client.open(7, { streamtype: 'resize' })
      client.send(7, '{"Width":80,"Hei')
      client.send(7, 'ght":24}\n{"Width":100,"Height":30}\n')
      await client.until(() => fixture.sizes.seen.length === 2)
      t.same(fixture.sizes.seen, ['80x24', '100x30'])
    }
    client.send(3, 'typed', true)
    await client.until(() => client.hasEnded(1))
    t.equal(client.received(5).toString(), 'typed')
    t.match(client.received(1).toString(), said)
    await client.until(() => client.control(TYPE.goAway))
    socket.destroy()
  })

void t.test('what is no upgrade, or one that nobody speaks', async t => {
  for (const [headers, expected] of [
    [{}, /^HTTP\/1\.1 400 [^]*X-Stream-Protocol-Version is required/],
    [
      { 'x-stream-protocol-version': 'v9.channel.k8s.io' },
      /^HTTP\/1\.1 403 [^]*client supports \[v9\.channel\.k8s\.io\], server accepts \[v4\./,
    ],
    [{ upgrade: 'h2c' }, /^HTTP\/1\.1 400 [^]*Upgrade request required/],
    [{ authorization: 'Bearer nobody' }, /^HTTP\/1\.1 403 [^]*cannot create resource/],
  ] as const) {
    const { head, socket } = await upgrade('command=true&stdout=1', headers)
    t.match(head, expected)
    socket.destroy()
  }
  const plain = await fixture.kubectl(['get', '--raw', `${PATH}?command=true&stdout=1`])
  t.match(plain.stderr, /Upgrade request required/)
})
