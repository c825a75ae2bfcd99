/**
 * Pods on two hosts with the real server and agents: `node test/bench/pods.ts`, with ROUNDS=10 and CROWDS=20,50.
 *
 * The bare Engine does the same work in the same run, in turns, so that what else the machine does falls on both. Needs
 * root. Both hosts, server, agents, Engines and this program share the machine's cores.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { ClientHttp2Session } from 'node:http2'
import { Limiter } from '#agent/pods/limiter.ts'
import { availableParallelism } from 'node:os'
import { aPod, Bed, must, nowMs, PODS, PodTimes } from './bed.ts'
import { BarePods } from './bare-pods.ts'
import { Report } from './budget.ts'
import { median } from './measure.ts'
import { until } from '../support/docker-host.ts'
import { round } from './table.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 10)
const CROWDS = (process.env['CROWDS'] ?? '20,50').split(',').filter(Boolean).map(Number)
const REACH_ROUNDS = 5
const CLUSTER_IP = '10.43.77.77'
const CROWD_BUDGETS: Readonly<Record<number, number>> = { 20: 3, 50: 7.5 }

const report = new Report()
const spread = (values: readonly number[]): string =>
  `${round(Math.min(...values))} to ${round(Math.max(...values))}`

interface Bench {
  readonly bed: Bed
  readonly session: ClientHttp2Session
  readonly times: PodTimes
  /** One per host. */
  readonly bare: readonly BarePods[]
}

const create = (session: ClientHttp2Session, pod: unknown): Promise<Buffer> =>
  must(session, 'POST', PODS, pod)

async function remove({ session, times }: Bench, name: string): Promise<number> {
  const askedMs = nowMs()
  await must(session, 'DELETE', `${PODS}/${name}`)
  return (await times.at(name, 'gone')) - askedMs
}

async function start(bed: Bed): Promise<void> {
  const [first, second] = bed.cluster.machines
  if (first === undefined || second === undefined) throw new Error('two hosts are needed')
  const startedMs = nowMs()
  bed.cluster.startKites(first, ['server'])
  const firstMs = await bed.untilReady(1)
  report.add({
    what: 'empty disk to Ready node, server',
    value: (firstMs - startedMs) / 1000,
    unit: 's',
    budget: 3,
  })
  const joinedMs = nowMs()
  bed.join(second)
  const secondMs = await bed.untilReady(2)
  report.add({
    what: 'empty disk to Ready node, agent',
    value: (secondMs - joinedMs) / 1000,
    unit: 's',
    budget: 3,
  })
}

async function oneByOne(bench: Bench): Promise<void> {
  const { session, times } = bench
  const bare = bench.bare[0]
  if (bare === undefined) throw new Error('no Engine')
  const started: number[] = []
  const bareStarted: number[] = []
  const ended: number[] = []
  // the first pod of a node also loads the sandbox image
  for (const node of ['node1', 'node2']) {
    await create(session, aPod(`warm-${node}`, { nodeName: node }))
    await times.at(`warm-${node}`, 'running')
    await remove(bench, `warm-${node}`)
  }
  for (let index = 0; index < ROUNDS; index++) {
    const name = `single-${index}`
    const askedMs = nowMs()
    await create(session, aPod(name))
    started.push((await times.at(name, 'running')) - askedMs)
    ended.push(await remove(bench, name))
    bareStarted.push(await bare.start())
    await bare.removeAll()
  }
  const unit = 's'
  const add = (what: string, values: readonly number[], budget?: number): void => {
    const inSeconds = values.map(value => value / 1000)
    report.add({
      what,
      value: median(inSeconds),
      unit,
      note: spread(inSeconds),
      ...(budget === undefined ? {} : { budget }),
    })
  }
  add('pod, create to Running, median', started, 0.35)
  add('  bare Engine, the same', bareStarted)
  add('delete to gone, median', ended, 0.5)
}

