/**
 * Upstream's conformance tests of networking's and the node group's APIs, step by step, against a real API server over
 * HTTPS with real controllers and scheduler; nodes are played.
 */
import t, { type Test } from 'tap'
import { connectRaw, linesOf } from '../component/api-fixture.ts'
import { startControlCluster, until } from '../component/control-fixture.ts'

const cluster = await startControlCluster()
const client = connectRaw(cluster.api)
t.teardown(async () => {
  client.close()
  await cluster.close()
})
await until('the default namespace', () => cluster.client.namespaces.get({ name: 'default' }))
await cluster.addNode('node-1')

type Json = Record<string, unknown>

const MERGE = { 'content-type': 'application/merge-patch+json' }

async function call(
  t: Test,
  method: string,
  path: string,
  body?: object,
  status = method === 'POST' ? 201 : 200,
): Promise<Json> {
  const headers = method === 'PATCH' ? MERGE : {}
  const reply = await client.send(method, path, body, headers)
  t.equal(reply.status, status, `${method} ${path}: ${reply.text.slice(0, 300)}`)
  return reply.body
}

const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce((found: unknown, step) => Reflect.get(Object(found), step), value)

const textAt = (value: unknown, ...path: readonly (string | number)[]): string =>
  String(at(value, ...path))

