/** IPv4 networks as numbers. Pure. */
export interface Ipv4Network {
  readonly base: number
  readonly prefix: number
  /** Number of addresses, network and broadcast included. */
  readonly size: number
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

/** Throws RangeError for text that is not an IPv4 CIDR. */
export function parseNetwork(text: string): Ipv4Network {
  const [address = '', prefixText = ''] = text.split('/')
  const value = parseIpv4(address)
  const prefix = Number(prefixText)
  if (value === undefined || !/^\d{1,2}$/.test(prefixText) || prefix > 32)
    throw new RangeError(`not an IPv4 CIDR: ${text}`)
  const size = 2 ** (32 - prefix)
  return { base: Math.floor(value / size) * size, prefix, size }
}
