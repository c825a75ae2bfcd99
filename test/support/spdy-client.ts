/** A SPDY/3.1 client without a library, whose header blocks zlib's own compressor makes. For tests of the server's end. */
import type { Duplex } from 'node:stream'
import { constants, createDeflate } from 'node:zlib'
import { DICTIONARY } from '#server/http/spdy/dictionary.ts'
import { controlFrame, dataFrame, type Frame, SpdyReader, TYPE } from '#server/http/spdy/frames.ts'

export const u32 = (...numbers: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number >>> 0, 4 * index)
  return bytes
}

export const plain = (headers: Record<string, string>): Buffer =>
  Buffer.concat([
    u32(Object.keys(headers).length),
    ...Object.entries(headers)
      .flat()
      .flatMap(text => [u32(text.length), Buffer.from(text)]),
  ])

export class Packer {
  readonly #deflate = createDeflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH })

  async pack(bytes: Buffer): Promise<Buffer> {
    const chunks: Buffer[] = []
    const take = (chunk: Buffer): void => void chunks.push(chunk)
    this.#deflate.on('data', take)
    await new Promise<void>(resolve => this.#deflate.write(bytes, () => resolve()))
    await new Promise<void>(resolve => this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve))
    this.#deflate.off('data', take)
    return Buffer.concat(chunks)
  }
}

export class SpdyClient {
  readonly frames: Frame[] = []
  readonly socket: Duplex
  readonly #packer = new Packer()
  readonly #reader = new SpdyReader()

  /** `socket` speaks SPDY already. */
  constructor(socket: Duplex) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.frames.push(...this.#reader.push(chunk)))
  }

  async open(id: number, headers: Readonly<Record<string, string>>): Promise<void> {
    const block = await this.#packer.pack(plain(headers))
    const payload = Buffer.concat([u32(id, 0), Buffer.alloc(2), block])
    this.socket.write(controlFrame(TYPE.synStream, payload))
  }

  send(id: number, text: string, isLast = false): void {
    this.socket.write(dataFrame(id, Buffer.from(text), isLast))
  }

  async until<Found>(find: () => Found | undefined): Promise<Found> {
    const deadline = performance.now() + 10_000
    while (performance.now() < deadline) {
      const found = find()
      if (found !== undefined && found !== false) return found
      await new Promise(resolve => setImmediate(resolve))
    }
    throw new Error('nothing came')
  }

  control(type: number): Frame | undefined {
    return this.frames.find(frame => frame.kind === 'control' && frame.type === type)
  }

  received(id: number): Buffer {
    return Buffer.concat(
      this.frames.flatMap(frame =>
        frame.kind === 'data' && frame.streamID === id ? [frame.payload] : [],
      ),
    )
  }

  hasEnded(id: number): boolean {
    return this.frames.some(frame => frame.kind === 'data' && frame.streamID === id && frame.isLast)
  }
}
