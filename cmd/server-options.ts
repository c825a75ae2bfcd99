/** Turns the flags of `kites server` into the options of its parts; says what is wrong with them. Reads token files. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { formatNetwork, hostAddress, parseNetwork, sizeOfNetwork } from '#api/ipv4.ts'
import { messageOf } from '#base/errors.ts'
import { UsageError, type FlagValues } from './flags.ts'
import { nodeIPsOf, nodeNameOf } from './host.ts'
import type { SERVER_FLAGS } from './server-flags.ts'

export interface ServerOptions {
  readonly debug: boolean
  readonly dataDir: string
  readonly bindAddress: string
  readonly port: number
  readonly advertiseAddress: string
  readonly advertisePort: number
  readonly tlsSans: readonly string[]
  readonly clusterCIDR: string
  readonly serviceCIDR: string
  readonly nodePortRange: { readonly first: number; readonly last: number }
  readonly clusterDNS: string
  readonly clusterDomain: string
  readonly hidesOldVersions: boolean
  /** First address of the service CIDR: the ClusterIP of default/kubernetes. */
  readonly apiServiceIP: string
  readonly kubeconfig: { readonly path: string; readonly mode: number }
  readonly token: string | undefined
  readonly agentToken: string | undefined
  readonly agent: boolean
  readonly nodeName: string
  readonly nodeIPs: readonly string[]
  /** For the agent alone, which says what is wrong with them. */
  readonly node: {
    readonly labels: readonly string[]
    readonly taints: readonly string[]
    readonly dockerSocket: string
  }
}

/** What this server tells others to reach it by, or itself when nobody else can. */
export const listeningAddress = ({ bindAddress, advertiseAddress }: ServerOptions): string =>
  /^(127\.|::1$)/.test(bindAddress) ? bindAddress : advertiseAddress

/** Where this host itself reaches the API. */
export const loopbackOf = ({ bindAddress }: ServerOptions): string =>
  bindAddress === '0.0.0.0' ? '127.0.0.1' : bindAddress

/** False for addresses that mean all interfaces, or none but this host's own. */
const isReachable = (bindAddress: string): boolean =>
  !/^(127\.|0\.0\.0\.0$|::1?$)/.test(bindAddress)

/** Throws UsageError naming the flag. */
export function serverOptionsOf(values: FlagValues<typeof SERVER_FLAGS>): ServerOptions {
  const nodeIPs = nodeIPsOf(values['node-ip'])
  const serviceCIDR = cidr('service-cidr', values['service-cidr'])
  const clusterCIDR = cidr('cluster-cidr', values['cluster-cidr'])
  const advertiseAddress =
    values['advertise-address'] ??
    (isReachable(values['bind-address']) ? values['bind-address'] : (nodeIPs[0] ?? ''))
  requireAddress('bind-address', values['bind-address'])
  requireAddress('advertise-address', advertiseAddress)
  requirePort('https-listen-port', values['https-listen-port'])
  requirePort('advertise-port', values['advertise-port'] ?? values['https-listen-port'])
  const clusterDNS = values['cluster-dns'] ?? hostAddress(serviceCIDR.text, 10)
  requireAddress('cluster-dns', clusterDNS)
  requireDisjoint(clusterCIDR, serviceCIDR)
  return {
    debug: values.debug,
    dataDir: values['data-dir'],
    bindAddress: values['bind-address'],
    port: values['https-listen-port'],
    advertiseAddress,
    advertisePort: values['advertise-port'] ?? values['https-listen-port'],
    tlsSans: values['tls-san'],
    clusterCIDR: clusterCIDR.text,
    serviceCIDR: serviceCIDR.text,
    nodePortRange: portRange(values['service-node-port-range']),
    clusterDNS,
    clusterDomain: domain(values['cluster-domain']),
    hidesOldVersions: values['disable-old-api-versions'],
    apiServiceIP: hostAddress(serviceCIDR.text, 1),
    kubeconfig: {
      path: values['write-kubeconfig'],
      mode: fileMode(values['write-kubeconfig-mode']),
    },
    token: secretOf(values.token, values['token-file'], 'token-file'),
    agentToken: secretOf(values['agent-token'], values['agent-token-file'], 'agent-token-file'),
    agent: !values['disable-agent'],
    nodeName: nodeNameOf(values['node-name']),
    nodeIPs,
    node: {
      labels: values['node-label'],
      taints: values['node-taint'],
      dockerSocket: values['docker-socket'],
    },
  }
}

function requireAddress(flag: string, text: string): void {
  if (isIP(text) === 0) throw new UsageError(`--${flag} is an IP address, not "${text}"`)
}

function requirePort(flag: string, port: number): void {
  if (port < 1 || port > 65535)
    throw new UsageError(`--${flag} is a port from 1 to 65535, not ${port}`)
}

function requireDisjoint(pods: Cidr, services: Cidr): void {
  const isApart =
    pods.base + pods.span <= services.base || services.base + services.span <= pods.base
  if (isApart) return
  throw new UsageError(
    `--cluster-cidr ${pods.text} and --service-cidr ${services.text} overlap; choose two networks that do not`,
  )
}

const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

function domain(text: string): string {
  if (text.length <= 253 && DOMAIN.test(text)) return text
  throw new UsageError(`--cluster-domain is a domain such as cluster.local, not "${text}"`)
}

/** A secret given itself or by file. Throws UsageError when the file cannot be read. */
export function secretOf(
  given: string | undefined,
  file: string | undefined,
  flag: string,
): string | undefined {
  if (given !== undefined || file === undefined) return given
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`--${flag}: ${messageOf(error)}`)
  }
}

interface Cidr {
  readonly text: string
  readonly base: number
  /** Number of addresses. */
  readonly span: number
}

function cidr(flag: string, text: string): Cidr {
  const [address = '', bits = ''] = text.split('/')
  const size = Number(bits)
  if (isIP(address) !== 4 || !/^\d{1,2}$/.test(bits) || size < 8 || size > 28) {
    throw new UsageError(`--${flag} is an IPv4 network such as 10.42.0.0/16, not "${text}"`)
  }
  const network = parseNetwork(text)
  return { text: formatNetwork(network), base: network.base, span: sizeOfNetwork(size) }
}

function portRange(text: string): { first: number; last: number } {
  const match = /^(\d+)-(\d+)$/.exec(text)
  const first = Number(match?.[1])
  const last = Number(match?.[2])
  if (first >= 1 && first <= last && last <= 65535) return { first, last }
  throw new UsageError(`--service-node-port-range is two ports such as 30000-32767, not "${text}"`)
}

function fileMode(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8)
  throw new UsageError(`--write-kubeconfig-mode is an octal mode such as 0600, not "${text}"`)
}
