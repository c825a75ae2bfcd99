/**
 * The part of the ruleset that every node has, whatever its services: base chains, empty maps, host networks. Pure.
 *
 * How a packet finds its backend, with a constant number of lookups whatever the number of services:
 *
 *     prerouting -> map `service` [address . protocol . port] -> chain `service-outside-3`  (3 backends)
 *       -> marks foreign clients for masquerading, draws one of 3 -> chain `service-slot-1`
 *       -> map `service-backend-1` [address . protocol . port] -> 10.42.0.7 . 8080
 *
 * All that differs between services is elements of maps. A chain per service would be plainer, but then each change,
 * however small, makes libnftables read every chain and set of the table (50 ms at 10,000 services, against 0.3 to
 * 1.6 ms this way), and loading takes twenty times as long.
 *
 * Four dispatches share that shape: `service` by address, `node-port` by port, and for each an `inside` one, asked
 * first for clients in the cluster, because some services send those to other backends.
 */
import type { HostNetworks } from '../model.ts'
import { distinctNetworks } from '../networks.ts'
import {
  type BaseHook,
  type Chain,
  chain,
  NODE_PORT_KEY,
  type NftObject,
  type NftSet,
  SERVICE_KEY,
  verdictMap,
} from './objects.ts'
import type { Field, Rule, Statement } from './statement.ts'

/** Bit of the conntrack mark that asks for masquerading. Connections keep it; packets' marks stay untouched. */
export const MASQUERADE_BIT = 0x4000

export interface Dispatch {
  readonly name: 'service' | 'service-inside' | 'node-port' | 'node-port-inside'
  readonly field: Field
  /** nft type of its keys. */
  readonly key: string
}

const SERVICE_FIELD: Field = 'ip daddr . meta l4proto . th dport'
const NODE_PORT_FIELD: Field = 'meta l4proto . th dport'

export const DISPATCHES = {
  service: { name: 'service', field: SERVICE_FIELD, key: SERVICE_KEY },
  serviceInside: { name: 'service-inside', field: SERVICE_FIELD, key: SERVICE_KEY },
  nodePort: { name: 'node-port', field: NODE_PORT_FIELD, key: NODE_PORT_KEY },
  nodePortInside: { name: 'node-port-inside', field: NODE_PORT_FIELD, key: NODE_PORT_KEY },
} as const satisfies Readonly<Record<string, Dispatch>>

/** Interfaces of pods on this host, as nft and iptables name a prefix: `${POD_INTERFACE_PREFIX}*`, `...+`. */
export const POD_INTERFACE_PREFIX = 'kites'
const POD_INTERFACES = `${POD_INTERFACE_PREFIX}*`

/** Sets with fixed names, so that compilers of services and of the host agree. */
export const SETS = {
  hairpin: 'hairpin',
  restricted: 'restricted',
  allowedSources: 'allowed-sources',
  podNetworks: 'pod-networks',
  clusterNetworks: 'cluster-networks',
  serviceNetworks: 'service-networks',
} as const

/** Frontends without backends: what is done with their new connections. */
export const EMPTY_SETS = {
  address: { reject: 'service-reject', drop: 'service-drop' },
  'node-port': { reject: 'node-port-reject', drop: 'node-port-drop' },
} as const

const REFUSE = 'refuse'

const lookup = (dispatch: Dispatch): Statement => ({
  kind: 'verdict-map',
  field: dispatch.field,
  map: dispatch.name,
})
const toThisNode: Statement = { kind: 'match', field: 'fib daddr type', value: 'local' }
const notToThisNode: Statement = {
  kind: 'match',
  field: 'fib daddr type',
  not: true,
  value: 'local',
}
const fromCluster: Statement = { kind: 'in-set', field: 'ip saddr', set: SETS.clusterNetworks }
/** What stays on loopback needs no other source address. */
const offThisNode: Statement = { kind: 'match', field: 'oifname', not: true, value: '"lo"' }
const isNew: Statement = { kind: 'match', field: 'ct state', value: 'new' }
const drop: Statement = { kind: 'drop' }
const refuse: Statement = { kind: 'goto', chain: REFUSE }
const masquerade: Statement = { kind: 'masquerade' }
const serviceIn = (set: string): Statement => ({ kind: 'in-set', field: SERVICE_FIELD, set })
const nodePortIn = (set: string): Statement => ({ kind: 'in-set', field: NODE_PORT_FIELD, set })

const refuseAddresses: readonly Rule[] = [
  [isNew, serviceIn(EMPTY_SETS.address.reject), refuse],
  [isNew, serviceIn(EMPTY_SETS.address.drop), drop],
]
const refuseNodePorts: readonly Rule[] = [
  [isNew, toThisNode, nodePortIn(EMPTY_SETS['node-port'].reject), refuse],
  [isNew, toThisNode, nodePortIn(EMPTY_SETS['node-port'].drop), drop],
]
/** An address of the service networks that nothing translated has no such port, or no service at all. */
const refuseUnused: Rule = [
  isNew,
  { kind: 'in-set', field: 'ip daddr', set: SETS.serviceNetworks },
  notToThisNode,
  refuse,
]
const checkSource: Rule = [
  serviceIn(SETS.restricted),
  {
    kind: 'in-set',
    field: 'ip daddr . meta l4proto . th dport . ip saddr',
    not: true,
    set: SETS.allowedSources,
  },
  drop,
]

