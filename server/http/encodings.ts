/**
 * How the objects of one resource travel: one encoding per media type and form, made once and shared, because forms
 * are what the cache keeps beside an object's bytes. Pure.
 *
 * Contract  an encoding follows from the resource (its own version, and how the stored object turns into it) and the
 *           media type; a version that is no more than a conversion needs nothing here.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/response.go, watch.go
 */
import type { AnyObject } from '#api/object.ts'
import { type TypeMeta, encodeEntry, encodeFrame, swappedEntry } from '#api/protobuf/envelope.ts'
import { struct } from '#api/schema/catalog.ts'
import type { StructType } from '#api/schema/type.ts'
import type { Resource } from '#api/scheme.ts'
import type { Form } from '#server/cache/cache.ts'
import { readForm, shownAs, targetOf, typeMetaOf } from '#server/registry/target.ts'
import { type Accepted, type MetaVersion, PROTOBUF } from './negotiation.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** What one kind of object is called on the wire and how it gets there. */
export interface Shape {
  readonly apiVersion: string
  readonly kind: string
  readonly type: () => StructType
  /** From the stored object to the one of this shape. */
  readonly convert: (stored: AnyObject) => object
}

export interface Encoding {
  readonly shape: Shape
  /** JSON: the object. Protobuf: its message with the tag and length that envelope and list share. */
  readonly item: Form
  /** The whole frame of a watch event. */
  readonly frames: Readonly<Record<EventType, Form>>
}

export const partialMeta = (apiVersion: MetaVersion): TypeMeta => ({
  kind: 'PartialObjectMetadata',
  apiVersion,
})

export const partialShape = (apiVersion: MetaVersion): Shape => ({
  ...partialMeta(apiVersion),
  type: () => struct('meta-v1.PartialObjectMetadata'),
  convert: object => ({ ...partialMeta(apiVersion), metadata: object.metadata }),
})

/** Undefined: the stored bytes are it, and the cache has their frames. Tables are made anew for each reader. */
export function encodingOf(resource: Resource, accepted: Accepted): Encoding | undefined {
  const isProtobuf = accepted.media === PROTOBUF
  if (accepted.form !== 'object')
    return (isProtobuf ? PARTIAL_PROTOBUF : PARTIAL_JSON)[accepted.meta]
  const target = targetOf({ resource, namespace: '' })
  const form = readForm(target)
  if (!isProtobuf && form === undefined) return undefined
  return remembered(isProtobuf ? protobufs : jsons, resource, () => {
    const shape: Shape = {
      ...typeMetaOf(resource),
      type: () => resource.type(),
      convert: stored => shownAs(target, stored),
    }
    return isProtobuf ? protobufEncoding(shape) : jsonEncoding(shape, form)
  })
}

const protobufs = new WeakMap<Resource, Encoding>()
const jsons = new WeakMap<Resource, Encoding>()

function remembered(
  known: WeakMap<Resource, Encoding>,
  resource: Resource,
  make: () => Encoding,
): Encoding {
  const found = known.get(resource) ?? make()
  known.set(resource, found)
  return found
}

/** `form`: the item's, when there is one already. */
function jsonEncoding(shape: Shape, form?: Form): Encoding {
  const { apiVersion, kind, convert } = shape
  const item = form ?? {
    name: `${apiVersion} ${kind}`,
    encode: object => Buffer.from(JSON.stringify(convert(object))),
  }
  const frame = (event: EventType): Form => ({
    name: `${item.name} ${event}`,
    encode: object => jsonFrame(event, item.encode(object)),
  })
  return { shape, item, frames: framesOf(frame) }
}

const END = Buffer.from('}\n')

export const jsonFrame = (event: string, object: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`{"type":"${event}","object":`), object, END])

function protobufEncoding(shape: Shape): Encoding {
  const { apiVersion, kind, convert, type } = shape
  const name = `protobuf ${apiVersion} ${kind}`
  const frame = (event: EventType): Form => ({
    name: `${name} ${event}`,
    encode: stored => encodeFrame(event, shape, { type: type(), object: convert(stored) }),
  })
  return {
    shape,
    item: { name, encode: stored => encodeEntry(type(), convert(stored)) },
    frames: framesOf(frame),
  }
}

/** Alone and in frames as any other. */
const inSwappedLists = (encoding: Encoding): Encoding => ({
  ...encoding,
  item: {
    name: `${encoding.item.name} in lists`,
    encode: stored => swappedEntry(encoding.item.encode(stored)),
  },
})

const framesOf = (frame: (event: EventType) => Form): Encoding['frames'] => ({
  ADDED: frame('ADDED'),
  MODIFIED: frame('MODIFIED'),
  DELETED: frame('DELETED'),
})

type PerVersion = Readonly<Record<MetaVersion, Encoding>>

const PARTIAL_JSON: PerVersion = {
  'meta.k8s.io/v1': jsonEncoding(partialShape('meta.k8s.io/v1')),
  'meta.k8s.io/v1beta1': jsonEncoding(partialShape('meta.k8s.io/v1beta1')),
}

const PARTIAL_PROTOBUF: PerVersion = {
  'meta.k8s.io/v1': protobufEncoding(partialShape('meta.k8s.io/v1')),
  'meta.k8s.io/v1beta1': inSwappedLists(protobufEncoding(partialShape('meta.k8s.io/v1beta1'))),
}
