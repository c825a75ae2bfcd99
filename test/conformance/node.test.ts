/** Upstream's conformance tests of nodes, leases and what pods are told on creation, against a real API server. */
import t from 'tap'
import { connectRaw, startApi } from '../component/api-fixture.ts'
import { kindClient, labelled, labelsOf, nameOf, STRATEGIC } from './kind-client.ts'

const fixture = await startApi()
const raw = connectRaw(fixture)
t.teardown(() => {
  raw.close()
  return fixture.close()
})
await raw.send('POST', '/api/v1/namespaces', { metadata: { name: 'e2e' } })

void t.test(
  '[sig-node] Node Lifecycle should run through the lifecycle of a node [Conformance]',
  async t => {
    const client = kindClient(raw, '/api/v1/nodes')
    const name = 'e2e-fake-node'
    const condition = { type: 'Ready', status: 'True', reason: 'E2E', message: 'Set from e2e test' }
    const made = await client.create(t, {
      metadata: { name },
      spec: { unschedulable: true },
      status: { phase: 'Running', conditions: [condition] },
    })
    t.match(made, { metadata: { name }, status: { conditions: [condition] } })
    t.equal(nameOf(await client.get(t, name)), name)
    const change = { metadata: { labels: { [name]: 'patched' } } }
    const patched = await client.patch(t, name, change, STRATEGIC)
    t.match(labelsOf(patched), { [name]: 'patched' })
    t.equal((await client.list(t, `?labelSelector=${name}%3Dpatched`)).length, 1)
    const updated = await client.update(t, name, body => labelled(body, { [name]: 'updated' }))
    t.match(labelsOf(updated), { [name]: 'updated' })
    await client.remove(t, name)
    await client.isGone(t, name)
  },
)

const leaseSpec = (holder: string, second: number, transitions: number): object => ({
  holderIdentity: holder,
  leaseDurationSeconds: 30 + transitions,
  acquireTime: `0001-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`,
  renewTime: `0001-01-01T00:00:${String(second + 5).padStart(2, '0')}.000000Z`,
  leaseTransitions: transitions,
})

void t.test('[sig-node] Lease lease API should be available [Conformance]', async t => {
  const client = kindClient(raw, '/apis/coordination.k8s.io/v1/namespaces/e2e/leases')
  const first = leaseSpec('holder', 2, 0)
  await client.create(t, { metadata: { name: 'lease' }, spec: first })
  t.strictSame((await client.get(t, 'lease'))['spec'], first)
  const second = leaseSpec('holder2', 20, 1)
  await client.update(t, 'lease', body => ({ ...body, spec: second }))
  t.strictSame((await client.get(t, 'lease'))['spec'], second)
  const third = leaseSpec('holder3', 50, 2)
  await client.patch(t, 'lease', { spec: third }, STRATEGIC)
  t.strictSame((await client.get(t, 'lease'))['spec'], third)
  const labels = { deletecollection: 'true' }
  await client.create(t, { metadata: { name: 'lease2', labels }, spec: first })
  t.equal((await client.list(t)).length, 2)
  await client.removeAll(t, '?labelSelector=deletecollection%3Dtrue')
  t.strictSame((await client.list(t)).map(nameOf), ['lease'])
  await client.remove(t, 'lease')
  await client.isGone(t, 'lease')
  t.equal((await kindClient(raw, '/apis/coordination.k8s.io/v1/leases').list(t)).length, 0)
})

void t.test(
  '[sig-node] Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu [Conformance]',
  async t => {
    const client = kindClient(raw, '/api/v1/namespaces/e2e/pods')
    const amounts = { cpu: '100m', memory: '100Mi' }
    await client.create(t, {
      metadata: { name: 'pod-qos-class', labels: { name: 'foo' } },
      spec: {
        containers: [
          { name: 'agnhost', image: 'agnhost', resources: { limits: amounts, requests: amounts } },
        ],
      },
    })
    const pod = await client.get(t, 'pod-qos-class')
    t.match(pod['status'], { qosClass: 'Guaranteed' })
  },
)
