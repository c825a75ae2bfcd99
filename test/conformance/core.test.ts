/** Upstream's conformance tests of the core APIs, step by step, against a real API server over HTTPS. No nodes. */
import t from 'tap'
import { connectRaw, startApi } from '../component/api-fixture.ts'
import { type Body, kindClient, labelled, labelsOf, nameOf, STRATEGIC } from './kind-client.ts'

const fixture = await startApi()
const raw = connectRaw(fixture)
t.teardown(() => {
  raw.close()
  return fixture.close()
})

const NAMESPACE = '/api/v1/namespaces/e2e'
await raw.send('POST', '/api/v1/namespaces', { metadata: { name: 'e2e' } })

const configMaps = kindClient(raw, `${NAMESPACE}/configmaps`)
const secrets = kindClient(raw, `${NAMESPACE}/secrets`)

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const isInvalid = (reply: { status: number; body: Record<string, unknown> }): boolean =>
  reply.status === 422 && reply.body['reason'] === 'Invalid'

void t.test(
  '[sig-node] ConfigMap should fail to create ConfigMap with empty key [Conformance]',
  async t => {
    const body = { metadata: { name: 'empty-key' }, data: { '': 'value-1' } }
    t.ok(isInvalid(await raw.send('POST', `${NAMESPACE}/configmaps`, body)))
  },
)

void t.test(
  '[sig-node] Secrets should fail to create secret due to empty secret key [Conformance]',
  async t => {
    const body = { metadata: { name: 'empty-key' }, data: { '': base64('value-1') } }
    t.ok(isInvalid(await raw.send('POST', `${NAMESPACE}/secrets`, body)))
  },
)

void t.test(
  '[sig-node] ConfigMap should update ConfigMap successfully [Conformance] [NodeConformance]',
  async t => {
    await configMaps.create(t, { metadata: { name: 'update' }, data: { 'data-1': 'value-1' } })
    const updated = await configMaps.update(t, 'update', body => ({
      ...body,
      data: { ...Object(body['data']), data: 'value' },
    }))
    t.strictSame(updated['data'], { 'data-1': 'value-1', data: 'value' })
    t.strictSame((await configMaps.get(t, 'update'))['data'], updated['data'])
  },
)

void t.test(
  '[sig-node] ConfigMap should run through a ConfigMap lifecycle [Conformance]',
  async t => {
    const labels = { 'test-configmap-static': 'true' }
    const name = 'lifecycle'
    await configMaps.create(t, { metadata: { name, labels }, data: { valueName: 'value' } })
    t.match(await configMaps.get(t, name), { metadata: { labels }, data: { valueName: 'value' } })
    const change = {
      metadata: { labels: { 'test-configmap': 'patched' } },
      data: { valueName: 'value1' },
    }
    await configMaps.patch(t, name, change, STRATEGIC)
    const everywhere = kindClient(raw, '/api/v1/configmaps')
    const found = await everywhere.list(t, '?labelSelector=test-configmap%3Dpatched')
    t.match(found, [
      { metadata: { name, namespace: 'e2e', labels: { ...labels } }, data: change.data },
    ])
    const query = '?labelSelector=test-configmap-static%3Dtrue'
    await configMaps.removeAll(t, query)
    t.equal((await configMaps.list(t, query)).length, 0)
  },
)

void t.test('[sig-node] Secrets should patch a secret [Conformance]', async t => {
  const name = 'patched'
  const labels = { testsecret: 'true', 'testsecret-constant': 'true' }
  await secrets.create(t, {
    metadata: { name, labels },
    data: { key: base64('value') },
    type: 'Opaque',
  })
  const everywhere = kindClient(raw, '/api/v1/secrets')
  const query = '?labelSelector=testsecret-constant%3Dtrue'
  t.strictSame((await everywhere.list(t, query)).map(nameOf), [name])
  const change = {
    metadata: { labels: { testsecret: 'false' } },
    data: { key: base64('value1') },
  }
  await secrets.patch(t, name, change, STRATEGIC)
  t.match(await secrets.get(t, name), change)
  t.match(await everywhere.list(t, query), [{ metadata: { name, ...change.metadata } }])
  await secrets.removeAll(t, query)
  t.equal((await everywhere.list(t, query)).length, 0)
})

