/** The API as the real kubectl uses it. */
import { PassThrough, Duplex } from 'node:stream'
import t from 'tap'
import { CHANNEL, encodeFrame, type NodeConnector } from '#client/node-api.ts'
import { echoNodes, startApi } from './api-fixture.ts'

/** A node whose exec prints, succeeds, and ends. */
const nodes: NodeConnector = {
  ...echoNodes(),
  connect: async () => {
    const out = new PassThrough()
    out.write(encodeFrame(CHANNEL.stdout, Buffer.from('hello from the node\n')))
    out.write(encodeFrame(CHANNEL.error, Buffer.from('{"metadata":{},"status":"Success"}')))
    out.end()
    return Duplex.from({ readable: out, writable: new PassThrough() })
  },
}

const fixture = await startApi({ nodes })
t.teardown(() => fixture.close())

const manifest = (replicas: number): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'nginx', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
      },
    },
  })

interface Step {
  readonly name: string
  readonly args: string
  readonly input?: string
  readonly code?: number
  readonly stdout?: RegExp
  readonly stderr?: RegExp
}

const POD = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'solo' },
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'busybox' }] },
})

const STEPS: readonly Step[] = [
  { name: 'version', args: 'version', stdout: /Server Version: v1\.36\.\d+\+kites1/ },
  {
    name: 'create a namespace',
    args: 'create namespace default',
    stdout: /namespace\/default created/,
  },
  {
    name: 'api-resources',
    args: 'api-resources',
    stdout: /deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/,
  },
  { name: 'api-versions', args: 'api-versions', stdout: /^apps\/v1$/m },
  { name: 'apply', args: 'apply -f -', input: manifest(2), stdout: /deployment.apps\/web created/ },
  { name: 'apply again', args: 'apply -f -', input: manifest(2), stdout: /unchanged/ },
  { name: 'apply a change', args: 'apply -f -', input: manifest(3), stdout: /configured/ },
  {
    name: 'apply on the server side',
    args: 'apply --server-side -f -',
    input: manifest(3),
    stdout: /serverside-applied/,
  },
  { name: 'diff on the server side', args: 'diff -f -', input: manifest(3) },
  {
    name: 'get',
    args: 'get deployments',
    stdout: /NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +0\/3/,
  },
  { name: 'get as JSON', args: 'get deploy web -o jsonpath={.spec.replicas}', stdout: /^3$/ },
  { name: 'get by label', args: 'get deploy -l app=web -o name', stdout: /deployment.apps\/web/ },
  { name: 'describe', args: 'describe deploy web', stdout: /Replicas:\s+3 desired/ },
  {
    name: 'strategic patch',
    args: 'patch deploy web -p {"spec":{"replicas":4}}',
    stdout: /patched/,
  },
  {
    name: 'merge patch',
    args: 'patch deploy web --type=merge -p {"spec":{"replicas":5}}',
    stdout: /patched/,
  },
  {
    name: 'JSON patch',
    args: 'patch deploy web --type=json -p [{"op":"replace","path":"/spec/replicas","value":6}]',
    stdout: /patched/,
  },
  { name: 'scale', args: 'scale deploy web --replicas=1', stdout: /scaled/ },
  { name: 'set image', args: 'set image deploy/web nginx=nginx:2', stdout: /image updated/ },
  { name: 'label', args: 'label deploy web tier=front', stdout: /labeled/ },
  { name: 'annotate', args: 'annotate deploy web note=hi', stdout: /annotated/ },
  {
    name: 'expose (protobuf body)',
    args: 'expose deploy web --port=80 --type=NodePort',
    stdout: /service\/web exposed/,
  },
  { name: 'get services', args: 'get svc web -o jsonpath={.spec.clusterIP}', stdout: /^10\.43\./ },
  {
    name: 'create a secret (protobuf body)',
    args: 'create secret generic s --from-literal=k=v',
    stdout: /secret\/s created/,
  },
  {
    name: 'create a deployment (protobuf body)',
    args: 'create deployment two --image=busybox -- sleep 1',
    stdout: /created/,
  },
  {
    name: 'create a service account',
    args: 'create sa bot',
    stdout: /serviceaccount\/bot created/,
  },
  { name: 'create a token', args: 'create token bot', stdout: /default:bot/ },
  {
    name: 'create a role (protobuf body)',
    args: 'create role r --verb=get --resource=pods',
    stdout: /role.rbac.authorization.k8s.io\/r created/,
  },
  { name: 'auth can-i', args: 'auth can-i create pods', stdout: /yes/ },
  { name: 'auth whoami', args: 'auth whoami', stdout: /admin/ },
  {
    name: 'impersonation',
    args: 'auth whoami --as=eve --as-group=system:masters',
    stdout: /eve/,
  },
  {
    name: 'explain',
    args: 'explain deployment.spec.replicas',
    stdout: /FIELD: replicas <integer>/,
  },
  {
    name: 'unknown field',
    args: 'apply -f -',
    input: manifest(1).replace('"replicas"', '"replicaz"'),
    code: 1,
    stderr: /unknown field "spec.replicaz"/,
  },
  {
    name: 'dry run',
    args: 'create configmap dry --from-literal=a=b --dry-run=server',
    stdout: /created \(server dry run\)/,
  },
  {
    name: 'not found',
    args: 'get configmap dry',
    code: 1,
    stderr: /Error from server \(NotFound\): configmaps "dry" not found/,
  },
  { name: 'create a pod', args: 'create -f -', input: POD, stdout: /pod\/solo created/ },
  { name: 'logs', args: 'logs solo', stdout: /^line one\nline two\n$/ },
  { name: 'exec over WebSocket', args: 'exec solo -- echo', stdout: /^hello from the node\n$/ },
  {
    name: 'wait',
    args: 'wait pod/solo --for=jsonpath={.status.phase}=Pending --timeout=5s',
    stdout: /condition met/,
  },
  { name: 'events', args: 'get events', stderr: /No resources found/ },
  { name: 'raw', args: 'get --raw /readyz', stdout: /^ok$/ },
  {
    name: 'delete and wait',
    args: 'delete deploy web two',
    stdout: /deployment.apps "web" deleted/,
  },
  { name: 'delete all', args: 'delete configmap,secret --all', stdout: /secret "s" deleted/ },
  {
    name: 'force delete',
    args: 'delete pod solo --force --grace-period=0',
    stdout: /force deleted/,
  },
]

for (const step of STEPS) {
  void t.test(step.name, async t => {
    const ran = await fixture.kubectl(step.args.split(' '), step.input)
    const told = { args: step.args, stderr: ran.stderr, stdout: ran.stdout }
    t.equal(ran.code, step.code ?? 0, step.name, told)
    if (step.stdout !== undefined) t.match(ran.stdout, step.stdout, 'stdout', told)
    if (step.stderr !== undefined) t.match(ran.stderr, step.stderr, 'stderr', told)
  })
}
