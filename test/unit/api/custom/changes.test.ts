/** Changes of custom resources: what was wrong before and stays so is not judged again; the status by itself. */
import t from 'tap'
import type { AnyObject } from '#api/object.ts'
import {
  faultLines as lines,
  kindOf,
  kindWith,
  list,
  object,
  PAIR,
  readAs as read,
  TEXT,
  text,
  type Fields,
  value,
  WHOLE,
  whole,
} from '#test/support/custom-definitions.ts'

const SET = { 'x-kubernetes-list-type': 'set' }
const MAP = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] }
const ITEM = object({ k: TEXT, p: WHOLE })

/** A field that was wrong before under a schema that has become tighter. */
const ratcheted: readonly (readonly [
  string,
  Fields,
  before: unknown,
  after: unknown,
  readonly string[],
])[] = [
  ['what stays', text({ maxLength: 1 }), 'ab', 'ab', []],
  [
    'what changes',
    text({ maxLength: 1 }),
    'ab',
    'abc',
    ['spec.f: Too long: may not be more than 1 byte'],
  ],
  [
    'beside what changes',
    object({ a: text({ maxLength: 1 }), b: TEXT }),
    { a: 'xx', b: '1' },
    { a: 'xx', b: '2' },
    [],
  ],
  [
    'above what changes',
    object(PAIR, { required: ['c'] }),
    { a: '1' },
    { a: '2' },
    ['spec.f.c: Required value'],
  ],
  [
    'members by any name',
    { type: 'object', additionalProperties: text({ maxLength: 1 }) },
    { x: 'ab' },
    { x: 'ab', y: 'cd' },
    ['spec.f.y: Too long: may not be more than 1 byte'],
  ],
  [
    'elements of a map, moved',
    list(object({ k: TEXT, v: text({ maxLength: 1 }) }), MAP),
    [{ k: '1', v: 'ab' }],
    [
      { k: '2', v: 'c' },
      { k: '1', v: 'ab' },
    ],
    [],
  ],
  [
    'an element of a map',
    list(object({ k: TEXT, v: text({ maxLength: 1 }) }), MAP),
    [{ k: '1', v: 'ab' }],
    [{ k: '1', v: 'xyz' }],
    ['spec.f[0].v: Too long: may not be more than 1 byte'],
  ],
  [
    'a map in another order',
    list(ITEM, { maxItems: 1, ...MAP }),
    [{ k: '1' }, { k: '2' }],
    [{ k: '2' }, { k: '1' }],
    [],
  ],
  [
    'elements of other lists',
    list(text({ maxLength: 1 })),
    ['ab'],
    ['ab', 'c'],
    ['spec.f[0]: Too long: may not be more than 1 byte'],
  ],
  [
    'below alternatives',
    object({ a: TEXT, b: TEXT }, { allOf: [{ properties: { a: { maxLength: 1 } } }] }),
    { a: 'xx' },
    { a: 'xx', b: '1' },
    [],
  ],
]

void t.test('ratcheting', async t => {
  for (const [title, schema, before, after, faults] of ratcheted) {
    const kind = kindWith({ f: schema })
    const [old, next] = [read(kind, value({ f: before })), read(kind, value({ f: after }))]
    t.same(lines(kind.faults(next, old)), faults, title)
  }
})

void t.test('status', async t => {
  const schema = object({
    spec: object({ n: whole({ minimum: 1 }) }),
    status: object(
      { n: whole({ minimum: 1 }), l: list(TEXT, SET), kind: text({ maxLength: 1 }) },
      { required: ['n'] },
    ),
  })
  const kind = kindOf({ schema, version: { subresources: { status: {} } } })
  const old = read(kind, value({ n: 0 }, { status: { n: 0, kind: 'ab' } }))
  const faults = (status: unknown): string[] => lines(kind.statusFaults({ ...old, status }, old))
  t.same(faults({ n: 0, kind: 'ab', l: ['a', 'a'] }), [
    'status.kind: Too long: may not be more than 1 byte',
    'status.l[1]: Duplicate value: "a"',
  ])
  t.same(faults({ n: -1 }), [
    'status.n: Invalid value: -1: n in body should be greater than or equal to 1',
  ])
  t.same(faults({}), ['status.n: Required value'])
  t.same(faults(undefined), [], 'no status is none to judge')
})

void t.test('finalizers', async t => {
  const kind = kindWith({})
  const given = (finalizers: string[]): AnyObject =>
    read(kind, value({}, { metadata: { name: 'v', finalizers } }))
  const words = (name: string, path: string): string =>
    `metadata.finalizers: "${name}": prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`
  t.same(kind.warnings(given(['b', 'a.io', 'c.io/d', 'orphan'])), [
    words('a.io', ' including a path (/)'),
    words('b', ''),
  ])
  t.same(kind.warnings(given(['a', 'b']), given(['a'])), [words('b', '')])
})
