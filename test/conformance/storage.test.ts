/** Upstream's conformance tests of the storage APIs, step by step, against a real API server over HTTPS. No nodes. */
import t from 'tap'
import { connectRaw, startApi } from '../component/api-fixture.ts'
import { kindClient, labelled, labelsOf, nameOf, runLifecycle } from './kind-client.ts'

const fixture = await startApi()
const raw = connectRaw(fixture)
t.teardown(() => {
  raw.close()
  return fixture.close()
})
await raw.send('POST', '/api/v1/namespaces', { metadata: { name: 'e2e' } })

const STORAGE = '/apis/storage.k8s.io/v1'
const VOLUMES = '/api/v1/persistentvolumes'
const CLAIMS = '/api/v1/namespaces/e2e/persistentvolumeclaims'

const volume = (name: string): object => ({
  metadata: { name, labels: { 'e2e-pv-pool': 'pool' } },
  spec: {
    persistentVolumeReclaimPolicy: 'Retain',
    capacity: { storage: '2Gi' },
    accessModes: ['ReadWriteOnce'],
    csi: { driver: 'e2e-driver-1', volumeHandle: 'e2e-status-conformance' },
    storageClassName: 'e2e-class',
  },
})

const claim = (name: string): object => ({
  metadata: { name, labels: { 'e2e-pv-pool': 'pool' } },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '2Gi' } },
    storageClassName: 'e2e-class',
  },
})

void t.test(
  '[sig-storage] PersistentVolumes CSI Conformance should run through the lifecycle of a PV and a PVC [Conformance]',
  async t => {
    const volumes = kindClient(raw, VOLUMES)
    const claims = kindClient(raw, CLAIMS)
    const pool = '?labelSelector=e2e-pv-pool%3Dpool'
    await volumes.create(t, volume('pv'))
    await claims.create(t, claim('pvc'))
    t.equal((await volumes.list(t, pool)).length, 1)
    t.strictSame((await claims.list(t)).map(nameOf), ['pvc'])
    for (const [client, name] of [
      [volumes, 'pv'],
      [claims, 'pvc'],
    ] as const) {
      const patched = await client.patch(t, name, { metadata: { labels: { [name]: 'patched' } } })
      t.match(labelsOf(patched), { [name]: 'patched' })
      const read = await client.get(t, name)
      t.equal(read.metadata['uid'], patched.metadata['uid'])
    }
    await claims.remove(t, 'pvc')
    await claims.isGone(t, 'pvc')
    await volumes.remove(t, 'pv')
    await volumes.isGone(t, 'pv')
    await volumes.create(t, volume('pv-2'))
    await claims.create(t, claim('pvc-2'))
    for (const [client, name] of [
      [volumes, 'pv-2'],
      [claims, 'pvc-2'],
    ] as const) {
      const updated = await client.update(t, name, body => labelled(body, { [name]: 'updated' }))
      t.match(labelsOf(updated), { [name]: 'updated' })
      const query = `?labelSelector=${name}%3Dupdated`
      const found = await kindClient(
        raw,
        client === claims ? '/api/v1/persistentvolumeclaims' : VOLUMES,
      ).list(t, query)
      t.equal(found.length, 1)
      await client.removeAll(t, query)
      t.equal((await client.list(t, query)).length, 0)
    }
  },
)

void t.test(
  '[sig-storage] PersistentVolumes CSI Conformance should apply changes to a pv/pvc status [Conformance]',
  async t => {
    const volumes = kindClient(raw, VOLUMES)
    const claims = kindClient(raw, CLAIMS)
    const made = await volumes.create(t, volume('pv-status'))
    t.match(made['status'], { phase: 'Pending', lastPhaseTransitionTime: String })
    t.match((await claims.create(t, claim('pvc-status')))['status'], { phase: 'Pending' })
    const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E' }
    for (const [client, name, patch] of [
      [claims, 'pvc-status', { status: { conditions: [{ ...condition, type: 'StatusPatched' }] } }],
      [volumes, 'pv-status', { status: { message: 'StatusPatched', reason: 'E2E patchStatus' } }],
    ] as const) {
      const patched = await client.patch(t, `${name}/status`, patch)
      t.match(patched['status'], patch.status)
      t.match((await client.get(t, `${name}/status`))['status'], patch.status)
    }
    const updated = await claims.update(t, 'pvc-status/status', body => ({
      ...body,
      status: { ...Object(body['status']), conditions: [condition] },
    }))
    t.match(updated['status'], { conditions: [condition] })
    const read = await volumes.update(t, 'pv-status/status', body => ({
      ...body,
      spec: {},
      status: { ...Object(body['status']), phase: 'Available', message: 'StatusUpdated' },
    }))
    t.match(read, { spec: { capacity: { storage: '2Gi' } }, status: { message: 'StatusUpdated' } })
    await claims.remove(t, 'pvc-status')
    await volumes.remove(t, 'pv-status')
  },
)

