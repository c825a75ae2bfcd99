/** Pods on a real Engine, from the object to the container and back. */
import { Duplex, PassThrough } from 'node:stream'
import t from 'tap'
import { CHANNEL, encodeFrame, FrameReader } from '#client/node-api.ts'
import { AgentBed, aPod, isReady, OBEDIENT } from '../support/agent-bed.ts'
import { until } from '../support/docker-host.ts'

const bed = await AgentBed.start()
bed.startAgent()
t.teardown(() => bed.close())

void t.test('the node registers, says what it is, and keeps its lease', async t => {
  await until(() => bed.api.get('nodes', 'node-1')?.['status'] !== undefined, 'node status', 10_000)
  const node = bed.api.get('nodes', 'node-1')
  t.match(node, {
    metadata: { labels: { 'kubernetes.io/hostname': 'node-1', 'kubernetes.io/os': 'linux' } },
    status: {
      addresses: [
        { type: 'InternalIP', address: '172.30.0.1' },
        { type: 'Hostname', address: 'node-1' },
      ],
      capacity: { pods: '110' },
      nodeInfo: { containerRuntimeVersion: /^docker:\/\/\d/u, kubeletVersion: /^v1\.36/u },
    },
  })
  t.match(JSON.stringify(node), /"type":"Ready","status":"True","reason":"KubeletReady"/u)
  await until(() => bed.api.get('leases', 'node-1') !== undefined, 'lease', 5000)
  t.match(bed.api.get('leases', 'node-1'), {
    spec: { holderIdentity: 'node-1', leaseDurationSeconds: 40 },
  })
})

void t.test('a pod runs, reports, and goes at once when its program obeys', async t => {
  const startedMs = performance.now()
  await bed.create('pods', aPod('web'))
  const status = await bed.untilPod('web', isReady)
  t.comment(`create to Ready ${Math.round(performance.now() - startedMs)} ms`)
  t.match(status, {
    phase: 'Running',
    podIP: /^10\.42\.0\.\d+$/u,
    hostIP: '172.30.0.1',
    qosClass: 'BestEffort',
    containerStatuses: [
      {
        name: 'c',
        ready: true,
        started: true,
        restartCount: 0,
        containerID: /^docker:\/\/[0-9a-f]{64}$/u,
        imageID: /^docker:\/\/sha256:/u,
      },
    ],
  })
  t.same(
    status.conditions?.map(({ type, status: value }) => `${type}=${value}`),
    [
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ],
  )
  const deletedMs = performance.now()
  await bed.delete('pods', 'web')
  await until(() => bed.api.get('pods', 'web') === undefined, 'pod gone', 10_000)
  t.comment(`delete to gone ${Math.round(performance.now() - deletedMs)} ms`)
  const left = await bed.host.docker<unknown[]>('GET', '/containers/json?all=1')
  t.same(left, [], 'nothing is left in the engine')
  t.same(bed.events('web'), [
    'Pulled: Container image "busybox:local" already present on machine and can be accessed by the pod',
    'Created: Container created',
    'Started: Container started',
    'Killing: Stopping container c',
  ])
})

