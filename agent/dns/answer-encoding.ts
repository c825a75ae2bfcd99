/**
 * DNS answers to bytes, names compressed. Pure.
 *
 * The query's question section is taken over byte for byte, as clients that randomise its case expect. An answer beyond
 * the size the client takes becomes a shorter one marked truncated, and the client asks again by TCP.
 * Source: RFC 1035, 2782 (SRV), 6891 (EDNS)
 */
import {
  type Answer,
  type DnsRecord,
  FLAG,
  HEADER_BYTES,
  plainName,
  type Query,
  readPlainName,
  TYPE,
  UDP_EDNS_MAX_BYTES,
} from './wire.ts'

const RECURSION_AVAILABLE = 0x0080
/** Share of the records that is tried next when all do not fit. */
const SHRINK = 0.8

export interface AnswerContext {
  /** The query's bytes; id and question are taken over as they are. */
  readonly message: Buffer
  readonly query: Query
  /** The answer is cut down to a truncated one beyond this. */
  readonly sizeMax: number
}

/** The answer as bytes. */
export function encodeAnswer(answer: Answer, context: AnswerContext): Buffer {
  const { sizeMax } = context
  const fast = encodeAddresses(answer, context)
  if (fast !== undefined) return fast
  const body = assemble(answer, context, false)
  return body.length > sizeMax ? encodeTruncated(answer, context) : body
}

function assemble(answer: Answer, { message, query }: AnswerContext, isTruncated: boolean): Buffer {
  const writer = new Writer(message.subarray(0, query.questionEnd))
  for (const record of answer.answers) writer.record(record)
  for (const record of answer.authority) writer.record(record)
  for (const record of answer.additional) writer.record(record)
  if (query.hasEdns) writer.edns()
  const body = writer.bytes()
  const extra = query.hasEdns ? 1 : 0
  writeHeader(body, { query, answer, isTruncated })
  body.writeUInt16BE(answer.answers.length, 6)
  body.writeUInt16BE(answer.authority.length, 8)
  body.writeUInt16BE(answer.additional.length + extra, 10)
  return body
}

/** A few addresses of the name that was asked for: nine answers of ten, so without detours. */
function encodeAddresses(
  answer: Answer,
  { message, query, sizeMax }: AnswerContext,
): Buffer | undefined {
  const { answers, authority, additional } = answer
  const size = query.questionEnd + answers.length * 16
  if (query.hasEdns || size > sizeMax || authority.length + additional.length > 0) return undefined
  const body = Buffer.allocUnsafe(size)
  let at = query.questionEnd
  for (const record of answers) {
    if (record.type !== 'A' || record.name !== query.question.name) return undefined
    body.writeUInt16BE(0xc000 | HEADER_BYTES, at)
    body.writeUInt32BE((TYPE.A << 16) | 1, at + 2)
    body.writeUInt32BE(record.ttl, at + 6)
    body.writeUInt16BE(4, at + 10)
    writeAddress(body, record.address, at + 12)
    at += 16
  }
  message.copy(body, 0, 0, query.questionEnd)
  writeHeader(body, { query, answer, isTruncated: false })
  body.writeUInt16BE(answers.length, 6)
  body.writeUInt32BE(0, 8)
  return body
}

/** What fits of it: resolvers that cannot ask by TCP (musl before 1.2.4) make do with that. */
function encodeTruncated(answer: Answer, context: AnswerContext): Buffer {
  let { answers } = answer
  for (;;) {
    answers = answers.slice(0, Math.floor(answers.length * SHRINK))
    const body = assemble({ ...answer, answers, authority: [], additional: [] }, context, true)
    if (answers.length === 0 || body.length <= context.sizeMax) return body
  }
}

interface HeaderInput {
  readonly query: Query
  readonly answer: Answer
  readonly isTruncated: boolean
}

function writeHeader(body: Buffer, { query, answer, isTruncated }: HeaderInput): void {
  const flags =
    FLAG.response |
    RECURSION_AVAILABLE |
    (answer.isAuthoritative ? FLAG.authoritative : 0) |
    (isTruncated ? FLAG.truncated : 0) |
    (query.wantsRecursion ? FLAG.recursionDesired : 0) |
    answer.rcode
  body.writeUInt16BE(query.id, 0)
  body.writeUInt16BE(flags, 2)
  body.writeUInt16BE(1, 4)
}

