/** Secrets by type, ConfigMaps by size and key, priority classes, aggregated roles: upstream's paths and words. */
import { type Case, runCases, updateFaults } from '#test/support/validation-cases.ts'
import t from 'tap'

const encoded = (text: string): string => Buffer.from(text).toString('base64')
const typed = (type: string, data: Readonly<Record<string, string>> = {}): object => ({
  type: `kubernetes.io/${type}`,
  data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, encoded(text)])),
})
const config = (text: string): object => typed('dockerconfigjson', { '.dockerconfigjson': text })
const REDACTED = 'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>":'
const MIB = 1024 * 1024

const SECRETS: readonly Case[] = [
  ['registries', 'secrets', config('{"auths":{}}'), []],
  ['no registries', 'secrets', config('null'), []],
  ['cut off', 'secrets', config('{"auths":'), [`${REDACTED} unexpected end of JSON input`]],
  [
    'no JSON',
    'secrets',
    config('auths'),
    [`${REDACTED} invalid character 'a' looking for beginning of value`],
  ],
  ...[
    ['[]', 'array'],
    ['"x"', 'string'],
    ['1', 'number'],
    ['true', 'bool'],
  ].map(
    ([text = '', kind = '']): Case => [
      `registries as ${kind}`,
      'secrets',
      config(text),
      [`${REDACTED} json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`],
    ],
  ),
  ['none', 'secrets', typed('dockercfg'), ['data[.dockercfg]: Required value']],
  ['a user without password', 'secrets', typed('basic-auth', { username: 'u' }), []],
  [
    'nobody',
    'secrets',
    typed('basic-auth'),
    ['data[username]: Required value', 'data[password]: Required value'],
  ],
  [
    'an empty key',
    'secrets',
    typed('ssh-auth', { 'ssh-privatekey': '' }),
    ['data[ssh-privatekey]: Required value'],
  ],
  ['a certificate', 'secrets', typed('tls', { 'tls.crt': '', 'tls.key': '' }), []],
  [
    'no certificate',
    'secrets',
    typed('tls'),
    ['data[tls.crt]: Required value', 'data[tls.key]: Required value'],
  ],
  [
    'nobody’s token',
    'secrets',
    typed('service-account-token'),
    ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
  ],
  ['a type of its own', 'secrets', { type: 'bootstrap.kubernetes.io/token' }, []],
  ['as large as may be', 'secrets', { data: { a: encoded('x'.repeat(MIB)) } }, []],
  [
    'too large',
    'secrets',
    { data: { a: encoded('x'.repeat(MIB)), b: encoded('x') } },
    ['data: Too long: may not be more than 1048576 bytes'],
  ],
]

void t.test('secrets hold what their type asks for', async t => {
  runCases(t, SECRETS)
  t.strictSame(updateFaults('secrets', { immutable: true }, { immutable: false }), [
    'immutable: Forbidden: field is immutable when `immutable` is set',
  ])
  t.strictSame(updateFaults('secrets', {}, { immutable: true, data: { a: '' } }), [])
  const frozen = { immutable: true, data: { a: encoded('1') } }
  t.strictSame(updateFaults('secrets', frozen, { immutable: true, data: { a: encoded('2') } }), [
    'data: Forbidden: field is immutable when `immutable` is set',
  ])
  t.strictSame(updateFaults('secrets', { type: 'a' }, { type: 'b' }), [
    'type: Invalid value: "b": field is immutable',
  ])
})

const BAD_KEY =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"

void t.test('config maps', async t => {
  runCases(t, [
    [
      'a key in both',
      'configmaps',
      { data: { a: 'b' }, binaryData: { a: 'Yg==' } },
      ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ],
    [
      'keys',
      'configmaps',
      { data: { 'a b': '', '..': '', '..c': '' }, binaryData: { 'd/e': '' } },
      [
        `data[a b]: Invalid value: "a b": ${BAD_KEY}`,
        `data[..]: Invalid value: "..": must not be '..'`,
        `data[..c]: Invalid value: "..c": must not start with '..'`,
        `binaryData[d/e]: Invalid value: "d/e": ${BAD_KEY}`,
      ],
    ],
    [
      'both together',
      'configmaps',
      { data: { a: 'x'.repeat(MIB - 1) }, binaryData: { b: encoded('xy') } },
      ['[]: Too long: may not be more than 1048576 bytes'],
    ],
  ])
  const frozen = { immutable: true, data: { a: 'b' } }
  t.strictSame(updateFaults('configmaps', frozen, { immutable: true, binaryData: { a: 'Yg==' } }), [
    'data: Forbidden: field is immutable when `immutable` is set',
    'binaryData: Forbidden: field is immutable when `immutable` is set',
  ])
})

const RESERVED =
  "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error:"
const system = (name: string, value: number, more: object = {}): object => ({
  metadata: { name: `system-${name}` },
  value,
  ...more,
})

void t.test('priority classes', async t => {
  runCases(t, [
    ['a known one', 'priorityclasses', system('node-critical', 2_000_001_000), []],
    [
      'another value',
      'priorityclasses',
      system('node-critical', 1),
      [`${RESERVED} value of system-node-critical PriorityClass must be 2000001000`],
    ],
    [
      'as the default',
      'priorityclasses',
      system('cluster-critical', 2_000_000_000, { globalDefault: true }),
      [`${RESERVED} globalDefault of system-cluster-critical PriorityClass must be false`],
    ],
    [
      'an unknown one',
      'priorityclasses',
      system('mine', 1),
      [`${RESERVED} system-mine is not a known system priority class`],
    ],
    [
      'too high',
      'priorityclasses',
      { value: 1_000_000_001 },
      ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
    ],
    ['below zero', 'priorityclasses', { value: -5 }, []],
  ])
  t.strictSame(
    updateFaults('priorityclasses', { value: 1 }, { value: 2, preemptionPolicy: 'Never' }),
    [
      'value: Forbidden: may not be changed in an update.',
      'preemptionPolicy: Invalid value: "Never": field is immutable',
    ],
  )
})

const sum = (clusterRoleSelectors: readonly object[]): object => ({
  aggregationRule: { clusterRoleSelectors },
})

void t.test('aggregated roles', async t => {
  const at = 'aggregationRule.clusterRoleSelectors'
  runCases(t, [
    ['a sum', 'clusterroles', sum([{ matchLabels: { a: 'b' } }]), []],
    [
      'of nothing',
      'clusterroles',
      sum([]),
      [
        `${at}: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil`,
      ],
    ],
    [
      'of what no label can be',
      'clusterroles',
      sum([{}, { matchExpressions: [{ key: 'a', operator: 'Like' }] }]),
      [
        `${at}[1].matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator`,
        `${at}[1]: Invalid value: null: invalid label selector.`,
      ],
    ],
    [
      'everything at once in a namespace',
      'roles',
      { rules: [{ verbs: [], nonResourceURLs: ['/x'], resources: ['y'] }] },
      [
        'rules[0].verbs: Required value: verbs must contain at least one value',
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ],
  ])
})
