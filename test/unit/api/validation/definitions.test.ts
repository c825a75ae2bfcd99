/** What CustomResourceDefinitions say about values: patterns in Go's syntax, selectable fields, defaults. */
import { goRegexpFault } from '#api/validation/go-regexp.ts'
import { type Case, runCases, updateFaults } from '#test/support/validation-cases.ts'
import t from 'tap'

const GOOD = [
  '',
  '^a+b*?c??$',
  '[a-z0-9]([-a-z0-9]*[a-z0-9])?',
  '[]a]',
  '[^]a]',
  '[[:alpha:]_-]',
  String.raw`[\w.-]+\.\pL\p{Greek}\x41\x{1F600}\A\z\b\Q(*\E`,
  '(?i)a(?P<name>b)(?<other>c)(?:d)(?s-m:e)',
  'a{3}b{2,}c{1,1000}',
  'x{,3}{',
  '(a+)+$',
  '^*|$+',
  'é😀+',
]

const BAD: readonly (readonly [string, string])[] = [
  ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(?!a)', 'invalid or unsupported Perl syntax: `(?!`'],
  ['(?<=a)b', 'invalid named capture: `(?<=a)b`'],
  ['(?P<a b>c)', 'invalid named capture: `(?P<a b>`'],
  [String.raw`(a)\1`, 'invalid escape sequence: `\\1`'],
  [String.raw`\k<a>`, 'invalid escape sequence: `\\k`'],
  [String.raw`a\Z`, 'invalid escape sequence: `\\Z`'],
  ['a\\', 'trailing backslash at end of expression: ``'],
  ['a(b', 'missing closing ): `a(b`'],
  ['a)b', 'unexpected ): `a)b`'],
  ['x[a-z', 'missing closing ]: `[a-z`'],
  ['[z-a]', 'invalid character class range: `z-a`'],
  ['[[:nope:]]', 'invalid character class range: `[:nope:]`'],
  ['*', 'missing argument to repetition operator: `*`'],
  ['a|+?', 'missing argument to repetition operator: `+?`'],
  ['a**', 'invalid nested repetition operator: `**`'],
  ['a{2}{3}', 'invalid nested repetition operator: `{2}{3}`'],
  ['a{1001}', 'invalid repeat count: `{1001}`'],
  ['a{2,1}', 'invalid repeat count: `{2,1}`'],
]

void t.test('patterns', async t => {
  for (const pattern of GOOD) t.equal(goRegexpFault(pattern), undefined, pattern)
  for (const [pattern, fault] of BAD) {
    t.equal(goRegexpFault(pattern), `error parsing regexp: ${fault}`, pattern)
  }
  t.match(goRegexpFault('('.repeat(60_000)), /nests too deeply/)
  t.equal(goRegexpFault('[a-z]'.repeat(10_000)), undefined)
  t.match(goRegexpFault(`[${'[:'.repeat(30_000)}`), /missing closing \]/)
  t.match(goRegexpFault('a'.repeat(70_000)), /expression too large/)
})

const PLURAL = 'customresourcedefinitions'
const text = { type: 'string' }
const root = {
  type: 'object',
  properties: {
    metadata: { type: 'object', properties: { name: text } },
    spec: {
      type: 'object',
      properties: {
        color: text,
        size: { type: 'integer' },
        parts: { type: 'object', additionalProperties: text },
        list: { type: 'array', items: text },
        code: { type: 'string', pattern: '(?=x)' },
      },
    },
  },
}
const { code: _code, ...sound } = root.properties.spec.properties
const soundRoot = {
  ...root,
  properties: { ...root.properties, spec: { type: 'object', properties: sound } },
}

const definition = (selectable: readonly string[], schema: object = soundRoot): object => ({
  metadata: { name: 'ws.a.io' },
  spec: {
    group: 'a.io',
    scope: 'Cluster',
    names: { plural: 'ws', kind: 'W', singular: 'w', listKind: 'WList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        ...(selectable.length === 0
          ? {}
          : { selectableFields: selectable.map(jsonPath => ({ jsonPath })) }),
      },
    ],
  },
  status: { storedVersions: ['v1'] },
})

const withDefault = (schema: object): object =>
  definition([], {
    type: 'object',
    properties: { spec: { type: 'object', properties: { a: schema } } },
  })

