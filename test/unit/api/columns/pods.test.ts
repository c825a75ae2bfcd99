/** The cells that `kubectl get pods` prints, wide ones included. */
import { at, containers, row } from '#test/support/printed-rows.ts'
import t from 'tap'

const running = (name: string, more: object = {}): object => ({
  name,
  ready: true,
  restartCount: 0,
  state: { running: {} },
  ...more,
})
const stopped = (name: string, terminated: object): object => ({
  name,
  ready: false,
  restartCount: 0,
  state: { terminated },
})
const waiting = (name: string, reason: string, more: object = {}): object => ({
  name,
  ready: false,
  restartCount: 0,
  state: { waiting: { reason } },
  ...more,
})

void t.test('pods', async t => {
  const two = { containers: containers('a', 'b') }
  const init = { containers: containers('a'), initContainers: containers('i', 'j') }
  const sidecar = {
    containers: containers('a'),
    initContainers: [{ name: 's', image: 's', restartPolicy: 'Always' }],
  }
  const died = { lastState: { terminated: { finishedAt: at(5) } } }
  const cases: readonly (readonly [string, object, string])[] = [
    ['pending', { spec: two, status: { phase: 'Pending' } }, '0/2|Pending|0'],
    [
      'running',
      { spec: two, status: { phase: 'Running', containerStatuses: [running('a'), running('b')] } },
      '2/2|Running|0',
    ],
    [
      'crashing',
      {
        spec: two,
        status: {
          phase: 'Running',
          containerStatuses: [
            waiting('a', 'CrashLoopBackOff', { restartCount: 1, ...died }),
            running('b'),
          ],
        },
      },
      '1/2|CrashLoopBackOff|1 (5s ago)',
    ],
    [
      'completed',
      {
        spec: two,
        status: {
          phase: 'Succeeded',
          containerStatuses: [stopped('a', { exitCode: 0, reason: 'Completed' })],
        },
      },
      '0/2|Completed|0',
    ],
    [
      'completed in part',
      {
        spec: two,
        status: {
          phase: 'Running',
          containerStatuses: [stopped('a', { exitCode: 0, reason: 'Completed' }), running('b')],
        },
      },
      '1/2|NotReady|0',
    ],
    [
      'killed by a signal',
      { spec: two, status: { phase: 'Failed', containerStatuses: [stopped('a', { signal: 9 })] } },
      '0/2|Signal:9|0',
    ],
    [
      'ended with a code',
      {
        spec: two,
        status: { phase: 'Failed', containerStatuses: [stopped('a', { exitCode: 3 })] },
      },
      '0/2|ExitCode:3|0',
    ],
    [
      'initializing',
      {
        spec: init,
        status: {
          phase: 'Pending',
          initContainerStatuses: [stopped('i', { exitCode: 0 }), running('j', { ready: false })],
        },
      },
      '0/1|Init:1/2|0',
    ],
    [
      'an init container that fails',
      {
        spec: init,
        status: {
          phase: 'Pending',
          initContainerStatuses: [stopped('i', { exitCode: 1, reason: 'Error' })],
        },
      },
      '0/1|Init:Error|0',
    ],
    [
      'an init container that crashes',
      {
        spec: init,
        status: {
          phase: 'Pending',
          initContainerStatuses: [waiting('i', 'CrashLoopBackOff', { restartCount: 2, ...died })],
        },
      },
      '0/1|Init:CrashLoopBackOff|2 (5s ago)',
    ],
    [
      'a sidecar',
      {
        spec: sidecar,
        status: {
          phase: 'Running',
          initContainerStatuses: [running('s', { started: true, restartCount: 1 })],
          containerStatuses: [running('a')],
        },
      },
      '2/2|Running|1',
    ],
    [
      'going',
      {
        metadata: { deletionTimestamp: at(1) },
        spec: two,
        status: { phase: 'Running', containerStatuses: [running('a'), running('b')] },
      },
      '2/2|Terminating|0',
    ],
    [
      'gone but there',
      { metadata: { deletionTimestamp: at(1) }, spec: two, status: { phase: 'Succeeded' } },
      '0/2|Succeeded|0',
    ],
    [
      'lost',
      {
        metadata: { deletionTimestamp: at(1) },
        spec: two,
        status: { phase: 'Running', reason: 'NodeLost' },
      },
      '0/2|Unknown|0',
    ],
    ['evicted', { spec: two, status: { phase: 'Failed', reason: 'Evicted' } }, '0/2|Evicted|0'],
    [
      'gated',
      {
        spec: two,
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        },
      },
      '0/2|SchedulingGated|0',
    ],
  ]
  for (const [name, fields, expected] of cases) {
    t.equal(row('pods', fields), `x|${expected}|65s|<none>|<none>|<none>|<none>`, name)
  }
  t.equal(
    row('pods', {
      spec: {
        ...two,
        nodeName: 'n1',
        readinessGates: [{ conditionType: 'A' }, { conditionType: 'B' }],
      },
      status: {
        podIP: '10.42.0.2',
        podIPs: [{ ip: '10.42.0.2' }],
        nominatedNodeName: 'n2',
        conditions: [{ type: 'A', status: 'True' }],
      },
    }),
    'x|0/2||0|65s|10.42.0.2|n1|n2|1/2',
  )
})
