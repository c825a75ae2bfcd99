/** OpenAPI v3 documents: whole, and with what kubectl looks for. */
import t from 'tap'
import { openApiV3 } from '#api/openapi/v3.ts'
import { resources } from '#api/scheme.ts'
import { at, textOf } from './documents.ts'
import { isRecord } from '#api/values.ts'

const documentOf = (group: string, version: string): unknown =>
  JSON.parse(
    textOf(openApiV3(resources().filter(one => one.group === group && one.version === version))),
  )

const GROUPS = new Map(
  resources().map(({ group, version }) => [`${group}/${version}`, { group, version }]),
)

void t.test('every reference has its schema, every operation its own id', async t => {
  for (const [name, { group, version }] of GROUPS) {
    const document = documentOf(group, version)
    const text = JSON.stringify(document)
    const schemas = at(document, 'components', 'schemas')
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)]
    const missing = references.filter(([, name = '']) => at(schemas, name) === undefined)
    t.same(missing, [], `${name}: no reference dangles`)
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id)
    t.equal(new Set(ids).size, ids.length, `${name}: operation ids are distinct`)
  }
})

void t.test('a patch operation says what it takes', async t => {
  const document = documentOf('apps', 'v1')
  const path = '/apis/apps/v1/namespaces/{namespace}/deployments/{name}'
  const patch = at(document, 'paths', path, 'patch')
  t.match(patch, {
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' },
  })
  const parameters = at(patch, 'parameters')
  const names = Array.isArray(parameters) ? parameters.map(parameter => at(parameter, 'name')) : []
  t.same(names, ['dryRun', 'fieldManager', 'fieldValidation', 'force'])
  t.match(at(document, 'paths', `${path}/scale`, 'get'), {
    'x-kubernetes-group-version-kind': { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  })
})

void t.test('schemas carry merge facts and kinds', async t => {
  const schemas = at(documentOf('apps', 'v1'), 'components', 'schemas')
  t.match(at(schemas, 'io.k8s.api.apps.v1.Deployment'), {
    'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
  })
  t.match(at(schemas, 'io.k8s.api.core.v1.Container', 'properties', 'ports'), {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
    'x-kubernetes-patch-merge-key': 'containerPort',
    'x-kubernetes-patch-strategy': 'merge',
  })
  t.match(at(schemas, 'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector'), {
    'x-kubernetes-map-type': 'atomic',
  })
})

void t.test('reviews can only be created', async t => {
  const paths = at(documentOf('authorization.k8s.io', 'v1'), 'paths')
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
  const item = at(paths, path)
  t.same(isRecord(item) ? Object.keys(item) : [], ['post', 'parameters'])
})
