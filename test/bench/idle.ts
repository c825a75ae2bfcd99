/**
 * What an idle node costs: `node test/bench/idle.ts [--seconds 60 | --minutes 30]`, that long without pods and again
 * with 20. One host runs server and agent; three more nodes' Leases are renewed through the API every 10 s, as nodes do.
 *
 * Processor time, memory and bytes written come from /proc; bytes of an hour are extrapolated. Needs root.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import type { ClientHttp2Session } from 'node:http2'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { aPod, Bed, must, nowMs, PODS, PodTimes } from './bed.ts'
import { Report } from './budget.ts'
import { cpuMs, rssMb } from './measure.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, minutes: { type: 'string' } },
})
const SECONDS =
  values.minutes === undefined ? Number(values.seconds ?? 60) : Number(values.minutes) * 60
const PODS_COUNT = 20
/** After a change: start-up garbage, first lists and status writes are not idleness. */
const SETTLE_MS = 15_000
const RENEW_MS = 10_000
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
const HOUR_SECONDS = 3600

const pause = (delayMs: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, delayMs))

/** Leases of nodes that are not here, renewed as an agent renews its own. */
function renewLeases(session: ClientHttp2Session, names: readonly string[]): () => void {
  const known = new Map<string, Record<string, unknown>>()
  const renew = async (name: string): Promise<void> => {
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: known.get(name)?.['metadata'] ?? { name },
      spec: {
        holderIdentity: name,
        leaseDurationSeconds: 40,
        renewTime: new Date().toISOString().replace('Z', '000Z'),
      },
    }
    const answer = known.has(name)
      ? await must(session, 'PUT', `${LEASES}/${name}`, lease)
      : await must(session, 'POST', LEASES, lease)
    known.set(name, JSON.parse(answer.toString()) as Record<string, unknown>)
  }
  const pass = (): void => names.forEach(name => void renew(name))
  pass()
  const timer = setInterval(pass, RENEW_MS)
  return () => clearInterval(timer)
}

interface Sample {
  readonly atMs: number
  readonly cpuMs: number
  /** Of the first process alone: what helpers share with it would count twice. */
  readonly rssMb: number
  readonly pssMb: number
  readonly writtenBytes: number
  readonly switches: number
}

function sample(pids: readonly number[]): Sample {
  const sum = (of: (pid: number) => number): number =>
    pids.reduce((total, pid) => total + of(pid), 0)
  return {
    atMs: nowMs(),
    cpuMs: sum(pid => cpuMs(pid) + endedChildrenMs(pid)),
    rssMb: rssMb(pids[0] ?? 0),
    pssMb: sum(pssMb),
    writtenBytes: sum(writtenBytes),
    switches: sum(switches),
  }
}

/** A process and its living descendants, without those that another sample counts. */
function familyOf(root: number, without: readonly number[] = []): number[] {
  if (without.includes(root)) return []
  const children = readdirSync(`/proc/${root}/task`).flatMap(task => {
    const path = `/proc/${root}/task/${task}/children`
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean) : []
  })
  return [root, ...children.flatMap(child => familyOf(Number(child), without))]
}

/** Programs that ran meanwhile count for who ran them. */
function endedChildrenMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}

const pssMb = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) /
  1024

const writtenBytes = (pid: number): number =>
  Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0)

/** How often its threads slept: wake-ups. */
const switches = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((total, task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8')
    return total + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  }, 0)

const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0)

interface Budgets {
  readonly cpu?: number
  readonly rss?: number
  readonly pss?: number
}

const report = new Report()

function tell(who: string, before: Sample, after: Sample, budgets: Budgets = {}): void {
  const seconds = (after.atMs - before.atMs) / 1000
  const add = (what: string, value: number, unit: string, budget?: number): void =>
    report.add({
      what: `${who}: ${what}`,
      value,
      unit,
      ...(budget === undefined ? {} : { budget }),
    })
  add('CPU of a core', (after.cpuMs - before.cpuMs) / seconds / 10, '%', budgets.cpu)
  add('RSS', after.rssMb, 'MB', budgets.rss)
  add('PSS with helpers', after.pssMb, 'MB', budgets.pss)
  add('wake-ups', (after.switches - before.switches) / seconds, '/s')
}

async function idle(bed: Bed, label: string): Promise<void> {
  await pause(SETTLE_MS)
  const { cluster } = bed
  const [server = 0] = cluster.processes(cluster.first, 'kites server')
  const [agent = 0] = cluster.processes(cluster.first, 'kites agent')
  const [engine = 0] = cluster.processes(cluster.first, 'dockerd')
  const families = {
    server: familyOf(server, [agent]),
    agent: familyOf(agent),
    engine: familyOf(engine),
  }
  const data = join(cluster.first.directory, 'var/lib/kites')
  const sizeBefore = sizeOf(data)
  const before = {
    server: sample(families.server),
    agent: sample(families.agent),
    engine: sample(families.engine),
  }
  await pause(SECONDS * 1000)
  const after = {
    server: sample(families.server),
    agent: sample(families.agent),
    engine: sample(families.engine),
  }
  tell(`${label}, server`, before.server, after.server, { cpu: 1, rss: 200 })
  tell(`${label}, agent`, before.agent, after.agent, { rss: 100, pss: 90 })
  tell(`${label}, Engine`, before.engine, after.engine)
  const seconds = (after.server.atMs - before.server.atMs) / 1000
  const written = (who: 'server' | 'agent'): number =>
    after[who].writtenBytes - before[who].writtenBytes
  const hourly = (bytes: number): number => (bytes / seconds) * (HOUR_SECONDS / 1e6)
  report.add({
    what: `${label}: written by server, an hour`,
    value: hourly(written('server')),
    unit: 'MB',
    budget: 1,
  })
  report.add({
    what: `${label}: written by agent, an hour`,
    value: hourly(written('agent')),
    unit: 'MB',
  })
  report.add({
    what: `${label}: data folder grew by`,
    value: (sizeOf(data) - sizeBefore) / 1e3,
    unit: 'kB',
  })
}

const bed = await Bed.start(1)
try {
  bed.cluster.startKites(bed.cluster.first, ['server'])
  await bed.untilReady(1)
  const session = bed.connect()
  const stop = renewLeases(session, ['far-1', 'far-2', 'far-3'])
  await idle(bed, '0 pods')
  const times = new PodTimes(session)
  const names = Array.from({ length: PODS_COUNT }, (_value, index) => `idle-${index}`)
  for (const name of names) await must(session, 'POST', PODS, aPod(name))
  for (const name of names) await times.at(name, 'ready')
  times.close()
  await idle(bed, `${PODS_COUNT} pods`)
  stop()
  session.destroy()
  report.print(`Idle for ${SECONDS} s each`)
} catch (error) {
  process.stderr.write(`${bed.cluster.diagnosis()}\n`)
  throw error
} finally {
  await bed.close()
}