for (const [title, plural, valueOf] of [
  [
    '[sig-storage] ConfigMap should be immutable if `immutable` field is set [Conformance]',
    'configmaps',
    (text: string) => text,
  ],
  [
    '[sig-storage] Secrets should be immutable if `immutable` field is set [Conformance]',
    'secrets',
    base64,
  ],
] as const) {
  void t.test(title, async t => {
    const path = `${NAMESPACE}/${plural}`
    const client = kindClient(raw, path)
    const name = 'immutable'
    const write = (body: object): ReturnType<typeof raw.send> =>
      raw.send('PUT', `${path}/${name}`, body)
    const made = await client.create(t, {
      metadata: { name },
      data: { 'data-1': valueOf('value-1'), 'data-2': valueOf('value-2') },
    })
    const before = { ...made, data: { 'data-1': valueOf('value-3') } }
    const changed = await client.update(t, name, body => ({
      ...body,
      data: { ...Object(body['data']), 'data-4': valueOf('value-4') },
    }))
    t.match(changed['data'], { 'data-4': valueOf('value-4') })
    const frozen = await client.update(t, name, body => ({ ...body, immutable: true }))
    t.equal(frozen['immutable'], true)
    const data = { ...Object(frozen['data']), 'data-5': valueOf('value-5') }
    t.ok(isInvalid(await write({ ...frozen, data })), 'data cannot be changed')
    const { immutable: _immutable, ...thawed } = frozen
    t.ok(isInvalid(await write(thawed)), 'it stays immutable')
    t.ok(isInvalid(await write({ ...frozen, data: before.data })))
    const labelling = await write(labelled(frozen, { label1: 'value1' }))
    t.equal(labelling.status, 200, 'metadata can be changed')
    await client.remove(t, name)
  })
}

const TEMPLATES = `${NAMESPACE}/podtemplates`
const template = (name: string, labels: object, image = 'nginx'): object => ({
  metadata: { name, labels },
  template: { spec: { containers: [{ name: 'nginx', image }] } },
})

void t.test(
  '[sig-node] PodTemplates should run the lifecycle of PodTemplates [Conformance]',
  async t => {
    const everywhere = kindClient(raw, '/api/v1/podtemplates')
    const client = kindClient(raw, TEMPLATES)
    const query = '?labelSelector=podtemplate-static%3Dtrue'
    t.equal((await everywhere.list(t, query)).length, 0)
    await client.create(t, template('nginx', { 'podtemplate-static': 'true' }))
    t.equal(nameOf(await client.get(t, 'nginx')), 'nginx')
    await client.patch(t, 'nginx', { metadata: { labels: { podtemplate: 'patched' } } }, STRATEGIC)
    t.match(labelsOf(await client.get(t, 'nginx')), { podtemplate: 'patched' })
    await client.remove(t, 'nginx')
    t.equal((await everywhere.list(t, query)).length, 0)
  },
)

void t.test(
  '[sig-node] PodTemplates should delete a collection of pod templates [Conformance]',
  async t => {
    const client = kindClient(raw, TEMPLATES)
    const query = '?labelSelector=podtemplate-set%3Dtrue'
    for (const name of ['test-podtemplate-1', 'test-podtemplate-2', 'test-podtemplate-3']) {
      await client.create(t, template(name, { 'podtemplate-set': 'true' }))
    }
    t.equal((await client.list(t, query)).length, 3)
    await client.removeAll(t, query)
    t.equal((await client.list(t, query)).length, 0)
  },
)

void t.test('[sig-node] PodTemplates should replace a pod template [Conformance]', async t => {
  const client = kindClient(raw, TEMPLATES)
  await client.create(t, template('replaced', { 'podtemplate-static': 'true' }))
  const updated = await client.update(t, 'replaced', body => ({
    ...body,
    metadata: { ...body.metadata, annotations: { updated: 'true' } },
  }))
  t.match(updated.metadata['annotations'], { updated: 'true' })
  await client.remove(t, 'replaced')
})

const service = (name: string, labels: object): object => ({
  metadata: { name, labels },
  spec: {
    type: 'LoadBalancer',
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }],
    loadBalancerClass: 'example.com/internal-vip',
  },
})

