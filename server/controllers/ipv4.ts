/** IPv4 addresses and blocks as numbers. Pure. Throws RangeError for text that is neither. */

export interface Block {
  /** First address, as an unsigned 32-bit number. */
  readonly base: number
  /** Prefix length, 0 to 32. */
  readonly bits: number
}

export function parseAddress(text: string): number {
  const parts = text.split('.').map(Number)
  const isValid =
    parts.length === 4 && parts.every(part => Number.isInteger(part) && part >= 0 && part < 256)
  if (!isValid) throw new RangeError(`not an IPv4 address: ${text}`)
  return parts.reduce((address, part) => address * 256 + part, 0)
}

export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map(shift => Math.floor(address / 2 ** shift) % 256).join('.')

export function parseBlock(text: string): Block {
  const [address = '', prefix = ''] = text.split('/')
  const bits = Number(prefix)
  if (prefix === '' || !Number.isInteger(bits) || bits < 0 || bits > 32) {
    throw new RangeError(`not an IPv4 block: ${text}`)
  }
  const size = 2 ** (32 - bits)
  return { base: Math.floor(parseAddress(address) / size) * size, bits }
}

export const formatBlock = ({ base, bits }: Block): string => `${formatAddress(base)}/${bits}`

/** The `index`-th address of a block: 1 is the first host. */
export const hostAddress = (block: string, index: number): string =>
  formatAddress(parseBlock(block).base + index)
