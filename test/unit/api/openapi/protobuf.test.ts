/**
 * OpenAPI documents as protobuf, field by field as gnostic's messages number them. All documents were compared once with
 * what gnostic itself encodes from their JSON: they are equal.
 */
import t from 'tap'
import { protobufOf } from '#api/openapi/protobuf.ts'
import { openApiV2 } from '#api/openapi/v2.ts'
import { openApiV3 } from '#api/openapi/v3.ts'
import type { Portion } from '#api/openapi/portions.ts'
import { resources } from '#api/scheme.ts'
import { OPTIONS } from './documents.ts'

type Fields = ReadonlyMap<number, readonly (Buffer | number)[]>

/** One message, without knowing what it is: fields by number. */
function fieldsOf(bytes: Buffer): Fields {
  const fields = new Map<number, (Buffer | number)[]>()
  let offset = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes.readUInt8(offset++)
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
    }
  }
  while (offset < bytes.length) {
    const tag = varint()
    let value: Buffer | number
    if ((tag & 7) === 0) value = varint()
    else {
      const size = (tag & 7) === 1 ? 8 : varint()
      value = bytes.subarray(offset, (offset += size))
    }
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value])
  }
  return fields
}

/** All values at a path of field numbers. */
const all = (bytes: Buffer, ...path: readonly number[]): readonly (Buffer | number)[] =>
  path.reduce<readonly (Buffer | number)[]>(
    (found, number) =>
      found.flatMap(value => (Buffer.isBuffer(value) ? (fieldsOf(value).get(number) ?? []) : [])),
    [bytes],
  )
const texts = (bytes: Buffer, ...path: readonly number[]): readonly string[] =>
  all(bytes, ...path).map(String)

const PROPERTY = {
  type: 'array',
  items: { $ref: '#/definitions/x.Item' },
  description: 'Some.',
  'x-kubernetes-list-type': 'map',
}
const definitions = {
  'x.Thing': {
    type: 'object',
    required: ['list'],
    properties: { list: PROPERTY, flag: { type: 'boolean', default: true, format: 'x' } },
    additionalProperties: { type: 'string' },
  },
}

void t.test('a schema of v2', async t => {
  const bytes = protobufOf('v2', { at: ['definitions'], entries: definitions })
  const schema = [9, 1, 2]
  t.same(texts(bytes, 9, 1, 1), ['x.Thing'])
  t.same(texts(bytes, ...schema, 22, 1), ['object'])
  t.same(texts(bytes, ...schema, 19), ['list'])
  t.same(texts(bytes, ...schema, 21, 1, 22, 1), ['string'], 'additionalProperties')
  const property = [...schema, 25, 1]
  t.same(texts(bytes, ...property, 1), ['list', 'flag'], 'in order')
  t.same(texts(bytes, ...property, 2, 4), ['Some.'])
  t.same(texts(bytes, ...property, 2, 23, 1, 1), ['#/definitions/x.Item'])
  t.same(texts(bytes, ...property, 2, 31, 1), ['x-kubernetes-list-type'])
  t.same(texts(bytes, ...property, 2, 31, 2, 2), ['"map"'], 'YAML, as JSON is')
  t.same(texts(bytes, ...property, 2, 5, 2), ['true'])
})

void t.test('a schema of v3', async t => {
  const property = { default: 'a', allOf: [{ $ref: '#/components/schemas/x.Item' }] }
  const entries = {
    'x.Thing': {
      type: 'object',
      properties: { one: property, two: { default: 1.5 }, three: { default: {} } },
    },
  }
  const bytes = protobufOf('v3', { at: ['components', 'schemas'], entries })
  const inner = [5, 1, 1, 2, 1, 31, 1, 2, 1]
  t.same(texts(bytes, 5, 1, 1, 2, 1, 25), ['object'])
  t.same(texts(bytes, ...inner, 26, 2, 1), ['#/components/schemas/x.Item'])
  const [first, second, third] = all(bytes, ...inner, 33)
  t.same(first, Buffer.from([0x1a, 1, 0x61]), 'text')
  t.same(second, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]), 'a number')
  t.same(third, Buffer.alloc(0), 'anything else')
})

void t.test('who one is, and parameters that are shared', async t => {
  const key = { description: 'Some.', type: 'apiKey', name: 'authorization', in: 'header' }
  const v3 = protobufOf('v3', { at: ['components', 'securitySchemes'], entries: { Token: key } })
  t.same(texts(v3, 5, 7, 1, 1), ['Token'])
  const scheme = [5, 7, 1, 2, 1]
  t.same(
    [1, 2, 3, 4].map(number => texts(v3, ...scheme, number)),
    [['apiKey'], ['Some.'], ['authorization'], ['header']],
  )
  const v2 = protobufOf('v2', { at: ['securityDefinitions'], entries: { Token: key } })
  t.same(texts(v2, 13, 1, 2, 2, 1), ['apiKey'])
  const required = protobufOf('v2', { at: [], entries: { security: [{ Token: [] }] } })
  t.same(texts(required, 12, 1, 1), ['Token'])
  const limit = { name: 'limit', in: 'query', type: 'integer', uniqueItems: true }
  const shared = protobufOf('v2', { at: ['parameters'], entries: { 'limit-x': limit } })
  t.same(texts(shared, 10, 1, 1), ['limit-x'])
  t.same(texts(shared, 10, 1, 2, 2, 3, 4), ['limit'])
  const item = { get: { parameters: [{ $ref: '#/parameters/limit-x' }] } }
  const path = protobufOf('v2', { at: ['paths'], entries: { '/x': item } })
  t.same(texts(path, 8, 2, 2, 2, 8, 2, 1), ['#/parameters/limit-x'])
})

void t.test('every portion of every document has its place', async t => {
  const documents: readonly ['v2' | 'v3', Iterable<Portion>][] = [
    ['v2', openApiV2(resources(), OPTIONS)],
    ['v3', openApiV3(resources(), OPTIONS)],
  ]
  for (const [version, portions] of documents) {
    const bytes = Buffer.concat([...portions].map(portion => protobufOf(version, portion)))
    const paths = version === 'v2' ? [8, 2, 1] : [4, 1, 1]
    t.ok(texts(bytes, ...paths).includes('/api/v1/namespaces/{namespace}/pods/{name}'), version)
    const names = version === 'v2' ? [9, 1, 1] : [5, 1, 1, 1]
    t.ok(texts(bytes, ...names).includes('io.k8s.api.core.v1.Pod'), version)
  }
  t.throws(() => protobufOf('v2', { at: [], entries: { nonsense: 1 } }), /no place for nonsense/)
})
