/**
 * Services: cluster addresses and node ports, given out before the write and taken back when it fails.
 *
 * Throws  StatusError(Invalid) in upstream's words when a wanted address or port is taken or out of range.
 * Source: kubernetes pkg/registry/core/service/storage/alloc.go, strategy.go, pkg/registry/core/service/ipallocator
 */
import type { AnyObject } from '#api/object.ts'
import { type FieldError, internalError, invalid } from '#api/status.ts'
import type { Random } from '#base/random.ts'
import { DEFAULT_STRATEGY, type Reservation, type Strategy } from '../strategy.ts'
import { type Allocator, type NumberRange, createAllocator, staticBand } from './allocator.ts'
import { formatIpv4, parseIpv4, parseNetwork } from './cidr.ts'
import { withoutOldTypeFields } from './service-type-fields.ts'
import { isRecord, listOf, recordOf, textOf } from '#api/values.ts'

export interface ServiceRanges {
  /** `10.43.0.0/16` */
  readonly serviceCIDR: string
  readonly nodePorts: NumberRange
}

type Spec = Readonly<Record<string, unknown>>
type Port = Readonly<Record<string, unknown>>

/** What a Service holds of the shared ranges. */
interface Holdings {
  readonly address: number | undefined
  readonly ports: readonly number[]
}

/** The low end is for who names an address: the API's own Service and DNS among them. */
const ADDRESS_BAND = { share: 1 / 16, least: 16, most: 256 }
const PORT_BAND = { share: 1 / 32, least: 16, most: 128 }

const HEADLESS = 'None'
const WITH_ADDRESS = new Set(['ClusterIP', 'NodePort', 'LoadBalancer'])
const WITH_NODE_PORT = new Set(['NodePort', 'LoadBalancer'])

export interface ServiceStrategy extends Strategy {
  /** Marks what stored Services hold; returns the keys of those that collide with an earlier one. */
  repair(services: Iterable<AnyObject>): readonly string[]
}

export function serviceStrategy(ranges: ServiceRanges, random: Random): ServiceStrategy {
  const network = parseNetwork(ranges.serviceCIDR)
  const addresses = createAllocator(
    { first: network.base + 1, last: network.base + network.size - 2 },
    random,
    staticBand(network.size - 2, ADDRESS_BAND),
  )
  const { first, last } = ranges.nodePorts
  const ports = createAllocator({ first, last }, random, staticBand(last - first + 1, PORT_BAND))
  const pools = { addresses, ports, ranges }
  return {
    ...DEFAULT_STRATEGY,
    createOnUpdate: true,
    returnsDeleted: true,
    prepareForCreate: service => ({ ...service, status: { loadBalancer: {} } }),
    prepareForUpdate: (service, old) => withoutOldTypeFields(patchAllocated(service, old), old),
    reserve: (service, old) => reserve(pools, service, old),
    released: service => release(pools, holdingsOf(service)),
    repair(services) {
      const collisions: string[] = []
      for (const service of services) {
        const { address, ports: held } = holdingsOf(service)
        const isFree = [
          address === undefined || addresses.take(address),
          ...held.map(port => ports.take(port)),
        ]
        if (isFree.includes(false))
          collisions.push(`${service.metadata.namespace ?? ''}/${service.metadata.name ?? ''}`)
      }
      return collisions
    },
  }
}

interface Pools {
  readonly addresses: Allocator
  readonly ports: Allocator
  readonly ranges: ServiceRanges
}

const specOf = (service: AnyObject | undefined): Spec => recordOf(service?.['spec'])
const portsOf = (spec: Spec): readonly Port[] => listOf(spec['ports']).filter(isRecord)
const typeOf = (spec: Spec): string => textOf(spec['type']) || 'ClusterIP'

function holdingsOf(service: AnyObject | undefined): Holdings {
  const spec = specOf(service)
  const numbers = portsOf(spec)
    .map(port => port['nodePort'])
    .filter((port): port is number => typeof port === 'number' && port > 0)
  const health = spec['healthCheckNodePort']
  const all = typeof health === 'number' && health > 0 ? [...numbers, health] : numbers
  return { address: parseIpv4(textOf(spec['clusterIP'])), ports: [...new Set(all)] }
}

function release(pools: Pools, holdings: Holdings): void {
  if (holdings.address !== undefined) pools.addresses.release(holdings.address)
  for (const port of holdings.ports) pools.ports.release(port)
}

/**
 * An update that leaves out what the server had filled in keeps it (a PUT of the original manifest).
 * Source: strategy.go patchAllocatedValues
 */
