/** Controllers and scheduler over a real API server and store; the test plays the nodes. */
import t from 'tap'
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { isReason } from '#api/status.ts'
import { type ControlCluster, startControlCluster, until } from './control-fixture.ts'

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

t.test('a cluster', async t => {
  let broken = ''
  const cluster: ControlCluster = await startControlCluster()
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

  t.test('has its system objects', async t => {
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

  t.test('tells why a pod waits, and places it when a node comes', async t => {
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
    const nodes = new Set((await podsOf('web')).map(pod => pod.spec?.nodeName))
    t.equal(nodes.size, 2, 'spread over both nodes')
  })

  t.test('gives nodes their pod CIDRs', async t => {
    const { items } = await client.nodes.list()
    t.same(items.map(node => node.spec?.podCIDR).sort(), ['10.42.0.0/24', '10.42.1.0/24'])
  })

  t.test('kubectl rollout status, scale, set image and undo work', async t => {
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

  t.test('a rollout that never gets ready stays within its bounds', async t => {
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

  t.test('endpoints follow the pods', async t => {
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

  t.test('a deleted pod comes back', async () => {
    const [victim] = await podsOf('web')
    await client.pods.delete({ namespace: 'default', name: victim?.metadata.name ?? '' })
    await until('a new pod', async () => {
      const pods = await podsOf('web')
      const isGone = pods.every(pod => pod.metadata.uid !== victim?.metadata.uid)
      return isGone && pods.filter(pod => pod.status?.phase === 'Running').length === 5
    })
  })

  t.test('deleting a Deployment deletes what it made', async () => {
    await client.deployments.delete(
      { namespace: 'default', name: 'web' },
      { propagationPolicy: 'Background' },
    )
    await until('nothing left', async () => {
      return (await podsOf('web')).length + (await replicaSetsOf('web')).length === 0
    })
  })

  t.test('deleting in the foreground waits for what it made', async () => {
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

  t.test('orphaned pods stay, and are taken in again', async t => {
    await client.deployments.create(deploymentOf('keep', 2))
    await available('keep', 2)
    const before = (await podsOf('keep')).map(pod => pod.metadata.uid).sort()
    await client.deployments.delete(
      { namespace: 'default', name: 'keep' },
      { propagationPolicy: 'Orphan' },
    )
    await until('an orphaned replica set', async () => {
      const [replicaSet] = await replicaSetsOf('keep')
      return replicaSet !== undefined && (replicaSet.metadata.ownerReferences ?? []).length === 0
    })
    await client.deployments.create(deploymentOf('keep', 2))
    await available('keep', 2)
    t.same((await podsOf('keep')).map(pod => pod.metadata.uid).sort(), before)
    await client.deployments.delete({ namespace: 'default', name: 'keep' })
  })

  t.test('a namespace goes with everything in it', async () => {
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

  t.test('a pod that fits nowhere says so in words people know', async t => {
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
})
