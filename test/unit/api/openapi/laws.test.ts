/** What holds in every OpenAPI document: references, operations, defaults, and that v2 and v3 tell the same. */
import t from 'tap'
import { rootsOf } from '#api/openapi/roots.ts'
import { openApiV2 } from '#api/openapi/v2.ts'
import { openApiV3, rootDocument } from '#api/openapi/v3.ts'
import type { Field } from '#api/schema/type.ts'
import { structOfOpenApi } from '#api/schema/catalog.ts'
import { resources } from '#api/scheme.ts'
import { isRecord, recordOf } from '#api/values.ts'
import { at, OPTIONS, textOf } from './documents.ts'

const entriesAt = (value: unknown, ...keys: readonly string[]): [string, unknown][] =>
  Object.entries(recordOf(at(value, ...keys)))

const DOCUMENTS = new Map<string, unknown>()
for (const { group, version } of resources()) {
  const rows = resources().filter(row => row.group === group && row.version === version)
  const name = `${group}/${version}`
  if (!DOCUMENTS.has(name)) DOCUMENTS.set(name, JSON.parse(textOf(openApiV3(rows, OPTIONS))))
}
const GROUPS = new Set(resources().map(({ group }) => group))
for (const root of rootsOf([...GROUPS]))
  DOCUMENTS.set(root.at, JSON.parse(textOf(rootDocument(root, OPTIONS))))
const V2: unknown = JSON.parse(textOf(openApiV2(resources(), OPTIONS)))

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options']

interface Operation {
  readonly path: string
  readonly item: unknown
  readonly method: string
  readonly operation: unknown
}

const operationsOf = (document: unknown): Operation[] =>
  entriesAt(document, 'paths').flatMap(([path, item]) =>
    METHODS.flatMap(method => {
      const operation = at(item, method)
      return operation === undefined ? [] : [{ path, item, method, operation }]
    }),
  )

const listAt = (value: unknown, key: string): readonly unknown[] => {
  const found = at(value, key)
  return Array.isArray(found) ? found : []
}

const textAt = (value: unknown, key: string): string => String(at(value, key))

function* referencesIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* referencesIn(item)
  else if (isRecord(value))
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref' && typeof inner === 'string') yield inner.split('/').at(-1) ?? ''
      else yield* referencesIn(inner)
    }
}

/** Names of the schemas that can be reached from paths. */
function reached(paths: unknown, schemas: unknown): ReadonlySet<string> {
  const seen = new Set(referencesIn(paths))
  for (const name of seen) for (const inner of referencesIn(at(schemas, name))) seen.add(inner)
  return seen
}

void t.test('schemas are those that paths lead to, no more and no less', async t => {
  for (const [name, document] of DOCUMENTS) {
    const schemas = at(document, 'components', 'schemas')
    const reachable = reached(at(document, 'paths'), schemas)
    t.same(Object.keys(recordOf(schemas)).toSorted(), [...reachable].toSorted(), name)
  }
  const shared = Object.keys(recordOf(at(V2, 'parameters')))
  const reachable = reached([at(V2, 'paths'), at(V2, 'parameters')], at(V2, 'definitions'))
  const defined = [...Object.keys(recordOf(at(V2, 'definitions'))), ...shared]
  t.same(defined.toSorted(), [...reachable].toSorted(), 'v2')
})

void t.test('every operation has its own id, a tag, and says what it takes and gives', async t => {
  for (const [name, document] of DOCUMENTS) {
    const operations = operationsOf(document)
    const ids = operations.map(({ operation }) => textAt(operation, 'operationId'))
    t.equal(new Set(ids).size, ids.length, `${name}: ids are distinct`)
    for (const { method, path, operation } of operations) {
      const told = `${name}: ${method} ${path}`
      const content = at(operation, 'responses', '200', 'content')
      if (Object.keys(recordOf(content)).length === 0) t.fail(`${told} has no answer`)
      if (listAt(operation, 'tags').length !== 1) t.fail(`${told} has no tag`)
      const action = textAt(operation, 'x-kubernetes-action')
      const takes = at(operation, 'requestBody')
      if (['post', 'put', 'patch'].includes(action)) t.match(takes, { required: true }, told)
      if (['get', 'list', 'watch', 'connect'].includes(action)) t.equal(takes, undefined, told)
    }
  }
})