const listAt = (value: unknown, ...path: readonly (string | number)[]): readonly unknown[] => {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** The group and its resource are in all three discovery documents. */
async function discover(t: Test, group: string, plural: string): Promise<void> {
  const groups = await call(t, 'GET', '/apis')
  const versions = (document: unknown): readonly unknown[] =>
    listAt(document, 'versions').map(version => at(version, 'version'))
  const listed = listAt(groups, 'groups').find(found => at(found, 'name') === group)
  t.ok(versions(listed).includes('v1'), `${group} in /apis`)
  t.ok(versions(await call(t, 'GET', `/apis/${group}`)).includes('v1'), `v1 in /apis/${group}`)
  const { resources } = await call(t, 'GET', `/apis/${group}/v1`)
  t.ok(
    listAt(resources).some(resource => at(resource, 'name') === plural),
    plural,
  )
}

interface Api {
  readonly group: string
  readonly plural: string
  readonly namespace?: string
  /** Bodies of the three objects, with the same label. */
  readonly bodies: readonly Json[]
  readonly selector: string
  /** Steps between update and delete. */
  readonly status?: (t: Test, path: string) => Promise<void>
}

const itemsOf = async (t: Test, path: string): Promise<readonly unknown[]> =>
  listAt(await call(t, 'GET', path), 'items')

/** What upstream asks of every such API: discovery, create, get, list, watch, patch, update, delete, deletecollection. */
async function exercise(t: Test, api: Api): Promise<void> {
  const { group, plural, namespace, bodies, selector } = api
  await discover(t, group, plural)
  const everywhere = `/apis/${group}/v1/${plural}?labelSelector=${selector}`
  const inPlace = namespace === undefined ? '' : `/namespaces/${namespace}`
  const collection = `/apis/${group}/v1${inPlace}/${plural}`
  const selected = `${collection}?labelSelector=${selector}`
  const created: Json[] = []
  for (const body of bodies) created.push(await call(t, 'POST', collection, body))
  const mine = `${collection}/${textAt(created.at(-1), 'metadata', 'name')}`
  const uid = textAt(created.at(-1), 'metadata', 'uid')
  t.equal(textAt(await call(t, 'GET', mine), 'metadata', 'uid'), uid)
  const list = await call(t, 'GET', selected)
  t.equal(listAt(list, 'items').length, 3)
  const revision = textAt(list, 'metadata', 'resourceVersion')
  const watches = [selected, everywhere].map(path =>
    client.open(`${path}&watch=true&resourceVersion=${revision}`),
  )
  t.equal((await itemsOf(t, everywhere)).length, 3, 'in all namespaces')
  const patch = { metadata: { annotations: { patched: 'true' } } }
  const patched = await call(t, 'PATCH', mine, patch)
  t.equal(at(patched, 'metadata', 'annotations', 'patched'), 'true')
  t.ok(
    Number(textAt(patched, 'metadata', 'resourceVersion')) >
      Number(textAt(created.at(-1), 'metadata', 'resourceVersion')),
  )
  const metadata = {
    ...Object(patched['metadata']),
    annotations: { patched: 'true', updated: 'true' },
  }
  const updated = await call(t, 'PUT', mine, { ...patched, metadata })
  t.equal(at(updated, 'metadata', 'annotations', 'updated'), 'true')
  for (const watch of watches) {
    for await (const event of linesOf(watch)) {
      t.equal(event['type'], 'MODIFIED')
      if (at(event, 'object', 'metadata', 'annotations', 'updated') === 'true') break
    }
    watch.close()
  }
  await api.status?.(t, mine)
  await call(t, 'DELETE', mine)
  await call(t, 'GET', mine, undefined, 404)
  t.equal((await itemsOf(t, selected)).length, 2)
  await call(t, 'DELETE', selected)
  t.equal((await itemsOf(t, selected)).length, 0)
}

const thrice = (body: object): readonly Json[] =>
  Array.from({ length: 3 }, () => ({
    ...body,
    metadata: { generateName: 'e2e-example', labels: { 'special-label': 'mine' } },
  }))

const service = (name: string): object => ({ service: { name, port: { number: 8080 } } })

void t.test(
  '[sig-network] Ingress API should support creating Ingress API operations [Conformance]',
  async t => {
    const path = { path: '/', pathType: 'Prefix', backend: service('test-backend') }
    const ingress = {
      spec: {
        defaultBackend: service('default-backend'),
        rules: [{ host: 'foo.bar.com', http: { paths: [path] } }],
      },
      status: { loadBalancer: {} },
    }
    await exercise(t, {
      group: 'networking.k8s.io',
      plural: 'ingresses',
      namespace: 'default',
      bodies: thrice(ingress),
      selector: 'special-label=mine',
      status: async (t, mine) => {
        const status = (ip: string): object => ({ loadBalancer: { ingress: [{ ip }] } })
        const annotations = { patchedstatus: 'true' }
        const patch = { metadata: { annotations }, status: status('169.1.1.1') }
        const patched = await call(t, 'PATCH', `${mine}/status`, patch)
        t.strictSame(patched['status'], status('169.1.1.1'))
        t.equal(at(patched, 'metadata', 'annotations', 'patchedstatus'), 'true')
        const next = { ...patched, status: status('169.1.1.2') }
        const updated = await call(t, 'PUT', `${mine}/status`, next)
        t.strictSame(updated['status'], status('169.1.1.2'))
        const read = await call(t, 'GET', `${mine}/status`)
        t.equal(at(read, 'metadata', 'uid'), at(patched, 'metadata', 'uid'))
      },
    })
  },
)

void t.test(
  '[sig-network] IngressClass API should support creating IngressClass API operations [Conformance]',
  async t => {
    const bodies = [1, 2, 3].map(index => ({
      metadata: {
        name: `ingressclass${index}`,
        labels: { ingressclass: 'mine', 'special-label': 'generic' },
      },
      spec: { controller: 'example.com/controller' },
    }))
    await exercise(t, {
      group: 'networking.k8s.io',
      plural: 'ingressclasses',
      bodies,
      selector: 'ingressclass=mine',
    })
  },
)

void t.test(
  '[sig-network] EndpointSlice should support creating EndpointSlice API operations [Conformance]',
  async t => {
    const slice = {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['1.2.3.4', '5.6.7.8'] }, { addresses: ['2.2.3.4', '6.6.7.8'] }],
    }
    await exercise(t, {
      group: 'discovery.k8s.io',
      plural: 'endpointslices',
      namespace: 'default',
      bodies: thrice(slice),
      selector: 'special-label=mine',
    })
  },
)

void t.test(
  '[sig-node] RuntimeClass should support RuntimeClasses API operations [Conformance]',
  async t => {
    const runtimeClass = (index: number): Json => ({
      metadata: { name: `conformance-${index}`, labels: { test: 'mine' } },
      handler: `handler-${index}`,
    })
    const classes = '/apis/node.k8s.io/v1/runtimeclasses'
    await call(t, 'POST', classes, runtimeClass(0))
    await call(t, 'POST', classes, runtimeClass(0), 409)
    await call(t, 'DELETE', `${classes}/conformance-0`)
    const watch = client.open(`${classes}?labelSelector=test%3Dmine&watch=true`)
    await exercise(t, {
      group: 'node.k8s.io',
      plural: 'runtimeclasses',
      bodies: [1, 2, 3].map(runtimeClass),
      selector: 'test=mine',
    })
    for await (const event of linesOf(watch)) if (event['type'] === 'ADDED') break
    watch.close()
  },
)

