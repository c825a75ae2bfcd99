/** Metadata and every kind but pods: rules with upstream's field paths and words. */
import type { AnyObject } from '#api/object.ts'
import { validateBody } from '#api/validation/validation.ts'
import {
  container,
  LABEL,
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
      { metadata: { name: 'a_b' }, spec: { ports: [{ port: 1 }] } },
      [`metadata.name: Invalid value: "a_b": ${LABEL}`],
    ],
    [
      'a service name that starts with a digit',
      'services',
      { metadata: { name: '1a' }, spec: { ports: [{ port: 1, targetPort: 1 }] } },
      [],
    ],
    [
      'a finalizer without a domain',
      'configmaps',
      metadata({ finalizers: ['a', 'b c', 'orphan'] }),
      [
        `metadata.finalizers: Invalid value: "b c": ${QUALIFIED}`,
        ...['a', 'b c'].map(
          (name, index) =>
            `metadata.finalizers[${index}]: Invalid value: "${name}": name is neither a standard finalizer name nor is it fully qualified`,
        ),
      ],
    ],
    ['one of a lease', 'leases', metadata({ finalizers: ['a'] }), []],
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
        `metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u","controller":true},{"apiVersion":"v1","kind":"Pod","name":"q","uid":"u","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Pod/p and Pod/q`,
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
      [
        'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}',
      ],
    ],
    [
      'a port out of range',
      'services',
      { spec: { ports: [{ port: 0 }] } },
      ['port', 'targetPort'].map(
        name => `spec.ports[0].${name}: Invalid value: 0: must be between 1 and 65535, inclusive`,
      ),
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
        'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
      ],
    ],
    [
      'a slice of the wrong family',
      'endpointslices',
      { addressType: 'IPv4', endpoints: [{ addresses: ['::1'] }] },
      [
        'endpoints[0].addresses: Invalid value: "::1": must be an IPv4 address',
        'endpoints[0].addresses[0]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
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
      ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
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
        'spec.strategy: Unsupported value: {"Type":"Magic","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
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
