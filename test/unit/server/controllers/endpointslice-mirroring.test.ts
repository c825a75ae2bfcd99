/** Which slices mirror hand-written Endpoints. */
import t from 'tap'
import type { Endpoints, EndpointSubset, Service } from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import { planMirror } from '#server/controllers/endpointslice-mirroring/plan.ts'

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { ports: [{ port: 80 }] },
}

const endpoints = (
  subsets: readonly EndpointSubset[],
  metadata: Endpoints['metadata'] = {},
): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'web', namespace: 'default', uid: 'u', ...metadata },
  subsets,
})

const subset = (port: number, ...ips: readonly string[]): EndpointSubset => ({
  ports: [{ port }],
  addresses: ips.map(ip => ({ ip })),
})

/** `create 80 10.0.0.1`, `delete 81` */
const planned = (
  given: Endpoints | undefined,
  slices: readonly EndpointSlice[] = [],
  of: Service | undefined = service,
): readonly string[] =>
  planMirror({ service: of, endpoints: given, slices }).map(({ kind, slice }) => {
    const addresses = (slice.endpoints ?? []).flatMap(endpoint => endpoint.addresses)
    return [kind.split('-', 1)[0], slice.ports?.[0]?.port, ...addresses].join(' ')
  })

const made = (given: Endpoints): readonly EndpointSlice[] =>
  planMirror({ service, endpoints: given, slices: [] }).map(({ slice }, index) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `web-${index}`, resourceVersion: '1' },
  }))

void t.test('a new object', async t => {
  const given = endpoints([subset(80, '10.0.0.1', 'fd00::1'), subset(81, '10.0.0.2')], {
    labels: { tier: 'db' },
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', note: 'n' },
  })
  t.strictSame(planned(given), ['create 80 10.0.0.1', 'create 80 fd00::1', 'create 81 10.0.0.2'])
  const [slice] = made(given)
  t.match(slice, {
    addressType: 'IPv4',
    metadata: {
      generateName: 'web-',
      labels: {
        tier: 'db',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Endpoints', name: 'web', uid: 'u', controller: true }],
    },
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: '', port: 80, protocol: 'TCP' }],
  })
  t.strictSame(slice?.metadata.annotations, { note: 'n' })
})

void t.test('a change', async t => {
  const before = endpoints([subset(80, '10.0.0.1')])
  const slices = made(before)
  t.strictSame(planned(before, slices), [], 'nothing to do')
  t.strictSame(planned(endpoints([subset(80, '10.0.0.2')]), slices), ['update 80 10.0.0.2'])
  t.strictSame(planned(endpoints([subset(81, '10.0.0.1')]), slices), [
    'create 81 10.0.0.1',
    'delete 80 10.0.0.1',
  ])
  t.strictSame(planned(undefined, slices), ['delete 80 10.0.0.1'])
  const unready = endpoints([{ ports: [{ port: 80 }], notReadyAddresses: [{ ip: '10.0.0.1' }] }])
  const [action] = planMirror({ service, endpoints: unready, slices })
  t.equal(action?.slice.endpoints?.[0]?.conditions?.ready, false)
})

void t.test('what is not mirrored', async t => {
  const subsets = [subset(80, '10.0.0.1')]
  const skipped = { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }
  const leader = { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }
  t.strictSame(planned(endpoints(subsets, skipped)), [])
  t.strictSame(planned(endpoints(subsets, leader)), [])
  const selecting = { ...service, spec: { ...service.spec, selector: { app: 'x' } } }
  t.strictSame(planned(endpoints(subsets), made(endpoints(subsets)), selecting), [
    'delete 80 10.0.0.1',
  ])
  t.strictSame(planMirror({ service: undefined, endpoints: endpoints(subsets), slices: [] }), [])
})

void t.test('no more than a thousand addresses of a subset', async t => {
  const ips = Array.from({ length: 1200 }, (_, index) => `10.0.${index >> 8}.${index & 255}`)
  const [slice, ...others] = made(endpoints([subset(80, ...ips, ...ips)]))
  t.equal(slice?.endpoints?.length, 1000)
  t.equal(others.length, 0)
})
