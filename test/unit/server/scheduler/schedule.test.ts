import t from 'tap'
import type { Node, Pod, Taint } from '#api/types/core-v1.ts'
import { seededRandom } from '#base/random.ts'
import { explain } from '#server/scheduler/explain.ts'
import { FILTERS, SCORERS } from '#server/scheduler/plugins/table.ts'
import { requirementHolds } from '#server/scheduler/plugins/node-affinity.ts'
import { podRequests, podScoredRequests } from '#server/scheduler/requests.ts'
import { type Decision, enoughNodes, schedule } from '#server/scheduler/schedule.ts'
import { ClusterState } from '#server/scheduler/snapshot.ts'
import { aNode, aPod } from '../controllers/objects.ts'

const PLUGINS = { filters: FILTERS, scorers: SCORERS }
const CHANCE = { start: 0, random: 0 }

const clusterOf = (nodes: readonly Node[], pods: readonly Pod[] = []): ClusterState => {
  const state = new ClusterState()
  for (const node of nodes) state.setNode(node)
  for (const pod of pods) state.setPod(pod.metadata.name ?? '', pod)
  return state
}

const decide = (pod: Pod, nodes: readonly Node[], pods: readonly Pod[] = []): Decision =>
  schedule(pod, clusterOf(nodes, pods).nodes(), PLUGINS, CHANCE)

const show = (pod: Pod, decision: Decision): string =>
  decision.kind === 'place' ? decision.nodeName : explain(pod, decision)

const asking = (
  requests: Record<string, string>,
  more: Partial<NonNullable<Pod['spec']>> = {},
): Pod =>
  aPod({
    name: 'new',
    phase: 'Pending',
    spec: { containers: [{ name: 'c', resources: { requests } }], ...more },
  })

void t.test('requests: containers add up, init containers count while they run', t => {
  const container = (cpu: string, memory = '0', restartPolicy?: string) => ({
    name: 'c',
    resources: { requests: { cpu, memory } },
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  })
  const cases: readonly (readonly [Partial<NonNullable<Pod['spec']>>, Record<string, number>])[] = [
    [
      { containers: [container('100m', '1Ki'), container('1', '1Mi')] },
      { cpu: 1100, memory: 1024 + 1024 * 1024 },
    ],
    [
      { containers: [container('1')], initContainers: [container('3'), container('2')] },
      { cpu: 3000, memory: 0 },
    ],
    [
      {
        containers: [container('1')],
        initContainers: [container('500m', '0', 'Always'), container('2')],
      },
      { cpu: 2500, memory: 0 },
    ],
    [
      { containers: [container('1')], overhead: { cpu: '250m' } },
      { cpu: 1250, memory: 0 },
    ],
    [
      { containers: [container('1')], resources: { requests: { cpu: '4' } } },
      { cpu: 4000, memory: 0 },
    ],
    [{ containers: [{ name: 'c' }] }, {}],
  ]
  for (const [spec, wanted] of cases) t.same(podRequests(aPod({ spec })), wanted)
  t.same(podScoredRequests(aPod()), { cpu: 100, memory: 200 * 1024 * 1024 })
  t.end()
})

