/**
 * `/stats/summary`: CPU and memory of this node and of each container, read from cgroups (v1 and v2) and /proc.
 * Source: k8s.io/kubelet pkg/apis/stats/v1alpha1/types.go; kernel Documentation/admin-guide/cgroup-v2.rst
 */
import { rfc3339 } from '#api/time.ts'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContainerState } from '../runtime/runtime.ts'
import type { NodeApiDeps } from './deps.ts'

const CGROUPS = '/sys/fs/cgroup'

interface Sample {
  readonly cpuNanoseconds: number
  readonly memoryBytes: number
  /** Without file pages that can be dropped at any time. */
  readonly workingSetBytes: number
}

export async function statsSummary(deps: NodeApiDeps): Promise<unknown> {
  const { containers } = await deps.runtime.observe()
  const time = rfc3339(deps.clock.now())
  const running = containers.filter(({ state }) => state === 'running')
  const samples = await Promise.all(
    running.map(async container => ({ container, sample: await sampleOf(container.pid) })),
  )
  const pods = new Map<string, { readonly podRef: unknown; readonly containers: unknown[] }>()
  for (const { container, sample } of samples) {
    if (sample === undefined) continue
    const { pod } = container
    const entry = pods.get(pod.uid) ?? { podRef: pod, containers: [] }
    entry.containers.push(containerStats(container, sample, time))
    pods.set(pod.uid, entry)
  }
  return {
    node: { nodeName: deps.nodeName, ...(await nodeStats(time)) },
    pods: [...pods.values()],
  }
}

const containerStats = (container: ContainerState, sample: Sample, time: string): unknown => ({
  name: container.name,
  startTime: rfc3339(container.startedAtMs),
  ...usage(sample, time),
})

const usage = (sample: Sample, time: string): Readonly<Record<string, unknown>> => ({
  cpu: { time, usageCoreNanoSeconds: sample.cpuNanoseconds },
  memory: { time, usageBytes: sample.memoryBytes, workingSetBytes: sample.workingSetBytes },
})

async function nodeStats(time: string): Promise<Readonly<Record<string, unknown>>> {
  const [stat, meminfo] = await Promise.all([readText('/proc/stat'), readText('/proc/meminfo')])
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    /^cpu +(.*)$/mu.exec(stat)?.[1] ?? ''
  )
    .split(' ')
    .map(Number)
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'mu').exec(meminfo)?.[1] ?? 0)
  const totalBytes = kilobytes('MemTotal') * 1024
  const availableBytes = kilobytes('MemAvailable') * 1024
  // the kernel counts in hundredths of a second
  const cpuNanoseconds = (user + nice + system + irq + softirq) * 10_000_000
  const memoryBytes = totalBytes - kilobytes('MemFree') * 1024
  return usage({ cpuNanoseconds, memoryBytes, workingSetBytes: totalBytes - availableBytes }, time)
}

/** Undefined when the process is gone. */
async function sampleOf(pid: number): Promise<Sample | undefined> {
  const lines = (await readText(`/proc/${pid}/cgroup`)).split('\n').map(line => line.split(':'))
  const pathOf = (controller: string): string | undefined =>
    lines.find(([, controllers]) => controllers?.split(',').includes(controller) === true)?.[2]
  const memory = pathOf('memory')
  const cpu = pathOf('cpuacct')
  if (memory !== undefined && cpu !== undefined) return await sampleV1(memory, cpu)
  const unified = lines.find(([id]) => id === '0')?.[2]
  return unified === undefined ? undefined : await sampleV2(unified)
}

async function sampleV1(memory: string, cpu: string): Promise<Sample> {
  const root = join(CGROUPS, 'memory', memory)
  const [nanoseconds, bytes, stat] = await Promise.all([
    readText(join(CGROUPS, 'cpuacct', cpu, 'cpuacct.usage')),
    readText(join(root, 'memory.usage_in_bytes')),
    readText(join(root, 'memory.stat')),
  ])
  return sample(
    Number(nanoseconds),
    Number(bytes),
    Number(/^total_inactive_file (\d+)$/mu.exec(stat)?.[1] ?? 0),
  )
}

async function sampleV2(path: string): Promise<Sample> {
  const root = join(CGROUPS, path)
  const [cpu, bytes, stat] = await Promise.all([
    readText(join(root, 'cpu.stat')),
    readText(join(root, 'memory.current')),
    readText(join(root, 'memory.stat')),
  ])
  const microseconds = Number(/^usage_usec (\d+)$/mu.exec(cpu)?.[1] ?? 0)
  return sample(
    microseconds * 1000,
    Number(bytes),
    Number(/^inactive_file (\d+)$/mu.exec(stat)?.[1] ?? 0),
  )
}

const sample = (cpuNanoseconds: number, memoryBytes: number, inactiveBytes: number): Sample => ({
  cpuNanoseconds,
  memoryBytes,
  workingSetBytes: Math.max(0, memoryBytes - inactiveBytes),
})

const readText = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
