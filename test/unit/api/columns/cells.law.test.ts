/** Laws of tables: whatever an object holds or lacks, its row has a cell per column. The fixtures are Go's. */
import { readdirSync, readFileSync } from 'node:fs'
import { decodeObject } from '#api/codec.ts'
import { cellsOf, columnsOf, rowOf } from '#api/columns/table.ts'
import type { AnyObject } from '#api/object.ts'
import { resources, typeOf } from '#api/scheme.ts'
import t from 'tap'

const NOW = Date.parse('2026-01-02T12:00:00Z')

const FIXTURES = new URL('../../../fixtures/protobuf/', import.meta.url)

interface Sample {
  readonly json: AnyObject
  readonly min?: Sample
}

/** Every kind with all its fields, with those that Go always writes, and with nothing: by version and kind. */
function samples(): ReadonlyMap<string, readonly AnyObject[]> {
  const kinds = readdirSync(FIXTURES).flatMap((file): readonly Sample[] =>
    Object.values(JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8'))),
  )
  return new Map(
    kinds.map(({ json, min }) => [
      `${json.apiVersion} ${json.kind}`,
      min === undefined ? [json] : [json, min.json],
    ]),
  )
}

void t.test(
  'law: every resource has as many cells as columns, and a column that names it',
  async t => {
    const filled = samples()
    let count = 0
    for (const resource of resources()) {
      const { group, version, kind } = resource
      const apiVersion = group === '' ? version : `${group}/${version}`
      const type = typeOf(group, version, kind)
      if (type === undefined) throw new Error(`no type of ${kind}`)
      const bare = { apiVersion, kind, metadata: {} }
      for (const sample of [...(filled.get(`${apiVersion} ${kind}`) ?? []), bare]) {
        const { object } = decodeObject(type, sample, 'Ignore')
        const cells = cellsOf(resource, object, NOW)
        t.equal(cells.length, columnsOf(resource).length, resource.plural)
        const wrong = cells.filter(cell => /undefined|NaN|\[object/.test(String(cell)))
        t.same(wrong, [], `${apiVersion} ${kind}`)
        count++
      }
      t.ok(columnsOf(resource).some(({ name }) => name === 'Name'))
    }
    t.ok(count > 350, `${count} samples`)
  },
)

const BROKEN: AnyObject = {
  apiVersion: 'v1',
  kind: 'x',
  metadata: { name: 'x' },
  spec: null,
  status: null,
  roleRef: null,
  involvedObject: null,
}

void t.test('an object that no printer can read is a row all the same', async t => {
  for (const resource of resources()) {
    const broken = { ...BROKEN, kind: resource.kind }
    const { cells } = rowOf(resource, broken, { now: NOW, includeObject: 'None' })
    t.equal(cells.length, columnsOf(resource).length, resource.plural)
    t.ok(cells.includes('x') || cells.includes('<unknown>'), resource.plural)
  }
})