void t.test('each plugin refuses in the words people know', t => {
  const taint: Taint = { key: 'own', value: 'x', effect: 'NoSchedule' }
  const host = aPod({
    name: 'host',
    node: 'n',
    spec: {
      nodeName: 'n',
      containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80 }] }],
    },
  })
  const sentence = (reasons: string, isUnresolvable: boolean): string =>
    `0/1 nodes are available: ${reasons}. no new claims to deallocate, preemption: 0/1 nodes are available: 1 ${isUnresolvable ? 'Preemption is not helpful for scheduling' : 'No preemption victims found for incoming pod'}.`
  const affinity = (key: string, values: readonly string[], field = false) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            {
              [field ? 'matchFields' : 'matchExpressions']: [
                { key, operator: 'In' as const, values },
              ],
            },
          ],
        },
      },
    },
  })
  const cases: readonly (readonly [string, Pod, Node, string])[] = [
    [
      'cordon',
      asking({}),
      aNode('n', undefined, { spec: { unschedulable: true } }),
      sentence('1 node(s) were unschedulable', true),
    ],
    [
      'taint',
      asking({}),
      aNode('n', undefined, { spec: { taints: [taint] } }),
      sentence('1 node(s) had untolerated taint(s)', true),
    ],
    [
      'tolerated',
      asking({}, { tolerations: [{ key: 'own', value: 'x' }] }),
      aNode('n', undefined, { spec: { taints: [taint] } }),
      'n',
    ],
    [
      'tolerated all',
      asking({}, { tolerations: [{ operator: 'Exists' }] }),
      aNode('n', undefined, { spec: { taints: [taint], unschedulable: true } }),
      'n',
    ],
    [
      'selector',
      asking({}, { nodeSelector: { disk: 'ssd' } }),
      aNode('n'),
      sentence("1 node(s) didn't match Pod's node affinity/selector", true),
    ],
    [
      'affinity',
      asking({}, affinity('disk', ['ssd'])),
      aNode('n'),
      sentence("1 node(s) didn't match Pod's node affinity/selector", true),
    ],
    [
      'affinity met',
      asking({}, affinity('disk', ['ssd'])),
      aNode('n', undefined, { labels: { disk: 'ssd' } }),
      'n',
    ],
    ['field', asking({}, affinity('metadata.name', ['n'], true)), aNode('n'), 'n'],
    ['cpu', asking({ cpu: '5' }), aNode('n'), sentence('1 Insufficient cpu', true)],
    [
      'cpu and memory',
      asking({ cpu: '5', memory: '9Gi' }),
      aNode('n'),
      sentence('1 Insufficient cpu, 1 Insufficient memory', true),
    ],
    [
      'device',
      asking({ 'example.com/gpu': '1' }),
      aNode('n'),
      sentence('1 Insufficient example.com/gpu', true),
    ],
    [
      'pods',
      asking({}),
      aNode('n', { cpu: '4', memory: '8Gi', pods: '1' }),
      sentence('1 Too many pods', false),
    ],
    [
      'port',
      asking({}, { containers: [{ name: 'c', ports: [{ containerPort: 9, hostPort: 80 }] }] }),
      aNode('n'),
      sentence("1 node(s) didn't have free ports for the requested pod ports", false),
    ],
    [
      'other protocol',
      asking(
        {},
        {
          containers: [{ name: 'c', ports: [{ containerPort: 9, hostPort: 80, protocol: 'UDP' }] }],
        },
      ),
      aNode('n'),
      'n',
    ],
    [
      'never preempts',
      asking({ cpu: '5' }, { preemptionPolicy: 'Never' }),
      aNode('n'),
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    ],
  ]
  for (const [name, pod, node, wanted] of cases)
    t.equal(show(pod, decide(pod, [node], [host])), wanted, name)
  t.equal(show(asking({}), decide(asking({}), [])), 'no nodes available to schedule pods')
  t.end()
})

void t.test('reasons are counted over nodes and sorted', t => {
  const taints: Taint[] = [{ key: 'own', effect: 'NoExecute' }]
  const nodes = [
    aNode('a'),
    aNode('b', undefined, { spec: { taints } }),
    aNode('c', { cpu: '16', memory: '8Gi', pods: '110' }),
  ]
  const full = aPod({
    name: 'full',
    node: 'c',
    spec: { nodeName: 'c', containers: [{ name: 'c', resources: { requests: { cpu: '12' } } }] },
  })
  const pod = asking({ cpu: '8' })
  t.equal(
    show(pod, decide(pod, nodes, [full])),
    '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
  )
  t.end()
})

void t.test('operators of node affinity', t => {
  const cases = [
    ['In', ['a', 'b'], 'a', true],
    ['In', ['a'], undefined, false],
    ['NotIn', ['a'], undefined, true],
    ['NotIn', ['a'], 'a', false],
    ['Exists', [], 'x', true],
    ['DoesNotExist', [], 'x', false],
    ['Gt', ['5'], '6', true],
    ['Gt', ['5'], '5', false],
    ['Lt', ['5'], '4', true],
    ['Lt', ['5'], 'x', false],
    ['Gt', ['x'], '6', false],
  ] as const
  for (const [operator, values, value, wanted] of cases) {
    t.equal(
      requirementHolds({ key: 'k', operator, values }, value),
      wanted,
      `${operator} ${values.join()} ${value}`,
    )
  }
  t.end()
})

