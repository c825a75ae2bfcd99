/** Custom resources on their way in and out: decoding, defaults, conversion; what definitions say of their kinds. */
import t from 'tap'
import { customKindsOf } from '#api/custom/custom-kind.ts'
import type { FieldValidation } from '#api/codec.ts'
import { applyConfiguration, trackUpdate } from '#api/patch/apply/apply.ts'
import type { AnyObject } from '#api/object.ts'
import { StatusError } from '#api/status.ts'
import {
  definitionOf,
  type Fields,
  kindOf,
  kindWith,
  list,
  object,
  OPEN,
  TEXT,
  value,
  WHOLE,
} from '#test/support/custom-definitions.ts'

const EMBEDDED = { 'x-kubernetes-embedded-resource': true }
const NULLABLE = { ...TEXT, nullable: true }
const MAP = {
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['key'],
}

const KIND = kindWith({
  size: WHOLE,
  nothing: NULLABLE,
  fallback: { ...TEXT, default: 'x' },
  nullableFallback: { ...NULLABLE, default: 'y' },
  any: OPEN,
  loose: object({ known: object({ a: TEXT }) }, OPEN),
  looseList: list(object({ a: TEXT }), OPEN),
  texts: { type: 'object', additionalProperties: TEXT },
  things: { type: 'object', additionalProperties: object({ a: TEXT }) },
  whatever: { type: 'object', additionalProperties: true },
  items: list(object({ a: TEXT, b: { ...WHOLE, default: 1 } })),
  nested: object({ inner: object({ deep: { ...WHOLE, default: 7 } }, { default: {} }) }),
  pod: object({}, { ...EMBEDDED, ...OPEN }),
  pods: { type: 'object', additionalProperties: object({ spec: object({}) }, EMBEDDED) },
})

const decode = (
  given: unknown,
  validation: FieldValidation = 'Strict',
  duplicates: string[] = [],
) => KIND.decode(given, { validation, duplicates })

const kept: readonly (readonly [string, Fields, unknown])[] = [
  ['nothing', {}, {}],
  ['nulls that are values', { nothing: null, any: null }, { nothing: null }],
  ['nulls that are none', { size: null, texts: { a: null, b: '' } }, { texts: { b: '' } }],
  ['nulls that become defaults', { fallback: null }, { fallback: null }],
  ['nulls in lists', { items: [null] }, { items: [null] }],
  ['kept nulls', { any: { a: null, b: [{ c: 1 }] } }, { any: { a: null, b: [{ c: 1 }] } }],
  ['kept members', { loose: { x: { y: 1 } } }, { loose: { x: { y: 1 } } }],
  ['of kept lists', { looseList: [{ b: 1 }] }, { looseList: [{ b: 1 }] }],
  ['what is of another type', { size: 'x', texts: [1] }, { size: 'x', texts: [1] }],
  [
    'embedded metadata',
    { pod: { metadata: { name: 'a', creationTimestamp: null }, x: 1 } },
    { pod: { metadata: { name: 'a' }, x: 1 } },
  ],
]

void t.test('keeps', async t => {
  for (const [title, spec, expected] of kept) {
    t.same(decode(value(spec)).object, value(expected), title)
  }
  const untouched = value({ size: 1, items: [{ a: 'b' }] })
  t.equal(decode(untouched).object['spec'], untouched['spec'], 'the same where nothing is dropped')
})

