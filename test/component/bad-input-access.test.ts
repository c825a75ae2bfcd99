/**
 * Credentials that are wrong, late, early, foreign or not enough, and the clock and files they depend on, against the
 * real server: 401 and 403 with upstream's words, one clear line from a server that cannot start.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keyToPem } from '#api/pki/keys.ts'
import type { Clock } from '#base/clock.ts'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import {
  type Authority,
  createAuthority,
  type ExtendedUsage,
  issueCertificate,
  openAuthority,
} from '#client/pki/certificate.ts'
import { generateKey } from '#client/pki/new-key.ts'
import { openPki } from '#server/supervisor/pki.ts'
import { type Peer, type Reply, connectH2, sendH1 } from '../support/raw-client.ts'
import {
  freePort,
  giveAway,
  makeFolder,
  makeTree,
  removeTree,
  runToEnd,
  type ServerChild,
  serverArgs,
  startServer,
  until,
} from '../support/server-child.ts'

const DAY_MS = 86_400_000
const now = Date.now()
const tree = makeTree()
const server = await startServer(tree)
t.teardown(async () => {
  await server.close()
  removeTree(tree)
})

const PODS = '/api/v1/namespaces/default/pods'
const nobody: Peer = { port: server.port, ca: server.ca }
const tls = (name: string): string => readFileSync(join(server.dataDir, 'server/tls', name), 'utf8')
const clientCA = openAuthority({ cert: tls('client-ca.crt'), key: tls('client-ca.key') })
const foreignCA = openAuthority(
  createAuthority({
    commonName: 'kites-client-ca',
    notBeforeMs: now - DAY_MS,
    notAfterMs: now + DAY_MS,
    random: systemRandom,
  }),
)

interface Leaf {
  readonly authority?: Authority
  /** Days from now. */
  readonly from?: number
  readonly to?: number
  readonly usage?: ExtendedUsage
}

function showing({ authority = clientCA, from = -1, to = 1, usage = 'client auth' }: Leaf): Peer {
  const key = generateKey()
  const cert = issueCertificate(authority, {
    notBeforeMs: now + from * DAY_MS,
    notAfterMs: now + to * DAY_MS,
    subject: { commonName: 'joe', organizations: ['system:masters'] },
    publicKey: key,
    usages: [usage],
    random: systemRandom,
  })
  return { ...nobody, cert, key: keyToPem(key) }
}

const asked = (headers: Readonly<Record<string, string>>): Promise<Reply> =>
  sendH1(nobody, { method: 'GET', path: PODS, headers })
const cannotList = (user: string): string =>
  `pods is forbidden: User "${user}" cannot list resource "pods" in API group "" in the namespace "default"`
const FULL = {
  code: 503,
  reason: 'ServiceUnavailable',
  message: 'the disk of the server is full: make room in its data directory',
}
const UNAUTHORIZED = { kind: 'Status', code: 401, reason: 'Unauthorized', message: 'Unauthorized' }

void t.test('client certificates', async t => {
  const refused: readonly (readonly [string, Leaf])[] = [
    ['of another CA', { authority: foreignCA }],
    ['that has expired', { from: -2, to: -1 }],
    ['that is not valid yet', { from: 1, to: 2 }],
    ['for servers', { usage: 'server auth' }],
  ]
  for (const [name, leaf] of refused) {
    const peer = showing(leaf)
    const client = connectH2(peer)
    for (const path of [PODS, '/version'])
      t.match((await client.send({ method: 'GET', path })).body, UNAUTHORIZED, `${name}, ${path}`)
    client.close()
    t.match((await sendH1(peer, { method: 'GET', path: PODS })).body, UNAUTHORIZED, name)
  }
  const good = await sendH1(showing({}), { method: 'GET', path: PODS })
  t.equal(good.status, 200)
})

void t.test('no credentials are anonymous', async t => {
  const reply = await asked({})
  t.match(reply.body, {
    code: 403,
    reason: 'Forbidden',
    message: cannotList('system:anonymous'),
    details: { kind: 'pods' },
  })
  t.equal((await sendH1(nobody, { method: 'GET', path: '/version' })).status, 200)
})

void t.test('bearer tokens and passwords', async t => {
  const headers = [
    'Bearer wrong',
    `Bearer ${'x'.repeat(10_000)}`,
    'Bearer abcdef.0123456789abcdef',
    'Bearer a.b.c',
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    'Basic YTpi',
  ]
  for (const authorization of headers) {
    const reply = await asked({ authorization })
    t.match(reply.body, UNAUTHORIZED, authorization.slice(0, 40))
    t.equal(reply.headers['www-authenticate'], 'Bearer')
  }
})

