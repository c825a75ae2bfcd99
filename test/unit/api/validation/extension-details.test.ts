/** Corners of the kinds that extend the API server, and of device resources, in upstream's words: one table each. */
import { interfaceAddressFaults } from '#api/addresses.ts'
import { validateValueRules } from '#api/validation/value-rules.ts'
import { validateWebhookURL } from '#api/validation/webhook-urls.ts'
import type { Faults } from '#api/validation/fault.ts'
import {
  faultsOf,
  LABEL,
  showFaults,
  statusFaults,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

const found = (judge: (faults: Faults) => void): string[] => {
  const faults: Faults = []
  judge(faults)
  return showFaults(faults)
}

void t.test('addresses with a length', async t => {
  const canonical = (text: string): string[] => [`must be in canonical form ("${text}")`]
  for (const [text, faults] of [
    ['10.0.0.1/24', []],
    ['2001:db8::1/64', []],
    ['10.0.0.01/8', canonical('10.0.0.1/8')],
    ['10.0.0.1/08', canonical('10.0.0.1/8')],
    ['2001:DB8::1/64', canonical('2001:db8::1/64')],
    ['::ffff:10.0.0.1/120', canonical('10.0.0.1/24')],
    ['::ffff:10.0.0.1/24', canonical('10.0.0.1/24')],
  ] as const) {
    t.strictSame(interfaceAddressFaults(text), faults, text)
  }
  for (const text of ['10.0.0.1', '10.0.0.1/33', 'x/8', '']) {
    t.match(interfaceAddressFaults(text), [/^must be a valid address in CIDR form/], text)
  }
})

void t.test('shares of devices', async t => {
  const SHARE = '0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f'
  const normal =
    'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'
  const invalid = 'error validating uid: invalid UUID format'
  for (const [shareID, fault] of [
    [SHARE, undefined],
    [SHARE.toUpperCase(), normal],
    [SHARE.replaceAll('-', ''), normal],
    [`{${SHARE}}`, normal],
    [`urn:uuid:${SHARE}`, normal],
    [SHARE.replaceAll('-', '_'), invalid],
    ['x'.repeat(32), invalid],
    [`{${SHARE.replaceAll('-', '_')}}`, invalid],
    [`(${SHARE})`, 'error validating uid: invalid bracketed UUID format'],
    [`urn:uuix:${SHARE}`, 'error validating uid: invalid urn prefix: "urn:uuix:"'],
    ['', 'error validating uid: invalid UUID length: 0'],
  ] as const) {
    const spec = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } }
    const result = { request: 'r', driver: 'd', pool: 'p', device: 'x', shareID }
    const status = { allocation: { devices: { results: [result] } } }
    const field = 'status.allocation.devices.results[0].shareID'
    t.strictSame(
      statusFaults('resourceclaims', { spec }, { spec, status }),
      fault === undefined ? [] : [`${field}: Invalid value: ${JSON.stringify(shareID)}: ${fault}`],
      shareID,
    )
  }
})

void t.test('claims and their templates', async t => {
  const request = (fields: object): object => ({
    requests: [{ name: 'r', exactly: { deviceClassName: 'c', ...fields } }],
  })
  const tolerations = Array.from({ length: 17 }, () => ({ operator: 'Exists' }))
  const constraints = [{ matchAttribute: 'a/b/c' }]
  const devices = { ...request({ tolerations }), constraints }
  t.strictSame(faultsOf('resourceclaims', { spec: { devices } }), [], 'no limits, any slashes')
  const metadata = { name: 'n', uid: 'u', annotations: { '': 'x' }, labels: { '-': 'x' } }
  const template = { spec: { metadata, spec: { devices } } }
  t.match(
    faultsOf('resourceclaimtemplates', template),
    [
      /^spec\.metadata\.annotations: /,
      /^spec\.metadata\.annotations: /,
      /^spec\.metadata\.labels: /,
      'spec.metadata.name: Forbidden: cannot be set',
      'spec.metadata.uID: Forbidden: cannot be set',
    ],
    'annotations first, names as Go has them',
  )
  const wrong = { requests: [{ name: 'R', exactly: { deviceClassName: 'c' } }] }
  t.match(
    updateFaults(
      'resourceclaimtemplates',
      { spec: { spec: { devices: request({}) } } },
      { spec: { spec: { devices: wrong } } },
    ),
    [
      `spec.spec.devices.requests[0].name: Invalid value: "R": ${LABEL}`,
      /^spec: Invalid value: .*: field is immutable$/,
    ],
    'wrong, and changed',
  )
})

