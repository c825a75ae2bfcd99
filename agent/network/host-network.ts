/**
 * The long-lived part that keeps the host fit for pods: kernel settings, routes to other nodes' pods, the way through
 * Docker's FORWARD chain. Owns: routes of our protocol number, our rules in the iptables back ends, the settings.
 *
 * Level-driven: every pass compares the whole with what is there. A pass follows each change of a Node at once, and
 * otherwise every few seconds, which costs a few milliseconds and mends what other programs took away (a Docker or
 * firewall restart, a network service that rewrites routes).
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Node } from '#api/types/core-v1.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Informer } from '#client/informer.ts'
import type { RunCommand } from '#netfilter/command.ts'
import {
  ensureForwardRules,
  type ForwardRulesOptions,
  removeForwardRules,
} from '#netfilter/iptables/forward-rules.ts'
import { applyHostSettings, restoreHostSettings } from './host-settings.ts'
import {
  parseRoutes,
  planRoutes,
  renderRouteChange,
  type Route,
  wantedRoutes,
} from './node-routes.ts'
import type { PodLease } from './pod-addresses.ts'
import { hostRouteBatch, interfaceName, ROUTE_PROTOCOL, unrouted } from './pod-link.ts'

export interface HostNetworkOptions {
  readonly nodeName: string
  readonly nodeIP: string
  readonly stateDir: string
  readonly clusterCIDR: string
  readonly serviceCIDR: string
  readonly clusterDNS: string
  readonly getPodCIDR: () => string | undefined
  readonly nodes: Informer<Node>
  /** Addresses of this node's pods. */
  readonly podLeases: () => Promise<readonly PodLease[]>
  readonly command: RunCommand
  readonly clock: Clock
  readonly log: Logger
}

const PASS_INTERVAL_MS = 10_000
const FIREWALLD_INTERVAL_MS = 600_000
const DNS_PORT = 53

export class HostNetwork implements Part {
  readonly name = 'host-network'
  readonly #options: HostNetworkOptions
  #wake: (() => void) | undefined
  #firewalldCheckMs = Number.NEGATIVE_INFINITY
  #hasWarned = false
  /** What went wrong last, so that a lasting fault is one line and not one every pass. */
  readonly #faults = new Map<string, string>()

  constructor(options: HostNetworkOptions) {
    this.#options = options
  }

  /** Asks for a pass now: call it when Docker came back. */
  poke(): void {
    this.#wake?.()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, nodes } = this.#options
    const stop = nodes.addHandler({
      onAdd: () => this.poke(),
      // Not for each heartbeat of each node.
      onUpdate: (before, after) => {
        if (gatewayOf(before) !== gatewayOf(after)) this.poke()
      },
      onDelete: () => this.poke(),
    })
    try {
      while (!signal.aborted) {
        const woken = new AbortController()
        this.#wake = () => woken.abort()
        await this.pass()
        await clock.sleep(PASS_INTERVAL_MS, AbortSignal.any([signal, woken.signal]))
      }
    } finally {
      stop()
      this.#wake = undefined
    }
  }

