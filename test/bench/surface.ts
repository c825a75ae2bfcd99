/**
 * The breadth of the API under load: `node test/bench/surface.ts` (about three minutes), `--full` for five rounds
 * instead of three, `--objects 100000` for how far memory is watched while objects grow (default 20,000),
 * `--peer KUBECONFIG --peer-pids PID,PID` for the same load on a kube-apiserver that runs already, its etcd among the
 * processes, in a second table.
 *
 * Patches and applies from 16 clients; GET and LIST as JSON against protobuf, turn by turn (A/B/A/B) in the same run;
 * 16 whole lists at once; what a watch event costs with 1,000 watchers. The load is node:http2 in this process. The peer
 * is a generic Kubernetes API server 1.36 over etcd 3.5 on two such cores; the budgets are half of its processor time
 * for a create or patch, a third for a GET, a fifth for a LIST and for memory.
 */
import type http2 from 'node:http2'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Report } from './budget.ts'
import { attachServer, must, readCredentials, type Server, startServer } from './cluster.ts'
import { drive, median, others } from './measure.ts'

const { values } = parseArgs({
  options: {
    full: { type: 'boolean' },
    objects: { type: 'string', default: '20000' },
    peer: { type: 'string' },
    'peer-pids': { type: 'string' },
  },
})
const ROUNDS = values.full === true ? 5 : 3
const CLIENTS = 16
const PATCHES = 2000
const LISTED = 5000
const WATCHERS = 1000
const EVENTS = 100
const GROWTH = [1000, 5000, 17_600, 50_000, 100_000].filter(
  count => count <= Number(values.objects),
)
const NAMESPACE = '/api/v1/namespaces/default'
/** A kind that no controller acts on here, so that only the write is measured. */
const TEMPLATES = '/api/v1/namespaces/default/podtemplates'
const JSON_TYPE = 'application/json'
const PROTOBUF = 'application/vnd.kubernetes.protobuf'

type Session = http2.ClientHttp2Session

let report = new Report()

const configMap = (name: string, bytes: number) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { app: 'bench' } },
  data: { filler: 'x'.repeat(bytes) },
})

const template = (name: string, image: string) => ({
  apiVersion: 'v1',
  kind: 'PodTemplate',
  metadata: { name, labels: { app: name } },
  template: {
    metadata: { labels: { app: name } },
    spec: {
      containers: ['web', 'side'].map(container => ({
        name: container,
        image,
        env: Array.from({ length: 8 }, (_, index) => ({
          name: `V${index}`,
          value: 'x'.repeat(40),
        })),
        ports: [{ name: container, containerPort: 80 }],
        resources: { requests: { cpu: '10m', memory: '16Mi' } },
      })),
    },
  },
})

/** A pod of about 2 kB. */
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'bench', filler: 'x'.repeat(40) } },
  spec: {
    schedulerName: 'nobody',
    containers: [
      {
        name: 'web',
        image: 'registry.example/team/web:1.2.3',
        env: Array.from({ length: 12 }, (_, index) => ({
          name: `VARIABLE_${index}`,
          value: 'x'.repeat(48),
        })),
        ports: [{ name: 'http', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
      },
    ],
  },
})

interface Write {
  readonly what: string
  readonly send: (worker: number, turn: number) => Promise<unknown>
  readonly budget: number
  readonly peer: string
}

async function benchWrites(server: Server, write: Write): Promise<void> {
  const rounds: { cpu: number; rate: number }[] = []
  let turn = 0
  for (let round = 0; round < ROUNDS; round++) {
    let left = PATCHES
    const before = server.cpuMs()
    const load = await drive({
      workers: CLIENTS,
      work: worker => write.send(worker, turn++),
      isOver: () => left-- <= 0,
    })
    rounds.push({
      cpu: (server.cpuMs() - before) / load.count,
      rate: (load.count / load.elapsedMs) * 1000,
    })
  }
  const cpu = median(rounds.map(one => one.cpu))
  report.add({
    what: `${write.what}, CPU`,
    value: cpu,
    unit: 'ms',
    budget: write.budget,
    note: write.peer,
  })
  report.add({
    what: `  ${CLIENTS} clients`,
    value: median(rounds.map(one => one.rate)),
    unit: '/s',
  })
}