void t.test('what all operations of a path take stands in the path, sorted', async t => {
  const named = (parameter: unknown): string =>
    `${textAt(parameter, 'name')} ${textAt(parameter, 'in')}`
  for (const [name, document] of DOCUMENTS)
    for (const [path, item] of entriesAt(document, 'paths')) {
      const common = listAt(item, 'parameters').map(named)
      const own = METHODS.map(method => at(item, method))
        .filter(operation => operation !== undefined)
        .map(operation => listAt(operation, 'parameters').map(named))
      const wrong = [common, ...own].filter(list => list.join() !== list.toSorted().join())
      const [first = [], ...others] = own
      const repeated = first.filter(one => others.every(list => list.includes(one)))
      if (wrong.length > 0 || repeated.length > 0) t.fail(`${name}: ${path}`)
      const inPath = [...path.matchAll(/{(\w+)}/g)].map(([, segment = '']) => `${segment} path`)
      t.same(
        common.filter(one => one.endsWith(' path')),
        inPath.toSorted(),
        `${name}: ${path}`,
      )
    }
})

const ZEROS: Readonly<Record<string, unknown>> = { string: '', bool: false, int32: 0, int64: 0 }

/** What a document says that a field is when it is not given. */
function expected({ type, pointer, omitEmpty, implied, default: value }: Field): unknown {
  if (value !== undefined && implied !== true) return value
  if (pointer) return undefined
  if (type.kind === 'struct') return {}
  return type.kind === 'scalar' && !omitEmpty ? ZEROS[type.scalar] : undefined
}

void t.test('every field has the default that its type states, and no other', async t => {
  for (const [name, document] of DOCUMENTS) {
    const wrong: string[] = []
    for (const [struct, schema] of entriesAt(document, 'components', 'schemas'))
      for (const field of structOfOpenApi(struct)?.fields.values() ?? []) {
        const told = at(schema, 'properties', field.name, 'default')
        if (JSON.stringify(told) !== JSON.stringify(expected(field))) {
          wrong.push(`${struct}.${field.name}`)
        }
      }
    t.same(wrong, [], name)
  }
  const core = at(DOCUMENTS.get('/v1'), 'components', 'schemas')
  const told = (struct: string, field: string): unknown =>
    at(core, `io.k8s.api.core.v1.${struct}`, 'properties', field, 'default')
  t.equal(told('ContainerPort', 'protocol'), 'TCP', 'stated by its type')
  t.equal(told('ServiceSpec', 'type'), undefined, 'filled in by code')
  t.equal(told('PodSpec', 'terminationGracePeriodSeconds'), undefined)
  t.same(told('Pod', 'spec'), {})
  t.equal(told('ContainerStatus', 'ready'), false)
})

void t.test('a reference stands alone, or wrapped', async t => {
  const alone = (value: unknown): boolean =>
    Array.isArray(value)
      ? value.every(alone)
      : !isRecord(value) ||
        (typeof value['$ref'] === 'string'
          ? Object.keys(value).length === 1
          : Object.values(value).every(alone))
  for (const [name, document] of DOCUMENTS) t.ok(alone(document), name)
})

void t.test('v2 and v3 tell of the same operations and schemas', async t => {
  const ids = (document: unknown): string[] =>
    operationsOf(document).map(({ path, method, operation }) =>
      [path, method, at(operation, 'operationId'), at(operation, 'tags')].join(' '),
    )
  t.same(ids(V2).toSorted(), [...DOCUMENTS.values()].flatMap(ids).toSorted())
  const schemas = [...DOCUMENTS.values()].flatMap(document =>
    Object.keys(recordOf(at(document, 'components', 'schemas'))),
  )
  const definitions = Object.keys(recordOf(at(V2, 'definitions')))
  t.same(definitions.toSorted(), [...new Set(schemas)].toSorted())
})

void t.test('deletions answer with what they say', async t => {
  const answers = (path: string): unknown =>
    at(DOCUMENTS.get('/v1'), 'paths', path, 'delete', 'responses', '200', 'content')
  const answer = (name: string): object => ({
    'application/json': { schema: { $ref: `#/components/schemas/io.k8s.${name}` } },
  })
  const base = '/api/v1/namespaces/{namespace}'
  t.match(answers(`${base}/pods/{name}`), answer('api.core.v1.Pod'))
  t.match(answers(`${base}/configmaps/{name}`), answer('apimachinery.pkg.apis.meta.v1.Status'))
})

void t.test('common kinds are of every group and version', async t => {
  const name = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'
  const key = 'x-kubernetes-group-version-kind'
  t.same(at(DOCUMENTS.get('apps/v1'), 'components', 'schemas', name, key), [
    { group: '', version: 'v1', kind: 'DeleteOptions' },
    { group: 'apps', version: 'v1', kind: 'DeleteOptions' },
  ])
  const told = listAt(at(V2, 'definitions', name), key).map(
    one => `${textAt(one, 'group')}/${textAt(one, 'version')}`,
  )
  const known = new Set(resources().map(({ group, version }) => `${group}/${version}`))
  t.same(
    [...known].filter(name => !told.includes(name)),
    [],
  )
  t.same(told, told.toSorted())
  t.ok(told.includes('imagepolicy.k8s.io/v1alpha1'), 'known, though not served')
})
