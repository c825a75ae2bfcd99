/**
 * What one virtual service adds to the ruleset: elements of shared maps, the shared chains those lead to, and, only
 * with session affinity, chains and sets of its own. Pure.
 *
 * Law  The same service always gives the same fragment (backends are put in order first), so a restarted process finds
 *      in the kernel exactly what it would write.
 */
import { createHash } from 'node:crypto'
import {
  type Backend,
  type Frontend,
  frontendId,
  type MasqueradePolicy,
  sortBackends,
  type VirtualService,
} from '../model.ts'
import { distinctNetworks } from '../networks.ts'
import { DISPATCHES, type Dispatch, EMPTY_SETS, MASQUERADE_BIT, SETS } from './layout.ts'
import { BACKEND_VALUE, chain, type NftObject } from './objects.ts'
import type { Rule } from './statement.ts'

export interface Element {
  /** Name of the set or map. */
  readonly container: string
  readonly key: string
  /** '' in sets. */
  readonly value: string
}

export interface Fragment {
  /** Nobody else's. */
  readonly elements: readonly Element[]
  /** Addresses of local backends, which several services may name. */
  readonly hairpins: readonly string[]
  /** Objects that any service may need: the same name always means the same object. */
  readonly shared: readonly NftObject[]
  /** Objects of this service alone. */
  readonly own: readonly NftObject[]
}

type WayPart = Pick<Fragment, 'elements' | 'shared' | 'own'>

interface Way {
  readonly dispatch: Dispatch
  readonly backends: readonly Backend[]
  readonly masquerade: MasqueradePolicy
}

/** Elements and objects of `service`. */
export function compileService(service: VirtualService): Fragment {
  const key = keyOf(service)
  const parts = waysOf(service).map(way =>
    service.affinitySeconds === undefined
      ? spreadWay(way, key)
      : stickyWay(way, key, stickyOf(service, service.affinitySeconds)),
  )
  return {
    elements: [
      ...parts.flatMap(part => part.elements),
      ...emptyElements(service, key),
      ...sourceElements(service, key),
    ],
    hairpins: hairpinsOf(service),
    shared: parts.flatMap(part => part.shared),
    own: parts.flatMap(part => part.own),
  }
}

const keyOf = ({ frontend }: VirtualService): string =>
  frontend.kind === 'address'
    ? `${frontend.address} . ${frontend.protocol} . ${frontend.port}`
    : `${frontend.protocol} . ${frontend.port}`

function waysOf(service: VirtualService): readonly Way[] {
  const isAddress = service.frontend.kind === 'address'
  const ways: readonly Way[] = [
    {
      dispatch: isAddress ? DISPATCHES.service : DISPATCHES.nodePort,
      backends: sortBackends(service.backends),
      masquerade: service.masquerade,
    },
    {
      dispatch: isAddress ? DISPATCHES.serviceInside : DISPATCHES.nodePortInside,
      backends: sortBackends(service.insideBackends ?? []),
      masquerade: 'outside',
    },
  ]
  return ways.filter(way => way.backends.length > 0)
}

const markRules = (policy: MasqueradePolicy): readonly Rule[] => {
  const mark = { kind: 'set-mark', bit: MASQUERADE_BIT } as const
  if (policy === 'always') return [[mark]]
  if (policy === 'never') return []
  return [[{ kind: 'in-set', field: 'ip saddr', not: true, set: SETS.clusterNetworks }, mark]]
}

/** Any backend for any connection: elements of shared maps only. */
function spreadWay(way: Way, key: string): WayPart {
  const { dispatch, backends, masquerade } = way
  const entry = `${dispatch.name}-${masquerade}-${backends.length}`
  const slots = backends.map((_, index) => slotName(dispatch, index))
  return {
    elements: [
      ...backends.map((backend, index) => ({
        container: backendsName(dispatch, index),
        key,
        value: `${backend.address} . ${backend.port}`,
      })),
      { container: dispatch.name, key, value: `goto ${entry}` },
    ],
    own: [],
    shared: [
      ...slots.flatMap((_, index) => slotObjects(dispatch, index)),
      chain(entry, [...markRules(masquerade), ...spread(slots)]),
    ],
  }
}

const slotName = (dispatch: Dispatch, index: number): string => `${dispatch.name}-slot-${index}`
const backendsName = (dispatch: Dispatch, index: number): string =>
  `${dispatch.name}-backend-${index}`

/**
 * A slot is a map of backends and the chain that translates by it. A packet that drew a slot which a transaction
 * took away that very moment is served by slot 0, which every service with backends has.
 */
function slotObjects(dispatch: Dispatch, index: number): readonly NftObject[] {
  const map = backendsName(dispatch, index)
  const translate: Rule = [{ kind: 'dnat-map', field: dispatch.field, map }]
  const otherwise: readonly Rule[] =
    index === 0 ? [] : [[{ kind: 'goto', chain: slotName(dispatch, 0) }]]
  return [
    { kind: 'map', name: map, type: dispatch.key, value: BACKEND_VALUE },
    chain(slotName(dispatch, index), [translate, ...otherwise]),
  ]
}

