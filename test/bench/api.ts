/**
 * The API server under load: `node test/bench/api.ts` (about two minutes), `--full` for five rounds instead of three.
 *
 * Creates, lists and watches are driven by node:http2 in this process (4 connections), GETs by h2load. The figures are
 * the server's own processor time per request first, rates second; the budgets are those of the design, and what misses
 * its budget says so. Stalls are what the server itself reports of its event loop, each since the one before; they and
 * all times of the wall suffer from whatever else runs on the machine, so the output says how much that was.
 */
import { execFile } from 'node:child_process'
import type http2 from 'node:http2'
import { promisify } from 'node:util'
import { must, type Server, startServer } from './cluster.ts'
import { drive, median, others, percentile } from './measure.ts'
import { renderTable, round } from './table.ts'

const ROUNDS = process.argv.includes('--full') ? 5 : 3
const GETS = 12_000
/** With the 10,000 objects of the lists, the 17,600 after which the budget of memory counts. */
const CREATES = 7600
/** Of each size. */
const LISTS = 10
const CLIENTS = 64
/** An event that takes longer than this after the last write is missing. */
const LATE_MS = 10_000
const CONNECTIONS = 4
const NAMESPACE = '/api/v1/namespaces/default'

interface Line {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly budget?: number
  /** What meets a budget: at most (the usual case) or at least. */
  readonly isRate?: boolean
}

const run = promisify(execFile)
const lines: Line[] = []
const report = (line: Line): void => {
  lines.push(line)
  process.stderr.write(`${line.what}: ${round(line.value)} ${line.unit}\n`)
}

const configMap = (name: string, bytes: number) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { app: 'bench' } },
  data: { filler: 'x'.repeat(bytes) },
})

let names = 0
const create = (session: http2.ClientHttp2Session, bytes: number, prefix = 'c'): Promise<Buffer> =>
  must(session, 'POST', `${NAMESPACE}/configmaps`, configMap(`${prefix}${names++}`, bytes))

const sessionsOf = (server: Server): http2.ClientHttp2Session[] =>
  Array.from({ length: CONNECTIONS }, () => server.connect())

const pick = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index % items.length]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

async function benchCreates(server: Server, sessions: readonly http2.ClientHttp2Session[]) {
  const rounds: { cpu: number; rate: number; p99: number }[] = []
  for (let index = 0; index < ROUNDS; index++) {
    const before = server.cpuMs()
    let left = CREATES / ROUNDS
    const load = await drive({
      workers: CLIENTS,
      work: worker => create(pick(sessions, worker), 1200),
      isOver: () => left-- <= 0,
    })
    rounds.push({
      cpu: (server.cpuMs() - before) / load.count,
      rate: (load.count / load.elapsedMs) * 1000,
      p99: percentile(load.latencies, 0.99),
    })
  }
  report({
    what: 'create, CPU',
    value: median(rounds.map(one => one.cpu)),
    unit: 'ms',
    budget: 0.9,
  })
  const rate = median(rounds.map(one => one.rate))
  report({ what: 'create, 64 clients', value: rate, unit: '/s', budget: 2000, isRate: true })
  report({ what: 'create, p99', value: median(rounds.map(one => one.p99)), unit: 'ms', budget: 80 })
}

