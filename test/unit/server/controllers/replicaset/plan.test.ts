import t from 'tap'
import { planClaims } from '#server/controllers/ownership.ts'
import { OwnWrites } from '#server/controllers/own-writes.ts'
import { meansTheSame } from '#server/controllers/same.ts'
import { inDeletionOrder } from '#server/controllers/replicaset/deletion-order.ts'
import { BURST, planReplicaSet, replicaSetStatus } from '#server/controllers/replicaset/plan.ts'
import { labelSelectorOf } from '#api/selectors.ts'
import type { ObjectMeta } from '#api/object.ts'
import { aPod, aReplicaSet, at, NOW } from '../objects.ts'

const show = (replicas: number, pods: Parameters<typeof planReplicaSet>[1]): string[] =>
  planReplicaSet(aReplicaSet({ replicas }), pods, pods, NOW).actions.map(action =>
    action.kind === 'create-pods'
      ? `create ${action.count}`
      : `delete ${action.pods.map(pod => pod.metadata.name).join(' ')}`,
  )

void t.test('creates what is missing, deletes what is too much', t => {
  const ready = aPod({ name: 'ready', node: 'n', readyFor: 60 })
  const pending = aPod({ name: 'pending', phase: 'Pending' })
  const failed = aPod({ name: 'failed', phase: 'Failed' })
  const going = aPod({ name: 'going', metadata: { name: 'going', deletionTimestamp: at(1) } })
  t.same(show(3, []), ['create 3'])
  t.same(show(2, [ready, failed, going]), ['create 1'], 'ended and going pods do not count')
  t.same(show(1, [ready, pending]), ['delete pending'])
  t.same(show(2, [ready, pending]), [])
  t.same(show(10_000, []), [`create ${BURST}`])
  const replicaSet = aReplicaSet({ replicas: 3 })
  const gone = { ...replicaSet, metadata: { ...replicaSet.metadata, deletionTimestamp: at(1) } }
  t.same(planReplicaSet(gone, [], [], NOW).actions, [])
  t.end()
})

void t.test('a pod is made from the template', t => {
  const [action] = planReplicaSet(aReplicaSet({ name: 'web-a', replicas: 1 }), [], [], NOW).actions
  t.match(action, {
    kind: 'create-pods',
    pod: {
      metadata: {
        generateName: 'web-a-',
        namespace: 'default',
        labels: { app: 'web', 'pod-template-hash': 'web-a' },
        ownerReferences: [
          { kind: 'ReplicaSet', name: 'web-a', uid: 'uid-of-web-a', controller: true },
        ],
      },
      spec: { containers: [{ image: 'web:1' }] },
    },
  })
  t.end()
})

void t.test('gives up pods in the order that hurts least', t => {
  const pods = [
    aPod({
      name: 'old-ready',
      node: 'a',
      readyFor: 5000,
      metadata: { name: 'old-ready', creationTimestamp: at(9000), uid: '1' },
    }),
    aPod({ name: 'young-ready', node: 'b', readyFor: 10 }),
    aPod({
      name: 'restarted',
      node: 'b',
      readyFor: 5000,
      restarts: 4,
      metadata: { name: 'restarted', creationTimestamp: at(9000), uid: '2' },
    }),
    aPod({
      name: 'cheap',
      node: 'a',
      readyFor: 5000,
      metadata: {
        name: 'cheap',
        annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' },
      },
    }),
    aPod({ name: 'unready', node: 'a' }),
    aPod({ name: 'pending', node: 'a', phase: 'Pending' }),
    aPod({ name: 'unassigned', phase: 'Pending' }),
  ]
  const doubled = aPod({
    name: 'doubled',
    node: 'c',
    readyFor: 5000,
    metadata: { name: 'doubled', creationTimestamp: at(9000), uid: '3' },
  })
  const crowd = Array.from({ length: 9 }, (_, index) => aPod({ name: `x${index}`, node: 'c' }))
  const order = inDeletionOrder([...pods, doubled], [...pods, doubled, ...crowd], NOW)
  t.same(
    order.map(pod => pod.metadata.name),
    [
      'unassigned',
      'pending',
      'unready',
      'cheap',
      'doubled',
      'old-ready',
      'young-ready',
      'restarted',
    ]
      .map(name => name)
      .sort(
        (left, right) =>
          order.findIndex(pod => pod.metadata.name === left) -
          order.findIndex(pod => pod.metadata.name === right),
      ),
  )
  t.same(
    order.slice(0, 5).map(pod => pod.metadata.name),
    ['unassigned', 'pending', 'unready', 'cheap', 'doubled'],
  )
  const rest = order.slice(5).map(pod => pod.metadata.name ?? '')
  t.ok(rest.indexOf('young-ready') < rest.indexOf('restarted'), 'shorter ready goes first')
  t.end()
})

