/** Faults of custom resources: the schema in all its parts, lists, embedded objects, scale, metadata. */
import t from 'tap'
import {
  faultLines as lines,
  kindOf,
  kindWith,
  list,
  object,
  OPEN,
  PAIR,
  readAs as read,
  TEXT,
  text,
  type Fields,
  value,
  WHOLE,
  whole,
} from '#test/support/custom-definitions.ts'

const ONE_EACH = [{ required: ['a'] }, { required: ['b'] }]
const typed = (path: string, wanted: string, given: string): string =>
  `${path}: Invalid value: "${given}": ${path} in body must be of type ${wanted}: "${given}"`
const bound = (given: unknown, words: string): string =>
  `spec.f: Invalid value: ${JSON.stringify(given)}: spec.f in body should be ${words}`
const joined = (words: string): string => `<nil>: Invalid value: "": ${words}`

/** A field `f`, values of it, and what is wrong with them. */
const judged: readonly (readonly [schema: Fields, value: unknown, faults: readonly string[]])[] = [
  [WHOLE, '1', [typed('spec.f', 'integer', 'string')]],
  [
    WHOLE,
    1.5,
    [
      typed('spec.f', 'integer', 'number'),
      joined('Checked value must be of type integer (default format) in spec.f'),
    ],
  ],
  [WHOLE, 2, []],
  [
    whole({ format: 'int32' }),
    2 ** 31,
    [joined('Checked value must be of type integer with format int32 in spec.f')],
  ],
  [whole({ format: 'int32' }), -(2 ** 31), []],
  [{ type: 'number' }, 2, []],
  [
    { type: 'number', format: 'float' },
    1e39,
    [joined('Checked value must be of type number with format float in spec.f')],
  ],
  [{ type: 'boolean' }, 'true', [typed('spec.f', 'boolean', 'string')]],
  [TEXT, ['a'], [typed('spec.f', 'string', 'array')]],
  [{ 'x-kubernetes-int-or-string': true }, 1.5, [typed('spec.f', 'integer,string', 'number')]],
  [{ 'x-kubernetes-int-or-string': true }, '10%', []],
  [whole({ minimum: 1 }), 0, [bound(0, 'greater than or equal to 1')]],
  [whole({ minimum: 1, exclusiveMinimum: true }), 1, [bound(1, 'greater than 1')]],
  [whole({ maximum: 1 }), 2, [bound(2, 'less than or equal to 1')]],
  [
    whole({ maximum: 1.5 }),
    2,
    [
      joined('Maximum boundary value must be of type integer (default format) in spec.f'),
      bound(2, 'less than or equal to 1.5'),
    ],
  ],
  [{ type: 'number', maximum: 1, exclusiveMaximum: true }, 1, [bound(1, 'less than 1')]],
  [whole({ multipleOf: 3 }), 4, [bound(4, 'a multiple of 3')]],
  [{ type: 'number', multipleOf: 0.1 }, 0.3, []],
  [{ type: 'number', multipleOf: 0.1 }, 0.25, [bound(0.25, 'a multiple of 0.1')]],
  [
    { type: 'number', multipleOf: 0.5 },
    2,
    ['spec.f: Invalid value: 0: factor MultipleOf declared for spec.f must be positive: 0'],
  ],
  [text({ minLength: 2 }), 'é', [bound('é', 'at least 2 chars long')]],
  [text({ maxLength: 1 }), '😀', []],
  [text({ maxLength: 1 }), 'ab', ['spec.f: Too long: may not be more than 1 byte']],
  [
    text({ pattern: '^[a-z]+$' }),
    'A',
    [`spec.f: Invalid value: "A": spec.f in body should match '^[a-z]+$'`],
  ],
  [text({ pattern: 'b', maxLength: 1 }), 'aa', ['spec.f: Too long: may not be more than 1 byte']],
  [text({ enum: ['a', 'b'] }), 'c', ['spec.f: Unsupported value: "c": supported values: "a", "b"']],
  [whole({ enum: [1, 2] }), 2, []],
  [
    text({ enum: ['a'], nullable: true }),
    null,
    ['spec.f: Unsupported value: null: supported values: "a"'],
  ],
  [text({ format: 'date-time' }), 3, [typed('spec.f', 'date-time', 'int64')]],
  [text({ format: 'date-time' }), 3.5, [typed('spec.f', 'date-time', 'float64')]],
  [text({ format: 'date-time' }), {}, [typed('spec.f', 'date-time', '')]],
  [text({ format: 'date-time' }), 'soon', [typed('spec.f', 'date-time', 'soon')]],
  [text({ format: 'date-time' }), '2024-02-29T01:02:03Z', []],
  [text({ format: 'unheard-of' }), 'any', []],
  [list(WHOLE), [1, 'a'], [typed('spec.f[1]', 'integer', 'string')]],
  [list(TEXT), [null], [typed('spec.f[0]', 'string', 'null')]],
  [
    list(TEXT, { minItems: 1 }),
    [],
    ['spec.f: Invalid value: 0: spec.f in body should have at least 1 items'],
  ],
  [list(TEXT, { maxItems: 1 }), ['a', 'b'], ['spec.f: Too many: 2: must have at most 1 item']],
  [
    object({}, { minProperties: 1, ...OPEN }),
    {},
    ['spec.f: Invalid value: 0: spec.f in body should have at least 1 properties'],
  ],
  [
    object({}, { maxProperties: 1, ...OPEN }),
    { a: 1, b: 2 },
    ['spec.f: Too many: 2: must have at most 1 item'],
  ],
  [
    { type: 'object', additionalProperties: WHOLE },
    { 'a.b': '' },
    [typed('spec.f.a.b', 'integer', 'string')],
  ],
  [object(PAIR, { required: ['a', 'b'] }), { a: '' }, ['spec.f.b: Required value']],
  [object(PAIR, { oneOf: ONE_EACH }), { a: '' }, []],
  [
    object(PAIR, { oneOf: ONE_EACH }),
    { a: '', b: '' },
    [joined('"spec.f" must validate one and only one schema (oneOf). Found 2 valid alternatives')],
  ],
  [
    object(PAIR, { oneOf: ONE_EACH }),
    {},
    [
      joined('"spec.f" must validate one and only one schema (oneOf). Found none valid'),
      'spec.f.a: Required value',
    ],
  ],
  [
    object(PAIR, { anyOf: ONE_EACH }),
    {},
    [joined('"spec.f" must validate at least one schema (anyOf)'), 'spec.f.a: Required value'],
  ],
  [
    object(
      { a: WHOLE },
      {
        anyOf: [{ required: ['z'] }, { properties: { a: { minimum: 9 } } }],
      },
    ),
    { a: 7 },
    [
      joined('"spec.f" must validate at least one schema (anyOf)'),
      'spec.f.a: Invalid value: 7: spec.f.a in body should be greater than or equal to 9',
    ],
  ],
  [
    text({ allOf: [{ minLength: 3 }, { minLength: 2 }] }),
    'ab',
    [
      bound('ab', 'at least 3 chars long'),
      joined('"spec.f" must validate all the schemas (allOf)'),
    ],
  ],
  [
    text({ allOf: [{ minLength: 3 }, { minLength: 3 }] }),
    'a',
    [
      bound('a', 'at least 3 chars long'),
      joined('"spec.f" must validate all the schemas (allOf). None validated'),
    ],
  ],
  [
    text({ not: { enum: ['bad'] } }),
    'bad',
    [joined('"spec.f" must not validate the schema (not)')],
  ],
]

