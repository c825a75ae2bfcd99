/**
 * DNS messages as bytes: reading queries and walking other servers' answers. Pure.
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
export const UDP_EDNS_MAX_BYTES = 1232
const NAME_MAX_BYTES = 255
const LABEL_MAX_BYTES = 63
const RECORDS_MAX = 4096
export const FLAG = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
}

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
export function readPlainName(
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

/** A name as bytes, uncompressed. Empty and overlong labels are left out. */
export function plainName(name: string): Buffer {
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
