/**
 * The official JavaScript client against a real server over HTTPS: pages, watches, informers, and everything that
 * streams to and from a pod of a played node.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import {
  Attach,
  CoreV1Api,
  Cp,
  Exec,
  KubeConfig,
  type KubernetesObject,
  ListWatch,
  Log,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  type V1ConfigMap,
  Watch,
} from '@kubernetes/client-node'
import { connectRaw, echoNodes, startApi } from './api-fixture.ts'
import { until } from './control-fixture.ts'
import { running, startStreams } from './streams-fixture.ts'

const CHANGES_KEPT = 20
const nodes = echoNodes()
const fixture = await startApi({
  nodes,
  window: { bytes: 1024 * 1024, changes: CHANGES_KEPT, flightBytes: 1024 * 1024 },
})
const streams = await startStreams()
t.teardown(() => Promise.all([fixture.close(), streams.close()]))
const raw = connectRaw(fixture)
for (const name of ['pages', 'informed'])
  await raw.send('POST', '/api/v1/namespaces', { metadata: { name } })
raw.close()

const configOf = (file: string): KubeConfig => {
  const config = new KubeConfig()
  config.loadFromFile(file)
  return config
}
const config = configOf(fixture.kubeconfig)
const core = config.makeApiClient(CoreV1Api)
const labels = { app: 'one' }
const podSpec = { containers: [{ name: 'c', image: 'i' }] }

void t.test('pages and field selectors', async t => {
  const namespace = 'pages'
  const names = Array.from({ length: 10 }, (_, index) => `page-${index}`)
  for (const name of names)
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } })
  const found: unknown[] = []
  let _continue: string | undefined
  do {
    const page = await core.listNamespacedConfigMap({
      namespace,
      limit: 4,
      ...(_continue === undefined ? {} : { _continue }),
    })
    found.push(...page.items.map(({ metadata }) => metadata?.name))
    _continue = page.metadata?._continue
    t.equal(page.metadata?.remainingItemCount ?? 0, names.length - found.length)
  } while (_continue !== undefined && _continue !== '')
  t.strictSame(found, names)
  const nodeName = 'node-9'
  await core.createNamespacedPod({
    namespace,
    body: { metadata: { name: 'placed' }, spec: { ...podSpec, nodeName } },
  })
  await core.createNamespacedPod({
    namespace,
    body: { metadata: { name: 'free' }, spec: podSpec },
  })
  const pods = await core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${nodeName}` })
  t.strictSame(
    pods.items.map(({ metadata }) => metadata?.name),
    ['placed'],
  )
  await t.rejects(core.listNamespacedPod({ namespace, fieldSelector: 'spec.image=i' }), {
    code: 400,
  })
  const gone = await core.deleteCollectionNamespacedConfigMap({
    namespace,
    fieldSelector: 'metadata.name!=page-0',
  })
  t.equal(gone.status ?? 'Success', 'Success')
  t.equal((await core.listNamespacedConfigMap({ namespace })).items.length, 1)
})

interface Seen {
  readonly type: string
  readonly object: KubernetesObject
}

void t.test('a watch: what is there, its end, and what comes', async t => {
  const seen: Seen[] = []
  const ended: unknown[] = []
  const watch = await new Watch(config).watch(
    '/api/v1/namespaces/pages/pods',
    {
      allowWatchBookmarks: true,
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      fieldSelector: 'metadata.name=free',
    },
    (type, object: KubernetesObject) => seen.push({ type, object }),
    error => ended.push(error),
  )
  await until('the initial events', async () => seen.length >= 2)
  t.strictSame(
    seen.map(({ type }) => type),
    ['ADDED', 'BOOKMARK'],
  )
  t.match(seen[1]?.object.metadata?.annotations, { 'k8s.io/initial-events-end': 'true' })
  await core.deleteNamespacedPod({ namespace: 'pages', name: 'placed' })
  await core.deleteNamespacedPod({ namespace: 'pages', name: 'free' })
  await until('the deletion', async () => seen.length >= 3)
  t.match(seen[2], { type: 'DELETED', object: { metadata: { name: 'free' } } })
  watch.abort()
  await until('the end', async () => ended.length === 1)
  const refused: unknown[] = []
  await new Watch(config).watch(
    '/api/v1/pods',
    { resourceVersion: 'x' },
    () => {},
    error => refused.push(error),
  )
  t.match(refused, [{ statusCode: 400 }])
})

/** A watch whose first requests are changed on their way. */
class ChangedWatch extends Watch {
  readonly #changes: Record<string, string | number>[]
  readonly asked: (string | undefined)[] = []