void t.test('schemas', async t => {
  for (const [schema, given, faults] of judged) {
    const kind = kindWith({ f: schema })
    t.same(
      lines(kind.faults(read(kind, value({ f: given })))),
      faults,
      `${JSON.stringify(schema)} ${JSON.stringify(given)}`,
    )
  }
  const kind = kindOf({ schema: object({ spec: object({}) }, { required: ['spec'] }) })
  t.same(lines(kind.faults(read(kind, value(undefined)))), ['spec: Required value'])
  const [fault] = kind.faults(read(kind, value('x')))
  t.equal(fault?.type, 'FieldValueTypeInvalid')
})

const SET = { 'x-kubernetes-list-type': 'set' }
const mapBy = (...keys: string[]): Fields => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
})
const ITEM = object({ k: TEXT, p: WHOLE })

const repeated: readonly (readonly [Fields, unknown, readonly string[]])[] = [
  [list(TEXT, SET), ['a', 'b', 'a', 'a'], ['spec.f[2]: Duplicate value: "a"']],
  [
    list(object(PAIR), SET),
    [
      { a: '1', b: '2' },
      { b: '2', a: '1' },
    ],
    ['spec.f[1]: Duplicate value: {"a":"1","b":"2"}'],
  ],
  [
    list(ITEM, mapBy('k')),
    [{ k: 'a' }, { k: 'b' }, { k: 'a' }],
    ['spec.f[2]: Duplicate value: {"k":"a"}'],
  ],
  [list(ITEM, mapBy('k')), [{}, {}], ['spec.f[1]: Duplicate value: {}']],
  [
    list(ITEM, mapBy('k', 'p')),
    [
      { k: 'a', p: 1 },
      { k: 'a', p: 2 },
      { k: 'a', p: 1 },
    ],
    ['spec.f[2]: Duplicate value: {"k":"a","p":1}'],
  ],
  [
    list(object({ l: list(TEXT, SET) })),
    [{}, { l: ['a', 'a'] }],
    ['spec.f[1].l[1]: Duplicate value: "a"'],
  ],
  [
    { type: 'object', additionalProperties: list(TEXT, SET) },
    { x: ['a', 'a'] },
    ['spec.f[x][1]: Duplicate value: "a"'],
  ],
]

