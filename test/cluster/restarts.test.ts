/**
 * `kill -9` of every process of kites and of the Engines, one after the other, while clients talk through a Service and
 * a writer creates objects: nobody notices but who talks to the killed process itself, and he only for as long as it is
 * away. No container restarts, no connection ends, no acknowledged object is lost.
 */
import t from 'tap'
import { clusterFor, type Machine } from '../support/cluster.ts'
import { until } from '../support/docker-host.ts'
import type { SteadyReport } from '../support/steady-client.ts'
import { startSteadyClient, startSteadyWriter } from '../support/steady.ts'

const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 4
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:1
          readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 }
          livenessProbe: { exec: { command: [cat, /www/index.html] }, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ name: http, port: 80, nodePort: 30080 }, { name: echo, port: 7, nodePort: 30007 }]
`

const cluster = await clusterFor(t, 'kill', async starting => {
  const first = await starting.addMachine()
  starting.startKites(first, ['server'])
  await starting.untilReady(1, 30_000)
  const second = await starting.addMachine()
  starting.startKites(second, agentArguments(first))
  await starting.untilReady(2, 30_000)
  starting.ok(['apply', '-f', '-'], { input: WEB })
  starting.ok(['rollout', 'status', 'deployment/web', '--timeout=40s'])
})
const [one = cluster.first, two = cluster.first] = cluster.machines

function agentArguments({ host, directory }: Machine): string[] {
  const tokenFile = `${directory}/var/lib/kites/server/node-token`
  return ['agent', '--server', `https://${host.address}:6443`, '--token-file', tokenFile]
}

interface Container {
  readonly Id: string
  readonly State: { readonly StartedAt: string; readonly Pid: number }
}

/** Every container of both hosts with its start, as the Engines tell it. */
async function containers(): Promise<string[]> {
  const lines: string[] = []
  for (const { host } of [one, two]) {
    const list = await host.docker<{ Id: string }[]>('GET', '/containers/json?all=1')
    for (const { Id } of list) {
      const { State } = await host.docker<Container>('GET', `/containers/${Id}/json`)
      lines.push(`${host.name} ${Id} ${State.StartedAt} ${State.Pid}`)
    }
  }
  return lines.sort()
}

const before = await containers()
const addresses = [one.host.address, two.host.address]
const client = await startSteadyClient(cluster, {
  web: addresses.map(address => `http://${address}:30080/`),
  echo: addresses.flatMap(address => Array.from({ length: 4 }, () => `${address}:30007`)),
})
const writer = await startSteadyWriter(cluster)

/** `kill -9` of the one process with this title. */
function kill(machine: Machine, title: string): void {
  const [pid, ...more] = cluster.processes(machine, title)
  if (pid === undefined || more.length > 0) throw new Error(`not one process "${title}"`)
  process.kill(pid, 'SIGKILL')
}

/** Waits until the clients have made so many exchanges, and that none of them noticed anything. */
async function goOn(t: Check, what: string, wanted = 200): Promise<void> {
  const reports: SteadyReport[] = []
  const sum = (of: 'answers' | 'echoes'): number =>
    reports.reduce((total, report) => total + report[of], 0)
  const faults = (): readonly string[] =>
    reports.flatMap(({ failures, dropped }) => [...failures, ...dropped])
  const look = async (): Promise<boolean> => {
    reports.push(await client.report())
    return (sum('answers') >= wanted / 10 && sum('echoes') >= wanted) || faults().length > 0
  }
  await until(look, 'the clients to go on', 20_000)
  const slowestMs = Math.max(...reports.map(report => report.slowestMs))
  t.same(faults(), [], `${what}: open connections stay, new ones are answered`)
  t.comment(
    `${what}: ${sum('answers')} new connections, ${sum('echoes')} echoes, slowest ${slowestMs} ms`,
  )
}

interface Check {
  same(found: unknown, wanted: unknown, message: string): unknown
  equal(found: unknown, wanted: unknown, message: string): unknown
  comment(text: string): void
}

