/** Ingresses, IngressClasses, NetworkPolicies, IPAddresses and ServiceCIDRs: upstream's paths and words. */
import {
  QUALIFIED,
  runCases,
  statusFaults,
  SUBDOMAIN,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

const service = (port: object = { number: 80 }): object => ({ service: { name: 's', port } })
const ingress = (more: object = {}): object => ({ spec: { defaultBackend: service(), ...more } })
const path = (fields: object): object =>
  ingress({ rules: [{ http: { paths: [{ pathType: 'Prefix', backend: service(), ...fields }] } }] })

void t.test('Ingress', async t => {
  const place = 'spec.rules[0].http.paths[0]'
  runCases(t, [
    ['a good one', 'ingresses', path({ path: '/a' }), []],
    ['a wildcard', 'ingresses', ingress({ rules: [{ host: '*.example.com' }] }), []],
    [
      'nothing',
      'ingresses',
      { spec: {} },
      ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
    ],
    [
      'an address for a host',
      'ingresses',
      ingress({ rules: [{ host: '10.0.0.1' }] }),
      ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'],
    ],
    [
      'a bad path',
      'ingresses',
      path({ path: 'a//b/..' }),
      ['must be an absolute path', "must not contain '//'", "cannot end with '/..'"].map(
        why => `${place}.path: Invalid value: "a//b/..": ${why}`,
      ),
    ],
    [
      'an unknown type',
      'ingresses',
      path({ path: '/', pathType: 'Regex' }),
      [
        `${place}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
      ],
    ],
    [
      'two ports',
      'ingresses',
      { spec: { defaultBackend: service({ name: 'http', number: 80 }) } },
      ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number'],
    ],
    [
      'no backend',
      'ingresses',
      { spec: { defaultBackend: {} } },
      ['spec.defaultBackend: Invalid value: "": resource or service backend is required'],
    ],
    [
      'a bad secret',
      'ingresses',
      ingress({ tls: [{ secretName: 'A' }] }),
      [`spec.tls[0].secretName: Invalid value: "A": ${SUBDOMAIN}`],
    ],
    [
      'two classes',
      'ingresses',
      {
        metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
        ...ingress({ ingressClassName: 'b' }),
      },
      [
        'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
      ],
    ],
  ])
  const status = (ip: string): object => ({
    ...ingress(),
    status: { loadBalancer: { ingress: [{ ip }] } },
  })
  t.strictSame(statusFaults('ingresses', ingress(), status('1.2.3')), [
    'status.loadBalancer.ingress[0].ip: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ])
  t.strictSame(statusFaults('ingresses', status('1.2.3'), status('1.2.3')), [], 'what was there')
})

void t.test('IngressClass', async t => {
  const parameters = { kind: 'K', name: 'n' }
  runCases(t, [
    ['a good one', 'ingressclasses', { spec: { controller: 'acme.io/x', parameters } }, []],
    ['no controller', 'ingressclasses', { spec: {} }, ['spec.controller: Required value']],
    [
      'a namespace that is not told',
      'ingressclasses',
      { spec: { controller: 'acme.io/x', parameters: { ...parameters, scope: 'Namespace' } } },
      ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    ],
    [
      'a namespace too many',
      'ingressclasses',
      { spec: { controller: 'acme.io/x', parameters: { ...parameters, namespace: 'n' } } },
      ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
    ],
  ])
  t.strictSame(
    updateFaults(
      'ingressclasses',
      { spec: { controller: 'a.io/x' } },
      { spec: { controller: 'a.io/y' } },
    ),
    ['spec.controller: Invalid value: "a.io/y": field is immutable'],
  )
})

void t.test('NetworkPolicy', async t => {
  const policy = (rule: object): object => ({ spec: { podSelector: {}, ingress: [rule] } })
  const block = (cidr: string, except: readonly string[] = []): object =>
    policy({ from: [{ ipBlock: { cidr, except } }] })
  const peer = 'spec.ingress[0].from[0]'
  runCases(t, [
    ['a good one', 'networkpolicies', block('10.0.0.0/8', ['10.1.0.0/16']), []],
    ['ports', 'networkpolicies', policy({ ports: [{ port: 80, endPort: 90 }] }), []],
    [
      'an end before the start',
      'networkpolicies',
      policy({ ports: [{ port: 80, endPort: 70 }, { port: 'http', endPort: 90 }, { endPort: 5 }] }),
      [
        'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
        'spec.ingress[0].ports[1].endPort: Invalid value: 90: may not be specified when `port` is non-numeric',
        'spec.ingress[0].ports[2].endPort: Invalid value: 5: may not be specified when `port` is not specified',
      ],
    ],
    [
      'nobody',
      'networkpolicies',
      policy({ from: [{}] }),
      [`${peer}: Required value: must specify a peer`],
    ],
    [
      'two kinds of peer',
      'networkpolicies',
      policy({ from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }),
      [`${peer}: Forbidden: may not specify both ipBlock and another peer`],
    ],
    [
      'ranges that are none',
      'networkpolicies',
      block('10.0.0.0/8', ['11.0.0.0/16', '10.0.0.1/16', 'x']),
      [
        `${peer}.ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of \`cidr\``,
        `${peer}.ipBlock.except[1]: Invalid value: "10.0.0.1/16": must not have bits set beyond the prefix length`,
        `${peer}.ipBlock.except[2]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
      ],
    ],
    [
      'an unknown direction',
      'networkpolicies',
      { spec: { podSelector: {}, policyTypes: ['Both'] } },
      ['spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"'],
    ],
  ])
  const kept = block('10.0.0.1/8')
  t.strictSame(updateFaults('networkpolicies', kept, kept), [], 'what was there')
})

void t.test('EndpointSlice', async t => {
  const slice = (endpoint: object, ...ports: readonly object[]): object => ({
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], ...endpoint }],
    ports,
  })
  runCases(t, [
    ['a good one', 'endpointslices', slice({ hostname: 'a', nodeName: 'n.b' }, { port: 80 }), []],
    [
      'names that are none',
      'endpointslices',
      slice({ hostname: 'a.b', nodeName: 'N' }, { appProtocol: 'a/b/c' }),
      [
        `ports[0].appProtocol: Invalid value: "a/b/c": a valid label key ${QUALIFIED.slice('name part '.length)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
        `endpoints[0].nodeName: Invalid value: "N": ${SUBDOMAIN}`,
        'endpoints[0].hostname: Invalid value: "a.b": must not contain dots',
      ],
    ],
  ])
})

void t.test('IPAddress and ServiceCIDR', async t => {
  const address = (name: string): object => ({
    metadata: { name },
    spec: { parentRef: { resource: 'services', name: 'a' } },
  })
  const range = (...cidrs: readonly string[]): object => ({ spec: { cidrs } })
  runCases(t, [
    ['IPv4', 'ipaddresses', address('10.0.0.1'), []],
    ['IPv6', 'ipaddresses', address('fe80::42:1dff:fe84:f9e2'), []],
    [
      'leading zeros',
      'ipaddresses',
      address('10.0.0.01'),
      ['metadata.name: Invalid value: "10.0.0.01": must not have leading 0s'],
    ],
    [
      'another spelling',
      'ipaddresses',
      address('2001:db8:0:0::1'),
      [
        'metadata.name: Invalid value: "2001:db8:0:0::1": must be in canonical form ("2001:db8::1")',
      ],
    ],
    [
      'no parent',
      'ipaddresses',
      { metadata: { name: '10.0.0.1' }, spec: {} },
      ['spec.parentRef: Required value'],
    ],
    ['two families', 'servicecidrs', range('10.0.0.0/16', 'fd00::/112'), []],
    [
      'no range',
      'servicecidrs',
      range(),
      ['spec.cidrs: Required value: at least one CIDR required'],
    ],
    [
      'one family twice',
      'servicecidrs',
      range('10.0.0.0/16', '10.1.0.0/16'),
      [
        'spec.cidrs: Invalid value: ["10.0.0.0/16","10.1.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ],
    ],
    [
      'bits of hosts',
      'servicecidrs',
      range('10.0.0.1/16'),
      [
        'spec.cidrs[0]: Invalid value: "10.0.0.1/16": must not have bits set beyond the prefix length',
      ],
    ],
  ])
  t.strictSame(
    updateFaults('servicecidrs', range('10.0.0.0/16'), range('10.0.0.0/16', 'fd00::/112')),
    [],
  )
  t.strictSame(updateFaults('servicecidrs', range('10.0.0.0/16'), range('10.1.0.0/16')), [
    'spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable',
  ])
})
