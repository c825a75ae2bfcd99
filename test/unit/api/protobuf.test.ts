/** The wire format by hand: what Go's fixtures do not hold, and what nobody in good faith sends. */
import t from 'tap'
import { decodeObject } from '#api/codec.ts'
import { durationText, nanosecondsOf } from '#api/protobuf/duration.ts'
import {
  encodeObject,
  envelopeOf,
  encodeEntry,
  listHead,
  LIST_TAIL,
  parseProtobuf,
} from '#api/protobuf/envelope.ts'
import { hasProtobuf } from '#api/protobuf/places.ts'
import { Reader } from '#api/protobuf/reader.ts'
import { Writer } from '#api/protobuf/writer.ts'
import { type TypedKind, typeOf } from '#api/scheme.ts'
import { struct } from '#api/schema/catalog.ts'
import { StatusError } from '#api/status.ts'

function kindOf(apiVersion: string, kind: string): TypedKind {
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  const type = typeOf(group, version, kind)
  if (type === undefined) throw new Error(`no kind ${apiVersion} ${kind}`)
  return { group, version, kind, type }
}

const POD = kindOf('v1', 'Pod')
const CRD = kindOf('apiextensions.k8s.io/v1', 'CustomResourceDefinition')

/** Field `number` with bytes in it. */
function field(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map(part => Buffer.from(part)))
  const writer = new Writer()
  writer.bytes(body)
  writer.varint(number * 8 + 2)
  return writer.take()
}

/** Field `number` with a small number in it. */
const number = (at: number, value: number): Buffer => Buffer.from([at * 8, value])

const envelope = (raw: Buffer, kind = 'Pod', apiVersion = 'v1'): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, field(1, apiVersion), field(2, kind)),
    field(2, raw),
  ])

const refusal = (bytes: Buffer, expected = POD): string => {
  try {
    parseProtobuf(bytes, expected)
    return ''
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'BadRequest') return error.message
    throw error
  }
}

void t.test('numbers of every size come back', async t => {
  const values = [0, 1, 127, 128, 16383, 16384, 2 ** 21, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32]
  const all = [...values, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER].flatMap(value => [value, -value])
  for (const value of [...all, Number.MIN_SAFE_INTEGER, -(2 ** 63)]) {
    const writer = new Writer()
    writer.varint(value)
    const bytes = writer.take()
    t.equal(new Reader(bytes).int64() + 0, value + 0, `${value}`)
    t.equal(bytes.length === 10, value < 0, `${value}: ten bytes if negative`)
  }
  const max = Buffer.from('ffffffffffffffff7f', 'hex')
  t.equal(new Reader(max).int64(), 2 ** 63, 'the nearest double')
})

void t.test('long values outgrow the buffer', async t => {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'big' },
    data: { ascii: 'x'.repeat(300_000), other: 'é😀'.repeat(400_000), short: 'ü' },
  }
  const kind = kindOf('v1', 'ConfigMap')
  const bytes = encodeObject(object, kind.type, object)
  t.match(decodeObject(kind.type, parseProtobuf(bytes, kind), 'Strict').object, object)
})

const TEXTS = [
  '',
  'a',
  'a"b',
  'back\\slash',
  '\n\u0000\u2028',
  'é',
  '😀',
  '{[]},:',
  'x'.repeat(100),
]

void t.test('texts, keys and raw JSON of every kind go over as they are', async t => {
  const map = Object.fromEntries(
    [...TEXTS, '__proto__', 'b', 'a!', 'a'].map(key => [key, `=${key}`]),
  )
  const object = {
    kind: 'StatefulSet',
    apiVersion: 'apps/v1',
    unknown: [{ '"': '}' }, 'x\\"', 1.5e-7, null],
    metadata: {
      labels: map,
      finalizers: TEXTS,
      generation: -7,
      deletionGracePeriodSeconds: 2 ** 40,
      managedFields: [
        { fieldsV1: { 'f:"]}': {}, list: [1, { a: ['\\', '"'] }, 'é'], none: null } },
      ],
    },
    spec: { replicas: 2147483647, template: { spec: { nodeSelector: {}, volumes: [] } } },
  }
  const kind = kindOf('apps/v1', 'StatefulSet')
  const bytes = encodeObject(object, kind.type, object)
  t.same(encodeObject(object, kind.type, Buffer.from(JSON.stringify(object))), bytes, 'from text')
  const { unknown: _, ...known } = object
  t.match(parseProtobuf(bytes, kind), { ...known, spec: { replicas: 2147483647 } })
  const keys = Object.keys(map).sort((left, right) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  )
  const labels = parseProtobuf(bytes, kind) as { metadata: { labels: object } }
  t.same(Object.keys(labels.metadata.labels), keys, 'in order of their bytes')
  const sorted = { metadata: { labels: Object.fromEntries(keys.map(key => [key, map[key]])) } }
  const mixed = {
    metadata: { labels: Object.fromEntries([...keys].reverse().map(key => [key, map[key]])) },
  }
  t.same(encodeObject(object, kind.type, mixed), encodeObject(object, kind.type, sorted))
  const text = JSON.stringify(object)
  for (let end = 1; end < text.length; end += 3)
    t.throws(
      () => encodeObject(object, kind.type, Buffer.from(text.slice(0, end))),
      /ends too early/,
    )
  t.same(encodeObject(object, kind.type, object), bytes, 'nothing is left behind')
})