void t.test(
  '[sig-network] ServiceCIDR and IPAddress API should support IPAddress API operations [Conformance]',
  async t => {
    const addresses = '/apis/networking.k8s.io/v1/ipaddresses'
    const address = (name: string, type: string): object => ({
      metadata: { name, labels: { type } },
      spec: {
        parentRef: { group: 'mygroup', resource: 'myresources', namespace: 'foo', name: 'bar' },
      },
    })
    const mine = `${addresses}/255.255.255.255`
    const created = await call(t, 'POST', addresses, address('255.255.255.255', 'broadcast'))
    await call(t, 'POST', addresses, address('fe80::42:1dff:fe84:f9e2', 'link-local'))
    const patch = { metadata: { annotations: { patched: 'true' } } }
    const patched = await call(t, 'PATCH', mine, patch)
    t.equal(at(patched, 'metadata', 'annotations', 'patched'), 'true')
    const revisions = [created, patched].map(object =>
      textAt(object, 'metadata', 'resourceVersion'),
    )
    t.ok(Number(revisions[0]) < Number(revisions[1]))
    const read = await call(t, 'GET', mine)
    const metadata = { ...Object(read['metadata']), annotations: { updated: 'true' } }
    const updated = await call(t, 'PUT', mine, { ...read, metadata })
    t.equal(at(updated, 'metadata', 'annotations', 'updated'), 'true')
    t.equal((await itemsOf(t, `${addresses}?labelSelector=type=broadcast`)).length, 1)
    const watch = client.open(`${addresses}?labelSelector=type%3Dbroadcast&watch=true`)
    for await (const event of linesOf(watch)) {
      t.equal(event['type'], 'ADDED')
      break
    }
    watch.close()
    await call(t, 'DELETE', mine)
    await call(t, 'DELETE', `${addresses}?labelSelector=type=link-local`)
    t.equal((await itemsOf(t, `${addresses}?labelSelector=type=link-local`)).length, 0)
  },
)

