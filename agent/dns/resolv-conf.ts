/**
 * resolv.conf: reading the host's, choosing which file is the host's, and writing a pod's. Pure.
 * Source: kubernetes pkg/kubelet/network/dns/dns.go
 */
import { isIP } from 'node:net'
import type { PodDNSConfig } from '#api/types/core-v1.ts'

export interface ResolvConf {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  /** `ndots:5`, `edns0` */
  readonly options: readonly string[]
}

const NAMESERVERS_MAX = 3
const SEARCHES_MAX = 32
const SEARCH_BYTES_MAX = 2048

export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  let searches: readonly string[] = []
  let options: readonly string[] = []
  for (const line of text.split('\n')) {
    const [word, ...rest] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/)
    if (word === 'nameserver' && rest[0] !== undefined) nameservers.push(rest[0])
    // The last one counts, as in the C library.
    if ((word === 'search' || word === 'domain') && rest.length > 0) searches = rest
    if (word === 'options') options = [...options, ...rest]
  }
  return { nameservers, searches: searches.filter(name => name !== '.'), options }
}

export function renderResolvConf({ nameservers, searches, options }: ResolvConf): string {
  return [
    ...nameservers.map(address => `nameserver ${address}\n`),
    ...(searches.length === 0 ? [] : [`search ${searches.join(' ')}\n`]),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}\n`]),
  ].join('')
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

/** Where systemd-resolved keeps the real servers while /etc/resolv.conf names its stub. */
export const RESOLV_CONF_FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'] as const

/** The first file that names a server others can reach too; the first of all when none does. */
export function chooseResolvConf(candidates: readonly (ResolvConf | undefined)[]): ResolvConf {
  const found = candidates.filter(candidate => candidate !== undefined)
  const usable = found.find(({ nameservers }) => nameservers.some(address => !isLoopback(address)))
  return usable ?? found[0] ?? { nameservers: [], searches: [], options: [] }
}

/**
 * Servers to forward to: at most three, and never one that is this server itself, which would ask itself for ever.
 */
export const upstreamsOf = (
  conf: ResolvConf,
  ownAddresses: ReadonlySet<string>,
): readonly string[] =>
  conf.nameservers
    .filter(address => isIP(address) !== 0 && !ownAddresses.has(address))
    .slice(0, NAMESERVERS_MAX)

export interface PodResolvConfInput {
  readonly namespace: string
  /** `ClusterFirst` when absent. */
  readonly dnsPolicy: string | undefined
  readonly dnsConfig: PodDNSConfig | undefined
  readonly hostNetwork: boolean
  readonly clusterDNS: string
  readonly clusterDomain: string
  /** The host's own, as `chooseResolvConf` gives it. */
  readonly host: ResolvConf
}

/** The text of a pod's resolv.conf. */
export function podResolvConf(input: PodResolvConfInput): string {
  const base = baseOf(input)
  const { dnsConfig } = input
  return renderResolvConf({
    nameservers: distinct([...base.nameservers, ...(dnsConfig?.nameservers ?? [])]).slice(
      0,
      NAMESERVERS_MAX,
    ),
    searches: boundSearches(distinct([...base.searches, ...(dnsConfig?.searches ?? [])])),
    options: mergeOptions(base.options, dnsConfig?.options ?? []),
  })
}

function baseOf(input: PodResolvConfInput): ResolvConf {
  const { namespace, hostNetwork, clusterDNS, clusterDomain, host } = input
  const policy = input.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'None') return { nameservers: [], searches: [], options: [] }
  if (policy === 'Default' || (policy === 'ClusterFirst' && hostNetwork)) return host
  const services = `svc.${clusterDomain}`
  return {
    nameservers: [clusterDNS],
    searches: [`${namespace}.${services}`, services, clusterDomain, ...host.searches],
    options: ['ndots:5'],
  }
}

const distinct = (list: readonly string[]): readonly string[] => [...new Set(list)]

function boundSearches(searches: readonly string[]): readonly string[] {
  const kept: string[] = []
  let size = 0
  for (const name of searches.slice(0, SEARCHES_MAX)) {
    size += name.length + 1
    if (size > SEARCH_BYTES_MAX) break
    kept.push(name)
  }
  return kept
}

/** An option of the pod replaces the one of the same name. */
function mergeOptions(
  base: readonly string[],
  extra: readonly { readonly name?: string; readonly value?: string }[],
): readonly string[] {
  const merged = new Map(base.map(option => [option.split(':')[0] ?? option, option]))
  for (const { name, value } of extra) {
    if (name === undefined) continue
    merged.set(name, value === undefined || value === '' ? name : `${name}:${value}`)
  }
  return [...merged.values()]
}
