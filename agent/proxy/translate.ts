/**
 * From Services and EndpointSlices to virtual services, as this node sees them. Pure.
 *
 * Law  Only endpoints that are ready get new connections; where there is none, those that still serve while they end.
 *      `Local` policies see this node's endpoints only; but clients on this node and in pods always reach an external
 *      address through all endpoints.
 * Source: kubernetes pkg/proxy/serviceport.go, endpointslicecache.go, topology.go CategorizeEndpoints. Differs: IPv4
 *         only; topology hints are not followed.
 */
import { isTerminalPhase } from '#api/pod-phase.ts'
import type { Pod, Service, ServicePort } from '#api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '#api/types/discovery-v1.ts'
import type { Backend, Frontend, Protocol, VirtualService } from '#netfilter/model.ts'
import { parseAddress } from '#netfilter/networks.ts'

export interface Viewpoint {
  readonly nodeName: string
  /** Service addresses that this node answers itself (cluster DNS). */
  readonly ownAddresses: ReadonlySet<string>
}

/** A Service with this label belongs to another proxy. */
const PROXY_NAME_LABEL = 'service.kubernetes.io/service-proxy-name'
const AFFINITY_SECONDS_DEFAULT = 10_800
/** External addresses and host ports are chosen by whoever writes the object: cluster addresses and node ports, which
 * are allocated, come first, or anybody could take the API server's address. */
const CHOSEN_RANK = 1

/** All frontends of one Service. `slices` are the Service's own. */
export function translateService(
  service: Service,
  slices: readonly EndpointSlice[],
  viewpoint: Viewpoint,
): readonly VirtualService[] {
  if (!isProxied(service)) return []
  return (service.spec?.ports ?? []).flatMap(port => {
    const protocol = protocolOf(port.protocol)
    if (protocol === undefined) return []
    return translatePort({
      service,
      port,
      protocol,
      ends: endpointsOf({ slices, port, nodeName: viewpoint.nodeName }),
      ownAddresses: viewpoint.ownAddresses,
    })
  })
}

function isProxied({ spec, metadata }: Service): boolean {
  if (spec === undefined || spec.type === 'ExternalName') return false
  return spec.clusterIP !== 'None' && metadata.labels?.[PROXY_NAME_LABEL] === undefined
}

interface Ends {
  readonly cluster: readonly Backend[]
  readonly local: readonly Backend[]
}

interface PortInput {
  readonly service: Service
  readonly port: ServicePort
  readonly protocol: Protocol
  readonly ends: Ends
  readonly ownAddresses: ReadonlySet<string>
}

function translatePort(input: PortInput): readonly VirtualService[] {
  const { service, port, protocol, ends, ownAddresses } = input
  const { spec, status } = service
  const at = (address: string): Frontend => ({
    kind: 'address',
    address,
    protocol,
    port: port.port,
  })
  const common = { name: nameOf(service, port), ...affinityOf(service) }
  const internal = { ...common, ...internalWay(service, ends) }
  const external = { ...common, ...externalWay(service, ends) }
  const balancers = (status?.loadBalancer?.ingress ?? [])
    .filter(({ ipMode }) => ipMode !== 'Proxy')
    .flatMap(({ ip }) => (ip === undefined ? [] : [ip]))
  const ranges = spec?.loadBalancerSourceRanges ?? []
  const restricted = ranges.length === 0 ? {} : { sourceRanges: ranges }
  const clusterIPs = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP])
  const isUsable = (address: string): boolean =>
    parseAddress(address) !== undefined && !ownAddresses.has(address)
  return [
    ...clusterIPs.filter(isUsable).map(ip => ({ ...internal, frontend: at(ip) })),
    ...(spec?.externalIPs ?? [])
      .filter(isUsable)
      .map(ip => ({ ...external, rank: CHOSEN_RANK, frontend: at(ip) })),
    ...balancers
      .filter(isUsable)
      .map(ip => ({ ...external, ...restricted, rank: CHOSEN_RANK, frontend: at(ip) })),
    ...(port.nodePort === undefined || port.nodePort === 0
      ? []
      : [{ ...external, frontend: { kind: 'node-port', protocol, port: port.nodePort } as const }]),
  ]
}

type Way = Pick<VirtualService, 'backends' | 'insideBackends' | 'masquerade' | 'empty'>

/** Nobody here, but elsewhere: the client shall try elsewhere, not be told that the service is down. */
const emptyAction = ({ cluster }: Ends): VirtualService['empty'] =>
  cluster.length > 0 ? 'drop' : 'reject'

const internalWay = ({ spec }: Service, ends: Ends): Way =>
  spec?.internalTrafficPolicy === 'Local'
    ? { backends: ends.local, masquerade: 'outside', empty: emptyAction(ends) }
    : { backends: ends.cluster, masquerade: 'outside', empty: 'reject' }

