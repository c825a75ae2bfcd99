/**
 * Laws that hold for every object of every kind: worlds made at random from the schemas, the seed printed on failure.
 */
import t from 'tap'
import { applyDefaults, decodeBody, decodeObject, encodeObject } from '#api/codec.ts'
import type { Scalar, StructType, Type } from '#api/schema/type.ts'
import { type Resource, resources, subresourceKind } from '#api/scheme.ts'
import { type Random, seededRandom } from '#base/random.ts'
import { isRecord } from '#api/values.ts'

const SEED = 20_260_101
const WORLDS_PER_KIND = 12
const DEPTH_MAX = 12

const SAMPLES: Readonly<Record<Scalar, readonly unknown[]>> = {
  string: ['', 'a', 'ünï', '__proto__', '{"a":1}'],
  bool: [true, false],
  int32: [0, 1, -1, 2 ** 31 - 1],
  int64: [0, 7, -(2 ** 40)],
  double: [0, 0.5, -1],
  bytes: ['', 'YQ==', 'YWJj\n'],
  quantity: ['0', '1500m', '0.5', 2, '1024Mi', '1e3', '100u'],
  time: ['2024-01-31T23:30:00-01:00', '2024-02-29T00:00:00Z'],
  'micro-time': ['2024-01-31T23:30:00.1234567Z'],
  'int-or-string': [0, 80, 'web', '25%'],
  duration: ['1h', '0'],
  raw: [{ a: [null, '', 0] }, 'text', []],
  'schema-or-bool': [true, { type: 'string' }],
  'schema-or-list': [{ type: 'string' }],
  'schema-or-names': [['a']],
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random.float() * items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

function valueOf(type: Type, random: Random, depth: number): unknown {
  if (type.kind === 'scalar') return pick<unknown>(random, type.enum ?? SAMPLES[type.scalar])
  if (type.kind === 'struct') return structOf(type, random, depth)
  const length = depth > DEPTH_MAX ? 0 : Math.floor(random.float() * 3)
  const items = Array.from({ length }, () =>
    valueOf(type.kind === 'list' ? type.items : type.values, random, depth + 1),
  )
  return type.kind === 'list'
    ? items
    : Object.fromEntries(items.map((item, index) => [`key${index}`, item]))
}

function structOf(type: StructType, random: Random, depth: number): Record<string, unknown> {
  // Roots are full, leaves are sparse, so that objects stay small.
  const share = depth < 2 ? 0.9 : depth < 6 ? 0.4 : 0.15
  const fields = [...type.fields.values()].filter(() => random.float() < share)
  const present = fields.filter(() => depth <= DEPTH_MAX)
  return Object.fromEntries(
    present.map(field => [
      field.name,
      random.float() < 0.05 ? null : valueOf(field.type, random, depth + 1),
    ]),
  )
}

const nameOf = ({ group, kind }: Resource): string => (group === '' ? kind : `${kind}.${group}`)

for (const resource of resources()) {
  void t.test(`${nameOf(resource)}, seed ${SEED}`, async t => {
    const random = seededRandom(SEED)
    const kind = subresourceKind(resource, 'status')
    for (let world = 0; world < WORLDS_PER_KIND; world++) {
      const { kind: _, apiVersion: __, ...sent } = structOf(kind.type, random, 0)
      const body = Buffer.from(JSON.stringify(sent))
      const { object, warnings } = decodeBody(kind, body, 'Strict')
      t.same(warnings, [], 'what the schema has is known')
      const again = decodeObject(kind.type, JSON.parse(JSON.stringify(object)), 'Strict').object
      t.strictSame(again, object, 'decoding twice changes nothing')
      const full = applyDefaults(kind.type, object)
      t.equal(applyDefaults(kind.type, full), full, 'defaulting twice changes nothing')
      const stored: unknown = JSON.parse(encodeObject(kind.type, full))
      const read = decodeObject(kind.type, stored, 'Strict').object
      t.strictSame(read, full, 'what is stored is read as it was')
      t.notOk(hasNull(full, kind.type), 'null is never stored')
    }
  })
}

/** Anywhere but in raw values. */
function hasNull(value: unknown, type: Type): boolean {
  if (type.kind === 'scalar' && type.scalar === 'raw') return false
  if (value === null) return true
  if (Array.isArray(value)) {
    return type.kind === 'list' && value.some(item => hasNull(item, type.items))
  }
  if (!isRecord(value)) return false
  if (type.kind === 'map') return Object.values(value).some(item => hasNull(item, type.values))
  if (type.kind !== 'struct') return false
  return Object.entries(value).some(([name, item]) => {
    const field = type.fields.get(name)
    return field === undefined || hasNull(item, field.type)
  })
}
