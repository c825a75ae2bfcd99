/**
 * Other servers' answers, kept for as long as they allow, at most half a minute. Pure state, bounded.
 *
 * Answers are kept as bytes; handing one out writes the asker's id and the time that is left into a copy.
 */
import { isTruncated, RCODE, rcodeOf, TYPE, walkRecords } from './wire.ts'

interface Entry {
  readonly message: Buffer
  readonly ttlsAt: readonly number[]
  readonly storedMs: number
  readonly expiresMs: number
}

const ENTRIES_MAX = 4096
/** Larger answers are rare, and a pod that asks for thousands of them must not fill the agent's memory. */
const MESSAGE_BYTES_MAX = 4096
const TTL_MAX_SECONDS = 30
/** Failures are remembered briefly, so that a broken server is not asked by every pod at once. */
const FAILURE_SECONDS = 1

export class AnswerCache {
  readonly #entries = new Map<string, Entry>()

  get size(): number {
    return this.#entries.size
  }

  /** A copy with `id` and reduced TTLs; undefined when there is none that is still good. */
  get(key: string, id: number, nowMs: number): Buffer | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (nowMs >= entry.expiresMs) {
      this.#entries.delete(key)
      return undefined
    }
    const message = Buffer.from(entry.message)
    message.writeUInt16BE(id, 0)
    const ageSeconds = Math.floor((nowMs - entry.storedMs) / 1000)
    for (const at of entry.ttlsAt) {
      message.writeUInt32BE(Math.max(0, message.readUInt32BE(at) - ageSeconds), at)
    }
    return message
  }

  /** Keeps what may be kept. `questionEnd` is where the records begin. */
  put(
    key: string,
    answer: { readonly message: Buffer; readonly questionEnd: number },
    nowMs: number,
  ): void {
    const { message, questionEnd } = answer
    if (isTruncated(message) || message.length > MESSAGE_BYTES_MAX) return
    const ttlsAt: number[] = []
    let seconds = TTL_MAX_SECONDS
    let hasRecords = false
    const isWhole = walkRecords(message, questionEnd, record => {
      if (record.type === TYPE.OPT) return
      ttlsAt.push(record.ttlAt)
      hasRecords = true
      seconds = Math.min(seconds, record.ttl, negativeTtl(message, record.dataAt, record))
    })
    if (!isWhole) return
    const rcode = rcodeOf(message)
    if (rcode !== RCODE.success && rcode !== RCODE.nameError) seconds = FAILURE_SECONDS
    // A negative answer without SOA must not be kept (RFC 2308), but one second does no harm and much good.
    else if (!hasRecords) seconds = FAILURE_SECONDS
    if (seconds <= 0) return
    this.#entries.delete(key)
    if (this.#entries.size >= ENTRIES_MAX) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    this.#entries.set(key, { message, ttlsAt, storedMs: nowMs, expiresMs: nowMs + seconds * 1000 })
  }
}

/** An SOA's last field bounds how long a negative answer lives (RFC 2308). */
function negativeTtl(
  message: Buffer,
  dataAt: number,
  record: { readonly type: number; readonly dataLength: number },
): number {
  if (record.type !== TYPE.SOA || record.dataLength < 20) return TTL_MAX_SECONDS
  return message.readUInt32BE(dataAt + record.dataLength - 4)
}
