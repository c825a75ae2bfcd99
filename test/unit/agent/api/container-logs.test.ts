/** Which instance's log is meant, log options, exit statuses and window sizes. */
import t from 'tap'
import { loggedContainer, logOptions } from '#agent/api/container-logs.ts'
import { exitStatus, terminalSize } from '#agent/api/interactive.ts'
import type { ContainerStatus } from '#api/types/core-v1.ts'
import { aPod } from '../../../support/pod-worlds.ts'

const pod = (status: Partial<ContainerStatus>) => ({
  ...aPod(),
  status: {
    containerStatuses: [
      { name: 'c', ready: false, restartCount: 0, image: '', imageID: '', ...status },
    ],
  },
})
const ended = (id: string) => ({ terminated: { exitCode: 1, containerID: `docker://${id}` } })

const cases: readonly {
  name: string
  status: Partial<ContainerStatus>
  previous?: boolean
  want: string | RegExp
}[] = [
  { name: 'running', status: { containerID: 'docker://a', state: { running: {} } }, want: 'a' },
  { name: 'ended', status: { state: ended('a') }, want: 'a' },
  {
    name: 'waiting to restart',
    status: { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended('a') },
    want: 'a',
  },
  {
    name: 'previous',
    status: { containerID: 'docker://b', state: { running: {} }, lastState: ended('a') },
    previous: true,
    want: 'a',
  },
  {
    name: 'no previous',
    status: { state: { running: {} } },
    previous: true,
    want: /^previous terminated container "c" in pod "web" not found$/u,
  },
  {
    name: 'not yet',
    status: { state: { waiting: { reason: 'ContainerCreating' } } },
    want: /^container "c" in pod "web" is waiting to start: ContainerCreating$/u,
  },
  {
    name: 'no image',
    status: { state: { waiting: { reason: 'ImagePullBackOff' } } },
    want: /is waiting to start: trying and failing to pull image$/u,
  },
]
for (const { name, status, previous = false, want } of cases) {
  void t.test(name, async t => {
    const find = (): string => loggedContainer(pod(status), 'c', previous)
    if (typeof want === 'string') t.equal(find(), want)
    else t.throws(find, { message: want })
  })
}

void t.test('log options', async t => {
  const of = (query: string) => logOptions(new URLSearchParams(query), 100_000)
  t.same(of(''), { follow: false, timestamps: false })
  t.same(of('follow=true&tailLines=0&sinceSeconds=10'), {
    follow: true,
    timestamps: false,
    tailLines: 0,
    sinceSeconds: 90,
  })
  t.same(of('sinceTime=1970-01-01T00:00:01.5Z'), {
    follow: false,
    timestamps: false,
    sinceSeconds: 1.5,
  })
  for (const bad of [
    'tailLines=-1',
    'tailLines=x',
    'sinceSeconds=0',
    'sinceTime=never',
    'sinceSeconds=1&sinceTime=1970-01-01T00:00:01Z',
  ])
    t.throws(() => of(bad), { name: 'StatusError' }, bad)
})

void t.test('exit statuses', async t => {
  t.match(exitStatus(0), { kind: 'Status', status: 'Success' })
  t.same(exitStatus(3), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'command terminated with exit code 3',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  })
})

void t.test('window sizes', async t => {
  t.same(terminalSize(Buffer.from('{"Width":80,"Height":24}')), { columns: 80, rows: 24 })
  for (const bad of ['', '{}', 'null', '{"Width":0,"Height":1}', '{"Width":1.5,"Height":1}', '[1'])
    t.equal(terminalSize(Buffer.from(bad)), undefined, bad)
})
