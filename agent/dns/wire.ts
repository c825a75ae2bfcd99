/**
 * DNS messages as bytes: reading queries, writing answers, and walking other servers' answers. Pure.
 *
 * Input is hostile: every read is checked against the end of the message, names are bounded, compression pointers only
 * go backwards. What cannot be read gives undefined or a response code, never an exception.
 * Source: RFC 1035, 2181, 2782 (SRV), 6891 (EDNS)
 */

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  ANY: 255,
} as const

export const RCODE = {
  success: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const

export interface Question {
  /** Lower case, without the last dot; '' is the root. */
  readonly name: string
  readonly type: number
}

export interface Query {
  readonly kind: 'query'
  readonly id: number
  readonly question: Question
  /** Where the question section ends: what precedes is copied into the answer as it came. */
  readonly questionEnd: number
  readonly wantsRecursion: boolean
  /** The largest UDP answer the client takes, in bytes. */
  readonly udpSizeMax: number
  readonly hasEdns: boolean
}

/** `undefined` where the message deserves no answer at all. */
export type ParsedQuery = Query | { readonly kind: 'refusal'; readonly rcode: number } | undefined

export type DnsRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly target: string }
  | { readonly type: 'TXT'; readonly text: string }
  | {
      readonly type: 'SRV'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | { readonly type: 'SOA'; readonly origin: string; readonly minimum: number }
)

export interface Answer {
  readonly rcode: number
  readonly isAuthoritative: boolean
  readonly answers: readonly DnsRecord[]
  readonly authority: readonly DnsRecord[]
  readonly additional: readonly DnsRecord[]
}

export const HEADER_BYTES = 12
const UDP_PLAIN_MAX_BYTES = 512
/** Larger answers may be fragmented on their way: the value that DNS operators agreed on. */
const UDP_EDNS_MAX_BYTES = 1232
const NAME_MAX_BYTES = 255
const LABEL_MAX_BYTES = 63
const RECORDS_MAX = 4096
const FLAG = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
}
const RECURSION_AVAILABLE = 0x0080

export function parseQuery(message: Buffer): ParsedQuery {
  if (message.length < HEADER_BYTES) return undefined
  const flags = message.readUInt16BE(2)
  if ((flags & FLAG.response) !== 0) return undefined
  if ((flags & 0x7800) !== 0) return { kind: 'refusal', rcode: RCODE.notImplemented }
  const refusal = { kind: 'refusal', rcode: RCODE.formatError } as const
  if (message.readUInt16BE(4) !== 1) return refusal
  const name = readPlainName(message, HEADER_BYTES)
  if (name === undefined || name.end + 4 > message.length) return refusal
  if (message.readUInt16BE(name.end + 2) !== 1) {
    return { kind: 'refusal', rcode: RCODE.notImplemented }
  }
  const questionEnd = name.end + 4
  const udpSize = ednsSize(message, questionEnd)
  if (udpSize === undefined) return refusal
  return {
    kind: 'query',
    id: message.readUInt16BE(0),
    question: { name: name.text, type: message.readUInt16BE(name.end) },
    questionEnd,
    wantsRecursion: (flags & FLAG.recursionDesired) !== 0,
    hasEdns: udpSize > 0,
    udpSizeMax: Math.max(UDP_PLAIN_MAX_BYTES, Math.min(udpSize, UDP_EDNS_MAX_BYTES)),
  }
}

/** A name without compression, as questions have. */
function readPlainName(
  message: Buffer,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = []
  let at = start
  for (;;) {
    const length = message[at]
    if (length === undefined || length > LABEL_MAX_BYTES) return undefined
    if (length === 0) break
    if (at + 1 + length > message.length || at - start + length > NAME_MAX_BYTES) return undefined
    const label = message.toString('latin1', at + 1, at + 1 + length)
    // A dot inside a label cannot be told from one between labels, and no name of ours has one.
    if (label.includes('.')) return undefined
    labels.push(label)
    at += 1 + length
  }
  return { text: labels.join('.').toLowerCase(), end: at + 1 }
}

/** UDP size of the OPT record, 0 without one, undefined for a message that cannot be read. */
function ednsSize(message: Buffer, from: number): number | undefined {
  let size = 0
  const ok = walkRecords(message, from, record => {
    if (record.type === TYPE.OPT) size = Math.max(UDP_PLAIN_MAX_BYTES, record.class)
  })
  return ok ? size : undefined
}

export interface RawRecord {
  readonly type: number
  readonly class: number
  readonly ttl: number
  readonly nameAt: number
  /** Where its TTL stands in the message. */
  readonly ttlAt: number
  readonly dataAt: number
  readonly dataLength: number
  readonly section: 'answer' | 'authority' | 'additional'
}

