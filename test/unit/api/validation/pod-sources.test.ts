/** Where environment and files of containers come from, and how volumes are mounted. */
import { container, runCases } from '#test/support/validation-cases.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const C = 'spec.containers[0]'
const pod = (spec: Fields): Fields => ({ spec: { containers: [container()], ...spec } })
const told = (valueFrom: Fields): Fields =>
  pod({
    volumes: [
      { name: 'e', emptyDir: {} },
      { name: 'h', hostPath: { path: '/x' } },
    ],
    containers: [container({ env: [{ name: 'A', valueFrom }] })],
  })
const FROM = `${C}.env[0].valueFrom`
const AMOUNTS =
  '"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"'
const BYTES = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei'

void t.test('environment', async t => {
  const key = { volumeName: 'e', path: 'a/b', key: 'K' }
  runCases(t, [
    ['from a file', 'pods', told({ fileKeyRef: key }), []],
    [
      'from a file that cannot be',
      'pods',
      told({ fileKeyRef: { volumeName: 'h', path: '../b', key: 'a=b' } }),
      [
        `${FROM}.fileKeyRef.key: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
        `${FROM}.fileKeyRef.path: Invalid value: "../b": must not contain '..'`,
        `${FROM}.fileKeyRef.volumeName: Invalid value: "h": referenced volume must be of type emptyDir`,
      ],
    ],
    [
      'from a file in no volume',
      'pods',
      told({ fileKeyRef: { ...key, volumeName: 'x' } }),
      [`${FROM}.fileKeyRef.volumeName: Not found: "x"`],
    ],
    [
      'from an annotation',
      'pods',
      told({ fieldRef: { fieldPath: "metadata.annotations['a']" } }),
      [],
    ],
    [
      'from a field that it is not told',
      'pods',
      told({ fieldRef: { fieldPath: 'status.phase' } }),
      [
        `${FROM}.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
      ],
    ],
    [
      'from no field',
      'pods',
      told({ fieldRef: { fieldPath: 'spec.cats' } }),
      [
        `${FROM}.fieldRef.fieldPath: Invalid value: "spec.cats": error converting fieldPath: field label not supported: spec.cats`,
      ],
    ],
    [
      'from a part of a field without parts',
      'pods',
      told({ fieldRef: { fieldPath: "spec.nodeName['a']" } }),
      [
        `${FROM}.fieldRef.fieldPath: Invalid value: "spec.nodeName['a']": error converting fieldPath: field label does not support subscript: spec.nodeName['a']`,
      ],
    ],
    [
      'from no amount',
      'pods',
      told({ resourceFieldRef: { resource: 'limits.gold' } }),
      [
        `${FROM}.resourceFieldRef.resource: Unsupported value: "limits.gold": supported values: ${AMOUNTS}`,
      ],
    ],
    [
      'cores counted in bytes',
      'pods',
      told({ resourceFieldRef: { resource: 'limits.cpu', divisor: '1Mi' } }),
      [
        `${FROM}.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
      ],
    ],
    [
      'huge pages counted in threes',
      'pods',
      told({ resourceFieldRef: { resource: 'limits.hugepages-2Mi', divisor: '3' } }),
      [
        `${FROM}.resourceFieldRef.divisor: Invalid value: "limits.hugepages-2Mi": only divisor's values ${BYTES} are supported with the hugepages resource`,
      ],
    ],
  ])
})

void t.test('projected files', async t => {
  const at = 'spec.volumes[0].projected'
  const items = [{ key: 'k', path: 'a' }]
  runCases(t, [
    [
      'one file from two sources, and two sources at once',
      'pods',
      pod({
        volumes: [
          {
            name: 'v',
            projected: {
              sources: [
                { secret: { name: 's', items }, configMap: { name: 'm', items } },
                {
                  downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.uid' } }] },
                },
              ],
            },
          },
        ],
      }),
      [
        `${at}: Invalid value: "m": conflicting duplicate paths`,
        `${at}.sources[0]: Forbidden: may not specify more than 1 volume type per source`,
        `${at}: Invalid value: "a": conflicting duplicate paths`,
      ],
    ],
  ])
})

void t.test('mounts', async t => {
  const at = `${C}.volumeMounts`
  const mounting = (mount: Fields, more: Fields = {}): Fields =>
    pod({
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'i', image: { reference: 'i' } },
      ],
      containers: [
        container({ volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }], ...more }),
      ],
    })
  const both = { mountPropagation: 'Bidirectional' }
  runCases(t, [
    [
      'both ways, privileged',
      'pods',
      mounting(both, { securityContext: { privileged: true } }),
      [],
    ],
    [
      'both ways',
      'pods',
      mounting(both),
      [
        `${at}.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
      ],
    ],
    [
      'read-only below, and not here',
      'pods',
      mounting({ recursiveReadOnly: 'Enabled', mountPropagation: 'HostToContainer' }),
      [
        `${at}.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
        `${at}.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified`,
      ],
    ],
    [
      'read-only perhaps',
      'pods',
      mounting({ recursiveReadOnly: 'Perhaps' }),
      [
        `${at}.recursiveReadOnly: Unsupported value: "Perhaps": supported values: "Disabled", "Enabled", "IfPossible"`,
      ],
    ],
    ['a part of an image', 'pods', mounting({ name: 'i', subPath: 'a' }), []],
  ])
})