void t.test(
  '[sig-network] Services should complete a service status lifecycle [Conformance]',
  async t => {
    const client = kindClient(raw, `${NAMESPACE}/services`)
    const query = 'labelSelector=test-service-static%3Dtrue'
    const name = 'test-service'
    const watch = client.watch(`&${query}`)
    const made = await client.create(t, service(name, { 'test-service-static': 'true' }))
    t.equal((await watch.next(({ type }) => type === 'ADDED')).object?.metadata['name'], name)
    t.match(await client.get(t, `${name}/status`), { status: { loadBalancer: {} } })
    const balancer = { ingress: [{ ip: '203.0.113.1' }] }
    const patched = await client.patch(t, `${name}/status`, {
      metadata: { annotations: { patchedstatus: 'true' } },
      status: { loadBalancer: balancer },
    })
    t.match(patched, {
      metadata: { annotations: { patchedstatus: 'true' } },
      status: { loadBalancer: balancer },
    })
    const hasNotes = (body: Body | undefined): boolean =>
      JSON.stringify(body?.metadata['annotations'] ?? {}).includes('patchedstatus')
    t.match((await watch.next(({ object }) => hasNotes(object))).object?.['status'], {
      loadBalancer: balancer,
    })
    const condition = {
      type: 'StatusUpdate',
      status: 'True',
      reason: 'E2E',
      message: 'Set from e2e test',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }
    const updated = await client.update(t, `${name}/status`, body => ({
      ...body,
      status: { ...Object(body['status']), conditions: [condition] },
    }))
    t.match(updated['status'], { conditions: [condition] })
    const seen = await watch.next(({ object }) =>
      JSON.stringify(object?.['status']).includes('StatusUpdate'),
    )
    t.match(seen.object?.['status'], { conditions: [condition] })
    const change = { metadata: { labels: { 'test-service': 'patched' } } }
    t.match(labelsOf(await client.patch(t, name, change, STRATEGIC)), { 'test-service': 'patched' })
    await watch.next(({ object }) => JSON.stringify(labelsOf(object)).includes('patched'))
    t.equal((await client.get(t, name)).metadata['uid'], made.metadata['uid'])
    await client.remove(t, name)
    t.equal((await watch.next(({ type }) => type === 'DELETED')).type, 'DELETED')
    watch.close()
  },
)

void t.test(
  '[sig-network] Services should delete a collection of services [Conformance]',
  async t => {
    const client = kindClient(raw, `${NAMESPACE}/services`)
    const query = '?labelSelector=e2e-test%3Dservices'
    for (const name of ['e2e-svc-a', 'e2e-svc-b', 'e2e-svc-c']) {
      const labels = name === 'e2e-svc-c' ? { kept: 'true' } : { 'e2e-test': 'services' }
      await client.create(t, {
        metadata: { name, labels },
        spec: { type: 'ClusterIP', ports: [{ name: 'http', port: 80, targetPort: 80 }] },
      })
    }
    t.equal((await client.list(t, query)).length, 2)
    await client.removeAll(t, query)
    t.equal((await client.list(t, query)).length, 0)
    t.strictSame((await client.list(t)).map(nameOf), ['e2e-svc-c'])
  },
)

void t.test(
  '[sig-network] Endpoints should test the lifecycle of an Endpoint [Conformance]',
  async t => {
    const client = kindClient(raw, `${NAMESPACE}/endpoints`)
    const name = 'testservice'
    const labels = { 'test-endpoint-static': 'true' }
    const selector = 'labelSelector=test-endpoint-static%3Dtrue'
    const watch = client.watch(`&${selector}`)
    await client.create(t, {
      metadata: { name, labels },
      subsets: [
        { addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
      ],
    })
    t.match((await watch.next(({ type }) => type === 'ADDED')).object?.metadata, { name, labels })
    t.match(await kindClient(raw, '/api/v1/endpoints').list(t, `?${selector}`), [
      { metadata: { name } },
    ])
    await client.update(t, name, body => labelled(body, { 'test-service': 'updated' }))
    await watch.next(({ type }) => type === 'MODIFIED')
    t.match(labelsOf(await client.get(t, name)), { 'test-service': 'updated' })
    const subsets = [
      { addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080 }] },
    ]
    const change = { metadata: { labels: { 'test-service': 'patched' } }, subsets }
    await client.patch(t, name, change, STRATEGIC)
    await watch.next(({ type }) => type === 'MODIFIED')
    t.match(await client.get(t, name), change)
    await client.removeAll(t, `?${selector}`)
    await watch.next(({ type }) => type === 'DELETED')
    watch.close()
    await client.isGone(t, name)
  },
)