  constructor(config: KubeConfig, changes: readonly Record<string, string | number>[]) {
    super(config)
    this.#changes = [...changes]
  }

  override watch(
    ...[path, query, ...rest]: Parameters<Watch['watch']>
  ): ReturnType<Watch['watch']> {
    const change = this.#changes.shift() ?? {}
    this.asked.push(String(query['resourceVersion']))
    return super.watch(path, { ...query, ...change }, ...rest)
  }
}

const namespace = 'informed'
const INFORMED = `/api/v1/namespaces/${namespace}/configmaps`
const listInformed = () => core.listNamespacedConfigMap({ namespace, labelSelector: 'app=one' })
const write = (name: string, more: object = {}) =>
  core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels, ...more } } })
const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)

void t.test('an informer with a label selector', async t => {
  await write('before')
  const informer = makeInformer<V1ConfigMap>(config, INFORMED, listInformed, 'app=one')
  const events: string[] = []
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, object => events.push(`${verb} ${object.metadata?.name ?? ''}`))
  await informer.start()
  t.strictSame(events, ['add before'])
  await write('after')
  await write('unseen', { labels: {} })
  const body = { data: { k: 'v' } }
  await core.patchNamespacedConfigMap({ namespace, name: 'after', body }, merge)
  const away = { metadata: { labels: { app: 'two' } } }
  await core.patchNamespacedConfigMap({ namespace, name: 'after', body: away }, merge)
  await core.deleteNamespacedConfigMap({ namespace, name: 'before' })
  await until('all events', async () => events.length >= 5)
  t.strictSame(events.slice(1), ['add after', 'update after', 'delete after', 'delete before'])
  t.strictSame(informer.list(), [])
  await informer.stop()
})

void t.test('an informer goes on after a closed watch, and lists again after 410', async t => {
  await write('kept')
  for (let count = 0; count < CHANGES_KEPT + 5; count++) {
    const body = { data: { count: String(count) } }
    await core.patchNamespacedConfigMap({ namespace, name: 'kept', body }, merge)
  }
  const watch = new ChangedWatch(config, [{ resourceVersion: '1' }, { timeoutSeconds: 1 }])
  let lists = 0
  const list = () => ((lists += 1), listInformed())
  const delayFn = () => Promise.resolve()
  const informer = new ListWatch<V1ConfigMap>(INFORMED, watch, list, false, 'app=one', undefined, {
    delayFn,
  })
  const errors: unknown[] = []
  informer.on('error', error => errors.push(error))
  await informer.start()
  await until('the second list', async () => lists === 2)
  await until('the third watch', async () => watch.asked.length >= 3)
  await write('late')
  await until('what came late', async () => informer.get('late', namespace) !== undefined)
  t.equal(lists, 2, 'a closed watch goes on from where it was')
  t.strictSame(errors, [])
  await informer.stop()
})

const streaming = configOf(streams.kubeconfig)
const POD = ['default', 'web', 'c'] as const

/** What was written to a stream so far. */
function sink(): { readonly stream: PassThrough; readonly text: () => string } {
  const chunks: string[] = []
  const stream = new PassThrough()
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  return { stream, text: () => chunks.join('') }
}

