/**
 * The watch cache's contract: the latest objects as bytes, snapshots for lists, and fan-out to watchers.
 *
 * Fed by one watch on the store. Bytes are resident, parsed objects are made on demand, frozen and shared.
 * Nothing here reads the store on the way of a request, except lists at a revision older than memory keeps.
 */
import type { AnyObject } from '#api/object.ts'
import type { FieldSelector, LabelSelector } from '#api/selectors.ts'
import type { StatusError } from '#api/status.ts'

/** Storage key of an object: `/<group or core>/<plural>/<namespace or ->/<name>`. */
export const storageKey = (at: {
  readonly group: string
  readonly plural: string
  readonly namespace: string
  readonly name: string
}): string =>
  `/${at.group === '' ? 'core' : at.group}/${at.plural}/${at.namespace === '' ? '-' : at.namespace}/${at.name}`

export interface Cached {
  readonly key: string
  readonly revision: number
  readonly createRevision: number
  /** The object's stored JSON with `metadata.resourceVersion` inside: what GET sends. */
  readonly bytes: Buffer
  /** Parsed, deeply frozen, shared. */
  object(): AnyObject
  /** The same for one look: what is not at hand is parsed, and neither kept nor frozen. */
  peek(): AnyObject
  /** The object in another form (Table row, protobuf ...), made once per form while someone holds this. */
  form(form: Form): Buffer
}

/** What another encoding is made of: the text that is stored, or the object behind it. */
export type Stored = Pick<Cached, 'bytes' | 'peek'>

/** Another encoding of an object. Forms are singletons: identity is the cache key. */
export interface Form {
  readonly name: string
  /** The frame of a watch event: sent to all at once, and then hardly ever again. */
  readonly isFrame?: true
  encode(stored: Stored): Buffer
}

export interface Selection {
  /** `pods`, `deployments.apps`. */
  readonly groupResource: string
  /** '' = all namespaces (or a cluster-scoped resource). */
  readonly namespace: string
  readonly labels?: LabelSelector
  readonly fields?: FieldSelector
}

export interface PageOptions {
  /** 0 = no bound. */
  readonly limit: number
  /** Last key of the previous page, from the continue token. */
  readonly after?: string
  /** Undefined: the latest. A revision the cache no longer holds is Expired (410). */
  readonly atRevision?: number
}

export interface CachedPage {
  readonly items: readonly Cached[]
  readonly revision: number
  /** Key to continue after; undefined on the last page. */
  readonly next: string | undefined
  /** Exact only when nothing is selected by label or field. */
  readonly remaining: number | undefined
}

export interface CacheEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly revision: number
  /** For DELETED the last state with the deleting revision. For BOOKMARK undefined. */
  readonly item: Cached | undefined
  /** True on the one bookmark that closes the initial events. */
  readonly initialEventsEnd: boolean
  /**
   * `{"type":...,"object":...}\n` as JSON, framed once and shared by all watchers. Empty for a BOOKMARK: its object is
   * of the version that was asked for, which the cache does not know.
   */
  frame(): Buffer
}

/**
 * What an event counts in a watcher's queue, in bytes. The consumer gives exactly this back through
 * `CacheWatch.drained` once the event has left its own queue, whatever form it was sent in.
 */
export const costOf = (event: Pick<CacheEvent, 'item'>): number =>
  (event.item?.bytes.length ?? 0) + 64

export interface WatchSink {
  /** One or several events at once, in order. Called synchronously; must not block. */
  onEvents(events: readonly CacheEvent[]): void
  /** The watch is over: Expired when it fell behind, undefined when the cache closes. */
  onEnd(error: StatusError | undefined): void
}

export interface WatchOptions {
  /** Deliver what happened after this revision; undefined = from now (`resourceVersion` unset or 0 adds initial). */
  readonly afterRevision: number | undefined
  /** First ADDED events for everything that exists. */
  readonly initialEvents: boolean
  /** After the initial events one bookmark annotated `k8s.io/initial-events-end: "true"`. */
  readonly initialEventsEnd: boolean
  /** A bookmark now and then (about once a minute, and before the server ends the watch). */
  readonly bookmarks: boolean
}

export interface CacheWatch {
  close(): void
  /**
   * The consumer took events worth `bytes` (the sum of their `costOf`) off its queue: the cache bounds what is
   * in flight per watcher, and holds further events back until some of it has drained.
   */
  drained(bytes: number): void
  /** All that is due and then a bookmark, at once; nothing when none were asked for or the watch is behind. */
  bookmark(): void
}

export interface Cache {
  /** The latest durable revision that the cache shows. */
  readonly revision: number
  get(groupResource: string, namespace: string, name: string): Cached | undefined
  list(selection: Selection, options: PageOptions): Promise<CachedPage>
  watch(selection: Selection, options: WatchOptions, sink: WatchSink): CacheWatch
  /** How many objects a resource has; for metrics and quota. */
  count(groupResource: string): number
}