void t.test(
  'a service account: not enough rights, no impersonation, none after its end',
  async t => {
    const client = connectH2(server)
    const accounts = '/api/v1/namespaces/default/serviceaccounts'
    const post = (path: string, body: string): Promise<Reply> =>
      client.send({ method: 'POST', path, body, headers: { 'content-type': 'application/json' } })
    await post(accounts, '{"metadata":{"name":"gone"}}')
    const short = await post(`${accounts}/gone/token`, '{"spec":{"expirationSeconds":1}}')
    t.equal(
      short.body.message,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
    )
    const issued = await post(`${accounts}/gone/token`, '{"spec":{"expirationSeconds":600}}')
    const { token = '' } = Object(issued.body.status)
    const authorization = `Bearer ${token}`
    const user = 'system:serviceaccount:default:gone'
    t.match((await asked({ authorization })).body, { code: 403, message: cannotList(user) })
    const bob = await asked({ authorization, 'impersonate-user': 'bob' })
    t.match(bob.body, {
      code: 403,
      message: `users "bob" is forbidden: User "${user}" cannot impersonate resource "users" in API group "" at the cluster scope`,
    })
    await client.send({ method: 'DELETE', path: `${accounts}/gone` })
    t.match((await asked({ authorization })).body, UNAUTHORIZED, 'its account is deleted')
    client.close()
  },
)

void t.test('kubectl as somebody else', async t => {
  const asBob = await server.kubectl(['get', 'pods', '--as', 'bob'])
  t.equal(asBob.stderr, `Error from server (Forbidden): ${cannotList('bob')}\n`)
})

/** Starts a server that must not come up, and returns what it says last. */
async function refusal(dataDir: string): Promise<readonly [number | null, string]> {
  const ran = await runToEnd(tree.kites, serverArgs({ dataDir, port: await freePort() }))
  t.notMatch(ran.stderr, /\n\s+at /, 'no stack trace')
  return [ran.code, ran.stderr.trim().split('\n').at(-1) ?? '']
}

void t.test('a data directory that another server uses, or that is damaged', async t => {
  const { dataDir } = server
  const db = join(dataDir, 'server/db/state.db')
  t.same(await refusal(dataDir), [
    1,
    `kites: ${db} is in use by another process: stop the other server, or give this one its own data directory`,
  ])
  t.ok(server.isAlive())
  t.notMatch(server.log(), /"level":"error"/)
  t.ok(await server.stop())
  const damaged = `kites: cannot open the store ${db}: the file is damaged or not a store: restore it from a backup, or move it away to start empty`
  writeFileSync(db, Buffer.alloc(8192, 7))
  t.same(await refusal(dataDir), [1, damaged])
  truncateSync(db, 100)
  t.same(await refusal(dataDir), [1, damaged])
  const ca = join(dataDir, 'server/tls/server-ca')
  writeFileSync(`${ca}.crt`, 'garbage')
  t.same(await refusal(dataDir), [1, `kites: ${ca}.crt: the certificate cannot be read`])
  rmSync(`${ca}.key`)
  t.same(await refusal(dataDir), [1, `kites: ${ca}.key is missing: put the key of ${ca}.crt back`])
})

void t.test('a full disk: the writer is told, readers are served, room heals it', async t => {
  const dataDir = makeFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', dataDir])
  giveAway(dataDir)
  t.teardown(() => {
    execFileSync('umount', ['-l', dataDir])
    rmSync(dataDir, { recursive: true, force: true })
  })
  const small = await startServer(tree, { dataDir })
  const client = connectH2(small)
  const write = (name: string): Promise<Reply> =>
    client.send({
      method: 'POST',
      path: '/api/v1/namespaces/default/configmaps',
      body: JSON.stringify({ metadata: { name }, data: { a: 'x'.repeat(500_000) } }),
      headers: { 'content-type': 'application/json' },
    })
  const room = join(dataDir, 'room')
  writeFileSync(room, Buffer.alloc(4_000_000))
  let refused = await write('first')
  for (let at = 0; refused.status === 201 && at < 40; at++) refused = await write(`more-${at}`)
  t.match(refused.body, FULL)
  t.match((await write('again')).body, FULL)
  const read = await client.send({ method: 'GET', path: '/api/v1/namespaces/default' })
  t.equal(read.status, 200)
  t.ok(small.isAlive())
  rmSync(room)
  await until(async () => (await write('healed')).status === 201, 15_000)
  t.notMatch(small.log(), /request failed/)
  client.close()
  t.ok(await small.stop())
})

/** A data directory whose certificates were made when the clock was wrong. */
function madeAt(atMs: number): string {
  const dataDir = makeFolder()
  const clock: Clock = { ...systemClock, now: () => atMs }
  openPki({
    dataDir,
    clock,
    random: systemRandom,
    log: silentLogger,
    nodeName: 'bad-input',
    nodeIPs: ['127.0.0.1'],
    tlsSans: [],
    serviceIPs: ['10.43.0.1'],
    clusterDomain: 'cluster.local',
  })
  giveAway(dataDir)
  return dataDir
}

void t.test('a clock that was wrong when the certificates were made', async t => {
  const YEAR_MS = 365 * DAY_MS
  const children: ServerChild[] = []
  t.teardown(async () => {
    for (const child of children) await child.close()
  })
  const past = await startServer(tree, { dataDir: madeAt(now - YEAR_MS) })
  children.push(past)
  t.match(past.log(), /"certificate issued","certificate":"serving-kube-apiserver","why":/)
  t.equal(
    (await past.kubectl(['get', 'ns', 'default', '-o', 'name'])).stdout,
    'namespace/default\n',
  )
  const future = await startServer(tree, { dataDir: madeAt(now + YEAR_MS) })
  children.push(future)
  t.match(
    future.log(),
    /"level":"error","msg":"the clock of this host is wrong or the cluster CA has expired; set the clock","now":/,
  )
  t.ok(future.isAlive())
  for (const child of children) t.ok(await child.stop())
})