void t.test('lists that are sets and maps', async t => {
  for (const [schema, given, faults] of repeated) {
    const kind = kindWith({ f: schema })
    const created = read(kind, value({ f: given }))
    t.same(lines(kind.faults(created)), faults, JSON.stringify(given))
    t.same(
      kind.faults({ ...created, spec: { ...Object(created['spec']), g: 1 } }, created),
      [],
      'as before',
    )
  }
  const kind = kindWith({ f: list(object({}, OPEN), mapBy('k')) })
  t.same(lines(kind.faults(read(kind, value({ f: [3] })))), [
    typed('spec.f[0]', 'object', 'integer'),
    'spec.f[0]: Invalid value: 3: must be an object for an array of list-type map',
  ])
})

void t.test('scale', async t => {
  const scale = {
    specReplicasPath: '.spec.n',
    statusReplicasPath: '.status.n',
    labelSelectorPath: '.status.s',
  }
  const kind = kindOf({
    schema: object({ spec: object({}, OPEN), status: object({}, OPEN) }),
    version: { subresources: { scale } },
  })
  const faults = (spec: unknown, status: unknown): string[] =>
    lines(kind.faults(read(kind, value(spec, { status }))))
  t.same(faults({ n: 1 }, { n: 1, s: 'a=b' }), [])
  t.same(faults({ n: -1 }, { n: 2 ** 31 }), [
    '.spec.n: Invalid value: -1: should be a non-negative integer',
    '.status.n: Invalid value: 2147483648: should be less than or equal to 2147483647',
  ])
  t.same(faults({ n: 'x' }, { n: { a: [1, true] }, s: 1 }), [
    '.spec.n: Invalid value: 0: .spec.n accessor error: x is of the type string, expected int64',
    '.status.n: Invalid value: 0: .status.n accessor error: map[a:[1 true]] is of the type map[string]interface {}, expected int64',
    '.status.s: Invalid value: "": .status.s accessor error: 1 is of the type int64, expected string',
  ])
})

void t.test('embedded objects', async t => {
  const embedded = object({}, { 'x-kubernetes-embedded-resource': true, ...OPEN })
  const kind = kindWith({ f: embedded, l: list(embedded) })
  const faults = (f: unknown): string[] => lines(kind.faults(read(kind, value({ f }))))
  t.same(faults({ apiVersion: 'apps/v1', kind: 'Pod' }), [])
  t.same(faults({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'a', name: 'B' } }), [])
  t.same(faults({}), ['spec.f.apiVersion: Required value', 'spec.f.kind: Required value'])
  t.same(faults({ apiVersion: '', kind: '' }), [
    'spec.f.apiVersion: Invalid value: "": must not be empty',
    'spec.f.kind: Invalid value: "": must not be empty',
  ])
  t.match(
    faults({ apiVersion: 'a/b/c', kind: 'a.b', metadata: { name: '..', labels: { a: '#' } } }),
    [
      'spec.f.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      /^spec\.f\.kind: Invalid value: "a\.b": may have mixed case, but should otherwise match: /,
      'spec.f.metadata.name: Invalid value: "..": may not be \'..\'',
      /^spec\.f\.metadata\.labels: Invalid value: "#"/,
    ],
  )
  t.same(lines(kind.faults(read(kind, value({ l: [{ kind: 'A' }] })))), [
    'spec.l[0].apiVersion: Required value',
  ])
})

void t.test('kind and metadata', async t => {
  const kind = kindWith({ n: whole({ minimum: 1 }) }, { spec: { scope: 'Namespaced' } })
  const given = read(kind, value({ n: 0 }, { kind: 'Other' }))
  t.same(
    lines(kind.faults(given)),
    ['kind: Invalid value: "Other": must be Value'],
    'and nothing else',
  )
  const nameless = read(kind, value({}, { metadata: { finalizers: ['any'] } }))
  t.same(lines(kind.faults(nameless)), [
    'metadata.name: Required value: name or generateName is required',
    'metadata.namespace: Required value',
  ])
  const named = read(kind, value({}, { metadata: { name: 'a', namespace: 'b' } }))
  const renamed = { ...named, metadata: { ...named.metadata, name: 'c' } }
  t.same(lines(kind.faults(renamed, named)), [
    'metadata.name: Invalid value: "c": field is immutable',
  ])
})

void t.test('rules that are not judged', async t => {
  const kind = kindWith({
    n: whole({ 'x-kubernetes-validations': [{ rule: 'self > 1' }] }),
    s: text({ maxLength: 1 }),
  })
  t.same(kind.faults(read(kind, value({ n: 0 }))), [])
  t.same(lines(kind.faults(read(kind, value({ s: 'ab' })))), [
    'spec.s: Too long: may not be more than 1 byte',
    '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  ])
})
