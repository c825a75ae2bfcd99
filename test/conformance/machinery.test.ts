/**
 * Upstream's conformance tests of discovery, field validation and flow control's objects, step by step, against a real
 * API server over HTTPS.
 */
import t, { type Test } from 'tap'
import { connectRaw, startApi } from '../component/api-fixture.ts'
import { type Body, kindClient, nameOf } from './kind-client.ts'

const fixture = await startApi()
const raw = connectRaw(fixture)
t.teardown(() => {
  raw.close()
  return fixture.close()
})
await raw.send('POST', '/api/v1/namespaces', { metadata: { name: 'e2e' } })

const get = async (t: Test, path: string, accept = 'application/json'): Promise<Body> => {
  const reply = await raw.send('GET', path, undefined, { accept })
  t.equal(reply.status, 200, path)
  return reply.body
}

const rowsOf = (body: Body, field: string): readonly Readonly<Record<string, unknown>>[] => {
  const list = body[field]
  return Array.isArray(list) ? list : []
}

/** Group, version and a resource that every cluster has. */
const EXPECTED = [
  ['admissionregistration.k8s.io', 'v1', 'validatingwebhookconfigurations'],
  ['apiextensions.k8s.io', 'v1', 'customresourcedefinitions'],
  ['apiregistration.k8s.io', 'v1', 'apiservices'],
  ['apps', 'v1', 'deployments'],
  ['authentication.k8s.io', 'v1', 'tokenreviews'],
  ['authorization.k8s.io', 'v1', 'selfsubjectaccessreviews'],
  ['autoscaling', 'v1', 'horizontalpodautoscalers'],
  ['autoscaling', 'v2', 'horizontalpodautoscalers'],
  ['batch', 'v1', 'jobs'],
  ['certificates.k8s.io', 'v1', 'certificatesigningrequests'],
  ['coordination.k8s.io', 'v1', 'leases'],
  ['discovery.k8s.io', 'v1', 'endpointslices'],
  ['events.k8s.io', 'v1', 'events'],
  ['networking.k8s.io', 'v1', 'ingresses'],
  ['node.k8s.io', 'v1', 'runtimeclasses'],
  ['policy', 'v1', 'poddisruptionbudgets'],
  ['scheduling.k8s.io', 'v1', 'priorityclasses'],
  ['storage.k8s.io', 'v1', 'csinodes'],
] as const

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** `group/version/resource` of everything in an aggregated document. */
function aggregatedResources(body: Body): ReadonlySet<string> {
  const found = new Set<string>()
  for (const group of body.items) {
    for (const version of rowsOf(Object(group), 'versions')) {
      for (const resource of rowsOf(Object(version), 'resources')) {
        const name = textOf(group.metadata['name'])
        found.add(`${name}/${String(version['version'])}/${String(resource['resource'])}`)
      }
    }
  }
  return found
}

void t.test(
  '[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers [Conformance]',
  async t => {
    const groups = aggregatedResources(await get(t, '/apis', AGGREGATED))
    for (const [group, version, resource] of EXPECTED) {
      t.ok(groups.has(`${group}/${version}/${resource}`), `${resource}.${version}.${group}`)
    }
    t.ok(aggregatedResources(await get(t, '/api', AGGREGATED)).has('/v1/namespaces'))
  },
)

void t.test(
  '[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface [Conformance]',
  async t => {
    // What client-go does: asks for aggregated documents, and takes plain ones if there are none.
    const accept = `${AGGREGATED},application/json`
    const bodies = [await get(t, '/api', accept), await get(t, '/apis', accept)]
    const found = new Set<string>()
    for (const body of bodies) {
      t.equal(body['kind'], 'APIGroupDiscoveryList')
      for (const resource of aggregatedResources(body)) found.add(resource)
    }
    for (const [group, version, resource] of [...EXPECTED, ['', 'v1', 'namespaces'] as const]) {
      t.ok(found.has(`${group}/${version}/${resource}`), `${resource}.${version}.${group}`)
    }
  },
)

