/** Rows of volumes, claims, storage classes, quotas, controllers and templates, with their wide columns. */
import { cellsOf, columnsOf } from '#api/columns/table.ts'
import t from 'tap'

const NOW = Date.parse('2026-01-02T12:00:00Z')
const metadata = { name: 'x', creationTimestamp: '2026-01-02T11:58:55Z' }
const gone = { ...metadata, deletionTimestamp: '2026-01-02T12:00:00Z' }
const marked = {
  ...metadata,
  annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
}
const template = {
  metadata: { labels: { b: '2', a: '1' } },
  spec: {
    containers: [
      { name: 'c', image: 'i' },
      { name: 'd', image: 'j' },
    ],
  },
}
const volumeSpec = {
  capacity: { storage: '2Gi' },
  accessModes: ['ReadOnlyMany', 'ReadWriteOnce'],
  persistentVolumeReclaimPolicy: 'Retain',
  claimRef: { namespace: 'n', name: 'c' },
  storageClassName: 'fast',
  volumeMode: 'Block',
}

const ROWS: readonly (readonly [resource: string, object: object, cells: string])[] = [
  [
    'persistentvolumes',
    { metadata, spec: volumeSpec, status: { phase: 'Bound' } },
    'x|2Gi|RWO,ROX|Retain|Bound|n/c|fast|<unset>||65s|Block',
  ],
  [
    'persistentvolumes',
    { metadata: gone, spec: {}, status: { phase: 'Failed', reason: 'Lost' } },
    'x|0|||Terminating|||<unset>|Lost|65s|<unset>',
  ],
  [
    'persistentvolumeclaims',
    { metadata, spec: { storageClassName: 'fast' }, status: { phase: 'Pending' } },
    'x|Pending||||fast|<unset>|65s|<unset>',
  ],
  [
    'persistentvolumeclaims',
    {
      metadata: { ...metadata, annotations: { 'volume.beta.kubernetes.io/storage-class': 'old' } },
      spec: { volumeName: 'v', volumeMode: 'Filesystem', volumeAttributesClassName: 'gold' },
      status: {
        phase: 'Bound',
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteMany', 'ReadWriteOncePod'],
      },
    },
    'x|Bound|v|1Gi|RWX,RWOP|old|gold|65s|Filesystem',
  ],
  [
    'storageclasses.storage.k8s.io',
    { metadata: marked, provisioner: 'p', allowVolumeExpansion: true },
    'x (default)|p|Delete|Immediate|true|65s',
  ],
  ['volumeattributesclasses.storage.k8s.io', { metadata, driverName: 'd' }, 'x|d|65s'],
  [
    'volumeattachments.storage.k8s.io',
    {
      metadata,
      spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'v' } },
      status: { attached: true },
    },
    'x|a|v|n|true|65s',
  ],
  ['csinodes.storage.k8s.io', { metadata, spec: { drivers: [{ name: 'd' }] } }, 'x|1|65s'],
  [
    'csidrivers.storage.k8s.io',
    {
      metadata,
      spec: {
        tokenRequests: [{ audience: 'a' }, { audience: 'b' }],
        volumeLifecycleModes: ['Ephemeral'],
      },
    },
    'x|true|false|false|a,b|false|Ephemeral|65s',
  ],
  [
    'csidrivers.storage.k8s.io',
    { metadata, spec: {} },
    'x|true|false|false|<unset>|false|<none>|65s',
  ],
  [
    'csistoragecapacities.storage.k8s.io',
    { metadata, storageClassName: 'fast', capacity: '1Gi' },
    'x|2026-01-02T11:58:55Z',
  ],
  [
    'resourcequotas',
    {
      metadata,
      status: {
        hard: { pods: '10', 'limits.cpu': '2', 'requests.cpu': '1' },
        used: { pods: '3', 'limits.cpu': '1' },
      },
    },
    'x|pods: 3/10, requests.cpu: 0/1|limits.cpu: 1/2|65s',
  ],
  [
    'replicationcontrollers',
    {
      metadata,
      spec: { replicas: 3, selector: { app: 'a' }, template },
      status: { replicas: 2, readyReplicas: 1 },
    },
    'x|3|2|1|65s|c,d|i,j|app=a',
  ],
  ['podtemplates', { metadata, template }, 'x|c,d|i,j|a=1,b=2'],
  ['limitranges', { metadata }, 'x|2026-01-02T11:58:55Z'],
]

void t.test('rows', async t => {
  for (const [resource, object, cells] of ROWS) {
    const [plural = '', ...group] = resource.split('.')
    const kind = { plural, group: group.join('.') }
    const shown = cellsOf(kind, { apiVersion: 'v1', kind: 'Thing', metadata, ...object }, NOW)
    t.equal(shown.join('|'), cells, resource)
    t.equal(shown.length, columnsOf(kind).length, `${resource}: a cell for each column`)
  }
})
