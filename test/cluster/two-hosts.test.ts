/**
 * Two hosts with an Engine each, as Docker starts it by default, IP forwarding off: the first becomes the server and
 * the second joins it, both by the install script. Pods and Services reach across; a join that must fail says why; an
 * uninstall leaves nothing, and Docker's other containers never notice any of it.
 */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { type Cluster, clusterFor, type CommandResult, type Machine } from '../support/cluster.ts'
import { until } from '../support/docker-host.ts'
import { snapshotOf } from '../support/host-snapshot.ts'
import { startSteadyClient } from '../support/steady.ts'

const UNINSTALL = '/usr/local/bin/kites-uninstall.sh'
const OTHER_PORT = 8099

function install(cluster: Cluster, machine: Machine, env: NodeJS.ProcessEnv = {}): CommandResult {
  const command = ['sh', `${cluster.source}/packaging/install.sh`]
  return cluster.inside(machine, command, {
    env: { KITES_TREE: cluster.tree, ...env },
    timeoutMs: 90_000,
  })
}

/** A container that is none of ours, published the way Docker does it. */
async function startOther({ host }: Machine): Promise<void> {
  const { Id } = await host.docker<{ Id: string }>('POST', '/containers/create?name=other', {
    Image: 'web:1',
    HostConfig: { PortBindings: { '80/tcp': [{ HostPort: String(OTHER_PORT) }] } },
    ExposedPorts: { '80/tcp': {} },
  })
  await host.docker('POST', `/containers/${Id}/start`)
}

const cluster = await clusterFor(t, 'two', async starting => {
  await starting.addMachine([])
  await startOther(await starting.addMachine([]))
})
const [one = cluster.first, two = cluster.first] = cluster.machines
const SERVER = `https://${one.host.address}:6443`
const other = await startSteadyClient(cluster, {
  web: [`http://${two.host.address}:${OTHER_PORT}/`],
})
// addresses of the links' own come a moment after the links
const isSettled = (machine: Machine): boolean =>
  cluster.inside(machine, ['ip', '-6', 'addr', 'show', 'tentative']).stdout === ''
await until(() => isSettled(one) && isSettled(two), 'the links to settle', 10_000)
const before = new Map([one, two].map(machine => [machine, snapshotOf(cluster, machine)]))

/** Uninstalls, and compares the host with what it was. */
async function leavesNothing(t: Tap, machine: Machine): Promise<void> {
  const { status, stdout, stderr } = cluster.inside(machine, [UNINSTALL])
  t.equal(status, 0, stdout + stderr)
  // in this bed the two folders are mounts, which nobody can remove
  const complaints = stderr.split('\n').filter(line => !line.endsWith(': Device or resource busy'))
  t.same(complaints, [''], 'no complaints')
  t.match(stdout, /\[kites\] done\n$/)
  const wanted = before.get(machine) ?? {}
  let after = snapshotOf(cluster, machine)
  // the kernel takes down what belonged to ended containers in its own time
  const isSame = (): boolean => {
    after = snapshotOf(cluster, machine)
    return JSON.stringify(after) === JSON.stringify(wanted)
  }
  await until(isSame, 'the host as it was', 5000).catch(() => undefined)
  for (const [name, lines] of Object.entries(wanted)) t.same(after[name], lines, name)
}

interface Tap {
  equal(found: unknown, wanted: unknown, message: string): unknown
  same(found: unknown, wanted: unknown, message: string): unknown
  match(found: unknown, pattern: RegExp): unknown
}

const read = (machine: Machine, path: string): string =>
  cluster.inside(machine, ['cat', path]).stdout
const nodeToken = (): string => read(one, '/var/lib/kites/server/node-token').trim()

void t.test('the install script makes a server, and does nothing the second time', async t => {
  const first = install(cluster, one)
  t.equal(first.status, 0, first.stdout + first.stderr)
  t.match(
    first.stdout,
    /no systemd here: starting kites in the background; pid file \/run\/kites\.pid/,
  )
  t.match(first.stdout, /the node is Ready\. What next:/)
  t.equal(install(cluster, one).stdout, '[kites] already installed and running; nothing changed\n')
  await cluster.untilReady(1, 5000)
})

