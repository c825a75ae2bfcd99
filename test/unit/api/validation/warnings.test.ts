/** What writers of Services and of storage are told. Those of pods: pod-warnings.test.ts */
import { warningsOf } from '#api/validation/warnings.ts'
import { build, resourceNamed } from '#test/support/validation-cases.ts'
import t from 'tap'

type Row = readonly [plural: string, fields: object, warnings: readonly string[]]

const affinity = (key: string): object => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'Exists' }] }] },
})
const ZONE = 'failure-domain.beta.kubernetes.io/zone'
const OLD_ZONE = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
const OLD_CLASS = 'volume.beta.kubernetes.io/storage-class'

const ROWS: readonly Row[] = [
  ['services', { spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] } }, []],
  [
    'services',
    {
      metadata: { annotations: { 'service.kubernetes.io/topology-aware-hints': 'auto' } },
      spec: {
        type: 'LoadBalancer',
        clusterIPs: ['10.0.0.01', 'FD00::1', '::ffff:10.0.0.1'],
        externalIPs: ['010.0.0.1'],
        loadBalancerIP: 'fd00:0::1',
        externalName: 'x',
        trafficDistribution: 'PreferClose',
      },
    },
    [
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
      'spec.clusterIPs[0]: non-standard IP address "10.0.0.01" is invalid: use "10.0.0.1"',
      'spec.clusterIPs[1]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
      'spec.clusterIPs[2]: non-standard IP address "::ffff:10.0.0.1" is invalid: use "10.0.0.1"',
      'spec.externalIPs[0]: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"',
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
      'spec.loadBalancerIP: IPv6 address "fd00:0::1" should be in RFC 5952 canonical format ("fd00::1")',
      'spec.externalName is ignored when spec.type is not "ExternalName"',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  ],
  [
    'services',
    {
      spec: {
        clusterIP: 'None',
        clusterIPs: ['None'],
        externalIPs: ['10.0.0.1'],
        loadBalancerIP: '10.0.0.2',
        sessionAffinity: 'ClientIP',
      },
    },
    [
      'spec.loadBalancerIP is ignored for headless services',
      'spec.externalIPs is ignored for headless services',
      'spec.SessionAffinity is ignored for headless services',
    ],
  ],
  [
    'services',
    { spec: { type: 'ExternalName', externalName: 'x', externalIPs: ['10.0.0.1'] } },
    ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
  ],
  ['persistentvolumes', { spec: { nodeAffinity: affinity('a'), hostPath: { path: '/' } } }, []],
  [
    'persistentvolumes',
    {
      metadata: {
        annotations: { [OLD_CLASS]: 'a', 'volume.beta.kubernetes.io/mount-options': 'b' },
      },
      spec: {
        persistentVolumeReclaimPolicy: 'Recycle',
        nodeAffinity: affinity(ZONE),
        rbd: { monitors: [], image: '' },
      },
    },
    [
      `metadata.annotations[${OLD_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`,
      'metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "mountOptions" attribute instead',
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
      `spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: ${ZONE} is ${OLD_ZONE}`,
      'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
    ],
  ],
  [
    'persistentvolumeclaims',
    {
      metadata: { annotations: { [OLD_CLASS]: 'a' } },
      spec: { resources: { requests: { storage: '1500m' } } },
    },
    [
      `metadata.annotations[${OLD_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`,
      'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ],
  ],
  [
    'storageclasses',
    {
      provisioner: 'p',
      allowedTopologies: [{ matchLabelExpressions: [{ key: ZONE, values: ['a'] }] }],
    },
    [`allowedTopologies[0].matchLabelExpressions[0].key: ${OLD_ZONE}`],
  ],
]

void t.test('warnings', async t => {
  for (const [plural, fields, warnings] of ROWS) {
    t.strictSame(warningsOf(resourceNamed(plural), build(plural, fields), undefined), warnings)
  }
})