/** Calls `visit` for every record after the question. Returns  false when the message is damaged. */
export function walkRecords(
  message: Buffer,
  from: number,
  visit: (record: RawRecord) => void,
): boolean {
  const answers = message.readUInt16BE(6)
  const authority = message.readUInt16BE(8)
  const total = answers + authority + message.readUInt16BE(10)
  if (total > RECORDS_MAX) return false
  let at = from
  for (let index = 0; index < total; index += 1) {
    const nameAt = at
    const end = skipName(message, at)
    if (end === undefined || end + 10 > message.length) return false
    const dataLength = message.readUInt16BE(end + 8)
    if (end + 10 + dataLength > message.length) return false
    visit({
      type: message.readUInt16BE(end),
      class: message.readUInt16BE(end + 2),
      ttl: message.readUInt32BE(end + 4),
      nameAt,
      ttlAt: end + 4,
      dataAt: end + 10,
      dataLength,
      section:
        index < answers ? 'answer' : index < answers + authority ? 'authority' : 'additional',
    })
    at = end + 10 + dataLength
  }
  return true
}

function skipName(message: Buffer, start: number): number | undefined {
  let at = start
  while (at - start <= NAME_MAX_BYTES) {
    const length = message[at]
    if (length === undefined) return undefined
    if (length === 0) return at + 1
    if ((length & 0xc0) === 0xc0) return at + 2 <= message.length ? at + 2 : undefined
    if (length > LABEL_MAX_BYTES) return undefined
    at += 1 + length
  }
  return undefined
}

/** A possibly compressed name; undefined when it is damaged or circular. */
export function readName(message: Buffer, start: number): string | undefined {
  const labels: string[] = []
  let at = start
  let lowest = start
  let size = 0
  for (;;) {
    const length = message[at]
    if (length === undefined) return undefined
    if (length === 0) return labels.join('.').toLowerCase()
    if ((length & 0xc0) === 0xc0) {
      const low = message[at + 1]
      if (low === undefined) return undefined
      const target = ((length & 0x3f) << 8) | low
      // Only backwards, so it must come to an end.
      if (target >= lowest) return undefined
      lowest = target
      at = target
      continue
    }
    if (length > LABEL_MAX_BYTES || at + 1 + length > message.length) return undefined
    size += 1 + length
    if (size > NAME_MAX_BYTES) return undefined
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
}

export interface AnswerContext {
  /** The query's bytes; id and question are taken over as they are. */
  readonly message: Buffer
  readonly query: Query
  /** The answer is cut down to a truncated one beyond this. */
  readonly sizeMax: number
}

/** The answer as bytes. */
export function encodeAnswer(answer: Answer, context: AnswerContext): Buffer {
  const { query, sizeMax } = context
  const fast = encodeAddresses(answer, context)
  if (fast !== undefined) return fast
  const writer = new Writer(context.message.subarray(0, query.questionEnd))
  for (const record of answer.answers) writer.record(record)
  for (const record of answer.authority) writer.record(record)
  for (const record of answer.additional) writer.record(record)
  if (query.hasEdns) writer.edns()
  const body = writer.bytes()
  const extra = query.hasEdns ? 1 : 0
  if (body.length > sizeMax) return encodeTruncated(answer, context)
  writeHeader(body, { query, answer, isTruncated: false })
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

function encodeTruncated(answer: Answer, { message, query }: AnswerContext): Buffer {
  const body = Buffer.from(message.subarray(0, query.questionEnd))
  writeHeader(body, { query, answer, isTruncated: true })
  body.writeUInt16BE(0, 6)
  body.writeUInt32BE(0, 8)
  return body
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

function plainName(name: string): Buffer {
  const labels = name.split('.').filter(label => label !== '' && label.length <= LABEL_MAX_BYTES)
  const parts = labels.map(label =>
    Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
  )
  return Buffer.concat([...parts, Buffer.from([0])])
}

/** A question, as it stands in another message, as a message of its own: for asking other servers. */
export function encodeQuestion(id: number, question: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES)
  head.writeUInt16BE(id, 0)
  head.writeUInt16BE(FLAG.recursionDesired, 2)
  head.writeUInt16BE(1, 4)
  return Buffer.concat([head, question])
}

/** Question section for a name and type. */
export function questionBytes({ name, type }: Question): Buffer {
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(type, 0)
  tail.writeUInt16BE(1, 2)
  return Buffer.concat([plainName(name), tail])
}

export const isTruncated = (message: Buffer): boolean =>
  (message.readUInt16BE(2) & FLAG.truncated) !== 0
export const isResponse = (message: Buffer): boolean =>
  message.length >= HEADER_BYTES && (message.readUInt16BE(2) & FLAG.response) !== 0
export const rcodeOf = (message: Buffer): number => message.readUInt16BE(2) & 0x000f