async function benchPatches(server: Server, sessions: readonly Session[]): Promise<void> {
  const at = (worker: number): Session => pick(sessions, worker)
  for (let worker = 0; worker < CLIENTS; worker++) {
    await must(at(worker), 'POST', `${NAMESPACE}/configmaps`, configMap(`p${worker}`, 1200))
    await must(at(worker), 'POST', TEMPLATES, template(`d${worker}`, 'web:0'))
  }
  const writes: readonly Write[] = [
    {
      what: 'merge patch of a label',
      send: (worker, turn) =>
        must(
          at(worker),
          'PATCH',
          `${NAMESPACE}/configmaps/p${worker}`,
          { metadata: { labels: { turn: `t${turn}` } } },
          { 'content-type': 'application/merge-patch+json' },
        ),
      budget: 1.3,
      peer: 'peer 2.6 ms, 640/s',
    },
    {
      what: 'strategic patch of an image',
      send: (worker, turn) =>
        must(
          at(worker),
          'PATCH',
          `${TEMPLATES}/d${worker}`,
          { template: { spec: { containers: [{ name: 'web', image: `web:${turn}` }] } } },
          { 'content-type': 'application/strategic-merge-patch+json' },
        ),
      budget: 1.3,
      peer: '',
    },
    {
      what: 'server-side apply of a PodTemplate',
      send: (worker, turn) =>
        must(
          at(worker),
          'PATCH',
          `${TEMPLATES}/s${worker}?fieldManager=bench`,
          template(`s${worker}`, `web:${turn}`),
          { 'content-type': 'application/apply-patch+yaml' },
        ),
      budget: 1.3,
      peer: '',
    },
  ]
  for (const write of writes) await benchWrites(server, write)
}

const pick = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index % items.length]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

const FORMS = [
  ['JSON', JSON_TYPE],
  ['protobuf', PROTOBUF],
] as const

/** Turn by turn, so that what the machine does meanwhile meets both. */
async function benchForms(server: Server, session: Session): Promise<void> {
  const pods = '/api/v1/namespaces/forms/pods'
  await must(session, 'POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'forms' },
  })
  await must(session, 'POST', '/api/v1/namespaces/forms/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  }).catch(() => undefined)
  let made = 0
  await drive({
    workers: CLIENTS,
    work: () => must(session, 'POST', pods, pod(`p${made++}`)),
    isOver: () => made >= LISTED,
  })
  const cpu = new Map<string, number[]>()
  const wall = new Map<string, number[]>()
  const sizes = new Map<string, number>()
  const note = (into: Map<string, number[]>, key: string, value: number): void =>
    void into.set(key, [...(into.get(key) ?? []), value])
  for (let round = 0; round < ROUNDS * 2; round++) {
    for (const [name, accept] of FORMS) {
      const before = server.cpuMs()
      const start = performance.now()
      const answer = await must(session, 'GET', pods, undefined, { accept })
      note(wall, `LIST ${name}`, performance.now() - start)
      note(cpu, `LIST ${name}`, server.cpuMs() - before)
      sizes.set(name, answer.length)
      const gets = 2000
      let left = gets
      const atGet = server.cpuMs()
      await drive({
        workers: CLIENTS,
        work: worker => must(session, 'GET', `${pods}/p${worker}`, undefined, { accept }),
        isOver: () => left-- <= 0,
      })
      note(cpu, `GET ${name}`, (server.cpuMs() - atGet) / gets)
    }
  }
  for (const [name] of FORMS) {
    const of = (from: Map<string, number[]>, key: string): number => median(from.get(key) ?? [])
    const size = `${((sizes.get(name) ?? 0) / 1e6).toFixed(1)} MB`
    report.add({
      what: `LIST of ${LISTED} pods, ${name}`,
      value: of(wall, `LIST ${name}`),
      unit: 'ms',
      note: `${size}; peer 260 to 350 ms for 10 MB`,
    })
    report.add({ what: '  CPU', value: of(cpu, `LIST ${name}`), unit: 'ms' })
    report.add({
      what: `GET of a pod, ${name}, CPU`,
      value: of(cpu, `GET ${name}`),
      unit: 'ms',
      budget: 0.25,
      note: 'peer 0.76 ms',
    })
  }
  const before = server.rssMb()
  const start = performance.now()
  const atLists = server.cpuMs()
  const connections = Array.from({ length: CLIENTS }, () => server.connect())
  await Promise.all(connections.map(one => must(one, 'GET', pods)))
  report.add({
    what: `${CLIENTS} lists at once, all done`,
    value: performance.now() - start,
    unit: 'ms',
    note: 'bound by this client too',
  })
  report.add({ what: '  CPU of each', value: (server.cpuMs() - atLists) / CLIENTS, unit: 'ms' })
  report.add({ what: '  memory they added', value: server.rssMb() - before, unit: 'MB' })
  for (const one of connections) one.destroy()
}