const newEvent = (name: string, label: string): object => ({
  metadata: { name, labels: { [label]: 'true' } },
  regarding: { namespace: 'e2e' },
  eventTime: '2017-09-19T13:49:16.000000Z',
  note: 'This is a test event',
  reason: 'Test',
  type: 'Normal',
  reportingController: 'test-controller',
  reportingInstance: 'test-node',
  action: 'Do',
})
const EVENTS = '/apis/events.k8s.io/v1'

/** Without what the control plane sets on every write. */
const settled = ({ metadata, ...rest }: Body): object => {
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata
  return { ...rest, metadata: kept }
}

void t.test(
  '[sig-instrumentation] Events API should ensure that an event can be fetched, patched, deleted, and listed [Conformance]',
  async t => {
    const client = kindClient(raw, `${EVENTS}/namespaces/e2e/events`)
    const everywhere = kindClient(raw, `${EVENTS}/events`)
    const core = kindClient(raw, `${NAMESPACE}/events`)
    const name = 'event-test'
    await client.create(t, newEvent(name, 'testevent-constant'))
    t.strictSame((await everywhere.list(t)).map(nameOf), [name])
    t.strictSame((await client.list(t)).map(nameOf), [name])
    const bySource = await core.list(t, '?fieldSelector=source%3Dtest-controller')
    t.strictSame(bySource.map(nameOf), [name])
    const byReporter = '?fieldSelector=reportingController%3Dtest-controller'
    t.strictSame((await client.list(t, byReporter)).map(nameOf), [name])
    const before = await client.get(t, name)
    const started = { count: 2, lastObservedTime: '2017-09-19T13:49:11.000000Z' }
    await client.patch(t, name, { series: started }, STRATEGIC)
    t.strictSame(settled(await client.get(t, name)), { ...settled(before), series: started })
    const series = { count: 100, lastObservedTime: '2017-09-19T13:49:16.000000Z' }
    await client.update(t, name, body => ({ ...body, series }))
    t.strictSame(settled(await client.get(t, name)), { ...settled(before), series })
    await client.remove(t, name)
    t.equal((await everywhere.list(t)).length, 0)
    t.equal((await client.list(t)).length, 0)
  },
)

void t.test(
  '[sig-instrumentation] Events API should delete a collection of events [Conformance]',
  async t => {
    const client = kindClient(raw, `${EVENTS}/namespaces/e2e/events`)
    const query = '?labelSelector=testevent-set%3Dtrue'
    for (const name of ['test-event-1', 'test-event-2', 'test-event-3']) {
      await client.create(t, newEvent(name, 'testevent-set'))
    }
    t.equal((await client.list(t, query)).length, 3)
    await client.removeAll(t, query)
    t.equal((await client.list(t, query)).length, 0)
  },
)

const coreEvent = (name: string, label: string): object => ({
  metadata: { name, labels: { [label]: 'true' } },
  message: 'This is a test event',
  reason: 'Test',
  type: 'Normal',
  count: 1,
  involvedObject: { namespace: 'e2e' },
})

void t.test(
  '[sig-instrumentation] Events should manage the lifecycle of an event [Conformance]',
  async t => {
    const client = kindClient(raw, `${NAMESPACE}/events`)
    const everywhere = kindClient(raw, '/api/v1/events')
    const name = 'event-test'
    const query = '?labelSelector=testevent-constant%3Dtrue'
    const made = await client.create(t, coreEvent(name, 'testevent-constant'))
    t.equal(made['message'], 'This is a test event')
    t.strictSame((await everywhere.list(t, query)).map(nameOf), [name])
    const message = 'This is a test event - patched'
    await client.patch(t, name, { message }, STRATEGIC)
    t.equal((await client.get(t, name))['message'], message)
    const series = { count: 100, lastObservedTime: '2017-09-19T13:49:16.000000Z' }
    await client.update(t, name, body => ({ ...body, series }))
    t.match((await client.get(t, name))['series'], series)
    await client.remove(t, name)
    t.equal((await everywhere.list(t, query)).length, 0)
  },
)

void t.test(
  '[sig-instrumentation] Events should delete a collection of events [Conformance]',
  async t => {
    const client = kindClient(raw, `${NAMESPACE}/events`)
    const query = '?labelSelector=testevent-set%3Dtrue'
    for (const name of ['test-event-1', 'test-event-2', 'test-event-3']) {
      await client.create(t, coreEvent(name, 'testevent-set'))
    }
    t.equal((await client.list(t, query)).length, 3)
    await client.removeAll(t, query)
    t.equal((await client.list(t, query)).length, 0)
  },
)
