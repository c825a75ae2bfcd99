/** Volumes and claims: every rule with upstream's field path and words, on create, update and status. */
import {
  faultsOf,
  LABEL,
  runCases,
  statusFaults,
  SUBDOMAIN,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const claimSpec = (more: Fields = {}): Fields => ({
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
  ...more,
})
const claim = (more: Fields = {}): Fields => ({ spec: claimSpec(more) })

const volumeSpec = (more: Fields = {}): Fields => ({
  accessModes: ['ReadWriteOnce'],
  capacity: { storage: '1Gi' },
  hostPath: { path: '/data' },
  ...more,
})
const volume = (more: Fields = {}): Fields => ({ spec: volumeSpec(more) })
/** A volume with another source than the host's path. */
const volumeOf = (source: Fields): Fields => ({
  spec: { ...volumeSpec(source), hostPath: undefined },
})

const MODES = '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'

void t.test('persistent volume claims', async t => {
  runCases(t, [
    ['a good one', 'persistentvolumeclaims', claim(), []],
    [
      'an empty one',
      'persistentvolumeclaims',
      { spec: {} },
      [
        'spec.accessModes: Required value: at least 1 access mode is required',
        'spec.resources[storage]: Required value',
      ],
    ],
    [
      'modes',
      'persistentvolumeclaims',
      claim({ accessModes: ['Never', 'ReadWriteOncePod', 'ReadWriteMany'] }),
      [
        `spec.accessModes: Unsupported value: "Never": supported values: ${MODES}`,
        'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
      ],
    ],
    [
      'nothing asked for',
      'persistentvolumeclaims',
      claim({ resources: { requests: { storage: '0' } } }),
      ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
    ],
    [
      'names and mode',
      'persistentvolumeclaims',
      claim({ storageClassName: 'A', volumeAttributesClassName: 'B', volumeMode: 'Tape' }),
      [
        `spec.storageClassName: Invalid value: "A": ${SUBDOMAIN}`,
        'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
        `spec.volumeAttributesClassName: Invalid value: "B": ${SUBDOMAIN}`,
      ],
    ],
    [
      'sources',
      'persistentvolumeclaims',
      claim({
        dataSource: { kind: 'Snapshot', name: '' },
        dataSourceRef: { kind: 'Snapshot', name: 's', apiGroup: 'A', namespace: 'N' },
      }),
      [
        'spec.dataSource.name: Required value',
        'spec.dataSource: Invalid value: "Snapshot": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
        `spec.dataSourceRef.apiGroup: Invalid value: "A": ${SUBDOMAIN}`,
        `spec.dataSourceRef.namespace: Invalid value: "N": ${LABEL}`,
        'spec: Invalid value: {}: may not be specified when dataSourceRef.namespace is specified',
      ],
    ],
  ])
})

void t.test('changes of claims', async t => {
  const bound = { phase: 'Bound', capacity: { storage: '1Gi' } }
  const sized = (storage: string): Fields => ({
    ...claim({ resources: { requests: { storage } } }),
    status: bound,
  })
  const cases: readonly [string, Fields, Fields, readonly string[]][] = [
    ['binding', claim(), claim({ volumeName: 'v' }), []],
    ['naming the class once', claim(), claim({ storageClassName: 'fast' }), []],
    ['more of a bound one', sized('2Gi'), sized('3Gi'), []],
    [
      'less than there is',
      sized('2Gi'),
      sized('1Gi'),
      ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'],
    ],
    [
      'another volume',
      claim({ volumeName: 'a' }),
      claim({ volumeName: 'b' }),
      [
        'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n- spec.volumeName: "a"\n+ spec.volumeName: "b"',
      ],
    ],
    [
      'no attributes any more',
      {
        ...claim({ volumeAttributesClassName: 'a' }),
        status: { phase: 'Bound', currentVolumeAttributesClassName: 'a' },
      },
      { ...claim(), status: { phase: 'Bound' } },
      [
        'spec.volumeAttributesClassName: Forbidden: update to nil is forbidden when status.currentVolumeAttributesClassName is not nil',
      ],
    ],
  ]
  for (const [name, before, after, faults] of cases) {
    t.strictSame(updateFaults('persistentvolumeclaims', before, after), faults, name)
  }
  t.strictSame(
    statusFaults('persistentvolumeclaims', claim(), {
      ...claim(),
      status: {
        capacity: { storage: '-1' },
        allocatedResources: { cpu: '1' },
        allocatedResourceStatuses: { storage: 'Growing' },
      },
    }),
    [
      'status.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
      'status.allocatedResourceStatuses: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
      'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
    ],
  )
})

void t.test('persistent volumes', async t => {
  runCases(t, [
    ['a good one', 'persistentvolumes', volume(), []],
    [
      'an empty one',
      'persistentvolumes',
      { spec: {} },
      [
        'spec.accessModes: Required value',
        'spec.capacity: Required value',
        'spec.capacity: Unsupported value: {}: supported values: "storage"',
        'spec: Required value: must specify a volume type',
      ],
    ],
    [
      'two sources, the first of which is recycled',
      'persistentvolumes',
      volume({
        hostPath: { path: '/' },
        nfs: { server: 's', path: '/p' },
        persistentVolumeReclaimPolicy: 'Recycle',
      }),
      [
        'spec.nfs: Forbidden: may not specify more than 1 volume type',
        "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
      ],
    ],
    [
      'a local one without a node',
      'persistentvolumes',
      volumeOf({ local: { path: '' } }),
      [
        'spec.local.path: Required value',
        'spec.nodeAffinity: Required value: Local volume requires node affinity',
      ],
    ],
    [
      'nobody to attach it',
      'persistentvolumes',
      volumeOf({ csi: { driver: '', volumeHandle: '', nodePublishSecretRef: { name: 'A' } } }),
      [
        'spec.csi.driver: Required value',
        'spec.csi.volumeHandle: Required value',
        `spec.csi.nodePublishSecretRef.name: Invalid value: "A": ${SUBDOMAIN}`,
        'spec.csi.nodePublishSecretRef.namespace: Required value',
      ],
    ],
    [
      'attributes without a driver, and a policy nobody knows',
      'persistentvolumes',
      volume({ volumeAttributesClassName: '', persistentVolumeReclaimPolicy: 'Burn' }),
      [
        'spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"',
        'spec.volumeAttributesClassName: Required value: an empty string is disallowed',
        'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
      ],
    ],
    [
      'no node at all',
      'persistentvolumes',
      volume({ nodeAffinity: {} }),
      ['spec.nodeAffinity.required: Required value: must specify required node constraints'],
    ],
  ])
  t.strictSame(
    updateFaults('persistentvolumes', volume(), volume({ hostPath: { path: '/else' } })),
    [
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n- spec.hostPath.path: "/data"\n+ spec.hostPath.path: "/else"',
    ],
  )
  t.strictSame(updateFaults('persistentvolumes', volume(), volume({ volumeMode: 'Block' })), [
    'volumeMode: Invalid value: "Block": field is immutable',
  ])
  t.strictSame(
    updateFaults('persistentvolumes', volume(), volume({ claimRef: { name: 'c' } })),
    [],
    'binding',
  )
})

void t.test('every source says what it needs', async t => {
  const cases: readonly [Fields, readonly string[]][] = [
    [
      { gcePersistentDisk: { pdName: '', partition: 256 } },
      [
        'persistentDisk.pdName: Required value',
        'persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive',
      ],
    ],
    [{ awsElasticBlockStore: { volumeID: '' } }, ['awsElasticBlockStore.volumeID: Required value']],
    [
      { glusterfs: { endpoints: '', path: '', endpointsNamespace: '' } },
      [
        'glusterfs.endpoints: Required value',
        'glusterfs.path: Required value',
        'glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name',
      ],
    ],
    [
      { flocker: { datasetName: 'a/b', datasetUUID: 'u' } },
      [
        'flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously',
        'flocker.datasetName: Invalid value: "a/b": must not contain \'/\'',
      ],
    ],
    [
      { nfs: { server: '', path: 'p' } },
      ['nfs.server: Required value', 'nfs.path: Invalid value: "p": must be an absolute path'],
    ],
    [
      { rbd: { monitors: [], image: '' } },
      ['rbd.monitors: Required value', 'rbd.image: Required value'],
    ],
    [
      { quobyte: { registry: 'here', volume: '' } },
      [
        'quobyte.registry: Invalid value: "here": must be a host:port pair or multiple pairs separated by commas',
        'quobyte.volume: Required value',
      ],
    ],
    [{ cephfs: { monitors: [] } }, ['cephfs.monitors: Required value']],
    [
      { iscsi: { targetPortal: '', iqn: 'x', lun: 256, chapAuthSession: true } },
      [
        'iscsi.targetPortal: Required value',
        'iscsi.iqn: Invalid value: "x": must be valid format',
        'iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
        'iscsi.secretRef: Required value',
      ],
    ],
    [
      { cinder: { volumeID: '', secretRef: {} } },
      [
        'cinder.volumeID: Required value',
        'cinder.secretRef.name: Required value',
        'cinder.secretRef.namespace: Required value',
      ],
    ],
    [
      { fc: { targetWWNs: ['w'] } },
      ['fc.lun: Required value: lun is required if targetWWNs is specified'],
    ],
    [
      { flexVolume: { driver: '', options: { 'kubernetes.io/x': '1' } } },
      [
        'flexVolume.driver: Required value',
        'flexVolume.options[kubernetes.io/x]: Invalid value: "kubernetes.io/x": kubernetes.io and k8s.io namespaces are reserved',
      ],
    ],
    [
      { azureFile: { secretName: '', shareName: '', secretNamespace: '' } },
      [
        'azureFile.secretName: Required value',
        'azureFile.shareName: Required value',
        'azureFile.secretNamespace: Required value',
      ],
    ],
    [{ vsphereVolume: { volumePath: '' } }, ['vsphereVolume.volumePath: Required value']],
    [{ photonPersistentDisk: { pdID: '' } }, ['photonPersistentDisk.pdID: Required value']],
    [{ portworxVolume: { volumeID: '' } }, ['portworxVolume.volumeID: Required value']],
    [
      { azureDisk: { diskName: 'd', diskURI: 'x', kind: 'Shared', cachingMode: 'Some' } },
      [
        'azureDisk.cachingMode: Unsupported value: "Some": supported values: "None", "ReadOnly", "ReadWrite"',
        'azureDisk.diskURI: Unsupported value: "x": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"',
      ],
    ],
    [
      { scaleIO: { gateway: '', system: '', secretRef: {} } },
      [
        'scaleIO.gateway: Required value',
        'scaleIO.system: Required value',
        'scaleIO.volumeName: Required value',
      ],
    ],
    [
      { storageos: { volumeName: 'A', secretRef: {} } },
      [
        `storageos.volumeName: Invalid value: "A": ${LABEL}`,
        'storageos.secretRef.name: Required value',
        'storageos.secretRef.namespace: Required value',
      ],
    ],
  ]
  for (const [source, faults] of cases) {
    t.strictSame(
      faultsOf('persistentvolumes', volumeOf(source)),
      faults.map(fault => `spec.${fault}`),
      Object.keys(source).join(),
    )
  }
})