void t.test('a list is its head, entries and tail', async t => {
  const meta = { apiVersion: 'v1', kind: 'PodList' }
  const entries = ['a', 'b'].map(name => encodeEntry(POD.type, { metadata: { name } }))
  const size = entries.reduce((sum, { length }) => sum + length, 0)
  const start = { ...meta, entryBytes: size, isSwapped: false }
  const head = listHead(start, { resourceVersion: '7', remainingItemCount: 3 })
  const whole = Buffer.concat([head, ...entries, LIST_TAIL])
  const items = [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }]
  const list = { ...meta, metadata: { resourceVersion: '7', remainingItemCount: 3 }, items }
  t.same(whole, encodeObject(meta, kindOf('v1', 'PodList').type, list))
  const [entry = Buffer.alloc(0)] = entries
  const pod = { apiVersion: 'v1', kind: 'Pod' }
  t.same(envelopeOf(pod, entry), encodeObject(pod, POD.type, items[0] ?? {}))
})

void t.test('what other writers may write differently', async t => {
  const raw = (spec: Buffer): Buffer => envelope(field(2, spec))
  const cases: readonly (readonly [string, Buffer, object])[] = [
    [
      'packed numbers',
      raw(field(14, field(4, Buffer.from([1, 2, 3])))),
      { securityContext: { supplementalGroups: [1, 2, 3] } },
    ],
    [
      'numbers one by one',
      raw(field(14, number(4, 1), number(4, 2))),
      { securityContext: { supplementalGroups: [1, 2] } },
    ],
    [
      'the last of two counts',
      raw(Buffer.concat([field(3, 'Never'), field(3, 'Always')])),
      { restartPolicy: 'Always' },
    ],
    ['and if it is zero, nothing', raw(Buffer.concat([field(3, 'Never'), field(3, '')])), {}],
    [
      'unknown fields',
      raw(Buffer.concat([field(999, 'x'), field(3, 'Never')])),
      { restartPolicy: 'Never' },
    ],
    ['unknown groups', raw(Buffer.from([0xfb, 0x3e, 0x0a, 1, 0x41, 0xfc, 0x3e])), {}],
    [
      'entries of maps without key or value',
      raw(Buffer.concat([field(7), field(7, field(1, 'k'))])),
      { nodeSelector: { '': '', k: '' } },
    ],
    [
      'a key that is special to JavaScript',
      raw(field(7, field(1, '__proto__'), field(2, 'v'))),
      { nodeSelector: Object.fromEntries([['__proto__', 'v']]) },
    ],
  ]
  for (const [name, bytes, spec] of cases)
    t.same(parseProtobuf(bytes, POD), { kind: 'Pod', apiVersion: 'v1', spec }, name)
  t.same(parseProtobuf(envelope(Buffer.alloc(0), '', ''), POD), { kind: 'Pod', apiVersion: 'v1' })
  t.same(parseProtobuf(envelope(Buffer.from('!'), 'Node'), POD), { kind: 'Node', apiVersion: 'v1' })
  const time = (at: Buffer): unknown => parseProtobuf(envelope(field(1, field(8, at))), POD)
  t.match(time(number(1, 0)), { metadata: { creationTimestamp: '1970-01-01T00:00:00Z' } })
  t.same(time(Buffer.alloc(0)), { kind: 'Pod', apiVersion: 'v1', metadata: {} }, 'no time')
})

void t.test('schemas of custom resources: either this or that', async t => {
  const schema = {
    properties: { a: { type: 'string', default: 'x', maximum: 1.5 }, b: { enum: [1, null, 'x'] } },
    items: [{ type: 'string' }, {}],
    additionalProperties: false,
    additionalItems: { type: 'object', additionalProperties: true, items: { type: 'number' } },
    dependencies: { a: ['b', 'c'], d: { type: 'string' } },
  }
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }
  const object = {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    spec: { versions: [version] },
  }
  const back = parseProtobuf(encodeObject(object, CRD.type, object), CRD)
  t.match(back, { spec: { versions: [{ schema: { openAPIV3Schema: schema } }] } })
})

