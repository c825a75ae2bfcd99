/** Starts steady-client.ts and steady-writer.ts beside the hosts of a cluster and reads their reports. */
import { join, resolve } from 'node:path'
import type { Cluster } from './cluster.ts'
import { until } from './docker-host.ts'
import type { SteadyReport } from './steady-client.ts'
import type { WriterReport } from './steady-writer.ts'

export interface SteadyClient {
  /** What happened since the last report. */
  report(): Promise<SteadyReport>
  end(): Promise<void>
}

export async function startSteadyClient(
  cluster: Cluster,
  targets: { readonly web?: readonly string[]; readonly echo?: readonly string[] },
): Promise<SteadyClient> {
  const program = resolve('test/support/steady-client.ts')
  const client = cluster.watchOutside([process.execPath, program, JSON.stringify(targets)])
  await client.until(/steady\n/)
  let reports = 0
  return {
    report: async () => {
      reports += 1
      client.child.stdin?.write('report\n')
      await client.until(new RegExp(`(\\{.*\\}\\n){${reports}}`))
      const line = client.output().trimEnd().split('\n').at(-1) ?? ''
      return JSON.parse(line) as SteadyReport
    },
    end: () => client.end(),
  }
}

export interface SteadyWriter {
  /** Waits until so many more were acknowledged. */
  progress(count: number): Promise<void>
  end(): Promise<WriterReport>
}

export async function startSteadyWriter(cluster: Cluster): Promise<SteadyWriter> {
  const program = resolve('test/support/steady-writer.ts')
  const kubeconfig = join(cluster.first.directory, 'etc/kites/kites.yaml')
  const server = `https://${cluster.first.host.address}:6443`
  const writer = cluster.watchOutside([process.execPath, program, kubeconfig, server])
  await writer.until(/steady\n/)
  let asked = 0
  const count = async (): Promise<number> => {
    asked += 1
    writer.child.stdin?.write('count\n')
    await writer.until(new RegExp(`(acknowledged \\d+\\n){${asked}}`))
    return Number(writer.output().trimEnd().split(' ').at(-1))
  }
  return {
    progress: async more => {
      const before = await count()
      await until(async () => (await count()) >= before + more, `${more} further writes`, 30_000)
    },
    end: async () => {
      writer.child.stdin?.end()
      await writer.until(/\{.*\}\n/, 30_000)
      return JSON.parse(writer.output().trimEnd().split('\n').at(-1) ?? '') as WriterReport
    },
  }
}
