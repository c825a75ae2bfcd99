/** Rules of what a cluster is made of: configuration, access, nodes, namespaces, priorities. */
import type { AnyObject } from '#api/object.ts'
import { validateBody } from '#api/validation/validation.ts'
import { REQUEST } from '#test/support/certificates.ts'
import { runCases, showFaults, updateFaults } from '#test/support/validation-cases.ts'
import t from 'tap'

const encoded = (text: string): string => Buffer.from(text).toString('base64')

void t.test('access', async t => {
  const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' }
  runCases(t, [
    ['a good role', 'roles', { rules: [rule] }, []],
    [
      'no verbs',
      'roles',
      { rules: [{ ...rule, verbs: [] }] },
      ['rules[0].verbs: Required value: verbs must contain at least one value'],
    ],
    [
      'no groups',
      'clusterroles',
      { rules: [{ verbs: ['get'] }] },
      [
        'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'rules[0].resources: Required value: resource rules must supply at least one resource',
      ],
    ],
    [
      'URLs in a namespace',
      'roles',
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
      [
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
      ],
    ],
    [
      'a binding to nothing',
      'rolebindings',
      { roleRef: { ...roleRef, name: '' } },
      ['roleRef.name: Required value'],
    ],
    [
      'a cluster binding to a role',
      'clusterrolebindings',
      { roleRef },
      ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
    ],
    [
      'an unknown subject',
      'rolebindings',
      { roleRef, subjects: [{ kind: 'Cat', name: 'tom' }] },
      [
        'subjects[0].kind: Unsupported value: "Cat": supported values: "ServiceAccount", "User", "Group"',
      ],
    ],
    [
      'an account without namespace',
      'clusterrolebindings',
      {
        roleRef: { ...roleRef, kind: 'ClusterRole' },
        subjects: [{ kind: 'ServiceAccount', name: 'a' }],
      },
      ['subjects[0].namespace: Required value'],
    ],
    [
      'a request to the signer that signs anything',
      'certificatesigningrequests',
      {
        spec: {
          request: REQUEST,
          signerName: 'kubernetes.io/legacy-unknown',
          usages: ['client auth'],
        },
      },
      [
        'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
      ],
    ],
    [
      'a request that is none',
      'certificatesigningrequests',
      { spec: { request: encoded('x'), signerName: 'a.b/c', usages: ['client auth'] } },
      [
        `spec.request: Invalid value: "${encoded('x')}": PEM block type must be CERTIFICATE REQUEST`,
      ],
    ],
  ])
  t.strictSame(updateFaults('rolebindings', { roleRef }, { roleRef: { ...roleRef, name: 's' } }), [
    'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"s"}: cannot change roleRef',
  ])
  t.strictSame(
    showFaults(
      validateBody({
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: {},
        spec: { expirationSeconds: 5 },
      } as AnyObject),
    ),
    ['spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes'],
  )
})

void t.test('cluster', async t => {
  const taint = { key: 'a', effect: 'NoSchedule' }
  runCases(t, [
    [
      'a taint twice',
      'nodes',
      { spec: { taints: [taint, taint] } },
      [
        'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
      ],
    ],
    [
      'an unknown effect',
      'nodes',
      { spec: { taints: [{ ...taint, effect: 'No' }] } },
      [
        'metadata.taints[0].effect: Unsupported value: "No": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      ],
    ],
    [
      'an event elsewhere',
      'events',
      { involvedObject: { namespace: 'other' } },
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    [
      'a lease of no time',
      'leases',
      { spec: { leaseDurationSeconds: 0 } },
      ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
    ],
    [
      'a priority too high',
      'priorityclasses',
      { value: 1_000_000_001 },
      ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
    ],
    [
      'the system’s own priority',
      'priorityclasses',
      { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 },
      [],
    ],
  ])
  t.strictSame(updateFaults('priorityclasses', { value: 1 }, { value: 2 }), [
    'value: Forbidden: may not be changed in an update.',
  ])
  t.strictSame(
    updateFaults(
      'nodes',
      { spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] } },
      { spec: { podCIDR: '10.0.1.0/24', podCIDRs: ['10.0.1.0/24'] } },
    ),
    ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
  )
  t.strictSame(
    showFaults(
      validateBody({
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: {},
        target: { kind: 'Pod', name: '' },
      } as AnyObject),
    ),
    [
      'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
      'target.name: Required value',
    ],
  )
})
