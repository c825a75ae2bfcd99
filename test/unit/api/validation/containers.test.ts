/** Rules of containers within pods: names, images, ports, environment, probes, resources. */
import { container, LABEL, runCases } from '#test/support/validation-cases.ts'
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
        `${c}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`,
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