async function crowd(bench: Bench, count: number): Promise<void> {
  const { session, times, bare } = bench
  const names = Array.from({ length: count }, (_value, index) => `crowd-${count}-${index}`)
  const startedMs = nowMs()
  await Promise.all(names.map(name => create(session, aPod(name))))
  const ends = await Promise.all(names.map(name => times.at(name, 'running')))
  const allMs = Math.max(...ends) - startedMs
  const budget = CROWD_BUDGETS[count]
  const limits = budget === undefined ? {} : { budget }
  report.add({
    what: `${count} pods at once, all Running`,
    value: allMs / 1000,
    unit: 's',
    ...limits,
  })
  const goneMs = Math.max(...(await Promise.all(names.map(name => remove(bench, name)))))
  report.add({ what: `  all ${count} gone`, value: goneMs / 1000, unit: 's' })
  const bareMs = nowMs()
  // as many at once as an agent would do
  await Promise.all(
    bare.map(async (one, host) => {
      const limiter = new Limiter(2 * availableParallelism())
      const share = names.filter((_name, index) => index % bare.length === host)
      await Promise.all(share.map(() => limiter.run(() => one.start())))
    }),
  )
  report.add({ what: '  bare Engine, the same', value: (nowMs() - bareMs) / 1000, unit: 's' })
  await Promise.all(bare.map(one => one.removeAll()))
}

/** Dials until somebody answers, says when, and waits until nobody does; for ever. */
const DIALLER = `const net = require('node:net')
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000
const dial = () => new Promise(resolve => {
  const socket = net.connect({ host: process.argv[1], port: 80 })
  const timer = setTimeout(() => { socket.destroy(); resolve(false) }, 200)
  socket.once('connect', () => { clearTimeout(timer); socket.destroy(); resolve(true) })
  socket.once('error', () => { clearTimeout(timer); resolve(false) })
})
;(async () => {
  let was = false
  for (;;) {
    const is = await dial()
    if (is !== was) console.log(is ? 'up' : 'down', now())
    was = is
    await new Promise(resolve => setTimeout(resolve, 2))
  }
})()`

async function reachable(bench: Bench): Promise<void> {
  const { bed, session, times } = bench
  const second = bed.cluster.machines[1]
  await must(session, 'POST', '/api/v1/namespaces/default/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'reach' },
    spec: {
      selector: { app: 'bench' },
      clusterIP: CLUSTER_IP,
      ports: [{ port: 80, targetPort: 80 }],
    },
  })
  const dialler = spawn(
    'nsenter',
    [`--net=/run/netns/${second?.host.name}`, process.execPath, '-e', DIALLER, CLUSTER_IP],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const said: (readonly [string, number])[] = []
  createInterface({ input: dialler.stdout }).on('line', line => {
    const [word = '', at = ''] = line.split(' ')
    said.push([word, Number(at)])
  })
  const took: number[] = []
  try {
    for (let index = 0; index < REACH_ROUNDS; index++) {
      const name = `reach-${index}`
      const containers = [{ name: 'c', image: 'web:1', imagePullPolicy: 'IfNotPresent' as const }]
      await create(
        session,
        aPod(name, { nodeName: 'node1', containers, terminationGracePeriodSeconds: 0 }),
      )
      const readyMs = await times.at(name, 'ready')
      await until(() => said.length === 2 * index + 1, 'answer of the ClusterIP', 20_000)
      took.push((said.at(-1)?.[1] ?? Number.NaN) - readyMs)
      await remove(bench, name)
      await until(() => said.length === 2 * index + 2, 'ClusterIP closed', 20_000)
    }
  } finally {
    dialler.kill('SIGKILL')
  }
  const inSeconds = took.map(value => value / 1000)
  report.add({
    what: 'Ready to reachable by ClusterIP, other node',
    value: median(inSeconds),
    unit: 's',
    budget: 0.1,
    note: spread(inSeconds),
  })
}

const bed = await Bed.start(2)
try {
  await start(bed)
  const session = bed.connect()
  const times = new PodTimes(session)
  const bare = bed.cluster.machines.map(({ host }) => new BarePods(host))
  const bench = { bed, session, times, bare }
  await oneByOne(bench)
  await reachable(bench)
  for (const count of CROWDS) await crowd(bench, count)
  times.close()
  session.destroy()
  for (const one of bare) one.close()
  report.print(`Pods on two hosts, ${ROUNDS} rounds`)
} catch (error) {
  process.stderr.write(`${bed.cluster.diagnosis()}\n`)
  throw error
} finally {
  await bed.close()
}
