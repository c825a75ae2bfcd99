/**
 * IP addresses and CIDRs as text: what is wrong with them in upstream's words, and whether one range holds another.
 * Pure.
 *
 * Source: k8s.io/apimachinery pkg/util/validation/ip.go (with StrictIPCIDRValidation), k8s.io/utils/net
 */
import { isIPv4, isIPv6 } from 'node:net'

const BAD_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const BAD_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

export type Family = 'IPv4' | 'IPv6'

interface Address {
  readonly family: Family
  readonly bits: bigint
  readonly isMapped: boolean
}

export interface Cidr extends Address {
  /** Bits of the prefix. */
  readonly length: number
}

const WIDTH: Readonly<Record<Family, number>> = { IPv4: 32, IPv6: 128 }
const MAPPED = 0xffffn

const decimal = (value: string): string => value.replaceAll(/(^|\.)0+(?=\d)/g, '$1')

/** Leading zeros of IPv4 are read as decimal; whether they are allowed is asked elsewhere. */
function parseAddress(value: string): Address | undefined {
  const plain = decimal(value)
  if (isIPv4(plain)) return { family: 'IPv4', bits: ipv4Bits(plain), isMapped: false }
  if (!isIPv6(value) || value.includes('%')) return undefined
  const bits = ipv6Bits(value)
  const isMapped = bits >> 32n === MAPPED
  return { family: 'IPv6', bits, isMapped }
}

/** Of either family, as upstream's sloppy parser reads them. */
export const isIp = (value: string): boolean => parseAddress(value) !== undefined

const ipv4Bits = (value: string): bigint =>
  value.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)

/** The text is known to be valid. */
function ipv6Bits(value: string): bigint {
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(value)?.[1]
  const low = dotted === undefined ? 0n : ipv4Bits(dotted)
  const hex =
    dotted === undefined
      ? value
      : `${value.slice(0, -dotted.length)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`
  const [head = '', tail] = hex.split('::')
  const groups = (text: string): string[] => text.split(':').filter(group => group !== '')
  const left = groups(head)
  const right = groups(tail ?? '')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].reduce(
    (bits, group) => (bits << 16n) | BigInt(`0x${group}`),
    0n,
  )
}

const byte = (bits: bigint, index: number): bigint => (bits >> BigInt(8 * index)) & 0xffn

const formatIpv4 = (bits: bigint): string => [3, 2, 1, 0].map(index => byte(bits, index)).join('.')

/** As RFC 5952 has it: the longest run of two or more zero groups is left out. */
function formatIpv6(bits: bigint): string {
  const groups = Array.from(
    { length: 8 },
    (_, index) => (bits >> BigInt(16 * (7 - index))) & 0xffffn,
  )
  let longest = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === 0n) length++
    if (length > longest.length) longest = { start, length }
  }
  const text = (part: readonly bigint[]): string => part.map(group => group.toString(16)).join(':')
  if (longest.length < 2) return text(groups)
  return `${text(groups.slice(0, longest.start))}::${text(groups.slice(longest.start + longest.length))}`
}

const format = ({ family, bits, isMapped }: Address): string =>
  family === 'IPv4'
    ? formatIpv4(bits)
    : isMapped
      ? formatIpv4(bits & 0xffff_ffffn)
      : formatIpv6(bits)

const isCanonicalIpv4 = (value: string): boolean => decimal(value) === value

/** Fields older than canonical form take any spelling that cannot be misread. */
export function looseIpFaults(value: string): string[] {
  const address = parseAddress(value)
  if (address === undefined) return [BAD_IP]
  if (address.family === 'IPv4' && !isCanonicalIpv4(value)) return ['must not have leading 0s']
  return address.isMapped ? ['must not be an IPv4-mapped IPv6 address'] : []
}

