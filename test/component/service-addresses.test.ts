/**
 * Addresses of Services against a real server: an IPAddress object comes and goes with the Service in one commit, ranges
 * are objects, and what was set apart by hand or by an older version is mended.
 */
import t from 'tap'
import type { Service } from '#api/types/core-v1.ts'
import type { IPAddress, ServiceCIDR } from '#api/types/networking-v1.ts'
import { systemClock } from '#base/clock.ts'
import { type ControlCluster, startControlCluster, until } from './control-fixture.ts'
import { startApi } from './api-fixture.ts'

const NAMESPACE = 'default'
const PORTS = [{ port: 80, protocol: 'TCP' }] as const
/** Controllers live a minute ahead, so that no grace keeps the tests waiting. */
const ahead = { ...systemClock, now: () => systemClock.now() + 61_000 }

const cluster = await startControlCluster({ clock: ahead })
const { client, api } = cluster
t.teardown(() => cluster.close())

const service = (name: string, spec: object = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: NAMESPACE },
  spec: { ports: PORTS, ...spec },
})

const range = (name: string, ...cidrs: readonly string[]): ServiceCIDR => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name },
  spec: { cidrs },
})

const address = (name: string, to: object, more: object = {}): IPAddress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: { name, ...more },
  spec: { parentRef: { resource: 'services', namespace: NAMESPACE, name: 'x', ...to } },
})

const LABELS = {
  'ipaddress.kubernetes.io/ip-family': 'IPv4',
  'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
}