void t.test('environment, arguments, names and files are as the pod says', async t => {
  await bed.create('configmaps', {
    metadata: { name: 'settings' },
    data: { color: 'blue', 'app.conf': 'x=1\n' },
  })
  await bed.create('secrets', {
    metadata: { name: 'door' },
    data: { key: Buffer.from('s3cret').toString('base64') },
  })
  await bed.create(
    'pods',
    aPod(
      'env',
      {
        command: [
          'sh',
          '-c',
          'env; id -u; hostname; echo "arg $0"; cat /etc/hosts /etc/resolv.conf; cat /cm/app.conf /sec/key /tok/token /dw/labels; stat -Lc %a /sec/key; echo bye > /dev/termination-log; sleep 1000',
          '$(BOTH)-$$(BOTH)-$(NO)',
        ],
        envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'CM_' }],
        env: [
          { name: 'A', value: '1' },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          {
            name: 'CPU',
            valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } },
          },
          { name: 'KEY', valueFrom: { secretKeyRef: { name: 'door', key: 'key' } } },
          { name: 'BOTH', value: '$(A)+$(POD)' },
        ],
        // As the API server completes it.
        resources: {
          requests: { cpu: '250m', memory: '64Mi' },
          limits: { cpu: '250m', memory: '64Mi' },
        },
        securityContext: { runAsUser: 1000, runAsGroup: 1000 },
        volumeMounts: [
          { name: 'cm', mountPath: '/cm' },
          { name: 'sec', mountPath: '/sec' },
          { name: 'tok', mountPath: '/tok' },
          { name: 'dw', mountPath: '/dw' },
          { name: 'scratch', mountPath: '/scratch' },
        ],
      },
      {
        securityContext: { fsGroup: 2000 },
        volumes: [
          {
            name: 'cm',
            configMap: { name: 'settings', items: [{ key: 'app.conf', path: 'app.conf' }] },
          },
          { name: 'sec', secret: { secretName: 'door', defaultMode: 0o400 } },
          {
            name: 'tok',
            projected: {
              sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }],
            },
          },
          {
            name: 'dw',
            downwardAPI: {
              items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }],
            },
          },
          { name: 'scratch', emptyDir: {} },
        ],
      },
    ),
  )
  const status = await bed.untilPod('env', isReady)
  await until(async () => (await bed.logs('env')).includes('440'), 'log', 5000)
  const log = await bed.logs('env')
  for (const line of [
    'A=1',
    'POD=env',
    `IP=${status.podIP}`,
    'CPU=250',
    'KEY=s3cret',
    'BOTH=1+env',
    'CM_color=blue',
    '1000',
    'arg 1+env-$(BOTH)-$(NO)',
    `${status.podIP}\tenv`,
    'nameserver 10.43.0.10',
    'search default.svc.cluster.local svc.cluster.local cluster.local',
    'options ndots:5',
    'x=1',
    's3crettoken-1app="env"440',
  ]) {
    t.ok(
      log.split('\n').some(found => found === line || found.startsWith(line)),
      line,
    )
  }
  t.equal(status.qosClass, 'Guaranteed')

  void t.test('a mounted ConfigMap follows its object', async t => {
    await bed.api.request({
      method: 'PATCH',
      path: '/api/v1/namespaces/default/configmaps/settings',
      body: { data: { 'app.conf': 'x=2\n' } },
    })
    await until(
      async () => (await exec('env', ['cat', '/cm/app.conf'])).stdout === 'x=2\n',
      'new content',
      10_000,
    )
    t.pass('swapped')
  })

  void t.test('exec tells exit codes and separates outputs', async t => {
    const result = await exec('env', ['sh', '-c', 'echo out; echo err >&2; cat; exit 3'], 'typed')
    t.equal(result.stdout, 'out\ntyped')
    t.equal(result.stderr, 'err\n')
    t.match(result.status, {
      status: 'Failure',
      reason: 'NonZeroExitCode',
      message: 'command terminated with exit code 3',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    })
    t.match((await exec('env', ['true'])).status, { status: 'Success' })
  })

  void t.test('logs know tail, limit and time stamps', async t => {
    t.equal(await bed.logs('env', 'limitBytes=5'), log.slice(0, 5))
    t.equal((await bed.logs('env', 'tailLines=1')).split('\n').length, 2)
    t.match(await bed.logs('env', 'timestamps=true&tailLines=1'), /^\d{4}-\d\d-\d\dT[\d:.]+Z /u)
    await t.rejects(bed.logs('env', 'previous=true'), {
      message: 'previous terminated container "c" in pod "env" not found',
    })
    await t.rejects(bed.logs('nobody'), { message: 'pods "nobody" not found' })
  })
  await bed.delete('pods', 'env', { gracePeriodSeconds: 1 })
  await until(() => bed.api.get('pods', 'env') === undefined, 'gone after its grace', 10_000)
})

