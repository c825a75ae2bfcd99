/** What containers and pods ask of a node, when they are started again, and what their operating system forbids. */
import { container, runCases, SUBDOMAIN } from '#test/support/validation-cases.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const pod = (spec: Fields): Fields => ({ spec: { containers: [container()], ...spec } })
const holding = (...containers: readonly object[]): Fields => pod({ containers })
const asking = (resources: Fields): object => container({ resources })
const C = 'spec.containers[0]'

void t.test('amounts', async t => {
  const pages = { 'hugepages-2Mi': '4Mi' }
  runCases(t, [
    [
      'huge pages with memory',
      'pods',
      holding(asking({ limits: { ...pages, memory: '1Gi' } })),
      [],
    ],
    [
      'huge pages alone',
      'pods',
      holding(asking({ limits: pages })),
      [`${C}.resources: Forbidden: HugePages require cpu or memory`],
    ],
    [
      'a part of a huge page',
      'pods',
      holding(asking({ limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } })),
      [
        `${C}.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
        `${C}.resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
      ],
    ],
    [
      'half a device, without a limit',
      'pods',
      holding(asking({ requests: { 'example.com/gpu': '500m' } })),
      [
        `${C}.resources.requests[example.com/gpu]: Invalid value: "500m": must be an integer`,
        `${C}.resources.limits: Required value: Limit must be set for non overcommitable resources`,
      ],
    ],
    [
      'fewer devices than the limit',
      'pods',
      holding(asking({ requests: { 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '2' } })),
      [`${C}.resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2`],
    ],
    [
      'claims',
      'pods',
      {
        spec: {
          resourceClaims: [
            { name: 'b', resourceClaimName: 'x' },
            { name: 'a', resourceClaimName: 'y' },
          ],
          containers: [
            asking({
              claims: [
                { name: 'a', request: 'r' },
                { name: 'a' },
                { name: 'a', request: 's' },
                { name: 'c' },
              ],
            }),
          ],
        },
      },
      [
        `${C}.resources.claims[1]: Duplicate value: "a"`,
        `${C}.resources.claims[2]: Duplicate value: "a"`,
        `${C}.resources.claims[3]: Not found: "c": must be one of the names in pod.spec.resourceClaims: a, b`,
      ],
    ],
    [
      'a claim of a pod without claims',
      'pods',
      holding(asking({ claims: [{ name: 'a' }] })),
      [
        `${C}.resources.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty`,
      ],
    ],
  ])
})

void t.test('amounts of the whole pod', async t => {
  const two = [
    asking({ requests: { cpu: '300m', 'ephemeral-storage': '1Gi' } }),
    container({ name: 'd', resources: { requests: { cpu: '300m' }, limits: { memory: '2Gi' } } }),
  ]
  runCases(t, [
    ['enough', 'pods', pod({ containers: two, resources: { limits: { cpu: '1' } } }), []],
    [
      'too little',
      'pods',
      pod({
        containers: two,
        initContainers: [
          container({ name: 'i', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } }),
        ],
        resources: {
          requests: { cpu: '1', pods: '1', gold: '1' },
          limits: { memory: '1Gi' },
          claims: [{ name: 'a' }],
        },
      }),
      [
        'spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
        'spec.resources.requests[pods]: Unsupported value: "pods": supported values: "cpu", "hugepages-", "memory"',
        'spec.resources.requests[gold]: Invalid value: "gold": must be a standard resource type or fully qualified',
        'spec.resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi',
        'spec.resources.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty',
        'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 1600m',
        'spec.resources.containers[1][memory].limits: Invalid value: "2Gi": must be less than or equal to pod limits of 1Gi',
      ],
    ],
  ])
})

void t.test('resizing and restarting', async t => {
  const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [1] } }
  runCases(t, [
    [
      'resizing',
      'pods',
      pod({
        restartPolicy: 'Never',
        containers: [
          container({
            resizePolicy: [
              { resourceName: 'cpu', restartPolicy: 'NotRequired' },
              { resourceName: 'cpu', restartPolicy: 'RestartContainer' },
              { resourceName: 'pods', restartPolicy: 'Maybe' },
            ],
          }),
        ],
      }),
      [
        `${C}.resizePolicy[1]: Duplicate value: "cpu"`,
        `${C}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when pod \`restartPolicy\` is 'Never'`,
        `${C}.resizePolicy: Unsupported value: "pods": supported values: "cpu", "memory"`,
        `${C}.resizePolicy: Unsupported value: "Maybe": supported values: "NotRequired", "RestartContainer"`,
        `${C}.resizePolicy: Invalid value: "Maybe": must be 'NotRequired' when pod \`restartPolicy\` is 'Never'`,
      ],
    ],
    [
      'restarts by exit code',
      'pods',
      holding(container({ restartPolicy: 'Never', restartPolicyRules: [rule] })),
      [],
    ],
    [
      'rules without a policy',
      'pods',
      holding(container({ restartPolicyRules: [rule] })),
      [
        `${C}.restartPolicy: Required value: must specify restartPolicy when restart rules are used`,
      ],
    ],
    [
      'an unknown policy, and rules that say nothing',
      'pods',
      holding(
        container({
          restartPolicy: 'Sometimes',
          restartPolicyRules: [
            { action: 'Stop' },
            {
              ...rule,
              exitCodes: { operator: 'Equals', values: Array.from({ length: 256 }, (_, at) => at) },
            },
          ],
        }),
      ),
      [
        `${C}.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"`,
        `${C}.restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart", "RestartAllContainers"`,
        `${C}.restartPolicyRules[0].exitCodes: Required value: must be specified`,
        `${C}.restartPolicyRules[1].exitCodes.operator: Unsupported value: "Equals": supported values: "In", "NotIn"`,
        `${C}.restartPolicyRules[1].exitCodes.values: Too many: 256: must have at most 255 items`,
      ],
    ],
    [
      'too many rules',
      'pods',
      holding(
        container({
          restartPolicy: 'Never',
          restartPolicyRules: Array.from({ length: 21 }, () => rule),
        }),
      ),
      [`${C}.restartPolicyRules: Too many: 21: must have at most 20 items`],
    ],
  ])
})