const refusal = async (asked: Promise<unknown>): Promise<string> => {
  try {
    await asked
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const ipOf = ({ spec }: Service): string => spec?.clusterIP ?? ''
const addressesOf = async (name: string): Promise<readonly string[]> => {
  const { items } = await client.ipAddresses.list()
  return items
    .filter(({ spec }) => spec.parentRef.name === name)
    .map(({ metadata }) => metadata.name ?? '')
}

const eventsOf = async (reason: string, about: string): Promise<string | undefined> => {
  const { items } = await client.events.list({ namespace: NAMESPACE })
  const found = items.find(each => each.reason === reason && each.involvedObject.name === about)
  return found?.message
}

const heard = (reason: string, about: string): Promise<string> =>
  until(`${reason} of ${about}`, () => eventsOf(reason, about))

await until('the default range', async () => {
  const { status } = await client.serviceCIDRs.get({ name: 'kubernetes' })
  return status?.conditions?.[0]?.message === 'Kubernetes Service CIDR is ready'
})
await until("the server's own Service", async () => (await addressesOf('kubernetes')).length === 1)

void t.test('an object for each address, in one commit with its Service', async t => {
  const made = await client.services.create(service('one'))
  const ip = ipOf(made)
  const object = await client.ipAddresses.get({ name: ip })
  t.match(object, {
    metadata: { labels: LABELS, uid: String, creationTimestamp: String },
    spec: { parentRef: { resource: 'services', namespace: NAMESPACE, name: 'one' } },
  })
  t.equal(object.metadata.resourceVersion, made.metadata.resourceVersion)
  t.equal(object.metadata.managedFields?.[0]?.manager, 'kube-apiserver')
  const taken = `Service "two" is invalid: spec.clusterIPs: Invalid value: ["${ip}"]: failed to allocate IP ${ip}: provided IP is already allocated`
  t.equal(await refusal(client.services.create(service('two', { clusterIP: ip }))), taken)
  const listed = await api.kubectl(['get', 'ipaddresses', ip])
  t.match(listed.stdout, /NAME\s+PARENTREF/)
  t.match(listed.stdout, `services/${NAMESPACE}/one`)
  const ranges = await api.kubectl(['get', 'servicecidrs'])
  t.match(ranges.stdout, /NAME\s+CIDRS\s+AGE\nkubernetes\s+10\.43\.0\.0\/16/)

  const at = { namespace: NAMESPACE, name: 'one' }
  const { spec: _spec, ...rest } = await client.services.get(at)
  const external = { ...rest, spec: { type: 'ExternalName', externalName: 'a.b' } } as Service
  await client.services.update(external)
  t.strictSame(await addressesOf('one'), [], 'another type has none')
  const again = await client.services.patch(at, {
    type: 'merge',
    body: { spec: { type: 'ClusterIP', externalName: null, ports: PORTS } },
  })
  t.strictSame(await addressesOf('one'), [ipOf(again)])
  await client.services.delete(at)
  t.strictSame(await addressesOf('one'), [])
})

void t.test('dry run, a refused write and a headless Service take nothing', async t => {
  const before = (await client.ipAddresses.list()).items.length
  const tried = await client.services.create(service('dry'), { dryRun: true })
  t.match(ipOf(tried), /^10\.43\./)
  const port = { type: 'NodePort', ports: [{ port: 1, nodePort: 9 }] }
  t.match(await refusal(client.services.create(service('bad', port))), /not in the valid range/)
  await client.services.create(service('headless', { clusterIP: 'None' }))
  const free = ipOf(tried)
  const held = await client.services.create(service('held', { clusterIP: free }))
  t.equal(ipOf(held), free, 'what a dry run showed is still free')
  const named = { namespace: NAMESPACE, name: 'held' }
  t.match(await refusal(client.services.create(service('held'))), /already exists/)
  t.equal((await client.ipAddresses.list()).items.length, before + 1)
  await client.services.delete(named, { dryRun: true })
  t.strictSame(await addressesOf('held'), [free])
  await client.services.patch(named, { type: 'merge', body: { metadata: { finalizers: ['a/b'] } } })
  await client.services.delete(named)
  t.strictSame(await addressesOf('held'), [free], 'a Service that waits keeps it')
  await client.services.patch(named, { type: 'merge', body: { metadata: { finalizers: null } } })
  t.strictSame(await addressesOf('held'), [], 'and loses it when it goes')
})

void t.test('made by hand, an address is taken; a finalizer of its own holds it', async t => {
  await client.ipAddresses.create(address('10.43.77.7', { resource: 'gateways', name: 'g' }))
  const asked = client.services.create(service('hand', { clusterIP: '10.43.77.7' }))
  t.match(await refusal(asked), /provided IP is already allocated$/)
  await client.ipAddresses.delete({ name: '10.43.77.7' })
  await client.services.create(service('hand', { clusterIP: '10.43.77.7' }))
  await client.ipAddresses.patch(
    { name: '10.43.77.7' },
    { type: 'merge', body: { metadata: { finalizers: ['a/b'] } } },
  )
  await client.services.delete({ namespace: NAMESPACE, name: 'hand' })
  const waiting = await client.ipAddresses.get({ name: '10.43.77.7' })
  t.ok(waiting.metadata.deletionTimestamp)
  t.match(
    await refusal(client.services.create(service('hand', { clusterIP: '10.43.77.7' }))),
    /already/,
  )
  await client.ipAddresses.patch(
    { name: '10.43.77.7' },
    { type: 'merge', body: { metadata: { finalizers: null } } },
  )
  t.strictSame(await addressesOf('hand'), [])
})

void t.test('the first Services have theirs', async t => {
  const first = await until('its address', () => client.ipAddresses.get({ name: '10.43.0.1' }))
  t.match(first.spec.parentRef, { namespace: 'default', name: 'kubernetes' })
})

void t.test('ranges are added, told ready, and go when they hold nothing alone', async t => {
  const outside = '10.99.0.9'
  t.match(
    await refusal(client.services.create(service('far', { clusterIP: outside }))),
    /failed to allocate IP 10\.99\.0\.9: the provided network does not match the current range$/,
  )
  await client.serviceCIDRs.create(range('more', '10.99.0.0/24', 'fd00:99::/112'))
  const ready = await until('it is ready', async () => {
    const { metadata, status } = await client.serviceCIDRs.get({ name: 'more' })
    const [condition] = status?.conditions ?? []
    return condition?.status === 'True' && metadata.finalizers
  })
  t.strictSame(ready, ['networking.k8s.io/service-cidr-finalizer'])
  await client.services.create(service('far', { clusterIP: outside }))
  await client.serviceCIDRs.delete({ name: 'more' })
  const blocked = await until('it says why it stays', async () => {
    const { status } = await client.serviceCIDRs.get({ name: 'more' })
    return status?.conditions?.find(({ status }) => status === 'False')
  })
  t.match(blocked, {
    reason: 'Terminating',
    message:
      'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
  })
  const late = client.services.create(service('late', { clusterIP: '10.99.0.10' }))
  t.match(await refusal(late), /does not match the current range$/, 'nothing more from it')
  await client.serviceCIDRs.create(range('wider', '10.99.0.0/16'))
  const isGone = (name: string) => async (): Promise<boolean> =>
    (await refusal(client.serviceCIDRs.get({ name }))).includes('not found')
  await until('another range holds all of it', async () => {
    // The wider one does not cover its IPv6.
    const { metadata } = await client.serviceCIDRs.get({ name: 'more' })
    return metadata.deletionTimestamp
  })
  await client.services.delete({ namespace: NAMESPACE, name: 'far' })
  await until('the range goes', isGone('more'))
  await client.serviceCIDRs.delete({ name: 'wider' })
  await until('the wider one goes', isGone('wider'))
})

void t.test('a hundred at once for sixty addresses', async t => {
  const small = await startApi({ serviceCIDR: '10.50.0.0/26' })
  t.teardown(() => small.close())
  const { createClient } = await import('#client/client.ts')
  const { LOOPBACK } = await import('#api/request.ts')
  const many = createClient(small.api.local(LOOPBACK))
  await many.namespaces.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  })
  await many.ipAddresses.create(address('10.50.0.20', { resource: 'gateways' }))
  await many.ipAddresses.create(address('10.50.0.60', { resource: 'gateways' }))
  const ended = await Promise.all(
    Array.from({ length: 100 }, (_, index) => refusal(many.services.create(service(`s${index}`)))),
  )
  const served = ended.filter(message => message === '')
  t.equal(served.length, 60)
  const full = ended.flatMap((message, index) =>
    message ===
    `Internal error occurred: failed to allocate a serviceIP for Service "s${index}": range is full`
      ? [message]
      : [],
  )
  t.equal(full.length, 40)
  const { items } = await many.services.list({ namespace: NAMESPACE })
  const ips = items.map(ipOf)
  t.equal(new Set(ips).size, 60)
  const objects = await many.ipAddresses.list()
  t.strictSame(
    new Set(objects.items.map(({ metadata }) => metadata.name)),
    new Set([...ips, '10.50.0.20', '10.50.0.60']),
  )
  const wanted = ips[0] ?? ''
  await many.services.delete({ namespace: NAMESPACE, name: items[0]?.metadata.name ?? '' })
  const rivals = await Promise.all([
    ...Array.from({ length: 8 }, (_, index) =>
      refusal(many.services.create(service(`rival-${index}`, { clusterIP: wanted }))),
    ),
    refusal(many.ipAddresses.create(address(wanted, { resource: 'gateways' }))),
  ])
  t.equal(rivals.filter(message => message === '').length, 1, 'one of nine gets it')
})