void t.test('durations are nanoseconds', async t => {
  const cases: readonly (readonly [string, number])[] = [
    ['0s', 0],
    ['1ns', 1],
    ['1.5µs', 1500],
    ['20ms', 2e7],
    ['1.5s', 1.5e9],
    ['1m0s', 60e9],
    ['1h30m0.25s', 5400.25e9],
    ['-2m0s', -120e9],
  ]
  for (const [text, nanoseconds] of cases) {
    t.equal(nanosecondsOf(text), nanoseconds, text)
    t.equal(durationText(nanoseconds), text)
  }
  t.equal(nanosecondsOf('90m'), 5400e9)
  t.equal(nanosecondsOf('0'), 0)
})

void t.test('hostile bytes are refused in upstream’s words', async t => {
  const nested = (depth: number): Buffer => {
    let schema: Buffer = Buffer.alloc(0)
    for (let level = 0; level < depth; level++) schema = field(25, schema)
    return envelope(
      field(2, field(7, field(4, field(1, schema)))),
      CRD.kind,
      'apiextensions.k8s.io/v1',
    )
  }
  const broken = (why: string): string => `Pod in version "v1" cannot be handled as a Pod: ${why}`
  const bytes = (...values: readonly number[]): Buffer => Buffer.from(values)
  const cases: readonly (readonly [name: string, raw: Buffer, why: string])[] = [
    ['cut short', bytes(0x0a, 0x7f), 'unexpected EOF'],
    ['cut within a tag', bytes(0x8a), 'unexpected EOF'],
    ['a length of 2^63', bytes(0x0a, ...Array<number>(8).fill(0xff), 0x7f), 'unexpected EOF'],
    [
      'a negative length',
      bytes(0x0a, ...Array<number>(9).fill(0xff), 0x01),
      'proto: negative length found during unmarshaling',
    ],
    ['endless digits', bytes(0x0a, ...Array<number>(11).fill(0xff)), 'proto: integer overflow'],
    ['field 0', bytes(0x02, 0), 'proto: Pod: illegal tag 0 (wire type 2)'],
    ['end of a group', bytes(0x0c), 'proto: Pod: wiretype end group for non-group'],
    [
      'a group instead of a message',
      bytes(0x0b, 0x0c),
      'proto: wrong wireType = 3 for field Metadata',
    ],
    [
      'a number instead of a message',
      bytes(0x08, 1),
      'proto: wrong wireType = 0 for field Metadata',
    ],
    ['an unknown wire type', bytes(0xfe, 0x01), 'proto: illegal wireType 6'],
    ['groups without end', Buffer.alloc(200, bytes(0xfb, 0x01)), 'proto: exceeded max depth'],
    [
      'a time beyond all years',
      field(1, field(8, bytes(8, ...Array<number>(8).fill(0xff), 0x7f))),
      'proto: 9223372036854776000 seconds and 0 nanoseconds are no time',
    ],
    [
      'raw JSON that is none',
      field(1, field(17, field(7, field(1, '{')))),
      'unexpected end of JSON input',
    ],
  ]
  for (const [name, raw, why] of cases) t.equal(refusal(envelope(raw)), broken(why), name)
  t.equal(refusal(nested(900), CRD), '', 'deep, as JSON may be')
  t.match(refusal(nested(2000), CRD), /exceeded max depth$/)
  const unrecognized = 'the object provided is unrecognized (must be of type Pod): '
  t.equal(refusal(Buffer.from('k8s\0')), `${unrecognized}empty body (6b387300)`)
  t.match(refusal(Buffer.from('{}')), /expected prefix \[107 56 115 0\] \(\{\}\)$/)
})

void t.test('an object that is not as its schema says can still be read', async t => {
  const object = {
    metadata: 'x',
    spec: { containers: [null, { name: 5, ports: 'none', resources: { limits: { cpu: 1 } } }] },
  }
  const bytes = encodeObject({ apiVersion: 'v1', kind: 'Pod' }, POD.type, object)
  t.match(parseProtobuf(bytes, POD), {
    spec: { containers: [{}, { name: '', resources: { limits: { cpu: '1' } } }] },
  })
})

void t.test('kinds without numbers have no protobuf', async t => {
  t.notOk(hasProtobuf(struct('meta-v1.Table')))
  t.ok(hasProtobuf(POD.type))
})
