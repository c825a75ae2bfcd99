/** Nodes, namespaces, addresses of pods, and requests for certificates: what may be said, and by whom it may change. */
import type { FieldError } from '#api/status.ts'
import { validateSubresourceUpdate } from '#api/validation/validation.ts'
import {
  build,
  faultsOf,
  QUALIFIED,
  resourceNamed,
  runCases,
  showFaults,
  statusFaults,
  updateFaults,
} from '#test/support/validation-cases.ts'
import { CERTIFICATE, REQUEST } from '#test/support/certificates.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const through = (subresource: string, plural: string, old: Fields, now: Fields): string[] => {
  const change = { object: build(plural, now), old: build(plural, old), subresource }
  const faults: readonly FieldError[] = validateSubresourceUpdate(resourceNamed(plural), change)
  return showFaults(faults)
}

void t.test('nodes', async t => {
  runCases(t, [
    ['both families', 'nodes', { spec: { podCIDRs: ['10.0.0.0/24', 'fd00::/64'] } }, []],
    [
      'ranges',
      'nodes',
      { spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24', 'x', '10.0.0.0/24'] } },
      [
        'spec.podCIDRs[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        'spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: x)',
        'spec.podCIDRs: Invalid value: ["10.0.0.0/24","x","10.0.0.0/24"]: may specify no more than one CIDR for each IP family',
      ],
    ],
    [
      'features',
      'nodes',
      { status: { declaredFeatures: ['B', 'A', 'A', 'x'], nodeInfo: { swap: { capacity: 0 } } } },
      [
        'metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero',
        'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically',
        'status.declaredFeatures[2]: Duplicate value: "A"',
        'status.declaredFeatures[3]: Invalid value: "x": invalid feature name "x": must start with an UpperCamelCase segment, with subsequent segments separated by \'/\' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes',
      ],
    ],
    [
      'amounts',
      'nodes',
      { status: { capacity: { cpu: '-1', pods: '1500m' }, allocatable: { 'a.b/c': '500m' } } },
      [
        'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
        'status.capacity.pods: Invalid value: "1500m": must be an integer',
        'status.allocatable.a.b/c: Invalid value: "500m": must be an integer',
      ],
    ],
  ])
  const address = { type: 'InternalIP', address: '10.0.0.1' }
  t.strictSame(statusFaults('nodes', {}, { status: { addresses: [address, address] } }), [
    'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}',
  ])
  t.strictSame(
    updateFaults(
      'nodes',
      { spec: { providerID: 'a://b', externalID: 'x' } },
      { spec: { providerID: 'a://c', unschedulable: true, configSource: {} } },
    ),
    [
      'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
      'spec.configSource: Invalid value: {}: exactly one reference subfield must be non-nil',
      'spec.externalID: Forbidden: may not be updated',
    ],
  )
  const map = { namespace: 'n', name: 'm', kubeletConfigKey: 'k', uid: 'u' }
  const updated = updateFaults(
    'nodes',
    {},
    {
      spec: { configSource: { configMap: { ...map, namespace: '' } } },
      status: { config: { active: { configMap: map } } },
    },
  )
  t.strictSame(updated, [
    'spec.configSource.configMap.uid: Forbidden: uid must not be set in spec',
    'spec.configSource.configMap.namespace: Required value',
    'status.config.active.configMap.resourceVersion: Required value',
  ])
})

void t.test('namespaces and leases', async t => {
  const neither =
    'Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified'
  const spec = { finalizers: ['kubernetes', 'a.b/c', 'x'] }
  t.strictSame(faultsOf('namespaces', { spec }), [`spec.finalizers: ${neither}`])
  t.strictSame(through('finalize', 'namespaces', {}, { spec }), [`spec.finalizers[2]: ${neither}`])
  t.strictSame(statusFaults('namespaces', {}, { status: { phase: 'Terminating' } }), [
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  ])
  const going = {
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    status: { phase: 'Active' },
  }
  t.strictSame(statusFaults('namespaces', going, going), [
    'status.Phase: Invalid value: "Active": may only be \'Terminating\' if `deletionTimestamp` is not empty',
  ])
  t.strictSame(faultsOf('leases', { spec: { leaseTransitions: -1 } }), [
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
  ])
  t.strictSame(faultsOf('namespaces', { spec: { finalizers: ['orphan', 'a b'] } }), [
    `spec.finalizers: Invalid value: "a b": ${QUALIFIED}`,
    'spec.finalizers: Invalid value: "a b": name is neither a standard finalizer name nor is it fully qualified',
  ])
})

