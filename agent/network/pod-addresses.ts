/**
 * Which pod has which address on this node. Decisions pure; `PodAddressBook` is the thin shell with the file.
 *
 * Law  A pod keeps its address until it is released. No two pods have the same. A freed address is the last to be given
 *      again, so that peers' memories of its former owner have time to fade.
 */
import {
  formatAddress,
  networkContains,
  networkSize,
  parseAddress,
  parseNetwork,
} from '#netfilter/networks.ts'
import { readJsonFile, writeJsonFile } from './durable-file.ts'

export interface PodLease {
  readonly podUID: string
  readonly address: string
}

/** Network address, the next (other systems' gateway) and the broadcast address are never given out. */
const RESERVED_LOW = 2

/**
 * The next free address after `last`, wrapping around.
 * Returns  undefined when all are taken. Throws  Error when `podCIDR` is not a network.
 */
export function nextAddress(
  podCIDR: string,
  used: ReadonlySet<string>,
  last: string | undefined,
): string | undefined {
  const network = parseNetwork(podCIDR)
  if (network === undefined) throw new Error(`not an IPv4 network: ${podCIDR}`)
  const span = networkSize(network) - RESERVED_LOW - 1
  const from = last === undefined ? undefined : parseAddress(last)
  const start =
    from !== undefined && networkContains(network, from)
      ? from - network.base - RESERVED_LOW + 1
      : 0
  for (let step = 0; step < span; step += 1) {
    const offset = (((start + step) % span) + span) % span
    const address = formatAddress(network.base + RESERVED_LOW + offset)
    if (!used.has(address)) return address
  }
  return undefined
}

export class PodAddressBook {
  readonly #path: string
  readonly #leases = new Map<string, string>()
  #last: string | undefined
  #tail: Promise<void> = Promise.resolve()

  private constructor(path: string) {
    this.#path = path
  }

  /** Reads the file; `found` (from the kernel's interfaces) fills in what it does not know. */
  static async open(path: string, found: readonly PodLease[]): Promise<PodAddressBook> {
    const book = new PodAddressBook(path)
    const stored = parseBook(await readJsonFile(path))
    book.#last = stored.last
    for (const { podUID, address } of [...stored.leases, ...found]) {
      const isTaken = [...book.#leases.values()].includes(address)
      if (!book.#leases.has(podUID) && !isTaken) book.#leases.set(podUID, address)
    }
    book.#last ??= highestOf([...book.#leases.values()])
    return book
  }

  get leases(): readonly PodLease[] {
    return [...this.#leases].map(([podUID, address]) => ({ podUID, address }))
  }

  /** The pod's address, a new one if it has none yet; durable when this resolves. */
  async acquire(podUID: string, podCIDR: string): Promise<string> {
    const existing = this.#leases.get(podUID)
    if (existing !== undefined) return existing
    const address = nextAddress(podCIDR, new Set(this.#leases.values()), this.#last)
    if (address === undefined) throw new Error(`no pod address left in ${podCIDR}`)
    this.#leases.set(podUID, address)
    this.#last = address
    try {
      await this.#save()
    } catch (error) {
      // Or the next call would hand it out as if it were durable.
      this.#leases.delete(podUID)
      throw error
    }
    return address
  }

  /** Returns  the address it had. */
  async release(podUID: string): Promise<string | undefined> {
    const address = this.#leases.get(podUID)
    if (address === undefined) return undefined
    this.#leases.delete(podUID)
    await this.#save()
    return address
  }

  /** One write at a time; each writes what is known when its turn comes. */
  #save(): Promise<void> {
    const saved = this.#tail.then(() =>
      writeJsonFile(this.#path, { last: this.#last, leases: this.leases }),
    )
    this.#tail = saved.catch(() => {})
    return saved
  }
}

/** Where the count is taken to have stopped when nobody remembers. */
const highestOf = (addresses: readonly string[]): string | undefined =>
  addresses.toSorted((left, right) => (parseAddress(left) ?? 0) - (parseAddress(right) ?? 0)).at(-1)

interface StoredBook {
  readonly last: string | undefined
  readonly leases: readonly PodLease[]
}

function parseBook(value: unknown): StoredBook {
  if (typeof value !== 'object' || value === null) return { last: undefined, leases: [] }
  const last = 'last' in value && typeof value.last === 'string' ? value.last : undefined
  const leases = 'leases' in value && Array.isArray(value.leases) ? value.leases : []
  return { last, leases: leases.filter(isLease) }
}

const isLease = (value: unknown): value is PodLease =>
  typeof value === 'object' &&
  value !== null &&
  'podUID' in value &&
  typeof value.podUID === 'string' &&
  'address' in value &&
  typeof value.address === 'string' &&
  parseAddress(value.address) !== undefined
