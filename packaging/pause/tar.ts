/**
 * A ustar archive from a list of entries, byte for byte the same on every machine: owner root, time zero. Pure.
 * Source: POSIX.1-2017 pax, ustar interchange format
 */

export type TarEntry =
  | {
      readonly kind: 'file'
      readonly path: string
      readonly mode: number
      readonly content: Buffer
    }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }

const BLOCK_BYTES = 512
const NAME_MAX_BYTES = 100
const TYPE_FLAG = { file: '0', symlink: '2', directory: '5' } as const

/** Throws RangeError for a path longer than 100 bytes. */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(entry =>
    entry.kind === 'file'
      ? [header(entry), entry.content, padding(entry.content.length)]
      : [header(entry)],
  )
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)])
}

function header(entry: TarEntry): Buffer {
  if (Buffer.byteLength(entry.path) > NAME_MAX_BYTES)
    throw new RangeError(`path too long: ${entry.path}`)
  const block = Buffer.alloc(BLOCK_BYTES)
  const octal = (value: number, offset: number, digits: number): void => {
    block.write(`${value.toString(8).padStart(digits, '0')}\0`, offset, 'latin1')
  }
  block.write(entry.path, 0, 'utf8')
  octal(entry.kind === 'symlink' ? 0o777 : entry.mode, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(entry.kind === 'file' ? entry.content.length : 0, 124, 11)
  octal(0, 136, 11)
  block.write(TYPE_FLAG[entry.kind], 156, 'latin1')
  if (entry.kind === 'symlink') block.write(entry.target, 157, 'utf8')
  block.write('ustar\x0000', 257, 'latin1')
  // the sum is taken with its own field full of spaces
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

const padding = (length: number): Buffer =>
  Buffer.alloc((BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES)
