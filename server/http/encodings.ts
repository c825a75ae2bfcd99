/**
 * How the objects of one resource travel: one encoding per media type and form, made once and shared, because forms
 * are what the cache keeps beside an object's bytes. Pure.
 *
 * Contract  an encoding follows from the resource (its own version, and how the stored object turns into it) and the
 *           media type; a version that is no more than a conversion needs nothing here.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/response.go, watch.go
 */
import { StructShape, Tape } from '#api/json-scan.ts'
import type { AnyObject } from '#api/object.ts'
import { type TypeMeta, encodeEntry, encodeFrame, swappedEntry } from '#api/protobuf/envelope.ts'
import { struct } from '#api/schema/catalog.ts'
import type { StructType } from '#api/schema/type.ts'
import type { Resource } from '#api/scheme.ts'
import type { Form, Stored } from '#server/cache/cache.ts'
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
  /** The same as JSON text that may have more fields than the type. */
  readonly json: (stored: Stored) => Buffer
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
  json: stored => stored.bytes,
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
      json: stored => form?.encode(stored) ?? stored.bytes,
    }
    return form === undefined || isProtobuf ? protobufEncoding(shape) : jsonEncoding(shape, form)
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

function jsonEncoding(shape: Shape, item: Form): Encoding {
  const frame = (event: EventType): Form => ({
    name: `${item.name} ${event}`,
    isFrame: true,
    encode: stored => jsonFrame(event, item.encode(stored)),
  })
  return { shape, item, frames: framesOf(frame) }
}

const END = Buffer.from('}\n')
const CLOSE = 0x7d

export const jsonFrame = (event: string, object: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`{"type":"${event}","object":`), object, END])

function protobufEncoding(shape: Shape): Encoding {
  const { apiVersion, kind, json, type } = shape
  const name = `protobuf ${apiVersion} ${kind}`
  const frame = (event: EventType): Form => ({
    name: `${name} ${event}`,
    isFrame: true,
    encode: stored => encodeFrame(event, shape, { type: type(), object: json(stored) }),
  })
  return {
    shape,
    item: { name, encode: stored => encodeEntry(type(), json(stored)) },
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

const tape = new Tape()
const METADATA = new StructShape([{ name: 'metadata', shape: { kind: 'raw' } }])

/** The text of an object's metadata, cut out of the object's. Valid as long as nobody changes the bytes. */
export function metadataOf(bytes: Buffer): Buffer {
  const value = tape.cells[tape.scan(bytes, METADATA)] ?? 0
  const metadata = bytes.subarray(tape.cells[value], tape.cells[value + 1])
  tape.clear()
  return metadata
}

/** In memory of its own, because the cache keeps it. */
function joined(head: Buffer, metadata: Buffer): Buffer {
  const bytes = Buffer.allocUnsafeSlow(head.length + metadata.length + 1)
  bytes.set(head)
  bytes.set(metadata, head.length)
  bytes[bytes.length - 1] = CLOSE
  return bytes
}

/** Nothing is parsed: the metadata are cut out as they are. */
function partialJson(apiVersion: MetaVersion): Encoding {
  const shape = partialShape(apiVersion)
  const head = Buffer.from(`${JSON.stringify(partialMeta(apiVersion)).slice(0, -1)},"metadata":`)
  const encode = ({ bytes }: Stored): Buffer => joined(head, metadataOf(bytes))
  return jsonEncoding(shape, { name: `${apiVersion} ${shape.kind}`, encode })
}

const PARTIAL_JSON: PerVersion = {
  'meta.k8s.io/v1': partialJson('meta.k8s.io/v1'),
  'meta.k8s.io/v1beta1': partialJson('meta.k8s.io/v1beta1'),
}

const PARTIAL_PROTOBUF: PerVersion = {
  'meta.k8s.io/v1': protobufEncoding(partialShape('meta.k8s.io/v1')),
  'meta.k8s.io/v1beta1': inSwappedLists(protobufEncoding(partialShape('meta.k8s.io/v1beta1'))),
}
