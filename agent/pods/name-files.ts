/**
 * A pod's names for itself: host name, domain, and what its /etc/hosts says. Pure.
 * Source: kubernetes pkg/kubelet/kubelet_pods.go managedHostsFileContent, GeneratePodHostNameAndDomain
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