void t.test(
  '[sig-api-machinery] Discovery should validate PreferredVersion for each APIGroup [Conformance]',
  async t => {
    const groups = rowsOf(await get(t, '/apis/'), 'groups')
    t.ok(groups.length > 0)
    for (const { name } of groups) {
      const group = await get(t, `/apis/${String(name)}/`)
      const versions = rowsOf(group, 'versions').map(version => version['groupVersion'])
      t.ok(versions.includes(Object(group['preferredVersion']).groupVersion), String(name))
    }
  },
)

void t.test(
  '[sig-api-machinery] Discovery should locate the groupVersion and a resource within each APIGroup [Conformance]',
  async t => {
    const paths = EXPECTED.map(
      ([group, version, resource]) => [`/apis/${group}/${version}`, resource] as const,
    )
    for (const [path, resource] of [['/api/v1', 'namespaces'] as const, ...paths]) {
      const list = await get(t, path)
      t.equal(list['groupVersion'], path.replace(/^\/apis?\//, ''))
      t.ok(
        rowsOf(list, 'resources').some(({ name }) => name === resource),
        resource,
      )
    }
  },
)

void t.test(
  '[sig-api-machinery] server version should find the server version [Conformance]',
  async t => {
    const version = await get(t, '/version')
    t.match(version['major'], /^[1-9]$/)
    t.match(String(version['minor']).replaceAll(/[^0-9]+/g, ''), /^[0-9]+$/)
  },
)

/** A Deployment as text, so that a field may be there twice. */
const deployment = (more: { readonly metadata?: string; readonly spec?: string }): string => `{
  "apiVersion": "apps/v1",
  "kind": "Deployment",
  "metadata": { "name": "my-dep", ${more.metadata ?? ''} "labels": { "app": "nginx" } },
  "spec": {
    ${more.spec ?? ''}
    "selector": { "matchLabels": { "app": "nginx" } },
    "template": {
      "metadata": { "labels": { "app": "nginx" } },
      "spec": { "containers": [{ "name": "nginx", "image": "nginx:latest" }] }
    }
  }
}`

const STRICT =
  '/apis/apps/v1/namespaces/e2e/deployments?fieldManager=field_validation_mgr&fieldValidation=Strict'

void t.test(
  '[sig-api-machinery] FieldValidation should detect unknown and duplicate fields of a typed object [Conformance]',
  async t => {
    const spec = '"unknownField": "foo", "replicas": 2, "replicas": 3,'
    const { status, body } = await raw.send('POST', STRICT, deployment({ spec }))
    t.equal(status, 400)
    t.match(
      body['message'],
      'strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"',
    )
  },
)

void t.test(
  '[sig-api-machinery] FieldValidation should detect unknown metadata fields of a typed object [Conformance]',
  async t => {
    const metadata = '"unknownMeta": "foo",'
    const { status, body } = await raw.send('POST', STRICT, deployment({ metadata }))
    t.equal(status, 400)
    t.match(body['message'], 'strict decoding error: unknown field "metadata.unknownMeta"')
  },
)

interface Operations {
  readonly kind: string
  readonly plural: string
  readonly spec: object
  /** Patches, and what the patched spec holds then. */
  readonly patched: object
  readonly updated: (spec: unknown) => object
}

const FLOW_CONTROL = '/apis/flowcontrol.apiserver.k8s.io'
const CONDITION = { type: 'StatusUpdateFailed', status: 'False', reason: 'E2E', message: 'Set' }

async function runOperations(t: Test, kind: Operations): Promise<void> {
  const { plural } = kind
  t.ok(rowsOf(await get(t, '/apis'), 'groups').some(({ name }) => name === FLOW_CONTROL.slice(6)))
  const versions = rowsOf(await get(t, FLOW_CONTROL), 'versions')
  t.ok(versions.some(({ version }) => version === 'v1'))
  const names = rowsOf(await get(t, `${FLOW_CONTROL}/v1`), 'resources').map(({ name }) => name)
  t.ok(names.includes(plural) && names.includes(`${plural}/status`))
  const client = kindClient(raw, `${FLOW_CONTROL}/v1/${plural}`)
  const selector = 'labelSelector=example-e2e%3Dyes'
  const metadata = { generateName: 'e2e-example-', labels: { 'example-e2e': 'yes' } }
  const template = { metadata, spec: kind.spec }
  await client.create(t, template)
  await client.create(t, template)
  const created = await client.create(t, template)
  const name = String(nameOf(created))
  t.equal((await client.get(t, name)).metadata['uid'], created.metadata['uid'])
  t.equal((await client.list(t, `?${selector}`)).length, 3)
  const since = String((await get(t, `${FLOW_CONTROL}/v1/${plural}`)).metadata['resourceVersion'])
  const watch = client.watch(`&${selector}&resourceVersion=${since}`)
  const annotations = { patched: 'true' }
  const patched = await client.patch(t, name, { metadata: { annotations }, spec: kind.patched })
  t.match(patched, { metadata: { annotations }, spec: kind.patched })
  t.ok(Number(patched.metadata['resourceVersion']) > Number(created.metadata['resourceVersion']))
  const spec = kind.updated(patched['spec'])
  const updated = await client.update(t, name, body => ({
    ...body,
    metadata: { ...body.metadata, annotations: { ...annotations, updated: 'true' } },
    spec,
  }))
  t.match(updated, { metadata: { annotations: { updated: 'true' } }, spec })
  const event = await watch.next(({ object }) => Object(object?.metadata['annotations']).patched)
  t.equal(event.type, 'MODIFIED')
  watch.close()
  await runStatus(t, { kind, client, created })
  await client.remove(t, name)
  await client.isGone(t, name)
  t.equal((await client.list(t, `?${selector}`)).length, 2)
  await client.removeAll(t, `?${selector}`)
  t.equal((await client.list(t, `?${selector}`)).length, 0)
}

interface Created {
  readonly kind: Operations
  readonly client: ReturnType<typeof kindClient>
  readonly created: Body
}

async function runStatus(t: Test, { kind, client, created }: Created): Promise<void> {
  const place = `${String(nameOf(created))}/status`
  const read = await client.get(t, place)
  t.match(read, { kind: kind.kind, metadata: { uid: created.metadata['uid'] } })
  const failed = { type: 'PatchStatusFailed', status: 'False', reason: 'e2e' }
  const patched = await client.patch(t, place, { status: { conditions: [failed] } })
  t.match(patched, { status: { conditions: [failed] } })
  const written = await client.update(t, place, body => ({
    ...body,
    status: { conditions: [failed, CONDITION] },
  }))
  t.match(written, { status: { conditions: [failed, CONDITION] } })
}

void t.test(
  '[sig-api-machinery] API priority and fairness should support FlowSchema API operations [Conformance]',
  t =>
    runOperations(t, {
      kind: 'FlowSchema',
      plural: 'flowschemas',
      spec: {
        matchingPrecedence: 10_000,
        priorityLevelConfiguration: { name: 'global-default' },
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'example-e2e-non-existent-user' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
      patched: { matchingPrecedence: 9999 },
      updated: spec => ({ ...Object(spec), matchingPrecedence: 9000 }),
    }),
)

void t.test(
  '[sig-api-machinery] API priority and fairness should support PriorityLevelConfiguration API operations [Conformance]',
  t =>
    runOperations(t, {
      kind: 'PriorityLevelConfiguration',
      plural: 'prioritylevelconfigurations',
      spec: {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } },
      },
      patched: { limited: { nominalConcurrencyShares: 4 } },
      updated: spec => ({
        ...Object(spec),
        limited: { ...Object(spec).limited, nominalConcurrencyShares: 6 },
      }),
    }),
)