void t.test('what was set apart is mended, and told', async t => {
  const { items } = await client.events.list({ namespace: NAMESPACE })
  const told = items.filter(({ source }) => /repair/.test(source?.component ?? ''))
  t.strictSame(told, [], 'nothing is told of what the API itself does')
  const ip = ipOf(await client.services.create(service('torn')))
  const at = { namespace: NAMESPACE, name: 'torn' }
  const isOurs = async (): Promise<boolean> => {
    const { metadata, spec } = await client.ipAddresses.get({ name: ip })
    return spec.parentRef.name === 'torn' && Object.keys(metadata.labels ?? {}).length === 2
  }
  await client.ipAddresses.delete({ name: ip })
  t.equal(
    await heard('ClusterIPNotAllocated', 'torn'),
    `Cluster IP [IPv4]: ${ip} is not allocated; repairing`,
  )
  await until('it is there again', isOurs)
  await client.ipAddresses.patch(
    { name: ip },
    { type: 'merge', body: { metadata: { labels: null } } },
  )
  await until('its labels are back', isOurs)
  await client.services.delete(at)

  await client.ipAddresses.create(address('10.43.88.8', { name: 'nobody' }, { labels: LABELS }))
  t.equal(
    await heard('IPAddressNotAllocated', '10.43.88.8'),
    `IPAddress: 10.43.88.8 for Service ${NAMESPACE}/nobody appears to have leaked: cleaning up`,
  )
  await until('it is gone', async () => (await addressesOf('nobody')).length === 0)
})