/** h2load cannot show a certificate: a token of a service account that may do everything. */
async function tokenFor(session: http2.ClientHttp2Session): Promise<string> {
  await must(session, 'POST', `${NAMESPACE}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'bench' },
  })
  await must(session, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'bench' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'bench', namespace: 'default' }],
  })
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
  const answer = await must(session, 'POST', `${NAMESPACE}/serviceaccounts/bench/token`, body)
  const token: unknown = JSON.parse(answer.toString())?.status?.token
  if (typeof token !== 'string') throw new Error('the server gave no token')
  return token
}

async function benchGets(server: Server, session: http2.ClientHttp2Session): Promise<void> {
  const token = await tokenFor(session)
  const rounds: { cpu: number; rate: number }[] = []
  for (let index = 0; index < ROUNDS; index++) {
    const before = server.cpuMs()
    const { stdout: output } = await run('h2load', [
      '-n',
      String(GETS),
      '-c',
      String(CLIENTS),
      '-m',
      '1',
      '-t',
      '1',
      '-H',
      `Authorization: Bearer ${token}`,
      `${server.url}${NAMESPACE}/configmaps/c1`,
    ])
    const succeeded = Number(/(\d+) 2xx/.exec(output)?.[1] ?? 0)
    if (succeeded < GETS) throw new Error(`only ${succeeded} of ${GETS} GETs: ${output}`)
    rounds.push({
      cpu: (server.cpuMs() - before) / GETS,
      rate: Number(/([\d.]+) req\/s/.exec(output)?.[1] ?? 0),
    })
  }
  report({ what: 'GET, CPU', value: median(rounds.map(one => one.cpu)), unit: 'ms', budget: 0.25 })
  const rate = median(rounds.map(one => one.rate))
  report({ what: 'GET, 64 clients (h2load)', value: rate, unit: '/s', budget: 8000, isRate: true })
}

/** Times whole lists while a small GET runs all the time on the same connection. */
async function benchLists(server: Server, session: http2.ClientHttp2Session): Promise<void> {
  const path = '/api/v1/namespaces/lists'
  await must(session, 'POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'lists' },
  })
  let have = 0
  for (const wanted of [5000, 10_000]) {
    const fill = async (): Promise<void> => {
      while (have < wanted) {
        await must(session, 'POST', `${path}/configmaps`, configMap(`l${have++}`, 1800))
      }
    }
    await Promise.all(Array.from({ length: 32 }, fill))
    const before = server.rssMb()
    const times: number[] = []
    const small: number[] = []
    const listing = new AbortController()
    const probe = (async () => {
      while (!listing.signal.aborted) {
        const start = performance.now()
        await must(session, 'GET', `${NAMESPACE}/configmaps/c1`)
        small.push(performance.now() - start)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    })()
    let bytes = 0
    for (let index = 0; index < LISTS; index++) {
      const start = performance.now()
      bytes = (await must(session, 'GET', `${path}/configmaps`)).length
      times.push(performance.now() - start)
    }
    listing.abort()
    await probe
    const size = `${wanted} objects, ${Math.round(bytes / 1e6)} MB`
    const budget = wanted === 5000 ? { budget: 50 } : {}
    report({ what: `LIST of ${size}`, value: median(times), unit: 'ms', ...budget })
    report({ what: `  small GET meanwhile, p99`, value: percentile(small, 0.99), unit: 'ms' })
    report({ what: `  memory it added`, value: server.rssMb() - before, unit: 'MB' })
  }
}

/** What a create takes that nobody watches: its way there and the flush are a part of every event's time. */
async function benchQuietCreates(session: http2.ClientHttp2Session): Promise<void> {
  const times: number[] = []
  for (let index = 0; index < 50; index++) {
    const start = performance.now()
    await create(session, 500)
    times.push(performance.now() - start)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  report({ what: 'one create at a time, p99', value: percentile(times, 0.99), unit: 'ms' })
  report({ what: '  median', value: percentile(times, 0.5), unit: 'ms' })
}

/** From sending a create to its event at each watcher. */
async function benchFanOut(server: Server, watchers: number, budget: number): Promise<void> {
  const sessions = Array.from({ length: Math.ceil(watchers / 50) }, () => server.connect())
  const sent = new Map<string, number>()
  const latencies: number[] = []
  const opened: Promise<unknown>[] = []
  const page = await must(pick(sessions, 0), 'GET', `${NAMESPACE}/configmaps?limit=1`)
  const from = String(JSON.parse(page.toString())?.metadata?.resourceVersion)
  for (let index = 0; index < watchers; index++) {
    const stream = pick(sessions, index).request({
      ':path': `${NAMESPACE}/configmaps?watch=1&resourceVersion=${from}&labelSelector=app%3Dbench`,
    })
    opened.push(new Promise(resolve => stream.once('response', resolve)))
    stream.on('data', (chunk: Buffer) => {
      const now = performance.now()
      for (const [, name = ''] of chunk.toString().matchAll(/"name":"(w\d+)"/g)) {
        const start = sent.get(name)
        if (start !== undefined) latencies.push(now - start)
      }
    })
    stream.on('error', () => {})
  }
  await Promise.all(opened)
  const writer = server.connect()
  const count = 50
  for (let index = 0; index < count; index++) {
    const name = `w${names++}`
    sent.set(name, performance.now())
    await must(writer, 'POST', `${NAMESPACE}/configmaps`, configMap(name, 500))
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  const deadline = performance.now() + LATE_MS
  while (latencies.length < watchers * count && performance.now() < deadline)
    await new Promise(resolve => setTimeout(resolve, 20))
  const what = `create to event, ${watchers} watchers, p99`
  report({ what, value: percentile(latencies, 0.99), unit: 'ms', budget })
  report({ what: '  median', value: percentile(latencies, 0.5), unit: 'ms' })
  report({
    what: '  events missing',
    value: watchers * count - latencies.length,
    unit: '',
    budget: 0,
  })
  for (const session of [...sessions, writer]) session.destroy()
}

/** The server's own measure of its event loop, since it was last asked. */
async function reportStall(session: http2.ClientHttp2Session, what: string): Promise<void> {
  const metrics = (await must(session, 'GET', '/metrics')).toString()
  const of = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1]) * 1000
  const wall = of('nodejs_eventloop_lag_max_seconds')
  report({ what: `longest main-thread stall, ${what}`, value: wall, unit: 'ms', budget: 5 })
  const own = of('kites_eventloop_turn_cpu_max_seconds')
  report({ what: '  longest turn in processor time', value: own, unit: 'ms', budget: 5 })
}

const load = others()
const server = await startServer()
let besides = ''
try {
  report({ what: 'time to ready, no agent', value: server.readyMs, unit: 'ms', budget: 1000 })
  report({ what: 'memory at start', value: server.rssMb(), unit: 'MB', budget: 200 })
  const sessions = sessionsOf(server)
  const [first] = sessions
  if (first === undefined) throw new Error('no connection')
  await reportStall(first, 'start')
  await benchCreates(server, sessions)
  await reportStall(first, 'creates')
  await benchGets(server, first)
  await reportStall(first, 'GETs')
  await benchLists(server, first)
  await reportStall(first, 'lists')
  await benchQuietCreates(first)
  await benchFanOut(server, 100, 3)
  await benchFanOut(server, 1000, 15)
  await reportStall(first, 'watches')
  report({ what: 'memory at the end', value: server.rssMb(), unit: 'MB', budget: 300 })
  for (const session of sessions) session.destroy()
  besides = load(server.cpuMs())
} finally {
  await server.stop()
}

const rows = lines.map(({ what, value, unit, budget, isRate }) => {
  const meets = budget === undefined || (isRate === true ? value >= budget : value <= budget)
  return [what, value, unit, budget === undefined ? '' : round(budget), meets ? '' : 'misses']
})
process.stdout.write(`median of ${ROUNDS} rounds; ${besides}\n`)
process.stdout.write(`${renderTable(['what', 'measured', '', 'budget', ''], rows)}\n`)
