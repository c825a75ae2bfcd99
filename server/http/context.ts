/** What the stages of one request share. Each stage fills its part; later ones rely on it. */
import type { UserInfo } from '#api/request.ts'
import type { Resource, TypedKind } from '#api/scheme.ts'
import type { Body, Query } from '#server/registry/call.ts'
import type { Exchange } from './exchange.ts'
import type { RequestInfo } from './request-info.ts'

export interface RequestContext {
  readonly method: string
  readonly query: Query
  readonly info: RequestInfo
  readonly userAgent: string
  /** Media type of the body, without parameters. */
  readonly contentType: string
  readonly accept: string | undefined
  readonly ifNoneMatch: string | undefined
  /** Undefined for in-process callers, whose identity is given. */
  readonly exchange: Exchange | undefined
  /** `expected` is what the body must be, for its decoding and for the message of a broken one. */
  readonly body: (expected: TypedKind) => Promise<Body | undefined>
  readonly signal: AbortSignal
  /** Texts of `Warning` headers. */
  readonly warnings: Set<string>
  /** What the path names, once it was looked up. */
  resource: Resource | undefined
  /** Anonymous until `authenticate` ran. */
  user: UserInfo
}
