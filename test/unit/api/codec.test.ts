/** Bodies in, objects out: types, unknown and duplicate fields, canonical forms, with upstream's exact messages. */
import t from 'tap'
import { applyDefaults, decodeBody, decodeObject, encodeObject, parseJson } from '#api/codec.ts'
import { resourceOf, type TypedKind, typeOf } from '#api/scheme.ts'
import { StatusError } from '#api/status.ts'

function kindOf(group: string, kind: string): TypedKind {
  const type = typeOf(group, 'v1', kind)
  if (type === undefined) throw new Error(`no ${kind}`)
  return { group, version: 'v1', kind, type }
}

const DEPLOYMENT = kindOf('apps', 'Deployment')
const POD = kindOf('', 'Pod')

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof StatusError) return `${error.reason}: ${error.message}`
    throw error
  }
  return 'accepted'
}

const deployment = (spec: unknown, more: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec,
  ...more,
})

const AS_DEPLOYMENT = 'BadRequest: Deployment in version "v1" cannot be handled as a Deployment: '
const inContainers = (containers: unknown): object =>
  deployment({ template: { spec: { containers } } })

const faults: readonly { name: string; body: unknown; message: string }[] = [
  {
    name: 'text where a number is wanted',
    body: deployment({ replicas: '3' }),
    message: `${AS_DEPLOYMENT}json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`,
  },
  {
    name: 'a fraction where an integer is wanted',
    body: deployment({ replicas: 1.5 }),
    message: `${AS_DEPLOYMENT}json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32`,
  },
  {
    name: 'a number beyond int32',
    body: deployment({ replicas: 3_000_000_000 }),
    message: `${AS_DEPLOYMENT}json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32`,
  },
  {
    name: 'text where a list is wanted, deep below',
    body: inContainers([{ name: 'a', command: 'sh' }]),
    message: `${AS_DEPLOYMENT}json: cannot unmarshal string into Go struct field Container.spec.template.spec.containers.command of type []string`,
  },
  {
    name: 'an object where a list is wanted',
    body: inContainers({ name: 'a' }),
    message: `${AS_DEPLOYMENT}json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container`,
  },
  {
    name: 'a number as the value of an environment variable',
    body: inContainers([{ name: 'a', env: [{ name: 'A', value: 1 }] }]),
    message: `${AS_DEPLOYMENT}json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string`,
  },
  {
    name: 'a truth value as an enum',
    body: deployment({ template: { spec: { restartPolicy: true } } }),
    message: `${AS_DEPLOYMENT}json: cannot unmarshal bool into Go struct field PodSpec.spec.template.spec.restartPolicy of type v1.RestartPolicy`,
  },
  {
    name: 'a truth value as a port',
    body: inContainers([{ name: 'a', livenessProbe: { httpGet: { port: true } } }]),
    message: `${AS_DEPLOYMENT}json: cannot unmarshal bool into Go value of type int32`,
  },
  {
    name: 'a quantity that is none',
    body: inContainers([{ name: 'a', resources: { limits: { cpu: 'lots' } } }]),
    message: `${AS_DEPLOYMENT}quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
  },
  {
    name: 'a time that is none',
    body: deployment({}, { metadata: { creationTimestamp: 'noon' } }),
    message: `${AS_DEPLOYMENT}parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"`,
  },
  {
    name: 'unknown fields, all of them',
    body: deployment({ replica: 3, template: { spec: { containers: [{ imagee: 'a' }] } } }),
    message: `${AS_DEPLOYMENT}strict decoding error: unknown field "spec.replica", unknown field "spec.template.spec.containers[0].imagee"`,
  },
  {
    name: 'a field in the wrong case',
    body: deployment({ Replicas: 3 }),
    message: `${AS_DEPLOYMENT}strict decoding error: unknown field "spec.Replicas"`,
  },
  {
    name: 'another version',
    body: { apiVersion: 'apps/v1beta1', kind: 'Deployment' },
    message:
      'BadRequest: the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)',
  },
  {
    name: 'another kind of the group',
    body: { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
    message:
      'BadRequest: ReplicaSet in version "v1" cannot be handled as a Deployment: converting (v1.ReplicaSet) to (apps.Deployment): unknown conversion',
  },
  {
    name: 'a list as the body',
    body: [],
    message:
      'BadRequest: the object provided is unrecognized (must be of type Deployment): couldn\'t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)',
  },
]

void t.test('refuses with the message users search for', async t => {
  for (const { name, body, message } of faults) {
    t.equal(
      refusal(() => decodeBody(DEPLOYMENT, bytesOf(body), 'Strict')),
      message,
      name,
    )
  }
})

const PARSING =
  "BadRequest: the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: "
const broken: readonly { name: string; text: string | Buffer; message: string }[] = [
  { name: 'nothing', text: '', message: 'unexpected end of JSON input (<empty>)' },
  { name: 'half an object', text: '{"a":', message: 'unexpected end of JSON input ({"a":)' },
  {
    name: 'YAML',
    text: 'kind: Pod',
    message: "invalid character 'k' looking for beginning of value (6b696e643a20506f64)",
  },
  {
    name: 'a name without quotes',
    text: '{kind:1}',
    message: "invalid character 'k' looking for beginning of object key string ({kind:1})",
  },
  {
    name: 'a missing comma',
    text: '{"a":1 "b":2}',
    message: `invalid character '"' after object key:value pair ({"a":1 "b":2})`,
  },
  {
    name: 'bytes that are no UTF-8',
    text: Buffer.from([0x22, 0xff, 0x22]),
    message: 'invalid UTF-8 in JSON input (22ff22)',
  },
  {
    name: 'a hundred thousand levels',
    text: '['.repeat(100_000) + ']'.repeat(100_000),
    message: `exceeded max depth (${'5b'.repeat(30)} ...)`,
  },
]

void t.test('refuses broken JSON', async t => {
  for (const { name, text, message } of broken) {
    t.equal(
      refusal(() => parseJson(Buffer.from(text), 'Pod')),
      `${PARSING}${message}`,
      name,
    )
  }
})

void t.test('finds duplicate fields', async t => {
  const cases: readonly [text: string, paths: readonly string[]][] = [
    ['{"a":1,"b":{"a":1}}', []],
    ['{"a":1,"a":2}', ['a']],
    ['{"spec":{"c":[{"x":1},{"y":1,"y":2}]}}', ['spec.c[1].y']],
    ['{"a":"\\"a\\":1","b":"}"}', []],
    ['{"a":1,"\\u0061":2}', ['a']],
    [`{${Array.from({ length: 40 }, (_, index) => `"k${index}":1`).join()},"k3":2}`, ['k3']],
    ['{"a":"\\\\","a":1}', ['a']],
    ['{"b":[{"a":1},{"a":1}]}', []],
  ]
  for (const [text, paths] of cases) {
    const told = paths.map(path => `duplicate field "${path}"`)
    t.same(parseJson(Buffer.from(text), 'Pod').duplicates, told, text)
  }
})

void t.test('fieldValidation decides about fields that no one knows', async t => {
  const text =
    '{"apiVersion":"v1","kind":"Pod","spec":{"containers":[],"foo":1,"nodeName":"a","nodeName":"b"}}'
  const expected = ['unknown field "spec.foo"', 'duplicate field "spec.nodeName"']
  const warned = decodeBody(POD, Buffer.from(text), 'Warn')
  t.same(warned.warnings, expected)
  t.match(warned.object, { spec: { nodeName: 'b' } }, 'the last duplicate counts')
  t.notOk(JSON.stringify(warned.object).includes('foo'), 'unknown fields are dropped')
  t.same(decodeBody(POD, Buffer.from(text), 'Ignore').warnings, [])
  t.equal(
    refusal(() => decodeBody(POD, Buffer.from(text), 'Strict')),
    `BadRequest: Pod in version "v1" cannot be handled as a Pod: strict decoding error: ${expected.join(', ')}`,
  )
})

const decodePod = (spec: object): unknown =>
  decodeObject(POD.type, { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec }, 'Strict').object

void t.test('null is absent, zero values vanish, zero values of pointers stay', async t => {
  t.same(
    decodePod({
      containers: [{ name: 'a', image: '', args: [], tty: false, ports: null }],
      nodeName: '',
      hostNetwork: false,
      nodeSelector: {},
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: {},
    }),
    {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: {},
      spec: {
        containers: [{ name: 'a', resources: {} }],
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        securityContext: {},
      },
      status: {},
    },
  )
})

void t.test('brings values into canonical form', async t => {
  const object = decodePod({
    containers: [
      {
        name: 'a',
        resources: { limits: { cpu: 0.5, memory: '1024Mi' }, requests: { cpu: '0.1' } },
        livenessProbe: { httpGet: { port: '80' } },
        env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }],
      },
    ],
  })
  t.match(object, {
    spec: {
      containers: [
        {
          resources: { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '100m' } },
          livenessProbe: { httpGet: { port: '80' } },
          env: [{ valueFrom: { resourceFieldRef: { divisor: '0' } } }],
        },
      ],
    },
  })
})

