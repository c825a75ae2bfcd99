/** A client of an API server that speaks protobuf, as client-go does, and reads JSON beside it. Not a test itself. */
import http2 from 'node:http2'
import { decodeObject } from '#api/codec.ts'
import type { AnyObject } from '#api/object.ts'
import { encodeObject, parseProtobuf } from '#api/protobuf/envelope.ts'
import { type TypedKind, typeOf } from '#api/scheme.ts'
import type { Fixture } from './api-fixture.ts'

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'

export interface Answer {
  readonly code: number
  readonly media: string
  readonly headers: http2.IncomingHttpHeaders
  readonly bytes: Buffer
}

export interface Asked {
  readonly accept?: string
  readonly type?: string
  readonly body?: Buffer
  readonly encoding?: string
}

type Open = (method: string, path: string, asked: Asked) => http2.ClientHttp2Stream

const opener =
  (session: http2.ClientHttp2Session): Open =>
  (method, path, { accept, type, body, encoding }) => {
    const stream = session.request(
      {
        ':method': method,
        ':path': path,
        authorization: 'Bearer admin',
        accept: accept ?? PROTOBUF,
        ...(body === undefined ? {} : { 'content-type': type ?? PROTOBUF }),
        ...(encoding === undefined ? {} : { 'accept-encoding': encoding }),
      },
      { endStream: body === undefined },
    )
    if (body !== undefined) stream.end(body)
    return stream
  }

/** Reads an answer to its end. */
function answerOf(stream: http2.ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let headers: http2.IncomingHttpHeaders = {}
    stream.once('response', received => (headers = received))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', reject)
    stream.once('end', () => {
      const bytes = Buffer.concat(chunks)
      const media = String(headers['content-type'])
      resolve({ code: Number(headers[':status']), media, headers, bytes })
    })
  })
}

function kindOf(apiVersion: string, kind: string): TypedKind {
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  const type = typeOf(group, version, kind)
  if (type === undefined) throw new Error(`no kind ${apiVersion} ${kind}`)
  return { group, version, kind, type }
}

const ANY: TypedKind = { ...kindOf('v1', 'Status'), kind: '' }

/** The object in an envelope, whatever it is. */
export function objectIn(bytes: Buffer): AnyObject {
  const head = parseProtobuf(bytes, ANY) as AnyObject
  const expected = kindOf(head.apiVersion, head.kind)
  return decodeObject(expected.type, parseProtobuf(bytes, expected), 'Strict').object
}

export function protobufOf(object: { readonly apiVersion: string; readonly kind: string }): Buffer {
  return encodeObject(object, kindOf(object.apiVersion, object.kind).type, object)
}

export interface Seen {
  readonly type: string
  readonly object: AnyObject
  readonly frame: Buffer
}

/** The events of a watch, until the stream ends or nobody asks for more. */
async function* eventsIn(stream: http2.ClientHttp2Stream): AsyncGenerator<Seen> {
  let rest = Buffer.alloc(0)
  try {
    for await (const chunk of stream) {
      rest = Buffer.concat([rest, Buffer.from(chunk)])
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const frame = rest.subarray(0, 4 + rest.readUInt32BE(0))
        rest = rest.subarray(frame.length)
        yield { frame, ...eventOf(frame.subarray(4)) }
      }
    }
  } finally {
    stream.close()
  }
}

/** WatchEvent: type 1, object 2 with the envelope as raw 1. Its length is a varint of up to four bytes here. */
export function eventOf(event: Buffer): Pick<Seen, 'type' | 'object'> {
  const typeEnd = 2 + Number(event[1])
  const start = event.indexOf('k8s\0')
  const object = objectIn(event.subarray(start))
  return { type: event.toString('utf8', 2, typeEnd), object }
}

export async function take(events: AsyncGenerator<Seen>, count: number): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  for await (const event of events) if (seen.push(event) === count) break
  return seen
}

export interface WireClient {
  readonly open: Open
  readonly ask: (method: string, path: string, asked?: Asked) => Promise<Answer>
  readonly eventsOf: (path: string, asked?: Asked) => AsyncGenerator<Seen>
  /** The object as JSON shows it, with all that Go would show. */
  readonly jsonAt: (path: string) => Promise<AnyObject>
  readonly close: () => void
}

export function connectWire(fixture: Fixture): WireClient {
  const session = http2.connect(fixture.url, { ca: fixture.ca })
  const open = opener(session)
  return {
    open,
    ask: (method, path, asked = {}) => answerOf(open(method, path, asked)),
    eventsOf: (path, asked = {}) => eventsIn(open('GET', path, asked)),
    async jsonAt(path) {
      const { bytes } = await answerOf(open('GET', path, { accept: 'application/json' }))
      const object: AnyObject = JSON.parse(bytes.toString())
      return decodeObject(kindOf(object.apiVersion, object.kind).type, object, 'Ignore').object
    },
    close: () => session.close(),
  }
}
