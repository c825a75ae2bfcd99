/** What writers of pods and templates are told beside the answer, in upstream's words. */
import type { KubeObject } from '#api/object.ts'
import { warningsOf } from '#api/validation/warnings.ts'
import { build, container, resourceNamed } from '#test/support/validation-cases.ts'
import t from 'tap'

const warned = (plural: string, fields: object): readonly string[] =>
  warningsOf(resourceNamed(plural), build(plural, fields), undefined)
const ofPod = (spec: object, metadata: object = {}): readonly string[] =>
  warned('pods', {
    metadata: { name: 'p', ...metadata },
    spec: { containers: [container()], ...spec },
  })

const ARCH = 'deprecated since v1.14; use "kubernetes.io/arch" instead'
const NO_POD = 'a null labelSelector results in matching no pod'

void t.test('pods', async t => {
  const key = 'beta.kubernetes.io/arch'
  const term = { matchExpressions: [{ key, operator: 'Exists' }] }
  const port = (more: object): object => ({ containerPort: 80, protocol: 'TCP', ...more })
  const cases: readonly (readonly [
    spec: object,
    expected: readonly string[],
    metadata?: object,
  ])[] = [
    [{}, []],
    [{ nodeSelector: { [key]: 'x', constructor: 'y' } }, [`spec.nodeSelector[${key}]: ${ARCH}`]],
    [
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: term }],
          },
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a' }],
          },
        },
      },
      [
        `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: ${key} is ${ARCH}`,
        `spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key: ${key} is ${ARCH}`,
        `spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: ${NO_POD}`,
      ],
    ],
    [
      { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: key, whenUnsatisfiable: 'x' }] },
      [
        `spec.topologySpreadConstraints[0].topologyKey: ${key} is ${ARCH}`,
        `spec.topologySpreadConstraints[0].labelSelector: ${NO_POD}`,
      ],
    ],
    [
      { volumes: [{ name: 'v', gitRepo: { repository: 'x' } }] },
      ['spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+'],
    ],
    [
      { hostAliases: [{ ip: '1.2.3.4' }, { ip: '1.2.3.4' }], imagePullSecrets: [{ name: '' }] },
      [
        'spec.hostAliases[1].ip: duplicate ip "1.2.3.4"',
        'spec.imagePullSecrets[0].name: invalid empty name ""',
      ],
    ],
    [
      { containers: [container({ resources: { limits: { memory: '100m' } } })] },
      [
        'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
        'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
      ],
    ],
    [
      {
        containers: [
          container({
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '$(A)2' },
              { name: 'A', value: '3' },
            ],
          }),
        ],
      },
      [
        'spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply',
      ],
    ],
    [
      {
        containers: [container({ ports: [port({}), port({}), port({ hostPort: 1 })] })],
      },
      [
        'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
        'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]',
        'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]',
      ],
    ],
    // A pod's is made 1 before anybody looks.
    [{ terminationGracePeriodSeconds: -1 }, []],
    [
      {
        containers: [
          container({
            ports: [
              port({ name: 'web', hostIP: '10.0.0.1' }),
              port({ name: 'web', containerPort: 81 }),
            ],
          }),
        ],
      },
      [
        'spec.containers[0].ports[0]: hostIP set without hostPort: {Name:web HostPort:0 ContainerPort:80 Protocol:TCP HostIP:10.0.0.1}',
        'spec.containers[0].ports[1]: duplicate port name "web" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
      ],
    ],
    [
      {
        volumes: [
          {
            name: 'v',
            configMap: { name: 'm', items: ['p/', 'p/q'].map(path => ({ key: 'k', path })) },
          },
          {
            name: 'w',
            projected: {
              sources: [
                {},
                { secret: { name: 's', items: [{ key: 'k', path: 'a/b' }] } },
                { serviceAccountToken: { path: 'a' } },
              ],
            },
          },
        ],
      },
      [
        'volume "v" (ConfigMap "m"): overlapping paths: "p/q" with "p"',
        'volume "w" (Projected) has no sources provided',
        'volume "w" (Projected): overlapping paths: "a" (ServiceAccountToken) with "a/b" (Secret "s")',
      ],
    ],
    [
      { dnsConfig: { nameservers: ['2001:DB8::1'] }, hostAliases: [{ ip: '2001:DB8::2' }] },
      [
        'spec.dnsConfig.nameservers[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
        'spec.hostAliases[0].ip: IPv6 address "2001:DB8::2" should be in RFC 5952 canonical format ("2001:db8::2")',
      ],
    ],
    [
      {},
      [
        'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
        'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
      ],
      {
        annotations: {
          'scheduler.alpha.kubernetes.io/critical-pod': '',
          'seccomp.security.alpha.kubernetes.io/pod': 'x',
        },
      },
    ],
  ]
  for (const [spec, expected, metadata] of cases)
    t.strictSame(ofPod(spec, metadata), expected, JSON.stringify(spec))
})

void t.test('templates say where they stand, and only when the spec changed', async t => {
  const template = {
    spec: { containers: [container()], nodeSelector: { 'beta.kubernetes.io/os': 'x' } },
  }
  const text = 'deprecated since v1.14; use "kubernetes.io/os" instead'
  const at = (place: string): string => `${place}.spec.nodeSelector[beta.kubernetes.io/os]: ${text}`
  for (const plural of [
    'deployments.apps',
    'daemonsets.apps',
    'replicationcontrollers',
    'jobs.batch',
  ])
    t.strictSame(
      warned(plural.split('.')[0] ?? '', { spec: { template } }),
      [at('spec.template')],
      plural,
    )
  t.strictSame(warned('podtemplates', { template }), [at('template')])
  const deployment: KubeObject = build('deployments', {
    metadata: { generation: 2 },
    spec: { template },
  })
  const resource = resourceNamed('deployments')
  const older = { ...deployment, metadata: { ...deployment.metadata, generation: 1 } }
  t.equal(warningsOf(resource, deployment, older).length, 1)
  t.equal(warningsOf(resource, deployment, deployment).length, 0)
  t.equal(
    warningsOf(resourceNamed('pods'), build('pods', template), build('pods', template)).length,
    0,
  )
})