/** A Service in the store as a version without IPAddress objects left it, or a crash between two writes would. */
async function forge(from: ControlCluster, name: string, spec: object): Promise<void> {
  const object = { ...service(name, { type: 'ClusterIP', ...spec }), status: { loadBalancer: {} } }
  const metadata = {
    ...object.metadata,
    uid: `00000000-0000-4000-8000-${name.padStart(12, '0')}`,
    creationTimestamp: '2026-01-01T00:00:00Z',
  }
  const encode = (revision: number) => {
    const stamped = { ...object, metadata: { ...metadata, resourceVersion: String(revision) } }
    return { bytes: Buffer.from(JSON.stringify(stamped)) }
  }
  const key = `/core/services/${NAMESPACE}/${name}`
  await from.api.store.commit([{ kind: 'put', key, expected: 0, encode }], { user: 'x', atMs: 0 })
}

void t.test('a database of before is repaired', async t => {
  const of = (ip: string, more: object = {}): object => ({
    clusterIP: ip,
    clusterIPs: [ip],
    ...more,
  })
  await forge(cluster, '001', of('10.43.66.1'))
  await forge(cluster, '002', of('10.43.66.1'))
  await forge(cluster, '003', of('10.77.0.1'))
  const node = { type: 'NodePort', ports: [{ ...PORTS[0], nodePort: 30_500 }] }
  await forge(cluster, '004', of('10.43.66.4', node))
  await forge(cluster, '005', of('10.43.66.5', node))
  await forge(cluster, '006', of('10.43.66.6', { ...node, ports: [{ ...PORTS[0], nodePort: 7 }] }))
  await until('an address each', async () => {
    const found = ['10.43.66.1', '10.43.66.4', '10.43.66.5', '10.43.66.6'].map(name =>
      client.ipAddresses.get({ name }),
    )
    return (await Promise.all(found)).length === 4
  })
  const shared =
    'Cluster IP [IPv4]:10.43.66.1 was assigned to multiple services; please recreate service'
  t.equal(
    await Promise.any(['001', '002'].map(name => heard('ClusterIPAlreadyAllocated', name))),
    shared,
  )
  t.equal(
    await heard('ClusterIPOutOfRange', '003'),
    'Cluster IP [IPv4]: 10.77.0.1 is not within any configured Service CIDR; please recreate service',
  )
  t.equal(
    await heard('PortAlreadyAllocated', '005'),
    'Port 30500 was assigned to multiple services; please recreate service',
  )
  t.equal(
    await heard('PortOutOfRange', '006'),
    'Port 7 is not within the port range 30000-32767; please recreate service',
  )
})

void t.test('a start takes it all up again', async t => {
  const first = await startApi()
  const raw = { keeps: true }
  const { createClient } = await import('#client/client.ts')
  const { LOOPBACK } = await import('#api/request.ts')
  const before = createClient(first.api.local(LOOPBACK))
  await before.namespaces.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  })
  const node = service('kept', { type: 'NodePort', clusterIP: '10.43.5.5' })
  const made = await before.services.create(node)
  const nodePort = made.spec?.ports?.[0]?.nodePort
  await before.ipAddresses.delete({ name: '10.43.5.5' })
  await first.close(raw)
  const second = await startApi({ directory: first.directory })
  t.teardown(() => second.close())
  const after = createClient(second.api.local(LOOPBACK))
  t.match(
    await refusal(after.services.create(service('new', { clusterIP: '10.43.5.5' }))),
    /already allocated$/,
    'also an address that no object tells of',
  )
  const port = { type: 'NodePort', ports: [{ ...PORTS[0], nodePort }] }
  t.match(await refusal(after.services.create(service('new', port))), /already allocated$/)
})