async function benchWatchers(server: Server, session: Session): Promise<void> {
  const path = `${NAMESPACE}/secrets`
  const sessions = Array.from({ length: WATCHERS / 50 }, () => server.connect())
  let seen = 0
  const opened = Array.from({ length: WATCHERS }, (_, index) => {
    const stream = pick(sessions, index).request({ ':path': `${path}?watch=1` })
    stream.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) seen++
    })
    stream.on('error', () => {})
    return new Promise(resolve => stream.once('response', resolve))
  })
  await Promise.all(opened)
  await new Promise(resolve => setTimeout(resolve, 1000))
  const atStart = seen
  const before = server.cpuMs()
  for (let index = 0; index < EVENTS; index++) {
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `s${index}` },
      stringData: { a: 'x'.repeat(1200) },
    }
    await must(session, 'POST', path, body)
  }
  const wanted = atStart + EVENTS * WATCHERS
  const deadline = performance.now() + 20_000
  while (seen < wanted && performance.now() < deadline)
    await new Promise(resolve => setTimeout(resolve, 20))
  const value = ((server.cpuMs() - before) / (EVENTS * WATCHERS)) * 1000
  report.add({
    what: `watch event, ${WATCHERS} watchers, CPU`,
    value,
    unit: 'us',
    budget: 27,
    note: 'peer 54 us',
  })
  report.add({ what: '  events missing', value: wanted - seen, unit: '', budget: 0 })
  for (const one of sessions) one.destroy()
}

async function benchGrowth(server: Server, session: Session): Promise<void> {
  let have = 0
  for (const count of GROWTH) {
    await drive({
      workers: 32,
      work: () => must(session, 'POST', `${NAMESPACE}/configmaps`, configMap(`g${have++}`, 1800)),
      isOver: () => have >= count,
    })
    await must(session, 'GET', `${NAMESPACE}/configmaps`)
    const budget = count === 17_600 ? { budget: 380, note: 'peer 1,900 MB' } : {}
    report.add({
      what: `memory with ${count} objects of 2.1 kB, listed once`,
      value: server.rssMb(),
      unit: 'MB',
      ...budget,
    })
  }
}

/** One table; `open` gives a server without objects, twice, or the same one. */
async function benchAll(name: string, open: () => Promise<Server>): Promise<void> {
  report = new Report()
  const load = others()
  const growing = await open()
  let besides: string
  try {
    await benchGrowth(growing, growing.connect())
  } finally {
    await growing.stop()
  }
  const server = await open()
  try {
    const sessions = Array.from({ length: 4 }, () => server.connect())
    const [first] = sessions
    if (first === undefined) throw new Error('no connection')
    await benchPatches(server, sessions)
    await benchForms(server, first)
    await benchWatchers(server, first)
    besides = load(server.cpuMs())
    for (const session of sessions) session.destroy()
  } finally {
    await server.stop()
  }
  report.print(`${name}; median of ${ROUNDS} rounds; ${besides}`)
}

await benchAll('kites', startServer)
if (values.peer !== undefined) {
  const credentials = readCredentials(values.peer)
  const url = /server:\s*"?(https:[^\s",}]+)/.exec(readFileSync(values.peer, 'utf8'))?.[1]
  if (credentials === undefined || url === undefined)
    throw new Error(`${values.peer}: no server with a client certificate`)
  const pids = (values['peer-pids'] ?? '').split(',').map(Number)
  await benchAll('peer', async () => attachServer(url, credentials, pids))
}
