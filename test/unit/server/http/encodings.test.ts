/** How objects travel: one encoding per version and media type, made once, kept while there is room. */
import t from 'tap'
import { decodeObject } from '#api/codec.ts'
import type { AnyObject } from '#api/object.ts'
import { parseProtobuf } from '#api/protobuf/envelope.ts'
import { type Resource, resourceOf, typeOf } from '#api/scheme.ts'
import { Item } from '#server/cache/item.ts'
import { Memo } from '#server/cache/memo.ts'
import { encodingOf } from '#server/http/encodings.ts'
import { formOf, slicesOf } from '#server/http/forms.ts'
import { type Accepted, type MetaVersion, PROTOBUF } from '#server/http/negotiation.ts'

const found = (group: string, version: string, plural: string): Resource => {
  const resource = resourceOf(group, version, plural)
  if (resource === undefined) throw new Error(`no ${plural}`)
  return resource
}

const PODS = found('', 'v1', 'pods')
const meta = 'meta.k8s.io/v1'
const protobuf = { media: PROTOBUF, form: 'object', meta } as const

const pod = (name: string): AnyObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'x' }] },
})

const itemOf = (name: string, memo: Memo): Item => {
  const bytes = Buffer.from(JSON.stringify(pod(name)))
  return new Item({ key: `/${name}`, revision: 1, createRevision: 1, bytes }, 'pods', memo)
}

void t.test('stored JSON needs no encoding; the others are made once', async t => {
  t.equal(encodingOf(PODS, { media: 'application/json', form: 'object', meta }), undefined)
  const events = found('events.k8s.io', 'v1', 'events')
  for (const [resource, accepted] of [
    [PODS, protobuf],
    [PODS, { media: PROTOBUF, form: 'partial', meta }],
    [PODS, { media: 'application/json', form: 'partial', meta }],
    [events, protobuf],
    [events, { media: 'application/json', form: 'object', meta }],
  ] as const) {
    const encoding = encodingOf(resource, accepted)
    t.ok(encoding)
    t.equal(encodingOf(resource, accepted), encoding, `${resource.group} ${accepted.media}`)
  }
})

void t.test('an item has one buffer per frame, as long as anybody holds it', async t => {
  const form = encodingOf(PODS, protobuf)?.frames.ADDED
  if (form === undefined) throw new Error('no protobuf of pods')
  const memo = new Memo(400)
  const first = itemOf('a', memo)
  const bytes = first.form(form)
  t.equal(first.form(form), bytes)
  for (let count = 0; count < 5; count++) itemOf(`${count}`, memo).form(form)
  t.equal(first.form(form), bytes, 'faded, and still shared')
  for (let count = 0; count < 100; count++) itemOf(`${count}`, memo).form(form)
  const again = first.form(form)
  t.not(again, bytes, 'forgotten, and made again')
  t.same(again, bytes)
})

void t.test('encodings are kept while they are asked for, as many as there is room', async t => {
  const form = encodingOf(PODS, protobuf)?.item
  if (form === undefined) throw new Error('no protobuf of pods')
  const one = itemOf('0', new Memo(1000)).form(form)
  const memo = new Memo(3 * one.length)
  let told = 0
  memo.onKept = () => told++
  const items = Array.from({ length: 9 }, (_, index) => itemOf(`${index}`, memo))
  const made = items.map(item => item.form(form))
  const isSame = (index: number): boolean => items[index]?.form(form) === made[index]
  t.equal(told, 1)
  t.ok([0, 1, 2].every(isSame), 'a long list does not drive out what it began with')
  memo.sweep()
  t.ok(isSame(0))
  t.equal(memo.sweep(), true, 'the first was asked for meanwhile')
  t.ok(isSame(0))
  t.notOk(isSame(1))
  items[0]?.retire()
  t.notOk(isSame(0), 'a newer state took its place')
  memo.stored(100 * one.length)
  const others = Array.from({ length: 9 }, (_, index) => itemOf(`${index}`, memo))
  const kept = others.map(item => item.form(form))
  memo.sweep()
  t.equal(memo.sweep(), false)
  t.notOk(
    others.some((item, index) => item.form(form) === kept[index]),
    'there was room for all, so all were let go',
  )
})

void t.test('a list of protobuf says its length before its first slice', async t => {
  const memo = new Memo(1000)
  const items = Array.from({ length: 50 }, (_, index) => itemOf(`pod-${index}`, memo))
  const page = { items, revision: 9, next: undefined, remaining: undefined }
  const answer = { kind: 'page', resource: PODS, page: { page, continue: undefined } } as const
  const form = formOf(answer, { accepted: protobuf, query: new URLSearchParams(), now: 0 })
  const all = items.map(form.encode)
  const bytes = all.reduce((size, { length }) => size + length, 0)
  const limits = { bytes: 500, ms: 1000, monotonic: () => 0 }
  const slices: Buffer[] = []
  // They share one buffer.
  for (const slice of slicesOf(form, limits, { all, bytes })) slices.push(Buffer.from(slice.bytes))
  const type = typeOf('', 'v1', 'PodList')
  if (type === undefined) throw new Error('no PodList')
  t.equal(form.isMeasured, true)
  t.ok(
    all.every(({ length }) => length === 0),
    'what was sent is let go',
  )
  t.ok(slices.length > 5)
  const sent = Buffer.concat(slices)
  t.same(sent, form.whole())
  const list = parseProtobuf(sent, { group: '', version: 'v1', kind: 'PodList', type })
  const { object } = decodeObject(type, list, 'Strict')
  t.match(object, { metadata: { resourceVersion: '9' }, items: { length: 50 } })
})

void t.test(
  'old clients get Tables and metadata of v1beta1, whose list has its fields swapped',
  async t => {
    const items = [itemOf('a', new Memo(10))]
    const page = { items, revision: 9, next: undefined, remaining: undefined }
    const answer = { kind: 'page', resource: PODS, page: { page, continue: undefined } } as const
    const whole = (accepted: Accepted): Buffer =>
      formOf(answer, { accepted, query: new URLSearchParams(), now: 0 }).whole()
    const old = 'meta.k8s.io/v1beta1'
    const table = JSON.parse(
      whole({ media: 'application/json', form: 'table', meta: old }).toString(),
    )
    t.match(table, {
      kind: 'Table',
      apiVersion: old,
      rows: [{ object: { kind: 'PartialObjectMetadata', apiVersion: old } }],
    })
    const list = JSON.parse(
      whole({ media: 'application/json', form: 'partial-list', meta: old }).toString(),
    )
    t.match(list, {
      kind: 'PartialObjectMetadataList',
      apiVersion: old,
      items: [{ apiVersion: old }],
    })
    const bytes = (version: MetaVersion): string =>
      whole({ media: PROTOBUF, form: 'partial-list', meta: version }).toString('latin1')
    // ListMeta with resourceVersion 9, then the first item.
    t.match(bytes(meta), '\x0a\x07\x0a\x00\x12\x01\x39\x1a\x00\x12')
    t.match(bytes(old), '\x12\x07\x0a\x00\x12\x01\x39\x1a\x00\x0a')
  },
)
