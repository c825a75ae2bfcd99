/**
 * The whole journey of a user on one host, with a real kubectl and a real Engine started with Docker's defaults:
 * a Deployment and its Service, everything kubectl does with them, what goes wrong the familiar way, and a power cut.
 */
import t from 'tap'
import { clusterFor } from '../support/cluster.ts'
import { until } from '../support/docker-host.ts'
import { answersOf, journeyOn, WEB } from '../support/journey.ts'
import { COMMAND_STEPS } from '../support/journey-commands.ts'

const cluster = await clusterFor(t, 'jrny', async starting => {
  starting.startKites(await starting.addMachine(), ['server'])
  await starting.untilReady(1, 30_000)
})
const journey = journeyOn(cluster)
const { machine, ok, kubectl, column, webPods, aPod, nodePort, nodeUrl, rolledOut } = journey

void t.test(
  'a Deployment of three answers on the node, by its address and by its name',
  async t => {
    t.match(
      ok(['apply', '-f', '-'], { input: WEB }),
      /deployment.apps\/web created\nservice\/web created/,
    )
    t.match(rolledOut(), /deployment "web" successfully rolled out/)
    const pods = webPods().sort()
    t.equal(pods.length, 3)
    t.same(
      await answersOf(() => cluster.curlOutside(nodeUrl()), '1', 3),
      pods,
      'NODE:NODEPORT from outside',
    )
    const clusterIP = ok(['get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}'])
    for (const host of [clusterIP, 'web', 'web.default.svc.cluster.local']) {
      const ask = [
        'exec',
        aPod(),
        '--',
        'sh',
        '-c',
        `for i in 1 2 3 4 5 6 7 8; do wget -q -O - http://${host}:8080/; done`,
      ]
      const said = new Set<string>()
      await until(
        () => {
          for (const line of ok(ask).trim().split('\n')) said.add(line.replace('v1 ', ''))
          return said.size >= 3
        },
        `three pods behind ${host}`,
        15_000,
      )
      t.same([...said].sort(), pods, `from a pod, http://${host}:8080/`)
    }
    t.match(ok(['get', 'deployment', 'web']), /web +3\/3 +3 +3 /)
    t.match(ok(['get', 'endpoints', 'web']), /:80,10\.42\.\d+\.\d+:80/)
    t.match(ok(['get', 'pods', '-o', 'wide']), /1\/1 +Running +0 .* 10\.42\.0\.\d+ +node1 /)
  },
)

void t.test('describe shows what a user looks for', async t => {
  const described = (kind: string, name: string, patterns: readonly RegExp[]): void => {
    const { status, stdout, stderr } = kubectl(['describe', kind, name])
    t.equal(status, 0, `describe ${kind}`)
    t.equal(stderr, '', `describe ${kind} complains of nothing`)
    for (const pattern of patterns) t.match(stdout, pattern, `describe ${kind}: ${String(pattern)}`)
  }
  described('pod', aPod(), [
    /Node: +node1\/172\.30\.0\.11/,
    /Status: +Running/,
    /Controlled By: +ReplicaSet\/web-/,
    /Image: +web:1/,
    /Port: +80\/TCP/,
    /Readiness: +http-get http:\/\/:http\/ delay=0s timeout=1s period=1s #success=1 #failure=3/,
    /ContainersReady +True/,
    /QoS Class: +BestEffort/,
    /Tolerations: +node\.kubernetes\.io\/not-ready:NoExecute op=Exists for 300s/,
    /Scheduled .*Successfully assigned default\/web-/,
    /Pulled .*already present on machine/,
    /Started /,
  ])
  described('node', 'node1', [
    /InternalIP: +172\.30\.0\.11/,
    /Ready +True .*KubeletReady/,
    /MemoryPressure +False/,
    /Container Runtime Version: +docker:\/\//,
    /PodCIDR: +10\.42\.0\.0\/24/,
    /HolderIdentity: +node1/,
    /Capacity:\n +cpu: +\d+/,
    /Non-terminated Pods: +\(3 in total\)/,
    /Allocated resources:/,
  ])
  described('deployment', 'web', [
    /3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable/,
    /StrategyType: +RollingUpdate/,
    /25% max unavailable, 25% max surge/,
    /Available +True +MinimumReplicasAvailable/,
    /Progressing +True +NewReplicaSetAvailable/,
    /NewReplicaSet: +web-[a-z0-9]+ \(3\/3 replicas created\)/,
    /ScalingReplicaSet .*Scaled up replica set web-/,
  ])
  described('service', 'web', [
    /Type: +NodePort/,
    /IP: +10\.43\./,
    /Port: +http +8080\/TCP/,
    /TargetPort: +http\/TCP/,
    /NodePort: +http +3\d{4}\/TCP/,
    /Endpoints: +10\.42\.0\.\d+:80,/,
    /Session Affinity: +None/,
  ])
  described(
    'endpointslice',
    column(['endpointslices', '-l', 'kubernetes.io/service-name=web'], '.metadata.name')[0] ?? '',
    [/http +80 +TCP/, /Ready: +true/],
  )
})

