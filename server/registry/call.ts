/** What the registry is asked and what it answers: one verb on one resource, free of HTTP. Types only. */
import type { AnyObject } from '#api/object.ts'
import type { UserInfo } from '#api/request.ts'
import type { Resource } from '#api/scheme.ts'
import type { StatusError } from '#api/status.ts'
import type { Cached, CachedPage, Selection, WatchOptions } from '#server/cache/cache.ts'
import type { NodeResponse } from '#client/node-api.ts'
import type { Duplex } from 'node:stream'

export interface Query {
  get(name: string): string | null
  getAll(name: string): string[]
  /** As it stands behind the question mark. */
  toString(): string
}

/** A body as it was sent, parsed but not yet understood. */
export interface Body {
  readonly value: unknown
  /** What strict decoding says of fields that were given twice. */
  readonly duplicates: readonly string[]
}

export interface Call {
  readonly verb: string
  readonly resource: Resource
  readonly subresource: string
  /** '' for cluster-scoped resources and lists over all namespaces. */
  readonly namespace: string
  readonly name: string
  /** Path segments behind the subresource. */
  readonly rest: readonly string[]
  readonly query: Query
  readonly user: UserInfo
  readonly userAgent: string
  /** Media type of the body, without parameters. */
  readonly contentType: string
  /** Undefined when nothing was sent. */
  readonly body: () => Promise<Body | undefined>
  /** Text of a `Warning: 299` header. */
  readonly warn: (text: string) => void
  readonly signal: AbortSignal
}

export type Answer =
  | { readonly kind: 'item'; readonly code: number; readonly item: Cached }
  | {
      readonly kind: 'object'
      readonly code: number
      readonly object: AnyObject
      /** The object as JSON, when it has been encoded already. */
      readonly bytes?: Buffer
    }
  | { readonly kind: 'page'; readonly resource: Resource; readonly page: ListPage }
  | { readonly kind: 'watch'; readonly resource: Resource; readonly watch: WatchPlan }
  /** A node's own answer, to be sent on as it comes: logs, proxy. */
  | {
      readonly kind: 'node-response'
      readonly open: (signal: AbortSignal) => Promise<NodeResponse>
      /** Media type when the node names none. */
      readonly contentType: string
    }
  /** A two-way stream of node frames: exec, attach. */
  | {
      readonly kind: 'node-stream'
      readonly streams: CommandStreams
      readonly connect: (signal: AbortSignal) => Promise<Duplex>
    }
  /** Connections to ports of a pod, as many as the client opens. */
  | {
      readonly kind: 'port-forward'
      readonly pod: { readonly name: string; readonly uid: string }
      /** Named by the request; clients that name them per connection send none. */
      readonly ports: readonly number[]
      readonly connect: (port: number, signal: AbortSignal) => Promise<Duplex>
    }
  /** HTTP of somebody else, at an address that can be dialled. */
  | { readonly kind: 'proxy'; readonly target: ProxyTarget }
  | {
      readonly kind: 'raw'
      readonly code: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: Buffer
    }

/** Which streams of a command the client wants. */
export interface CommandStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

export interface ProxyTarget {
  readonly scheme: 'http' | 'https'
  /** `10.42.0.7:8080` */
  readonly host: string
  /**
   * A TCP connection to it, through its node; undefined: dialled from here.
   * Throws StatusError(ServiceUnavailable) in the dialler's words.
   */
  readonly connect: ((signal: AbortSignal) => Promise<Duplex>) | undefined
}

export interface ListPage {
  readonly page: CachedPage
  /** The token for the next page, undefined on the last. */
  readonly continue: string | undefined
}

export interface WatchPlan {
  readonly selection: Selection
  readonly options: WatchOptions
  readonly timeoutMs: number
  /** Ends the stream at once, as an ERROR event. */
  readonly refusal: StatusError | undefined
}
