/**
 * One query in, one answer out: cluster names from the view, everything else through the forwarder. No sockets here.
 *
 * Law  No input makes it throw or stay silent, except what deserves no answer (answers, fragments).
 *      Cluster names are answered without waiting for anything; before the view has synced they are server failures,
 *      because absence then means nothing.
 */
import { type NamesView, resolveName } from './cluster-names.ts'
import type { Forwarder } from './forwarder.ts'
import { encodeAnswer, encodeRefusal } from './answer-encoding.ts'
import {
  type Answer,
  type DnsRecord,
  HEADER_BYTES,
  parseQuery,
  type Query,
  questionBytes,
  RCODE,
  rcodeOf,
  readName,
  TYPE,
  walkRecords,
} from './wire.ts'
import { formatAddress } from '#netfilter/networks.ts'
import type { Random } from '#base/random.ts'

export interface ResponderOptions {
  readonly view: NamesView
  readonly hasSynced: () => boolean
  readonly forwarder: Pick<Forwarder, 'ask'>
  readonly random: Random
}

/** Counters for the agent's metrics. */
export interface DnsMetrics {
  readonly clusterAnswers: number
  readonly forwarded: number
  readonly failures: number
  readonly malformed: number
}

const TCP_SIZE_MAX = 65_535
/** Aliases of aliases that are followed within the cluster. */
const ALIAS_DEPTH_MAX = 8

export class Responder {
  readonly #options: ResponderOptions
  readonly #counts = { clusterAnswers: 0, forwarded: 0, failures: 0, malformed: 0 }

  constructor(options: ResponderOptions) {
    this.#options = options
  }

  get metrics(): DnsMetrics {
    return { ...this.#counts }
  }

  /** The answer, at once where it can be; undefined: say nothing. */
  respond(
    message: Buffer,
    transport: 'udp' | 'tcp',
  ): Buffer | undefined | Promise<Buffer | undefined> {
    const query = parseQuery(message)
    if (query === undefined || query.kind === 'refusal') {
      this.#counts.malformed += 1
      return query === undefined ? undefined : encodeRefusal(message, query.rcode)
    }
    const isTcp = transport === 'tcp'
    const sizeMax = isTcp ? TCP_SIZE_MAX : query.udpSizeMax
    const encode = (answer: Answer): Buffer => encodeAnswer(answer, { message, query, sizeMax })
    const resolution = resolveName(query.question, this.#options.view)
    if (resolution.kind === 'elsewhere') return this.#forward({ message, query, isTcp })
    if (!this.#options.hasSynced()) return encode(this.#failure())
    this.#counts.clusterAnswers += 1
    if (resolution.kind === 'answer') return encode(this.#shuffled(resolution.answer))
    const first = { records: [resolution.record], target: resolution.target }
    return this.#followAlias(first, query, isTcp).then(encode)
  }

  /** Several addresses in changing order: most clients take the first. */
  #shuffled(answer: Answer): Answer {
    const { answers } = answer
    if (answers.length < 2) return answer
    const start = Math.floor(this.#options.random.float() * answers.length)
    return { ...answer, answers: [...answers.slice(start), ...answers.slice(0, start)] }
  }

  async #forward(input: {
    readonly message: Buffer
    readonly query: Query
    readonly isTcp: boolean
  }): Promise<Buffer> {
    const { message, query, isTcp } = input
    this.#counts.forwarded += 1
    const section = Buffer.from(message.subarray(HEADER_BYTES, query.questionEnd))
    const { name, type } = query.question
    const key = `${name} ${type}`
    const answer = await this.#options.forwarder.ask({ section, key, isTcp }, query.id)
    if (answer !== undefined && (isTcp || answer.length <= query.udpSizeMax)) return answer
    const sizeMax = isTcp ? TCP_SIZE_MAX : query.udpSizeMax
    if (answer === undefined) return encodeAnswer(this.#failure(), { message, query, sizeMax })
    // From the cache, where a TCP client's larger answer may be: this one has to come back by TCP.
    const empty = { ...this.#failure(), rcode: rcodeOf(answer) }
    return encodeAnswer(empty, { message, query, sizeMax: 0 })
  }

  /** Resolvers in pods do not follow aliases themselves: the addresses belong into the same answer. */
  async #followAlias(
    first: { readonly records: readonly DnsRecord[]; readonly target: string },
    query: Query,
    isTcp: boolean,
  ): Promise<Answer> {
    const records = [...first.records]
    let { target } = first
    if (query.question.type === TYPE.CNAME) return positive(records)
    for (let depth = 0; depth < ALIAS_DEPTH_MAX; depth += 1) {
      const question = { name: target, type: query.question.type }
      const next = resolveName(question, this.#options.view)
      if (next.kind === 'answer')
        return { ...next.answer, answers: [...records, ...next.answer.answers] }
      if (next.kind === 'elsewhere') {
        const section = questionBytes(question)
        const key = `${question.name} ${question.type}`
        const found = await this.#options.forwarder.ask({ section, key, isTcp }, 0)
        if (found === undefined) return this.#failure()
        const further = readRecords(found, HEADER_BYTES + section.length)
        // The code is that of the alias's end (RFC 6604): an end that is missing is missing for the asker too.
        return { ...positive([...records, ...further]), rcode: rcodeOf(found) }
      }
      records.push(next.record)
      target = next.target
    }
    return positive(records)
  }

  #failure(): Answer {
    this.#counts.failures += 1
    return {
      rcode: RCODE.serverFailure,
      isAuthoritative: false,
      answers: [],
      authority: [],
      additional: [],
    }
  }
}

const positive = (answers: readonly DnsRecord[]): Answer => ({
  rcode: RCODE.success,
  isAuthoritative: true,
  answers,
  authority: [],
  additional: [],
})

/** Addresses and aliases of another server's answer. AAAA is left out: pods have IPv4 only. */
function readRecords(message: Buffer, questionEnd: number): readonly DnsRecord[] {
  const records: DnsRecord[] = []
  walkRecords(message, questionEnd, raw => {
    const name = readName(message, raw.nameAt)
    if (raw.section !== 'answer' || name === undefined) return
    if (raw.type === TYPE.A && raw.dataLength === 4) {
      const address = formatAddress(message.readUInt32BE(raw.dataAt))
      records.push({ type: 'A', name, ttl: raw.ttl, address })
    }
    const target = raw.type === TYPE.CNAME ? readName(message, raw.dataAt) : undefined
    if (target !== undefined) records.push({ type: 'CNAME', name, ttl: raw.ttl, target })
  })
  return records
}
