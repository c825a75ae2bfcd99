/**
 * What an idle node costs: `node test/bench/idle.ts [--seconds 60 | --minutes 30] [--pods 0,20]`, that long with each
 * number of pods. One host runs server and agent; three more nodes' Leases are renewed through the API every 10 s, as nodes do.
 *
 * Processor time, memory and bytes written come from /proc; bytes of an hour are extrapolated. Needs root.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import type { ClientHttp2Session } from 'node:http2'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { aPod, Bed, must, PODS, PodTimes } from './bed.ts'
import { Report } from './budget.ts'
import { cpuMs, rssMb } from './measure.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    minutes: { type: 'string' },
    pods: { type: 'string', default: '0,20' },
  },
})
const SECONDS =
  values.minutes === undefined ? Number(values.seconds ?? 60) : Number(values.minutes) * 60
/** Growing: pods of one phase are there in the next. */
const PHASES = values.pods.split(',').map(Number)
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
  readonly cpuMs: number
  /** Of the first process alone: what helpers share with it would count twice. */
  readonly rssMb: number
  readonly pssMb: number
  readonly writtenBytes: number
  readonly switches: number
}

/** One that ended before the end of the measurement is left out of both samples: who ran it is charged. */
async function measure(families: readonly (readonly number[])[]): Promise<readonly Measured[]> {
  const before = families.map(pids => new Map(pids.map(pid => [pid, sampleOf(pid)])))
  await pause(SECONDS * 1000)
  return before.map(samples => {
    const alive = [...samples.keys()].filter(pid => existsSync(`/proc/${pid}/stat`))
    const sum = (of: (sample: Sample) => number, list: readonly Sample[]): number =>
      list.reduce((total, one) => total + of(one), 0)
    const first = alive.flatMap(pid => samples.get(pid) ?? [])
    const last = alive.map(sampleOf)
    const grown = (of: (sample: Sample) => number): number => sum(of, last) - sum(of, first)
    return {
      seconds: SECONDS,
      cpuMs: grown(one => one.cpuMs),
      writtenBytes: grown(one => one.writtenBytes),
      switches: grown(one => one.switches),
      rssMb: last[0]?.rssMb ?? 0,
      pssMb: sum(one => one.pssMb, last),
    }
  })
}

const sampleOf = (pid: number): Sample => ({
  cpuMs: cpuMs(pid) + endedChildrenMs(pid),
  rssMb: rssMb(pid),
  pssMb: pssMb(pid),
  writtenBytes: writtenBytes(pid),
  switches: switches(pid),
})

/** A process and its living descendants, without those that another sample counts. */
function familyOf(root: number, without: readonly number[] = []): number[] {
  if (without.includes(root) || !existsSync(`/proc/${root}/task`)) return []
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

/** Growth over the time, and memory at its end. */
type Measured = Sample & { readonly seconds: number }

function tell(who: string, measured: Measured, budgets: Budgets = {}): void {
  const { seconds } = measured
  const add = (what: string, value: number, unit: string, budget?: number): void =>
    report.add({
      what: `${who}: ${what}`,
      value,
      unit,
      ...(budget === undefined ? {} : { budget }),
    })
  add('CPU of a core', measured.cpuMs / seconds / 10, '%', budgets.cpu)
  add('RSS', measured.rssMb, 'MB', budgets.rss)
  add('PSS with helpers', measured.pssMb, 'MB', budgets.pss)
  add('wake-ups', measured.switches / seconds, '/s')
}

async function idle(bed: Bed, label: string): Promise<void> {
  await pause(SETTLE_MS)
  const { cluster } = bed
  const [serverPID = 0] = cluster.processes(cluster.first, 'kites server')
  const [agentPID = 0] = cluster.processes(cluster.first, 'kites agent')
  const [enginePID = 0] = cluster.processes(cluster.first, 'dockerd')
  const families = [familyOf(serverPID, [agentPID]), familyOf(agentPID), familyOf(enginePID)]
  const data = join(cluster.first.directory, 'var/lib/kites')
  const sizeBefore = sizeOf(data)
  const [server, agent, engine] = await measure(families)
  if (server === undefined || agent === undefined || engine === undefined) throw new Error('gone')
  tell(`${label}, server`, server, { cpu: 1, rss: 200 })
  tell(`${label}, agent`, agent, { rss: 100, pss: 90 })
  tell(`${label}, Engine`, engine)
  const hourly = ({ writtenBytes: bytes }: Measured): number =>
    (bytes / SECONDS) * (HOUR_SECONDS / 1e6)
  report.add({
    what: `${label}: written by server, an hour`,
    value: hourly(server),
    unit: 'MB',
    budget: 1,
  })
  report.add({ what: `${label}: written by agent, an hour`, value: hourly(agent), unit: 'MB' })
  const grownKb = (sizeOf(data) - sizeBefore) / 1e3
  report.add({ what: `${label}: data folder grew by`, value: grownKb, unit: 'kB' })
}

const bed = await Bed.start(1)
try {
  bed.cluster.startKites(bed.cluster.first, ['server'])
  await bed.untilReady(1)
  const session = bed.connect()
  const stop = renewLeases(session, ['far-1', 'far-2', 'far-3'])
  const times = new PodTimes(session)
  let running = 0
  for (const wanted of PHASES) {
    const names: string[] = []
    for (; running < wanted; running++) names.push(`idle-${running}`)
    for (const name of names) await must(session, 'POST', PODS, aPod(name))
    for (const name of names) await times.at(name, 'ready')
    await idle(bed, `${wanted} pods`)
  }
  times.close()
  stop()
  session.destroy()
  report.print(`Idle for ${SECONDS} s each`)
} catch (error) {
  process.stderr.write(`${bed.cluster.diagnosis()}\n`)
  throw error
} finally {
  await bed.close()
}