function patchAllocated(service: AnyObject, old: AnyObject): AnyObject {
  const spec = specOf(service)
  const before = specOf(old)
  const keepsAddress =
    WITH_ADDRESS.has(typeOf(spec)) &&
    WITH_ADDRESS.has(typeOf(before)) &&
    textOf(spec['clusterIP']) === '' &&
    listOf(spec['clusterIPs']).length === 0
  const address = keepsAddress
    ? { clusterIP: before['clusterIP'], clusterIPs: before['clusterIPs'] }
    : {}
  const keepsPorts = WITH_NODE_PORT.has(typeOf(spec)) && WITH_NODE_PORT.has(typeOf(before))
  const ports = keepsPorts
    ? { ports: portsOf(spec).map(port => withOldNodePort(port, before)) }
    : {}
  const health =
    hasHealthPort(spec) && hasHealthPort(before) && (spec['healthCheckNodePort'] ?? 0) === 0
      ? { healthCheckNodePort: before['healthCheckNodePort'] }
      : {}
  return { ...service, spec: { ...spec, ...address, ...ports, ...health } }
}

const hasHealthPort = (spec: Spec): boolean =>
  typeOf(spec) === 'LoadBalancer' && spec['externalTrafficPolicy'] === 'Local'

function withOldNodePort(port: Port, before: Spec): Port {
  if (port['nodePort'] !== undefined && port['nodePort'] !== 0) return port
  const same = portsOf(before).find(
    other =>
      other['port'] === port['port'] &&
      (other['protocol'] ?? 'TCP') === (port['protocol'] ?? 'TCP'),
  )
  return same?.['nodePort'] === undefined ? port : { ...port, nodePort: same['nodePort'] }
}

function reserve(pools: Pools, service: AnyObject, old: AnyObject | undefined): Reservation {
  const before = holdingsOf(old)
  const taken: (() => void)[] = []
  const rollback = (): void => {
    for (const undo of taken) undo()
  }
  const take: Taking = (allocator, number) => {
    if (!allocator.take(number)) return false
    taken.push(() => allocator.release(number))
    return true
  }
  try {
    const spec = withPorts(
      pools,
      take,
      { service, before },
      withAddress(pools, take, service, before),
    )
    const object = { ...service, spec }
    const after = holdingsOf(object)
    return {
      object,
      rollback,
      commit: () =>
        release(pools, {
          address: before.address === after.address ? undefined : before.address,
          ports: before.ports.filter(port => !after.ports.includes(port)),
        }),
    }
  } catch (error) {
    rollback()
    throw error
  }
}

type Taking = (allocator: Allocator, number: number) => boolean

function withAddress(pools: Pools, take: Taking, service: AnyObject, before: Holdings): Spec {
  const spec = specOf(service)
  const type = typeOf(spec)
  if (type === 'ExternalName') {
    const {
      clusterIP: _address,
      clusterIPs: _addresses,
      ipFamilies: _f,
      ipFamilyPolicy: _p,
      ...rest
    } = spec
    return rest
  }
  const wanted = textOf(spec['clusterIP']) || textOf(listOf(spec['clusterIPs'])[0])
  // Without addresses of its own and without a selector, a Service is free to say anything.
  const isFree = wanted === HEADLESS && Object.keys(recordOf(spec['selector'])).length === 0
  if (!isFree) requireFamilies(service, spec)
  const families = isFree ? freeFamilies(spec) : familiesOf(spec, 'SingleStack')
  if (wanted === HEADLESS)
    return { ...spec, clusterIP: HEADLESS, clusterIPs: [HEADLESS], ...families }
  const address =
    wanted === ''
      ? freeAddress(pools, take)
      : wantedAddress({ pools, take, service, before }, wanted)
  return { ...spec, clusterIP: address, clusterIPs: [address], ...families }
}

interface Families {
  readonly ipFamilies: readonly unknown[]
  readonly ipFamilyPolicy: string
}

const familiesOf = (spec: Spec, policy: string): Families => {
  const families = listOf(spec['ipFamilies'])
  return {
    ipFamilies: families.length > 0 ? families : ['IPv4'],
    ipFamilyPolicy: textOf(spec['ipFamilyPolicy']) || policy,
  }
}

/** Who fills the endpoints by hand may fill in both families, on any cluster. */
function freeFamilies(spec: Spec): Families {
  const families = familiesOf(spec, 'RequireDualStack')
  const [first, ...others] = families.ipFamilies
  if (families.ipFamilyPolicy !== 'RequireDualStack' || others.length > 0) return families
  return { ...families, ipFamilies: [first, first === 'IPv4' ? 'IPv6' : 'IPv4'] }
}

