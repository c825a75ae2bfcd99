/** The status of a pod, from what is observed. */
import t from 'tap'
import { statusOf } from '#agent/pods/status.ts'
import { nextCrashBackoff } from '#agent/pods/restart.ts'
import type { PodStatus } from '#api/types/core-v1.ts'
import {
  aContainer,
  aPod,
  aSandbox,
  aView,
  IMAGE,
  READY,
  withContainer,
  type World,
} from '../../../support/pod-worlds.ts'

const HOST = { hostIPs: ['172.30.0.1'] }
const status = (world: World, before: PodStatus = {}): PodStatus => {
  const view = aView(world)
  return statusOf({ ...view, pod: { ...view.pod, status: before } }, before, HOST)
}
const crashed = aContainer('c', { state: 'exited', exitCode: 1 })
const running = { sandboxes: [aSandbox()], containers: [aContainer('c')], local: READY }

/** `phase c=running|Reason ready/restarts` */
const show = ({ phase, containerStatuses = [], initContainerStatuses = [] }: PodStatus): string =>
  [
    phase,
    ...[...initContainerStatuses, ...containerStatuses].map(
      ({ name, state, ready, restartCount }) => {
        const what =
          state?.running === undefined
            ? (state?.waiting?.reason ?? state?.terminated?.reason)
            : 'running'
        return `${name}=${what}${ready ? '+' : ''}/${restartCount}`
      },
    ),
  ].join(' ')

const cases: readonly { name: string; world: World; before?: PodStatus; want: string }[] = [
  { name: 'new', world: {}, want: 'Pending c=ContainerCreating/0' },
  {
    name: 'with init containers',
    world: { pod: aPod({ initContainers: [{ name: 'i' }] }) },
    want: 'Pending i=PodInitializing/0 c=PodInitializing/0',
  },
  { name: 'running', world: running, want: 'Running c=running+/0' },
  {
    name: 'one of two',
    world: { ...running, pod: withContainer('d') },
    want: 'Pending c=running+/0 d=ContainerCreating/0',
  },
  {
    name: 'not ready before its probe',
    world: {
      ...running,
      pod: aPod({ containers: [{ name: 'c', image: IMAGE, readinessProbe: {} }] }),
    },
    want: 'Running c=running/0',
  },
  {
    name: 'not ready while it is being stopped',
    world: {
      ...running,
      local: { ...READY, stops: new Map([['c-0', { sinceMs: 0, graceMs: 1 }]]) },
    },
    want: 'Running c=running/0',
  },
  {
    name: 'just ended, about to restart',
    world: { ...running, containers: [crashed] },
    want: 'Running c=Error/0',
  },
  {
    name: 'in back-off',
    world: {
      ...running,
      containers: [crashed],
      nowMs: 1200,
      local: { ...READY, crashes: new Map([['c', nextCrashBackoff(undefined, 900, 900)]]) },
    },
    want: 'Running c=CrashLoopBackOff/0',
  },
  {
    name: 'restarting: never back to Succeeded or Pending',
    world: {
      ...running,
      containers: [
        aContainer('c', { attempt: 1, state: 'created', startedAtMs: 0 }),
        aContainer('c', { state: 'exited' }),
      ],
    },
    before: { phase: 'Running' },
    want: 'Running c=ContainerCreating/1',
  },
  {
    name: 'over, well',
    world: {
      pod: aPod({ restartPolicy: 'Never' }),
      containers: [aContainer('c', { state: 'exited' })],
    },
    want: 'Succeeded c=Completed/0',
  },
  {
    name: 'over, badly',
    world: { pod: aPod({ restartPolicy: 'Never' }), containers: [crashed] },
    want: 'Failed c=Error/0',
  },
  {
    name: 'out of memory',
    world: {
      pod: aPod({ restartPolicy: 'Never' }),
      containers: [aContainer('c', { state: 'exited', exitCode: 137, oomKilled: true })],
    },
    want: 'Failed c=OOMKilled/0',
  },
  {
    name: 'failed init ends it',
    world: {
      pod: aPod({ restartPolicy: 'Never', initContainers: [{ name: 'i' }] }),
      sandboxes: [aSandbox()],
      containers: [aContainer('i', { state: 'exited', exitCode: 2 })],
    },
    want: 'Failed i=Error/0 c=PodInitializing/0',
  },
  {
    name: 'no image yet',
    world: {
      local: {
        images: new Map([
          [
            IMAGE,
            {
              failure: { reason: 'ErrImagePull', message: 'm', failures: 1, atMs: 0, retryAtMs: 9 },
            },
          ],
        ]),
      },
    },
    want: 'Pending c=ErrImagePull/0',
  },
  {
    name: 'no image for a while',
    world: {
      nowMs: 5000,
      local: {
        images: new Map([
          [
            IMAGE,
            {
              failure: {
                reason: 'ErrImagePull',
                message: 'm',
                failures: 1,
                atMs: 0,
                retryAtMs: 9000,
              },
            },
          ],
        ]),
      },
    },
    want: 'Pending c=ImagePullBackOff/0',
  },
  {
    name: 'bad configuration',
    world: {
      local: {
        startFailures: new Map([
          ['c', { reason: 'CreateContainerConfigError', message: 'm', retryAtMs: 0 }],
        ]),
      },
    },
    want: 'Pending c=CreateContainerConfigError/0',
  },
  {
    name: 'final phases stay',
    world: { pod: aPod({ restartPolicy: 'Never' }) },
    before: { phase: 'Failed', reason: 'Evicted' },
    want: 'Failed c=ContainerCreating/0',
  },
]

