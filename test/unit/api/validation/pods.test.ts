/** Pods: every rule of a spec and of its changes, with upstream's field paths and words. */
import { invalid } from '#api/status.ts'
import { validateCreate } from '#api/validation/validation.ts'
import {
  build,
  container,
  LABEL,
  LABEL_VALUE,
  resourceNamed,
  runCases,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

const pod = (...containers: readonly object[]): object => ({ spec: { containers } })
const podWith = (spec: object): object => ({ spec: { containers: [container()], ...spec } })

void t.test('containers', async t => {
  const c = 'spec.containers[0]'
  runCases(t, [
    ['a good one', 'pods', pod(container({ ports: [{ containerPort: 80 }] })), []],
    ['no containers', 'pods', { spec: { containers: [] } }, ['spec.containers: Required value']],
    [
      'no name and no image',
      'pods',
      pod({}),
      [`${c}.name: Required value`, `${c}.image: Required value`],
    ],
    [
      'a bad name',
      'pods',
      pod(container({ name: 'Web_1' })),
      [`${c}.name: Invalid value: "Web_1": ${LABEL}`],
    ],
    [
      'a name twice',
      'pods',
      pod(container(), container()),
      ['spec.containers[1].name: Duplicate value: "c"'],
    ],
    [
      'blanks around the image',
      'pods',
      pod(container({ image: ' i' })),
      [`${c}.image: Invalid value: " i": must not have leading or trailing whitespace`],
    ],
    [
      'a bad pull policy',
      'pods',
      pod(container({ imagePullPolicy: 'Maybe' })),
      [
        `${c}.imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"`,
      ],
    ],
    [
      'a port out of range',
      'pods',
      pod(container({ ports: [{ containerPort: 70_000 }] })),
      [`${c}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`],
    ],
    [
      'a port that is not there',
      'pods',
      pod(container({ ports: [{ name: 'p' }] })),
      [`${c}.ports[0].containerPort: Required value`],
    ],
    [
      'a bad port name',
      'pods',
      pod(container({ ports: [{ containerPort: 1, name: 'a--b-very-long-name' }] })),
      [
        `${c}.ports[0].name: Invalid value: "a--b-very-long-name": must be no more than 15 characters`,
        `${c}.ports[0].name: Invalid value: "a--b-very-long-name": must not contain consecutive hyphens`,
      ],
    ],
    [
      'a port name twice',
      'pods',
      pod(
        container({
          ports: [
            { containerPort: 1, name: 'a' },
            { containerPort: 2, name: 'a' },
          ],
        }),
      ),
      [`${c}.ports[1].name: Duplicate value: "a"`],
    ],
    [
      'an unknown protocol',
      'pods',
      pod(container({ ports: [{ containerPort: 1, protocol: 'ICMP' }] })),
      [`${c}.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"`],
    ],
    [
      'a host port twice',
      'pods',
      pod(
        container({
          ports: [
            { containerPort: 1, hostPort: 9 },
            { containerPort: 2, hostPort: 9 },
          ],
        }),
      ),
      [`${c}.ports[1].hostPort: Duplicate value: "TCP//9"`],
    ],
    [
      'a port of the host under another number',
      'pods',
      podWith({
        hostNetwork: true,
        containers: [container({ ports: [{ containerPort: 1, hostPort: 9 }] })],
      }),
      [
        `${c}.ports[0].hostPort: Invalid value: 9: must match \`containerPort\` when \`hostNetwork\` is true`,
      ],
    ],
    [
      'env without name',
      'pods',
      pod(container({ env: [{ name: '' }] })),
      [`${c}.env[0].name: Required value`],
    ],
    [
      'env with =',
      'pods',
      pod(container({ env: [{ name: 'A=B' }] })),
      [
        `${c}.env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`,
      ],
    ],
    [
      'env from nowhere',
      'pods',
      pod(container({ env: [{ name: 'A', valueFrom: {} }] })),
      [
        `${c}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\`, \`secretKeyRef\` or \`fileKeyRef\``,
      ],
    ],
    [
      'env with value and source',
      'pods',
      pod(
        container({
          env: [{ name: 'A', value: 'v', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        }),
      ),
      [
        `${c}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
      ],
    ],
    [
      'a probe without handler',
      'pods',
      pod(container({ livenessProbe: {} })),
      [`${c}.livenessProbe: Required value: must specify a handler type`],
    ],
    [
      'a probe with a bad port',
      'pods',
      pod(container({ readinessProbe: { httpGet: { path: '/', port: 0 } } })),
      [
        `${c}.readinessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`,
      ],
    ],
    [
      'liveness that wants two successes',
      'pods',
      pod(container({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } })),
      [`${c}.livenessProbe.successThreshold: Invalid value: 2: must be 1`],
    ],
    [
      'two handlers',
      'pods',
      pod(
        container({ lifecycle: { preStop: { exec: { command: ['x'] }, tcpSocket: { port: 1 } } } }),
      ),
      [`${c}.lifecycle.preStop.tcpSocket: Forbidden: may not specify more than 1 handler type`],
    ],
    [
      'requests above limits',
      'pods',
      pod(container({ resources: { requests: { memory: '1Gi' }, limits: { memory: '500Mi' } } })),
      [
        `${c}.resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 500Mi`,
      ],
    ],
    [
      'negative resources',
      'pods',
      pod(container({ resources: { limits: { cpu: '-1' } } })),
      [
        `${c}.resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
        `${c}.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
      ],
    ],
    [
      'an unknown resource',
      'pods',
      pod(container({ resources: { requests: { gold: '1' } } })),
      [
        `${c}.resources.requests[gold]: Invalid value: "gold": must be a standard resource type or fully qualified`,
        `${c}.resources.requests[gold]: Invalid value: "gold": must be a standard resource for containers`,
      ],
    ],
    [
      'a mount of nothing',
      'pods',
      pod(container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })),
      [`${c}.volumeMounts[0].name: Not found: "v"`],
    ],
    [
      'a user out of range',
      'pods',
      pod(container({ securityContext: { runAsUser: -1 } })),
      [
        `${c}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 4294967295, inclusive`,
      ],
    ],
    [
      'a probe on an init container',
      'pods',
      podWith({
        initContainers: [container({ name: 'i', livenessProbe: { exec: { command: ['x'] } } })],
      }),
      [
        'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      'one name for both kinds',
      'pods',
      podWith({ initContainers: [container()] }),
      ['spec.initContainers[0].name: Duplicate value: "c"'],
    ],
  ])
})

void t.test('pods', async t => {
  const affinity = (requirement: object): object =>
    podWith({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [requirement] }],
          },
        },
      },
    })
  const at =
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]'
  runCases(t, [
    [
      'a bad restart policy',
      'pods',
      podWith({ restartPolicy: 'Sometimes' }),
      [
        'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      ],
    ],
    [
      'no DNS server',
      'pods',
      podWith({ dnsPolicy: 'None' }),
      ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    ],
    [
      'a volume without source',
      'pods',
      podWith({ volumes: [{ name: 'v', hostPath: { path: '/a' }, secret: { secretName: 's' } }] }),
      ['spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'a volume name twice',
      'pods',
      podWith({
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'v', emptyDir: {} },
        ],
      }),
      ['spec.volumes[1].name: Duplicate value: "v"'],
    ],
    [
      'a host path that climbs',
      'pods',
      podWith({ volumes: [{ name: 'v', hostPath: { path: '/a/../b' } }] }),
      ['spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\''],
    ],
    [
      'a secret without name',
      'pods',
      podWith({ volumes: [{ name: 'v', secret: {} }] }),
      ['spec.volumes[0].secret.secretName: Required value'],
    ],
    [
      'a mode out of range',
      'pods',
      podWith({ volumes: [{ name: 'v', configMap: { name: 'c', defaultMode: 512 } }] }),
      [
        'spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
      ],
    ],
    [
      'an absolute item path',
      'pods',
      podWith({
        volumes: [{ name: 'v', configMap: { name: 'c', items: [{ key: 'k', path: '/p' }] } }],
      }),
      ['spec.volumes[0].configMap.items[0].path: Invalid value: "/p": must be a relative path'],
    ],
    [
      'a short token',
      'pods',
      podWith({
        volumes: [
          {
            name: 'v',
            projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 1 } }] },
          },
        ],
      }),
      [
        'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
      ],
    ],
    [
      'a toleration without key',
      'pods',
      podWith({ tolerations: [{ operator: 'Equal' }] }),
      [
        'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ],
    ],
    [
      'toleration seconds without NoExecute',
      'pods',
      podWith({
        tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }],
      }),
      [
        'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
      ],
    ],
    [
      'affinity without values',
      'pods',
      affinity({ key: 'a', operator: 'In' }),
      [`${at}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`],
    ],
    [
      'affinity with an unknown operator',
      'pods',
      affinity({ key: 'a', operator: 'Near' }),
      [`${at}.operator: Invalid value: "Near": not a valid selector operator`],
    ],
    [
      'a node selector that is no label',
      'pods',
      podWith({ nodeSelector: { a: '-' } }),
      [`spec.nodeSelector: Invalid value: "-": ${LABEL_VALUE}`],
    ],
    [
      'a bad hostname',
      'pods',
      podWith({ hostname: 'a.b' }),
      ['spec.hostname: Invalid value: "a.b": must not contain dots'],
    ],
    [
      'a deadline of nothing',
      'pods',
      podWith({ activeDeadlineSeconds: 0 }),
      ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
    ],
    [
      'spread without key',
      'pods',
      podWith({
        topologySpreadConstraints: [
          { maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'DoNotSchedule' },
        ],
      }),
      [
        'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
        'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
      ],
    ],
  ])
})

const IMMUTABLE_POD =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n'

void t.test('pods change little', async t => {
  const cases: readonly (readonly [string, object, object, readonly string[]])[] = [
    ['an image', pod(container()), pod(container({ image: 'j' })), []],
    ['an added toleration', podWith({}), podWith({ tolerations: [{ operator: 'Exists' }] }), []],
    ['labels', podWith({}), { ...podWith({}), metadata: { labels: { a: 'b' } } }, []],
    [
      'a command',
      pod(container()),
      pod(container({ command: ['x'] })),
      [`${IMMUTABLE_POD}+ spec.containers[0].command: ["x"]`],
    ],
    [
      'a node',
      podWith({ nodeName: 'a' }),
      podWith({ nodeName: 'b' }),
      [`${IMMUTABLE_POD}- spec.nodeName: "a"\n+ spec.nodeName: "b"`],
    ],
    [
      'another container',
      podWith({}),
      pod(container(), container({ name: 'd' })),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    [
      'no image',
      podWith({}),
      pod(container({ image: '', imagePullPolicy: 'Always' })),
      ['spec.containers[0].image: Required value'],
    ],
    [
      'a longer deadline',
      podWith({ activeDeadlineSeconds: 1 }),
      podWith({ activeDeadlineSeconds: 2 }),
      [
        'spec.activeDeadlineSeconds: Invalid value: 2: must be less than or equal to previous value',
      ],
    ],
    [
      'a toleration taken away',
      podWith({ tolerations: [{ operator: 'Exists' }] }),
      podWith({}),
      [
        'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
      ],
    ],
    ['a lifted gate', podWith({ schedulingGates: [{ name: 'a' }] }), podWith({}), []],
    [
      'a new gate',
      podWith({}),
      podWith({ schedulingGates: [{ name: 'a' }] }),
      [
        "spec.schedulingGates[0]: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
      ],
    ],
  ]
  for (const [name, before, after, expected] of cases) {
    t.strictSame(updateFaults('pods', before, after), expected, name)
  }
})

void t.test('the answer reads as upstream’s', async t => {
  const faults = validateCreate(
    resourceNamed('pods'),
    build('pods', pod({ name: 'Web_1', image: 'i' })),
  )
  t.equal(
    invalid({ group: '', kind: 'Pod', name: 'x' }, faults).message,
    `Pod "x" is invalid: spec.containers[0].name: Invalid value: "Web_1": ${LABEL}`,
  )
})
