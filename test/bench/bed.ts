/**
 * A cluster for benchmarks of nodes: hosts of the test bed (each a network namespace with an Engine), the real server and
 * agents from a built tree, and an HTTP/2 client of this process that reaches the API through a relay into the first host.
 *
 * All times are CLOCK_MONOTONIC milliseconds, the same in every process of the machine.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect as connectTls } from 'node:tls'
import type { Pod } from '#api/types/core-v1.ts'
import { Cluster, type Machine } from '../support/cluster.ts'
import { until } from '../support/docker-host.ts'
import { type Credentials, must, readCredentials, request } from './cluster.ts'

export { must, request }

export const PODS = '/api/v1/namespaces/default/pods'
/** Runs in the host's network: the API's port as a socket file that this process can open. */
const RELAY = `const net = require('node:net')
net.createServer(near => {
  const far = net.connect(6443, '127.0.0.1')
  near.on('error', () => far.destroy()); far.on('error', () => near.destroy())
  near.setNoDelay?.(true); far.setNoDelay(true)
  near.pipe(far).pipe(near)
}).listen(process.argv[1], () => console.log('listening'))`

export const nowMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000

export class Bed {
  readonly cluster: Cluster
  readonly #relays: ChildProcess[] = []
  #socketPath = ''

  private constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  static async start(machines: number): Promise<Bed> {
    const cluster = await Cluster.start('bench')
    const bed = new Bed(cluster)
    try {
      for (let index = 0; index < machines; index++) await cluster.addMachine()
      await bed.#relay(cluster.first)
    } catch (error) {
      await bed.close()
      throw error
    }
    return bed
  }

  async #relay({ host, directory }: Machine): Promise<void> {
    this.#socketPath = join(directory, 'api.sock')
    const command = [`--net=/run/netns/${host.name}`, process.execPath, '-e', RELAY]
    const child = spawn('nsenter', [...command, this.#socketPath], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#relays.push(child)
    await new Promise(resolve => child.stdout.once('data', resolve))
  }

  get credentials(): Credentials | undefined {
    return readCredentials(join(this.cluster.first.directory, 'etc/kites/kites.yaml'))
  }

  /** A connection to the API as the administrator. */
  connect(): http2.ClientHttp2Session {
    const { credentials } = this
    if (credentials === undefined) throw new Error('no kubeconfig yet')
    const session = http2.connect('https://127.0.0.1:6443', {
      createConnection: () =>
        connectTls({
          ...credentials,
          socket: connect(this.#socketPath),
          servername: 'localhost',
          ALPNProtocols: ['h2'],
        }),
    })
    session.on('error', () => {})
    return session
  }

  /** Waits until so many nodes are Ready; resolves with when. Looks every few milliseconds. */
  async untilReady(nodes: number): Promise<number> {
    await until(() => this.credentials !== undefined, 'kubeconfig', 30_000)
    let session = this.connect()
    let lost = closed(session)
    const look = async (): Promise<boolean> => {
      if (session.destroyed) {
        session = this.connect()
        lost = closed(session)
      }
      const asked = request(session, 'GET', '/api/v1/nodes').catch(() => undefined)
      const answer = await Promise.race([lost, asked])
      if (answer === undefined || answer.status !== 200) return false
      const ready = answer.body.toString().match(/"reason":"KubeletReady"/g)
      return (ready?.length ?? 0) >= nodes
    }
    await until(look, `${nodes} Ready nodes`, 30_000)
    session.destroy()
    return nowMs()
  }

  /** Joins another host; its agent's log is the machine's `agent.log`. */
  join(machine: Machine): void {
    const token = join(this.cluster.first.directory, 'var/lib/kites/server/node-token')
    const url = `https://${this.cluster.first.host.address}:6443`
    this.cluster.startKites(machine, ['agent', '--server', url, '--token-file', token])
  }

  async close(): Promise<void> {
    for (const relay of this.#relays) relay.kill('SIGKILL')
    await this.cluster.close()
  }
}

const closed = (session: http2.ClientHttp2Session): Promise<undefined> =>
  new Promise(resolve => session.once('close', () => resolve(undefined)))

/** Follows pods and remembers when each was first seen in a state. */
export class PodTimes {
  readonly #seen = new Map<string, number>()
  readonly #stream: http2.ClientHttp2Stream

  constructor(session: http2.ClientHttp2Session) {
    this.#stream = session.request({ ':path': `${PODS}?watch=1` })
    this.#stream.on('error', () => {})
    createInterface({ input: this.#stream }).on('line', line => this.#take(line))
  }

  #take(line: string): void {
    // The seam to the API's JSON.
    const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: Pod }
    const name = object.metadata.name ?? ''
    const mark = (what: string): void => {
      if (!this.#seen.has(`${name} ${what}`)) this.#seen.set(`${name} ${what}`, nowMs())
    }
    if (type === 'DELETED') return mark('gone')
    if (object.spec?.nodeName !== undefined) mark('bound')
    if (object.status?.phase === 'Running') mark('running')
    const ready = object.status?.conditions?.find(condition => condition.type === 'Ready')
    if (ready?.status === 'True') mark('ready')
  }

  /** When the pod was first seen so. */
  async at(name: string, what: 'bound' | 'running' | 'ready' | 'gone'): Promise<number> {
    const key = `${name} ${what}`
    await until(() => this.#seen.has(key), `pod ${key}`, 90_000)
    return this.#seen.get(key) ?? Number.NaN
  }

  close(): void {
    this.#stream.close()
  }
}

/** A pod of the test's busybox that ends at once on TERM. */
export const aPod = (name: string, more: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'bench' } },
  spec: {
    containers: [
      {
        name: 'c',
        image: 'busybox:local',
        imagePullPolicy: 'IfNotPresent',
        command: [...OBEDIENT],
      },
    ],
    ...more,
  },
})

export const OBEDIENT = ['sh', '-c', 'trap "exit 0" TERM; sleep 36000 & wait'] as const
