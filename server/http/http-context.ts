/** A RequestContext over an Exchange: headers and body as the stages want them. */
import { parseJson, parsePatch } from '#api/codec.ts'
import { parseProtobuf } from '#api/protobuf/envelope.ts'
import { ANONYMOUS, type UserInfo } from '#api/request.ts'
import type { Resource, TypedKind } from '#api/scheme.ts'
import { badRequest } from '#api/status.ts'
import { type Turns, nextTurn } from '#base/turns.ts'
import type { Body, Query } from '#server/registry/call.ts'
import type { RequestContext } from './context.ts'
import { BODY_LIMIT_BYTES, type Exchange } from './exchange.ts'
import { isApplyType, unsupportedMedia } from '#server/registry/options.ts'
import { PROTOBUF, mediaTypeOf } from './negotiation.ts'
import { type RequestInfo, requestInfo } from './request-info.ts'
import { readApplied, readYaml } from './yaml.ts'

/** A body that takes milliseconds to read. */
const BIG_BODY_BYTES = 128 * 1024

const BODY_TYPES: readonly string[] = ['application/json', 'application/yaml', PROTOBUF]
const JSON_PATCH_TYPES = new Set([
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
])

export class HttpContext implements RequestContext {
  readonly info: RequestInfo
  readonly exchange: Exchange
  readonly warnings = new Set<string>()
  readonly #turns: Turns
  resource: Resource | undefined = undefined
  user: UserInfo = ANONYMOUS

  /** Throws StatusError(BadRequest) for a path whose escapes are broken. */
  constructor(exchange: Exchange, turns: Turns) {
    const info = requestInfo(exchange)
    if (info === undefined) throw badRequest('invalid URL escape in the request path')
    this.exchange = exchange
    this.#turns = turns
    this.info = info
  }

  get method(): string {
    return this.exchange.method
  }

  get query(): Query {
    return this.exchange.query
  }

  get userAgent(): string {
    return this.exchange.header('user-agent') ?? ''
  }

  get contentType(): string {
    return mediaTypeOf(this.exchange.header('content-type'))
  }

  get accept(): string | undefined {
    return this.exchange.header('accept')
  }

  get ifNoneMatch(): string | undefined {
    return this.exchange.header('if-none-match')
  }

  get signal(): AbortSignal {
    return this.exchange.signal
  }

  async body(expected: TypedKind): Promise<Body | undefined> {
    const bytes = await this.exchange.readBody(BODY_LIMIT_BYTES)
    if (bytes.length === 0) return undefined
    // Bodies of many requests come in with one read of a socket.
    await this.#turns.take()
    const body = this.#parsed(bytes, expected)
    // What is done with it is as long a piece of work.
    if (bytes.length > BIG_BODY_BYTES) await nextTurn()
    return body
  }

  #parsed(bytes: Buffer, expected: TypedKind): Body {
    const { contentType } = this
    if (contentType === 'application/json') return parseJson(bytes, expected.kind)
    if (JSON_PATCH_TYPES.has(contentType)) return parsePatch(bytes)
    if (contentType === 'application/yaml') return readYaml(bytes)
    if (isApplyType(contentType)) return readApplied(bytes)
    if (contentType === PROTOBUF) return { value: parseProtobuf(bytes, expected), duplicates: [] }
    throw unsupportedMedia(BODY_TYPES)
  }
}
