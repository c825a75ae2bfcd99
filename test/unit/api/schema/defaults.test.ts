/** Defaults as upstream documents them, constant and conditional. */
import t from 'tap'
import { applyDefaults, decodeObject } from '#api/codec.ts'
import { typeOf } from '#api/scheme.ts'

function defaulted(group: string, kind: string, fields: object): unknown {
  const type = typeOf(group, 'v1', kind)
  if (type === undefined) throw new Error(`no ${kind}`)
  const { object } = decodeObject(type, fields, 'Strict')
  const full = applyDefaults(type, object)
  t.equal(applyDefaults(type, full), full, `${kind}: applying twice changes nothing`)
  return full
}

const CONTAINER = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
}

const POD_SPEC = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
}

void t.test('a pod', async t => {
  t.same(defaulted('', 'Pod', { spec: { containers: [{ name: 'a', image: 'nginx' }] } }), {
    metadata: {},
    spec: {
      containers: [
        { name: 'a', image: 'nginx', resources: {}, imagePullPolicy: 'Always', ...CONTAINER },
      ],
      ...POD_SPEC,
      enableServiceLinks: true,
    },
    status: {},
  })
})

void t.test('the pull policy follows the tag', async t => {
  const policies: readonly [image: string, policy: string][] = [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    ['host:5000/team/nginx', 'Always'],
    ['host:5000/team/nginx:1', 'IfNotPresent'],
    [`nginx@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
  ]
  for (const [image, imagePullPolicy] of policies) {
    const pod = defaulted('', 'Pod', { spec: { containers: [{ name: 'a', image }] } })
    t.match(pod, { spec: { containers: [{ imagePullPolicy }] } }, image)
  }
})

void t.test('what a pod asks for as a whole, where it says a part of it', async t => {
  const asking = (resources: object): object => ({ resources })
  const whole = (spec: object): unknown =>
    Reflect.get(Object(Reflect.get(Object(defaulted('', 'Pod', { spec })), 'spec')), 'resources')
  const containers = [
    asking({ requests: { cpu: '100m', 'ephemeral-storage': '1Gi' } }),
    asking({ requests: { cpu: '200m' }, limits: { 'hugepages-2Mi': '2Mi', memory: '1Gi' } }),
  ]
  t.equal(whole({ containers }), undefined, 'not without its own')
  t.strictSame(whole({ containers, resources: { limits: { cpu: '1', 'hugepages-1Gi': '1Gi' } } }), {
    limits: { cpu: '1', 'hugepages-1Gi': '1Gi', 'hugepages-2Mi': '2Mi' },
    requests: { cpu: '300m', memory: '1Gi', 'hugepages-1Gi': '1Gi', 'hugepages-2Mi': '2Mi' },
  })
})

void t.test('requests follow limits, in pods only', async t => {
  const resources = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } }
  const spec = {
    containers: [{ name: 'a', resources }],
    initContainers: [{ name: 'i', resources }],
  }
  const requests = { cpu: '100m', memory: '1Gi' }
  t.match(defaulted('', 'Pod', { spec }), {
    spec: {
      containers: [{ resources: { requests } }],
      initContainers: [{ resources: { requests } }],
    },
  })
  const template = defaulted('apps', 'Deployment', { spec: { template: { spec } } })
  t.match(template, {
    spec: { template: { spec: { containers: [{ resources: { requests: { cpu: '100m' } } }] } } },
  })
  t.notMatch(template, {
    spec: { template: { spec: { containers: [{ resources: { requests } }] } } },
  })
})

void t.test('finer than a thousandth is rounded up', async t => {
  const resources = { limits: { cpu: '100100u' } }
  t.match(defaulted('', 'Pod', { spec: { containers: [{ name: 'a', resources }] } }), {
    spec: { containers: [{ resources: { limits: { cpu: '101m' }, requests: { cpu: '101m' } } }] },
  })
})

void t.test('on the host network container ports are host ports', async t => {
  const containers = [
    { name: 'a', ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 91 }] },
  ]
  t.match(defaulted('', 'Pod', { spec: { hostNetwork: true, containers } }), {
    spec: {
      containers: [
        {
          ports: [
            { hostPort: 80, protocol: 'TCP' },
            { hostPort: 91, protocol: 'TCP' },
          ],
        },
      ],
    },
  })
})

void t.test('probes and volumes', async t => {
  const spec = {
    containers: [{ name: 'a', livenessProbe: { httpGet: { port: 80 } } }],
    volumes: [
      { name: 'none' },
      { name: 'host', hostPath: { path: '/a' } },
      { name: 'config', configMap: { name: 'c' } },
      { name: 'secret', secret: { secretName: 's', defaultMode: 0 } },
      { name: 'all', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
    ],
  }
  t.match(defaulted('', 'Pod', { spec }), {
    spec: {
      containers: [
        {
          livenessProbe: {
            httpGet: { path: '/', scheme: 'HTTP', port: 80 },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
        },
      ],
      volumes: [
        { name: 'none', emptyDir: {} },
        { hostPath: { path: '/a', type: '' } },
        { configMap: { defaultMode: 0o644 } },
        { secret: { defaultMode: 0 } },
        {
          projected: {
            defaultMode: 0o644,
            sources: [{ serviceAccountToken: { expirationSeconds: 3600 } }],
          },
        },
      ],
    },
  })
})

void t.test('a deployment', async t => {
  const strategy = {
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
  }
  t.match(defaulted('apps', 'Deployment', { spec: {} }), {
    spec: {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy,
      template: { spec: POD_SPEC },
    },
  })
  t.match(defaulted('apps', 'Deployment', { spec: { replicas: 0 } }), { spec: { replicas: 0 } })
  const recreate = defaulted('apps', 'Deployment', { spec: { strategy: { type: 'Recreate' } } })
  t.match(recreate, { spec: { strategy: { type: 'Recreate', rollingUpdate: undefined } } })
  t.match(
    defaulted('apps', 'Deployment', { spec: { strategy: { rollingUpdate: { maxSurge: 0 } } } }),
    { spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '25%' } } } },
  )
})

void t.test('services', async t => {
  const cases: readonly [spec: object, expected: object][] = [
    [
      { ports: [{ port: 80 }] },
      {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        externalTrafficPolicy: undefined,
        ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
      },
    ],
    [
      { type: 'NodePort', ports: [{ port: 80, targetPort: 'web' }] },
      { externalTrafficPolicy: 'Cluster', ports: [{ targetPort: 'web' }] },
    ],
    [
      { type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
      { externalTrafficPolicy: 'Local', allocateLoadBalancerNodePorts: true },
    ],
    [{ type: 'ExternalName', externalName: 'a.example' }, { internalTrafficPolicy: undefined }],
    [
      { sessionAffinity: 'ClientIP' },
      { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } },
    ],
    [{ externalIPs: ['192.0.2.1'] }, { externalTrafficPolicy: 'Cluster' }],
  ]
  for (const [spec, expected] of cases) {
    t.match(defaulted('', 'Service', { spec }), { spec: expected }, JSON.stringify(spec))
  }
})

void t.test('others', async t => {
  t.match(defaulted('', 'Secret', {}), { type: 'Opaque' })
  t.match(defaulted('', 'Namespace', { metadata: { name: 'a' } }), {
    metadata: { labels: { 'kubernetes.io/metadata.name': 'a' } },
    status: { phase: 'Active' },
  })
  t.match(defaulted('', 'Node', { status: { capacity: { cpu: '4' } } }), {
    status: { allocatable: { cpu: '4' } },
  })
  t.match(
    defaulted('rbac.authorization.k8s.io', 'RoleBinding', {
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'User', name: 'u' },
        { kind: 'ServiceAccount', name: 's' },
      ],
    }),
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io' }, { apiGroup: undefined }],
    },
  )
  t.match(defaulted('scheduling.k8s.io', 'PriorityClass', { value: 1 }), {
    preemptionPolicy: 'PreemptLowerPriority',
  })
  t.match(
    defaulted('discovery.k8s.io', 'EndpointSlice', {
      addressType: 'IPv4',
      endpoints: [],
      ports: [{ port: 80 }],
    }),
    { ports: [{ name: '', protocol: 'TCP', port: 80 }] },
  )
  t.match(defaulted('', 'Endpoints', { subsets: [{ ports: [{ port: 80 }] }] }), {
    subsets: [{ ports: [{ protocol: 'TCP' }] }],
  })
})
