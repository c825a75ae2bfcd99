/** JSON, merge and strategic merge patches: what they do, what they refuse, and that they leave their input alone. */

import t from 'tap'
import { type JsonObject, propertyOf } from '#api/json.ts'
import { applyJsonPatch } from '#api/patch/json-patch.ts'
import { applyMergePatch } from '#api/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '#api/patch/strategic-merge-patch.ts'
import type { StructType } from '#api/schema/type.ts'
import { typeOf } from '#api/scheme.ts'
import { isRecord } from '#api/values.ts'
import { seededRandom } from '#base/random.ts'

const kindOf = (group: string, kind: string): StructType => {
  const type = typeOf(group, 'v1', kind)
  if (type === undefined) throw new Error(`no type ${kind}`)
  return type
}
const POD = kindOf('', 'Pod')
const SERVICE = kindOf('', 'Service')
const DEPLOYMENT = kindOf('apps', 'Deployment')

const REFUSED = 'the server rejected our request due to an error in our request'

void t.test('JSON patch', async t => {
  const document = { a: 1, list: ['x', 'y'], deep: { 'a/b': { '~': 0 } } }
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ['adds', [{ op: 'add', path: '/b', value: null }], { ...document, b: null }],
    [
      'adds into a list',
      [{ op: 'add', path: '/list/1', value: 'n' }],
      { ...document, list: ['x', 'n', 'y'] },
    ],
    [
      'appends',
      [{ op: 'add', path: '/list/-', value: 'z' }],
      { ...document, list: ['x', 'y', 'z'] },
    ],
    ['replaces', [{ op: 'replace', path: '/a', value: 2 }], { ...document, a: 2 }],
    ['replaces everything', [{ op: 'replace', path: '', value: { n: 1 } }], { n: 1 }],
    ['removes', [{ op: 'remove', path: '/list/0' }], { ...document, list: ['y'] }],
    [
      'unescapes',
      [{ op: 'replace', path: '/deep/a~1b/~0', value: 1 }],
      { ...document, deep: { 'a/b': { '~': 1 } } },
    ],
    [
      'moves',
      [{ op: 'move', from: '/list/0', path: '/first' }],
      { ...document, list: ['y'], first: 'x' },
    ],
    ['copies', [{ op: 'copy', from: '/list', path: '/copy' }], { ...document, copy: ['x', 'y'] }],
    ['tests', [{ op: 'test', path: '/list', value: ['x', 'y'] }], document],
    ['tests that nothing is there', [{ op: 'test', path: '/none', value: null }], document],
    [
      'knows odd names',
      [{ op: 'add', path: '/__proto__', value: 1 }],
      Object.fromEntries([...Object.entries(document), ['__proto__', 1]]),
    ],
  ]
  for (const [name, patch, expected] of cases) {
    const before = structuredClone(document)
    t.strictSame(applyJsonPatch(document, patch), expected, name)
    t.strictSame(document, before, `${name}: input unchanged`)
  }
})

void t.test('JSON patch refuses', async t => {
  const cases: readonly (readonly [string, unknown, string, string])[] = [
    ['a failed test', [{ op: 'test', path: '/a', value: 2 }], 'Invalid', REFUSED],
    ['a missing member', [{ op: 'remove', path: '/none' }], 'Invalid', REFUSED],
    ['a missing parent', [{ op: 'add', path: '/none/x', value: 1 }], 'Invalid', REFUSED],
    ['an index out of range', [{ op: 'add', path: '/list/3', value: 1 }], 'Invalid', REFUSED],
    ['an index with a leading zero', [{ op: 'remove', path: '/list/01' }], 'Invalid', REFUSED],
    ['an unknown operation', [{ op: 'swap', path: '/a' }], 'Invalid', REFUSED],
    ['a path without slash', [{ op: 'remove', path: 'a' }], 'Invalid', REFUSED],
    [
      'what is no list',
      { op: 'remove' },
      'BadRequest',
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    [
      'too many operations',
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: 1 })),
      'RequestEntityTooLarge',
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    ],
  ]
  for (const [name, patch, reason, message] of cases) {
    t.throws(() => applyJsonPatch({ a: 1, list: [1, 2] }, patch), { reason, message }, name)
  }
  const bomb = Array.from({ length: 64 }, (_, index) => ({
    op: 'copy',
    from: '',
    path: `/x${index}`,
  }))
  t.throws(() => applyJsonPatch({ a: 'x'.repeat(1000) }, bomb), {
    name: 'StatusError',
    reason: 'RequestEntityTooLarge',
  })
})

