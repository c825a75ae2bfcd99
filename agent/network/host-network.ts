/**
 * The long-lived part that keeps the host fit for pods: kernel settings, routes to other nodes' pods, the way through
 * Docker's FORWARD chain. Owns: routes of our protocol number, our rules in the iptables back ends, the settings.
 *
 * Level-driven: every pass compares the whole with what is there. A pass follows each change of a Node at once, and
 * otherwise every few seconds, which costs a few milliseconds and mends what other programs took away (a Docker or
 * firewall restart, a network service that rewrites routes).
 */
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
import { ROUTE_PROTOCOL } from './pod-link.ts'

export interface HostNetworkOptions {
  readonly nodeName: string
  readonly nodeIP: string
  readonly stateDir: string
  readonly clusterCIDR: string
  readonly serviceCIDR: string
  readonly clusterDNS: string
  readonly getPodCIDR: () => string | undefined
  readonly nodes: Informer<Node>
  readonly command: RunCommand
  readonly clock: Clock
  readonly log: Logger
}

const PASS_INTERVAL_MS = 10_000
const DNS_PORT = 53

export class HostNetwork implements Part {
  readonly name = 'host-network'
  readonly #options: HostNetworkOptions
  #wake: (() => void) | undefined
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
      onUpdate: () => this.poke(),
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
    await this.#attempt('routes', () => this.#syncRoutes())
  }

  /** Leaves nothing behind. */
  async remove(): Promise<void> {
    const { command } = this.#options
    await removeForwardRules(this.#forward())
    const changes = planRoutes([], await this.#listRoutes())
    await command(['ip', '-force', '-batch', '-'], {
      input: changes.map(change => `${renderRouteChange(change)}\n`).join(''),
    })
    await restoreHostSettings(this.#settings())
  }

  async #syncRoutes(): Promise<void> {
    const { nodes, command, log } = this.#options
    const listed = await this.#listRoutes()
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

  async #listRoutes(): Promise<readonly Route[]> {
    const { command } = this.#options
    const argv = ['ip', '-j', '-4', 'route', 'show', 'proto', String(ROUTE_PROTOCOL)]
    return parseRoutes((await command(argv)).stdout)
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

/** The legacy back end lists its tables here once somebody used it. */
async function isLegacyInUse(): Promise<boolean> {
  try {
    return (await readFile('/proc/net/ip_tables_names', 'utf8')).includes('filter')
  } catch {
    return false
  }
}
