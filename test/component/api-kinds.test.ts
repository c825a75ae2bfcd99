/** Kinds with ways of their own over raw HTTP/2: pods, Services, reviews, scales, leases, nodes, certificate requests. */
import t from 'tap'
import { createRequest } from '#api/pki/request.ts'
import { generateKey } from '#client/pki/new-key.ts'
import { connectRaw, echoNodes, type Reply, startApi } from './api-fixture.ts'
import { MERGE } from './verbs-fixture.ts'

const PODS = '/api/v1/namespaces/default/pods'

const pod = (name: string, spec: object = {}): object => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'busybox' }], ...spec },
})

const nodes = echoNodes()
const fixture = await startApi({ nodes })
const client = connectRaw(fixture)
t.teardown(async () => {
  client.close()
  await fixture.close()
})
await client.send('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })

void t.test('pods: defaults, binding, graceful deletion, eviction, logs', async t => {
  const created = await client.send('POST', PODS, pod('web'))
  t.match(created.body, {
    metadata: { generation: 1 },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 },
  })
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'web' },
    target: { kind: 'Node', name: 'n1' },
  }
  t.match((await client.send('POST', `${PODS}/web/binding`, binding)).body, {
    kind: 'Status',
    code: 201,
  })
  const twice = await client.send('POST', `${PODS}/web/binding`, binding)
  t.match(twice.body, {
    code: 409,
    message:
      'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "n1"',
  })
  const bound = await client.send('GET', `${PODS}/web`)
  t.match(bound.body, {
    spec: { nodeName: 'n1' },
    status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
  })
  const selected = await client.send('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1')
  t.equal(selected.body.items.length, 1)

  const log = await client.send('GET', `${PODS}/web/log?tailLines=2`)
  t.equal(log.text, 'line one\nline two\n')
  t.equal(nodes.seen.at(-1), '/containerLogs/default/web/c?tailLines=2')

  const status = await client.send(
    'PATCH',
    `${PODS}/web/status`,
    { status: { phase: 'Running' }, spec: { nodeName: 'other' } },
    { 'content-type': 'application/merge-patch+json' },
  )
  t.match(status.body, {
    status: { phase: 'Running', qosClass: 'BestEffort' },
    spec: { nodeName: 'n1' },
  })

  const deleting = await client.send('DELETE', `${PODS}/web`)
  t.match(deleting.body, {
    kind: 'Pod',
    metadata: { deletionGracePeriodSeconds: 30, deletionTimestamp: String },
  })
  t.equal((await client.send('GET', `${PODS}/web`)).status, 200, 'its node must let it go')
  await client.send('DELETE', `${PODS}/web`, { gracePeriodSeconds: 0 })
  t.equal((await client.send('GET', `${PODS}/web`)).status, 404)

  await client.send('POST', PODS, pod('evicted'))
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: 'evicted', namespace: 'default' },
  }
  t.equal((await client.send('POST', `${PODS}/evicted/eviction`, eviction)).status, 201)
  t.equal((await client.send('GET', `${PODS}/evicted`)).status, 404, 'unscheduled pods go at once')
})