const hook = (
  type: BaseHook['type'],
  name: BaseHook['hook'],
  order: { readonly priority: number },
): BaseHook => ({ type, hook: name, priority: order.priority })

/** Order is data: chains that must exist before they are named come first. */
const CHAINS: readonly Chain[] = [
  chain(REFUSE, [
    [
      { kind: 'match', field: 'meta l4proto', value: 'tcp' },
      { kind: 'reject', with: 'tcp reset' },
    ],
    [{ kind: 'reject', with: 'icmp port-unreachable' }],
  ]),
  // A pod speaks for itself only: what it sends must come from an address that is routed back to its interface.
  // Node ports answer on loopback, for which the kernel must route 127/8 (route_localnet). This keeps neighbours from
  // using that to reach what listens on loopback only. Answers to masqueraded connections carry another address here.
  chain(
    'guard',
    [
      [
        { kind: 'match', field: 'iifname', value: `"${POD_INTERFACES}"` },
        { kind: 'match', field: 'fib saddr . iif oif', value: 'missing' },
        drop,
      ],
      [
        { kind: 'match', field: 'iifname', not: true, value: '"lo"' },
        { kind: 'match', field: 'ip daddr', value: '127.0.0.0/8' },
        drop,
      ],
    ],
    hook('filter', 'prerouting', { priority: -300 }),
  ),
  // Before translation: afterwards nobody knows which frontend was meant.
  chain('sources-prerouting', [checkSource], hook('filter', 'prerouting', { priority: -110 })),
  chain('sources-output', [checkSource], hook('filter', 'output', { priority: -110 })),
  chain(
    'prerouting',
    [
      [fromCluster, lookup(DISPATCHES.serviceInside)],
      [lookup(DISPATCHES.service)],
      [toThisNode, fromCluster, lookup(DISPATCHES.nodePortInside)],
      [toThisNode, lookup(DISPATCHES.nodePort)],
    ],
    hook('nat', 'prerouting', { priority: -100 }),
  ),
  chain(
    'output',
    [
      [lookup(DISPATCHES.serviceInside)],
      [lookup(DISPATCHES.service)],
      [toThisNode, lookup(DISPATCHES.nodePortInside)],
      [toThisNode, lookup(DISPATCHES.nodePort)],
    ],
    hook('nat', 'output', { priority: -100 }),
  ),
  // reject is only legal in input, forward and output. After translation, so that only what found no backend is met.
  chain(
    'refuse-input',
    [...refuseAddresses, ...refuseNodePorts],
    hook('filter', 'input', { priority: -10 }),
  ),
  chain(
    'refuse-forward',
    [...refuseAddresses, refuseUnused],
    hook('filter', 'forward', { priority: -10 }),
  ),
  chain(
    'refuse-output',
    [...refuseAddresses, ...refuseNodePorts, refuseUnused],
    hook('filter', 'output', { priority: -10 }),
  ),
  chain(
    'postrouting',
    [
      // A pod that reached itself through a service would answer itself directly, and the connection would not match.
      [
        { kind: 'in-set', field: 'ip saddr . ip daddr', set: SETS.hairpin },
        offThisNode,
        masquerade,
      ],
      [{ kind: 'has-mark', bit: MASQUERADE_BIT }, offThisNode, masquerade],
      [{ kind: 'match', field: 'ip saddr', value: '127.0.0.0/8' }, offThisNode, masquerade],
      [
        { kind: 'in-set', field: 'ip saddr', set: SETS.podNetworks },
        { kind: 'in-set', field: 'ip daddr', not: true, set: SETS.clusterNetworks },
        { kind: 'match', field: 'ip daddr', not: true, value: '224.0.0.0/4' },
        masquerade,
      ],
    ],
    hook('nat', 'postrouting', { priority: 100 }),
  ),
]

const set = (name: string, type: string): NftSet => ({ kind: 'set', name, type })
const networks = (name: string): NftSet => ({
  kind: 'set',
  name,
  type: 'ipv4_addr',
  interval: true,
})

/** Every object that is always there. */
export const BASE_OBJECTS: readonly NftObject[] = [
  networks(SETS.podNetworks),
  networks(SETS.clusterNetworks),
  networks(SETS.serviceNetworks),
  set(SETS.hairpin, 'ipv4_addr . ipv4_addr'),
  set(SETS.restricted, SERVICE_KEY),
  { ...set(SETS.allowedSources, `${SERVICE_KEY} . ipv4_addr`), interval: true },
  set(EMPTY_SETS.address.reject, SERVICE_KEY),
  set(EMPTY_SETS.address.drop, SERVICE_KEY),
  set(EMPTY_SETS['node-port'].reject, NODE_PORT_KEY),
  set(EMPTY_SETS['node-port'].drop, NODE_PORT_KEY),
  ...Object.values(DISPATCHES).map(dispatch => verdictMap(dispatch.name, dispatch.key)),
  ...CHAINS,
]

/** Elements of the host's own sets. */
export const hostElements = (
  host: HostNetworks,
): readonly { readonly container: string; readonly key: string; readonly value: string }[] => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    [SETS.podNetworks, host.podNetworks],
    [SETS.clusterNetworks, host.clusterNetworks],
    [SETS.serviceNetworks, host.serviceNetworks],
  ]
  return rows.flatMap(([container, keys]) =>
    distinctNetworks(keys).map(key => ({ container, key, value: '' })),
  )
}