void t.test('addresses of a pod', async t => {
  const pod = (status: Fields): Fields => ({
    spec: { containers: [{ name: 'c', image: 'i' }] },
    status,
  })
  const [four, six] = [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }]
  const good = pod({ podIPs: [four, six], hostIP: '10.0.0.1', hostIPs: [four] })
  t.strictSame(statusFaults('pods', pod({}), good), [])
  const bad = pod({ podIPs: [four, four], hostIP: '10.0.0.2', hostIPs: [four, { ip: '10.0.0.3' }] })
  t.strictSame(statusFaults('pods', pod({}), bad), [
    'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.1"}]: may specify no more than one IP for each IP family',
    'status.hostIPs[0].ip: Invalid value: "10.0.0.1": must be equal to `hostIP`',
    'status.hostIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.3"}]: may specify no more than one IP for each IP family',
  ])
})

void t.test('requests for certificates', async t => {
  const plural = 'certificatesigningrequests'
  const encoded = (text: string): string => Buffer.from(text).toString('base64')
  const spec = {
    request: REQUEST,
    signerName: 'example.com/s',
    usages: ['client auth'],
  }
  const pem = (type: string, content = ''): string =>
    encoded(`-----BEGIN ${type}-----\n${content}\nAAAA\n-----END ${type}-----\n`)
  const having = (status: Fields): Fields => ({ spec, status })
  const decided = (...types: readonly string[]): Fields =>
    having({ conditions: types.map(type => ({ type, status: 'True' })) })
  t.strictSame(
    faultsOf(plural, { spec: { ...spec, usages: ['any', 'any', 'x'], expirationSeconds: 1 } }),
    [
      'spec.usages[2]: Unsupported value: "x": supported values: "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"',
      'spec.usages[1]: Duplicate value: "any"',
      'spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  )
  for (const [signerName, faults] of [
    ['', ['Required value']],
    [
      'a.b',
      [
        `Invalid value: "a.b": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
      ],
    ],
    [
      'a/b',
      ['Invalid value: "a": should be a domain with at least two segments separated by dots'],
    ],
    [`${'a.'.repeat(127)}a/b`, ['Too long: may not be more than 253 bytes']],
  ] as const) {
    const expected = faults.map(fault => `spec.signerName: ${fault}`)
    t.strictSame(
      faultsOf(plural, { spec: { ...spec, signerName } }),
      expected,
      signerName.slice(0, 9),
    )
  }
  t.match(faultsOf(plural, { spec: { ...spec, signerName: 'A.b/_' } }), [
    /^spec.signerName: Invalid value: "A.b": validating label "A": a lowercase RFC 1123 label/,
    /^spec.signerName: Invalid value: "_": validating label "_": a lowercase RFC 1123 subdomain/,
  ])
  t.strictSame(through('approval', plural, { spec }, decided('Approved')), [])
  t.strictSame(through('approval', plural, { spec }, decided('Approved', 'Denied')), [
    'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
  ])
  t.strictSame(through('approval', plural, decided('Approved'), { spec }), [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ])
  const certificate = CERTIFICATE
  t.strictSame(through('approval', plural, { spec }, having({ certificate })), [
    'status.certificate: Forbidden: updates may not set certificate content',
  ])
  t.strictSame(statusFaults(plural, { spec }, having({ certificate })), [])
  t.strictSame(statusFaults(plural, { spec }, decided('Denied')), [
    'status.conditions: Forbidden: updates may not add a condition of type "Denied"',
  ])
  const conditions = [{ type: 'Approved', status: 'True', reason: 'R' }]
  t.strictSame(statusFaults(plural, decided('Approved'), having({ conditions })), [
    'status.conditions: Forbidden: updates may not modify a condition of type "Approved"\n+ status.conditions[0].reason: "R"',
  ])
  t.strictSame(statusFaults(plural, having({ certificate }), { spec }), [
    'status.certificate: Forbidden: updates may not modify existing certificate content',
  ])
  const failed = [
    { type: 'Failed', status: 'False' },
    { type: 'Failed', status: '' },
    { type: '', status: 'No' },
  ]
  t.strictSame(statusFaults(plural, { spec }, having({ conditions: failed })), [
    'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
    'status.conditions[1].status: Required value',
    'status.conditions[1].type: Duplicate value: "Failed"',
    'status.conditions[2].type: Required value',
    'status.conditions[2].status: Unsupported value: "No": supported values: "False", "True", "Unknown"',
  ])
  for (const [bytes, fault] of [
    [encoded('x'), 'must contain at least one CERTIFICATE PEM block'],
    [pem('KEY'), 'only CERTIFICATE PEM blocks are allowed, found "KEY"'],
    [pem('CERTIFICATE'), 'x509: malformed certificate'],
    [pem('CERTIFICATE', 'A: b\n'), 'no PEM block headers are permitted'],
  ] as const) {
    t.strictSame(statusFaults(plural, { spec }, having({ certificate: bytes })), [
      `status.certificate: Invalid value: "<certificate data>": ${fault}`,
    ])
  }
})
