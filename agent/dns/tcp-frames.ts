/** DNS over TCP: each message is preceded by its length in two bytes. Splits a stream into messages. Pure state. */

const LENGTH_BYTES = 2

export class TcpFrames {
  #pending: Buffer = Buffer.alloc(0)

  static encode(message: Buffer): Buffer {
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt16BE(message.length, 0)
    return Buffer.concat([length, message])
  }

  /** Messages completed by this chunk. What is kept is at most one message of 64 kB. */
  push(chunk: Buffer): Buffer[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const messages: Buffer[] = []
    while (this.#pending.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#pending.readUInt16BE(0)
      if (this.#pending.length < end) break
      messages.push(this.#pending.subarray(LENGTH_BYTES, end))
      this.#pending = this.#pending.subarray(end)
    }
    return messages
  }
}