void t.test('merge patch', async t => {
  const cases: readonly (readonly [object, unknown, object])[] = [
    [{ a: 1 }, { a: 2 }, { a: 2 }],
    [{ a: 1, b: 1 }, { a: null }, { b: 1 }],
    [{ a: { b: 1, c: 1 } }, { a: { b: null } }, { a: { c: 1 } }],
    [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
    [{ a: 'x' }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
  ]
  for (const [before, patch, after] of cases) {
    t.strictSame(applyMergePatch({ ...before }, patch), after, JSON.stringify(patch))
  }
  t.throws(() => applyMergePatch({}, []), {
    message:
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    reason: 'BadRequest',
  })
})

const pod = (containers: readonly object[], more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers, ...more },
})

const names = (object: unknown): string => JSON.stringify(object)

void t.test('strategic merge patch', async t => {
  const two = pod([
    { name: 'a', image: 'a:1' },
    { name: 'b', image: 'b:1' },
  ])
  const cases: readonly (readonly [string, StructType, object, unknown, unknown])[] = [
    [
      'merges elements by key',
      POD,
      two,
      { spec: { containers: [{ name: 'b', image: 'b:2' }] } },
      pod([
        { name: 'a', image: 'a:1' },
        { name: 'b', image: 'b:2' },
      ]),
    ],
    [
      'puts new elements first',
      POD,
      two,
      { spec: { containers: [{ name: 'c', image: 'c:1' }] } },
      pod([
        { name: 'c', image: 'c:1' },
        { name: 'a', image: 'a:1' },
        { name: 'b', image: 'b:1' },
      ]),
    ],
    [
      'deletes an element',
      POD,
      two,
      { spec: { containers: [{ name: 'a', $patch: 'delete' }] } },
      pod([{ name: 'b', image: 'b:1' }]),
    ],
    [
      'replaces a list',
      POD,
      two,
      { spec: { containers: [{ name: 'c' }, { $patch: 'replace' }] } },
      pod([{ name: 'c' }]),
    ],
    [
      'replaces a map',
      POD,
      two,
      { spec: { $patch: 'replace', containers: [{ name: 'c' }] } },
      pod([{ name: 'c' }]),
    ],
    [
      'sets the order of elements',
      POD,
      two,
      {
        spec: {
          '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
          containers: [{ name: 'b', image: 'b:2' }],
        },
      },
      pod([
        { name: 'b', image: 'b:2' },
        { name: 'a', image: 'a:1' },
      ]),
    ],
    [
      'appends where the order says so',
      POD,
      two,
      {
        spec: {
          '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
          containers: [{ name: 'c', image: 'c:1', env: [{ name: 'X', $patch: 'delete' }] }],
        },
      },
      pod([
        { name: 'a', image: 'a:1' },
        { name: 'b', image: 'b:1' },
        { name: 'c', image: 'c:1', env: [] },
      ]),
    ],
    [
      'keeps elements only the server has in place',
      POD,
      pod([{ name: 'a' }, { name: 'side' }, { name: 'b' }]),
      { spec: { '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }] } },
      pod([{ name: 'a' }, { name: 'side' }, { name: 'b' }]),
    ],
    [
      'deletes a field with null',
      POD,
      pod([], { nodeName: 'n', hostNetwork: true }),
      { spec: { nodeName: null, none: null } },
      pod([], { hostNetwork: true }),
    ],
    [
      'replaces lists without a merge strategy',
      POD,
      pod([{ name: 'a', args: ['x', 'y'] }]),
      { spec: { containers: [{ name: 'a', args: ['z'] }] } },
      pod([{ name: 'a', args: ['z'] }]),
    ],
    [
      'merges lists of scalars',
      POD,
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { finalizers: ['c', 'a'] } },
      { metadata: { finalizers: ['c', 'a', 'b'] } },
    ],
    [
      'deletes from lists of scalars',
      POD,
      { metadata: { finalizers: ['a', 'b', 'c'] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['b', 'x'] } },
      { metadata: { finalizers: ['a', 'c'] } },
    ],
    [
      'orders and deletes scalars at once',
      POD,
      { metadata: { finalizers: ['a', 'b', 'c'] } },
      {
        metadata: {
          '$setElementOrder/finalizers': ['c', 'a'],
          '$deleteFromPrimitiveList/finalizers': ['b'],
        },
      },
      { metadata: { finalizers: ['c', 'a'] } },
    ],
    [
      'retains only the keys named',
      DEPLOYMENT,
      { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
      { spec: { strategy: { type: 'Recreate' } } },
    ],
    [
      'merges ports by port',
      SERVICE,
      { spec: { ports: [{ port: 80, name: 'http' }] } },
      { spec: { ports: [{ port: 80, nodePort: 30080 }, { port: 443 }] } },
      { spec: { ports: [{ port: 80, name: 'http', nodePort: 30080 }, { port: 443 }] } },
    ],
    [
      'drops directives and nulls where nothing was',
      POD,
      { metadata: {} },
      {
        spec: {
          containers: [{ name: 'a', env: null, $retainKeys: ['name'] }],
          '$setElementOrder/volumes': [],
        },
      },
      { metadata: {}, spec: { containers: [{ name: 'a' }] } },
    ],
    [
      'merges what the type does not know',
      POD,
      { x: { a: 1 } },
      { x: { b: [1] } },
      { x: { a: 1, b: [1] } },
    ],
  ]
  for (const [name, type, before, patch, after] of cases) {
    const copy = structuredClone(before)
    t.strictSame(applyStrategicMergePatch(type, { ...before }, patch), after, name)
    t.equal(names(before), names(copy), `${name}: input unchanged`)
  }
})

void t.test('strategic merge patch refuses malformed directives', async t => {
  const cases: readonly (readonly [unknown, string])[] = [
    [[], 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
    [{ $patch: 'explode' }, 'unknown patch type: explode in map: map[$patch:explode]'],
    [
      { spec: { containers: [{ image: 'x' }] } },
      'map: map[image:x] does not contain declared merge key: name',
    ],
    [
      { metadata: { '$deleteFromPrimitiveList/finalizers': 'a' } },
      'invalid patch format of primitive list',
    ],
    [
      { spec: { '$setElementOrder/containers': 1 } },
      'invalid patch format of setElementOrder list',
    ],
    [{ spec: { $retainKeys: ['a'], nodeName: 'n' } }, 'invalid patch format of retainKeys'],
    [
      { spec: { containers: [{ name: 'a', $patch: 'merge' }] } },
      'merging lists cannot yet be specified in the patch',
    ],
  ]
  for (const [patch, message] of cases) {
    const before = { ...pod([{ name: 'a' }]), metadata: { finalizers: ['a'] } }
    t.throws(
      () => applyStrategicMergePatch(POD, before, patch),
      { reason: 'BadRequest', message },
      message,
    )
  }
})

/** The merge patch that makes `target` of `source`: what clients compute. */
function createMergePatch(source: JsonObject, target: JsonObject): JsonObject {
  const patch = new Map<string, unknown>()
  for (const key of Object.keys(source)) {
    if (propertyOf(target, key) === undefined) patch.set(key, null)
  }
  for (const [key, wanted] of Object.entries(target)) {
    const present = propertyOf(source, key)
    if (isRecord(wanted) && isRecord(present)) {
      const inner = createMergePatch(present, wanted)
      if (Object.keys(inner).length > 0) patch.set(key, inner)
    } else if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(present)) {
      patch.set(key, wanted)
    }
  }
  return Object.fromEntries(patch)
}

/** A small JSON value of objects, lists and scalars. */
function randomJson(float: () => number, depth: number): unknown {
  const choice = float()
  if (depth === 0 || choice < 0.4) return Math.floor(float() * 5)
  const size = Math.floor(float() * 4)
  if (choice < 0.6) return Array.from({ length: size }, () => randomJson(float, depth - 1))
  return Object.fromEntries(
    Array.from({ length: size }, () => [
      'abcd'[Math.floor(float() * 4)] ?? 'a',
      randomJson(float, depth - 1),
    ]),
  )
}

const randomObject = (float: () => number): Record<string, unknown> => ({
  a: randomJson(float, 3),
  b: randomJson(float, 3),
})

void t.test(
  'law: a created merge patch leads from one object to the other, and applying it twice is applying it once',
  async t => {
    const random = seededRandom(11)
    const float = (): number => random.float()
    for (let round = 0; round < 500; round += 1) {
      const source = randomObject(float)
      const target = randomObject(float)
      const patch = createMergePatch(source, target)
      const once = applyMergePatch(source, patch)
      const twice = applyMergePatch(once, patch)
      if (JSON.stringify(sortKeys(once)) !== JSON.stringify(sortKeys(target))) {
        t.fail(`seed 11 round ${round}: ${names(source)} -> ${names(target)} gave ${names(once)}`)
      }
      if (names(twice) !== names(once)) t.fail(`seed 11 round ${round}: not idempotent`)
    }
    t.pass('500 rounds')
  },
)

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sortKeys(v)]),
  )
}

void t.test('law: adding and removing the same path is nothing', async t => {
  const random = seededRandom(13)
  const float = (): number => random.float()
  for (let round = 0; round < 300; round += 1) {
    const document = randomObject(float)
    const after = applyJsonPatch(document, [
      { op: 'add', path: '/z', value: randomJson(float, 2) },
      { op: 'move', from: '/z', path: '/y' },
      { op: 'remove', path: '/y' },
    ])
    if (names(after) !== names(document)) t.fail(`seed 13 round ${round}`)
  }
  t.pass('300 rounds')
})