const unknown: readonly (readonly [string, Fields, readonly string[], unknown])[] = [
  ['a field', value({ foo: 1 }), ['spec.foo'], {}],
  [
    'sorted, at all levels',
    value({ foo: 1, items: [{ z: 1 }, { a: 'b', y: 1 }] }, { bar: 1 }),
    ['bar', 'spec.foo', 'spec.items[0].z', 'spec.items[1].y'],
    { items: [{}, { a: 'b' }] },
  ],
  [
    'of metadata first',
    value({ foo: 1 }, { metadata: { name: 'v', unknown: 1, labels: { a: 'b' } } }),
    ['metadata.unknown', 'spec.foo'],
    {},
  ],
  [
    'below kept members',
    value({ loose: { known: { a: '', b: 1 } } }),
    ['spec.loose.known.b'],
    { loose: { known: { a: '' } } },
  ],
  [
    'of members by any name',
    value({ things: { k: { z: 1 } } }),
    ['spec.things.k.z'],
    { things: { k: {} } },
  ],
  [
    'below members of which nothing is said',
    value({ whatever: { a: 1, b: { c: 1 }, l: [{ d: 1 }] } }),
    ['spec.whatever.b.c', 'spec.whatever.l[0].d'],
    { whatever: { a: 1, b: {}, l: [{}] } },
  ],
  [
    'of embedded metadata last',
    value({ pods: { k: { apiVersion: 'v1', kind: 'P', metadata: { z: 1 }, foo: 1 } }, zed: 1 }),
    ['spec.pods.k.foo', 'spec.zed', 'spec.pods[k].metadata.z'],
    { pods: { k: { apiVersion: 'v1', kind: 'P', metadata: {} } } },
  ],
]

void t.test('unknown fields', async t => {
  for (const [title, given, paths, spec] of unknown) {
    const warnings = paths.map(path => `unknown field "${path}"`)
    const told = decode(given, 'Warn')
    t.same(told.warnings, warnings, title)
    t.same(told.object['spec'], spec, title)
    t.same(decode(given, 'Ignore'), { object: told.object, warnings: [] }, title)
    t.throws(
      () => decode(given, 'Strict'),
      {
        message: `Value in version "v1" cannot be handled as a Value: strict decoding error: ${warnings.join(', ')}`,
      },
      title,
    )
  }
  t.throws(() => decode(value({ foo: 1 }), 'Strict', ['duplicate field "spec.x"']), {
    message: /strict decoding error: duplicate field "spec.x", unknown field "spec.foo"$/,
  })
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`f${at}`, at]))
  t.equal(decode(value(many), 'Warn').warnings.length, 100, 'bounded')
})

const refused: readonly (readonly [string, unknown, string])[] = [
  [
    'no kind',
    { apiVersion: 'example.com/v1' },
    `the object provided is unrecognized (must be of type Value): Object 'Kind' is missing in '{"apiVersion":"example.com/v1"}' ({"apiVersion":"example.com/v1" ...)`,
  ],
  [
    'null',
    null,
    "the object provided is unrecognized (must be of type Value): Object 'Kind' is missing in 'null' (6e756c6c)",
  ],
  [
    'a kind that is no text',
    { ...value({}), kind: 3 },
    `the object provided is unrecognized (must be of type Value): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"apiVersion":"example.com/v1" ...)`,
  ],
  [
    'another version',
    { ...value({}), apiVersion: 'example.com/v2' },
    'the API version in the data (example.com/v2) does not match the expected API version (example.com/v1)',
  ],
  [
    'no version',
    { kind: 'Value' },
    'the API version in the data () does not match the expected API version (example.com/v1)',
  ],
  [
    'metadata that is no object',
    value({}, { metadata: 3 }),
    'Value in version "v1" cannot be handled as a Value: json: cannot unmarshal number into Go value of type v1.ObjectMeta',
  ],
  [
    'a label that is no text',
    value({}, { metadata: { labels: { a: 1 } } }),
    'Value in version "v1" cannot be handled as a Value: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
  ],
  [
    'embedded metadata',
    value({ pods: { k: { metadata: { name: 'a', labels: { a: 1 } } } } }),
    'Value in version "v1" cannot be handled as a Value: spec.pods[k].metadata: Invalid value: {"labels":{"a":1},"name":"a"}: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
  ],
  [
    'an embedded kind',
    value({ pod: { apiVersion: 'v1', kind: [] } }),
    'Value in version "v1" cannot be handled as a Value: spec.pod.kind: Invalid value: []: must be a string',
  ],
]