void t.test(
  '[sig-network] ServiceCIDR and IPAddress API should support ServiceCIDR API operations [Conformance]',
  async t => {
    const ranges = '/apis/networking.k8s.io/v1/servicecidrs'
    await until('the range is ready', async () => {
      const range = await cluster.client.serviceCIDRs.get({ name: 'kubernetes' })
      return range.status?.conditions?.some(
        ({ type, status }) => `${type}=${status}` === 'Ready=True',
      )
    })
    const range = await call(t, 'GET', `${ranges}/kubernetes`)
    t.strictSame(range['spec'], { cidrs: ['10.43.0.0/16'] })
    const status = await call(t, 'GET', `${ranges}/kubernetes/status`)
    t.match(status, { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' })
    t.equal(at(status, 'metadata', 'uid'), at(range, 'metadata', 'uid'))
    t.ok((await itemsOf(t, ranges)).length > 0)
    const watch = client.open(`${ranges}?watch=true`)
    for await (const event of linesOf(watch)) {
      t.equal(event['type'], 'ADDED')
      break
    }
    watch.close()
  },
)

const DEFAULT = '/api/v1/namespaces/default'
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
const slicesOf = (t: Test, name: string): Promise<readonly unknown[]> =>
  itemsOf(t, `${SLICES}?labelSelector=kubernetes.io/service-name=${name}`)

void t.test(
  '[sig-network] API Server should provide secure master service [Conformance]',
  async t => {
    await until('the service', () =>
      cluster.client.services.get({ namespace: 'default', name: 'kubernetes' }),
    )
    await call(t, 'GET', `${DEFAULT}/services/kubernetes`)
  },
)

void t.test(
  '[sig-network] API Server should have Endpoints and EndpointSlices pointing to API Server [Conformance]',
  async t => {
    await until('the slice', () =>
      cluster.client.endpointSlices.get({ namespace: 'default', name: 'kubernetes' }),
    )
    await call(t, 'GET', `${DEFAULT}/services/kubernetes`)
    const endpoints = await call(t, 'GET', `${DEFAULT}/endpoints/kubernetes`)
    const subsets = listAt(endpoints, 'subsets')
    t.ok(subsets.length > 0)
    const slices = await slicesOf(t, 'kubernetes')
    t.ok(slices.length > 0)
    const addresses = subsets
      .flatMap(subset => listAt(subset, 'addresses'))
      .map(item => at(item, 'ip'))
    const ports = subsets.flatMap(subset => listAt(subset, 'ports')).map(item => at(item, 'port'))
    const members = slices.flatMap(slice => listAt(slice, 'endpoints'))
    t.strictSame(
      members.flatMap(member => listAt(member, 'addresses')),
      addresses,
    )
    const slicePorts = slices.flatMap(slice => listAt(slice, 'ports')).map(item => at(item, 'port'))
    t.strictSame(slicePorts, ports)
  },
)

const port = { name: 'example', port: 80, protocol: 'TCP' }
const unmatched = {
  'does-not-match-anything': 'endpoints-and-endpoint-slices-should-still-be-created',
}
const empty = {
  metadata: { name: 'example-empty-selector' },
  spec: { selector: unmatched, ports: [port] },
}
const isGone = async (path: string): Promise<boolean> =>
  (await client.send('GET', path)).status === 404
const isThere = async (path: string): Promise<boolean> =>
  (await client.send('GET', path)).status === 200

void t.test(
  '[sig-network] EndpointsController should create and delete Endpoints for a Service with a selector that matches no pods [Conformance]',
  async t => {
    await call(t, 'POST', `${DEFAULT}/services`, empty)
    const endpoints = `${DEFAULT}/endpoints/example-empty-selector`
    await until('Endpoints', () => isThere(endpoints))
    await call(t, 'DELETE', `${DEFAULT}/services/example-empty-selector`)
    await until('no Endpoints', () => isGone(endpoints))
  },
)

void t.test(
  '[sig-network] EndpointSlice should create and delete EndpointSlices for a Service with a selector that matches no pods [Conformance]',
  async t => {
    await call(t, 'POST', `${DEFAULT}/services`, empty)
    const found = (): Promise<readonly unknown[]> => slicesOf(t, 'example-empty-selector')
    const [slice] = await until('a slice', async () => {
      const slices = await found()
      return slices.length > 0 && slices
    })
    const manager = at(slice, 'metadata', 'labels', 'endpointslice.kubernetes.io/managed-by')
    t.equal(manager, 'endpointslice-controller.k8s.io')
    t.equal(listAt(slice, 'endpoints').length, 0)
    await call(t, 'DELETE', `${DEFAULT}/services/example-empty-selector`)
    await until('no slices', async () => (await found()).length === 0)
  },
)

void t.test(
  '[sig-network] EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete [Conformance]',
  async t => {
    const name = 'example-custom-endpoints'
    await call(t, 'POST', `${DEFAULT}/services`, { metadata: { name }, spec: { ports: [port] } })
    const endpoints = (ip: string): object => ({
      metadata: { name },
      subsets: [{ ports: [{ port: 80 }], addresses: [{ ip }] }],
    })
    const mirrored = (ip: string): Promise<readonly unknown[]> =>
      until(`a slice with ${ip}`, async () => {
        const slices = await slicesOf(t, name)
        return at(slices, 0, 'endpoints', 0, 'addresses', 0) === ip && slices
      })
    const check = (slices: readonly unknown[]): void => {
      t.equal(slices.length, 1)
      t.strictSame(
        listAt(slices, 0, 'ports').map(item => at(item, 'port')),
        [80],
      )
      t.equal(listAt(slices, 0, 'endpoints').length, 1)
      t.equal(listAt(slices, 0, 'endpoints', 0, 'addresses').length, 1)
    }
    await call(t, 'POST', `${DEFAULT}/endpoints`, endpoints('10.1.2.3'))
    check(await mirrored('10.1.2.3'))
    await call(t, 'PUT', `${DEFAULT}/endpoints/${name}`, endpoints('10.2.3.4'))
    check(await mirrored('10.2.3.4'))
    await call(t, 'DELETE', `${DEFAULT}/endpoints/${name}`)
    await until('no slices', async () => (await slicesOf(t, name)).length === 0)
  },
)