void t.test('the install script makes an agent that joins by token', async t => {
  const joined = install(cluster, two, { KITES_URL: SERVER, KITES_TOKEN: nodeToken() })
  t.equal(joined.status, 0, joined.stdout + joined.stderr)
  t.match(joined.stdout, `this node has joined ${SERVER} and is Ready`)
  await cluster.untilReady(2, 5000)
  const again = install(cluster, two, { KITES_URL: SERVER, KITES_TOKEN: nodeToken() })
  t.equal(again.stdout, '[kites] already installed and running; nothing changed\n')
  t.match(cluster.ok(['get', 'node', 'node2', '-o', 'wide']), /node2 +Ready .* 172\.30\.0\.12 /)
})

void t.test('the node got a certificate of the cluster for a key of its own', async t => {
  const certificate = new X509Certificate(read(two, '/var/lib/kites/agent/client-kubelet.crt'))
  const key = read(two, '/var/lib/kites/agent/client-kubelet.key')
  t.equal(certificate.subject, 'O=system:nodes\nCN=system:node:node2')
  const authority = new X509Certificate(read(two, '/var/lib/kites/agent/client-ca.crt'))
  t.ok(certificate.verify(authority.publicKey), 'issued by the CA of clients')
  t.equal(
    authority.fingerprint256,
    new X509Certificate(read(one, '/var/lib/kites/agent/client-ca.crt')).fingerprint256,
  )
  t.match(key, /PRIVATE KEY/)
  t.match(
    cluster.inside(two, ['stat', '-c', '%a', '/var/lib/kites/agent/client-kubelet.key']).stdout,
    '600',
  )
  t.equal(
    cluster.inside(one, ['grep', '-rlF', key.split('\n')[1] ?? key, '/var/lib/kites', '/etc/kites'])
      .stdout,
    '',
    'the server does not know the key',
  )
})

const DEPLOYMENTS = ['one', 'two']
  .map(
    (name, at) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      nodeSelector: { kubernetes.io/hostname: node${at + 1} }
      terminationGracePeriodSeconds: 1
      containers: [{ name: web, image: web:1, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } }]
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { type: NodePort, selector: { app: ${name} }, ports: [{ port: 80 }] }
`,
  )
  .join('---')

void t.test('pods spread, and reach Services of the other host by name', async t => {
  cluster.ok(['create', 'deployment', 'many', '--image=web:1', '--replicas=4'])
  cluster.ok(['apply', '-f', '-'], { input: DEPLOYMENTS })
  for (const name of ['many', 'one', 'two'])
    cluster.ok(['rollout', 'status', `deployment/${name}`, '--timeout=40s'])
  const nodes = cluster
    .ok(['get', 'pods', '-l', 'app=many', '-o', 'jsonpath={.items[*].spec.nodeName}'])
    .split(' ')
    .sort()
  t.same(nodes, ['node1', 'node1', 'node2', 'node2'])
  for (const [from, to] of [
    ['one', 'two'],
    ['two', 'one'],
    ['one', 'one'],
  ] as const) {
    const { stdout, stderr } = cluster.kubectl([
      'exec',
      `deployment/${from}`,
      '--',
      'wget',
      '-q',
      '-O',
      '-',
      `http://${to}/`,
    ])
    t.match(stdout, new RegExp(`^v1 ${to}-`), `from ${from} to ${to}: ${stderr}`)
  }
  for (const name of ['one', 'two']) {
    const port = cluster.ok(['get', 'service', name, '-o', 'jsonpath={.spec.ports[0].nodePort}'])
    for (const { host } of [one, two]) {
      t.match(
        cluster.curlOutside(`http://${host.address}:${port}/`),
        new RegExp(`^v1 ${name}-`),
        `${name} at ${host.address}:${port}`,
      )
      const inside = cluster.inside(one, [
        'curl',
        '-s',
        '-m',
        '3',
        `http://${host.address}:${port}/`,
      ])
      t.match(
        inside.stdout,
        new RegExp(`^v1 ${name}-`),
        `${name} at ${host.address}:${port} from a host`,
      )
    }
  }
  t.equal(cluster.ok(['logs', 'deployment/two']), 'serving v1\n', 'logs through the tunnel')
  t.match(
    cluster.ok(['exec', 'deployment/two', '--', 'cat', '/etc/resolv.conf']),
    /nameserver 10\.43\.0\.10/,
  )
  t.match(
    cluster.inside(two, ['curl', '-sk', '-m', '3', 'https://10.43.0.1/version']).stdout,
    /v1\.36/,
    'the API by its Service address',
  )
})