void t.test('logs', async t => {
  const spec = { ...podSpec, nodeName: 'node-1' }
  const body = { metadata: { name: 'logged' }, spec }
  await core.createNamespacedPod({ namespace: 'pages', body })
  const { stream, text } = sink()
  await new Log(config).log('pages', 'logged', 'c', stream, {
    follow: true,
    tailLines: 2,
    timestamps: true,
  })
  await until('both lines', async () => text() === 'line one\nline two\n')
  const asked = nodes.seen.at(-1) ?? ''
  for (const part of ['follow=true', 'tailLines=2', 'timestamps=true']) t.match(asked, part)
  const missing = new Log(config).log('pages', 'nobody', 'c', new PassThrough())
  await t.rejects(missing, { code: 404 })
  t.equal(
    await core.readNamespacedPodLog({ namespace: 'pages', name: 'logged', container: 'c' }),
    'line one\nline two\n',
  )
})

void t.test('exec and attach', async t => {
  await streams.place(running('web'))
  const [out, err, stdin] = [sink(), sink(), new PassThrough()]
  const ended = new Promise(resolve => {
    const command = ['sh', '-c', 'cat; echo err >&2; exit 4']
    void new Exec(streaming).exec(...POD, command, out.stream, err.stream, stdin, false, resolve)
  })
  stdin.end('through')
  t.match(await ended, { reason: 'NonZeroExitCode', details: { causes: [{ message: '4' }] } })
  t.equal(out.text(), 'through')
  t.equal(err.text(), 'err\n')
  const unknown = new Exec(streaming).exec('default', 'no', 'c', ['true'], null, null, null, false)
  await t.rejects(unknown)
  const attached = sink()
  const typed = new PassThrough()
  const attach = new Attach(streaming)
  const socket = await attach.attach(...POD, attached.stream, null, typed, false)
  typed.write('typed')
  await until('the echo', async () => attached.text() === 'attached\ntyped')
  socket.close()
})

void t.test('cp', async t => {
  const [here, there, back] = ['here', 'there', 'back'].map(name => join(streams.directory, name))
  for (const path of [here, there, back]) mkdirSync(path ?? '')
  const text = 'x'.repeat(300_000)
  writeFileSync(join(here ?? '', 'file'), text)
  const cp = new Cp(streaming)
  const holds = (path = ''): boolean => readFileSync(join(path, 'file'), 'utf8') === text
  await cp.cpToPod(...POD, here ?? '', there ?? '')
  await until('the file in the pod', async () => holds(there))
  await cp.cpFromPod(...POD, 'file', back ?? '', there)
  await until('the file back here', async () => holds(back))
  t.pass('the same both ways')
})

void t.test('port-forward to a pod and through a service', async t => {
  const server = createServer((request, response) => response.end(`served ${request.url ?? ''}`))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
  const forward = new PortForward(streaming)
  const [direct, input] = [sink(), new PassThrough()]
  await forward.portForward('default', 'web', [port], direct.stream, null, input)
  input.write(ask('/pod'))
  await until('the answer', async () => direct.text().includes('served /pod'))
  const ready = running('ready', { conditions: [{ type: 'Ready', status: 'True' }] })
  const labelled = { ...ready, metadata: { ...ready.metadata, labels } }
  await streams.place(labelled)
  await streaming.makeApiClient(CoreV1Api).createNamespacedService({
    namespace: 'default',
    body: { metadata: { name: 'svc' }, spec: { selector: labels, ports: [{ port: 80 }] } },
  })
  const [through, more] = [sink(), new PassThrough()]
  await forward.portForwardService('default', 'svc', [port], through.stream, null, more)
  more.write(ask('/service'))
  await until('the answer', async () => through.text().includes('served /service'))
  const fault = sink()
  const closed = sink()
  const unused = new PassThrough()
  await forward.portForward('default', 'web', [1], closed.stream, fault.stream, unused)
  await until('the fault', async () => fault.text().includes('error forwarding port 1'))
  t.equal(closed.text(), '')
  server.closeAllConnections()
  server.close()
})
