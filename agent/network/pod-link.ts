/**
 * A pod's interface: one end in the sandbox's network namespace, the other on this host, no bridge. Text of the `ip`
 * batches is pure; execution is through `ip` and `nsenter`.
 *
 * The host routes the pod's address to its end; the pod sends everything to 169.254.1.1, which no one has: a permanent
 * neighbour entry on each side names the other end's hardware address, so nothing ever waits for ARP.
 */
import { createHash } from 'node:crypto'
import type { RunCommand } from '#netfilter/command.ts'
import { parseAddress } from '#netfilter/networks.ts'
import { POD_INTERFACE_PREFIX } from '#netfilter/nftables/layout.ts'
import type { PodLease } from './pod-addresses.ts'

/** Marks routes as ours (an otherwise unused protocol number), so that cleaning up finds them all. */
export const ROUTE_PROTOCOL = 75
export const INTERFACE_PREFIX = POD_INTERFACE_PREFIX
const ALIAS_PREFIX = 'kites-pod:'
const GATEWAY = '169.254.1.1'
/** The same on every host end: they never share a link. Locally administered. */
const HOST_MAC = 'ee:ee:ee:ee:ee:ee'

export interface PodLink {
  readonly podUID: string
  readonly address: string
  readonly mtu: number
  /** Process whose network namespace is the pod's. */
  readonly pid: number
}

/** `kites` and ten digits: the 15 bytes that the kernel allows. */
export const interfaceName = (podUID: string): string =>
  `${INTERFACE_PREFIX}${createHash('sha256').update(podUID).digest('hex').slice(0, 10)}`

/** Derived from the address, so that it never changes while the address does not. */
const podMac = (address: string): string => {
  const value = parseAddress(address) ?? 0
  const bytes = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
  return ['0a', '58', ...bytes.map(byte => byte.toString(16).padStart(2, '0'))].join(':')
}

/** Lines for `ip -batch -` on the host. The pod's end is created in its namespace at once: no rename, no move. */
export const hostBatch = (link: PodLink): string => {
  const name = interfaceName(link.podUID)
  const peer = `peer name eth0 address ${podMac(link.address)} mtu ${link.mtu} netns ${link.pid}`
  return lines([
    `link add ${name} address ${HOST_MAC} mtu ${link.mtu} type veth ${peer}`,
    `link set ${name} alias ${ALIAS_PREFIX}${link.podUID}`,
    `link set ${name} addrgenmode none`,
    `link set ${name} up`,
    ...hostRoutes(link),
  ])
}

/** The part of it that can be repeated. */
export const hostRouteBatch = (link: PodLease): string => lines(hostRoutes(link))

const hostRoutes = ({ podUID, address }: PodLease): readonly string[] => [
  `route replace ${address}/32 dev ${interfaceName(podUID)} proto ${ROUTE_PROTOCOL}`,
  `neigh replace ${address} lladdr ${podMac(address)} dev ${interfaceName(podUID)} nud permanent`,
]

/** Lines for `ip -batch -` inside the pod. */
export const podBatch = ({ address }: PodLink): string =>
  lines([
    'link set lo up',
    'link set eth0 addrgenmode none',
    `addr replace ${address}/32 dev eth0`,
    'link set eth0 up',
    `neigh replace ${GATEWAY} lladdr ${HOST_MAC} dev eth0 nud permanent`,
    `route replace ${GATEWAY} dev eth0 scope link`,
    `route replace default via ${GATEWAY} dev eth0`,
  ])

const lines = (list: readonly string[]): string => list.map(line => `${line}\n`).join('')

/**
 * Connects the pod. Idempotent: a link that is there and works is kept, one that belongs to an earlier sandbox of the
 * same pod is replaced.
 */