void t.test('a join that must fail says why in one line', async t => {
  const agent = ['agent', '--data-dir', '/var/lib/kites/stranger', '--node-name', 'stranger']
  const join = (...flags: string[]): CommandResult =>
    cluster.inside(one, [`${cluster.tree}/kites`, ...agent, ...flags], { timeoutMs: 15_000 })
  const oneLine = (result: CommandResult, pattern: RegExp): void => {
    t.not(result.status, 0)
    t.not(result.status, -1, 'it ends by itself')
    t.equal(result.stdout, '')
    const lines = result.stderr
      .trimEnd()
      .split('\n')
      .filter(line => !line.startsWith('{'))
    t.equal(lines.length, 1, result.stderr)
    t.match(lines[0], pattern)
    t.comment(lines[0] ?? '')
  }
  const token = nodeToken()
  oneLine(join('--server', SERVER, '--token', token, '--node-name', 'node2'), /^kites: .*node2.*/)
  oneLine(
    join('--server', SERVER, '--token', `${token}x`),
    /^kites: the server refused the token: /,
  )
  oneLine(
    join('--server', SERVER, '--token', `K10${'0'.repeat(64)}${token.slice(67)}`),
    /^kites: .* is not the server this token is for: /,
  )
  oneLine(join('--server', SERVER, '--token', 'K10nonsense'), /^kites: .*token/)
  oneLine(join('--server', 'http://nowhere', '--token', token), /^kites: .*https:\/\//)
  const command = [
    `${cluster.tree}/kites`,
    ...agent,
    '--server',
    'https://172.30.0.99:6443',
    '--token',
    token,
  ]
  const waiting = cluster.watchInside(one, command)
  await waiting.until(/waiting for the server.*cannot reach https:\/\/172\.30\.0\.99:6443/, 15_000)
  await waiting.end()
  t.match(
    cluster.ok(['get', 'nodes', '--no-headers']),
    /^node1 .*\nnode2 .*\n$/,
    'no stranger is a node',
  )
  t.match(cluster.ok(['get', 'node', 'node2', '--no-headers']), / Ready /)
})

void t.test('an uninstall leaves nothing on the host of an agent', async t => {
  await leavesNothing(t, two)
})

void t.test(
  'the same host joins again once its node is deleted, with a token of limited life',
  async t => {
    const token = cluster
      .inside(one, ['/usr/local/bin/kites', 'token', 'create', '--ttl', '10m'])
      .stdout.trim()
    cluster.ok(['delete', 'node', 'node2'])
    await cluster.untilKubectl(
      ['get', 'secret', '-n', 'kube-system', 'node2.node-password.kites'],
      (_, { status }) => status !== 0,
    )
    const joined = install(cluster, two, { KITES_URL: SERVER, KITES_TOKEN: token })
    t.equal(joined.status, 0, joined.stdout + joined.stderr)
    await cluster.untilReady(2, 10_000)
    cluster.ok(['rollout', 'status', 'deployment/two', '--timeout=40s'])
    t.match(
      cluster.kubectl(['exec', 'deployment/one', '--', 'wget', '-q', '-O', '-', 'http://two/'])
        .stdout,
      /^v1 two-/,
    )
  },
)

void t.test('an uninstall leaves nothing on the host of a server', async t => {
  await leavesNothing(t, one)
})

void t.test('containers that are not ours have worked all the while', async t => {
  const { answers, failures, slowestMs } = await other.report()
  await other.end()
  t.same(failures, [])
  t.ok(answers > 100, `${answers} answers, the slowest in ${slowestMs} ms`)
})