void t.test('init containers run in order before the others', async t => {
  await bed.create(
    'pods',
    aPod(
      'init',
      {
        command: ['sh', '-c', `cat /data/log; ${OBEDIENT}`],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
      {
        volumes: [{ name: 'data', emptyDir: {} }],
        initContainers: ['one', 'two'].map(name => ({
          name,
          image: 'busybox:local',
          imagePullPolicy: 'Never',
          command: ['sh', '-c', `echo ${name} >> /data/log`],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        })),
      },
    ),
  )
  const status = await bed.untilPod('init', isReady)
  await until(async () => (await bed.logs('init')) === 'one\ntwo\n', 'order', 5000)
  t.match(status.initContainerStatuses, [
    { name: 'one', ready: true, state: { terminated: { reason: 'Completed' } } },
    { name: 'two' },
  ])
  await bed.delete('pods', 'init')
})

void t.test('jobs end: Never gives Succeeded or Failed, with the last words', async t => {
  await bed.create(
    'pods',
    aPod(
      'good',
      { command: ['sh', '-c', 'echo fine > /dev/termination-log'] },
      { restartPolicy: 'Never' },
    ),
  )
  await bed.create(
    'pods',
    aPod(
      'bad',
      {
        command: ['sh', '-c', 'echo oh no; exit 7'],
        terminationMessagePolicy: 'FallbackToLogsOnError',
      },
      { restartPolicy: 'Never' },
    ),
  )
  const good = await bed.untilPod('good', ({ phase }) => phase === 'Succeeded')
  t.match(good.containerStatuses, [
    { state: { terminated: { exitCode: 0, reason: 'Completed', message: 'fine\n' } } },
  ])
  const bad = await bed.untilPod('bad', ({ phase }) => phase === 'Failed')
  t.match(bad.containerStatuses, [
    { state: { terminated: { exitCode: 7, reason: 'Error', message: 'oh no\n' } } },
  ])
  t.equal(await bed.logs('bad'), 'oh no\n')
  t.match(
    bad.conditions,
    bad.conditions?.map(({ type }) =>
      type === 'Ready' ? { status: 'False', reason: 'PodFailed' } : { type },
    ),
  )
  await bed.delete('pods', 'good')
  await bed.delete('pods', 'bad')
  await until(
    () => bed.api.get('pods', 'bad') === undefined && bed.api.get('pods', 'good') === undefined,
    'gone',
    5000,
  )
})

void t.test('a crashing container restarts once at once and then backs off', async t => {
  await bed.create('pods', aPod('crash', { command: ['sh', '-c', 'exit 1'] }))
  const status = await bed.untilPod(
    'crash',
    ({ containerStatuses }) => containerStatuses?.[0]?.state.waiting?.reason === 'CrashLoopBackOff',
  )
  t.match(status.containerStatuses, [
    {
      restartCount: 1,
      state: {
        waiting: { message: /^back-off 10s restarting failed container=c pod=crash_default\(/u },
      },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    },
  ])
  t.equal(status.phase, 'Running')
  await until(
    () =>
      bed
        .events('crash')
        .some(event =>
          event.startsWith('BackOff: Back-off restarting failed container c in pod crash_default('),
        ),
    'event',
    5000,
  )
  await bed.delete('pods', 'crash')
})

void t.test('what cannot start says why', async t => {
  await bed.create(
    'pods',
    aPod('noimage', { image: 'nowhere.invalid/x:1', imagePullPolicy: 'Never' }),
  )
  await bed.create(
    'pods',
    aPod('nokey', {
      env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'absent', key: 'k' } } }],
    }),
  )
  await bed.create(
    'pods',
    aPod('noprogram', { command: ['/no/such/program'] }, { restartPolicy: 'Never' }),
  )
  await bed.create(
    'pods',
    aPod(
      'novolume',
      {},
      { volumes: [{ name: 'v', hostPath: { path: '/dev/null', type: 'Directory' } }] },
    ),
  )
  const waiting = (name: string, reason: string) =>
    bed.untilPod(
      name,
      ({ containerStatuses }) => containerStatuses?.[0]?.state.waiting?.reason === reason,
    )
  await waiting('noimage', 'ErrImageNeverPull')
  const key = await waiting('nokey', 'CreateContainerConfigError')
  t.equal(key.containerStatuses?.[0]?.state.waiting?.message, 'configmap "absent" not found')
  const program = await bed.untilPod('noprogram', ({ phase }) => phase === 'Failed')
  t.match(program.containerStatuses, [
    {
      state: {
        terminated: { exitCode: 128, reason: 'StartError', message: /no such file or directory/u },
      },
    },
  ])
  await until(
    () =>
      bed
        .events('novolume')
        .includes(
          'FailedMount: MountVolume.SetUp failed for volume "v" : hostPath type check failed: /dev/null is not a directory',
        ),
    'event',
    5000,
  )
  await bed.create('configmaps', { metadata: { name: 'absent' }, data: { k: 'v' } })
  await bed.untilPod('nokey', isReady)
  for (const name of ['noimage', 'nokey', 'noprogram', 'novolume']) await bed.delete('pods', name)
  await until(
    () =>
      ['noimage', 'nokey', 'noprogram', 'novolume'].every(
        name => bed.api.get('pods', name) === undefined,
      ),
    'all gone',
    10_000,
  )
})

