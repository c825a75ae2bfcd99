/** OpenAPI v3 documents: whole, and with what kubectl looks for. */
import t from 'tap'
import { openApiV3 } from '#api/openapi/v3.ts'
import { resources } from '#api/scheme.ts'
import { at, OPTIONS, textOf } from './documents.ts'
import { isRecord } from '#api/values.ts'

const documentOf = (group: string, version: string): unknown =>
  JSON.parse(
    textOf(
      openApiV3(
        resources().filter(one => one.group === group && one.version === version),
        OPTIONS,
      ),
    ),
  )

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

void t.test('portions of one place, and of others below the same, are one', async t => {
  const text = textOf([
    { at: [], entries: { a: 1 } },
    { at: ['b', 'c'], entries: { d: 2 } },
    { at: ['b', 'c'], entries: { e: 3 } },
    { at: ['b', 'f'], entries: { g: 4 } },
    { at: ['b'], entries: { h: 5 } },
    { at: [], entries: { i: 6 } },
  ])
  t.equal(text, '{"a":1,"b":{"c":{"d":2,"e":3},"f":{"g":4},"h":5},"i":6}')
  t.match(at(documentOf('apps', 'v1'), 'components'), {
    schemas: {},
    securitySchemes: { BearerToken: { type: 'apiKey', in: 'header', name: 'authorization' } },
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
