/** IPv4 addresses and networks as numbers: ranges of Services, blocks of nodes. Pure. */

export interface Ipv4Network {
  /** First address, as an unsigned 32-bit number. */
  readonly base: number
  /** Prefix length, 0 to 32. */
  readonly bits: number
}

/** Undefined for text that is not a dotted quad. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return value
}

export const formatIpv4 = (value: number): string =>
  [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.')

/** Number of addresses, network and broadcast included. */
export const sizeOfNetwork = (bits: number): number => 2 ** (32 - bits)

/** Bits of hosts are cleared. Throws RangeError for text that is not an IPv4 CIDR. */
export function parseNetwork(text: string): Ipv4Network {
  const [address = '', prefix = ''] = text.split('/')
  const value = parseIpv4(address)
  const bits = Number(prefix)
  if (value === undefined || !/^\d{1,2}$/.test(prefix) || bits > 32) {
    throw new RangeError(`not an IPv4 CIDR: ${text}`)
  }
  const size = sizeOfNetwork(bits)
  return { base: Math.floor(value / size) * size, bits }
}

export const formatNetwork = ({ base, bits }: Ipv4Network): string => `${formatIpv4(base)}/${bits}`

/** The `index`-th address of a network: 1 is the first host. */
export const hostAddress = (network: string, index: number): string =>
  formatIpv4(parseNetwork(network).base + index)
