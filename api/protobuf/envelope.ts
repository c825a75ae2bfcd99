/**
 * What stands around a message on the wire: the envelope that names its kind, the list that holds its like, the frame
 * of a watch event. Pure.
 *
 * Envelope  `k8s\0`, then runtime.Unknown: typeMeta 1 (apiVersion 1, kind 2), raw 2, contentEncoding 3, contentType 4
 * List      metadata 1, items 2. Field 2 of the envelope and of every list are alike: tag, length, message. An object
 *           encoded so (`encodeEntry`) can be put into both as it is.
 * Frame     big-endian length (4 bytes), then WatchEvent: type 1, object 2 (raw 1: the object in its envelope)
 * Throws    readEnvelope, parseProtobuf: StatusError(BadRequest) in upstream's words
 * Source: k8s.io/apimachinery pkg/runtime/serializer/protobuf; k8s.io/apiserver pkg/endpoints/handlers/{rest,watch}.go
 */
import { summaryOf } from '#api/codec.ts'
import { struct } from '#api/schema/catalog.ts'
import type { StructType } from '#api/schema/type.ts'
import { type TypedKind, apiVersionOf } from '#api/scheme.ts'
import { badRequest } from '#api/status.ts'
import { decodeMessage } from './decode.ts'
import { writeMessage } from './encode.ts'
import { Reader, WireFault } from './reader.ts'
import { Writer } from './writer.ts'

export interface TypeMeta {
  readonly apiVersion: string
  readonly kind: string
}

const MAGIC = Buffer.from('k8s\0')
/** contentEncoding and contentType, always empty. */
const TAIL = Buffer.from([0x1a, 0x00, 0x22, 0x00])
const FIELD_1 = 0x0a
const FIELD_2 = 0x12

const shared = new Writer()

/** Whoever threw half way must leave nothing behind for the next. */
function written(write: (writer: Writer) => void): Buffer {
  try {
    write(shared)
    return shared.take()
  } catch (error) {
    shared.clear()
    throw error
  }
}

/** An object, or the JSON text that `JSON.stringify` made of it: who has that saves making it. */
export type Source = Buffer | object

const jsonOf = (source: Source): Buffer =>
  Buffer.isBuffer(source) ? source : Buffer.from(JSON.stringify(source))

function writeEntry(writer: Writer, type: StructType, source: Source): void {
  const before = writer.written
  writeMessage(writer, type, jsonOf(source))
  writer.varint(writer.written - before)
  writer.byte(FIELD_2)
}

function writeHead(writer: Writer, { apiVersion, kind }: TypeMeta): void {
  const before = writer.written
  writer.text(kind)
  writer.byte(FIELD_2)
  writer.text(apiVersion)
  writer.byte(FIELD_1)
  writer.varint(writer.written - before)
  writer.byte(FIELD_1)
  writer.raw(MAGIC)
}

/** The object's message with the tag and length of field 2. */
export const encodeEntry = (type: StructType, source: Source): Buffer =>
  written(writer => writeEntry(writer, type, source))

/** An entry in its envelope. */
export const envelopeOf = (meta: TypeMeta, entry: Buffer): Buffer =>
  written(writer => {
    writer.raw(TAIL)
    writer.raw(entry)
    writeHead(writer, meta)
  })

export const encodeObject = (meta: TypeMeta, type: StructType, source: Source): Buffer =>
  written(writer => {
    writer.raw(TAIL)
    writeEntry(writer, type, source)
    writeHead(writer, meta)
  })

/** A watch event's frame. */
export const encodeFrame = (
  event: string,
  meta: TypeMeta,
  { type, object }: { readonly type: StructType; readonly object: Source },
): Buffer =>
  written(writer => {
    const before = writer.written
    writer.raw(TAIL)
    writeEntry(writer, type, object)
    writeHead(writer, meta)
    writer.varint(writer.written - before)
    writer.byte(FIELD_1)
    writer.varint(writer.written - before)
    writer.byte(FIELD_2)
    writer.text(event)
    writer.byte(FIELD_1)
    writer.uint32BigEndian(writer.written - before)
  })

/** An entry of a list that has `items 1, metadata 2`. */
export function swappedEntry(entry: Buffer): Buffer {
  const copy = Buffer.from(entry)
  copy[0] = FIELD_1
  return copy
}

export interface ListStart extends TypeMeta {
  /** Bytes of all entries: they are counted in the length of the list. */
  readonly entryBytes: number
  /** `items 1, metadata 2`, as one old list alone has it. */
  readonly isSwapped: boolean
}

/** What comes before the entries of a list. */
export const listHead = (meta: ListStart, metadata: object): Buffer =>
  written(writer => {
    const { entryBytes, isSwapped } = meta
    const before = writer.written
    writeMessage(writer, struct('meta-v1.ListMeta'), jsonOf(metadata))
    writer.varint(writer.written - before)
    writer.byte(isSwapped ? FIELD_2 : FIELD_1)
    writer.varint(writer.written - before + entryBytes)
    writer.byte(FIELD_2)
    writeHead(writer, meta)
  })

export const LIST_TAIL = TAIL

/** A body as the value that JSON would have given. A kind that was not expected is left to `decodeAs`. */
export function parseProtobuf(bytes: Buffer, expected: TypedKind): unknown {
  const { apiVersion, kind, raw } = readEnvelope(bytes, expected)
  const given = { kind: kind || expected.kind, apiVersion: apiVersion || apiVersionOf(expected) }
  if (given.kind !== expected.kind) return given
  try {
    return { ...given, ...decodeMessage(expected.type, new Reader(raw)) }
  } catch (error) {
    if (!(error instanceof WireFault)) throw error
    const version = given.apiVersion.split('/').at(-1)
    const subject = `${given.kind} in version ${JSON.stringify(version)}`
    throw badRequest(`${subject} cannot be handled as a ${expected.kind}: ${error.message}`)
  }
}

interface Envelope extends TypeMeta {
  readonly raw: Buffer
}

function readEnvelope(bytes: Buffer, expected: TypedKind): Envelope {
  try {
    return envelopeIn(bytes)
  } catch (error) {
    if (!(error instanceof WireFault)) throw error
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): ${error.message} (${summaryOf(bytes)})`,
    )
  }
}

function envelopeIn(bytes: Buffer): Envelope {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new WireFault(
      `provided data does not appear to be a protobuf message, expected prefix [${MAGIC.join(' ')}]`,
    )
  if (bytes.length === MAGIC.length) throw new WireFault('empty body')
  const reader = new Reader(bytes, MAGIC.length)
  let meta: TypeMeta = { apiVersion: '', kind: '' }
  let raw: Buffer = Buffer.alloc(0)
  while (!reader.isAtEnd) {
    const tag = reader.tag('Unknown')
    if (tag === FIELD_1) meta = typeMetaIn(reader.message())
    else if (tag === FIELD_2) raw = reader.bytes()
    else reader.skip(tag & 7)
  }
  return { ...meta, raw }
}

function typeMetaIn(reader: Reader): TypeMeta {
  let apiVersion = ''
  let kind = ''
  while (!reader.isAtEnd) {
    const tag = reader.tag('TypeMeta')
    if (tag === FIELD_1) apiVersion = reader.text()
    else if (tag === FIELD_2) kind = reader.text()
    else reader.skip(tag & 7)
  }
  return { apiVersion, kind }
}
