/** Joining over real TLS: a real API server, real certificates, real sockets. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { isReason, StatusError } from '#api/status.ts'
import { type Clock, systemClock } from '#base/clock.ts'
import { createLogger, silentLogger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { joinCluster, type JoinedCluster, type JoinOptions } from '#agent/join/join.ts'
import { JoinError } from '#agent/join/server-client.ts'
import { inspectCertificate } from '#client/pki/certificate.ts'
import { formatJoinToken } from '#client/pki/join-token.ts'
import { createToken, deleteToken, listTokens } from '#server/supervisor/bootstrap-tokens.ts'
import { startAccess } from './access-fixture.ts'

const DEADLINE_MS = 10_000
const DAY_MS = 86_400_000

const server = await startAccess()
const folders: string[] = []
t.teardown(async () => {
  await server.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function hostFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kites-host-'))
  folders.push(folder)
  return folder
}

const agentToken = (): string => readFileSync(server.tokens.agentTokenPath, 'utf8')

function joinAs(nodeName: string, options: Partial<JoinOptions> = {}): Promise<JoinedCluster> {
  const dataDir = options.dataDir ?? hostFolder()
  return joinCluster({
    serverUrl: server.url,
    token: agentToken(),
    nodeName,
    nodeIPs: ['192.0.2.7'],
    dataDir,
    passwordFile: join(dataDir, 'node-password'),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...options,
  })
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`still not: ${what}`)
    await systemClock.sleep(10)
  }
}

const codeOfFailure = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
    return 'no failure'
  } catch (error) {
    return error instanceof JoinError ? `${error.code}: ${error.message}` : String(error)
  }
}

void t.test('files of the server', async t => {
  const token = readFileSync(server.tokens.serverTokenPath, 'utf8').trim()
  t.match(token, /^K10[0-9a-f]{64}::server:[0-9a-f]{32}$/)
  t.equal(agentToken().trim(), token, 'agents use the server token unless they have their own')
  for (const name of [
    'server/token',
    'server/tls/server-ca.key',
    'server/tls/service.key',
    'server/tls/client-admin.key',
  ]) {
    t.equal(
      statSync(join(server.directory, name)).mode & 0o777,
      0o600,
      `${name} is for its owner only`,
    )
  }
})

void t.test('a host joins, keeps its keys to itself and is the node it says', async t => {
  const dataDir = hostFolder()
  const node = await joinAs('web1', { dataDir })
  const info = inspectCertificate(node.tls().cert)
  t.same(info.subject, { commonName: 'system:node:web1', organizations: ['system:nodes'] })
  const serving = inspectCertificate(node.serving().cert)
  t.same(serving.dns, ['web1', 'localhost'])
  t.same(serving.ips, ['127.0.0.1', '::1', '192.0.2.7'])
  t.equal(node.config.clusterDNS, '10.43.0.10')
  for (const name of ['client-kubelet.key', 'client-kubelet.crt', 'serving-kubelet.key']) {
    t.equal(
      statSync(join(dataDir, 'agent', name)).mode & 0o777,
      0o600,
      `${name} is for its owner only`,
    )
  }
  const secret = await server.local.request({
    method: 'GET',
    path: '/api/v1/namespaces/kube-system/secrets/web1.node-password.kites',
  })
  t.equal(secret['immutable'], true)

  const before = node.tls().cert
  const again = await joinAs('web1', { dataDir })
  t.equal(again.tls().cert, before, 'a restart reuses the certificate')
})

void t.test('who may not join is told why in one line', async t => {
  const wrongHash = formatJoinToken('ab'.repeat(32), 'server:whatever')
  t.match(
    await codeOfFailure(joinAs('x', { token: wrongHash })),
    /^ca-mismatch: .*is not the server this token is for/,
  )
  const wrongPassword = formatJoinToken(server.pki.caHash, 'server:wrong')
  t.match(
    await codeOfFailure(joinAs('x', { token: wrongPassword })),
    /^token: the server refused the token/,
  )
  t.match(await codeOfFailure(joinAs('x', { token: 'K10abc' })), /^token: the token is not valid/)
  t.match(await codeOfFailure(joinAs('Bad_Name')), /^refused: .*node name "Bad_Name" is not valid/)
  t.match(
    await codeOfFailure(joinAs('web1')),
    /^name-taken: node name "web1" is taken: .*kubectl delete node web1/,
    'another host with a taken name',
  )
  t.match(
    await codeOfFailure(joinAs('kubernetes')),
    /^name-taken: "kubernetes" is a name or address of the API server/,
  )
  t.ok(
    await joinAs('server-1', { nodeIPs: ['10.43.0.1'] }),
    "the server's own agent, coming from this host, may have them",
  )
  t.match(
    await codeOfFailure(joinAs('thief', { nodeIPs: ['10.43.0.1'] })),
    /^name-taken: "10.43.0.1" is a name or address of the API server/,
  )
  t.match(
    await codeOfFailure(
      joinAs('x', { serverUrl: server.url.replace('127.0.0.1', '[::ffff:127.0.0.1]') }),
    ),
    /^server-name: .*--tls-san /,
  )
  const lines: string[] = []
  const log = createLogger({ clock: systemClock, level: 'info', write: line => lines.push(line) })
  const gone = joinAs('x', {
    serverUrl: 'https://127.0.0.1:1',
    log,
    signal: AbortSignal.timeout(300),
  })
  await t.rejects(gone)
  t.match(lines[0], /waiting for the server.*ECONNREFUSED/)
})

void t.test('an agent starts from a former join while the server is away', async t => {
  const dataDir = hostFolder()
  await joinAs('web2', { dataDir })
  const node = await joinAs('web2', { dataDir, serverUrl: 'https://127.0.0.1:1' })
  t.equal(node.config.clusterDomain, 'cluster.local')
})

void t.test('damaged keys and certificates are made anew', async t => {
  const dataDir = hostFolder()
  await joinAs('web5', { dataDir })
  const file = (name: string): string => join(dataDir, 'agent', name)
  const damages: readonly (readonly [string, () => void])[] = [
    ['certificate cut short', () => writeFileSync(file('client-kubelet.crt'), '-----BEGIN')],
    ['empty certificate', () => writeFileSync(file('serving-kubelet.crt'), '')],
    ['empty key', () => writeFileSync(file('client-kubelet.key'), '')],
    ['lost key', () => rmSync(file('serving-kubelet.key'))],
    ['damaged authorities', () => writeFileSync(file('client-ca.crt'), 'x')],
  ]
  for (const [what, damage] of damages) {
    damage()
    const node = await joinAs('web5', { dataDir })
    for (const { key, cert } of [node.tls(), node.serving()])
      t.ok(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)), what)
  }
})

void t.test('certificates renew while the agent runs', async t => {
  const dataDir = hostFolder()
  const node = await joinAs('web3', { dataDir })
  const before = node.tls().cert
  // The same host, 300 days later, its token long gone: the old certificate and the node password are enough.
  let wake: (() => void) | undefined
  const clock: Clock = {
    ...systemClock,
    now: () => Date.now() + 300 * DAY_MS,
    sleep: (_ms, signal) =>
      new Promise(resolve => {
        wake = resolve
        signal?.addEventListener('abort', () => resolve(), { once: true })
      }),
  }
  const stale = formatJoinToken(server.pki.caHash, 'node:stale')
  const later = await joinAs('web3', {
    dataDir,
    clock: { ...clock, now: () => systemClock.now() },
    token: stale,
  })
  t.equal(later.tls().cert, before)
  const ageing = await joinAs('web3', { dataDir, clock, token: stale })
  t.not(ageing.tls().cert, before, 'a start renews what expires soon')
  const stop = new AbortController()
  const running = ageing.renewal.run(stop.signal)
  let renewals = 0
  ageing.onRenew(() => (renewals += 1))
  const afterStart = ageing.tls().cert
  await until(() => wake !== undefined, 'waiting')
  wake?.()
  await until(() => renewals === 1, 'renewed')
  t.not(ageing.tls().cert, afterStart)
  stop.abort()
  await running
  const expired: Clock = { ...systemClock, now: () => Date.now() + 400 * DAY_MS }
  t.match(
    await codeOfFailure(joinAs('web3', { dataDir, clock: expired, token: stale })),
    /^token: /,
    'an expired certificate is no identity',
  )
  t.ok(await joinAs('web3', { dataDir, clock: expired }), 'the token still is')
})

void t.test('bootstrap tokens join until they expire or are deleted', async t => {
  const deps = { transport: server.local, clock: systemClock, random: systemRandom }
  const created = await createToken(deps, { ttlMs: DAY_MS, description: 'for tests' })
  t.match(created.token, /^[a-z0-9]{6}\.[a-z0-9]{16}$/)
  const [listed] = await listTokens(server.local)
  t.same(listed, created)
  await joinAs('web4', { token: formatJoinToken(server.pki.caHash, created.token) })
  t.ok(await deleteToken(server.local, created.id))
  t.notOk(await deleteToken(server.local, created.id))
  const refused = joinAs('web5', { token: formatJoinToken(server.pki.caHash, created.token) })
  t.match(await codeOfFailure(refused), /^token: /)
  const old = await createToken(deps, { ttlMs: -1000 })
  const late = joinAs('web5', { token: formatJoinToken(server.pki.caHash, old.token) })
  t.match(await codeOfFailure(late), /^token: /)
})

void t.test('a node name is free again after its Node was deleted', async t => {
  t.plan(1)
  await joinAs('web6')
  const path = '/api/v1/nodes'
  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'web6' } }
  await server.local.request({ method: 'POST', path, body })
  await server.local.request({ method: 'DELETE', path: `${path}/web6` })
  const secret = '/api/v1/namespaces/kube-system/secrets/web6.node-password.kites'
  const deadline = performance.now() + DEADLINE_MS
  for (;;) {
    const found = await server.local
      .request({ method: 'GET', path: secret })
      .catch((error: unknown) => error)
    if (isReason(found, 'NotFound')) break
    if (performance.now() > deadline) throw new Error('the secret stays')
    await systemClock.sleep(20)
  }
  t.ok(await joinAs('web6'))
})

void t.test('the public routes are public and the others are not', async t => {
  const client = server.client({ bearer: '' })
  const status = async (path: string): Promise<number> => {
    try {
      const answer = await client.stream({ method: 'GET', path })
      await text(answer.body)
      return answer.status
    } catch (error) {
      if (error instanceof StatusError) return error.code
      throw error
    }
  }
  t.equal(await status('/ping'), 200)
  t.equal(await status('/cacerts'), 200)
  t.equal(await status('/v1-kites/config'), 401)
  t.equal(await status('/v1-kites/nothing'), 404)
})
