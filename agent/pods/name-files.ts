/**
 * What a pod's /etc/hosts and /etc/resolv.conf say. Pure.
 * Source: kubernetes pkg/kubelet/kubelet_pods.go managedHostsFileContent, pkg/kubelet/network/dns/dns.go
 */
import type { Pod } from '#api/types/core-v1.ts'

export interface HostsFacts {
  readonly podIPs: readonly string[]
  readonly hostname: string
  /** `hostname.subdomain.namespace.svc.cluster.local` when the pod has a subdomain. */
  readonly domainName: string
  /** The node's own file: what a pod in the host's network sees. */
  readonly nodeHosts: string
}

const HEADER = '# Kubernetes-managed hosts file.\n'
const HOST_NETWORK_HEADER = '# Kubernetes-managed hosts file (host network).\n'

export function hostsFile(pod: Pod, facts: HostsFacts): string {
  const aliases = (pod.spec?.hostAliases ?? [])
    .map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`)
    .join('')
  const extra = aliases === '' ? '' : `\n# Entries added by HostAliases.\n${aliases}`
  if (pod.spec?.hostNetwork === true) return `${HOST_NETWORK_HEADER}${facts.nodeHosts}${extra}`
  const names = facts.domainName === '' ? facts.hostname : `${facts.domainName}\t${facts.hostname}`
  return [
    HEADER,
    '127.0.0.1\tlocalhost\n',
    '::1\tlocalhost ip6-localhost ip6-loopback\n',
    'fe00::0\tip6-localnet\n',
    'fe00::0\tip6-mcastprefix\n',
    'fe00::1\tip6-allnodes\n',
    'fe00::2\tip6-allrouters\n',
    ...facts.podIPs.map(ip => `${ip}\t${names}\n`),
    extra,
  ].join('')
}

/** Linux allows 64 characters minus one; longer pod names are cut, and never end in a dash or dot. */
const HOSTNAME_MAX = 63

export function hostnameOf(pod: Pod): string {
  const { spec, metadata } = pod
  if (spec?.hostnameOverride !== undefined) return spec.hostnameOverride
  const name = spec?.hostname ?? ''
  return (name === '' ? (metadata.name ?? '') : name).slice(0, HOSTNAME_MAX).replace(/[-.]+$/u, '')
}

export function domainNameOf(pod: Pod, clusterDomain: string): string {
  const subdomain = pod.spec?.subdomain ?? ''
  if (subdomain === '' || pod.spec?.hostnameOverride !== undefined) return ''
  return `${hostnameOf(pod)}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`
}

export interface Resolver {
  readonly servers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
}

export interface ResolverFacts {
  readonly clusterDNS: string
  readonly clusterDomain: string
  /** The node's own resolv.conf, taken apart. */
  readonly node: Resolver
}

const SERVERS_MAX = 3
const SEARCHES_MAX = 32

export function resolverOf(pod: Pod, facts: ResolverFacts): Resolver {
  const { spec, metadata } = pod
  const base = baseResolver(policyOf(pod), metadata.namespace ?? '', facts)
  const extra = spec?.dnsConfig
  const options = new Map(base.options.map(option => [option.split(':')[0] ?? '', option]))
  for (const { name = '', value } of extra?.options ?? []) {
    options.set(name, value === undefined || value === '' ? name : `${name}:${value}`)
  }
  return {
    servers: unique([...base.servers, ...(extra?.nameservers ?? [])]).slice(0, SERVERS_MAX),
    searches: unique([...base.searches, ...(extra?.searches ?? [])]).slice(0, SEARCHES_MAX),
    options: [...options.values()],
  }
}

const unique = (items: readonly string[]): string[] => [...new Set(items)]

/** In the host's network, ClusterFirst means the node's own resolver. */
function policyOf({ spec }: Pod): string {
  const policy = spec?.dnsPolicy ?? 'ClusterFirst'
  return policy === 'ClusterFirst' && spec?.hostNetwork === true ? 'Default' : policy
}

function baseResolver(policy: string, namespace: string, facts: ResolverFacts): Resolver {
  if (policy === 'None') return { servers: [], searches: [], options: [] }
  if (policy === 'Default') return facts.node
  const domain = facts.clusterDomain
  return {
    servers: [facts.clusterDNS],
    searches: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain, ...facts.node.searches],
    options: ['ndots:5'],
  }
}

export const renderResolver = ({ servers, searches, options }: Resolver): string =>
  [
    ...(searches.length === 0 ? [] : [`search ${searches.join(' ')}\n`]),
    ...servers.map(server => `nameserver ${server}\n`),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}\n`]),
  ].join('')

export function parseResolver(text: string): Resolver {
  const servers: string[] = []
  let searches: string[] = []
  let options: string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...rest] = line
      .replace(/[#;].*$/u, '')
      .trim()
      .split(/\s+/u)
    if (keyword === 'nameserver' && rest[0] !== undefined) servers.push(rest[0])
    if (keyword === 'search') searches = rest
    if (keyword === 'options') options = [...options, ...rest]
  }
  // a lone dot is "no search list", not a domain
  return { servers, searches: searches.filter(search => search !== '.'), options }
}