  /** One comparison of everything. Faults are logged; the next pass tries again. */
  async pass(): Promise<void> {
    await this.#attempt('kernel settings', () => applyHostSettings(this.#settings()))
    await this.#attempt('forward rules', async () => {
      const count = await ensureForwardRules(this.#forward())
      if (count > 0) this.#options.log.info('forward rules restored', { count })
    })
    await this.#attempt('routes', async () => {
      const listing = await this.#listRoutes()
      await this.#restorePodRoutes(listing)
      await this.#syncRoutes(parseRoutes(listing))
    })
    await this.#attempt('firewalld', () => this.#lookForFirewalld())
  }

  /** Leaves nothing behind. */
  async remove(): Promise<void> {
    const { command } = this.#options
    await removeForwardRules(this.#forward())
    const changes = planRoutes([], parseRoutes(await this.#listRoutes()))
    await command(['ip', '-force', '-batch', '-'], {
      input: changes.map(change => `${renderRouteChange(change)}\n`).join(''),
    })
    await restoreHostSettings(this.#settings())
  }

  /** A network service that was restarted may have swept them away; the pods are still there. */
  async #restorePodRoutes(listing: string): Promise<void> {
    const { podLeases, command, log } = this.#options
    const lost = unrouted(await podLeases(), listing).filter(({ podUID }) =>
      existsSync(`/sys/class/net/${interfaceName(podUID)}`),
    )
    if (lost.length === 0) return
    const input = lost.map(hostRouteBatch).join('')
    const { code } = await command(['ip', '-force', '-batch', '-'], { input })
    if (code === 0) log.info('routes of pods restored', { count: lost.length })
  }

  /** Its rules cannot be opened by rules of others: the operator is told, once. */
  async #lookForFirewalld(): Promise<void> {
    const { clock, command, clusterCIDR, serviceCIDR, log } = this.#options
    if (clock.monotonic() < this.#firewalldCheckMs) return
    this.#firewalldCheckMs = clock.monotonic() + FIREWALLD_INTERVAL_MS
    const listed = await command(['nft', 'list', 'table', 'inet', 'firewalld'])
    const isOpen = listed.code !== 0 || listed.stdout.includes(clusterCIDR)
    if (!isOpen && !this.#hasWarned) {
      const sources = `--add-source=${clusterCIDR} --add-source=${serviceCIDR}`
      log.warn('firewalld runs on this host and may refuse what pods send', {
        remedy: `firewall-cmd --permanent --zone=trusted ${sources} && firewall-cmd --reload`,
      })
    }
    this.#hasWarned = !isOpen
  }

  async #syncRoutes(listed: readonly Route[]): Promise<void> {
    const { nodes, command, log } = this.#options
    // Before the first list nothing is known about other nodes: their routes stay as they are.
    const known = nodes.hasSynced ? nodes.list() : []
    const wanted = wantedRoutes({ ...this.#options, nodes: known, podCIDR: this.#podCIDR() })
    const changes = planRoutes(wanted, listed).filter(
      change => nodes.hasSynced || change.kind === 'replace',
    )
    if (changes.length === 0) return
    // -force: one route that cannot be (a node on another link) must not keep the others away.
    const result = await command(['ip', '-force', '-batch', '-'], {
      input: changes.map(change => `${renderRouteChange(change)}\n`).join(''),
    })
    log.info('routes changed', { routes: changes.map(renderRouteChange) })
    if (result.code !== 0) {
      throw new Error(
        `some routes were refused (are all nodes on one link?): ${result.stderr.trim()}`,
      )
    }
  }

  async #listRoutes(): Promise<string> {
    const { command } = this.#options
    const argv = ['ip', '-j', '-4', 'route', 'show', 'proto', String(ROUTE_PROTOCOL)]
    return (await command(argv)).stdout
  }

  #podCIDR(): string | undefined {
    return this.#options.getPodCIDR()
  }

  #settings(): Parameters<typeof applyHostSettings>[0] {
    const { stateDir, log } = this.#options
    return { stateFile: join(stateDir, 'host-settings.json'), log }
  }

  #forward(): ForwardRulesOptions {
    const { command, clusterCIDR, clusterDNS: address } = this.#options
    const hostServers = [
      { address, protocol: 'udp', port: DNS_PORT } as const,
      { address, protocol: 'tcp', port: DNS_PORT } as const,
    ]
    return { command, clusterNetworks: [clusterCIDR], hostServers, isLegacyInUse }
  }

  async #attempt(what: string, task: () => Promise<void>): Promise<void> {
    try {
      await task()
      this.#faults.delete(what)
    } catch (error) {
      const message = messageOf(error)
      if (this.#faults.get(what) !== message) {
        this.#options.log.error('host network is incomplete', { what, error })
      }
      this.#faults.set(what, message)
    }
  }
}

/** What routes make of a node. */
const gatewayOf = ({ spec, status }: Node): string =>
  JSON.stringify([spec?.podCIDR, status?.addresses])

/** The legacy back end lists its tables here once somebody used it. */
async function isLegacyInUse(): Promise<boolean> {
  try {
    return (await readFile('/proc/net/ip_tables_names', 'utf8')).includes('filter')
  } catch {
    return false
  }
}