void t.test('scores prefer the emptier, the preferred and the less crowded', t => {
  const busy = aPod({
    name: 'busy',
    node: 'a',
    spec: {
      nodeName: 'a',
      containers: [{ name: 'c', resources: { requests: { cpu: '2', memory: '4Gi' } } }],
    },
  })
  t.equal(show(asking({}), decide(asking({}), [aNode('a'), aNode('b')], [busy])), 'b')
  const term = {
    weight: 10,
    preference: { matchExpressions: [{ key: 'disk', operator: 'In' as const, values: ['ssd'] }] },
  }
  const picky = asking(
    {},
    { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term] } } },
  )
  t.equal(
    show(picky, decide(picky, [aNode('a'), aNode('b', undefined, { labels: { disk: 'ssd' } })])),
    'b',
  )
  const soft: Taint = { key: 'x', effect: 'PreferNoSchedule' }
  t.equal(
    show(
      asking({}),
      decide(asking({}), [aNode('a', undefined, { spec: { taints: [soft] } }), aNode('b')]),
    ),
    'b',
  )
  const owner = [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'r', controller: true },
  ]
  const sibling = (name: string, node: string) =>
    aPod({
      name,
      node,
      spec: { nodeName: node, containers: [] },
      metadata: { name, ownerReferences: owner },
    })
  const next = { ...asking({}), metadata: { name: 'new', ownerReferences: owner } }
  t.equal(show(next, decide(next, [aNode('a'), aNode('b')], [sibling('one', 'a')])), 'b')
  const image = {
    ...aNode('b'),
    status: { ...aNode('b').status, images: [{ names: ['web:1'], sizeBytes: 900 * 1024 * 1024 }] },
  }
  t.equal(show(aPod(), decide(aPod(), [aNode('a'), image])), 'b')
  t.end()
})

void t.test('equal nodes are chosen by chance, large clusters searched in part', t => {
  const nodes = Array.from({ length: 300 }, (_, index) => aNode(`n${index}`))
  const all = clusterOf(nodes).nodes()
  const names = new Set(
    [0, 0.5, 0.99].map(random =>
      show(asking({}), schedule(asking({}), all.slice(0, 3), PLUGINS, { start: 0, random })),
    ),
  )
  t.equal(names.size, 3)
  const decision = schedule(asking({}), all, PLUGINS, { start: 290, random: 0 })
  t.match(decision, { kind: 'place', examined: enoughNodes(300) })
  t.same([50, 100, 1000, 10_000].map(enoughNodes), [50, 100, 420, 500])
  t.end()
})

void t.test('a binding that failed late takes nothing from a namesake', t => {
  const state = new ClusterState()
  state.setNode(aNode('n'))
  const [first, second] = ['u1', 'u2'].map(uid => aPod({ name: 'web-0', metadata: { uid } }))
  if (first === undefined || second === undefined) throw new Error('no pods')
  state.assume('default/web-0', first, 'n')
  state.removePod('default/web-0')
  state.assume('default/web-0', second, 'n')
  t.notOk(state.forget('default/web-0', first))
  t.ok(state.isPlaced('default/web-0'))
  t.ok(state.forget('default/web-0', second), 'its own does')
  t.end()
})

void t.test('sums always equal the pods: law over seeded worlds', t => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = seededRandom(seed)
    const state = new ClusterState()
    const names = ['a', 'b', 'c']
    const placed = new Map<string, { node: string; pod: Pod }>()
    for (const name of names) state.setNode(aNode(name))
    for (let step = 0; step < 60; step += 1) {
      const key = `p${Math.floor(random.float() * 12)}`
      const node = names[Math.floor(random.float() * 3)] ?? 'a'
      const cpu = `${Math.floor(random.float() * 9) * 100}m`
      const pod = aPod({
        name: key,
        spec: { nodeName: node, containers: [{ name: 'c', resources: { requests: { cpu } } }] },
      })
      const choice = random.float()
      if (choice < 0.5) {
        state.setPod(key, pod)
        placed.set(key, { node, pod })
      } else if (choice < 0.7) {
        state.removePod(key)
        placed.delete(key)
      } else if (!placed.has(key)) {
        state.assume(key, pod, node)
        state.forget(key, pod)
      } else state.forget(key, pod)
      if (choice > 0.97) {
        state.removeNode(node)
        state.setNode(aNode(node))
      }
    }
    for (const info of state.nodes()) {
      const here = [...placed.values()].filter(({ node }) => node === info.name)
      const sum = here.reduce((total, { pod }) => total + (podRequests(pod)['cpu'] ?? 0), 0)
      if (sum !== (info.requested['cpu'] ?? 0) || here.length !== info.pods.size)
        return t.fail(`seed ${seed}`)
    }
  }
  t.pass()
  return t.end()
})