void t.test('refuses', async t => {
  for (const [title, given, message] of refused) {
    t.throws(() => decode(given), new StatusError('BadRequest', message), title)
  }
  t.same(decode(value({}, { metadata: null })).object.metadata, {}, 'no metadata is empty metadata')
})

void t.test('defaults', async t => {
  const defaulted = (spec: unknown): unknown => KIND.defaulted(decode(value(spec)).object)['spec']
  t.same(defaulted({}), { fallback: 'x', nullableFallback: 'y' })
  t.same(defaulted({ fallback: null, nullableFallback: null }), {
    fallback: 'x',
    nullableFallback: null,
  })
  t.same(defaulted({ nested: {}, items: [{}, { b: 2 }] }), {
    nested: { inner: { deep: 7 } },
    items: [{ b: 1 }, { b: 2 }],
    fallback: 'x',
    nullableFallback: 'y',
  })
  t.equal(defaulted(undefined), undefined, 'none below what is not there')
  t.equal(defaulted('x'), 'x')
  const once = KIND.defaulted(decode(value({})).object)
  t.equal(KIND.defaulted(once), once, 'twice changes nothing')
})

void t.test('versions', async t => {
  const versions = [
    {
      name: 'v1',
      served: true,
      storage: true,
      schema: {
        openAPIV3Schema: object({ spec: object({ a: TEXT, b: { ...TEXT, default: 'c' } }) }),
      },
    },
    {
      name: 'v2',
      served: false,
      storage: false,
      schema: {
        openAPIV3Schema: object({ spec: object({ b: TEXT, d: { ...TEXT, default: 'e' } }) }),
      },
    },
  ]
  const [v1, v2] = customKindsOf(definitionOf({ spec: { versions } }))
  if (v1 === undefined || v2 === undefined) throw new Error('two were defined')
  const stored = v1.decode(value({ a: '1' }), { validation: 'Strict', duplicates: [] }).object
  t.same(v1.restored(stored, v1), value({ a: '1', b: 'c' }), 'defaults that came later')
  t.same(
    v2.restored(stored, v1),
    { ...value({ b: 'c' }), apiVersion: 'example.com/v2' },
    'as the other has it',
  )
  t.same(v2.converted(stored)['spec'], {}, 'without defaults')
  const whole = v1.restored(stored, v1)
  t.equal(v1.restored(whole, v1), whole, 'the same where nothing changes')
  t.same([v1.isServed, v2.isServed, v1.isStorage, v2.isStorage], [true, false, true, false])
})

void t.test('what definitions say', async t => {
  const kind = kindOf({
    schema: object({ spec: object({ n: WHOLE, 'a.b': TEXT }) }),
    version: {
      deprecated: true,
      subresources: {
        status: {},
        scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' },
      },
      selectableFields: [{ jsonPath: '.spec.n' }],
    },
    spec: { scope: 'Namespaced' },
  })
  const { subresources, selectableFields, namespaced, type, deprecation, listKind } = kind
  t.match(
    { subresources, selectableFields, namespaced, deprecation, listKind, name: type.name },
    {
      subresources: ['status', 'scale'],
      selectableFields: ['spec.n'],
      namespaced: true,
      deprecation: 'example.com/v1 Value is deprecated',
      listKind: 'ValueList',
      name: 'com.example.v1.Value',
    },
  )
  const { object: one } = kind.decode(value({ n: 3 }, { status: { n: 2 } }), {
    validation: 'Ignore',
    duplicates: [],
  })
  t.equal(kind.fieldValue(one, 'spec.n'), '3')
  t.equal(kind.fieldValue(one, 'spec.m'), '')
  t.same(kind.scaled(one), { specReplicas: 3, statusReplicas: 0, selector: '' })
  t.same(kind.withReplicas(one, 5)['spec'], { n: 5 })
  t.same(kind.withReplicas(kind.converted({ ...one, spec: {} }), 5)['spec'], { n: 5 })
  t.throws(() => KIND.scaled(one), /no scale/)
  const words = (deprecationWarning?: string) =>
    kindOf({
      version: {
        deprecated: true,
        ...(deprecationWarning === undefined ? {} : { deprecationWarning }),
      },
    })
  t.equal(words('go away').deprecation, 'go away')
  const served = { served: true, storage: false }
  const versions = [
    { ...served, name: 'v1beta1', deprecated: true },
    { ...served, name: 'v1' },
    { ...served, name: 'v2' },
    { ...served, name: 'v1alpha1' },
  ]
  const [beta] = customKindsOf(definitionOf({ spec: { versions } }))
  t.equal(beta?.deprecation, 'example.com/v1beta1 Value is deprecated; use example.com/v2 Value')
  const rules = { 'x-kubernetes-validations': [{ rule: 'self.n > 1' }] }
  t.equal(kindWith({ a: list(object({}, rules)) }).hasRules, true)
  t.equal(KIND.hasRules, false)
})

