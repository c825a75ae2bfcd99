/** What the pod worker decides, as a table: a world on the left, actions as short strings on the right. */
import t from 'tap'
import { keyOfAction, type PodAction, planPod } from '#agent/pods/plan.ts'
import { nextCrashBackoff } from '#agent/pods/restart.ts'
import {
  aContainer,
  aPod,
  aSandbox,
  aView,
  IMAGE,
  READY,
  withContainer,
} from '../../../support/pod-worlds.ts'

function show(action: PodAction): string {
  switch (action.kind) {
    case 'ensure-image':
    case 'report-back-off':
      return `${action.kind} ${action.container.name}`
    case 'start-container':
      return `start ${action.container.name}#${action.attempt}`
    case 'stop-container':
      return `stop ${action.container.name} ${action.graceMs}`
    case 'kill-container':
    case 'remove-container':
      return `${action.kind.split('-')[0]} ${action.container.name}#${action.container.attempt}`
    case 'create-sandbox':
      return `create-sandbox ${action.attempt}`
    default:
      return action.kind
  }
}

const deleted = { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 5 }
const running = aContainer('c')
const crashed = aContainer('c', { state: 'exited', exitCode: 1, finishedAtMs: 1000 })
const done = aContainer('c', { state: 'exited', exitCode: 0, finishedAtMs: 1000 })
const init = { name: 'i', image: 'img' }

