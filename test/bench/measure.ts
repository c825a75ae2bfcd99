/** What benchmarks measure with: processor time and memory of processes from /proc, percentiles, rounds. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'

/** The kernel counts in hundredths of a second. */
const TICK_MS = 10
const START_DEADLINE_MS = 30_000

/** User and system time of a process, all its threads, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name may hold spaces; fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Resident memory in megabytes. */
export function rssMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
}

/** `share` 0.5 = median. Sorts in place. */
export function percentile(values: number[], share: number): number {
  values.sort((left, right) => left - right)
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile([...values], 0.5)

export interface Load {
  readonly count: number
  readonly elapsedMs: number
  /** Milliseconds of each call. */
  readonly latencies: number[]
}

export interface Driving {
  readonly workers: number
  readonly work: (worker: number) => Promise<unknown>
  /** Asked before each piece of work. */
  readonly isOver: () => boolean
}

export const after = (durationMs: number): (() => boolean) => {
  const start = performance.now()
  return () => performance.now() - start >= durationMs
}

/** Workers call `work` one after the other, each as fast as it can, until it is over. */
export async function drive({ workers, work, isOver }: Driving): Promise<Load> {
  const latencies: number[] = []
  const start = performance.now()
  const one = async (_: unknown, worker: number): Promise<void> => {
    while (!isOver()) {
      const before = performance.now()
      await work(worker)
      latencies.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: workers }, one))
  return { count: latencies.length, elapsedMs: performance.now() - start, latencies }
}

/**
 * Watches what else the machine does. The function it returns takes the processor time of the measured processes and
 * tells in words how busy all others kept the processors meanwhile.
 */
export function others(): (measuredMs: number) => string {
  const start = performance.now()
  const busy = busyMs()
  const [atStart = 0] = loadavg()
  return measuredMs => {
    const { user, system } = process.cpuUsage()
    const capacity = (performance.now() - start) * availableParallelism()
    const foreign = busyMs() - busy - measuredMs - (user + system) / 1000
    const [atEnd = 0] = loadavg()
    const share = Math.max(0, Math.round((foreign / capacity) * 100))
    return `other processes used ${share} % of the processors (load average ${atStart.toFixed(1)} before, ${atEnd.toFixed(1)} after)`
  }
}

/** Of all processors together, in milliseconds. */
const busyMs = (): number =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)

/** Starts a process and resolves once its output matches. */
export async function startProcess(
  command: string,
  args: readonly string[],
  ready: RegExp,
  options: SpawnOptions = {},
): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  const deadline = setTimeout(() => child.kill('SIGKILL'), START_DEADLINE_MS)
  await new Promise<void>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      text += chunk.toString()
      if (ready.test(text)) resolve()
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`${command} ended with ${code}: ${text}`)))
  }).finally(() => clearTimeout(deadline))
  if (child.pid === undefined) throw new Error(`${command} has no pid`)
  return Object.assign(child, { pid: child.pid })
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.removeAllListeners('exit')
  child.kill('SIGTERM')
  await once(child, 'exit')
}