void t.test('keeps maps whole, whatever their keys are called', async t => {
  const { object } = decodeBody(
    kindOf('', 'ConfigMap'),
    Buffer.from('{"data":{"__proto__":"a","constructor":"b","":"c"}}'),
    'Strict',
  )
  t.equal(
    JSON.stringify(object),
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{},"data":{"__proto__":"a","constructor":"b","":"c"}}',
  )
})

void t.test('keeps raw values as they are', async t => {
  const revision = kindOf('apps', 'ControllerRevision')
  const data = { spec: { empty: '', nothing: null, list: [] } }
  const { object } = decodeBody(revision, bytesOf({ data, revision: 1 }), 'Strict')
  t.match(object, { data, revision: 1 })
})

void t.test('a body may leave out what it is', async t => {
  const { object } = decodeBody(POD, Buffer.from('{"spec":{"containers":[]}}'), 'Strict')
  t.match(object, { apiVersion: 'v1', kind: 'Pod' })
})

void t.test('options may name any group', async t => {
  const options = kindOf('meta.k8s.io', 'DeleteOptions')
  for (const apiVersion of ['v1', 'apps/v1', 'meta.k8s.io/v1', 'policy/v1']) {
    const body = { kind: 'DeleteOptions', apiVersion, gracePeriodSeconds: 0 }
    t.match(decodeBody(options, bytesOf(body), 'Strict').object, { gracePeriodSeconds: 0 })
  }
  t.match(
    refusal(() => decodeBody(options, bytesOf({ kind: 'Pod', apiVersion: 'v1' }), 'Strict')),
    'BadRequest: Pod in version "v1" cannot be handled as a DeleteOptions: ',
  )
})