void t.test(
  '[sig-storage] StorageClasses CSI Conformance should run through the lifecycle of a StorageClass [Conformance]',
  t =>
    runLifecycle(t, raw, {
      path: `${STORAGE}/storageclasses`,
      object: name => ({ metadata: { name }, provisioner: 'e2e-fake-provisioner' }),
    }),
)

void t.test(
  '[sig-storage] VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass [Conformance]',
  t =>
    runLifecycle(t, raw, {
      path: `${STORAGE}/volumeattributesclasses`,
      object: name => ({
        metadata: { name },
        driverName: 'e2e-fake-csi-driver',
        parameters: { foo: 'bar' },
      }),
    }),
)

void t.test(
  '[sig-storage] CSINodes CSI Conformance should run through the lifecycle of a csinode [Conformance]',
  t =>
    runLifecycle(t, raw, {
      path: `${STORAGE}/csinodes`,
      object: name => ({
        metadata: { name },
        spec: { drivers: [{ name: 'e2e-driver', nodeID: name, topologyKeys: ['zone'] }] },
      }),
    }),
)

const attachment = (name: string): object => ({
  metadata: { name, uid: name },
  spec: {
    attacher: 'e2e-test.storage.k8s.io',
    nodeName: 'node',
    source: { persistentVolumeName: `pv-${name}` },
  },
  status: { attached: false },
})
const ATTACHMENTS = `${STORAGE}/volumeattachments`

void t.test(
  '[sig-storage] VolumeAttachment Conformance should run through the lifecycle of a VolumeAttachment [Conformance]',
  t => runLifecycle(t, raw, { path: ATTACHMENTS, object: attachment }),
)

void t.test(
  '[sig-storage] VolumeAttachment Conformance should apply changes to a volumeattachment status [Conformance]',
  async t => {
    const client = kindClient(raw, ATTACHMENTS)
    await client.create(t, attachment('va'))
    const patched = await client.patch(t, 'va', { metadata: { labels: { va: 'patched' } } })
    t.match(labelsOf(patched), { va: 'patched' })
    t.strictSame((await client.get(t, 'va/status'))['status'], { attached: false })
    const attached = await client.patch(t, 'va/status', { status: { attached: true } })
    t.match(attached['status'], { attached: true })
    const updated = await client.update(t, 'va/status', body => ({
      ...body,
      status: { attached: false },
    }))
    t.match(updated['status'], { attached: false })
    await client.remove(t, 'va')
    t.equal((await client.list(t, '?labelSelector=va%3Dpatched')).length, 0)
  },
)

void t.test(
  '[sig-storage] CSIInlineVolumes should run through the lifecycle of a CSIDriver [Conformance]',
  async t => {
    const client = kindClient(raw, `${STORAGE}/csidrivers`)
    const labels = { 'e2e-test': 'csi' }
    const driver = (name: string, ...modes: readonly string[]): object => ({
      metadata: { name, labels },
      spec: { volumeLifecycleModes: modes, fsGroupPolicy: 'ReadWriteOnceWithFSType' },
    })
    const one = await client.create(t, driver('inline-driver-1', 'Ephemeral'))
    const two = await client.create(t, driver('inline-driver-2', 'Persistent', 'Ephemeral'))
    const again = await raw.send('POST', `${STORAGE}/csidrivers`, driver('inline-driver-1'))
    t.equal(again.status, 409)
    t.equal((await client.get(t, 'inline-driver-1')).metadata['uid'], one.metadata['uid'])
    t.equal((await client.get(t, 'inline-driver-2')).metadata['uid'], two.metadata['uid'])
    const patched = await client.patch(
      t,
      'inline-driver-2',
      { metadata: { labels: { 'inline-driver-2': 'patched' } } },
      'application/strategic-merge-patch+json',
    )
    t.match(labelsOf(patched), { 'inline-driver-2': 'patched' })
    const updated = await client.update(t, 'inline-driver-2', body =>
      labelled(body, { 'inline-driver-2': 'updated' }),
    )
    t.match(labelsOf(updated), { 'inline-driver-2': 'updated' })
    t.equal((await client.list(t, '?labelSelector=e2e-test%3Dcsi')).length, 2)
    await client.remove(t, 'inline-driver-1')
    await client.isGone(t, 'inline-driver-1')
    await client.removeAll(t, '?labelSelector=inline-driver-2%3Dupdated')
    await client.isGone(t, 'inline-driver-2')
  },
)

