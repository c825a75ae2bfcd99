/** The served table and what is looked up in it. */
import t from 'tap'
import {
  apiVersionOf,
  resourceOf,
  resourceOfKind,
  resources,
  subresourceKind,
  subresourceVerbs,
  typeOf,
} from '#api/scheme.ts'

void t.test('every row has a type, and is found by plural and by kind', async t => {
  for (const resource of resources()) {
    const { group, version, plural, kind } = resource
    t.equal(resourceOf(group, version, plural), resource)
    t.equal(resourceOfKind(group, version, kind), resource)
    t.equal(typeOf(group, version, kind), resource.type())
    t.ok(resource.type().fields.has('metadata'), `${apiVersionOf(resource)} ${plural}`)
    for (const subresource of resource.subresources) {
      t.ok(subresourceKind(resource, subresource).type.fields.size > 0)
      t.ok(subresourceVerbs(subresource).length > 0)
    }
  }
})

void t.test('short names are taken once in a group-version', async t => {
  const names = resources().flatMap(resource =>
    resource.shortNames.map(name => `${apiVersionOf(resource)}/${name}`),
  )
  t.equal(new Set(names).size, names.length)
})

void t.test('subresources with bodies of their own', async t => {
  const cases: readonly [
    group: string,
    plural: string,
    sub: 'binding' | 'eviction' | 'scale' | 'token' | 'status',
    kind: string,
  ][] = [
    ['', 'pods', 'binding', 'v1 Binding'],
    ['', 'pods', 'eviction', 'policy/v1 Eviction'],
    ['', 'pods', 'status', 'v1 Pod'],
    ['', 'serviceaccounts', 'token', 'authentication.k8s.io/v1 TokenRequest'],
    ['apps', 'deployments', 'scale', 'autoscaling/v1 Scale'],
    ['apps', 'replicasets', 'scale', 'autoscaling/v1 Scale'],
  ]
  for (const [group, plural, subresource, expected] of cases) {
    const resource = resourceOf(group, 'v1', plural)
    if (resource === undefined) throw new Error(`no ${plural}`)
    const body = subresourceKind(resource, subresource)
    t.equal(`${apiVersionOf(body)} ${body.kind}`, expected)
  }
})

void t.test('what is not served is not found', async t => {
  t.equal(resourceOf('batch', 'v9', 'jobs'), undefined)
  t.equal(typeOf('batch', 'v9', 'Job'), undefined)
  t.ok(typeOf('policy', 'v1', 'Eviction'), 'bodies of subresources are known all the same')
  t.ok(typeOf('', 'v1', 'DeleteOptions'), 'options are known in every group')
})