const BACKENDS_NAME = /^(service|node-port)(?:-inside)?-backend-\d+$/

/**
 * The way back, as far as connection tracking needs it: UDP frontends and their backends, from the elements that a
 * kernel holds. Frontends with session affinity are not among them.
 */
export function readUdpServices(
  containers: ReadonlyMap<string, ReadonlyMap<string, string>>,
): readonly VirtualService[] {
  const found = new Map<string, { readonly frontend: Frontend; readonly backends: Backend[] }>()
  for (const [container, elements] of containers) {
    const kind = BACKENDS_NAME.exec(container)?.[1]
    if (kind === undefined) continue
    for (const [key, value] of elements) {
      const frontend = udpFrontendOf(kind, key)
      const [address = '', port = ''] = value.split(' . ')
      if (frontend === undefined) continue
      const id = frontendId(frontend)
      const entry = found.get(id) ?? { frontend, backends: [] }
      entry.backends.push({ address, port: Number(port), local: false })
      found.set(id, entry)
    }
  }
  return [...found].map(([name, entry]) => ({
    ...entry,
    name,
    masquerade: 'never',
    empty: 'reject',
  }))
}

function udpFrontendOf(kind: string, key: string): Frontend | undefined {
  const parts = key.split(' . ')
  const [address = '', protocol, port] = kind === 'service' ? parts : ['', ...parts]
  if (protocol !== 'udp') return undefined
  return kind === 'service'
    ? { kind: 'address', address, protocol, port: Number(port) }
    : { kind: 'node-port', protocol, port: Number(port) }
}

/**
 * Draws one of the chains. A transaction that takes this chain away empties the drawing's own map for a packet that is
 * in here that very moment: the first one serves it.
 */
function spread(chains: readonly string[]): readonly Rule[] {
  const [first] = chains
  if (first === undefined) return []
  const otherwise: Rule = [{ kind: 'goto', chain: first }]
  return chains.length === 1 ? [otherwise] : [[{ kind: 'spread', chains }], otherwise]
}

interface Sticky {
  readonly service: VirtualService
  readonly seconds: number
}
const stickyOf = (service: VirtualService, seconds: number): Sticky => ({ service, seconds })

/**
 * The same backend for a client that comes back: a set of known clients and a chain per backend. Names come from
 * the backend, so that clients of the others keep theirs when one goes.
 */
function stickyWay(way: Way, key: string, sticky: Sticky): WayPart {
  const { dispatch, backends, masquerade } = way
  const { protocol } = sticky.service.frontend
  // With its time in the name, since a set cannot change its own.
  const id = digest(`${dispatch.name} ${frontendId(sticky.service.frontend)} ${sticky.seconds}`)
  const entry = `sticky-${id}`
  const named = backends.map(backend => ({
    backend,
    name: `${entry}-${digest(`${backend.address}:${backend.port}`)}`,
  }))
  const known: readonly Rule[] = named.map(({ name }) => [
    { kind: 'in-set', field: 'ip saddr', set: clientsName(name) },
    { kind: 'goto', chain: name },
  ])
  return {
    elements: [{ container: dispatch.name, key, value: `goto ${entry}` }],
    shared: [],
    own: [
      ...named.flatMap(({ name, backend }): readonly NftObject[] => [
        { kind: 'set', name: clientsName(name), type: 'ipv4_addr', timeoutSeconds: sticky.seconds },
        chain(name, [
          // A rule of its own: a set that is full ends the rule, and the client still wants its backend.
          [{ kind: 'remember-source', set: clientsName(name) }],
          [{ kind: 'dnat', protocol, address: backend.address, port: backend.port }],
        ]),
      ]),
      chain(entry, [...markRules(masquerade), ...known, ...spread(named.map(({ name }) => name))]),
    ],
  }
}

const clientsName = (chainName: string): string => `${chainName}-clients`

function emptyElements(service: VirtualService, key: string): readonly Element[] {
  if (service.backends.length > 0) return []
  const container = EMPTY_SETS[service.frontend.kind][service.empty]
  return [{ container, key, value: '' }]
}

function sourceElements(service: VirtualService, key: string): readonly Element[] {
  if (service.sourceRanges === undefined || service.frontend.kind !== 'address') return []
  return [
    { container: SETS.restricted, key, value: '' },
    ...distinctNetworks(service.sourceRanges).map(range => ({
      container: SETS.allowedSources,
      key: `${key} . ${range}`,
      value: '',
    })),
  ]
}

function hairpinsOf(service: VirtualService): readonly string[] {
  const all = [...service.backends, ...(service.insideBackends ?? [])]
  return [...new Set(all.filter(backend => backend.local).map(backend => backend.address))]
}

const digest = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 10)
