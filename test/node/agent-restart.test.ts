/** Restarts change nothing: of the agent, of the Engine with live-restore, and of the API server. */
import t from 'tap'
import { AgentBed, aPod, isReady } from '../support/agent-bed.ts'
import { until } from '../support/docker-host.ts'

const bed = await AgentBed.start()
bed.startAgent()
t.teardown(() => bed.close())

interface Seen {
  readonly id: string
  readonly startedAt: string
}

async function containers(): Promise<Seen[]> {
  const list = await bed.host.docker<{ Id: string }[]>('GET', '/containers/json')
  const all = await Promise.all(
    list.map(({ Id }) =>
      bed.host.docker<{ Id: string; State: { StartedAt: string } }>(
        'GET',
        `/containers/${Id}/json`,
      ),
    ),
  )
  return all
    .map(({ Id, State }) => ({ id: Id, startedAt: State.StartedAt }))
    .sort((left, right) => (left.id < right.id ? -1 : 1))
}

const PROBED = { readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } }

void t.test('pods start one by one and together', async t => {
  const times: number[] = []
  for (let index = 0; index < 5; index++) {
    const startedMs = performance.now()
    await bed.create('pods', aPod(`single-${index}`))
    await bed.untilPod(`single-${index}`, ({ phase }) => phase === 'Running')
    times.push(Math.round(performance.now() - startedMs))
  }
  t.comment(`one by one, create to Running: ${times.join(' ')} ms`)
  const startedMs = performance.now()
  const names = Array.from({ length: 10 }, (_value, index) => `crowd-${index}`)
  for (const name of names) await bed.create('pods', aPod(name))
  for (const name of names) await bed.untilPod(name, isReady)
  t.comment(`10 at once: ${Math.round(performance.now() - startedMs)} ms`)
  for (const name of names) await bed.delete('pods', name)
  await until(
    () => names.every(name => bed.api.get('pods', name) === undefined),
    'crowd gone',
    15_000,
  )
  for (let index = 1; index < 5; index++) await bed.delete('pods', `single-${index}`)
  await until(() => bed.api.list('pods').length === 1, 'singles gone', 15_000)
})

void t.test('the agent restarts: same containers, same start times, still ready', async t => {
  await bed.create('pods', aPod('kept', PROBED))
  await bed.untilPod('kept', isReady)
  const before = await containers()
  const revision = bed.api.writes.length
  await bed.stopAgent()
  t.same(await containers(), before, 'they live on without it')
  await bed.create('pods', aPod('meanwhile'))
  bed.startAgent()
  await bed.untilPod('meanwhile', isReady)
  const after = await containers()
  t.same(
    after.filter(({ id }) => before.some(old => old.id === id)),
    before,
  )
  const statusWrites = bed.api.writes
    .slice(revision)
    .filter(write => write === 'PATCH pods/kept/status')
  t.same(statusWrites, [], 'nothing to report about the pod that was there')
  t.equal(bed.status('kept').containerStatuses?.[0]?.restartCount, 0)
})

void t.test('pods deleted while the agent was away are ended when it is back', async t => {
  await bed.create('pods', aPod('forced'))
  await bed.create('pods', aPod('asked'))
  await bed.untilPod('forced', isReady)
  await bed.untilPod('asked', isReady)
  await bed.stopAgent()
  await bed.delete('pods', 'forced', { gracePeriodSeconds: 0 })
  await bed.delete('pods', 'asked')
  bed.startAgent()
  await until(() => bed.api.get('pods', 'asked') === undefined, 'asked gone', 10_000)
  await until(
    async () => {
      const list = await bed.host.docker<{ Names: string[] }[]>('GET', '/containers/json?all=1')
      return list.every(
        ({ Names }) =>
          !String(Names[0]).includes('_forced_') && !String(Names[0]).includes('_asked_'),
      )
    },
    'no container of theirs',
    10_000,
  )
  t.pass('gone')
})

void t.test(
  'the Engine is killed and comes back: the node stays Ready, nothing restarts',
  async t => {
    const before = await containers()
    t.ok(before.length > 0)
    await bed.host.killDocker()
    await bed.create('pods', aPod('after'))
    await bed.host.startDocker()
    await bed.untilPod('after', isReady)
    const node = JSON.stringify(bed.api.get('nodes', 'node-1')?.['status'])
    t.match(node, /"type":"Ready","status":"True"/u)
    const ids = new Set(before.map(({ id }) => id))
    t.same(
      (await containers()).filter(({ id }) => ids.has(id)),
      before,
    )
    t.equal(bed.status('kept').containerStatuses?.[0]?.restartCount, 0)
  },
)

void t.test('a sandbox killed by hand is made anew, and its containers with it', async t => {
  await bed.create('pods', aPod('lost'))
  const before = await bed.untilPod('lost', isReady)
  const list = await bed.host.docker<{ Id: string; Names: string[] }[]>('GET', '/containers/json')
  const sandbox = list.find(({ Names }) => Names[0]?.includes('k8s_POD_lost_') === true)
  await bed.host.docker('POST', `/containers/${sandbox?.Id}/kill`)
  const after = await bed.untilPod(
    'lost',
    status => isReady(status) && status.containerStatuses?.[0]?.restartCount === 1,
  )
  t.equal(after.podIP, before.podIP, 'the address stays')
  t.not(after.containerStatuses?.[0]?.containerID, before.containerStatuses?.[0]?.containerID)
})

void t.test('while the API is away pods run on, and their news arrive later', async t => {
  await bed.create(
    'pods',
    aPod('job', { command: ['sh', '-c', 'sleep 0.5'] }, { restartPolicy: 'Never' }),
  )
  await bed.untilPod('job', ({ phase }) => phase === 'Running')
  bed.api.isDown = true
  await until(
    async () =>
      (await bed.host.docker<{ Names: string[] }[]>('GET', '/containers/json')).every(
        ({ Names }) => !String(Names[0]).includes('k8s_c_job_'),
      ),
    'job ended',
    10_000,
  )
  bed.api.isDown = false
  const status = await bed.untilPod('job', ({ phase }) => phase === 'Succeeded')
  t.match(status.containerStatuses, [{ state: { terminated: { exitCode: 0 } } }])
})

void t.test(
  'the host loses its power: what should run runs again, what was over stays over',
  async t => {
    await bed.create('pods', aPod('over', { command: ['true'] }, { restartPolicy: 'Never' }))
    await bed.create('pods', aPod('once', {}, { restartPolicy: 'Never' }))
    await bed.untilPod('over', ({ phase }) => phase === 'Succeeded')
    await bed.untilPod('once', isReady)
    const kept = bed.status('kept')
    await bed.stopAgent()
    await bed.host.powerOff()
    await bed.host.boot()
    bed.startAgent()
    const after = await bed.untilPod(
      'kept',
      status => isReady(status) && status.containerStatuses?.[0]?.restartCount === 1,
      30_000,
    )
    t.equal(after.podIP, kept.podIP)
    t.equal(after.phase, 'Running')
    t.match(await bed.untilPod('once', ({ phase }) => phase === 'Failed'), {
      containerStatuses: [{ restartCount: 0, state: { terminated: {} } }],
    })
    t.equal(bed.status('over').phase, 'Succeeded')
  },
)
