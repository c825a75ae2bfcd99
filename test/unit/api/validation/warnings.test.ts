/** What writers of Services and of storage are told. Those of pods: pod-warnings.test.ts */
import { keyPairFault } from '#api/validation/key-pairs.ts'
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
        clusterIP: '10.0.0.01',
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
  [
    'services',
    { spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.1/8', 'FD00::/8'] } },
    [
      'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
      'spec.loadBalancerSourceRanges[1]: IPv6 CIDR value "FD00::/8" should be in RFC 5952 canonical format ("fd00::/8")',
    ],
  ],
  [
    'serviceaccounts',
    { metadata: { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } } },
    [
      'metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets',
    ],
  ],
  [
    'secrets',
    { type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } },
    ['tls: failed to find any PEM data in certificate input'],
  ],
  [
    'nodes',
    { spec: { externalID: 'x', podCIDRs: ['::ffff:10.0.0.0/104'] } },
    [
      'spec.externalID: this field is deprecated, and is unused by Kubernetes',
      'spec.podCIDRs[0]: non-standard CIDR value "::ffff:10.0.0.0/104" is invalid: use "10.0.0.0/8"',
    ],
  ],
  [
    'resourcequotas',
    {
      spec: { hard: { 'requests.cpu': '2', 'limits.cpu': '1', memory: '1', 'limits.memory': '1' } },
    },
    ['ResourceQuota requests.cpu (2) should be less than limits.cpu (1)'],
  ],
  [
    'endpoints',
    { subsets: [{ notReadyAddresses: [{ ip: 'FD00::1' }] }] },
    [
      'subsets[0].notReadyAddresses[0].ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
    ],
  ],
  [
    'endpointslices',
    { addressType: 'FQDN', endpoints: [{ addresses: ['a.b'] }] },
    ['spec.addressType: FQDN endpoints are deprecated'],
  ],
  [
    'networkpolicies',
    { spec: { egress: [{ to: [{ ipBlock: { cidr: '010.0.0.0/8', except: ['10.1.0.0/16'] } }] }] } },
    [
      'spec.egress[0].to[0].ipBlock.cidr: non-standard CIDR value "010.0.0.0/8" is invalid: use "10.0.0.0/8"',
    ],
  ],
  [
    'ingresses',
    {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
      spec: { ingressClassName: 'a' },
    },
    [],
  ],
]

const pem = (type: string): string => `-----BEGIN ${type}-----\nAAAA\n-----END ${type}-----\n`

/** Certificate, key, and what does not fit. */
const PAIRS: readonly (readonly [string, string, string])[] = [
  [
    pem('PRIVATE KEY'),
    '',
    'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
  ],
  [
    pem('A'),
    '',
    'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [A]',
  ],
  [pem('CERTIFICATE'), '', 'tls: failed to find any PEM data in key input'],
  [
    pem('CERTIFICATE'),
    pem('CERTIFICATE'),
    'tls: found a certificate rather than a key in the PEM for the private key',
  ],
  [
    pem('CERTIFICATE'),
    pem('A') + pem('B'),
    'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [A B]',
  ],
  [pem('CERTIFICATE'), pem('RSA PRIVATE KEY'), 'x509: malformed certificate'],
]

void t.test('keys and certificates', async t => {
  for (const [certificate, key, fault] of PAIRS) t.equal(keyPairFault(certificate, key), fault)
})

void t.test('reports of load balancers', async t => {
  const status = {
    loadBalancer: { ingress: [{ ip: 'FD00::1' }, { hostname: 'a' }] },
  }
  for (const plural of ['services', 'ingresses']) {
    const object = build(plural, { status })
    t.strictSame(warningsOf(resourceNamed(plural), object, object, 'status'), [
      'status.loadBalancer.ingress[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
    ])
  }
})

void t.test('warnings', async t => {
  for (const [plural, fields, warnings] of ROWS) {
    t.strictSame(warningsOf(resourceNamed(plural), build(plural, fields), undefined), warnings)
  }
})
