/**
 * A watch's events as the bytes that go out, in the media type and form asked for. Frames of objects are forms: made
 * once per event type and encoding, and shared by all who watch so. Pure.
 *
 * Source: k8s.io/apiserver pkg/endpoints/handlers/watch.go, response.go
 */
import { columnsOf } from '#api/columns/table.ts'
import { encodeFrame } from '#api/protobuf/envelope.ts'
import { type Resource, typeOf } from '#api/scheme.ts'
import type { StructType } from '#api/schema/type.ts'
import type { StatusError } from '#api/status.ts'
import type { Cached, CacheEvent } from '#server/cache/cache.ts'
import { typeMetaOf } from '#server/registry/target.ts'
import { partialMeta, encodingOf, jsonFrame } from './encodings.ts'
import { type View, printedAs, printedOf, tableJson } from './forms.ts'
import { PROTOBUF } from './negotiation.ts'

export interface WatchFrames {
  readonly contentType: string
  /** Frames are text, and may be sent as it. */
  readonly isText: boolean
  readonly event: (event: CacheEvent) => Buffer
  readonly error: (error: StatusError) => Buffer
  /** The frame without what tells frames in one stream apart. */
  readonly alone: (frame: Buffer) => Buffer
}

export const framesOf = (resource: Resource, view: View): WatchFrames =>
  view.accepted.media === PROTOBUF ? protobufFrames(resource, view) : jsonFrames(resource, view)

const LENGTH_BYTES = 4

function protobufFrames(resource: Resource, view: View): WatchFrames {
  const encoding = encodingOf(resource, view.accepted)
  if (encoding === undefined) throw new Error(`no protobuf of ${resource.kind}`)
  const { shape, frames } = encoding
  return {
    contentType: `${PROTOBUF};stream=watch`,
    isText: false,
    event({ type, item, ...event }) {
      if (item !== undefined && type !== 'BOOKMARK') return item.form(frames[type])
      const object = { metadata: markOf(event) }
      return encodeFrame(type, shape, { type: shape.type(), object })
    },
    error(error) {
      const meta = { kind: 'Status', apiVersion: 'v1' }
      return encodeFrame('ERROR', meta, { type: statusType(), object: error.toStatus() })
    },
    alone: frame => frame.subarray(LENGTH_BYTES),
  }
}

export function statusType(): StructType {
  const type = typeOf('', 'v1', 'Status')
  if (type === undefined) throw new Error('the schema of Status is missing')
  return type
}

function jsonFrames(resource: Resource, view: View): WatchFrames {
  const { form } = view.accepted
  const table = form === 'table' ? tableEncoder(resource, view) : undefined
  const frames = table === undefined ? encodingOf(resource, view.accepted)?.frames : undefined
  return {
    contentType: 'application/json',
    isText: true,
    event(event) {
      const { type, item } = event
      if (item === undefined || type === 'BOOKMARK')
        return jsonFrame(type, Buffer.from(JSON.stringify(bookmark(resource, view, event))))
      if (table !== undefined) return jsonFrame(type, table(item))
      return frames === undefined ? event.frame() : item.form(frames[type])
    },
    error: error => jsonFrame('ERROR', Buffer.from(JSON.stringify(error.toStatus()))),
    alone: frame => frame,
  }
}

/** The first event names the columns for all. */
function tableEncoder(resource: Resource, view: View): (item: Cached) => Buffer {
  const printed = printedAs(resource)
  let isFirst = true
  return item => {
    const columns = isFirst ? {} : { withoutColumns: true as const }
    isFirst = false
    return tableJson(printed, [printedOf(resource, item.object())], { ...view, ...columns })
  }
}

const INITIAL_END = 'k8s.io/initial-events-end'

interface Mark {
  readonly resourceVersion: string
  readonly annotations?: Readonly<Record<string, string>>
}

const markOf = (event: Pick<CacheEvent, 'revision' | 'initialEventsEnd'>): Mark => ({
  resourceVersion: String(event.revision),
  ...(event.initialEventsEnd ? { annotations: { [INITIAL_END]: 'true' } } : {}),
})

/** An object of the watched kind that has a revision and nothing else. */
function bookmark(resource: Resource, view: View, event: CacheEvent): object {
  const { form, meta } = view.accepted
  const metadata = markOf(event)
  if (form === 'object') return { ...typeMetaOf(resource), metadata }
  const partial = { ...partialMeta(meta), metadata }
  if (form !== 'table') return partial
  // Its mark, as of any object in a Table, stands in the row.
  return {
    kind: 'Table',
    apiVersion: meta,
    metadata: { resourceVersion: metadata.resourceVersion },
    columnDefinitions: [],
    rows: [{ cells: columnsOf(printedAs(resource)).map(() => ''), object: partial }],
  }
}