void t.test('without pruning', async t => {
  const schema = object({ spec: object({ a: TEXT }) })
  for (const given of [{}, { schema, spec: { preserveUnknownFields: true } }]) {
    const kind = kindOf(given)
    const all = value({ b: { c: null } }, { d: 1 })
    t.same(kind.decode(all, { validation: 'Strict', duplicates: [] }), {
      object: all,
      warnings: [],
    })
    t.ok(kind.type.others)
  }
})

void t.test('server-side apply', async t => {
  const element = object({ key: TEXT, value: TEXT }, { required: ['key'] })
  const kind = kindWith({
    map: list(element, MAP),
    set: list(TEXT, { 'x-kubernetes-list-type': 'set' }),
    atomic: list(TEXT),
    owned: object({ a: TEXT }, { 'x-kubernetes-map-type': 'atomic' }),
    any: OPEN,
    nothing: NULLABLE,
  })
  const read = (spec: unknown): AnyObject =>
    kind.decode(value(spec), { validation: 'Strict', duplicates: [] }).object
  const write = { type: kind.type, apiVersion: 'example.com/v1', subresource: '', now: 0 }
  const updated = read({
    map: [{ key: 'a', value: 'b' }],
    set: ['x'],
    atomic: ['x'],
    owned: { a: 'x' },
    any: { deep: { list: [{ a: 1 }] }, none: null },
    nothing: null,
  })
  const managedFields = trackUpdate({ ...write, manager: 'one', live: undefined, updated })
  t.same(managedFields?.[0]?.fieldsV1, {
    'f:spec': {
      '.': {},
      'f:map': { '.': {}, 'k:{"key":"a"}': { '.': {}, 'f:key': {}, 'f:value': {} } },
      'f:set': { '.': {}, 'v:"x"': {} },
      'f:atomic': {},
      'f:owned': {},
      'f:any': { '.': {}, 'f:deep': { '.': {}, 'f:list': {} }, 'f:none': {} },
      'f:nothing': {},
    },
  })
  const live = {
    ...updated,
    metadata: { ...updated.metadata, ...(managedFields && { managedFields }) },
  }
  const apply = (spec: Fields, force = false): AnyObject =>
    applyConfiguration({
      ...write,
      manager: 'two',
      live,
      applied: read(spec),
      force,
    }).object
  const added = apply({ map: [{ key: 'b', value: 'c' }], set: ['y'], any: { more: 'z' } })
  t.match(added['spec'], {
    map: [
      { key: 'a', value: 'b' },
      { key: 'b', value: 'c' },
    ],
    set: ['x', 'y'],
    any: { deep: { list: [{ a: 1 }] }, more: 'z' },
  })
  t.throws(() => apply({ map: [{ key: 'a', value: 'c' }] }), {
    message: /conflict with "one".*: \.spec\.map\[key="a"\]\.value$/,
  })
  t.match(apply({ map: [{ key: 'a', value: 'c' }] }, true)['spec'], {
    map: [{ key: 'a', value: 'c' }],
  })
  t.throws(() => apply({ owned: { a: 'y' } }), { message: /: \.spec\.owned$/ })
})