export async function plug(link: PodLink, command: RunCommand): Promise<void> {
  const created = await command(['ip', '-batch', '-'], { input: hostBatch(link) })
  if (created.code !== 0 && !created.stderr.includes('File exists')) {
    throw new Error(`cannot create the interface of pod ${link.podUID}: ${said(created.stderr)}`)
  }
  if (created.code !== 0) {
    if (await isPlugged(link, command)) {
      await must(['ip', '-batch', '-'], hostRouteBatch(link), command)
      return
    }
    await unplug(link.podUID, command)
    await must(['ip', '-batch', '-'], hostBatch(link), command)
  }
  await must(inPod(link.pid, ['ip', '-batch', '-']), podBatch(link), command)
}

/** Takes the interface away, with it the pod's end, its routes and neighbours. Idempotent. */
export async function unplug(podUID: string, command: RunCommand): Promise<void> {
  const name = interfaceName(podUID)
  const result = await command(['ip', 'link', 'delete', name])
  if (result.code !== 0 && !result.stderr.includes('Cannot find device')) {
    throw new Error(`cannot delete interface ${name}: ${said(result.stderr)}`)
  }
}

const inPod = (pid: number, argv: readonly string[]): readonly string[] => [
  'nsenter',
  '-t',
  String(pid),
  '-n',
  ...argv,
]

/** Does this sandbox hold the other end, complete with address and way out? */
async function isPlugged(link: PodLink, command: RunCommand): Promise<boolean> {
  const show = ['ip', '-o', '-4', 'addr', 'show', 'dev', 'eth0']
  const addresses = await command(inPod(link.pid, show))
  const routes = await command(inPod(link.pid, ['ip', '-4', 'route', 'show', 'default']))
  const hostEnd = await command(['ip', '-j', 'link', 'show', 'dev', interfaceName(link.podUID)])
  return (
    addresses.stdout.includes(` ${link.address}/32 `) &&
    routes.stdout.includes(GATEWAY) &&
    hostEnd.stdout.includes('"LOWER_UP"')
  )
}

async function must(argv: readonly string[], input: string, command: RunCommand): Promise<void> {
  const result = await command(argv, { input })
  if (result.code !== 0) throw new Error(`${argv.join(' ')}: ${said(result.stderr)}`)
}

const said = (stderr: string): string => stderr.trim().split('\n').slice(0, 2).join('; ')

interface FoundLink {
  readonly name: string
  readonly podUID: string
}

/** Pod interfaces on this host, by the alias they carry. */
export async function findLinks(command: RunCommand): Promise<readonly FoundLink[]> {
  const result = await command(['ip', '-j', 'link', 'show', 'type', 'veth'])
  return parseRows(result.stdout).flatMap(row => {
    const { ifname, ifalias } = row
    return typeof ifname === 'string' &&
      typeof ifalias === 'string' &&
      ifalias.startsWith(ALIAS_PREFIX)
      ? [{ name: ifname, podUID: ifalias.slice(ALIAS_PREFIX.length) }]
      : []
  })
}

/** Addresses of running pods as the kernel knows them: for when the file was lost. */
export async function findLeases(command: RunCommand): Promise<readonly PodLease[]> {
  const links = await findLinks(command)
  const protocol = String(ROUTE_PROTOCOL)
  const routes = await command(['ip', '-j', '-4', 'route', 'show', 'proto', protocol])
  const addresses = new Map(parseRows(routes.stdout).map(row => [row.dev, row.dst]))
  return links.flatMap(({ name, podUID }) => {
    const address = addresses.get(name)
    return typeof address === 'string' ? [{ podUID, address }] : []
  })
}

/** Pods whose address is not routed to their interface, by `ip -j -4 route show proto N`. Pure. */
export function unrouted(leases: readonly PodLease[], listing: string): readonly PodLease[] {
  const routed = new Map(parseRows(listing).map(({ dst, dev }) => [dst, dev]))
  return leases.filter(({ podUID, address }) => routed.get(address) !== interfaceName(podUID))
}

type Row = Readonly<Record<string, unknown>>

/** `ip -j` prints nothing at all, or a list of objects, some of them empty. */
export function parseRows(text: string): readonly Row[] {
  if (text.trim() === '') return []
  const parsed: unknown = JSON.parse(text)
  return Array.isArray(parsed) ? parsed.filter(isRow) : []
}

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null
