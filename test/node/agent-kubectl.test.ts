/** The agent behind the real API server, used with the real kubectl: the whole way but the tunnel. */
import { Duplex, PassThrough } from 'node:stream'
import t from 'tap'
import type { NodeConnector } from '#client/node-api.ts'
import { ADMIN, startApi } from '../component/api-fixture.ts'
import { AgentBed, OBEDIENT } from '../support/agent-bed.ts'

const bed = await AgentBed.start()
/** The tunnel's two ends without the tunnel. */
const nodes: NodeConnector = {
  request: (_node, request, signal) => bed.handler.request(request, signal),
  connect: async (_node, request, signal) => {
    const serve = await bed.handler.connect(request)
    const there = new PassThrough()
    const back = new PassThrough()
    void serve(Duplex.from({ readable: there, writable: back }), signal)
    return Duplex.from({ readable: back, writable: there })
  },
}
const api = await startApi({ nodes })
bed.startAgent(api.api.local({ ...ADMIN, name: 'system:node:node-1' }))
t.teardown(async () => {
  await bed.close()
  await api.close()
})

const kubectl = async (...args: string[]) => {
  const ran = await api.kubectl(args)
  return { ...ran, text: ran.stdout + ran.stderr }
}

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    nodeName: 'node-1',
    containers: [
      {
        name: 'c',
        image: 'busybox:local',
        imagePullPolicy: 'IfNotPresent',
        command: ['sh', '-c', `echo hello; ${OBEDIENT}`],
        volumeMounts: [{ name: 'cm', mountPath: '/cm' }],
        readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 },
      },
    ],
    volumes: [{ name: 'cm', configMap: { name: 'settings' } }],
  },
}

void t.test('a pod as users know it', async t => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }
  const settings = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { key: 'value' },
  }
  await api.kubectl(['apply', '-f', '-'], JSON.stringify(namespace))
  t.match(await api.kubectl(['apply', '-f', '-'], JSON.stringify(settings)), { code: 0 })
  t.match(await api.kubectl(['apply', '-f', '-'], JSON.stringify(POD)), { code: 0 })
  t.match(await kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=15s'), { code: 0 })
  t.match(
    (await kubectl('get', 'pod', 'web', '-o', 'wide', '--no-headers')).text,
    /^web +1\/1 +Running +0 +\S+ +10\.42\.0\.\d+ +node-1 /u,
  )
  t.match(
    (await kubectl('get', 'nodes', '--no-headers')).text,
    /^node-1 +Ready +<none> +\S+ +v1\.36/u,
  )
  t.equal((await kubectl('logs', 'web')).stdout, 'hello\n')
  t.match(await kubectl('exec', 'web', '--', 'cat', '/cm/key'), { code: 0, stdout: 'value' })
  const failed = await kubectl('exec', 'web', '--', 'sh', '-c', 'exit 3')
  t.equal(failed.code, 3)
  t.match(failed.stderr, /command terminated with exit code 3/u)
  t.match(await api.kubectl(['exec', '-i', 'web', '--', 'cat'], 'typed'), {
    code: 0,
    stdout: 'typed',
  })
  const described = (await kubectl('describe', 'pod', 'web')).text
  for (const reason of ['Pulled', 'Created', 'Started'])
    t.match(described, new RegExp(`Normal +${reason} +.*kubelet`, 'u'))
  t.match(await kubectl('delete', 'pod', 'web', '--timeout=10s'), { code: 0 })
  t.match(await kubectl('get', 'pod', 'web'), { code: 1 })
})
