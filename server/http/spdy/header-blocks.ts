/**
 * Header blocks of SPDY/3: names and values, compressed by one zlib stream per direction.
 *
 * What is sent is wrapped in stored blocks: a few bytes longer, and it needs neither a compressor's memory nor a thread.
 * Throws  SpdyError (decode rejects with it) for what does not inflate, is too long, or is no list of pairs.
 * Source: SPDY protocol draft 3.1, section 2.6.10
 */
import { constants, createInflate } from 'node:zlib'
import { DICTIONARY, DICTIONARY_ID } from './dictionary.ts'
import { SpdyError } from './frames.ts'

/** Names in lower case. */
export type SpdyHeaders = Readonly<Record<string, string>>

const INFLATED_MAX_BYTES = 64 * 1024
const PAIRS_MAX = 64
const STORED_MAX_BYTES = 0xffff

/** `78 bb`: deflate with a preset dictionary, which the next four bytes name. */
const ZLIB_HEADER = Buffer.alloc(6)
ZLIB_HEADER.writeUInt16BE(0x78bb, 0)
ZLIB_HEADER.writeUInt32BE(DICTIONARY_ID, 2)
/** An empty stored block: readers hand out what they have. */
const FLUSH = Buffer.from([0, 0, 0, 0xff, 0xff])

/** `isFirst`: the first block of the connection in this direction. At most 64 kB in all. */
export function encodeHeaders(headers: SpdyHeaders, isFirst: boolean): Buffer {
  const entries = Object.entries(headers)
  const plain = Buffer.concat([
    counted(entries.length),
    ...entries.flat().flatMap(text => [counted(Buffer.byteLength(text)), Buffer.from(text)]),
  ])
  if (plain.length > STORED_MAX_BYTES) throw new RangeError('headers too long')
  const block = Buffer.alloc(5)
  block.writeUInt16LE(plain.length, 1)
  block.writeUInt16LE(plain.length ^ 0xffff, 3)
  return Buffer.concat([...(isFirst ? [ZLIB_HEADER] : []), block, plain, FLUSH])
}

const counted = (count: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(count)
  return bytes
}

/** Reads the blocks of one connection, in order, one at a time. */
export class HeaderDecoder {
  readonly #inflate = createInflate({
    dictionary: DICTIONARY,
    flush: constants.Z_SYNC_FLUSH,
  })
  #chunks: Buffer[] = []
  #size = 0
  #fail: (error: Error) => void = () => {}

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#size += chunk.length
      if (this.#size > INFLATED_MAX_BYTES) return this.#fail(new SpdyError('headers too long'))
      this.#chunks.push(chunk)
    })
    this.#inflate.on('error', error => this.#fail(new SpdyError(error.message)))
  }

  async decode(block: Buffer): Promise<SpdyHeaders> {
    this.#chunks = []
    this.#size = 0
    await new Promise<void>((resolve, reject) => {
      this.#fail = error => {
        reject(error)
        this.close()
      }
      this.#inflate.write(block, error => (error ? reject(error) : resolve()))
    })
    return pairsOf(Buffer.concat(this.#chunks))
  }

  close(): void {
    this.#inflate.destroy()
  }
}

function pairsOf(block: Buffer): SpdyHeaders {
  let offset = 0
  const number = (): number => {
    if (offset + 4 > block.length) throw new SpdyError('headers too short')
    offset += 4
    return block.readUInt32BE(offset - 4)
  }
  const text = (): string => {
    const length = number()
    if (length > block.length - offset) throw new SpdyError('headers too short')
    offset += length
    return block.toString('utf8', offset - length, offset)
  }
  const count = number()
  if (count > PAIRS_MAX) throw new SpdyError('too many headers')
  const headers = new Map<string, string>()
  for (let index = 0; index < count; index += 1) headers.set(text().toLowerCase(), text())
  return Object.fromEntries(headers)
}
