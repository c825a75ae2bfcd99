/**
 * One agent in this process over a Docker host of the test's own and an API in memory. The network is the simplest
 * that works: a veth per pod in the host's namespace.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createAgentParts, type AgentParts } from '#agent/node/agent-parts.ts'
import { watchHostResolvConf } from '#agent/dns/host-resolv-conf.ts'
import type { PodNetwork, SandboxRef } from '#agent/network/pod-network.ts'
import type { AnyObject } from '#api/object.ts'
import { systemClock } from '#base/clock.ts'
import { runAll } from '#base/lifetime.ts'
import { createLogger, silentLogger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { Informers } from '#client/informers.ts'
import type { Transport } from '#client/transport.ts'
import { PAUSE_IMAGE, pauseImageArchive } from '../../packaging/pause/image.ts'
import { busyboxArchive } from './busybox-image.ts'
import { DockerHost, type DockerHostOptions, until } from './docker-host.ts'
import { MemoryApi } from './agent-memory-api.ts'

const run = promisify(execFile)

export class AgentBed {
  readonly api = new MemoryApi()
  readonly host: DockerHost
  readonly dataDirectory: string
  readonly network: TestNetwork
  #agent:
    | { readonly parts: AgentParts; readonly stop: AbortController; readonly done: Promise<void> }
    | undefined

  private constructor(host: DockerHost, dataDirectory: string) {
    this.host = host
    this.dataDirectory = dataDirectory
    this.network = new TestNetwork(host)
  }

  static async start(options: Partial<DockerHostOptions> = {}): Promise<AgentBed> {
    const host = await DockerHost.start({ name: 'agent', ...options })
    const dataDirectory = await mkdtemp(join(tmpdir(), 'kites-agent-'))
    await host.loadImage(await busyboxArchive())
    return new AgentBed(host, dataDirectory)
  }

  get handler(): AgentParts['handler'] {
    if (this.#agent === undefined) throw new Error('no agent')
    return this.#agent.parts.handler
  }

  /** With another transport the agent talks to that server instead of the API in memory. */
  startAgent(transport: Transport = this.api): void {
    const log =
      process.env['KITES_TEST_LOG'] === undefined
        ? silentLogger
        : createLogger({
            clock: systemClock,
            level: 'debug',
            write: line => process.stderr.write(line),
          })
    const stop = new AbortController()
    const shared = { transport, clock: systemClock, random: systemRandom, log }
    const informers = new Informers(shared)
    const parts = createAgentParts({
      ...shared,
      informers,
      nodeName: 'node-1',
      nodeIPs: ['172.30.0.1'],
      dataDirectory: this.dataDirectory,
      network: this.network,
      hostResolvConf: watchHostResolvConf(systemClock),
      dockerSocket: this.host.socketPath,
      sandboxImage: {
        reference: PAUSE_IMAGE,
        archive: () => pauseImageArchive(process.arch === 'arm64' ? 'arm64' : 'x64'),
      },
      kubeletPort: 10_250,
      labels: {},
      taints: [],
      // the host of the test has mounts of its own: what is mounted here is not seen there
      mayMount: false,
      cgroupRoot: this.host.cgroup,
      onEngineUp: () => {},
    })
    this.#agent = { parts, stop, done: runAll([informers, ...parts.parts], stop.signal) }
  }

  async stopAgent(): Promise<void> {
    this.#agent?.stop.abort()
    await this.#agent?.done
    this.#agent = undefined
  }

  async create(resource: string, object: unknown, namespace = 'default'): Promise<AnyObject> {
    return this.api.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/${resource}`,
      body: object,
    })
  }

  async delete(resource: string, name: string, options: unknown = {}): Promise<void> {
    await this.api.request({
      method: 'DELETE',
      path: `/api/v1/namespaces/default/${resource}/${name}`,
      body: options,
    })
  }

  status(name: string): PodStatusView {
    return (this.api.get('pods', name)?.['status'] ?? {}) as PodStatusView
  }

  async untilPod(
    name: string,
    condition: (status: PodStatusView) => boolean,
    timeoutMs = 15_000,
  ): Promise<PodStatusView> {
    await until(
      () => condition(this.status(name)),
      `pod ${name}: ${condition.toString()}`,
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(
        `${String(error)}\nstatus: ${JSON.stringify(this.status(name), undefined, 1)}\nevents: ${this.events(name).join('\n')}`,
        { cause: error },
      )
    })
    return this.status(name)
  }

  events(name: string): string[] {
    return this.api
      .list('events')
      .filter(event => (event['involvedObject'] as { name?: string }).name === name)
      .map(event => `${String(event['reason'])}: ${String(event['message'])}`)
  }

  async logs(name: string, query = '', container = 'c'): Promise<string> {
    const path = `/containerLogs/default/${name}/${container}?${query}`
    const answer = await this.handler.request(
      { method: 'GET', path, headers: {} },
      AbortSignal.timeout(10_000),
    )
    const chunks: Buffer[] = []
    for await (const chunk of answer.body as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks).toString('utf8')
  }

  async close(): Promise<void> {
    await this.stopAgent()
    await this.host.close()
    await rm(this.dataDirectory, { recursive: true, force: true })
  }
}

export interface ContainerStatusView {
  readonly name: string
  readonly ready: boolean
  readonly started?: boolean
  readonly restartCount: number
  readonly containerID?: string
  readonly imageID: string
  readonly state: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: { readonly startedAt: string }
    readonly terminated?: {
      readonly exitCode: number
      readonly reason?: string
      readonly message?: string
      readonly signal?: number
    }
  }
  readonly lastState: ContainerStatusView['state']
}

export interface PodStatusView {
  readonly phase?: string
  readonly reason?: string
  readonly podIP?: string
  readonly qosClass?: string
  readonly conditions?: readonly {
    readonly type: string
    readonly status: string
    readonly reason?: string
  }[]
  readonly containerStatuses?: readonly ContainerStatusView[]
  readonly initContainerStatuses?: readonly ContainerStatusView[]
}

export const isReady = ({ conditions }: PodStatusView): boolean =>
  conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true

/** A pod of one busybox container `c`; everything can be overridden. */
export function aPod(name: string, container: object = {}, spec: object = {}): unknown {
  return {
    metadata: { name, namespace: 'default', labels: { app: name }, generation: 1 },
    spec: {
      nodeName: 'node-1',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      serviceAccountName: 'default',
      containers: [
        {
          name: 'c',
          image: 'busybox:local',
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', OBEDIENT],
          ...container,
        },
      ],
      ...spec,
    },
    status: { phase: 'Pending' },
  }
}

/** Ends at once on TERM. */
export const OBEDIENT = 'trap "exit 0" TERM; while true; do sleep 0.05; done'

class TestNetwork implements PodNetwork {
  readonly clusterDNS = '10.43.0.10'
  readonly clusterDomain = 'cluster.local'
  readonly #host: DockerHost
  readonly #addresses = new Map<string, number>()
  #next = 2

  constructor(host: DockerHost) {
    this.#host = host
  }

  async podUIDs(): Promise<readonly string[]> {
    return [...this.#addresses.keys()]
  }

  async setup(sandbox: SandboxRef): Promise<{ podIPs: readonly string[] }> {
    const known = this.#addresses.get(sandbox.podUID)
    const number = known ?? this.#next++
    this.#addresses.set(sandbox.podUID, number)
    const address = `10.42.0.${number}`
    const link = `veth${number}`
    const there = await run('ip', ['-n', this.#host.name, 'link', 'show', link]).then(
      () => true,
      () => false,
    )
    if (there) return { podIPs: [address] }
    // the sandbox's process id is one of the host's namespace
    const outer = await this.#host.exec([
      'nsenter',
      '-t',
      String(sandbox.pid),
      '-n',
      'sh',
      '-c',
      'ip link set lo up',
    ])
    void outer
    await this.#host.exec([
      'ip',
      'link',
      'add',
      link,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      String(sandbox.pid),
    ])
    await this.#host.exec([
      'sh',
      '-c',
      `ip link set ${link} up; ip route add ${address}/32 dev ${link}; nsenter -t ${sandbox.pid} -n sh -c 'ip addr add ${address}/32 dev eth0; ip link set eth0 up; ip route add 169.254.1.1 dev eth0; ip route add default via 169.254.1.1'`,
    ])
    return { podIPs: [address] }
  }

  async teardown(podUID: string): Promise<void> {
    const number = this.#addresses.get(podUID)
    if (number === undefined) return
    this.#addresses.delete(podUID)
    await run('ip', ['-n', this.#host.name, 'link', 'del', `veth${number}`]).catch(() => undefined)
  }
}
