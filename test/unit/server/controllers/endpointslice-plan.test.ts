import t from 'tap'
import type { Pod, Service } from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import { planEndpoints } from '#server/controllers/endpoints/plan.ts'
import { planSlices } from '#server/controllers/endpointslice/plan.ts'
import type { SliceAction } from '#server/controllers/service-slices.ts'
import { aNode, aPod, aService, at } from './objects.ts'

let made = 0
const stored = (
  actions: readonly SliceAction[],
  before: readonly EndpointSlice[] = [],
): EndpointSlice[] => {
  const slices = new Map(before.map(slice => [slice.metadata.name ?? '', slice]))
  for (const { kind, slice } of actions) {
    if (kind === 'delete-slice') slices.delete(slice.metadata.name ?? '')
    else if (kind === 'update-slice') slices.set(slice.metadata.name ?? '', slice)
    else {
      made += 1
      slices.set(`web-${made}`, { ...slice, metadata: { ...slice.metadata, name: `web-${made}` } })
    }
  }
  return [...slices.values()]
}

const plan = (service: Service, pods: readonly Pod[], slices: readonly EndpointSlice[] = []) =>
  planSlices({
    service,
    pods,
    slices,
    nodeOf: name =>
      name === 'n1'
        ? aNode('n1', {}, { labels: { 'topology.kubernetes.io/zone': 'z' } })
        : undefined,
  })

const many = (count: number, from = 0): Pod[] =>
  Array.from({ length: count }, (_, index) =>
    aPod({ name: `p${from + index}`, ip: `10.42.0.${from + index}`, readyFor: 9, node: 'n1' }),
  )

const show = (actions: readonly SliceAction[]): string[] =>
  actions.map(({ kind, slice }) => `${kind.replace('-slice', '')} ${slice.endpoints?.length ?? 0}`)

void t.test('an endpoint says what its pod is', t => {
  const going = { name: 'going', deletionTimestamp: at(1), uid: 'u3' }
  const pods = [
    aPod({ name: 'ready', ip: '10.42.0.1', readyFor: 5, node: 'n1' }),
    aPod({ name: 'unready', ip: '10.42.0.2', node: 'n2' }),
    aPod({ name: 'going', ip: '10.42.0.3', readyFor: 5, metadata: going }),
    aPod({ name: 'no-address' }),
    aPod({ name: 'ended', ip: '10.42.0.4', phase: 'Succeeded' }),
  ]
  const [action] = plan(aService(), pods)
  t.match(action?.slice, {
    metadata: {
      generateName: 'web-',
      labels: {
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Service', uid: 'uid-of-service' }],
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  })
  const shown = action?.slice.endpoints?.map(
    ({ addresses, conditions, nodeName, zone, targetRef }) =>
      [
        addresses[0],
        conditions?.ready,
        conditions?.serving,
        conditions?.terminating,
        nodeName,
        zone,
        targetRef?.name,
      ].join(' '),
  )
  t.same(shown, [
    '10.42.0.1 true true false n1 z ready',
    '10.42.0.2 false false false n2  unready',
    '10.42.0.3 false true true   going',
  ])
  t.end()
})

void t.test('what is stored needs no more change', t => {
  for (const pods of [[], many(1), many(250)]) {
    const slices = stored(plan(aService(), pods))
    t.same(show(plan(aService(), pods, slices)), [])
    t.ok(slices.every(slice => (slice.endpoints?.length ?? 0) <= 100))
  }
  t.end()
})

void t.test('endpoints stay where they are; room is used first', t => {
  const slices = stored(plan(aService(), many(150)))
  t.same(
    slices.map(slice => slice.endpoints?.length),
    [100, 50],
  )
  const without = many(150).slice(10)
  t.same(
    show(plan(aService(), without, slices)),
    ['update 90'],
    'only the slice that lost some changes',
  )
  const fewer = stored(plan(aService(), without, slices), slices)
  t.same(
    show(plan(aService(), [...without, ...many(5, 200)], fewer)),
    ['update 95'],
    'the fullest takes them',
  )
  t.same(show(plan(aService(), many(100), slices)), ['delete 50'])
  t.same(show(plan(aService(), [], slices)), ['update 0', 'delete 50'], 'an empty one stays')
  t.end()
})

void t.test('pods with different numbers for a named port get slices of their own', t => {
  const service = aService({ ports: [{ name: 'http', port: 80, targetPort: 'web' }] })
  const withPort = (name: string, containerPort: number) =>
    aPod({
      name,
      ip: `10.42.1.${containerPort % 250}`,
      readyFor: 1,
      spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort }] }] },
    })
  const actions = plan(service, [
    withPort('a', 8080),
    withPort('b', 9090),
    aPod({ name: 'c', ip: '10.42.1.9', readyFor: 1 }),
  ])
  t.same(
    actions.map(({ slice }) => slice.ports?.[0]?.port),
    [8080, 9090],
  )
  t.end()
})

void t.test('Services that make no endpoints', t => {
  const slices = stored(plan(aService(), many(3)))
  t.same(show(plan(aService({ type: 'ExternalName' }), many(3), slices)), ['delete 3'])
  t.same(show(plan(aService({ selector: {} }), many(3), [])), [])
  t.end()
})

void t.test('a headless Service names its pods and may have no ports', t => {
  const service = aService({ clusterIP: 'None', ports: [], publishNotReadyAddresses: true })
  const pod = aPod({
    ip: '10.42.0.1',
    spec: { containers: [], hostname: 'web-0', subdomain: 'web' },
  })
  const [action] = plan(service, [pod])
  t.match(action?.slice, {
    metadata: { labels: { 'service.kubernetes.io/headless': '' } },
    endpoints: [{ hostname: 'web-0', conditions: { ready: true } }],
  })
  t.end()
})

void t.test('Endpoints: ready and not, sorted, and stable', t => {
  const pods = [
    aPod({ name: 'b', ip: '10.42.0.2', readyFor: 1 }),
    aPod({ name: 'a', ip: '10.42.0.1', readyFor: 1 }),
    aPod({ name: 'c', ip: '10.42.0.3' }),
  ]
  const action = planEndpoints(aService(), pods, undefined)
  t.match(action, {
    kind: 'create-endpoints',
    endpoints: {
      metadata: { name: 'web', namespace: 'default' },
      subsets: [
        {
          addresses: [{ ip: '10.42.0.1' }, { ip: '10.42.0.2' }],
          notReadyAddresses: [{ ip: '10.42.0.3' }],
          ports: [{ port: 8080, protocol: 'TCP' }],
        },
      ],
    },
  })
  t.equal(planEndpoints(aService(), pods.toReversed(), action?.endpoints), undefined)
  t.equal(planEndpoints(aService(), pods.slice(1), action?.endpoints)?.kind, 'update-endpoints')
  t.equal(planEndpoints(aService({ selector: {} }), pods, undefined), undefined)
  const crowd = Array.from({ length: 1100 }, (_, index) =>
    aPod({ name: `p${index}`, ip: `10.${index >> 8}.0.${index & 255}` }),
  )
  const cut = planEndpoints(aService(), crowd, undefined)?.endpoints
  t.equal(cut?.subsets?.[0]?.notReadyAddresses?.length, 1000)
  t.match(cut?.metadata.annotations, { 'endpoints.kubernetes.io/over-capacity': 'truncated' })
  t.end()
})
