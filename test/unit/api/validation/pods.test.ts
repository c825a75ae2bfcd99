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
            projected: { sources: [{ serviceAccountToken: { path: '', expirationSeconds: 1 } }] },
          },
        ],
      }),
      [
        'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
        'spec.volumes[0].projected.path: Required value',
        'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
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
      ['spec.containers[0].image: Required value', 'spec.containers[0].image: Required value'],
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
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
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