void t.test('decoding what was decoded changes nothing', async t => {
  const secret = kindOf('', 'Secret')
  const first = decodeBody(
    secret,
    bytesOf({
      metadata: { name: 'a', creationTimestamp: '2024-05-01T12:00:00+02:00' },
      data: { a: 'YQ==' },
    }),
    'Strict',
  ).object
  t.match(first, { metadata: { creationTimestamp: '2024-05-01T10:00:00Z' }, data: { a: 'YQ==' } })
  const again = decodeObject(secret.type, JSON.parse(encodeObject(secret.type, first)), 'Strict')
  t.same(again.object, first)
})

void t.test('encodes the fields of a kind in upstream order', async t => {
  const resource = resourceOf('', 'v1', 'services')
  const type = resource?.type()
  if (type === undefined) throw new Error('no services')
  t.equal(
    encodeObject(type, { status: {}, spec: {}, metadata: {}, apiVersion: 'v1', kind: 'Service' }),
    '{"kind":"Service","apiVersion":"v1","metadata":{},"spec":{},"status":{}}',
  )
})

void t.test('a decoded object is the caller’s to default', async t => {
  const { object } = decodeBody(POD, bytesOf({ spec: { containers: [{ name: 'a' }] } }), 'Strict')
  t.not(applyDefaults(POD.type, object), object)
})
