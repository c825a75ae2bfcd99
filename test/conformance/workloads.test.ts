/**
 * Upstream's conformance tests of RuntimeClasses whose pods need no container, step by step: a real API server with the
 * real admission plugin and scheduler, nodes are played. Strategies of Jobs and DaemonSets beside them.
 */
import t, { type Test } from 'tap'
import type { Pod } from '#api/types/core-v1.ts'
import type { RuntimeClass } from '#api/types/node-v1.ts'
import { connectRaw, type Reply } from '../component/api-fixture.ts'
import { startControlCluster, until } from '../component/control-fixture.ts'

const cluster = await startControlCluster()
const raw = connectRaw(cluster.api)
t.teardown(async () => {
  raw.close()
  await cluster.close()
})
const { client } = cluster
await until('the default namespace', () => client.namespaces.get({ name: 'default' }))
await cluster.addNode('node-1')

const runtimeClass = (name: string, more: Partial<RuntimeClass> = {}): RuntimeClass => ({
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name },
  handler: 'runc',
  ...more,
})

const PODS = '/api/v1/namespaces/default/pods'

const podOf = (runtimeClassName: string, name: string): object => ({
  metadata: { name },
  spec: { runtimeClassName, containers: [{ name: 'test', image: 'busybox' }] },
})

async function rejected(t: Test, name: string): Promise<void> {
  const reply = await raw.send('POST', PODS, podOf(name, 'rejected'))
  t.equal(reply.status, 403)
  t.match(reply.text, `pod rejected: RuntimeClass \\"${name}\\" not found`)
}

const scheduled = (name: string): Promise<Pod> =>
  until(`${name} is scheduled`, async () => {
    const pod = await client.pods.get({ namespace: 'default', name })
    return pod.spec?.nodeName === undefined ? undefined : pod
  })

void t.test(
  '[sig-node] RuntimeClass should reject a Pod requesting a non-existent RuntimeClass [Conformance] [NodeConformance]',
  t => rejected(t, 'default-nonexistent'),
)

void t.test(
  '[sig-node] RuntimeClass should reject a Pod requesting a deleted RuntimeClass [Conformance] [NodeConformance]',
  async t => {
    await client.runtimeClasses.create(runtimeClass('delete-me'))
    await client.runtimeClasses.delete({ name: 'delete-me' })
    t.equal((await raw.send('GET', '/apis/node.k8s.io/v1/runtimeclasses/delete-me')).status, 404)
    await rejected(t, 'delete-me')
  },
)

void t.test(
  '[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass without PodOverhead [Conformance] [NodeConformance]',
  async t => {
    await client.runtimeClasses.create(runtimeClass('plain'))
    t.equal((await raw.send('POST', PODS, podOf('plain', 'plain'))).status, 201)
    const pod = await scheduled('plain')
    t.equal(pod.spec?.overhead, undefined)
  },
)

void t.test(
  '[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass and initialize its Overhead [Conformance] [NodeConformance]',
  async t => {
    const podFixed = { cpu: '10m', memory: '1Mi' }
    await client.runtimeClasses.create(runtimeClass('heavy', { overhead: { podFixed } }))
    t.equal((await raw.send('POST', PODS, podOf('heavy', 'heavy'))).status, 201)
    const pod = await scheduled('heavy')
    t.strictSame(pod.spec?.overhead, podFixed)
  },
)

const template = (restartPolicy: string, image = 'i'): object => ({
  metadata: { labels: { app: 'x' } },
  spec: { restartPolicy, containers: [{ name: 'c', image }] },
})
const selector = { matchLabels: { app: 'x' } }

const posted = async (t: Test, path: string, body: object): Promise<Reply> => {
  const reply = await raw.send('POST', path, body)
  t.equal(reply.status, 201, reply.text.slice(0, 300))
  return reply
}

void t.test('a Job gets labels and a selector that no other has', async t => {
  const jobs = '/apis/batch/v1/namespaces/default/jobs'
  const { body } = await posted(t, jobs, {
    metadata: { name: 'a.b' },
    spec: { template: template('Never') },
    status: { succeeded: 1 },
  })
  const uid = body.metadata['uid']
  t.match(body, {
    metadata: { generation: 1 },
    spec: {
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      template: {
        metadata: {
          labels: {
            app: 'x',
            'controller-uid': uid,
            'job-name': 'a.b',
            'batch.kubernetes.io/job-name': 'a.b',
          },
        },
      },
    },
  })
  t.notMatch(body, { status: { succeeded: 1 } })
  const again = await raw.send('POST', jobs, {
    metadata: { name: 'a.c' },
    spec: { template: template('Never') },
  })
  t.match(String(again.headers['warning']), /a DNS label is recommended/)
  const taken = { ...template('Never'), metadata: { labels: { 'job-name': 'other' } } }
  const refused = await raw.send('POST', jobs, {
    metadata: { name: 'c' },
    spec: { template: taken },
  })
  t.equal(refused.status, 422)
  t.match(refused.text, "must be 'c'")
  const { code, stdout } = await cluster.api.kubectl(['get', 'jobs', 'a.b', '-o', 'wide'])
  t.equal(code, 0)
  t.match(stdout, /NAME +STATUS +COMPLETIONS +DURATION +AGE +CONTAINERS +IMAGES +SELECTOR/)
})

void t.test('a DaemonSet counts changes of its template', async t => {
  const sets = '/apis/apps/v1/namespaces/default/daemonsets'
  const { body } = await posted(t, sets, {
    metadata: { name: 'd' },
    spec: { selector, template: template('Always') },
  })
  const count = (reply: Reply): unknown => reply.body.metadata['annotations']
  const key = 'deprecated.daemonset.template.generation'
  t.strictSame(body.metadata['annotations'], { [key]: '1' })
  const next = { ...body, spec: { ...Object(body['spec']), template: template('Always', 'j') } }
  const changed = await raw.send('PUT', `${sets}/d`, next)
  t.strictSame(count(changed), { [key]: '2' })
  t.equal(changed.body.metadata['generation'], 2)
})
