/**
 * A cluster without machines for component tests: a real API server on SQLite, the real controllers and scheduler
 * over the in-process transport, and nodes whose kubelet is the test. Not a test itself.
 */
import { LOOPBACK } from '#api/request.ts'
import { isReason } from '#api/status.ts'
import { rfc3339, rfc3339Micro } from '#api/time.ts'
import type { Node, Pod } from '#api/types/core-v1.ts'
import { systemClock } from '#base/clock.ts'
import { runAll } from '#base/lifetime.ts'
import { createLogger, type Logger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { type Client, createClient } from '#client/client.ts'
import { Informers } from '#client/informers.ts'
import { nameOf } from '#client/resource.ts'
import { createRuntimeClassAdmission } from '#server/admission/runtime-class.ts'
import type { ClusterConfig, ControllerDeps } from '#server/controllers/deps.ts'
import { startControllers } from '#server/controllers/table.ts'
import { createScheduler } from '#server/scheduler/scheduler.ts'
import { type Fixture, startApi } from './api-fixture.ts'

export const CONFIG: ClusterConfig = {
  clusterCIDR: '10.42.0.0/16',
  nodeMaskBits: 24,
  serviceCIDR: '10.43.0.0/16',
  nodePorts: { first: 30_000, last: 32_767 },
  clusterDNS: '10.43.0.10',
  advertiseAddress: '192.0.2.1',
  advertisePort: 6443,
  rootCA: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n',
}

export interface ControlCluster {
  readonly api: Fixture
  readonly client: Client
  readonly log: Logger
  /** Adds a node that is Ready and keeps its pods running until `silence`d. */
  addNode(name: string, options?: NodeOptions): Promise<void>
  /** Controllers and scheduler end, and others begin with nothing in memory. */
  restart(): Promise<void>
  /** Its kubelet stops: no more status, no more Lease. */
  silence(name: string): void
  close(): Promise<void>
}

export interface NodeOptions {
  readonly allocatable?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  /** Whether a running pod becomes ready; all do when absent. */
  readonly isReady?: (pod: Pod) => boolean
}

/** Polls until `check` gives something; throws after the deadline with what was seen last. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  timeoutMs = 15_000,
): Promise<T> {
  const endMs = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < endMs) {
    try {
      const value = await check()
      if (value !== undefined && value !== false) return value
    } catch (error) {
      last = error
    }
    await systemClock.sleep(20)
  }
  throw new Error(`not in time: ${what}`, { cause: last })
}

export async function startControlCluster(
  more: Partial<ControllerDeps> = {},
): Promise<ControlCluster> {
  const lines: string[] = []
  const log = createLogger({
    clock: systemClock,
    level: process.env['KITES_TEST_LOG'] === undefined ? 'error' : 'debug',
    write: line => {
      lines.push(line)
      process.stderr.write(line)
    },
  })
  const api = await startApi({
    log,
    admissionWith: reader => [createRuntimeClassAdmission({ reader })],
  })
  const client = createClient(api.api.local(LOOPBACK))
  const stop = new AbortController()
  const start = (): { readonly stop: AbortController; readonly running: Promise<void> } => {
    const informers = new Informers({
      transport: client.transport,
      clock: systemClock,
      random: systemRandom,
      log,
    })
    const deps = { client, informers, clock: systemClock, random: systemRandom, log }
    const parts = [
      informers,
      ...startControllers({ ...deps, config: CONFIG, ...more }),
      ...createScheduler(deps),
    ]
    const stop = new AbortController()
    return { stop, running: runAll(parts, stop.signal) }
  }
  let control = start()
  const kubelets = new Map<string, AbortController>()
  const kubeletRuns: Promise<void>[] = []
  return {
    api,
    client,
    log,
    async addNode(name, options = {}) {
      const node = nodeOf(name, options)
      const made = await client.nodes.create(node)
      await until('node status', async () => {
        const { metadata, spec } = await client.nodes.get(nameOf(made))
        await client.nodes.updateStatus({
          ...node,
          metadata,
          ...(spec === undefined ? {} : { spec }),
        })
        return true
      })
      const silent = new AbortController()
      kubelets.set(name, silent)
      const signal = AbortSignal.any([stop.signal, silent.signal])
      kubeletRuns.push(runKubelet(client, name, options, signal))
    },
    async restart() {
      control.stop.abort()
      await control.running
      control = start()
    },
    silence: name => kubelets.get(name)?.abort(),
    async close() {
      stop.abort()
      control.stop.abort()
      await Promise.all([control.running, ...kubeletRuns])
      await api.close()
    },
  }
}

const nodeOf = (name: string, options: NodeOptions): Node => {
  const allocatable = { cpu: '4', memory: '8Gi', pods: '110', ...options.allocatable }
  const stamp = rfc3339(Date.now())
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...options.labels } },
    status: {
      capacity: allocatable,
      allocatable,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: stamp },
      ],
    },
  }
}

/** Runs the pods bound to the node: an address, Running, ready or not; gone when they are being deleted. */
async function runKubelet(
  client: Client,
  name: string,
  options: NodeOptions,
  signal: AbortSignal,
): Promise<void> {
  let lastIP = 1
  const at = { namespace: 'kube-node-lease', name }
  const spec = {
    holderIdentity: name,
    leaseDurationSeconds: 40,
    renewTime: rfc3339Micro(Date.now()),
  }
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: at, spec }
  await until('lease', () => client.leases.create(lease))
  const onPod = async (pod: Pod): Promise<void> => {
    if (pod.metadata.deletionTimestamp !== undefined) {
      await client.pods.delete(nameOf(pod), { gracePeriodSeconds: 0 })
      return
    }
    const isReady = options.isReady?.(pod) ?? true
    const state = isReady ? 'True' : 'False'
    const before = pod.status?.conditions?.find(({ type }) => type === 'Ready')
    if (pod.status?.phase === 'Running' && before?.status === state) return
    lastIP += 1
    const ready = { type: 'Ready', status: state, lastTransitionTime: rfc3339(Date.now()) }
    const podIP = pod.status?.podIP ?? `10.42.0.${lastIP}`
    const status = {
      ...pod.status,
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: [ready],
    } as const
    await client.pods.updateStatus({ ...pod, status })
  }
  const quietly = async (pod: Pod): Promise<void> => {
    try {
      await onPod(pod)
    } catch (error) {
      if (!isReason(error, 'Conflict', 'NotFound')) throw error
    }
  }
  // Polled rather than watched: what `isReady` says may change without an event.
  while (!signal.aborted) {
    const renewTime = rfc3339Micro(Date.now())
    await client.leases.patch(at, { type: 'merge', body: { spec: { renewTime } } })
    const { items } = await client.pods.list({ fieldSelector: `spec.nodeName=${name}` })
    await Promise.all(items.map(quietly))
    await systemClock.sleep(40, signal)
  }
}