void t.test(
  '[sig-storage] CSIInlineVolumes should support CSIVolumeSource in Pod API [Conformance]',
  async t => {
    const path = '/api/v1/namespaces/e2e/pods'
    const client = kindClient(raw, path)
    const driver = 'e2e.example.com'
    const pod = {
      metadata: { name: 'pod-csi-inline-volumes' },
      spec: {
        volumes: [
          { name: 'csi-inline-vol1', csi: { driver } },
          { name: 'csi-inline-vol2', csi: { driver, fsType: 'ext4', readOnly: true } },
        ],
        containers: [
          {
            name: 'c',
            image: 'busybox',
            volumeMounts: [
              { name: 'csi-inline-vol1', mountPath: '/mnt/vol1' },
              { name: 'csi-inline-vol2', mountPath: '/mnt/vol2' },
            ],
          },
        ],
      },
    }
    const made = await client.create(t, pod)
    t.match(made['spec'], { volumes: pod.spec.volumes })
    t.equal((await raw.send('POST', path, pod)).status, 409)
    const { name } = pod.metadata
    t.equal((await client.get(t, name)).metadata['uid'], made.metadata['uid'])
    t.equal((await client.list(t)).length, 1)
    const patched = await client.patch(t, name, { metadata: { annotations: { patched: 'true' } } })
    t.match(patched.metadata['annotations'], { patched: 'true' })
    await client.remove(t, name)
    await client.isGone(t, name)
  },
)

void t.test(
  '[sig-storage] CSIStorageCapacity should support CSIStorageCapacities API operations [Conformance]',
  async t => {
    const groups = await raw.send('GET', '/apis')
    t.match(JSON.stringify(groups.body), '"storage.k8s.io/v1"')
    const group = await raw.send('GET', '/apis/storage.k8s.io')
    t.match(group.body, { preferredVersion: { version: 'v1' } })
    const resources = await raw.send('GET', STORAGE)
    t.match(JSON.stringify(resources.body), '"csistoragecapacities"')
    const client = kindClient(raw, `${STORAGE}/namespaces/e2e/csistoragecapacities`)
    const everywhere = kindClient(raw, `${STORAGE}/csistoragecapacities`)
    const labels = { test: 'capacity' }
    const capacity = (name: string) => ({ metadata: { name, labels }, storageClassName: 'sc' })
    const name = 'capacity-1'
    const made = await client.create(t, capacity(name))
    const again = await raw.send(
      'POST',
      `${STORAGE}/namespaces/e2e/csistoragecapacities`,
      capacity(name),
    )
    t.equal(again.status, 409)
    await client.create(t, capacity('capacity-2'))
    const watches = [client, everywhere].map(one => one.watch('&labelSelector=test%3Dcapacity'))
    await client.create(t, capacity('capacity-3'))
    t.equal((await client.get(t, name)).metadata['uid'], made.metadata['uid'])
    const query = '?labelSelector=test%3Dcapacity'
    const listed = await raw.send('GET', `${STORAGE}/csistoragecapacities${query}`)
    t.equal(listed.body.items.length, 3)
    t.equal((await client.list(t, query)).length, 3)
    const patched = await client.patch(t, name, { metadata: { annotations: { patched: 'true' } } })
    t.match(patched.metadata['annotations'], { patched: 'true' })
    const updated = await client.update(t, name, body => ({
      ...body,
      metadata: { ...body.metadata, annotations: { updated: 'true' } },
      capacity: '1Gi',
    }))
    t.match(updated, { metadata: { annotations: { updated: 'true' } }, capacity: '1Gi' })
    for (const watch of watches) {
      t.equal(nameOf((await watch.next(({ type }) => type === 'ADDED')).object), name)
      const seen = await watch.next(
        ({ type, object }) => type === 'MODIFIED' && 'capacity' in Object(object),
      )
      t.match(seen.object?.metadata, { name, annotations: { updated: 'true' } })
    }
    await client.remove(t, name)
    await client.isGone(t, name)
    for (const watch of watches) {
      t.equal(nameOf((await watch.next(({ type }) => type === 'DELETED')).object), name)
      watch.close()
    }
    t.equal((await client.list(t, query)).length, 2)
    await client.removeAll(t, query)
    t.equal((await client.list(t, query)).length, 0)
  },
)