/** This cluster has IPv4 only. Two families without a policy ask for both stacks. */
function requireFamilies(service: AnyObject, spec: Spec): void {
  const families = listOf(spec['ipFamilies'])
  const given = textOf(spec['ipFamilyPolicy'])
  const policy = given === '' && families.length > 1 ? 'RequireDualStack' : given
  const type = 'FieldValueInvalid'
  const faults: FieldError[] = []
  const of = (field: string, value: string, why: string): void =>
    void faults.push({ type, field, message: `Invalid value: "${value}": ${why}` })
  if (policy === 'SingleStack' && families.length > 1) {
    const why =
      "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"
    of('spec.ipFamilyPolicy', policy, why)
  } else if (policy === 'RequireDualStack') {
    of('spec.ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services')
  }
  for (const [index, family] of families.entries()) {
    if (family !== 'IPv4')
      of(`spec.ipFamilies[${index}]`, textOf(family), 'not configured on this cluster')
  }
  if (faults.length > 0) throw refused(service, ...faults)
}

function freeAddress(pools: Pools, take: Taking): string {
  const number = pools.addresses.next()
  if (number === undefined) throw internalError('failed to allocate a serviceIP: range is full')
  pools.addresses.release(number)
  take(pools.addresses, number)
  return formatIpv4(number)
}

interface WantedAddress {
  readonly pools: Pools
  readonly take: Taking
  readonly service: AnyObject
  readonly before: Holdings
}

function wantedAddress(wanted: WantedAddress, text: string): string {
  const { pools, take, service, before } = wanted
  const number = parseIpv4(text)
  const fault = (why: string): never => {
    throw refused(service, {
      type: 'FieldValueInvalid',
      field: 'spec.clusterIPs',
      message: `Invalid value: ["${text}"]: failed to allocate IP ${text}: ${why}`,
    })
  }
  if (number === undefined || !pools.addresses.contains(number))
    return fault(
      `the provided IP (${text}) is not in the valid range. The range of valid IPs is ${pools.ranges.serviceCIDR}`,
    )
  if (number !== before.address && !take(pools.addresses, number))
    return fault('provided IP is already allocated')
  return text
}

interface PortsOf {
  readonly service: AnyObject
  readonly before: Holdings
}

function withPorts(pools: Pools, take: Taking, of: PortsOf, spec: Spec): Spec {
  const { service, before } = of
  const type = typeOf(spec)
  const isOptedOut = type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] === false
  if (!WITH_NODE_PORT.has(type)) {
    const { healthCheckNodePort: _health, ...rest } = spec
    return { ...rest, ports: portsOf(spec).map(({ nodePort: _port, ...port }) => port) }
  }
  /** One number may serve the same port in TCP and UDP. */
  const mine = new Set<number>(before.ports)
  for (const [index, { nodePort }] of portsOf(spec).entries()) {
    if (typeof nodePort !== 'number' || nodePort === 0 || mine.has(nodePort)) continue
    wantedPort({ pools, take, service }, nodePort, `spec.ports[${index}].nodePort`)
    mine.add(nodePort)
  }
  const isGiven = ({ nodePort }: Port): boolean => typeof nodePort === 'number' && nodePort > 0
  const ports = portsOf(spec).map(port =>
    isGiven(port) || isOptedOut ? port : { ...port, nodePort: freePort(pools, take) },
  )
  const health = spec['healthCheckNodePort']
  if (!hasHealthPort(spec)) return { ...spec, ports }
  if (typeof health !== 'number' || health === 0)
    return { ...spec, ports, healthCheckNodePort: freePort(pools, take) }
  if (!mine.has(health)) wantedPort({ pools, take, service }, health, 'spec.healthCheckNodePort')
  return { ...spec, ports }
}

function wantedPort(
  from: { readonly pools: Pools; readonly take: Taking; readonly service: AnyObject },
  port: number,
  field: string,
): void {
  const { pools, take, service } = from
  const { first, last } = pools.ranges.nodePorts
  const fault = (why: string): FieldError => ({
    type: 'FieldValueInvalid',
    field,
    message: `Invalid value: ${port}: ${why}`,
  })
  if (!pools.ports.contains(port))
    throw refused(
      service,
      fault(
        `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
      ),
    )
  if (!take(pools.ports, port)) throw refused(service, fault('provided port is already allocated'))
}

function freePort(pools: Pools, take: Taking): number {
  const port = pools.ports.next()
  if (port === undefined) throw internalError('failed to allocate a nodePort: range is full')
  pools.ports.release(port)
  take(pools.ports, port)
  return port
}

const refused = (service: AnyObject, ...faults: readonly FieldError[]): Error =>
  invalid({ group: '', kind: 'Service', name: service.metadata.name ?? '' }, faults)
