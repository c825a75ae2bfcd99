/** Printer columns of custom kinds, and the JSON paths they are found by. */
import t from 'tap'
import { customPrinter } from '#api/custom/columns.ts'
import { jsonPathOf } from '#api/custom/json-path.ts'
import { kindOf } from '#test/support/custom-definitions.ts'

const OBJECT = {
  spec: {
    text: 'a',
    n: 3,
    'a.b/c': 'dotted',
    list: ['one', 'two', 'three'],
    items: [
      { name: 'x', n: 1, tags: ['t'] },
      { name: 'y', n: 2, z: null },
      { name: 'z', n: 3 },
    ],
    map: { b: { deep: 1 }, a: { deep: 2 } },
    none: null,
  },
}

const found: readonly (readonly [string, readonly unknown[] | undefined])[] = [
  ['.spec.text', ['a']],
  ['$.spec.text', ['a']],
  ['spec', undefined],
  ['.spec.none', [null]],
  ['.spec.none.x', []],
  ['.spec.nowhere.x', []],
  [String.raw`.spec.a\.b/c`, ['dotted']],
  [String.raw`.spec['a\.b/c']`, ['dotted']],
  [".spec['a.b/c']", []],
  [".spec['text']", ['a']],
  [".spec['text','n']", undefined],
  ['.spec.list[0]', ['one']],
  ['.spec.list[-1]', ['three']],
  ['.spec.list[-1:]', ['three']],
  ['.spec.list[0:2]', ['one', 'two']],
  ['.spec.list[1:]', ['two', 'three']],
  ['.spec.list[::2]', ['one', 'three']],
  ['.spec.list[*]', ['one', 'two', 'three']],
  ['.spec.list[0,2]', ['one', 'three']],
  ['.spec.list[9]', []],
  ['.spec.list[2:1]', []],
  ['.spec.text[0]', []],
  ['.spec.items[*].name', ['x', 'y', 'z']],
  ['.spec.items[?(@.name=="y")].n', [2]],
  [".spec.items[?(@.name=='y')].n", [2]],
  ['.spec.items[?(@.name!="y")].n', [1, 3]],
  ['.spec.items[?(@.n>1)].name', ['y', 'z']],
  ['.spec.items[?(@.n>=2)].name', ['y', 'z']],
  ['.spec.items[?(@.n<=1)].name', ['x']],
  ['.spec.items[?(@.n<2)].name', ['x']],
  ['.spec.items[?(@.n=="2")].name', []],
  ['.spec.items[?(@.n==true)].name', []],
  ['.spec.items[?(@.z)].name', ['y']],
  ['.spec.items[?(@.tags[0]=="t")].name', ['x']],
  ['.spec.items[?(@.name=="a)]b")]', []],
  ['.spec.text[?(@.a)]', []],
  ['.spec.map.*.deep', [1, 2]],
  ['..deep', [1, 2]],
  ['.spec..name', ['x', 'y', 'z']],
  ['.spec[', undefined],
  ['.spec.a[?(', undefined],
  ['.spec["a"]', undefined],
  ['.{', undefined],
  ['.spec....a', undefined],
  ['.a'.repeat(600), undefined],
]

void t.test('paths', async t => {
  for (const [path, expected] of found) {
    const known = jsonPathOf(path)
    if (path === ".spec['text','n']") t.same(known?.(OBJECT), ['a', 3], path)
    else if (expected === undefined) t.equal(known, undefined, path)
    else t.same(known?.(OBJECT), expected, path)
  }
  let deep: unknown = {}
  for (let level = 0; level < 500; level++) deep = { a: deep, b: deep }
  t.same(jsonPathOf('..a..b..a')?.(deep), [], 'bounded')
})

const NOW = Date.parse('2026-01-02T00:00:00Z')
const META = { name: 'v', creationTimestamp: '2026-01-01T00:00:00Z' }

void t.test('cells', async t => {
  const cell = (type: string, given: unknown): unknown =>
    customPrinter([{ name: 'C', type, jsonPath: '.f' }]).cells(
      Object.assign(
        { apiVersion: 'a/v1', kind: 'A', metadata: META },
        given === undefined ? {} : { f: given },
      ),
      NOW,
    )[1]
  const shown: readonly (readonly [string, unknown, unknown])[] = [
    ['string', 'a', 'a'],
    ['string', 3, '3'],
    ['string', true, 'true'],
    ['string', null, '<no value>'],
    ['string', { b: 1, a: [2] }, '{"a":[2],"b":1}'],
    ['string', undefined, null],
    ['integer', 2.75, 2],
    ['integer', 'x', null],
    ['number', 2.75, 2.75],
    ['number', 'x', null],
    ['boolean', false, false],
    ['boolean', 'x', null],
    ['date', '2026-01-01T23:00:00Z', '60m'],
    ['date', '', '<unknown>'],
    ['date', 'yesterday', '<invalid>'],
    ['date', 3, null],
  ]
  for (const [type, given, expected] of shown)
    t.equal(cell(type, given), expected, `${type} ${JSON.stringify(given)}`)
})

void t.test('columns', async t => {
  const column = { name: 'A', type: 'integer', jsonPath: '.spec.a' }
  const printer = (columns: object[]) =>
    customPrinter(columns.map(more => ({ ...column, ...more })))
  t.match(printer([{ priority: 1, format: 'int32', description: 'words' }]).columns, [
    { name: 'Name', type: 'string', format: 'name' },
    { name: 'A', type: 'integer', format: 'int32', description: 'words', priority: 1 },
  ])
  const [, stated] = printer([{}]).columns
  t.match(stated, { format: '', priority: 0, description: /JSONPath format\): \.spec\.a$/ })
  const names = (columns: object[]): string[] => printer(columns).columns.map(({ name }) => name)
  t.same(
    names([{}, { name: 'B', jsonPath: '.spec[' }, { name: 'C' }]),
    ['Name', 'A'],
    'up to a bad path',
  )
  t.same(names([]), ['Name', 'Age'])
  const kind = kindOf({})
  const one = { apiVersion: 'example.com/v1', kind: 'Value', metadata: META }
  t.same(kind.printer.cells(one, NOW), ['v', '24h'])
  const scale = { ...one, spec: { replicas: 2 }, status: { replicas: 1 } }
  t.same(kind.scalePrinter.cells(scale, NOW), ['v', 2, 1, '24h'])
  t.same(
    kind.scalePrinter.columns.map(({ name }) => name),
    ['Name', 'Desired', 'Available', 'Age'],
  )
})
