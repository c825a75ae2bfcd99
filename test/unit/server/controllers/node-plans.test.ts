/** Plans of the controllers that look after nodes and the pods on them. */
import t from 'tap'
import type { Node, Taint } from '#api/types/core-v1.ts'
import type { ClusterConfig } from '#server/controllers/deps.ts'
import { formatNetwork, hostAddress, parseNetwork } from '#api/ipv4.ts'
import { chooseBlock } from '#server/controllers/node-cidr/plan.ts'
import {
  asIfReachable,
  evictionTimeMs,
  isDisrupted,
  planTaints,
  silentConditions,
  unreadyConditions,
} from '#server/controllers/node-lifecycle/plan.ts'
import { planRemovals } from '#server/controllers/pod-gc/plan.ts'
import { aNode, aPod, at, NOW } from './objects.ts'

const CONFIG: ClusterConfig = {
  clusterCIDR: '10.42.0.0/16',
  nodeMaskBits: 24,
  nodePorts: { first: 30_000, last: 32_767 },
  serviceCIDR: '10.43.0.0/16',
  clusterDNS: '10.43.0.10',
  advertiseAddress: '192.0.2.1',
  advertisePort: 6443,
  rootCA: 'pem',
}

void t.test('blocks of addresses', t => {
  t.equal(formatNetwork(parseNetwork('10.42.7.9/24')), '10.42.7.0/24')
  t.equal(hostAddress('10.43.0.0/16', 1), '10.43.0.1')
  for (const text of ['10.42.0.0', '10.42.0/24', '300.1.1.1/8', '10.0.0.0/33'])
    t.throws(() => parseNetwork(text), RangeError)
  const node = aNode('n')
  t.same(chooseBlock(node, new Set(), CONFIG), { kind: 'give', podCIDR: '10.42.0.0/24' })
  t.same(chooseBlock(node, new Set(['10.42.0.0/24', '10.42.2.0/24']), CONFIG), {
    kind: 'give',
    podCIDR: '10.42.1.0/24',
  })
  const small = { clusterCIDR: '10.42.0.0/24', nodeMaskBits: 24 }
  t.same(chooseBlock(node, new Set(['10.42.0.0/24']), small), { kind: 'exhausted' })
  t.same(chooseBlock(aNode('n', {}, { spec: { podCIDR: '10.42.9.0/24' } }), new Set(), CONFIG), {
    kind: 'none-needed',
  })
  t.end()
})