export function ipFaults(value: string): string[] {
  const faults = looseIpFaults(value)
  const address = parseAddress(value)
  if (faults.length > 0 || address === undefined) return faults
  const canonical = format(address)
  return value === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`]
}

/** The one spelling of an address that may be spelled loosely; undefined when it is none. */
export function canonicalIp(value: string): string | undefined {
  const address = parseAddress(value)
  return address === undefined ? undefined : format(address)
}

export const isIpv6 = (value: string): boolean => {
  const address = parseAddress(value)
  return address?.family === 'IPv6' && !address.isMapped
}

/** What to know about an address that was spelled loosely. */
export function ipWarnings(field: string, value: string): string[] {
  const address = parseAddress(value)
  if (address === undefined) return []
  const canonical = format(address)
  const shown = JSON.stringify(value)
  const isStandard = !address.isMapped && (address.family === 'IPv6' || isCanonicalIpv4(value))
  if (!isStandard) {
    return [`${field}: non-standard IP address ${shown} is invalid: use "${canonical}"`]
  }
  if (value === canonical) return []
  return [`${field}: IPv6 address ${shown} should be in RFC 5952 canonical format ("${canonical}")`]
}

export function parseCidr(value: string): Cidr | undefined {
  const at = value.indexOf('/')
  const address = at < 0 ? undefined : parseAddress(value.slice(0, at))
  const prefix = value.slice(at + 1)
  if (address === undefined || !/^\d{1,3}$/.test(prefix)) return undefined
  const length = Number(prefix)
  return length > WIDTH[address.family] ? undefined : { ...address, length }
}

const masked = ({ family, bits, length }: Cidr): bigint => {
  const host = BigInt(WIDTH[family] - length)
  return (bits >> host) << host
}

/** As `looseIpFaults`, for ranges. */
export function looseCidrFaults(value: string): string[] {
  const cidr = parseCidr(value)
  if (cidr === undefined) return [BAD_CIDR]
  const [address = '', prefix = ''] = value.split('/')
  if (/^0\d/.test(prefix) || (cidr.family === 'IPv4' && !isCanonicalIpv4(address))) {
    return ['must not have leading 0s in IP or prefix length']
  }
  if (cidr.isMapped) return ['must not have an IPv4-mapped IPv6 address']
  return masked(cidr) === cidr.bits ? [] : ['must not have bits set beyond the prefix length']
}

const MAPPED_BITS = 96

/** `10.0.0.0/8`: the network's own address, whatever the text had behind the prefix. */
function networkText(cidr: Cidr): string {
  const { isMapped, length } = cidr
  const text = format({ ...cidr, bits: masked(cidr) })
  return `${text}/${isMapped ? length - MAPPED_BITS : length}`
}

/** As `ipWarnings`, for ranges. */
export function cidrWarnings(field: string, value: string): string[] {
  const cidr = parseCidr(value)
  if (cidr === undefined) return []
  const shown = JSON.stringify(value)
  const network = networkText(cidr)
  const warnings: string[] = []
  if (masked(cidr) !== cidr.bits) {
    const single = `${format(cidr)}/${WIDTH[cidr.family]}`
    const choice = `should be "${network}" or "${single}"?`
    warnings.push(`${field}: CIDR value ${shown} is ambiguous in this context (${choice})`)
  }
  const [address = '', prefix = ''] = value.split('/')
  const isPadded = /^0\d/.test(prefix) || (cidr.family === 'IPv4' && !isCanonicalIpv4(address))
  if (isPadded || cidr.isMapped) {
    warnings.push(`${field}: non-standard CIDR value ${shown} is invalid: use "${network}"`)
  }
  if (warnings.length > 0 || cidr.family === 'IPv4' || value === network) return warnings
  const canonical = `should be in RFC 5952 canonical format ("${network}")`
  return [`${field}: IPv6 CIDR value ${shown} ${canonical}`]
}

export function cidrFaults(value: string): string[] {
  const faults = looseCidrFaults(value)
  const cidr = parseCidr(value)
  if (faults.length > 0 || cidr === undefined) return faults
  const canonical = `${format(cidr)}/${cidr.length}`
  return value === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`]
}

/** An address with the length of its network: `10.9.8.7/24`. */
export function interfaceAddressFaults(value: string): string[] {
  const cidr = parseCidr(value)
  if (cidr === undefined) {
    return ['must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)']
  }
  // A mapped address is shown as IPv4, and so is its length.
  const length = cidr.isMapped && cidr.length > WIDTH.IPv4 ? cidr.length - 96 : cidr.length
  const canonical = `${format(cidr)}/${length}`
  return value === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`]
}

/** Smaller than the whole range, and all of it inside. */
export const isStrictSubset = (part: Cidr, whole: Cidr): boolean =>
  part.family === whole.family &&
  part.length > whole.length &&
  masked({ ...part, length: whole.length }) === masked(whole)
