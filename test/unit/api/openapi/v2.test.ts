/** The OpenAPI v2 document: whole, and free of what v2 does not know. */
import t from 'tap'
import { isRecord } from '#api/schema/decode.ts'
import { openApiV2 } from '#api/openapi/v2.ts'

void t.test('one document of everything', async t => {
  const document = openApiV2('v1.36.0')
  const text = JSON.stringify(document)
  t.notMatch(text, /components\/schemas|"allOf":\[|"oneOf":\[|"requestBody":/)
  const references = [...text.matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)]
  const definitions = isRecord(document['definitions']) ? document['definitions'] : {}
  t.same(
    references.filter(([, name = '']) => definitions[name] === undefined),
    [],
    'no reference dangles',
  )
  t.match(definitions['io.k8s.api.core.v1.Pod'], {
    'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }],
  })
  t.match(definitions['io.k8s.apimachinery.pkg.api.resource.Quantity'], { type: 'string' })
})