/** A pod made now runs soon on each node: server, scheduler, agents and Engines all do their work. */
async function isAlive(t: Check): Promise<void> {
  await cluster.untilReady(2, 30_000)
  for (const [at, node] of ['node1', 'node2'].entries()) {
    const name = `alive-${at}`
    const place = JSON.stringify({ spec: { nodeName: node } })
    const options = ['--image=web:1', '--restart=Never', `--overrides=${place}`]
    cluster.ok(['run', name, ...options, '--command', '--', 'echo', 'alive'])
    const isDone = (text: string): boolean => text.includes('Completed')
    await cluster.untilKubectl(['get', 'pod', name, '--no-headers'], isDone, 30_000)
    t.equal(cluster.ok(['logs', name]), 'alive\n', `a new pod runs on ${node}`)
    cluster.ok(['delete', 'pod', name])
  }
  await writer.progress(20)
}

async function isUntouched(t: Check): Promise<void> {
  await until(
    async () => (await containers()).length === before.length,
    'the containers of ended pods to go',
    10_000,
  ).catch(() => undefined)
  t.same(await containers(), before, 'no container was restarted')
  const restarts = 'jsonpath={.items[*].status.containerStatuses[*].restartCount}'
  t.equal(cluster.ok(['get', 'pods', '-l', 'app=web', '-o', restarts]), '0 0 0 0', 'nor told to be')
  await goOn(t, 'afterwards')
}

/** Some seconds without it: several probes fall into them, each of which could have consequences. */
const AWAY_ECHOES = 1000

/** Kills, goes on without, starts again, and sees that all is well. */
function survives(
  what: string,
  end: () => Promise<void> | void,
  again: () => Promise<void> | void,
): void {
  void t.test(what, async t => {
    await end()
    await goOn(t, 'without it', AWAY_ECHOES)
    await again()
    await isAlive(t)
    await isUntouched(t)
  })
}

const startServer = (): void => void cluster.startKites(one, ['server'])
const startAgent = (): void => void cluster.startKites(two, agentArguments(one))
const startEngines = async (): Promise<void> => {
  for (const { host } of [one, two]) await host.startDocker()
}

survives(
  'kill -9 of the server',
  async () => {
    kill(one, 'kites server')
    await until(() => cluster.processes(one, 'kites').length === 0, 'its agent to end', 5000)
  },
  startServer,
)

survives(
  'kill -9 of the agent inside the server',
  () => kill(one, 'kites agent'),
  () => until(() => cluster.processes(one, 'kites agent').length === 1, 'a new agent', 10_000),
)

survives('kill -9 of the agent of the second host', () => kill(two, 'kites agent'), startAgent)

survives(
  'kill -9 of both Engines',
  async () => {
    for (const { host } of [one, two]) await host.killDocker()
  },
  startEngines,
)

survives(
  'an orderly restart of both Engines',
  async () => {
    for (const { host } of [one, two]) await host.endDocker('TERM')
  },
  startEngines,
)

survives(
  'kill -9 of everything at once',
  async () => {
    kill(one, 'kites server')
    kill(two, 'kites agent')
    for (const { host } of [one, two]) await host.killDocker()
  },
  async () => {
    await startEngines()
    startServer()
    startAgent()
  },
)

void t.test('nothing to complain of was told', async t => {
  const columns = 'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}'
  const warnings = cluster.ok(['get', 'events', '--field-selector', 'type=Warning', '-o', columns])
  // pods that have just started are asked before they listen
  const isEarly = (line: string): boolean =>
    /^Unhealthy: Readiness probe failed: Get .*refused$/.test(line)
  t.same(
    warnings.split('\n').filter(line => line !== '' && !isEarly(line)),
    [],
  )
})

void t.test('nothing that was acknowledged is lost', async t => {
  const { acknowledged, lost, retries } = await writer.end()
  await client.end()
  t.same(lost, [])
  t.ok(acknowledged > 200, `${acknowledged} objects were acknowledged, ${retries} tries were not`)
})
