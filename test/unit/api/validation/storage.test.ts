/** storage.k8s.io: every rule with upstream's field path and words, on create, update and status. */
import {
  type Case,
  runCases,
  statusFaults,
  SUBDOMAIN,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const storageClass = (more: Fields = {}): Fields => ({ provisioner: 'example.com/disk', ...more })
const attachment = (more: Fields = {}): Fields => ({
  spec: { attacher: 'a.example', nodeName: 'n', source: { persistentVolumeName: 'v' }, ...more },
})

const KINDS: readonly Case[] = [
  ['a class', 'storageclasses', storageClass(), []],
  [
    'a bad class',
    'storageclasses',
    {
      provisioner: '',
      reclaimPolicy: 'Recycle',
      volumeBindingMode: 'Later',
      parameters: { '': 'x' },
    },
    [
      'provisioner: Required value',
      'parameters: Invalid value: "": field can not be empty.',
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
  ],
  [
    'topologies that repeat themselves',
    'storageclasses',
    storageClass({
      allowedTopologies: [
        { matchLabelExpressions: [{ key: 'zone', values: ['a', 'a'] }] },
        { matchLabelExpressions: [{ key: 'zone', values: ['a', 'a'] }] },
      ],
    }),
    [
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
      'allowedTopologies[1].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
      'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
    ],
  ],
  [
    'too many parameters',
    'storageclasses',
    storageClass({
      parameters: Object.fromEntries(Array.from({ length: 513 }, (_, i) => [`k${i}`, ''])),
    }),
    ['parameters: Too long: may not be more than 512 bytes'],
  ],
  ['attributes', 'volumeattributesclasses', { driverName: 'd', parameters: { a: 'b' } }, []],
  [
    'no attributes',
    'volumeattributesclasses',
    { driverName: '' },
    [
      'driverName: Required value',
      'parameters: Required value: must contain at least one key/value pair',
    ],
  ],
  ['an attachment', 'volumeattachments', attachment(), []],
  [
    'an attachment of nothing',
    'volumeattachments',
    attachment({ attacher: '', source: {} }),
    [
      'spec.attacher: Required value',
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
  ],
  [
    'an inline volume',
    'volumeattachments',
    attachment({
      source: {
        inlineVolumeSpec: {
          capacity: { storage: '1' },
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'x',
        },
      },
    }),
    [
      'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes',
      'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes',
      'spec.source.inlineVolumeSpec: Required value: must specify a volume type',
      'spec.source.inlineVolumeSpec.storageClassName: Forbidden: may not be specified in the context of inline volumes',
    ],
  ],
  ['a driver', 'csidrivers', { spec: {} }, []],
  [
    'a bad driver',
    'csidrivers',
    {
      spec: {
        fsGroupPolicy: 'Some',
        volumeLifecycleModes: ['Forever'],
        tokenRequests: [{ audience: 'a', expirationSeconds: 1 }, { audience: 'a' }],
        nodeAllocatableUpdatePeriodSeconds: 9,
      },
    },
    [
      'spec.fsGroupPolicy: Unsupported value: "Some": supported values: "File", "None", "ReadWriteOnceWithFSType"',
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
      'spec.tokenRequests[1].audience: Duplicate value: "a"',
      'spec.volumeLifecycleModes: Unsupported value: "Forever": supported values: "Persistent", "Ephemeral"',
      'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
    ],
  ],
  [
    'a node with doubtful drivers',
    'csinodes',
    {
      spec: {
        drivers: [
          { name: 'a', nodeID: '', topologyKeys: ['k', 'k'] },
          { name: 'a', nodeID: 'n', topologyKeys: null, allocatable: { count: -1 } },
        ],
      },
    },
    [
      'spec.drivers[0].nodeID: Required value',
      'spec.drivers[0]: Duplicate value: "k"',
      'spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
      'spec.drivers[1].name: Duplicate value: "a"',
    ],
  ],
  [
    'less than no room',
    'csistoragecapacities',
    { storageClassName: 'A', capacity: '-1' },
    [
      `storageClassName: Invalid value: "A": ${SUBDOMAIN}`,
      'capacity: Invalid value: "-1": must be greater than or equal to 0',
    ],
  ],
]

void t.test('storage.k8s.io', async t => runCases(t, KINDS))

void t.test('changes in storage.k8s.io', async t => {
  const node = (nodeID: string, count?: number): Fields => ({
    spec: { drivers: [{ name: 'a', nodeID, topologyKeys: null, allocatable: { count } }] },
  })
  const cases: readonly [string, Fields, Fields, readonly string[]][] = [
    [
      'storageclasses',
      storageClass({ parameters: { a: 'b' } }),
      { provisioner: 'x', reclaimPolicy: 'Retain', volumeBindingMode: 'WaitForFirstConsumer' },
      [
        'parameters: Invalid value: null: field is immutable',
        'provisioner: Invalid value: "x": field is immutable',
        'reclaimPolicy: Invalid value: "Retain": field is immutable',
        'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
      ],
    ],
    ['storageclasses', storageClass(), storageClass({ allowVolumeExpansion: true }), []],
    [
      'volumeattributesclasses',
      { driverName: 'd', parameters: { a: 'b' } },
      { driverName: 'e', parameters: { a: 'c' } },
      [
        'driverName: Forbidden: updates to driverName are forbidden.',
        'parameters: Forbidden: updates to parameters are forbidden.',
      ],
    ],
    [
      'volumeattachments',
      attachment(),
      attachment({ nodeName: 'm' }),
      [
        'spec: Invalid value: {"Attacher":"a.example","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"m"}: field is immutable',
      ],
    ],
    [
      'csidrivers',
      { spec: {} },
      {
        spec: { attachRequired: false, volumeLifecycleModes: ['Ephemeral'], podInfoOnMount: true },
      },
      [
        'spec.attachedRequired: Invalid value: false: field is immutable',
        'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
      ],
    ],
    ['csinodes', node('n', 1), node('n', 2), []],
    [
      'csinodes',
      node('n', 1),
      node('m', 1),
      [
        'spec.drivers: Invalid value: {"Name":"a","NodeID":"m","TopologyKeys":[],"Allocatable":null}: field is immutable',
      ],
    ],
    [
      'csistoragecapacities',
      { storageClassName: 'a' },
      { storageClassName: 'b', nodeTopology: {} },
      [
        'nodeTopology: Invalid value: {}: field is immutable',
        'storageClassName: Invalid value: "b": field is immutable',
      ],
    ],
  ]
  for (const [plural, before, after, faults] of cases) {
    t.strictSame(updateFaults(plural, before, after), faults, plural)
  }
  t.strictSame(
    statusFaults('volumeattachments', attachment(), {
      ...attachment(),
      status: { attached: false, attachError: { message: 'x'.repeat(1025) } },
    }),
    ['status.attachError.message: Too long: may not be more than 262144 bytes'],
  )
})
