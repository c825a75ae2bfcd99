/**
 * Routes to the pods of other nodes, and for what no interface has. Decision pure; execution through `ip`.
 *
 * Hosts share a link: a node's pod network is reached through that node's own address. Two more routes keep strays at
 * home: this node's own pod network is unreachable where no pod has the address, and service addresses, which only
 * exist for packet filters, go to loopback, so that a host without a default route can use services too.
 *
 * Law  plan(plan applied) is empty; routes that stay are never touched. Only routes of our protocol are seen.
 */
import type { Node } from '#api/types/core-v1.ts'
import { parseAddress, parseNetwork } from '#netfilter/networks.ts'
import { INTERFACE_PREFIX, parseRows, ROUTE_PROTOCOL } from './pod-link.ts'

export interface Route {
  /** `10.42.1.0/24` */
  readonly destination: string
  readonly kind: 'via' | 'unreachable' | 'service'
  /** Gateway for `via`, source address for `service`, '' otherwise. */
  readonly address: string
}

export interface RouteChange {
  readonly kind: 'replace' | 'delete'
  readonly route: Route
}

export interface WantedRoutesInput {
  readonly nodeName: string
  readonly nodeIP: string
  readonly nodes: readonly Node[]
  readonly podCIDR: string | undefined
  readonly serviceCIDR: string
}

export function wantedRoutes(input: WantedRoutesInput): readonly Route[] {
  const { nodeName, nodeIP, nodes, podCIDR, serviceCIDR } = input
  const others = nodes
    .filter(node => node.metadata.name !== nodeName)
    .flatMap(node => routeTo(node, nodeIP))
  // Two nodes with one network are a fault of the past being mended: the first one seen keeps it.
  const distinct = new Map(others.toReversed().map(route => [route.destination, route]))
  if (podCIDR !== undefined && parseNetwork(podCIDR) !== undefined) {
    distinct.set(podCIDR, { destination: podCIDR, kind: 'unreachable', address: '' })
  }
  distinct.set(serviceCIDR, { destination: serviceCIDR, kind: 'service', address: nodeIP })
  return [...distinct.values()].toSorted((left, right) =>
    left.destination < right.destination ? -1 : 1,
  )
}

function routeTo(node: Node, nodeIP: string): readonly Route[] {
  const destination = node.spec?.podCIDR
  if (destination === undefined || parseNetwork(destination) === undefined) return []
  const gateway = internalIP(node)
  if (gateway === undefined || gateway === nodeIP) return []
  return [{ destination, kind: 'via', address: gateway }]
}

const internalIP = (node: Node): string | undefined =>
  node.status?.addresses?.find(
    ({ type, address }) => type === 'InternalIP' && parseAddress(address) !== undefined,
  )?.address

export function planRoutes(
  wanted: readonly Route[],
  listed: readonly Route[],
): readonly RouteChange[] {
  const keep = new Set(wanted.map(show))
  const have = new Set(listed.map(show))
  const destinations = new Set(wanted.map(route => route.destination))
  return [
    ...wanted
      .filter(route => !have.has(show(route)))
      .map(route => ({ kind: 'replace', route }) as const),
    // A replaced route is gone by itself.
    ...listed
      .filter(route => !keep.has(show(route)) && !destinations.has(route.destination))
      .map(route => ({ kind: 'delete', route }) as const),
  ]
}

const show = ({ destination, kind, address }: Route): string => `${kind} ${destination} ${address}`

/** Reads `ip -j -4 route show proto N`, leaving out the routes of single pods. */
export function parseRoutes(text: string): readonly Route[] {
  return parseRows(text).flatMap((row): readonly Route[] => {
    const { dst, dev, type, gateway, prefsrc } = row
    if (typeof dst !== 'string') return []
    if (typeof dev === 'string' && dev.startsWith(INTERFACE_PREFIX)) return []
    if (type === 'unreachable') return [{ destination: dst, kind: 'unreachable', address: '' }]
    if (typeof gateway === 'string') return [{ destination: dst, kind: 'via', address: gateway }]
    return [
      { destination: dst, kind: 'service', address: typeof prefsrc === 'string' ? prefsrc : '' },
    ]
  })
}

/** One line for `ip -batch -`. */
export function renderRouteChange({ kind, route }: RouteChange): string {
  const { destination, address } = route
  const suffix = `proto ${ROUTE_PROTOCOL}`
  const type = route.kind === 'unreachable' ? 'unreachable ' : ''
  if (kind === 'delete') return `route del ${type}${destination} ${suffix}`
  if (route.kind === 'unreachable') return `route replace unreachable ${destination} ${suffix}`
  return route.kind === 'via'
    ? `route replace ${destination} via ${address} ${suffix}`
    : `route replace ${destination} dev lo src ${address} ${suffix}`
}