void t.test('operating systems', async t => {
  const no = 'Forbidden: cannot be set for a windows pod'
  const options = { gmsaCredentialSpecName: 'A', gmsaCredentialSpec: '', runAsUserName: 'a\\b\\c' }
  runCases(t, [
    [
      'options of Windows on Linux',
      'pods',
      pod({
        os: { name: 'linux' },
        securityContext: { windowsOptions: {} },
        containers: [container({ securityContext: { windowsOptions: {} } })],
      }),
      [
        'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
        `${C}.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod`,
      ],
    ],
    [
      'options of Linux on Windows',
      'pods',
      pod({
        os: { name: 'windows' },
        hostUsers: true,
        shareProcessNamespace: false,
        hostPID: true,
        hostIPC: true,
        securityContext: { fsGroup: 1, sysctls: [], seLinuxChangePolicy: 'Recursive' },
        containers: [
          container({ securityContext: { privileged: false, capabilities: {}, runAsUser: 1 } }),
        ],
      }),
      [
        `spec.hostUsers: ${no}`,
        `spec.hostPID: ${no}`,
        `spec.hostIPC: ${no}`,
        `spec.securityContext.fsGroup: ${no}`,
        `spec.shareProcessNamespace: ${no}`,
        `spec.securityContext.seLinuxChangePolicy: ${no}`,
        `${C}.securityContext.capabilities: ${no}`,
        `${C}.securityContext.privileged: ${no}`,
        `${C}.securityContext.runAsUser: ${no}`,
      ],
    ],
    [
      'options of Windows',
      'pods',
      pod({ securityContext: { windowsOptions: options } }),
      [
        `spec.securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: "A": ${SUBDOMAIN}`,
        'spec.securityContext.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
        'spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash',
      ],
    ],
    ...(
      [
        ['ContainerUser', undefined],
        ['NT AUTHORITY\\NETWORK SERVICE', undefined],
        ['', ' cannot be an empty string'],
        ['a\u0007', ' cannot contain control characters'],
        ['.d\\u', "'s Domain doesn't match the NetBios nor the DNS format"],
        [`${'d'.repeat(256)}\\u`, "'s Domain length must be under 256 characters"],
        ['d\\', "'s User cannot be empty"],
        ['u'.repeat(105), "'s User length must not be longer than 104 characters"],
        ['. .', "'s User cannot contain only periods or spaces"],
        ['a=b', `'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]`],
      ] as const
    ).map(
      ([runAsUserName, fault]) =>
        [
          `the user ${JSON.stringify(runAsUserName).slice(0, 20)}`,
          'pods',
          holding(container({ securityContext: { windowsOptions: { runAsUserName } } })),
          fault === undefined
            ? []
            : [
                `${C}.securityContext.windowsOptions.runAsUserName: Invalid value: ${JSON.stringify(runAsUserName)}: runAsUserName${fault}`,
                ...(runAsUserName.length > 256
                  ? [
                      `${C}.securityContext.windowsOptions.runAsUserName: Invalid value: ${JSON.stringify(runAsUserName)}: runAsUserName's Domain doesn't match the NetBios nor the DNS format`,
                    ]
                  : []),
              ],
        ] as const,
    ),
    [
      'one process of the host',
      'pods',
      pod({
        securityContext: { windowsOptions: { hostProcess: true } },
        containers: [
          container(),
          container({ name: 'd', securityContext: { windowsOptions: { hostProcess: false } } }),
        ],
      }),
      [
        'spec.containers[1].securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true',
        'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
        'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
      ],
    ],
    [
      'a bare kernel and an unknown policy',
      'pods',
      pod({
        securityContext: { seLinuxChangePolicy: 'No' },
        containers: [container({ securityContext: { procMount: 'Unmasked' } })],
      }),
      [
        `${C}.securityContext.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``,
        'spec.securityContext.seLinuxChangePolicy: Unsupported value: "No": supported values: "Recursive"',
      ],
    ],
  ])
})