const externalWay = ({ spec }: Service, ends: Ends): Way =>
  spec?.externalTrafficPolicy === 'Local'
    ? {
        backends: ends.local,
        insideBackends: ends.cluster,
        masquerade: 'never',
        empty: emptyAction(ends),
      }
    : { backends: ends.cluster, masquerade: 'always', empty: 'reject' }

const nameOf = ({ metadata }: Service, port: ServicePort): string =>
  `${metadata.namespace ?? ''}/${metadata.name ?? ''}${port.name === undefined ? '' : `:${port.name}`}`

function affinityOf({ spec }: Service): { readonly affinitySeconds?: number } {
  if (spec?.sessionAffinity !== 'ClientIP') return {}
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  return { affinitySeconds: seconds ?? AFFINITY_SECONDS_DEFAULT }
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' }
const protocolOf = (protocol: string | undefined): Protocol | undefined =>
  PROTOCOLS[protocol ?? 'TCP']

interface Candidate {
  readonly backend: Backend
  readonly isReady: boolean
  readonly isLastResort: boolean
}

interface EndpointsInput {
  readonly slices: readonly EndpointSlice[]
  readonly port: ServicePort
  readonly nodeName: string
}

function endpointsOf(input: EndpointsInput): Ends {
  const candidates = candidatesOf(input)
  const chosen = (list: readonly Candidate[]): readonly Backend[] => {
    const ready = list.filter(candidate => candidate.isReady)
    const usable = ready.length > 0 ? ready : list.filter(candidate => candidate.isLastResort)
    return usable.map(candidate => candidate.backend)
  }
  return {
    cluster: chosen(candidates),
    local: chosen(candidates.filter(candidate => candidate.backend.local)),
  }
}

/** One per address and port: an endpoint may stand in two slices while it moves between them. */
function candidatesOf({ slices, port, nodeName }: EndpointsInput): readonly Candidate[] {
  const candidates = new Map<string, Candidate>()
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue
    const match = (slice.ports ?? []).find(
      ({ name, protocol }) =>
        (name ?? '') === (port.name ?? '') && protocolOf(protocol) === protocolOf(port.protocol),
    )
    if (match?.port === undefined) continue
    for (const endpoint of slice.endpoints ?? []) {
      const candidate = candidateOf({ endpoint, port: match.port, nodeName })
      if (candidate === undefined) continue
      const key = `${candidate.backend.address}:${candidate.backend.port}`
      if (candidates.get(key)?.isReady !== true) candidates.set(key, candidate)
    }
  }
  return [...candidates.values()]
}

interface CandidateInput {
  readonly endpoint: Endpoint
  readonly port: number
  readonly nodeName: string
}

function candidateOf({ endpoint, port, nodeName }: CandidateInput): Candidate | undefined {
  const [address] = endpoint.addresses
  if (address === undefined || parseAddress(address) === undefined) return undefined
  const { ready = true, serving = ready, terminating = false } = endpoint.conditions ?? {}
  return {
    backend: { address, port, local: endpoint.nodeName === nodeName },
    isReady: ready,
    isLastResort: serving && terminating,
  }
}

/** Host ports of a pod on this node: frontends of the node with one backend each. */
export function translateHostPorts(
  pod: Pod,
  { ownAddresses }: Pick<Viewpoint, 'ownAddresses'>,
): readonly VirtualService[] {
  const { spec, status, metadata } = pod
  const podIP = status?.podIP
  if (spec === undefined || spec.hostNetwork === true || podIP === undefined) return []
  if (isTerminalPhase(status?.phase)) return []
  if (parseAddress(podIP) === undefined) return []
  return (spec.containers ?? []).flatMap(container =>
    (container.ports ?? []).flatMap(({ hostPort, hostIP, containerPort, protocol: text }) => {
      const protocol = protocolOf(text)
      if (hostPort === undefined || hostPort === 0 || protocol === undefined) return []
      if (hostIP !== undefined && ownAddresses.has(hostIP)) return []
      const isAny = hostIP === undefined || hostIP === '' || hostIP === '0.0.0.0'
      const frontend: Frontend = isAny
        ? { kind: 'node-port', protocol, port: hostPort }
        : { kind: 'address', address: hostIP, protocol, port: hostPort }
      return [
        {
          name: `pod ${metadata.namespace ?? ''}/${metadata.name ?? ''}`,
          rank: CHOSEN_RANK,
          frontend,
          backends: [{ address: podIP, port: containerPort, local: true }],
          masquerade: 'never' as const,
          empty: 'reject' as const,
        },
      ]
    }),
  )
}