const cases: readonly {
  name: string
  view: ReturnType<typeof aView>
  want: readonly string[]
  requeue?: number
}[] = [
  {
    name: 'a new pod: everything that can be begun at once',
    view: aView(),
    want: ['mount-volumes', 'ensure-image c', 'create-sandbox 0'],
  },
  {
    name: 'what is busy is not planned again',
    view: aView({ local: { busy: new Set(['volumes', 'sandbox', 'image img']) } }),
    want: [],
  },
  {
    name: 'no container before its sandbox has a network',
    view: aView({ sandboxes: [aSandbox()], local: { ...READY, networkSandboxID: '' } }),
    want: ['setup-network'],
  },
  {
    name: 'no container before its volumes',
    view: aView({ sandboxes: [aSandbox()], local: { ...READY, volumes: 'unmounted' } }),
    want: ['mount-volumes'],
  },
  {
    name: 'no container before its image',
    view: aView({ sandboxes: [aSandbox()], local: { ...READY, images: new Map() } }),
    want: ['ensure-image c'],
  },
  {
    name: 'a failed pull waits, and first until it is called back-off',
    view: aView({
      sandboxes: [aSandbox()],
      nowMs: 1000,
      local: {
        ...READY,
        images: new Map([
          [
            IMAGE,
            {
              failure: {
                reason: 'ErrImagePull',
                message: '',
                failures: 1,
                atMs: 0,
                retryAtMs: 11_000,
              },
            },
          ],
        ]),
      },
    }),
    want: [],
    requeue: 2000,
  },
  {
    name: 'then for its next try',
    view: aView({
      sandboxes: [aSandbox()],
      nowMs: 4000,
      local: {
        ...READY,
        images: new Map([
          [
            IMAGE,
            {
              failure: {
                reason: 'ErrImagePull',
                message: '',
                failures: 1,
                atMs: 0,
                retryAtMs: 11_000,
              },
            },
          ],
        ]),
      },
    }),
    want: [],
    requeue: 7000,
  },
  {
    name: 'then it starts',
    view: aView({ sandboxes: [aSandbox()], local: READY }),
    want: ['start c#0'],
  },
  {
    name: 'and running is enough',
    view: aView({ sandboxes: [aSandbox()], containers: [running], local: READY }),
    want: [],
  },
  {
    name: 'the first crash restarts at once',
    view: aView({ sandboxes: [aSandbox()], containers: [crashed], local: READY, nowMs: 1000 }),
    want: ['start c#1'],
  },
  {
    name: 'the second waits',
    view: aView({
      sandboxes: [aSandbox()],
      containers: [crashed],
      nowMs: 1500,
      local: { ...READY, crashes: new Map([['c', nextCrashBackoff(undefined, 900, 900)]]) },
    }),
    want: ['report-back-off c'],
    requeue: 9500,
  },
  {
    name: 'Never does not restart, and cleans up',
    view: aView({
      pod: aPod({ restartPolicy: 'Never' }),
      sandboxes: [aSandbox()],
      containers: [crashed],
      local: READY,
    }),
    want: ['remove-sandbox'],
  },
  {
    name: 'OnFailure restarts what failed',
    view: aView({
      pod: aPod({ restartPolicy: 'OnFailure' }),
      sandboxes: [aSandbox()],
      containers: [crashed],
      local: READY,
      nowMs: 1000,
    }),
    want: ['start c#1'],
  },
  {
    name: 'OnFailure leaves what ended well',
    view: aView({ pod: aPod({ restartPolicy: 'OnFailure' }), containers: [done], local: READY }),
    want: ['unmount-volumes'],
  },
  {
    name: 'OnFailure restarts what a probe killed, whatever its code',
    view: aView({
      pod: aPod({ restartPolicy: 'OnFailure' }),
      sandboxes: [aSandbox()],
      containers: [done],
      local: { ...READY, probeKilled: new Set([done.id]) },
      nowMs: 1000,
    }),
    want: ['start c#1'],
  },
  {
    name: 'half-made instances of an earlier agent go first',
    view: aView({
      sandboxes: [aSandbox()],
      containers: [aContainer('c', { state: 'created', startedAtMs: 0 })],
      local: READY,
    }),
    want: ['remove c#0'],
  },
  {
    name: 'one dead instance is kept for its logs',
    view: aView({
      sandboxes: [aSandbox()],
      containers: [
        aContainer('c', { attempt: 2 }),
        aContainer('c', { attempt: 1, state: 'exited' }),
        aContainer('c', { attempt: 0, state: 'exited' }),
      ],
      local: READY,
    }),
    want: ['remove c#0'],
  },
  {
    name: 'init containers come one by one',
    view: aView({
      pod: aPod({ initContainers: [init, { ...init, name: 'j' }] }),
      sandboxes: [aSandbox()],
      local: READY,
    }),
    want: ['start i#0'],
  },
  {
    name: 'the next after the last',
    view: aView({
      pod: aPod({ initContainers: [init, { ...init, name: 'j' }] }),
      sandboxes: [aSandbox()],
      containers: [aContainer('i', { state: 'exited' })],
      local: READY,
    }),
    want: ['start j#0'],
  },
  {
    name: 'a sidecar only has to start',
    view: aView({
      pod: aPod({ initContainers: [{ ...init, restartPolicy: 'Always' }] }),
      sandboxes: [aSandbox()],
      containers: [aContainer('i')],
      local: READY,
    }),
    want: ['start c#0'],
  },
  {
    name: 'app containers start together',
    view: aView({ pod: withContainer('d'), sandboxes: [aSandbox()], local: READY }),
    want: ['start c#0', 'start d#0'],
  },
  {
    name: 'a dead sandbox: members go',
    view: aView({
      sandboxes: [aSandbox({ state: 'not-ready' })],
      containers: [running],
      local: READY,
    }),
    want: ['stop c 30000'],
  },
  {
    name: 'then a new one comes',
    view: aView({
      sandboxes: [aSandbox({ state: 'not-ready' })],
      containers: [done],
      local: READY,
    }),
    want: ['create-sandbox 1'],
  },
  {
    name: 'a failed liveness probe stops',
    view: aView({
      sandboxes: [aSandbox()],
      containers: [running],
      local: {
        ...READY,
        probes: new Map([[running.id, { isStarted: true, isReady: true, mustRestart: 'why' }]]),
      },
    }),
    want: ['stop c 30000'],
  },
  {
    name: 'deleted: ask',
    view: aView({
      pod: aPod({}, deleted),
      sandboxes: [aSandbox()],
      containers: [running],
      local: READY,
    }),
    want: ['stop c 5000'],
  },
  {
    name: 'deleted: wait',
    view: aView({
      pod: aPod({}, deleted),
      sandboxes: [aSandbox()],
      containers: [running],
      nowMs: 2000,
      local: { ...READY, stops: new Map([[running.id, { sinceMs: 0, graceMs: 5000 }]]) },
    }),
    want: [],
    requeue: 3000,
  },
  {
    name: 'deleted: insist',
    view: aView({
      pod: aPod({}, deleted),
      sandboxes: [aSandbox()],
      containers: [running],
      nowMs: 5000,
      local: { ...READY, stops: new Map([[running.id, { sinceMs: 0, graceMs: 5000 }]]) },
    }),
    want: ['kill c#0'],
    requeue: 2000,
  },
  {
    name: 'deleted again with less grace: insist sooner',
    view: aView({
      pod: aPod({}, { ...deleted, deletionGracePeriodSeconds: 1 }),
      sandboxes: [aSandbox()],
      containers: [running],
      nowMs: 2000,
      local: { ...READY, stops: new Map([[running.id, { sinceMs: 0, graceMs: 30_000 }]]) },
    }),
    want: ['kill c#0'],
    requeue: 2000,
  },
  {
    name: 'deleted: sandbox after the containers',
    view: aView({
      pod: aPod({}, deleted),
      sandboxes: [aSandbox()],
      containers: [done],
      local: READY,
    }),
    want: ['remove-sandbox'],
  },
  {
    name: 'deleted: not while one is starting',
    view: aView({
      pod: aPod({}, deleted),
      sandboxes: [aSandbox()],
      local: { ...READY, busy: new Set(['start c']) },
    }),
    want: [],
  },
  {
    name: 'deleted: volumes after the sandbox',
    view: aView({ pod: aPod({}, deleted), containers: [done], local: READY }),
    want: ['unmount-volumes'],
  },
  {
    name: 'deleted: containers after the volumes',
    view: aView({ pod: aPod({}, deleted), containers: [done] }),
    want: ['remove c#0'],
  },
  {
    name: 'deleted: the object last',
    view: aView({ pod: aPod({}, deleted) }),
    want: ['delete-pod'],
  },
  {
    name: 'a pod past its deadline ends',
    view: aView({
      sandboxes: [aSandbox()],
      containers: [running],
      local: { ...READY, refusal: { reason: 'DeadlineExceeded', message: '' } },
    }),
    want: ['stop c 30000'],
  },
]

for (const { name, view, want, requeue } of cases) {
  void t.test(name, async t => {
    const before = JSON.stringify(view)
    const plan = planPod(view)
    t.same(plan.actions.map(show), want)
    t.equal(plan.requeueAfterMs, requeue)
    t.equal(JSON.stringify(view), before, 'the input is as it was')
    const keys = plan.actions.map(keyOfAction)
    t.equal(new Set(keys).size, keys.length, 'one action per key')
  })
}