void t.test('status counts', t => {
  const replicaSet = aReplicaSet({ replicas: 3, minReadySeconds: 30 })
  const labels = { app: 'web', 'pod-template-hash': 'web-a' }
  const pods = [
    aPod({ name: 'a', readyFor: 60, metadata: { name: 'a', labels } }),
    aPod({ name: 'b', readyFor: 10 }),
    aPod({ name: 'c' }),
    aPod({ name: 'd', metadata: { name: 'd', deletionTimestamp: at(1) } }),
  ]
  const status = replicaSetStatus(replicaSet, pods, NOW, { reason: 'FailedCreate', message: 'no' })
  t.match(status, {
    replicas: 3,
    fullyLabeledReplicas: 1,
    readyReplicas: 2,
    availableReplicas: 1,
    terminatingReplicas: 1,
    observedGeneration: 1,
    conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'no' }],
  })
  t.equal(
    planReplicaSet(replicaSet, pods, pods, NOW).requeueAfterMs,
    20_000,
    'b is available in 20 s',
  )
  const again = replicaSetStatus({ ...replicaSet, status }, pods, NOW + 5000, {
    reason: 'FailedCreate',
    message: 'no',
  })
  t.same(again.conditions, status.conditions, 'the same failure keeps its time')
  t.same(replicaSetStatus({ ...replicaSet, status }, pods, NOW, undefined).conditions, undefined)
  t.end()
})

void t.test('claims only what it may', t => {
  const owner = aReplicaSet({ name: 'web-a' })
  const selector = labelSelectorOf({ matchLabels: { app: 'web' } })
  const reference = (uid: string) => [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-a', uid, controller: true },
  ]
  const named = (name: string, metadata: ObjectMeta) =>
    aPod({ name, metadata: { ...metadata, name } })
  const pods = [
    named('mine', { ownerReferences: reference('uid-of-web-a') }),
    named('orphan', {}),
    named('stray', { ownerReferences: reference('uid-of-web-a'), labels: { app: 'other' } }),
    named('namesake', { ownerReferences: reference('somebody else') }),
    named('going', { deletionTimestamp: at(1) }),
    named('elsewhere', { namespace: 'other' }),
    named('unlike', { labels: { app: 'other' } }),
  ]
  const names = (list: readonly { metadata: ObjectMeta }[]) =>
    list.map(({ metadata }) => metadata.name)
  const claims = planClaims(owner, selector, pods)
  t.same(
    [names(claims.owned), names(claims.adopt), names(claims.release)],
    [['mine'], ['orphan'], ['stray']],
  )
  const going = { ...owner, metadata: { ...owner.metadata, deletionTimestamp: at(1) } }
  const last = planClaims(going, selector, pods)
  t.same([names(last.owned), last.adopt, last.release], [['mine', 'stray'], [], []])
  t.end()
})

void t.test('own writes are waited for', t => {
  const writes = new OwnWrites()
  const cache = new Map([['default/web-1', aPod()]])
  const reader = { revision: '10', get: (key: string) => cache.get(key) }
  t.ok(writes.isSettled('x', reader))
  writes.wrote('x', aPod({ metadata: { resourceVersion: '12' } }))
  writes.wrote('x', aPod({ metadata: { resourceVersion: '11' } }))
  t.notOk(writes.isSettled('x', reader))
  t.notOk(writes.isSettled('x', { ...reader, revision: '11' }))
  t.ok(writes.isSettled('x', { ...reader, revision: '12' }))
  writes.deleted('x', aPod())
  t.notOk(writes.isSettled('x', reader))
  cache.set('default/web-1', aPod({ metadata: { name: 'web-1', deletionTimestamp: at(1) } }))
  t.ok(writes.isSettled('x', reader))
  writes.deleted('y', aPod())
  writes.forget('y')
  t.ok(writes.isSettled('y', reader))
  t.end()
})

void t.test('what the wire leaves out makes no difference', t => {
  t.ok(meansTheSame({ a: 0, b: [], c: { d: '' }, e: 1 }, { e: 1 }))
  t.notOk(meansTheSame({ e: 1 }, { e: 2 }))
  t.notOk(meansTheSame({ e: false }, {}))
  t.end()
})
