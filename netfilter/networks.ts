/** IPv4 addresses and networks as numbers and text. Pure. Text that is neither gives undefined, never an exception. */

export interface Network {
  /** First address, as an unsigned 32-bit number. */
  readonly base: number
  /** Prefix length, 0 to 32. */
  readonly bits: number
}

/** `10.42.0.7` -> number; leading zeros and short forms are refused. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return value
}

export const formatAddress = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.')

/** `10.42.0.0/16`, or an address alone (/32). Host bits are cleared. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', length = '32', ...rest] = text.trim().split('/')
  const value = parseAddress(address)
  if (value === undefined || rest.length > 0 || !/^\d{1,2}$/.test(length)) return undefined
  const bits = Number(length)
  if (bits > 32) return undefined
  return { base: (value & maskOf(bits)) >>> 0, bits }
}

/** Canonical text; a single address has no suffix, as nft prints it. */
export const formatNetwork = ({ base, bits }: Network): string =>
  bits === 32 ? formatAddress(base) : `${formatAddress(base)}/${bits}`

export const networkSize = ({ bits }: Network): number => 2 ** (32 - bits)

export const networkContains = (outer: Network, address: number): boolean =>
  (address & maskOf(outer.bits)) >>> 0 === outer.base

const maskOf = (bits: number): number => (bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0)

/**
 * The same addresses without overlap: canonical, sorted, networks inside others left out, unreadable ones too.
 * Kernel sets with intervals refuse overlapping elements.
 */
export function distinctNetworks(texts: readonly string[]): readonly string[] {
  const parsed = texts.map(parseNetwork).filter(network => network !== undefined)
  parsed.sort((left, right) => left.bits - right.bits || left.base - right.base)
  const kept: Network[] = []
  for (const network of parsed) {
    if (!kept.some(outer => networkContains(outer, network.base))) kept.push(network)
  }
  return kept.map(formatNetwork)
}
