/** Controllers and scheduler over a real API server and store; the test plays the nodes. */
import t from 'tap'
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import { createRequest } from '#api/pki/request.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { isReason } from '#api/status.ts'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#base/random.ts'
import { createHttpTransport } from '#client/http-transport.ts'
import { Informers } from '#client/informers.ts'
import { generateKey } from '#client/pki/new-key.ts'
import { certificateAuthority } from '#cmd/server-certificates.ts'
import { CERTIFICATE } from '../support/certificates.ts'
import { CONFIG, type ControlCluster, startControlCluster, until } from './control-fixture.ts'

const byText = (left: string, right: string): number => (left < right ? -1 : 1)

const deploymentOf = (name: string, replicas: number, image = 'web:1'): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 80 }] }] },
    },
  },
})

void t.test('a cluster', async t => {
  let broken = ''
  const cluster: ControlCluster = await startControlCluster({
    config: { ...CONFIG, nodeMonitorGraceMs: 800 },
    certificates: certificateAuthority({
      signCsr: () => Buffer.from(CERTIFICATE, 'base64').toString(),
    }),
  })
  t.teardown(() => cluster.close())
  const { client, api } = cluster
  const isReady = (pod: Pod): boolean => pod.spec?.containers[0]?.image !== broken
  const podsOf = async (app: string): Promise<readonly Pod[]> =>
    (await client.pods.list({ namespace: 'default', labelSelector: `app=${app}` })).items
  const replicaSetsOf = async (app: string): Promise<readonly ReplicaSet[]> =>
    (await client.replicaSets.list({ namespace: 'default', labelSelector: `app=${app}` })).items
  const available = (name: string, count: number) =>
    until(`${count} available of ${name}`, async () => {
      const deployment = await client.deployments.get({ namespace: 'default', name })
      const { status } = deployment
      const isSettled =
        status?.observedGeneration === deployment.metadata.generation &&
        (status?.availableReplicas ?? 0) === count &&
        (status?.updatedReplicas ?? 0) === count &&
        (status?.replicas ?? 0) === count
      return isSettled ? deployment : undefined
    })

  await t.test('has its system objects', async t => {
    await until('system objects', async () => {
      await client.priorityClasses.get({ name: 'system-node-critical' })
      await client.services.get({ namespace: 'kube-system', name: 'kube-dns' })
      await client.configMaps.get({ namespace: 'kube-public', name: 'kube-root-ca.crt' })
      await client.serviceAccounts.get({ namespace: 'default', name: 'default' })
      await client.endpointSlices.get({ namespace: 'default', name: 'kubernetes' })
      return client.endpoints.get({ namespace: 'default', name: 'kubernetes' })
    })
    const service = await client.services.get({ namespace: 'default', name: 'kubernetes' })
    t.match(service.spec, { clusterIP: '10.43.0.1', ports: [{ port: 443, targetPort: 6443 }] })
  })

  await t.test('tells why a pod waits, and places it when a node comes', async t => {
    await client.deployments.create(deploymentOf('web', 3))
    const waiting = await until('waiting pods', async () => {
      const pods = await podsOf('web')
      const told = pods.filter(pod =>
        pod.status?.conditions?.some(({ reason }) => reason === 'Unschedulable'),
      )
      return told.length === 3 ? told : undefined
    })
    t.equal(
      waiting[0]?.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message,
      'no nodes available to schedule pods',
    )
    await cluster.addNode('node-1', { isReady })
    await cluster.addNode('node-2', { isReady })
    const deployment = await available('web', 3)
    t.match(deployment.status?.conditions, [
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
    ])
    t.equal(deployment.metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
    t.equal(deployment.metadata.generation, 1, 'which is no change of what is wanted')
    const nodes = new Set((await podsOf('web')).map(pod => pod.spec?.nodeName))
    t.equal(nodes.size, 2, 'spread over both nodes')
  })

  await t.test('gives nodes their pod CIDRs', async t => {
    const { items } = await client.nodes.list()
    t.same(items.map(node => node.spec?.podCIDR ?? '').toSorted(byText), [
      '10.42.0.0/24',
      '10.42.1.0/24',
    ])
  })

  await t.test('a node that is deleted and comes back gets its block again', async t => {
    const blockOf = async (): Promise<string> => {
      await client.nodes.create({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'node-9' },
        spec: { unschedulable: true },
      })
      const node = await until('block of node-9', async () => {
        const found = await client.nodes.get({ name: 'node-9' })
        return found.spec?.podCIDR === undefined ? undefined : found
      })
      await client.nodes.delete({ name: 'node-9' })
      return node.spec?.podCIDR ?? ''
    }
    t.same([await blockOf(), await blockOf()], ['10.42.2.0/24', '10.42.2.0/24'])
  })

  await t.test('kubectl rollout status, scale, set image and undo work', async t => {
    const kubectl = async (...args: readonly string[]) => {
      const ran = await api.kubectl(args)
      t.equal(ran.code, 0, `kubectl ${args.join(' ')}: ${ran.stdout} ${ran.stderr}`)
      return ran.stdout
    }
    t.match(
      await kubectl('rollout', 'status', 'deployment/web', '--timeout=15s'),
      /successfully rolled out/,
    )
    await kubectl('scale', 'deployment/web', '--replicas=5')
    await available('web', 5)
    await kubectl('set', 'image', 'deployment/web', 'web=web:2')
    t.match(
      await kubectl('rollout', 'status', 'deployment/web', '--timeout=30s'),
      /successfully rolled out/,
    )
    await available('web', 5)
    await until('only new pods', async () =>
      (await podsOf('web')).every(pod => pod.spec?.containers[0]?.image === 'web:2'),
    )
    await kubectl('rollout', 'undo', 'deployment/web')
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=30s')
    const deployment = await available('web', 5)
    t.equal(deployment.metadata.annotations?.['deployment.kubernetes.io/revision'], '3')
    t.equal((await replicaSetsOf('web')).length, 2)
    t.match(await kubectl('rollout', 'history', 'deployment/web'), /2 .*\n3 /)
    t.match(await kubectl('describe', 'deployment/web'), /Scaled up replica set web-\w+ from 0 to/)
  })

  await t.test('a rollout that never gets ready stays within its bounds', async t => {
    broken = 'web:bad'
    const before = await available('web', 5)
    await client.deployments.patch(
      { namespace: 'default', name: 'web' },
      {
        type: 'strategic',
        body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:bad' }] } } } },
      },
    )
    // 5 pods, surge 25 % = 2, unavailable 25 % = 1: at most 7 pods, at least 4 available.
    const stuck = await until('a stuck rollout', async () => {
      const { status } = await client.deployments.get({ namespace: 'default', name: 'web' })
      return status?.replicas === 7 && status.availableReplicas === 4 ? status : undefined
    })
    t.match(stuck, { updatedReplicas: 3, readyReplicas: 4, unavailableReplicas: 3 })
    await client.deployments.patch(
      { namespace: 'default', name: 'web' },
      { type: 'merge', body: { spec: { template: before.spec?.template } } },
    )
    await available('web', 5)
  })

  await t.test('endpoints follow the pods', async t => {
    await client.services.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    })
    const slice = await until('five endpoints', async () => {
      const { items } = await client.endpointSlices.list({
        namespace: 'default',
        labelSelector: 'kubernetes.io/service-name=web',
      })
      const endpoints = items.flatMap(({ endpoints = [] }) => endpoints)
      return endpoints.filter(({ conditions }) => conditions?.ready).length === 5
        ? items[0]
        : undefined
    })
    t.match(slice.ports, [{ port: 80, protocol: 'TCP' }])
    const endpoints = await until('endpoints', () =>
      client.endpoints.get({ namespace: 'default', name: 'web' }),
    )
    t.equal(endpoints.subsets?.[0]?.addresses?.length, 5)
    await client.services.delete({ namespace: 'default', name: 'web' })
    await until('no slices', async () => {
      const { items } = await client.endpointSlices.list({
        namespace: 'default',
        labelSelector: 'kubernetes.io/service-name=web',
      })
      return items.length === 0
    })
  })

  await t.test('a deleted pod comes back', async () => {
    const [victim] = await podsOf('web')
    await client.pods.delete({ namespace: 'default', name: victim?.metadata.name ?? '' })
    await until('a new pod', async () => {
      const pods = await podsOf('web')
      const isGone = pods.every(pod => pod.metadata.uid !== victim?.metadata.uid)
      return isGone && pods.filter(pod => pod.status?.phase === 'Running').length === 5
    })
  })

  await t.test('deleting a Deployment deletes what it made', async () => {
    await client.deployments.delete(
      { namespace: 'default', name: 'web' },
      { propagationPolicy: 'Background' },
    )
    await until('nothing left', async () => {
      return (await podsOf('web')).length + (await replicaSetsOf('web')).length === 0
    })
  })

  await t.test('deleting in the foreground waits for what it made', async () => {
    await client.deployments.create(deploymentOf('fore', 2))
    await available('fore', 2)
    await client.deployments.delete(
      { namespace: 'default', name: 'fore' },
      { propagationPolicy: 'Foreground' },
    )
    await until('deployment gone', async () => {
      try {
        await client.deployments.get({ namespace: 'default', name: 'fore' })
        return false
      } catch (error) {
        return isReason(error, 'NotFound') && (await podsOf('fore')).length === 0
      }
    })
  })

  await t.test('orphaned pods stay, and are taken in again', async t => {
    await client.deployments.create(deploymentOf('keep', 2))
    await available('keep', 2)
    const before = (await podsOf('keep')).map(pod => pod.metadata.uid ?? '').toSorted(byText)
    await client.deployments.delete(
      { namespace: 'default', name: 'keep' },
      { propagationPolicy: 'Orphan' },
    )
    await until('an orphaned replica set', async () => {
      const [replicaSet] = await replicaSetsOf('keep')
      return replicaSet !== undefined && (replicaSet.metadata.ownerReferences ?? []).length === 0
    })
    // Its dependents are let go first, then it goes.
    await until('deployment gone', async () => {
      const { items } = await client.deployments.list({ namespace: 'default' })
      return items.every(({ metadata }) => metadata.name !== 'keep')
    })
    await client.deployments.create(deploymentOf('keep', 2))
    await available('keep', 2)
    t.same((await podsOf('keep')).map(pod => pod.metadata.uid ?? '').toSorted(byText), before)
    await client.deployments.delete({ namespace: 'default', name: 'keep' })
  })

  await t.test('a namespace goes with everything in it', async () => {
    const namespace = 'going'
    await client.namespaces.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    })
    await until('its service account', () =>
      client.serviceAccounts.get({ namespace, name: 'default' }),
    )
    const deployment = deploymentOf('inside', 2)
    await client.deployments.create({
      ...deployment,
      metadata: { ...deployment.metadata, namespace },
    })
    await until('its pods', async () => (await client.pods.list({ namespace })).items.length === 2)
    await client.namespaces.delete({ name: namespace })
    await until('namespace gone', async () => {
      try {
        await client.namespaces.get({ name: namespace })
        return false
      } catch (error) {
        return isReason(error, 'NotFound')
      }
    })
  })

  await t.test('a pod that fits nowhere says so in words people know', async t => {
    await client.nodes.patch(
      { name: 'node-2' },
      {
        type: 'merge',
        body: { spec: { taints: [{ key: 'own', value: 'x', effect: 'NoSchedule' }] } },
      },
    )
    await until(
      'the taint seen',
      async () => (await client.nodes.get({ name: 'node-2' })).spec?.taints?.length === 1,
    )
    const metadata = { name: 'big', namespace: 'default' }
    const container = { name: 'c', image: 'x', resources: { requests: { cpu: '8' } } }
    await client.pods.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers: [container] },
    })
    const event = await until('the event', async () => {
      const { items } = await client.events.list({
        namespace: 'default',
        fieldSelector: 'involvedObject.name=big',
      })
      return items.find(({ reason }) => reason === 'FailedScheduling')
    })
    t.equal(
      event.message,
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    )
    await client.pods.delete(metadata)
    await until('pod gone', async () => {
      const { items } = await client.pods.list({ namespace: 'default' })
      return items.every(pod => pod.metadata.name !== 'big')
    })
  })

  await t.test('a restart of the controllers changes nothing', async t => {
    await client.deployments.create(deploymentOf('calm', 4))
    for (let count = 0; count < 4; count += 1) await cluster.restart()
    await available('calm', 4)
    await cluster.restart()
    const before = (await podsOf('calm')).map(pod => pod.metadata.uid ?? '').toSorted(byText)
    await client.deployments.patch(
      { namespace: 'default', name: 'calm' },
      { type: 'merge', body: { spec: { replicas: 5 } } },
    )
    await available('calm', 5)
    const after = (await podsOf('calm')).map(pod => pod.metadata.uid ?? '')
    t.equal(after.length, 5, 'no pod was made twice')
    t.ok(before.every(uid => after.includes(uid)))
  })

  await t.test('an informer over HTTPS sees what one in the process sees', async t => {
    const transport = createHttpTransport({
      server: api.url,
      tls: { ca: [api.ca] },
      userAgent: 'test',
      getBearer: () => 'admin',
    })
    t.teardown(() => transport.close())
    const stop = new AbortController()
    const informers = new Informers({
      transport,
      clock: systemClock,
      random: systemRandom,
      log: cluster.log,
    })
    const pods = informers.of('pods', { namespace: 'default', labelSelector: 'app=calm' })
    const running = informers.run(stop.signal)
    await informers.synced(stop.signal)
    t.equal(pods.list().length, 5)
    await client.deployments.delete({ namespace: 'default', name: 'calm' })
    await until('all gone here too', async () => pods.list().length === 0)
    stop.abort()
    await running
  })

  await t.test('a node is given its certificate', async t => {
    const key = generateKey()
    const request = createRequest({
      key,
      subject: { commonName: 'system:node:node-1', organizations: ['system:nodes'] },
    })
    await client.certificateSigningRequests.create({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'node-1' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['client auth', 'digital signature'],
      },
    })
    // The asker is an administrator, no node: a human has to approve.
    const ran = await api.kubectl(['certificate', 'approve', 'node-1'])
    t.equal(ran.code, 0, ran.stderr)
    const signed = await until('signed', async () => {
      const { status } = await client.certificateSigningRequests.get({ name: 'node-1' })
      return status?.certificate
    })
    t.equal(signed, CERTIFICATE)
  })

  await t.test('a node that falls silent loses its pods to others', async t => {
    await client.nodes.patch({ name: 'node-2' }, { type: 'merge', body: { spec: { taints: [] } } })
    await client.deployments.create(deploymentOf('moving', 4))
    await available('moving', 4)
    cluster.silence('node-2')
    const node = await until('Ready Unknown', async () => {
      const node = await client.nodes.get({ name: 'node-2' })
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
      const isTainted = node.spec?.taints?.some(({ effect }) => effect === 'NoExecute')
      return ready?.status === 'Unknown' && isTainted === true ? node : undefined
    })
    t.match(
      node.status?.conditions?.find(({ type }) => type === 'Ready'),
      {
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      },
    )
    await until('four ready on the other node', async () => {
      const pods = await podsOf('moving')
      const here = pods.filter(pod => pod.spec?.nodeName === 'node-1')
      return here.filter(pod => pod.status?.phase === 'Running').length === 4
    })
    const leaving = (await podsOf('moving')).filter(pod => pod.spec?.nodeName === 'node-2')
    t.ok(leaving.every(pod => pod.metadata.deletionTimestamp !== undefined))
  })
})
