/**
 * The whole network of a node, assembled: what `cmd` wires into an agent. Owns: the wiring, nothing else.
 *
 * `parts` run for the agent's life; `network` serves the pod workers; `cleanup` takes every trace off the host.
 */
import { join } from 'node:path'
import { createInformerView } from '#agent/dns/informer-view.ts'
import { DnsServer } from '#agent/dns/dns-server.ts'
import { Forwarder } from '#agent/dns/forwarder.ts'
import { watchHostResolvConf } from '#agent/dns/host-resolv-conf.ts'
import { type ResolvConf, upstreamsOf } from '#agent/dns/resolv-conf.ts'
import { type DnsMetrics, Responder } from '#agent/dns/responder.ts'
import { type ProxyMetrics, Proxier } from '#agent/proxy/proxier.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Informers } from '#client/informers.ts'
import { type RunCommand, runCommand } from '#netfilter/command.ts'
import type { VirtualService } from '#netfilter/model.ts'
import { parseNetwork } from '#netfilter/networks.ts'
import { watchTable } from '#netfilter/nftables/monitor.ts'
import { ServiceTable } from '#netfilter/nftables/program.ts'
import { createNftRunner } from '#netfilter/nftables/runner.ts'
import { HostNetwork } from './host-network.ts'
import { RoutedPodNetwork } from './routed-pod-network.ts'

export interface NetworkOptions {
  readonly nodeName: string
  /** Primary first; IPv4. */
  readonly nodeIPs: readonly string[]
  /** The agent's data folder; the network keeps its own below it. */
  readonly dataDir: string
  readonly informers: Informers
  readonly clusterCIDR: string
  readonly serviceCIDR: string
  readonly clusterDNS: string
  readonly clusterDomain: string
  /** `spec.podCIDR` of this node's Node; undefined until it has one. */
  readonly getPodCIDR: () => string | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export interface NetworkMetrics {
  readonly proxy: ProxyMetrics
  readonly dns: DnsMetrics
}

export interface NetworkParts {
  readonly network: RoutedPodNetwork
  /** Run these for the agent's life, beside the informers. */
  readonly parts: readonly Part[]
  /** Docker came back: its rules may be new. */
  dockerRestarted(): void
  /** The host's resolv.conf, for pods that want it. */
  readonly hostResolvConf: () => ResolvConf
  metrics(): NetworkMetrics
  /** Takes away interfaces, routes, rules, tables, settings, addresses. Throws  one Error naming all that failed. */
  cleanup(): Promise<void>
}

const TABLE = 'kites'
/** Up to here the event-driven watch of the table is cheap in memory. */
const MONITORED_FRONTENDS_MAX = 1000

export function createNetworkParts(options: NetworkOptions): NetworkParts {
  const { clock, random, log, clusterCIDR, serviceCIDR, informers } = options
  const stateDir = join(options.dataDir, 'network')
  const command = runCommand
  const [nodeIP = ''] = options.nodeIPs
  const network = new RoutedPodNetwork({ ...options, stateDir, nodeIP, command })
  const host = new HostNetwork({
    ...options,
    stateDir,
    nodeIP,
    command,
    nodes: informers.of('nodes'),
    podLeases: () => network.leases(),
  })
  const table = serviceTable(options, command)
  const services = informers.of('services')
  const endpointSlices = informers.of('endpointSlices')
  const proxier = new Proxier({
    table,
    services,
    endpointSlices,
    viewpoint: { nodeName: options.nodeName, ownAddresses: new Set([options.clusterDNS]) },
    pods: informers.of('pods', { fieldSelector: `spec.nodeName=${options.nodeName}` }),
    watchDamage: (onDamage, signal) =>
      watchTable(
        {
          table: `ip ${TABLE}`,
          onDamage,
          isLarge: () => table.state.frontendCount > MONITORED_FRONTENDS_MAX,
          timers: clock,
        },
        signal,
      ),
    clock,
    random,
    log,
  })
  const hostResolvConf = watchHostResolvConf(clock)
  const ownServers = new Set([options.clusterDNS])
  const networks = [clusterCIDR, serviceCIDR]
  const responder = new Responder({
    view: createInformerView({ services, endpointSlices, domain: options.clusterDomain, networks }),
    hasSynced: () => services.hasSynced && endpointSlices.hasSynced,
    forwarder: new Forwarder({
      upstreams: () => upstreamsOf(hostResolvConf(), ownServers),
      clock,
      random,
    }),
    random,
  })
  const dns = new DnsServer({
    address: options.clusterDNS,
    responder,
    clients: networks.map(parseNetwork).filter(each => each !== undefined),
    onOtherPort(port) {
      table.replace([], dnsBehind(options.clusterDNS, port))
      proxier.verifySoon()
    },
    command,
    clock,
    random,
    log,
  })
  return {
    network,
    parts: [host, proxier, dns],
    dockerRestarted: () => host.poke(),
    hostResolvConf,
    metrics: () => ({ proxy: proxier.metrics, dns: responder.metrics }),
    async cleanup() {
      try {
        await runAllSteps([
          () => network.removeAll(),
          () => host.remove(),
          () => table.remove(),
          () => dns.remove(),
        ])
      } finally {
        table.close()
      }
    },
  }
}

function serviceTable(options: NetworkOptions, command: RunCommand): ServiceTable {
  const { clock, log, clusterCIDR, serviceCIDR } = options
  const runner = createNftRunner({
    scratchDir: options.dataDir,
    timers: clock,
    onFallback: why => log.warn('libnftables cannot be used, running nft instead', { why }),
  })
  let isReported = false
  return new ServiceTable({
    runner,
    table: TABLE,
    host: {
      // Pods of other nodes never pass here on their way out, so naming all pods needs no waiting for our own share.
      podNetworks: [clusterCIDR],
      clusterNetworks: [clusterCIDR],
      serviceNetworks: [serviceCIDR],
    },
    command,
    onConntrackError(error) {
      if (!isReported) log.warn('stale UDP connections stay until they expire', { error })
      isReported = true
    },
  })
}

/** Cluster DNS on another port than its own. */
const dnsBehind = (address: string, port: number): readonly VirtualService[] =>
  (['udp', 'tcp'] as const).map(protocol => ({
    name: 'cluster-dns',
    frontend: { kind: 'address', address, protocol, port: 53 },
    backends: [{ address, port, local: false }],
    masquerade: 'never',
    empty: 'reject',
  }))

/** All of them, whatever fails: leaving one thing behind is no reason to leave the rest. */
async function runAllSteps(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: string[] = []
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      failures.push(messageOf(error))
    }
  }
  if (failures.length > 0) throw new Error(`the network left traces: ${failures.join('; ')}`)
}