void t.test('scale up and down', async t => {
  t.match(ok(['scale', 'deployment/web', '--replicas=5']), /deployment.apps\/web scaled/)
  rolledOut()
  t.equal(webPods().length, 5)
  await answersOf(() => cluster.curlOutside(nodeUrl()), '1', 5)
  ok(['scale', 'deployment/web', '--replicas=1'])
  await until(() => webPods().length === 1, 'one pod to be left', 20_000)
  t.same(await answersOf(() => cluster.curlOutside(nodeUrl()), '1', 1), webPods())
})

void t.test('set image, history and undo', async t => {
  ok(['scale', 'deployment/web', '--replicas=2'])
  rolledOut()
  ok(['set', 'image', 'deployment/web', 'web=web:2'])
  t.match(rolledOut(), /successfully rolled out/)
  await answersOf(() => cluster.curlOutside(nodeUrl()), '2', 2)
  t.match(
    ok(['rollout', 'history', 'deployment/web']),
    /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/,
  )
  t.match(ok(['rollout', 'history', 'deployment/web', '--revision=2']), /Image:\s+web:2/)
  t.match(ok(['rollout', 'undo', 'deployment/web']), /deployment.apps\/web rolled back/)
  rolledOut()
  await answersOf(() => cluster.curlOutside(nodeUrl()), '1', 2)
  t.match(ok(['rollout', 'history', 'deployment/web']), /CHANGE-CAUSE\n2 +<none>\n3 +<none>/)
  t.same(ok(['get', 'rs', '-l', 'app=web', '--no-headers']).trim().split('\n').length, 2)
})

for (const [title, run] of COMMAND_STEPS) void t.test(title, t => run(t, journey))

void t.test('configuration and secrets as environment and files', async t => {
  ok([
    'create',
    'configmap',
    'settings',
    '--from-literal=color=blue',
    '--from-literal=app.conf=x=1',
  ])
  ok(['create', 'secret', 'generic', 'door', '--from-literal=key=s3cret'])
  const pod = `
apiVersion: v1
kind: Pod
metadata: { name: reader }
spec:
  restartPolicy: Never
  containers:
    - name: c
      image: web:1
      command: [sh, -c, 'echo "$COLOR $DOOR_key"; cat /config/app.conf /secret/key; echo; cat /secret/key | wc -c; ls /var/run/secrets/kubernetes.io/serviceaccount']
      env: [{ name: COLOR, valueFrom: { configMapKeyRef: { name: settings, key: color } } }]
      envFrom: [{ prefix: DOOR_, secretRef: { name: door } }]
      volumeMounts: [{ name: config, mountPath: /config }, { name: secret, mountPath: /secret }]
  volumes:
    - { name: config, configMap: { name: settings } }
    - { name: secret, secret: { secretName: door } }
`.replace(' | wc -c', '')
  ok(['apply', '-f', '-'], { input: pod })
  await cluster.untilKubectl(['get', 'pod', 'reader'], text => text.includes('Completed'))
  t.equal(ok(['logs', 'reader']), 'blue s3cret\nx=1s3cret\ns3cretca.crt\nnamespace\ntoken\n')
})