void t.test('probes decide on readiness and restarts', async t => {
  await bed.create(
    'pods',
    aPod('probe', {
      command: ['sh', '-c', `touch /tmp/live; ${OBEDIENT}`],
      readinessProbe: {
        exec: { command: ['test', '-f', '/tmp/ready'] },
        periodSeconds: 1,
        failureThreshold: 1,
      },
      livenessProbe: {
        exec: { command: ['test', '-f', '/tmp/live'] },
        periodSeconds: 1,
        failureThreshold: 1,
      },
      startupProbe: { exec: { command: ['true'] }, periodSeconds: 1 },
    }),
  )
  const before = await bed.untilPod(
    'probe',
    ({ containerStatuses }) => containerStatuses?.[0]?.started === true,
  )
  t.equal(isReady(before), false)
  await exec('probe', ['touch', '/tmp/ready'])
  await bed.untilPod('probe', isReady)
  await exec('probe', ['rm', '/tmp/ready'])
  await bed.untilPod('probe', status => !isReady(status))
  await exec('probe', ['rm', '/tmp/live'])
  await bed.untilPod('probe', ({ containerStatuses }) => containerStatuses?.[0]?.restartCount === 1)
  await until(
    () =>
      bed.events('probe').includes('Killing: Container c failed liveness probe, will be restarted'),
    'event',
    5000,
  )
  t.ok(bed.events('probe').some(event => event.startsWith('Unhealthy: Readiness probe failed:')))
  await bed.delete('pods', 'probe')
})

void t.test('a program that ignores TERM is killed after its grace', async t => {
  await bed.create(
    'pods',
    aPod('stubborn', { command: ['sh', '-c', 'trap "" TERM; while true; do sleep 0.05; done'] }),
  )
  await bed.untilPod('stubborn', isReady)
  const startedMs = performance.now()
  await bed.delete('pods', 'stubborn', { gracePeriodSeconds: 1 })
  await until(() => bed.api.get('pods', 'stubborn') === undefined, 'gone', 10_000)
  const tookMs = performance.now() - startedMs
  t.ok(tookMs > 900, `${tookMs}`)
})

async function exec(
  pod: string,
  command: readonly string[],
  input = '',
): Promise<{ stdout: string; stderr: string; status: unknown }> {
  const query = new URLSearchParams({
    output: '1',
    error: '1',
    ...(input === '' ? {} : { input: '1' }),
  })
  for (const word of command) query.append('command', word)
  const serve = await bed.handler.connect({
    method: 'POST',
    path: `/exec/default/${pod}/c?${query.toString()}`,
    headers: {},
  })
  const { near, far } = duplexPair()
  const served = serve(far, AbortSignal.timeout(10_000))
  const output: Record<number, string> = {}
  const reader = new FrameReader()
  near.on('data', (chunk: Buffer) => {
    for (const { channel, payload } of reader.push(chunk))
      output[channel] = (output[channel] ?? '') + payload.toString('utf8')
  })
  if (input !== '') {
    near.write(encodeFrame(CHANNEL.stdin, Buffer.from(input)))
    near.write(encodeFrame(CHANNEL.close, Buffer.from([CHANNEL.stdin])))
  }
  await served
  await until(() => output[CHANNEL.error] !== undefined, 'status', 5000)
  return {
    stdout: output[CHANNEL.stdout] ?? '',
    stderr: output[CHANNEL.stderr] ?? '',
    status: JSON.parse(output[CHANNEL.error] ?? '{}'),
  }
}

function duplexPair() {
  const there = new PassThrough()
  const back = new PassThrough()
  return {
    near: Duplex.from({ readable: back, writable: there }),
    far: Duplex.from({ readable: there, writable: back }),
  }
}