for (const { name, world, before, want } of cases) {
  void t.test(name, async t => t.equal(show(status(world, before)), want))
}

void t.test('conditions keep their times until they change, and those of others stay', async t => {
  const gate = {
    type: 'example.com/gate',
    status: 'False',
    lastTransitionTime: '2025-01-01T00:00:00Z',
  }
  const first = status({ ...running, nowMs: 5000 }, { conditions: [gate] })
  t.same(
    first.conditions?.map(({ type, status: value }) => `${type}=${value}`),
    [
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
      'example.com/gate=False',
    ],
  )
  const second = status({ ...running, nowMs: 9000 }, first)
  t.same(second, first, 'nothing changed')
  const third = status({ ...running, containers: [crashed], nowMs: 9000 }, first)
  t.match(
    third.conditions?.find(({ type }) => type === 'Ready'),
    {
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [c]',
      lastTransitionTime: '1970-01-01T00:00:09Z',
    },
  )
  t.match(
    third.conditions?.find(({ type }) => type === 'Initialized'),
    { lastTransitionTime: '1970-01-01T00:00:05Z' },
  )
})

void t.test('readiness gates hold a pod back', async t => {
  const gated = aPod({ readinessGates: [{ conditionType: 'example.com/gate' }] })
  const conditionOf = (before: PodStatus) =>
    status({ ...running, pod: gated }, before).conditions?.find(({ type }) => type === 'Ready')
  t.match(conditionOf({}), {
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message: 'corresponding condition of pod readiness gate "example.com/gate" does not exist.',
  })
  t.match(conditionOf({ conditions: [{ type: 'example.com/gate', status: 'True' }] }), {
    status: 'True',
  })
})

void t.test('addresses, image and last state', async t => {
  const images = new Map([[IMAGE, { id: 'sha256:1', digest: 'r/img@sha256:2' }]])
  const before = status(running)
  t.match(before, {
    podIP: '10.42.0.2',
    podIPs: [{ ip: '10.42.0.2' }],
    hostIP: '172.30.0.1',
    qosClass: 'BestEffort',
  })
  const containers = [
    aContainer('c', { attempt: 1 }),
    aContainer('c', { state: 'exited', exitCode: 3 }),
  ]
  const after = status({ ...running, containers, local: { ...READY, images } }, before)
  t.match(after.containerStatuses, [
    {
      restartCount: 1,
      imageID: 'docker-pullable://r/img@sha256:2',
      lastState: { terminated: { exitCode: 3, containerID: 'docker://c-0' } },
    },
  ])
})

void t.test('a deleted pod keeps what its containers said when they are removed', async t => {
  const deleted = aPod({}, { deletionTimestamp: '2026-01-01T00:00:00Z' })
  const before = status({ pod: deleted, containers: [crashed] })
  t.match(before, { phase: 'Failed' })
  t.match(status({ pod: deleted }, before).containerStatuses, before.containerStatuses)
})