void t.test('where webhooks are called', async t => {
  const parsed = (text: string, why: string): string[] => [
    `url: Required value: url must be a valid URL: parse ${JSON.stringify(text)}: ${why}; desired format: https://host[/path]`,
  ]
  for (const [text, faults] of [
    ['https://example.com/a', []],
    ['HTTPS://[::1]:8443', []],
    [':', parsed(':', 'missing protocol scheme')],
    ['a b:c', parsed('a b:c', 'first path segment in URL cannot contain colon')],
    ['https://a\nb', parsed('https://a\nb', 'net/url: invalid control character in URL')],
    ['https://[::1', parsed('https://[::1', "missing ']' in host")],
    ['https://a:b', parsed('https://a:b', 'invalid port ":b" after host')],
    ['https://a b', parsed('https://a b', 'invalid character " " in host name')],
    ['https://a/%zz', parsed('https://a/%zz', 'invalid URL escape "%zz"')],
    ['https://u@a', ['url: Invalid value: "u": user information is not permitted in the URL']],
  ] as const) {
    t.strictSame(
      found(faults => validateWebhookURL(faults, 'url', text)),
      faults,
      text,
    )
  }
})

void t.test('changes of webhooks', async t => {
  const webhook = {
    name: 'a.b.c',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    clientConfig: { url: 'https://a' },
  }
  const change = (before: object, after: object): string[] =>
    updateFaults(
      'validatingwebhookconfigurations',
      { webhooks: [{ ...webhook, ...before }] },
      { webhooks: [{ ...webhook, ...after }] },
    )
  const odd = { matchConditions: [{ name: 'a', expression: '' }] }
  t.strictSame(change(odd, { ...odd, timeoutSeconds: 5 }), [], 'what was, may stay')
  t.strictSame(change({}, odd), ['webhooks[0].matchConditions[0].expression: Required value'])
  t.strictSame(
    change({ admissionReviewVersions: [] }, { admissionReviewVersions: ['v2'] }),
    [
      'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
    ],
    'no versions were no strange versions',
  )
})

void t.test('migrations', async t => {
  const spec = { resource: { group: '', resource: 'r' } }
  const condition = (type: string): object => ({
    type,
    status: 'True',
    reason: 'R',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  })
  const change = (before: object, status: object): string[] =>
    statusFaults('storageversionmigrations', { spec, status: before }, { spec, status })
  const place = 'status.conditions: Invalid value: '
  const [succeeded, failed] = [condition('Succeeded'), condition('Failed')]
  t.strictSame(change({}, { resourceVersion: '12', conditions: [succeeded] }), [])
  t.strictSame(change({}, { conditions: [succeeded, condition('Running')] }), [])
  t.strictSame(change({}, { resourceVersion: '012' }), [
    'status.resourceVersion: Invalid value: "012": resource version is not well formed: 012',
  ])
  t.strictSame(change({ resourceVersion: '1' }, { resourceVersion: '2' }), [
    'status.resourceVersion: Invalid value: "2": field is immutable',
  ])
  t.match(change({ conditions: [succeeded] }, { conditions: [failed] }), [
    new RegExp(`^${place}.*: Success condition cannot be set to false once it is true$`),
  ])
  t.match(change({}, { conditions: [succeeded, failed] }), [
    new RegExp(`^${place}.*: Both success and failed conditions cannot be true at the same time$`),
  ])
})

void t.test('fields that rules of schemas blame', async t => {
  const schema = {
    properties: { a: { type: 'object', additionalProperties: { type: 'string' } } },
    'x-kubernetes-validations': [{ rule: 'true', fieldPath: '' }],
  }
  for (const [path, isGood] of [
    ['.a', true],
    ['.a.b', true],
    [".a['b.c']", true],
    [".a['b\\'c']", true],
    ['.b', false],
    ['a', false],
    ['.a.b.c', false],
    ['.a[0]', false],
    ['.a.', false],
  ] as const) {
    const rules = [{ rule: 'true', fieldPath: path }]
    const said = found(faults =>
      validateValueRules(faults, 'v', { ...schema, 'x-kubernetes-validations': rules }),
    )
    const fault = `v[0].fieldPath: Invalid value: ${JSON.stringify(path)}: must be a valid path`
    t.strictSame(said, isGood ? [] : [fault], path)
  }
})

void t.test('schemas that no structural schema can be made of', async t => {
  const place = 'spec.validation.openAPIV3Schema'
  const definition = (a: object): object => ({
    metadata: { name: 'as.b.c' },
    spec: {
      group: 'b.c',
      scope: 'Cluster',
      names: { plural: 'as', singular: 'a', kind: 'A', listKind: 'AList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { a } } },
        },
      ],
    },
    status: { storedVersions: ['v1'] },
  })
  for (const [schema, fault] of [
    [{ $ref: '#/x' }, `${place}.properties[a].$ref: Forbidden: $ref is not supported`],
    [{ $schema: 'x' }, `${place}: Invalid value: "": OpenAPIV3Schema 'schema' is not supported`],
    [
      { not: { items: [{}] } },
      `${place}.properties[a].not.items: Forbidden: items must be a schema object and not an array`,
    ],
  ] as const) {
    t.strictSame(faultsOf('customresourcedefinitions', definition(schema)), [fault])
  }
})
