/** The cluster's certificates on disk: first start, restart, renewal while running, wrong clocks, join token files. */
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Clock, systemClock } from '#base/clock.ts'
import { createLogger, silentLogger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { inspectCertificate } from '#client/pki/certificate.ts'
import { parseJoinToken } from '#client/pki/join-token.ts'
import { readKubeconfig } from '#client/pki/kubeconfig.ts'
import { keepAdminKubeconfig } from '#server/supervisor/admin-kubeconfig.ts'
import { openJoinTokens } from '#server/supervisor/join-tokens.ts'
import { openPki, type Pki, type PkiOptions } from '#server/supervisor/pki.ts'

const DAY_MS = 86_400_000
const folders: string[] = []
t.teardown(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kites-pki-'))
  folders.push(path)
  return path
}

const open = (dataDir: string, more: Partial<PkiOptions> = {}): Pki =>
  openPki({
    dataDir,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    nodeName: 'server-1',
    nodeIPs: ['192.0.2.1'],
    tlsSans: ['kites.test'],
    serviceIPs: ['10.43.0.1'],
    clusterDomain: 'cluster.local',
    ...more,
  })

/** A clock that stands at `now` and whose sleeper is woken by hand. */
function handClock(now: number): Clock & { readonly tick: (now: number) => void } {
  const state = { now, wake: (): void => {} }
  return {
    ...systemClock,
    now: () => state.now,
    sleep: (_ms, signal) =>
      new Promise(resolve => {
        state.wake = resolve
        signal?.addEventListener('abort', () => resolve(), { once: true })
      }),
    tick(at) {
      state.now = at
      state.wake()
    },
  }
}

void t.test('a first start and the next ones', async t => {
  const dataDir = folder()
  const startedAt = performance.now()
  const pki = open(dataDir)
  const tookMs = performance.now() - startedAt
  t.comment(`made in ${Math.round(tookMs)} ms`)
  const { dns, ips } = inspectCertificate(pki.serving().cert)
  t.same(dns, [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'localhost',
    'kubernetes.default.svc.cluster.local',
    'server-1',
    'kites.test',
  ])
  t.same(ips, ['127.0.0.1', '::1', '10.43.0.1', '192.0.2.1'])
  t.same(inspectCertificate(pki.admin().cert).subject, {
    commonName: 'system:admin',
    organizations: ['system:masters'],
  })
  const again = open(dataDir)
  t.equal(again.caHash, pki.caHash)
  t.equal(again.serving().cert, pki.serving().cert)
  const moved = open(dataDir, { tlsSans: ['kites.test', 'other.test'] })
  t.ok(
    inspectCertificate(moved.serving().cert).dns.includes('other.test'),
    'a new name gives a new certificate',
  )
  t.equal(moved.serving().key, pki.serving().key, 'for the same key')
})

void t.test('damaged files', async t => {
  const dataDir = folder()
  const pki = open(dataDir)
  const file = (name: string): string => join(dataDir, 'server', 'tls', name)
  writeFileSync(file('serving-kube-apiserver.crt'), 'rubbish')
  t.not(open(dataDir).serving().cert, 'rubbish', 'a leaf is made anew')
  writeFileSync(file('client-admin.key'), pki.serving().key)
  t.not(open(dataDir).admin().key, pki.serving().key, 'so is one whose key is another')
  writeFileSync(file('server-ca.crt'), 'rubbish')
  t.throws(() => open(dataDir), /server-ca.crt: the certificate cannot be read/)
  rmSync(file('client-ca.key'))
  writeFileSync(file('server-ca.crt'), pki.serverCA.pem)
  t.throws(() => open(dataDir), /client-ca.key is missing: put the key of .*client-ca.crt back/)
})

void t.test('leaves renew while the server runs', async t => {
  const clock = handClock(Date.now())
  const pki = open(folder(), { clock })
  const stop = new AbortController()
  const running = pki.renewal.run(stop.signal)
  const before = pki.serving().cert
  const path = join(folder(), 'kubeconfig')
  keepAdminKubeconfig(pki, { path, serverUrl: 'https://127.0.0.1:6443', log: silentLogger })
  t.equal(statSync(path).mode & 0o777, 0o600)
  const renewed = new Promise<void>(resolve => pki.onRenew(resolve))
  clock.tick(Date.now() + 246 * DAY_MS)
  await renewed
  t.not(pki.serving().cert, before)
  t.ok(inspectCertificate(pki.serving().cert).notAfterMs > Date.now() + 600 * DAY_MS)
  t.equal((await readKubeconfig(path)).cert, pki.admin().cert, 'the kubeconfig follows')
  stop.abort()
  await running
})

void t.test('a wrong clock gets one line, and the server starts', async t => {
  const lines: string[] = []
  const log = createLogger({ clock: systemClock, level: 'warn', write: line => lines.push(line) })
  const dataDir = folder()
  const early = open(dataDir, { log, clock: handClock(Date.UTC(1970, 0, 2)) })
  t.equal(lines.length, 1, 'without a battery: the first start in 1970')
  t.match(lines[0], /the clock of this host is wrong/)
  t.ok(
    inspectCertificate(early.serving().cert).notAfterMs > Date.UTC(2026, 11, 1),
    'what was made then lasts',
  )
  t.equal(open(dataDir, { log }).caHash, early.caHash)
  t.equal(lines.length, 1, 'right again')
  open(folder(), { log })
  const later = folder()
  open(later, { log })
  open(later, { log, clock: handClock(Date.now() - 400 * DAY_MS) })
  t.equal(lines.length, 2, 'set back before the CA was made')
})

void t.test('files of join tokens', async t => {
  const dataDir = folder()
  const tokens = (token?: string, agentToken?: string) =>
    openJoinTokens({ dataDir, caHash: 'ab'.repeat(32), random: systemRandom, token, agentToken })
  const read = (name: string): string => readFileSync(join(dataDir, 'server', name), 'utf8').trim()
  const first = tokens()
  const made = read('token')
  t.match(made, /^K10(ab){32}::server:[0-9a-f]{32}$/)
  t.equal(readlinkSync(join(dataDir, 'server', 'node-token')), 'token')
  t.equal(read('agent-token'), made)
  const { credentials } = parseJoinToken(made)
  const password = credentials.kind === 'basic' ? credentials.password : ''
  t.equal(first.verify('server', password), 'server')
  t.equal(first.verify('node', password), 'node')
  t.equal(first.verify('root', password), undefined)
  t.equal(first.verify('server', 'guess'), undefined)
  tokens()
  t.equal(read('token'), made, 'stays')
  const own = tokens('secret', 'for-agents')
  t.equal(read('token'), `K10${'ab'.repeat(32)}::server:secret`)
  t.equal(read('agent-token'), `K10${'ab'.repeat(32)}::node:for-agents`)
  t.equal(own.verify('node', 'secret'), undefined, 'agents have their own')
  t.equal(own.verify('node', 'for-agents'), 'node')
  t.equal(tokens().verify('node', 'for-agents'), 'node', 'also after a restart')
  t.throws(() => tokens('abcdef.0123456789abcdef'), /bootstrap token/)
})