/** A schema with a default, and what is said below `default`. */
const DEFAULTS: readonly (readonly [string, object, readonly string[]])[] = [
  ['text', { type: 'string', default: 'x', enum: ['x', 'y'], maxLength: 1 }, []],
  ['nothing', { type: 'string', nullable: true, default: null }, []],
  ['an integer for a number', { type: 'number', default: 1 }, []],
  ['either', { 'x-kubernetes-int-or-string': true, default: '25%' }, []],
  [
    'another type',
    { type: 'integer', default: 'x' },
    [': Invalid value: "string":  in body must be of type integer: "string"'],
  ],
  [
    'a fraction',
    { type: 'integer', default: 1.5 },
    [
      ': Invalid value: "number":  in body must be of type integer: "number"',
      ': Invalid value: "": Checked value must be of type integer (default format) in ',
    ],
  ],
  [
    'none of the values',
    { type: 'string', default: 'z', enum: ['x', 'y'] },
    [': Unsupported value: "z": supported values: "x", "y"'],
  ],
  [
    'out of bounds',
    {
      type: 'integer',
      default: 11,
      maximum: 10,
      minimum: 11,
      exclusiveMinimum: true,
      multipleOf: 2,
    },
    [
      ': Invalid value: 11:  in body should be a multiple of 2',
      ': Invalid value: 11:  in body should be greater than 11',
      ': Invalid value: 11:  in body should be less than or equal to 10',
    ],
  ],
  [
    'lengths',
    {
      type: 'array',
      default: ['', 'abc'],
      maxItems: 1,
      items: { type: 'string', maxLength: 2, minLength: 1 },
    },
    [
      '.[0]: Invalid value: "": [0] in body should be at least 1 chars long',
      '.[1]: Too long: may not be more than 2 bytes',
      ': Too many: 2: must have at most 1 item',
    ],
  ],
  [
    'an object',
    {
      type: 'object',
      default: { b: { c: 1 }, d: 2 },
      required: ['e'],
      properties: {
        b: { type: 'object', required: ['f'], properties: { c: text, f: text } },
        e: text,
      },
    },
    [
      ': Invalid value: {"b":{"c":1},"d":2}: must not have unknown fields',
      '.b.c: Invalid value: "integer": b.c in body must be of type string: "integer"',
      '.b.f: Required value',
      '.e: Required value',
    ],
  ],
  [
    'what is kept',
    { type: 'object', default: { x: 1 }, 'x-kubernetes-preserve-unknown-fields': true },
    [],
  ],
  [
    'a map',
    { type: 'object', default: { x: '1', y: 2 }, additionalProperties: text },
    ['.y: Invalid value: "integer": .y in body must be of type string: "integer"'],
  ],
]

void t.test('defaults', async t => {
  const place = 'spec.validation.openAPIV3Schema.properties[spec].properties[a].default'
  runCases(
    t,
    DEFAULTS.map(
      ([name, schema, faults]): Case => [
        name,
        PLURAL,
        withDefault(schema),
        faults.map(fault => `${place}${fault}`),
      ],
    ),
  )
})

const at = (index: number, path: string): string =>
  `spec.selectableFields[${index}].jsonPath: Invalid value: "${path}"`
const keys = Array.from({ length: 9 }, (_, index) => `.spec.parts.k${index}`)
const TOO_MANY = 'spec.selectableFields: Too many: 9: must have at most 8 items'
const SCALAR =
  'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'

void t.test('selectable fields', async t => {
  const cases: readonly Case[] = [
    ['fields', PLURAL, definition(['.spec.color', '.spec.size', '.spec.parts.a']), []],
    [
      'no field',
      PLURAL,
      definition(['', '.spec.shape', 'spec.color', '.spec.list[0]', '.spec.', '.spec.color.red']),
      [
        'spec.selectableFields[0].jsonPath: Required value',
        `${at(1, '.spec.shape')}: is an invalid path: does not refer to a valid field`,
        `${at(2, 'spec.color')}: is an invalid path: expected [ or . but got: spec`,
        `${at(3, '.spec.list[0]')}: is an invalid path: array notation is not allowed`,
        `${at(4, '.spec.')}: is an invalid path: unexpected end of JSON path`,
        `${at(5, '.spec.color.red')}: is an invalid path: does not refer to a valid field`,
      ],
    ],
    [
      'no scalar, twice, metadata',
      PLURAL,
      definition(['.spec', '.metadata.name', '.spec.size', '.spec.size']),
      [
        `${at(0, '.spec')}: ${SCALAR}`,
        `${at(1, '.metadata.name')}: must not point to fields in metadata`,
        'spec.selectableFields[3].jsonPath: Duplicate value: ".spec.size"',
      ],
    ],
    ['too many', PLURAL, definition(keys), [TOO_MANY]],
    [
      'a pattern that looks ahead',
      PLURAL,
      definition([], root),
      [
        'spec.validation.openAPIV3Schema.properties[spec].properties[code].pattern: Invalid value: "(?=x)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
      ],
    ],
  ]
  runCases(t, cases)
  t.strictSame(updateFaults(PLURAL, definition(keys), definition(keys)), [], 'as before')
  t.strictSame(updateFaults(PLURAL, definition([]), definition(keys)), [TOO_MANY])
})
