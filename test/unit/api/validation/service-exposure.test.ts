/** Services from outside, their load balancers' reports, and the addresses nobody may take. */
import { runCases, statusFaults, updateFaults } from '#test/support/validation-cases.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const service = (spec: Fields): Fields => ({
  spec: { ports: [{ port: 80, targetPort: 80 }], ...spec },
})
const balanced = (spec: Fields = {}): Fields => service({ type: 'LoadBalancer', ...spec })
const BALANCERS_ONLY = "Forbidden: may only be used when `type` is 'LoadBalancer'"

void t.test('create', async t => {
  runCases(t, [
    ['a good one', 'services', balanced({ loadBalancerSourceRanges: [' 10.0.0.0/8'] }), []],
    [
      'what only load balancers have',
      'services',
      service({
        loadBalancerSourceRanges: ['10.0.0.1'],
        allocateLoadBalancerNodePorts: true,
        loadBalancerClass: 'a/b',
        healthCheckNodePort: 30000,
        trafficDistribution: 'Anywhere',
      }),
      [
        `spec.LoadBalancerSourceRanges: ${BALANCERS_ONLY}`,
        'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.1": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        `spec.allocateLoadBalancerNodePorts: ${BALANCERS_ONLY}`,
        `spec.loadBalancerClass: ${BALANCERS_ONLY}`,
        "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        'spec.trafficDistribution: Unsupported value: "Anywhere": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
      ],
    ],
    [
      "the kubelet's port, and families",
      'services',
      balanced({
        ports: [{ port: 10_250, targetPort: 80 }],
        ipFamilies: ['IPv4', 'IPv4', 'IPv5'],
        ipFamilyPolicy: 'Both',
      }),
      [
        'spec.ipFamilies[1]: Duplicate value: "IPv4"',
        'spec.ipFamilies[2]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
        'spec.ipFamilyPolicy: Unsupported value: "Both": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
      ],
    ],
    [
      'a name outside',
      'services',
      service({ type: 'ExternalName', externalName: 'a.example', ipFamilies: ['IPv4'] }),
      ['spec.ipFamilies: Forbidden: may not be set for ExternalName services'],
    ],
    [
      'addresses that are no hosts',
      'services',
      service({ externalIPs: ['0.0.0.0', '127.0.0.1', 'fe80::1', '224.0.0.1', '10.0.0.1'] }),
      [
        'spec.externalIPs[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
        'spec.externalIPs[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'spec.externalIPs[2]: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
        'spec.externalIPs[3]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
      ],
    ],
    [
      'endpoints that are no hosts',
      'endpoints',
      { subsets: [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ port: 1 }] }] },
      [
        'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    ],
  ])
})

void t.test('addresses and families', async t => {
  const field = 'spec.clusterIPs'
  const two = { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1'] }
  runCases(t, [
    ['both families', 'services', service(two), []],
    [
      'no first one',
      'services',
      service({ clusterIPs: ['10.0.0.1'] }),
      [`${field}: Invalid value: ["10.0.0.1"]: must be empty when \`clusterIP\` is not specified`],
    ],
    [
      'none and another, and nothing else is looked at',
      'services',
      service({ clusterIP: 'None', clusterIPs: ['None', '10.0.0.1'], type: 'Other' }),
      [`${field}: Invalid value: ["None","10.0.0.1"]: 'None' must be the first and only value`],
    ],
    [
      'two of one family',
      'services',
      service({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] }),
      [
        `${field}: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family`,
      ],
    ],
    [
      'another family',
      'services',
      service({ clusterIP: '10.0.0.1', ipFamilies: ['IPv6'] }),
      [
        `${field}[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by \`ipFamilies[0]\``,
      ],
    ],
  ])
  t.strictSame(
    updateFaults('services', service(two), service({ ...two, clusterIPs: ['10.0.0.1'] })),
    [
      "spec.ipFamilyPolicy: Invalid value: null: must be set to 'SingleStack' when releasing the secondary clusterIP",
    ],
  )
  t.strictSame(
    updateFaults('services', service({ ipFamilies: ['IPv4'] }), service({ ipFamilies: ['IPv6'] })),
    ['spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set'],
  )
})

void t.test('update and status', async t => {
  t.strictSame(
    updateFaults(
      'services',
      balanced({ loadBalancerClass: 'a/b' }),
      balanced({ loadBalancerClass: 'a/c' }),
    ),
    ['spec.loadBalancerClass: Invalid value: "a/c": may not change once set'],
  )
  const local = (healthCheckNodePort: number): Fields =>
    balanced({ externalTrafficPolicy: 'Local', healthCheckNodePort })
  t.strictSame(updateFaults('services', local(30_001), local(30_002)), [
    'spec.healthCheckNodePort: Forbidden: field is immutable',
  ])
  const reported = (spec: Fields, ...ingress: readonly Fields[]): Fields => ({
    ...spec,
    status: { loadBalancer: { ingress } },
  })
  const field = 'status.loadBalancer.ingress'
  const cases: readonly [Fields, readonly Fields[], readonly string[]][] = [
    [balanced(), [{ ip: '1.2.3.4' }, { hostname: 'a.example' }], []],
    [
      balanced(),
      [
        { ip: 'x', ipMode: 'Some' },
        { hostname: '1.2.3.4', ipMode: 'VIP' },
      ],
      [
        `${field}[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
        `${field}[0].ipMode: Unsupported value: "Some": supported values: "Proxy", "VIP"`,
        `${field}[1].ipMode: Forbidden: may not be specified when \`ip\` is not set`,
        `${field}[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address`,
      ],
    ],
    [
      service({}),
      [{ hostname: 'a.example' }],
      [`${field}: Forbidden: may only be used when \`spec.type\` is 'LoadBalancer'`],
    ],
  ]
  for (const [spec, ingress, faults] of cases) {
    t.strictSame(statusFaults('services', spec, reported(spec, ...ingress)), faults)
  }
})