const withConditions = (
  conditions: Record<string, string>,
  spec: NonNullable<Node['spec']> = {},
): Node => ({
  ...aNode('n', {}, { spec }),
  status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
})
const show = (taints: readonly Taint[] | undefined) =>
  taints?.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`)

void t.test('a silent node turns Unknown, once', t => {
  const silent = silentConditions(
    withConditions({ Ready: 'True', MemoryPressure: 'False', NetworkUnavailable: 'False' }),
    NOW,
  )
  t.same(
    silent?.map(({ type, status, reason }) => `${type} ${status} ${reason ?? ''}`),
    [
      'Ready Unknown NodeStatusUnknown',
      'MemoryPressure Unknown NodeStatusUnknown',
      'DiskPressure Unknown NodeStatusNeverUpdated',
      'PIDPressure Unknown NodeStatusNeverUpdated',
      'NetworkUnavailable False ',
    ],
  )
  t.equal(
    silentConditions({ ...aNode('n'), status: { conditions: silent ?? [] } }, NOW + 1000),
    undefined,
  )
  t.end()
})

void t.test('taints follow conditions; others are left alone', t => {
  const own: Taint = { key: 'own', effect: 'NoSchedule' }
  const stale: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }
  t.equal(planTaints(withConditions({ Ready: 'True' }, { taints: [own] }), NOW), undefined)
  t.same(show(planTaints(withConditions({ Ready: 'True' }, { taints: [own, stale] }), NOW)), [
    'own:NoSchedule',
  ])
  t.same(show(planTaints(withConditions({ Ready: 'False' }), NOW)), [
    'not-ready:NoSchedule',
    'not-ready:NoExecute',
  ])
  t.same(
    show(
      planTaints(
        withConditions({ Ready: 'Unknown', DiskPressure: 'True' }, { unschedulable: true }),
        NOW,
      ),
    ),
    [
      'unreachable:NoSchedule',
      'disk-pressure:NoSchedule',
      'unschedulable:NoSchedule',
      'unreachable:NoExecute',
    ],
  )
  t.equal(
    planTaints(withConditions({}, { taints: [stale] }), NOW),
    undefined,
    'a node that has not spoken yet',
  )
  t.end()
})

void t.test('pods leave by what they tolerate', t => {
  const unreachable: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }
  const node = withConditions({}, { taints: [unreachable, { key: 'x', effect: 'NoSchedule' }] })
  const tolerating = (tolerationSeconds?: number) =>
    aPod({
      spec: {
        tolerations: [
          {
            key: unreachable.key,
            operator: 'Exists',
            effect: 'NoExecute',
            ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
          },
        ],
      },
    })
  t.equal(evictionTimeMs(aPod(), node, NOW), 0)
  t.equal(evictionTimeMs(tolerating(300), node, NOW), NOW + 300_000)
  t.equal(evictionTimeMs(tolerating(), node, NOW), undefined)
  t.equal(evictionTimeMs(aPod(), aNode('n'), NOW), undefined)
  t.equal(evictionTimeMs(aPod({ metadata: { deletionTimestamp: at(1) } }), node, NOW), undefined)
  t.match(unreadyConditions(aPod({ readyFor: 5 }), NOW), [{ type: 'Ready', status: 'False' }])
  t.equal(unreadyConditions(aPod(), NOW), undefined)
  t.end()
})

void t.test('when most are silent, the fault is ours', t => {
  const silent = (name: string): Node => ({
    ...aNode(name),
    status: { conditions: [{ type: 'Ready', status: 'Unknown' }] },
  })
  const cases: readonly (readonly [number, number, boolean])[] = [
    [3, 0, false],
    [2, 1, false],
    [1, 2, false],
    [2, 3, true],
    [4, 3, false],
    [0, 1, true],
    [0, 0, false],
  ]
  for (const [ready, lost, expected] of cases) {
    const nodes = [
      ...Array.from({ length: ready }, (_, index) => aNode(`r${index}`)),
      ...Array.from({ length: lost }, (_, index) => silent(`s${index}`)),
    ]
    t.equal(isDisrupted(nodes), expected, `${ready} ready, ${lost} silent`)
  }
  const taint = (key: string): Taint => ({ key, effect: 'NoExecute' })
  const unreachable = taint('node.kubernetes.io/unreachable')
  const node = aNode('n', {}, { spec: { taints: [unreachable] } })
  t.equal(evictionTimeMs(aPod(), asIfReachable(node), NOW), undefined)
  const drained = aNode('n', {}, { spec: { taints: [unreachable, taint('mine')] } })
  t.equal(evictionTimeMs(aPod(), asIfReachable(drained), NOW), 0, 'other taints count as ever')
  t.end()
})

void t.test('pods nobody takes away', t => {
  const pods = [
    aPod({ name: 'here', node: 'n1' }),
    aPod({ name: 'orphan', node: 'gone' }),
    aPod({ name: 'never-bound', metadata: { name: 'never-bound', deletionTimestamp: at(1) } }),
    aPod({
      name: 'done-old',
      node: 'n1',
      phase: 'Succeeded',
      metadata: { name: 'done-old', creationTimestamp: at(50) },
    }),
    aPod({
      name: 'done-new',
      node: 'n1',
      phase: 'Failed',
      metadata: { name: 'done-new', creationTimestamp: at(5) },
    }),
  ]
  const removals = planRemovals(pods, name => name === 'gone', 1)
  t.same(
    removals.map(({ kind, pod }) => `${kind} ${pod.metadata.name}`),
    ['orphaned orphan', 'unscheduled never-bound', 'terminated done-old'],
  )
  t.end()
})
