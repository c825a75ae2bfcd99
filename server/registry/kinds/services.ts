/**
 * Services: cluster addresses and node ports, given out before the write and taken back when it fails. An address is an
 * IPAddress object, which is written and removed in the same commit as the Service that holds it.
 *
 * Throws  StatusError(Invalid) in upstream's words when a wanted address or port is taken or out of range.
 * Source: kubernetes pkg/registry/core/service/storage/alloc.go, strategy.go
 */
import { parseIpv4 } from '#api/ipv4.ts'
import type { AnyObject } from '#api/object.ts'
import { internalError } from '#api/status.ts'
import { textOf } from '#api/values.ts'
import type { Random } from '#base/random.ts'
import { DEFAULT_STRATEGY, type Reservation, type Strategy } from '../strategy.ts'
import {
  type AddressAllocator,
  type AddressBook,
  createAddressAllocator,
} from './address-allocator.ts'
import { type Allocator, type NumberRange, createAllocator, staticBand } from './allocator.ts'
import { freedAddress, takenAddress } from './ip-addresses.ts'
import { hasHealthPort, hasNodePortType, heldPorts, withNodePorts } from './node-ports.ts'
import {
  HEADLESS,
  type Port,
  type Spec,
  clusterIPsOf,
  hasAddressType,
  portsOf,
  refused,
  specOf,
  typeOf,
  withFamilies,
  wrongValue,
} from './service-families.ts'
import { withoutOldTypeFields } from './service-type-fields.ts'

export interface ServiceRanges {
  /** `10.43.0.0/16` */
  readonly serviceCIDR: string
  readonly nodePorts: NumberRange
}

const PORT_BAND = { share: 1 / 32, least: 16, most: 128 }

export interface ServiceStrategy extends Strategy {
  /** At the start: holds what stored Services have, and no object but they tell of. */
  recall(services: Iterable<AnyObject>): void
}

export function serviceStrategy(
  ranges: ServiceRanges,
  book: AddressBook,
  random: Random,
): ServiceStrategy {
  const { first, last } = ranges.nodePorts
  const pools: Pools = {
    addresses: createAddressAllocator(book, ranges.serviceCIDR, random),
    ports: createAllocator({ first, last }, random, staticBand(last - first + 1, PORT_BAND)),
    portRange: ranges.nodePorts,
  }
  return {
    ...DEFAULT_STRATEGY,
    createOnUpdate: true,
    returnsDeleted: true,
    prepareForCreate: service => ({ ...service, status: { loadBalancer: {} } }),
    prepareForUpdate: (service, old) => withoutOldTypeFields(patchAllocated(service, old), old),
    reserve: (service, old) => reserve(pools, service, old),
    companionsOf: service => heldAddresses(service).map(each => freedAddress(each, service)),
    released: service => {
      for (const address of heldAddresses(service)) pools.addresses.forget(address)
      for (const port of heldPorts(service)) pools.ports.release(port)
    },
    recall(services) {
      for (const service of services) {
        const untold = heldAddresses(service).filter(address => !book.has(address))
        for (const address of untold) pools.addresses.remember(address)
        for (const port of heldPorts(service)) pools.ports.take(port)
      }
    },
  }
}

interface Pools {
  readonly addresses: AddressAllocator
  readonly ports: Allocator
  readonly portRange: NumberRange
}

/** Of IPv4: there are no others to give here. */
const heldAddresses = (service: AnyObject | undefined): readonly string[] => {
  const spec = specOf(service)
  if (!hasAddressType(spec)) return []
  return clusterIPsOf(spec).filter(address => parseIpv4(address) !== undefined)
}

/**
 * An update that leaves out what the server had filled in keeps it (a PUT of the original manifest).
 * Source: strategy.go patchAllocatedValues
 */
function patchAllocated(service: AnyObject, old: AnyObject): AnyObject {
  const spec = specOf(service)
  const before = specOf(old)
  const keepsAddress =
    hasAddressType(spec) && hasAddressType(before) && clusterIPsOf(spec).length === 0
  const address = keepsAddress
    ? { clusterIP: before['clusterIP'], clusterIPs: before['clusterIPs'] }
    : {}
  const keepsPorts = needsNodePorts(spec) && needsNodePorts(before)
  const ports = keepsPorts ? { ports: withOldNodePorts(spec, before) } : {}
  const health =
    hasHealthPort(spec) && hasHealthPort(before) && (spec['healthCheckNodePort'] ?? 0) === 0
      ? { healthCheckNodePort: before['healthCheckNodePort'] }
      : {}
  return { ...service, spec: { ...spec, ...address, ...ports, ...health } }
}

