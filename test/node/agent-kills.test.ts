/**
 * The agent is killed at random moments while pods come and go: its next life finishes what was begun and leaves
 * nothing behind, no container, interface, address, mount or folder. A law: the seed of a run is told, KITES_TEST_SEED
 * repeats it. A long run (KITES_TEST_LONG=1) kills more often.
 */
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Cluster, type Machine } from '../support/cluster.ts'
import { until } from '../support/docker-host.ts'

const KILLS = process.env['KITES_TEST_LONG'] === '1' ? 60 : 10
const SEED = Number(process.env['KITES_TEST_SEED'] ?? Math.floor(Math.random() * 1e9))
/** Within this time after a change the agent is killed: a pod start on a loaded machine. */
const LIFE_MAX_MS = 1200
const PODS_PER_LIFE = 2

/** Linear congruential: enough to repeat a run. */
let state = SEED
const random = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state % below
}
const pause = (delayMs: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, delayMs))

const manifest = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'killed' } },
    spec: {
      terminationGracePeriodSeconds: 1,
      volumes: [
        { name: 'secret', secret: { secretName: 'held' } },
        { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        { name: 'disk', emptyDir: {} },
      ],
      containers: [
        {
          name: 'c',
          image: 'web:1',
          imagePullPolicy: 'IfNotPresent',
          ports: [{ containerPort: 80 }],
          readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 1 },
          volumeMounts: ['secret', 'memory', 'disk'].map(volume => ({
            name: volume,
            mountPath: `/v/${volume}`,
          })),
        },
      ],
    },
  })

t.comment(`KITES_TEST_SEED=${SEED}`)
t.setTimeout(KILLS * 12_000 + 60_000)
const cluster = await Cluster.start('kills')
t.teardown(async () => {
  if (!t.passing()) t.comment(cluster.diagnosis())
  await cluster.close()
})
const node = await cluster.addMachine()
const data = join(node.directory, 'var/lib/kites')
cluster.startKites(node, ['server', '--disable-agent'])
const token = join(data, 'server/node-token')
await until(() => readOr(token) !== '', 'node token', 20_000)

const startAgent = (): ChildProcess =>
  cluster.startKites(node, ['agent', '--server=https://127.0.0.1:6443', `--token-file=${token}`])

/** nsenter -p runs the agent as its child: the agent itself must die, and with it what only it kept alive. */
async function killAgent(machine: Machine): Promise<void> {
  for (const pid of cluster.processes(machine, 'kites agent')) process.kill(pid, 'SIGKILL')
  await until(() => cluster.processes(machine, 'kites agent').length === 0, 'agent gone', 5000)
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

interface Traces {
  readonly containers: readonly string[]
  readonly interfaces: readonly string[]
  readonly routes: readonly string[]
  readonly mounts: readonly string[]
  readonly folders: readonly string[]
  readonly addresses: string
}

async function traces(): Promise<Traces> {
  const lines = (text: string): string[] => text.split('\n').filter(line => line !== '')
  const listed = await node.host.docker<{ Names: string[] }[]>('GET', '/containers/json?all=1')
  const run = async (command: readonly string[]): Promise<string[]> =>
    lines((await node.host.exec(command)).stdout)
  return {
    containers: listed.map(({ Names }) => Names.join()).sort(),
    interfaces: (await run(['ip', '-o', 'link', 'show', 'type', 'veth'])).filter(line =>
      line.includes(': kites'),
    ),
    routes: (await run(['ip', 'route', 'show'])).filter(line => line.includes('dev kites')),
    mounts: (await run(['cat', '/proc/self/mountinfo'])).filter(line =>
      /\/var\/lib\/kites\/agent\/(pods|memory)\//.test(line),
    ),
    folders: ['pods', 'memory'].flatMap(folder => readdirSync(join(data, 'agent', folder))),
    addresses: readOr(join(data, 'agent/network/pod-addresses.json')),
  }
}

void t.test(`${KILLS} kills while pods come and go`, async t => {
  startAgent()
  await cluster.untilReady(1, 30_000)
  cluster.ok(['create', 'secret', 'generic', 'held', '--from-literal=password=hidden'])
  const before = await traces()
  t.same([before.interfaces, before.folders], [[], []])
  const wanted = new Set<string>()
  let count = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const made = Array.from({ length: PODS_PER_LIFE }, () => `p${count++}`)
    cluster.ok(['apply', '-f', '-'], { input: made.map(manifest).join('\n') })
    for (const name of made) wanted.add(name)
    // one or two of those that are there go, whatever state they are in
    const going = [...wanted].filter(() => random(3) === 0)
    if (going.length > 0) cluster.ok(['delete', 'pod', '--wait=false', ...going])
    for (const name of going) wanted.delete(name)
    await pause(random(LIFE_MAX_MS))
    await killAgent(node)
    startAgent()
  }
  const names = [...wanted].sort()
  await cluster.untilKubectl(
    [
      'get',
      'pods',
      '-o',
      'jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status} {end}',
    ],
    text =>
      text.trim().split(' ').filter(Boolean).sort().join() ===
      names.map(name => `${name}=True`).join(),
    90_000,
  )
  const now = await traces()
  t.equal(now.interfaces.length, names.length, 'an interface each')
  t.equal(
    now.containers.filter(name => name.includes('k8s_POD_')).length,
    names.length,
    'a sandbox each',
  )
  t.equal(new Set(now.folders).size, names.length, 'a folder each')
  t.equal(now.mounts.length, names.length, 'a mount each, for what lies in memory')
  const restarts = cluster.ok([
    'get',
    'pods',
    '-o',
    'jsonpath={.items[*].status.containerStatuses[0].restartCount}',
  ])
  t.match(restarts, /^(0 ?)*$/u, 'no container was started twice')
})

void t.test('secrets lie in memory only', async t => {
  const found = await node.host.exec([
    'sh',
    '-c',
    'grep -rls hidden /var/lib/kites/agent | xargs -r -n1 stat -f -c %T | sort -u',
  ])
  t.equal(found.stdout.trim(), 'tmpfs')
})

void t.test('with the pods everything of theirs goes', async t => {
  cluster.ok(['delete', 'pods', '--all', '--wait=false'])
  await cluster.untilKubectl(['get', 'pods', '-o', 'name'], text => text === '', 60_000)
  const left = await traces()
  t.same(left.containers, [])
  t.same([left.interfaces, left.routes, left.mounts, left.folders], [[], [], [], []])
  t.match(left.addresses, /"leases":\[\]/u, 'every address is free again')
})

void t.test('`kites cleanup` takes away what a killed agent left', async t => {
  cluster.ok(['apply', '-f', '-'], { input: manifest('last') })
  cluster.ok(['wait', 'pod/last', '--for=condition=Ready', '--timeout=30s'])
  await killAgent(node)
  const cleaned = cluster.inside(node, [join(cluster.tree, 'kites'), 'cleanup'])
  t.equal(cleaned.status, 0, cleaned.stdout + cleaned.stderr)
  const mounts = (await node.host.exec(['cat', '/proc/self/mountinfo'])).stdout.split('\n')
  t.same(
    mounts.filter(line => line.includes('/var/lib/kites/agent/')),
    [],
  )
  const listed = await node.host.docker<unknown[]>('GET', '/containers/json?all=1')
  t.same(listed, [])
  t.notMatch((await node.host.exec(['ip', '-o', 'link'])).stdout, /: kites/u)
})
