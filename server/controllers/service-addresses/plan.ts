/**
 * Whether a Service and the IPAddress objects of its cluster addresses say the same, and what puts it right. Pure.
 *
 * Law     An object that may belong to a write under way is left alone for a minute, as upstream does.
 * Source: kubernetes pkg/registry/core/service/ipallocator/controller/repairip.go
 */
import { ipFaults } from '#api/addresses.ts'
import { ADDRESS_FAMILY, familyOfAddress, holdsAddress, isManaged } from '#api/service-addresses.ts'
import type { Service } from '#api/types/core-v1.ts'
import type { IPAddress, ParentReference } from '#api/types/networking-v1.ts'

const LEAK_GRACE_MS = 60_000
/** A write that failed takes its address back this soon. */
const REVERT_GRACE_MS = 5000

export interface Told {
  readonly reason: string
  readonly message: string
}

export interface Finding {
  readonly told?: Told
  /** `replace` removes what bears the address's name first. */
  readonly repair?: { readonly kind: 'create' | 'replace'; readonly address: string }
}

/** What there is about one address. */
export interface Seen {
  readonly object: IPAddress | undefined
  /** The Service that the object names, if that exists. */
  readonly holder: Service | undefined
}

/** The addresses that must have an object each. */
export function addressesOf({ spec }: Service): readonly string[] {
  const { clusterIP = '', clusterIPs } = spec ?? {}
  return clusterIP === '' || clusterIP === 'None' ? [] : (clusterIPs ?? [clusterIP])
}

export const planService = (
  service: Service,
  ranges: readonly string[],
  seen: (address: string) => Seen,
): readonly Finding[] =>
  addressesOf(service).flatMap(address => {
    const finding = judge(service, { address, ranges, seen: seen(address) })
    return finding === undefined ? [] : [finding]
  })

interface Case {
  readonly address: string
  readonly ranges: readonly string[]
  readonly seen: Seen
}

function judge(service: Service, { address, ranges, seen }: Case): Finding | undefined {
  const of = `[${familyOfAddress(address)}]:`
  if (ipFaults(address).length > 0) {
    const message = `Cluster IP ${address} is not a valid IP; please recreate Service`
    return { told: { reason: 'ClusterIPNotValid', message } }
  }
  if (!ranges.some(range => holdsAddress(range, address))) {
    const message = `Cluster IP ${of} ${address} is not within any configured Service CIDR; please recreate service`
    return { told: { reason: 'ClusterIPOutOfRange', message } }
  }
  const { object, holder } = seen
  if (object === undefined) {
    const message = `Cluster IP ${of} ${address} is not allocated; repairing`
    return { told: notAllocated(message), repair: { kind: 'create', address } }
  }
  if (!names(object, service) && holder === undefined) {
    const { namespace = '', name = '' } = service.metadata
    const message = `the ClusterIP ${of} ${address} for Service ${namespace}/${name} has a wrong reference; repairing`
    return { told: notAllocated(message), repair: { kind: 'replace', address } }
  }
  if (!names(object, service) && holder?.spec?.clusterIPs?.includes(address) === true) {
    const message = `Cluster IP ${of}${address} was assigned to multiple services; please recreate service`
    return { told: { reason: 'ClusterIPAlreadyAllocated', message } }
  }
  return isLabelled(object) ? undefined : { repair: { kind: 'replace', address } }
}

const notAllocated = (message: string): Told => ({ reason: 'ClusterIPNotAllocated', message })

const isOfService = ({ group = '', resource }: ParentReference): boolean =>
  group === '' && resource === 'services'

function names({ spec }: IPAddress, { metadata }: Service): boolean {
  const parent = spec.parentRef
  return (
    isOfService(parent) && parent.namespace === metadata.namespace && parent.name === metadata.name
  )
}

/** `namespace/name` of the Service an address says it belongs to. */
export const holderOf = ({ spec }: IPAddress): string | undefined =>
  isOfService(spec.parentRef)
    ? `${spec.parentRef.namespace ?? ''}/${spec.parentRef.name}`
    : undefined

const isLabelled = (object: IPAddress): boolean =>
  isManaged(object) &&
  object.metadata.labels?.[ADDRESS_FAMILY] === familyOfAddress(object.metadata.name ?? '')

export type AddressPlan =
  | { readonly kind: 'fine' }
  | { readonly kind: 'remove'; readonly told: Told }
  | { readonly kind: 'wait'; readonly ms: number }

const FINE: AddressPlan = { kind: 'fine' }

/** `holder` is the Service it names, if that exists. */
export function planAddress(
  object: IPAddress,
  holder: Service | undefined,
  now: number,
): AddressPlan {
  if (!isManaged(object)) return FINE
  const name = object.metadata.name ?? ''
  if (!isOfService(object.spec.parentRef)) {
    const message = `IPAddress ${name} appears to have been modified, not referencing a Service ${printed(object.spec.parentRef)}: cleaning up`
    return { kind: 'remove', told: { reason: 'IPAddressNotAllocated', message } }
  }
  const made = Date.parse(object.metadata.creationTimestamp ?? '')
  const of = `IPAddress: ${name} for Service ${holderOf(object)}`
  if (holder === undefined) {
    const left = LEAK_GRACE_MS - (now - made)
    if (left > 0) return { kind: 'wait', ms: left }
    const message = `${of} appears to have leaked: cleaning up`
    return { kind: 'remove', told: { reason: 'IPAddressNotAllocated', message } }
  }
  if (holder.spec?.clusterIPs?.includes(name) === true) return FINE
  const isNewer = made > Date.parse(holder.metadata.creationTimestamp ?? '')
  const grace = holder.spec?.type === 'ExternalName' ? LEAK_GRACE_MS : isNewer ? REVERT_GRACE_MS : 0
  if (now - made < grace) return { kind: 'wait', ms: grace - (now - made) }
  const message = `${of} has a wrong reference; cleaning up`
  return { kind: 'remove', told: { reason: 'IPAddressWrongReference', message } }
}

/** As Go prints the message upstream's event carries. */
const printed = ({ group = '', resource, namespace = '', name }: ParentReference): string =>
  `&ParentReference{Group:${group},Resource:${resource},Namespace:${namespace},Name:${name},}`
