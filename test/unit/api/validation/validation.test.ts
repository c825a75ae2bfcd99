/** Metadata and every kind but pods: rules with upstream's field paths and words. */
import type { AnyObject } from '#api/object.ts'
import { validateBody } from '#api/validation/validation.ts'
import {
  container,
  LABEL_1035,
  LABEL_VALUE,
  QUALIFIED,
  runCases,
  showFaults,
  SUBDOMAIN,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

void t.test('metadata', async t => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }
  const metadata = (fields: object): object => ({ metadata: fields })
  runCases(t, [
    [
      'a good one',
      'configmaps',
      metadata({ labels: { 'a.b/c': 'D_1' }, finalizers: ['x.io/y'] }),
      [],
    ],
    [
      'no name',
      'configmaps',
      metadata({ name: '' }),
      ['metadata.name: Required value: name or generateName is required'],
    ],
    [
      'a bad name',
      'configmaps',
      metadata({ name: 'Web_1' }),
      [`metadata.name: Invalid value: "Web_1": ${SUBDOMAIN}`],
    ],
    [
      'a bad prefix',
      'configmaps',
      metadata({ generateName: 'Web_' }),
      [`metadata.generateName: Invalid value: "Web_": ${SUBDOMAIN}`],
    ],
    ['a prefix with a dash', 'configmaps', metadata({ generateName: 'web-' }), []],
    [
      'a long name',
      'configmaps',
      metadata({ name: 'a'.repeat(254) }),
      [`metadata.name: Invalid value: "${'a'.repeat(254)}": must be no more than 253 characters`],
    ],
    [
      'a bad namespace name',
      'namespaces',
      metadata({ name: 'a.b' }),
      ['metadata.name: Invalid value: "a.b": must not contain dots'],
    ],
    [
      'a bad service name',
      'services',
      { metadata: { name: '1a' }, spec: { ports: [{ port: 1 }] } },
      [`metadata.name: Invalid value: "1a": ${LABEL_1035}`],
    ],
    ['a role may be called anything', 'roles', metadata({ name: 'system:x' }), []],
    [
      'but not with a slash',
      'roles',
      metadata({ name: 'a/b' }),
      ['metadata.name: Invalid value: "a/b": may not contain \'/\''],
    ],
    [
      'a namespace where none may be',
      'nodes',
      metadata({ namespace: 'a' }),
      ['metadata.namespace: Forbidden: not allowed on this type'],
    ],
    [
      'a bad label key',
      'configmaps',
      metadata({ labels: { '-a': 'b' } }),
      [`metadata.labels: Invalid value: "-a": ${QUALIFIED}`],
    ],
    [
      'a bad label value',
      'configmaps',
      metadata({ labels: { a: 'b c' } }),
      [`metadata.labels: Invalid value: "b c": ${LABEL_VALUE}`],
    ],
    [
      'a long label value',
      'configmaps',
      metadata({ labels: { a: 'b'.repeat(64) } }),
      [`metadata.labels: Invalid value: "${'b'.repeat(64)}": must be no more than 63 bytes`],
    ],
    [
      'annotations that are too big',
      'configmaps',
      metadata({ annotations: { a: 'x'.repeat(262_144) } }),
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
    [
      'an unqualified finalizer',
      'configmaps',
      metadata({ finalizers: ['mine'] }),
      [
        'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      'an owner without uid',
      'configmaps',
      metadata({ ownerReferences: [{ ...owner, uid: '' }] }),
      ['metadata.ownerReferences.uid: Invalid value: "": must not be empty'],
    ],
    [
      'two controllers',
      'configmaps',
      metadata({ ownerReferences: [owner, { ...owner, name: 'q' }] }),
      [
        `metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","controller":true,"kind":"Pod","name":"p","uid":"u"},{"apiVersion":"v1","controller":true,"kind":"Pod","name":"q","uid":"u"}]: Only one reference can have Controller set to true. Found "true" in references for Pod/p and Pod/q`,
      ],
    ],
  ])
  t.strictSame(updateFaults('configmaps', metadata({ uid: 'a' }), metadata({ uid: 'b' })), [
    'metadata.uid: Invalid value: "b": field is immutable',
  ])
  t.strictSame(
    updateFaults(
      'configmaps',
      metadata({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a.io/b'] }),
      metadata({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a.io/b', 'a.io/c'] }),
    ),
    [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.io/c"}',
    ],
  )
})

const service = (spec: object): object => ({ spec: { ports: [{ port: 80 }], ...spec } })

void t.test('services and their endpoints', async t => {
  runCases(t, [
    ['a good one', 'services', service({}), []],
    ['no ports', 'services', { spec: {} }, ['spec.ports: Required value']],
    ['headless without ports', 'services', { spec: { clusterIP: 'None' } }, []],
    [
      'ports without names',
      'services',
      { spec: { ports: [{ port: 1 }, { port: 2, name: 'b' }] } },
      ['spec.ports[0].name: Required value'],
    ],
    [
      'a port twice',
      'services',
      {
        spec: {
          ports: [
            { port: 1, name: 'a' },
            { port: 1, name: 'b' },
          ],
        },
      },
      ['spec.ports[1]: Duplicate value: {"port":1,"protocol":"TCP"}'],
    ],
    [
      'a port out of range',
      'services',
      { spec: { ports: [{ port: 0 }] } },
      ['spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive'],
    ],
    [
      'a node port nobody can have',
      'services',
      { spec: { ports: [{ port: 1, nodePort: 30_000 }] } },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'an unknown type',
      'services',
      service({ type: 'Magic' }),
      [
        'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      'a headless node port',
      'services',
      service({ type: 'NodePort', clusterIP: 'None' }),
      [
        'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services',
      ],
    ],
    [
      'no external name',
      'services',
      { spec: { type: 'ExternalName' } },
      ['spec.externalName: Required value'],
    ],
    [
      'an unknown affinity',
      'services',
      service({ sessionAffinity: 'Sun' }),
      ['spec.sessionAffinity: Unsupported value: "Sun": supported values: "ClientIP", "None"'],
    ],
    [
      'a bad cluster IP',
      'services',
      service({ clusterIP: '1.2' }),
      [
        'spec.clusterIPs[0]: Invalid value: "1.2": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
    [
      'a policy without outside',
      'services',
      service({ externalTrafficPolicy: 'Local' }),
      [
        'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
      ],
    ],
    [
      'an empty subset',
      'endpoints',
      { subsets: [{ ports: [{ port: 1 }] }] },
      ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
    ],
    [
      'an address that is none',
      'endpoints',
      { subsets: [{ addresses: [{ ip: 'x' }] }] },
      [
        'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
    [
      'a slice of the wrong family',
      'endpointslices',
      { addressType: 'IPv4', endpoints: [{ addresses: ['::1'] }] },
      ['endpoints[0].addresses[0]: Invalid value: "::1": must be a valid IPv4 address'],
    ],
    [
      'a slice without addresses',
      'endpointslices',
      { addressType: 'IPv4', endpoints: [{ addresses: [] }] },
      ['endpoints[0].addresses: Required value: must contain at least 1 address'],
    ],
  ])
  t.strictSame(
    updateFaults(
      'services',
      service({ clusterIP: '10.0.0.1' }),
      service({ clusterIP: '10.0.0.2' }),
    ),
    ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'],
  )
  const addressed = { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }
  t.strictSame(
    updateFaults('services', service(addressed), service({ ...addressed, clusterIP: '10.0.0.2' })),
    ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'],
    'clients that know only clusterIP',
  )
  t.strictSame(
    updateFaults(
      'endpointslices',
      { addressType: 'IPv4', endpoints: [] },
      { addressType: 'IPv6', endpoints: [] },
    ),
    ['addressType: Invalid value: "IPv6": field is immutable'],
  )
})

const encoded = (text: string): string => Buffer.from(text).toString('base64')

void t.test('configuration', async t => {
  runCases(t, [
    [
      'a bad key',
      'configmaps',
      { data: { 'a/b': '' } },
      [
        "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ],
    ],
    [
      'a key that climbs',
      'configmaps',
      { data: { '..a': '' } },
      ['data[..a]: Invalid value: "..a": must not start with \'..\''],
    ],
    [
      'too much data',
      'configmaps',
      { data: { a: 'x'.repeat(1_048_577) } },
      ['[]: Too long: may not be more than 1048576 bytes'],
    ],
    [
      'a key in both',
      'configmaps',
      { data: { a: '' }, binaryData: { a: '' } },
      ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ],
    [
      'tls without key',
      'secrets',
      { type: 'kubernetes.io/tls', data: { 'tls.crt': encoded('x') } },
      ['data[tls.key]: Required value'],
    ],
    [
      'a docker config that is none',
      'secrets',
      { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': encoded('{') } },
      ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid JSON'],
    ],
    [
      'a token of nobody',
      'secrets',
      { type: 'kubernetes.io/service-account-token' },
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
  ])
  const frozen = { immutable: true, data: { a: encoded('1') } }
  t.strictSame(updateFaults('secrets', frozen, { data: { a: encoded('2') } }), [
    'immutable: Forbidden: field is immutable when `immutable` is set',
    'data: Forbidden: field is immutable when `immutable` is set',
  ])
  t.strictSame(
    updateFaults('configmaps', { immutable: true }, { immutable: true, data: { a: 'b' } }),
    ['data: Forbidden: field is immutable when `immutable` is set'],
  )
  t.strictSame(updateFaults('secrets', { type: 'a' }, { type: 'b' }), [
    'type: Invalid value: "b": field is immutable',
  ])
})

const workload = (more: object = {}, template: object = {}): object => ({
  spec: {
    selector: { matchLabels: { app: 'x' } },
    template: {
      metadata: { labels: { app: 'x' } },
      spec: { containers: [container()], ...template },
    },
    ...more,
  },
})

void t.test('workloads', async t => {
  runCases(t, [
    ['a good one', 'deployments', workload(), []],
    [
      'negative replicas',
      'deployments',
      workload({ replicas: -1 }),
      ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'an empty selector',
      'replicasets',
      workload({ selector: {} }),
      ['spec.selector: Invalid value: {}: empty selector is invalid for replicaset'],
    ],
    [
      'a selector that finds nothing',
      'deployments',
      workload({ selector: { matchLabels: { app: 'y' } } }),
      [
        'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'a template that ends',
      'deployments',
      workload({}, { restartPolicy: 'Never' }),
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      'a fault deep inside',
      'replicasets',
      workload({}, { containers: [{ name: 'c' }] }),
      ['spec.template.spec.containers[0].image: Required value'],
    ],
    [
      'both at zero',
      'deployments',
      workload({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } }),
      [
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
      ],
    ],
    [
      'no percent',
      'deployments',
      workload({ strategy: { rollingUpdate: { maxSurge: 'x' } } }),
      [
        "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ],
    ],
    [
      'an unknown strategy',
      'deployments',
      workload({ strategy: { type: 'Magic' } }),
      [
        'spec.strategy.type: Unsupported value: "Magic": supported values: "Recreate", "RollingUpdate"',
      ],
    ],
    [
      'a deadline too soon',
      'deployments',
      workload({ minReadySeconds: 600, progressDeadlineSeconds: 600 }),
      ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
    ],
    [
      'a revision without data',
      'controllerrevisions',
      { revision: 1 },
      ['data: Required value: data is mandatory'],
    ],
  ])
  const other = {
    selector: { matchLabels: { app: 'y' } },
    template: { metadata: { labels: { app: 'y' } }, spec: { containers: [container()] } },
  }
  t.strictSame(updateFaults('deployments', workload(), workload(other)), [
    'spec.selector: Invalid value: {"matchLabels":{"app":"y"}}: field is immutable',
  ])
  t.strictSame(
    showFaults(
      validateBody({
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: {},
        spec: { replicas: -1 },
      } as AnyObject),
    ),
    ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  )
})

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
          request: encoded('-----BEGIN CERTIFICATE REQUEST-----'),
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
    'roleRef: Invalid value: {"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"s"}: cannot change roleRef',
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
        'spec.taints[1]: Duplicate value: {"effect":"NoSchedule","key":"a"}: taints must be unique by key and effect pair',
      ],
    ],
    [
      'an unknown effect',
      'nodes',
      { spec: { taints: [{ ...taint, effect: 'No' }] } },
      [
        'spec.taints[0].effect: Unsupported value: "No": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
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