const needsNodePorts = (spec: Spec): boolean =>
  hasNodePortType(spec) && spec['allocateLoadBalancerNodePorts'] !== false

/** A port without a number gets that of its name, unless another port has taken it along. */
function withOldNodePorts(spec: Spec, before: Spec): readonly Port[] {
  const numberOf = (port: Port): unknown => port['nodePort'] ?? 0
  const named = new Map(portsOf(before).map(port => [port['name'] ?? '', numberOf(port)]))
  const taken = new Set(portsOf(spec).map(numberOf))
  return portsOf(spec).map(port => {
    const nodePort = named.get(port['name'] ?? '') ?? 0
    return numberOf(port) !== 0 || nodePort === 0 || taken.has(nodePort)
      ? port
      : { ...port, nodePort }
  })
}

async function reserve(
  pools: Pools,
  service: AnyObject,
  old: AnyObject | undefined,
): Promise<Reservation> {
  const taken: (() => void)[] = []
  const end = (): void => {
    for (const undo of taken) undo()
  }
  try {
    const addressed = await withAddress(pools.addresses, taken, { service, old })
    const spec = withNodePorts(portTaking(pools, taken), { service, old, spec: addressed })
    const object = { ...service, spec }
    const before = heldAddresses(old)
    const after = heldAddresses(object)
    const freed = before.filter(address => !after.includes(address))
    const fresh = after.filter(address => !before.includes(address))
    const kept = new Set(heldPorts(object))
    return {
      object,
      companions: [
        ...freed.map(address => freedAddress(address, service)),
        ...fresh.map(address => takenAddress(address, service)),
      ],
      rollback: end,
      commit() {
        for (const address of [...freed, ...fresh]) pools.addresses.forget(address)
        for (const port of heldPorts(old)) if (!kept.has(port)) pools.ports.release(port)
      },
    }
  } catch (error) {
    end()
    throw error
  }
}

const portTaking = ({ ports, portRange }: Pools, taken: (() => void)[]) => ({
  range: portRange,
  take(port: number): boolean {
    if (!ports.take(port)) return false
    taken.push(() => ports.release(port))
    return true
  },
  next(): number | undefined {
    const port = ports.next()
    if (port !== undefined) taken.push(() => ports.release(port))
    return port
  },
})

interface Change {
  readonly service: AnyObject
  readonly old: AnyObject | undefined
}

async function withAddress(
  addresses: AddressAllocator,
  taken: (() => void)[],
  { service, old }: Change,
): Promise<Spec> {
  const given = specOf(service)
  if (typeOf(given) === 'ExternalName') {
    const {
      clusterIP: _address,
      clusterIPs: _addresses,
      ipFamilies: _families,
      ipFamilyPolicy: _policy,
      ...rest
    } = given
    return rest
  }
  const spec = withFamilies(service, old)
  const wanted = clusterIPsOf(spec)
  const [first = ''] = wanted
  if (first === HEADLESS) return { ...spec, clusterIP: HEADLESS, clusterIPs: [HEADLESS] }
  if (first !== '' && heldAddresses(old).includes(first))
    return { ...spec, clusterIP: first, clusterIPs: wanted }
  const ranges = await addresses.open()
  const refusal = first === '' ? undefined : addresses.take(first, ranges)
  if (refusal !== undefined) {
    const why = `failed to allocate IP ${first}: ${refusal}`
    throw refused(service, [wrongValue('spec.clusterIPs', wanted, why)])
  }
  const address = first === '' ? addresses.next(ranges) : first
  if (address === undefined) {
    const name = JSON.stringify(textOf(service.metadata.name))
    throw internalError(`failed to allocate a serviceIP for Service ${name}: range is full`)
  }
  taken.push(() => addresses.forget(address))
  return { ...spec, clusterIP: address, clusterIPs: [address] }
}
