/**
 * PodNetwork over routed interfaces: address book, interface, teardown. Owns: pod interfaces and the address file.
 *
 * Law  All of it outlives this process: what runs is adopted, by file or, when that is lost, by what the kernel holds.
 *      Work for one pod is serialised; different pods go side by side.
 */
import { networkInterfaces } from 'node:os'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunCommand } from '#netfilter/command.ts'
import { findLeases, findLinks, plug, unplug } from './pod-link.ts'
import { PodAddressBook, type PodLease } from './pod-addresses.ts'
import type { PodAddresses, PodNetwork, SandboxRef } from './pod-network.ts'

export interface RoutedPodNetworkOptions {
  /** Folder for the address file. */
  readonly stateDir: string
  readonly nodeIP: string
  readonly clusterDNS: string
  readonly clusterDomain: string
  /** This node's share of the pod addresses; undefined until the control plane gave it one. */
  readonly getPodCIDR: () => string | undefined
  readonly command: RunCommand
}

const MTU_FALLBACK = 1500

export class RoutedPodNetwork implements PodNetwork {
  readonly clusterDNS: string
  readonly clusterDomain: string
  readonly #options: RoutedPodNetworkOptions
  readonly #busy = new Map<string, Promise<unknown>>()
  #book: Promise<PodAddressBook> | undefined

  constructor(options: RoutedPodNetworkOptions) {
    this.#options = options
    this.clusterDNS = options.clusterDNS
    this.clusterDomain = options.clusterDomain
  }

  setup(sandbox: SandboxRef): Promise<PodAddresses> {
    return this.#serialised(sandbox.podUID, async () => {
      const podCIDR = this.#options.getPodCIDR()
      if (podCIDR === undefined) throw new Error('this node has no pod network (podCIDR) yet')
      const book = await this.#openBook()
      const address = await book.acquire(sandbox.podUID, podCIDR)
      const mtu = await linkMtu(this.#options.nodeIP)
      const { podUID, pid } = sandbox
      await plug({ podUID, pid, address, mtu }, this.#options.command)
      return { podIPs: [address] }
    })
  }

  teardown(podUID: string): Promise<void> {
    return this.#serialised(podUID, async () => {
      // The address goes last: a pod without one has no interface, and a second teardown runs no program.
      if ((await this.leases()).some(lease => lease.podUID === podUID)) await this.#remove(podUID)
    })
  }

  async #remove(podUID: string): Promise<void> {
    await unplug(podUID, this.#options.command)
    await (await this.#openBook()).release(podUID)
  }

  /** Running or not. */
  async leases(): Promise<readonly PodLease[]> {
    return (await this.#openBook()).leases
  }

  async podUIDs(): Promise<readonly string[]> {
    const links = await findLinks(this.#options.command)
    return [...new Set([...links, ...(await this.leases())].map(({ podUID }) => podUID))]
  }

  /** Tears down every pod's interface: for uninstalling. */
  async removeAll(): Promise<void> {
    for (const uid of await this.podUIDs()) await this.#serialised(uid, () => this.#remove(uid))
  }

  #openBook(): Promise<PodAddressBook> {
    this.#book ??= this.#readBook().catch((error: unknown) => {
      // The next caller tries again.
      this.#book = undefined
      throw error
    })
    return this.#book
  }

  async #readBook(): Promise<PodAddressBook> {
    const found = await findLeases(this.#options.command)
    return PodAddressBook.open(join(this.#options.stateDir, 'pod-addresses.json'), found)
  }

  #serialised<Result>(podUID: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.#busy.get(podUID) ?? Promise.resolve()
    const result = before.then(task)
    const settle = async (): Promise<void> => {
      await result.catch(() => {})
      if (this.#busy.get(podUID) === settled) this.#busy.delete(podUID)
    }
    const settled = settle()
    this.#busy.set(podUID, settled)
    return result
  }
}

/** MTU of the interface that has the node's address: plain routes add nothing to a packet. */
async function linkMtu(nodeIP: string): Promise<number> {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ address }) => address === nodeIP),
  )
  if (found === undefined) return MTU_FALLBACK
  try {
    const mtu = Number(await readFile(`/sys/class/net/${found[0]}/mtu`, 'utf8'))
    // Loopback's 65536 helps nobody whose other hosts are beyond an ordinary wire.
    return found[0] !== 'lo' && mtu >= 1280 ? mtu : MTU_FALLBACK
  } catch {
    return MTU_FALLBACK
  }
}
