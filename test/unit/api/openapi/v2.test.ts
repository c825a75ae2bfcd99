/** The OpenAPI v2 document: whole, and free of what v2 does not know. */
import t from 'tap'
import { resources } from '#api/scheme.ts'
import { openApiV2 } from '#api/openapi/v2.ts'
import { at, OPTIONS, textOf } from './documents.ts'

void t.test('one document of everything', async t => {
  const text = textOf(openApiV2(resources(), OPTIONS))
  t.notMatch(text, /components\/schemas|"allOf":\[|"oneOf":\[|"requestBody":/)
  const document: unknown = JSON.parse(text)
  const references = [...text.matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)]
  const definitions = at(document, 'definitions')
  t.same(
    references.filter(([, name = '']) => at(definitions, name) === undefined),
    [],
    'no reference dangles',
  )
  t.match(at(document, 'info'), { title: 'Kubernetes', version: '1.36' })
  t.match(at(definitions, 'io.k8s.apimachinery.pkg.api.resource.Quantity'), { type: 'string' })
  for (const { group, version, kind, type } of resources())
    t.match(
      at(definitions, type().name, 'x-kubernetes-group-version-kind'),
      [{ group, version, kind }],
      `${group}/${version} ${kind} can be explained`,
    )
})
