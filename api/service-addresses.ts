/**
 * What IPAddress objects of Services are and how they are marked, and which ranges hold an address or one another, as the ranges of
 * Services count it: a network's own address is in none, and of IPv4 neither is its broadcast address. Text that is no
 * address and no range is in none. Pure.
 *
 * Source: kubernetes pkg/api/servicecidr/servicecidr.go
 */
import { type Cidr, parseCidr } from '#api/addresses.ts'
import type { AnyObject, KubeObject } from '#api/object.ts'
import type { IPAddress } from '#api/types/networking-v1.ts'

export const ADDRESS_FAMILY = 'ipaddress.kubernetes.io/ip-family'
export const ADDRESS_MANAGER = 'ipaddress.kubernetes.io/managed-by'
/** Who manages those of Services. */
export const SERVICE_ALLOCATOR = 'ipallocator.k8s.io'

export const isManaged = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.[ADDRESS_MANAGER] === SERVICE_ALLOCATOR

const WIDTH = { IPv4: 32, IPv6: 128 } as const

const hostBits = ({ family, length }: Cidr): bigint => BigInt(WIDTH[family] - length)
const baseOf = (cidr: Cidr): bigint => (cidr.bits >> hostBits(cidr)) << hostBits(cidr)
const lastOf = (cidr: Cidr): bigint => baseOf(cidr) + (1n << hostBits(cidr)) - 1n

const parseHost = (address: string): Cidr | undefined =>
  parseCidr(`${address}/${address.includes(':') ? WIDTH.IPv6 : WIDTH.IPv4}`)

export function holdsAddress(range: string, address: string): boolean {
  const cidr = parseCidr(range)
  const host = parseHost(address)
  if (cidr === undefined || host === undefined || cidr.family !== host.family) return false
  const isBroadcast = cidr.family === 'IPv4' && host.bits === lastOf(cidr)
  return host.bits > baseOf(cidr) && host.bits <= lastOf(cidr) && !isBroadcast
}

/** Every address of `part` is in `whole`. */
export function coversRange(whole: string, part: string): boolean {
  const outer = parseCidr(whole)
  const inner = parseCidr(part)
  if (outer === undefined || inner === undefined || outer.family !== inner.family) return false
  return baseOf(outer) <= baseOf(inner) && lastOf(outer) >= lastOf(inner)
}

export const familyOfAddress = (address: string): 'IPv4' | 'IPv6' =>
  address.includes(':') ? 'IPv6' : 'IPv4'

/** The object of an address that a Service holds. */
export const addressObject = (
  address: string,
  { metadata }: KubeObject,
): IPAddress & AnyObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: {
    name: address,
    labels: { [ADDRESS_FAMILY]: familyOfAddress(address), [ADDRESS_MANAGER]: SERVICE_ALLOCATOR },
  },
  spec: {
    parentRef: {
      resource: 'services',
      namespace: metadata.namespace ?? '',
      name: metadata.name ?? '',
    },
  },
})