/** A bare answer to what could not be read: header only. */
export function encodeRefusal(message: Buffer, rcode: number): Buffer {
  const body = Buffer.alloc(HEADER_BYTES)
  message.copy(body, 0, 0, 2)
  body.writeUInt16BE(FLAG.response | rcode, 2)
  return body
}

function writeAddress(body: Buffer, address: string, at: number): void {
  let offset = at
  for (const part of address.split('.')) {
    body[offset] = Number(part)
    offset += 1
  }
}

/** Appends records to a question, with names compressed. */
class Writer {
  readonly #chunks: Buffer[]
  readonly #known = new Map<string, number>()
  #size: number

  constructor(question: Buffer) {
    this.#chunks = [question]
    this.#size = question.length
    const name = readPlainName(question, HEADER_BYTES)
    if (name !== undefined) this.#remember(name.text, HEADER_BYTES)
  }

  record(record: DnsRecord): void {
    this.#push(this.#name(record.name))
    const head = Buffer.alloc(10)
    head.writeUInt16BE(TYPE[record.type], 0)
    head.writeUInt16BE(1, 2)
    head.writeUInt32BE(record.ttl, 4)
    this.#push(head)
    const before = this.#size
    this.#data(record)
    head.writeUInt16BE(this.#size - before, 8)
  }

  edns(): void {
    const option = Buffer.alloc(11)
    option.writeUInt16BE(TYPE.OPT, 1)
    option.writeUInt16BE(UDP_EDNS_MAX_BYTES, 3)
    this.#push(option)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks, this.#size)
  }

  #data(record: DnsRecord): void {
    if (record.type === 'A') {
      const address = Buffer.alloc(4)
      writeAddress(address, record.address, 0)
      this.#push(address)
    } else if (record.type === 'TXT') {
      const text = Buffer.from(record.text.slice(0, 255), 'latin1')
      this.#push(Buffer.concat([Buffer.from([text.length]), text]))
    } else if (record.type === 'SRV') {
      const head = Buffer.alloc(6)
      head.writeUInt16BE(record.priority, 0)
      head.writeUInt16BE(record.weight, 2)
      head.writeUInt16BE(record.port, 4)
      this.#push(head)
      // RFC 2782: the target is not to be compressed.
      this.#push(plainName(record.target))
    } else if (record.type === 'SOA') {
      this.#push(this.#name(`ns.dns.${record.origin}`))
      this.#push(this.#name(`hostmaster.${record.origin}`))
      const numbers = Buffer.alloc(20)
      const values = [1, 7200, 1800, 86_400, record.minimum]
      for (const [index, value] of values.entries()) numbers.writeUInt32BE(value, index * 4)
      this.#push(numbers)
    } else this.#push(this.#name(record.target))
  }

  #name(name: string): Buffer {
    const parts: Buffer[] = []
    let rest = name
    let at = this.#size
    while (rest !== '') {
      const known = this.#known.get(rest)
      if (known !== undefined) {
        parts.push(Buffer.from([0xc0 | (known >> 8), known & 0xff]))
        return Buffer.concat(parts)
      }
      if (at < 0x3fff) this.#known.set(rest, at)
      const dot = rest.indexOf('.')
      const label = Buffer.from(dot < 0 ? rest : rest.slice(0, dot), 'latin1')
      parts.push(Buffer.from([label.length]), label)
      at += 1 + label.length
      rest = dot < 0 ? '' : rest.slice(dot + 1)
    }
    parts.push(Buffer.from([0]))
    return Buffer.concat(parts)
  }

  #remember(name: string, start: number): void {
    let at = start
    let rest = name
    while (rest !== '') {
      this.#known.set(rest, at)
      const dot = rest.indexOf('.')
      at += 1 + (dot < 0 ? rest.length : dot)
      rest = dot < 0 ? '' : rest.slice(dot + 1)
    }
  }

  #push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
  }
}
