import t from 'tap'
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import { boundsOf } from '#server/controllers/deployment/bounds.ts'
import {
  type DeploymentAction,
  type DeploymentPlan,
  planDeployment,
} from '#server/controllers/deployment/plan.ts'
import { isSameTemplate, templateHash } from '#server/controllers/deployment/template-hash.ts'
import { aDeployment, aReplicaSet, NOW } from '../objects.ts'

const show = (action: DeploymentAction): string => {
  switch (action.kind) {
    case 'resize-replica-set':
      return `${action.replicaSet.metadata.name} ${action.from}->${action.replicaSet.spec?.replicas}`
    case 'set-revision':
      return `revision ${action.revision}`
    case 'create-replica-set':
      return `create ${action.replicaSet.spec?.replicas}`
    case 'mark-replica-set':
      return `mark ${action.replicaSet.metadata.name}`
    case 'roll-back':
      return `${action.event.reason}: ${action.event.message}`
    default:
      return `delete ${action.replicaSet.metadata.name}`
  }
}

const plan = (
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
  withPods: readonly string[] = [],
): DeploymentPlan =>
  planDeployment({ deployment, replicaSets, withPods: new Set(withPods), nowMs: NOW })

const steps = (result: DeploymentPlan): string[] => result.actions.map(show)
const conditions = (result: DeploymentPlan): string[] =>
  (result.status.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`)

const sized = (desired: number, max: number, revision: number) => ({
  'deployment.kubernetes.io/desired-replicas': String(desired),
  'deployment.kubernetes.io/max-replicas': String(max),
  'deployment.kubernetes.io/revision': String(revision),
})

const annotated = (deployment: Deployment, revision: number): Deployment => ({
  ...deployment,
  metadata: {
    ...deployment.metadata,
    annotations: { 'deployment.kubernetes.io/revision': String(revision) },
  },
})

void t.test('surge is rounded up, unavailability down, and one of them moves', t => {
  const cases = [
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [3, 0, 0, 0, 1],
    [5, '0%', '10%', 0, 1],
    [5, 2, 9, 2, 5],
    [0, '25%', '25%', 0, 0],
  ] as const
  for (const [replicas, surge, unavailable, maxSurge, maxUnavailable] of cases) {
    const strategy = {
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable },
    } as const
    t.same(boundsOf(aDeployment({ replicas, strategy })), { replicas, maxSurge, maxUnavailable })
  }
  t.same(boundsOf(aDeployment({ strategy: { type: 'Recreate' } })), {
    replicas: 10,
    maxSurge: 0,
    maxUnavailable: 0,
  })
  t.end()
})

void t.test('a rolling update of 10, surge 3, unavailable 2, step by step', t => {
  const rollout = annotated(aDeployment({ image: 'web:2' }), 2)
  const old = (replicas: number, available = replicas) =>
    aReplicaSet({ name: 'old', replicas, available, annotations: sized(10, 13, 1) })
  const next = (replicas: number, available: number) =>
    aReplicaSet({
      name: 'new',
      image: 'web:2',
      ageSeconds: 1,
      replicas,
      available,
      annotations: sized(10, 13, 2),
    })
  const cases: readonly (readonly [string, readonly ReplicaSet[], readonly string[]])[] = [
    ['begins with the surge', [old(10)], ['create 3']],
    ['takes what may be unavailable', [old(10), next(3, 0)], ['old 10->8']],
    ['fills up to the surge again', [old(8), next(3, 0)], ['new 3->5']],
    ['waits while nothing new is available', [old(8), next(5, 0)], []],
    ['goes on as new ones become available', [old(8), next(5, 2)], ['old 8->6']],
    ['takes broken old ones first', [old(8, 5), next(5, 5)], ['old 8->3']],
    ['ends', [old(3), next(10, 10)], ['old 3->0']],
    ['is at rest', [old(0), next(10, 10)], []],
  ]
  for (const [name, replicaSets, wanted] of cases) {
    t.same(steps(plan(rollout, replicaSets)), wanted, name)
  }
  t.end()
})

void t.test('a new Deployment makes its ReplicaSet, named by the template', t => {
  const deployment = aDeployment({ replicas: 3 })
  const result = plan(
    {
      ...deployment,
      metadata: {
        ...deployment.metadata,
        annotations: { team: 'a', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
    },
    [],
  )
  t.same(steps(result), ['revision 1', 'create 3'])
  const created = result.actions.find(action => action.kind === 'create-replica-set')?.replicaSet
  const hash = templateHash(deployment.spec?.template ?? {}, 0)
  t.equal(created?.metadata.name, `web-${hash}`)
  t.match(created, {
    metadata: {
      labels: { app: 'web', 'pod-template-hash': hash },
      annotations: { team: 'a', ...sized(3, 4, 1) },
      ownerReferences: [{ uid: 'uid-of-deployment', controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } },
      template: { metadata: { labels: { 'pod-template-hash': hash } } },
    },
  })
  t.notOk(created?.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'])
  t.same(conditions(result), [
    'Progressing True NewReplicaSetCreated',
    'Available False MinimumReplicasUnavailable',
  ])
  t.end()
})

void t.test('templates are told apart by content, not by order or hash label', t => {
  const template = {
    metadata: { labels: { a: '1', b: '2' } },
    spec: { containers: [{ name: 'c', image: 'x' }] },
  }
  const same = {
    spec: { containers: [{ image: 'x', name: 'c' }] },
    metadata: { labels: { b: '2', a: '1', 'pod-template-hash': 'z' } },
  }
  t.ok(isSameTemplate(template, same))
  t.equal(templateHash(template, 0), templateHash(same, 0))
  t.not(templateHash(template, 0), templateHash(template, 1))
  t.notOk(
    isSameTemplate(template, { ...template, spec: { containers: [{ name: 'c', image: 'y' }] } }),
  )
  t.match(templateHash(template, 0), /^[bcdfghjklmnpqrstvwxz2456789]{7,10}$/)
  t.end()
})

void t.test('going back takes the old ReplicaSet and a new revision', t => {
  const back = annotated(aDeployment({ replicas: 2, image: 'web:1' }), 2)
  const result = plan(back, [
    aReplicaSet({ name: 'one', replicas: 0, annotations: sized(2, 3, 1) }),
    aReplicaSet({
      name: 'two',
      image: 'web:2',
      replicas: 2,
      ageSeconds: 5,
      annotations: sized(2, 3, 2),
    }),
  ])
  t.same(steps(result), ['revision 3', 'one 0->1'])
  const grown = result.actions.find(action => action.kind === 'resize-replica-set')?.replicaSet
  t.match(grown?.metadata.annotations, {
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
  })
  t.end()
})

void t.test('Recreate empties, waits for the pods to be gone, then fills', t => {
  const recreate = annotated(
    aDeployment({ replicas: 3, image: 'web:2', strategy: { type: 'Recreate' } }),
    1,
  )
  const old = (replicas: number, actual: number) =>
    aReplicaSet({ name: 'old', replicas, actual, available: 0, annotations: sized(3, 3, 1) })
  t.same(steps(plan(recreate, [old(3, 3)])), ['old 3->0'])
  t.same(steps(plan(recreate, [old(0, 1)])), [])
  t.same(steps(plan(recreate, [old(0, 0)], ['uid-of-old'])), [], 'a pod still terminates')
  t.same(steps(plan(recreate, [old(0, 0)])), ['revision 2', 'create 3'])
  t.end()
})

void t.test('scaling in the middle of a rollout keeps the shares', t => {
  const replicaSets = [
    aReplicaSet({ name: 'old', replicas: 8, annotations: sized(10, 13, 1) }),
    aReplicaSet({
      name: 'new',
      image: 'web:2',
      ageSeconds: 1,
      replicas: 5,
      available: 0,
      annotations: sized(10, 13, 2),
    }),
  ]
  const grown = plan(annotated(aDeployment({ replicas: 20, image: 'web:2' }), 2), replicaSets)
  t.same(steps(grown), ['old 8->15', 'new 5->10'], '25 pods: 20 and a surge of 5')
  const shrunk = plan(annotated(aDeployment({ replicas: 5, image: 'web:2' }), 2), replicaSets)
  t.same(steps(shrunk), ['old 8->4', 'new 5->3'], '7 pods: 5 and a surge of 2')
  const nothing = plan(annotated(aDeployment({ replicas: 0, image: 'web:2' }), 2), replicaSets)
  t.same(steps(nothing), ['old 8->0', 'new 5->0'])
  t.end()
})

void t.test('a paused Deployment scales but does not roll', t => {
  const deployment = annotated(aDeployment({ replicas: 4, image: 'web:2', paused: true }), 1)
  const result = plan(deployment, [
    aReplicaSet({ name: 'old', replicas: 2, annotations: sized(2, 3, 1) }),
  ])
  t.same(steps(result), ['old 2->4'])
  t.same(conditions(result)[0], 'Progressing Unknown DeploymentPaused')
  const resumed = plan({ ...aDeployment({ replicas: 2 }), status: result.status }, [
    aReplicaSet({ name: 'old', replicas: 2, available: 1, annotations: sized(2, 3, 1) }),
  ])
  t.notOk(conditions(resumed).some(condition => condition.includes('Paused')))
  t.end()
})

void t.test('history is cut to its limit, lowest revisions first, never with pods', t => {
  const deployment = annotated(
    aDeployment({ replicas: 1, image: 'web:9', revisionHistoryLimit: 1 }),
    5,
  )
  const old = (revision: number, actual = 0) =>
    aReplicaSet({
      name: `r${revision}`,
      image: `web:${revision}`,
      replicas: 0,
      actual,
      available: 0,
      annotations: sized(1, 2, revision),
    })
  const current = aReplicaSet({
    name: 'now',
    image: 'web:9',
    replicas: 1,
    annotations: sized(1, 2, 5),
  })
  t.same(steps(plan(deployment, [old(1), old(2), old(3), old(4), current])), [
    'delete r1',
    'delete r2',
    'delete r3',
  ])
  t.same(
    steps(plan(deployment, [old(1, 1), old(2), old(3), current])),
    [],
    'not while pods of old ones run',
  )
  t.end()
})

void t.test('conditions tell progress, completion and being stuck', t => {
  const current = (available: number) =>
    aReplicaSet({ name: 'now', replicas: 2, available, annotations: sized(2, 3, 1) })
  const deployment = annotated(aDeployment({ replicas: 2 }), 1)
  const first = plan(deployment, [current(1)])
  t.same(
    conditions(first),
    [
      'Progressing True ReplicaSetUpdated',
      'Available False MinimumReplicasUnavailable',
    ].toReversed(),
  )
  t.ok((first.requeueAfterMs ?? 0) > 600_000, 'looks again after the deadline')
  const started = { ...deployment, status: first.status }
  const late = planDeployment({
    deployment: started,
    replicaSets: [current(1)],
    withPods: new Set(),
    nowMs: NOW + 602_000,
  })
  t.ok(conditions(late).includes('Progressing False ProgressDeadlineExceeded'))
  t.match(
    late.status.conditions?.find(({ type }) => type === 'Progressing')?.message,
    'ReplicaSet "now" has timed out progressing.',
  )
  const done = plan({ ...deployment, status: late.status }, [current(2)])
  t.ok(conditions(done).includes('Progressing True NewReplicaSetAvailable'))
  t.match(done.status, {
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    unavailableReplicas: 0,
    observedGeneration: 1,
  })
  t.equal(done.requeueAfterMs, undefined)
  t.end()
})

void t.test('a ReplicaSet that cannot create pods makes its Deployment say so', t => {
  const failing = aReplicaSet({
    name: 'now',
    replicas: 2,
    available: 0,
    annotations: sized(2, 3, 1),
  })
  const failure = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: 'quota',
  }
  const withFailure = { ...failing, status: { replicas: 0, conditions: [failure] } }
  t.ok(
    conditions(plan(aDeployment({ replicas: 2 }), [withFailure])).includes(
      'ReplicaFailure True FailedCreate',
    ),
  )
  t.end()
})

void t.test('a Deployment that is being deleted does nothing', t => {
  const deployment = aDeployment({ image: 'web:2' })
  const going = {
    ...deployment,
    metadata: { ...deployment.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
  }
  t.same(steps(plan(going, [aReplicaSet({ replicas: 3 })])), [])
  t.end()
})

void t.test('a rollback that an old version asked for', t => {
  const image = (name: string) => ({ spec: { containers: [{ name: 'web', image: name }] } })
  const wanting = (revision: string): Deployment => {
    const deployment = aDeployment()
    const annotations = { 'deprecated.deployment.rollback.to': revision, note: 'new' }
    return { ...deployment, metadata: { ...deployment.metadata, annotations } }
  }
  const of = (revision: number, template: object): ReplicaSet => {
    const replicaSet = aReplicaSet({ name: `web-${revision}` })
    const annotations = { 'deployment.kubernetes.io/revision': String(revision), note: 'old' }
    return {
      ...replicaSet,
      metadata: { ...replicaSet.metadata, annotations },
      ...(replicaSet.spec === undefined ? {} : { spec: { ...replicaSet.spec, template } }),
    }
  }
  const sets = [of(1, image('one')), of(2, image('two')), of(3, wanting('0').spec?.template ?? {})]
  const cases = [
    ['0', sets, 'DeploymentRollback: Rolled back deployment "web" to revision 2'],
    ['1', sets, 'DeploymentRollback: Rolled back deployment "web" to revision 1'],
    [
      '3',
      sets,
      'DeploymentRollbackTemplateUnchanged: The rollback revision contains the same template as current deployment "web"',
    ],
    ['9', sets, 'DeploymentRollbackRevisionNotFound: Unable to find the revision to rollback to.'],
    ['0', [], 'DeploymentRollbackRevisionNotFound: Unable to find last revision.'],
  ] as const
  for (const [revision, replicaSets, told] of cases) {
    const { actions } = plan(wanting(revision), [...replicaSets])
    t.same(actions.map(show), [told])
  }
  const [action] = plan(wanting('1'), sets).actions
  const deployment = action?.kind === 'roll-back' ? action.deployment : undefined
  t.match(deployment?.spec?.template, image('one'))
  t.same(deployment?.metadata.annotations, { note: 'old' })
  t.end()
})