void t.test('services: addresses and ports are given out once', async t => {
  const services = '/api/v1/namespaces/default/services'
  const service = (name: string, spec: object): object => ({
    metadata: { name },
    spec: { ports: [{ port: 80 }], ...spec },
  })
  const one = await client.send(
    'POST',
    services,
    service('one', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
  )
  t.match(one.body, {
    spec: { clusterIP: /^10\.43\./, ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
  })
  const two = await client.send(
    'POST',
    services,
    service('two', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
  )
  t.match(two.body, {
    code: 422,
    message:
      'Service "two" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
  })
  const wanted = await client.send('POST', services, service('three', { clusterIP: '10.43.0.10' }))
  t.match(wanted.body, { spec: { clusterIP: '10.43.0.10' } })
  const taken = await client.send('POST', services, service('four', { clusterIP: '10.43.0.10' }))
  t.match(taken.body, { code: 422, message: /provided IP is already allocated/ })
  await client.send('DELETE', `${services}/one`)
  const reused = await client.send(
    'POST',
    services,
    service('two', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
  )
  t.equal(reused.status, 201)
})

void t.test('reviews, tokens, scale, secrets, events', async t => {
  const access = await client.send(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    {
      spec: { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } },
    },
  )
  t.match(access.body, { status: { allowed: true } })
  const token = await client.send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    spec: { token: 'nobody' },
  })
  t.match(token.body, { status: { authenticated: true, user: { username: 'nobody' } } })
  await client.send('POST', '/api/v1/namespaces/default/serviceaccounts', {
    metadata: { name: 'bot' },
  })
  const issued = await client.send('POST', '/api/v1/namespaces/default/serviceaccounts/bot/token', {
    spec: { audiences: [] },
  })
  t.match(issued.body, { kind: 'TokenRequest', status: { token: 'default:bot' } })

  const template = {
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  }
  await client.send('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  })
  const scale = '/apis/apps/v1/namespaces/default/deployments/d/scale'
  const read = await client.send('GET', scale)
  t.match(read.body, { kind: 'Scale', spec: { replicas: 1 }, status: { selector: 'a=b' } })
  await client.send('PUT', scale, { ...read.body, spec: { replicas: 4 } })
  const scaled = await client.send('GET', '/apis/apps/v1/namespaces/default/deployments/d')
  t.match(scaled.body, { spec: { replicas: 4 }, metadata: { generation: 2 } })

  const secret = await client.send('POST', '/api/v1/namespaces/default/secrets', {
    metadata: { name: 's' },
    stringData: { k: 'v' },
  })
  t.strictSame(secret.body['data'], { k: 'dg==' })

  const event = {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'x', namespace: 'default' },
    message: 'hello',
    reason: 'R',
    type: 'Normal',
  }
  t.equal((await client.send('POST', '/api/v1/namespaces/default/events', event)).status, 201)
  const other = await client.send('GET', '/apis/events.k8s.io/v1/namespaces/default/events/e')
  t.match(other.body, { apiVersion: 'events.k8s.io/v1', note: 'hello', regarding: { kind: 'Pod' } })
  const listed = await client.send('GET', '/apis/events.k8s.io/v1/namespaces/default/events')
  t.match(listed.body.items, [{ note: 'hello' }])
})

void t.test('leases: a renewal takes a new revision and keeps its order', async t => {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
  const lease = (renewTime: string, resourceVersion = ''): object => ({
    metadata: { name: 'n1', resourceVersion },
    spec: { holderIdentity: 'n1', leaseDurationSeconds: 40, renewTime },
  })
  const made = await client.send('POST', leases, lease('2026-01-01T00:00:00.000000Z'))
  t.equal(made.status, 201)
  const before = Number(made.body.metadata['resourceVersion'])
  const renewal = lease('2026-01-01T00:00:10.000000Z', String(before))
  const renewed = await client.send('PUT', `${leases}/n1`, renewal)
  t.equal(renewed.status, 200)
  const after = Number(renewed.body.metadata['resourceVersion'])
  t.ok(after > before)
  const got = await client.send('GET', `${leases}/n1`)
  t.match(got.body, { spec: { renewTime: '2026-01-01T00:00:10.000000Z' } })
  const patched = await client.send(
    'PATCH',
    `${leases}/n1`,
    { spec: { holderIdentity: 'n2' } },
    { 'content-type': 'application/merge-patch+json' },
  )
  t.ok(
    Number(patched.body.metadata['resourceVersion']) > after,
    'a durable write follows a volatile one',
  )
})

void t.test(
  'nodes keep the status they register with; scale is patched; collections are deleted',
  async t => {
    const node = await client.send('POST', '/api/v1/nodes', {
      metadata: { name: 'n9' },
      status: { capacity: { cpu: '2' } },
    })
    t.match(node.body, { status: { capacity: { cpu: '2' } } })
    const scale = await client.send(
      'PATCH',
      '/apis/apps/v1/namespaces/default/deployments/d/scale',
      { spec: { replicas: 7 } },
      { 'content-type': 'application/merge-patch+json' },
    )
    t.match(scale.body, { kind: 'Scale', spec: { replicas: 7 } })
    const status = await client.send(
      'PATCH',
      '/apis/apps/v1/namespaces/default/deployments/d/status?fieldManager=me&force=true',
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        status: { replicas: 7 },
      },
      { 'content-type': 'application/apply-patch+yaml' },
    )
    t.match(status.body, { status: { replicas: 7 }, spec: { replicas: 7 } })
    const many = '/api/v1/namespaces/many/configmaps'
    for (const name of ['a', 'b', 'c'])
      await client.send('POST', many, { metadata: { name, labels: { keep: name } } })
    const gone = await client.send('DELETE', `${many}?labelSelector=keep!%3Dc`)
    t.equal(gone.status, 200)
    const left = await client.send('GET', many)
    t.strictSame(
      left.body.items.map(item => item.metadata['name']),
      ['c'],
    )
  },
)

void t.test('certificate requests: the requester is who the server saw', async t => {
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
  const subject = { commonName: 'x', organizations: [] }
  const request = Buffer.from(createRequest({ key: generateKey(), subject })).toString('base64')
  const made = await client.send('POST', path, {
    metadata: { name: 'csr' },
    spec: {
      request,
      signerName: 'example.com/x',
      usages: ['client auth'],
      username: 'root',
    },
  })
  t.match(made.body, {
    spec: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
  })
  const approval = {
    ...made.body,
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x', message: 'y' }] },
  }
  const approved = await client.send('PUT', `${path}/csr/approval`, approval)
  t.match(approved.body, { status: { conditions: [{ type: 'Approved', lastUpdateTime: String }] } })
  const certificate = Buffer.from(fixture.ca).toString('base64')
  const issue = (status: object): Promise<Reply> =>
    client.send('PATCH', `${path}/csr/status`, { status }, MERGE)
  t.equal(
    (await issue({ certificate, conditions: [] })).body['message'],
    'CertificateSigningRequest.certificates.k8s.io "csr" is invalid: status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  )
  const issued = await issue({ certificate })
  t.match(issued.body, { status: { certificate, conditions: [{ type: 'Approved' }] } })
})