void t.test('what cannot run says why, in the familiar words', async t => {
  ok(['run', 'crash', '--image=web:1', '--command', '--', 'sh', '-c', 'echo dying; exit 3'])
  ok(['run', 'pull', '--image=nowhere.invalid/none:1'])
  ok([
    'run',
    'huge',
    '--image=web:1',
    '--overrides={"spec":{"containers":[{"name":"huge","image":"web:1","resources":{"requests":{"cpu":"1000"}}}]}}',
  ])
  const status = (name: string, pattern: RegExp, timeoutMs = 20_000): Promise<void> =>
    cluster.untilKubectl(
      ['get', 'pod', name, '--no-headers'],
      text => pattern.test(text),
      timeoutMs,
    )
  await status('pull', /ErrImagePull|ImagePullBackOff/)
  await status('pull', /pull +0\/1 +ImagePullBackOff +0 /)
  await status('huge', /huge +0\/1 +Pending +0 /)
  await status('crash', /crash +0\/1 +CrashLoopBackOff +[1-9]/, 30_000)
  const crash = ok(['describe', 'pod', 'crash'])
  t.match(crash, /State: +Waiting\n +Reason: +CrashLoopBackOff/)
  t.match(crash, /Last State: +Terminated\n +Reason: +Error\n +Exit Code: +3/)
  t.match(crash, /BackOff .*Back-off restarting failed container crash in pod crash_default\(/)
  t.equal(ok(['logs', 'crash', '--previous']), 'dying\n')
  const message = 'jsonpath={.status.containerStatuses[0].state.waiting.message}'
  t.match(
    ok(['get', 'pod', 'crash', '-o', message]),
    /^back-off \d+s restarting failed container=crash pod=crash_default\(/,
  )
  const pull = ok(['describe', 'pod', 'pull'])
  t.match(pull, /Failed .*Failed to pull image "nowhere\.invalid\/none:1": /)
  t.match(pull, /Failed .*Error: ErrImagePull/)
  t.match(pull, /BackOff .*Back-off pulling image "nowhere\.invalid\/none:1"/)
  t.match(
    ok(['describe', 'pod', 'huge']),
    /FailedScheduling .*0\/1 nodes are available: 1 Insufficient cpu\./,
  )
  t.match(
    ok([
      'get',
      'pod',
      'huge',
      '-o',
      'jsonpath={.status.conditions[?(@.type=="PodScheduled")].reason}',
    ]),
    'Unschedulable',
  )
  ok(['delete', 'pod', 'crash', 'pull', 'huge', 'reader', '--grace-period=1'])
})

void t.test('after a power cut everything is back', async t => {
  ok(['scale', 'deployment/web', '--replicas=3'])
  rolledOut()
  const before = { port: nodePort(), pods: webPods().sort() }
  await cluster.reboot(machine)
  cluster.startKites(machine, ['server'])
  await cluster.untilReady(1, 30_000)
  rolledOut()
  t.same(webPods().sort(), before.pods, 'the same pods')
  t.same(
    await answersOf(
      () => cluster.curlOutside(`http://${machine.host.address}:${before.port}/`),
      '1',
      3,
    ),
    before.pods,
  )
  t.match(ok(['exec', aPod(), '--', 'wget', '-q', '-O', '-', 'http://web:8080/']), /^v1 web-/)
  t.match(
    ok(['get', 'pods', '-l', 'app=web']),
    /1\/1 +Running +1 \(\d+s ago\)/,
    'restarts are counted',
  )
})

void t.test('delete takes everything away', async t => {
  const port = nodePort()
  t.match(
    ok(['delete', 'deployment/web', 'service/web']),
    /deployment.apps "web" deleted[^]*service "web" deleted/,
  )
  await until(() => webPods().length === 0, 'the pods to go', 20_000)
  t.equal(column(['rs', '-l', 'app=web'], '.metadata.name').length, 0)
  t.equal(
    column(['endpointslices', '-l', 'kubernetes.io/service-name=web'], '.metadata.name').length,
    0,
  )
  await until(
    () => cluster.curlOutside(`http://${machine.host.address}:${port}/`) === '',
    'the node port to close',
    5000,
  )
  let left: unknown[] = []
  await until(
    async () => {
      left = await machine.host.docker<unknown[]>('GET', '/containers/json?all=1')
      return left.length === 0
    },
    'the Engine to be empty',
    10_000,
  ).catch(() => undefined)
  t.same(left, [], 'nothing is left in the Engine')
})

void t.test('the log tells of no error', async t => {
  const lines = cluster.log(machine, 'server').split('\n')
  t.same(
    lines.filter(line => line.includes('"level":"error"') || /^\s+at /.test(line)),
    [],
  )
})
