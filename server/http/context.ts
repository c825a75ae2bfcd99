/** What the stages of one request share. Each stage fills its part; later ones rely on it. */
import { ANONYMOUS, type UserInfo } from '#api/request.ts'
import type { Body, Query } from '#server/registry/call.ts'
import type { Exchange } from './exchange.ts'
import type { RequestInfo } from './request-info.ts'

export interface RequestContext {
  readonly method: string
  readonly query: Query
  readonly info: RequestInfo
  readonly userAgent: string
  readonly contentType: string
  readonly ifNoneMatch: string | undefined
  readonly accept: string | undefined
  /** Undefined for in-process callers, whose identity is given. */
  readonly exchange: Exchange | undefined
  readonly body: () => Promise<Body>
  readonly signal: AbortSignal
  readonly warnings: string[]
  /** Anonymous until `authenticate` ran. */
  user: UserInfo
}

export const UNIDENTIFIED: UserInfo = ANONYMOUS
