/**
 * Objects that clients send wrong, against the real server: the Status with upstream's code, reason, message and causes,
 * and real kubectl's words. No request may end in InternalError.
 */
import t from 'tap'
import {
  server,
  client,
  JSON_TYPE,
  CONFIG_MAPS,
  KEPT,
  configMap,
  type Case,
  send,
  refuses,
  unfit,
  endsInGoodOrder,
} from './refusals-fixture.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const PODS = '/api/v1/namespaces/default/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const deployment = (replicas: string): string =>
  `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":${replicas}}}`
const unread = (kind: string, why: string, sent: string): string =>
  `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${sent})`
const STARTS = '{"apiVersion":"v1","kind":"Con ...'

refuses('bodies that are no JSON', [
  ...(
    [
      ['', 'unexpected end of JSON input', '<empty>'],
      ['{"a":1', 'unexpected end of JSON input', '{"a":1'],
      ['{"a":1 "b"}', `invalid character '"' after object key:value pair`, '{"a":1 "b"}'],
      ['{,}', `invalid character ',' looking for beginning of object key string`, '{,}'],
      ['hello', `invalid character 'h' looking for beginning of value`, '68656c6c6f'],
      ['"\u0005"', String.raw`invalid character '\x05' in string`, '220522'],
      ['\u007f', String.raw`invalid character '\x7f' looking for beginning of value`, '7f'],
      ['{"a":NaN}', `invalid character 'N' looking for beginning of value`, '{"a":NaN}'],
      [Buffer.from('{"a":"\xff"}', 'latin1'), 'invalid UTF-8 in JSON input', '{"a":"\ufffd"}'],
      ['['.repeat(20_000), 'exceeded max depth', `${'5b'.repeat(30)} ...`],
      [
        configMap('deep', `,"data":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
        'exceeded max depth',
        STARTS,
      ],
    ] as const
  ).map(
    ([body, why, sent]): Case => ({
      request: `POST ${CONFIG_MAPS}`,
      body,
      expected: [400, 'BadRequest', unread('ConfigMap', why, sent)],
    }),
  ),
  {
    request: `POST ${CONFIG_MAPS}`,
    body: '[]',
    expected: [
      400,
      'BadRequest',
      unread(
        'ConfigMap',
        String.raw`json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`,
        '5b5d',
      ),
    ],
  },
])

refuses('objects that do not fit their kind', [
  {
    request: `POST ${CONFIG_MAPS}`,
    body: configMap('x', ',"data":[1]'),
    expected: [
      400,
      'BadRequest',
      unfit(
        'ConfigMap',
        'json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string',
      ),
    ],
  },
  ...(
    [
      ['"x"', 'string'],
      ['99999999999', 'number 99999999999'],
      ['1.5', 'number 1.5'],
    ] as const
  ).map(
    ([replicas, what]): Case => ({
      request: `POST ${DEPLOYMENTS}`,
      body: deployment(replicas),
      expected: [
        400,
        'BadRequest',
        unfit(
          'Deployment',
          `json: cannot unmarshal ${what} into Go struct field DeploymentSpec.spec.replicas of type int32`,
        ),
      ],
    }),
  ),
  {
    request: `POST ${DEPLOYMENTS}`,
    body: deployment('1e400'),
    expected: [400, 'BadRequest', /cannot unmarshal number .* of type int32/],
  },
  {
    request: `POST ${PODS}`,
    body: '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","creationTimestamp":"yesterday"}}',
    expected: [
      400,
      'BadRequest',
      unfit(
        'Pod',
        'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
      ),
    ],
  },
  {
    request: `POST ${CONFIG_MAPS}`,
    body: '{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"x"}}',
    expected: [
      400,
      'BadRequest',
      'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
  },
  {
    request: `POST ${CONFIG_MAPS}`,
    body: '{"apiVersion":"v1","kind":"Nope","metadata":{"name":"x"}}',
    expected: [
      400,
      'BadRequest',
      'Nope in version "v1" cannot be handled as a ConfigMap: no kind "Nope" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
  },
  {
    request: `POST ${CONFIG_MAPS}`,
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"other"}}',
    expected: [
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
  },
  {
    request: 'POST /api/v1/namespaces/nowhere/configmaps',
    body: configMap('x'),
    expected: [404, 'NotFound', 'namespaces "nowhere" not found'],
  },
  {
    request: `PUT ${KEPT}`,
    body: configMap('other'),
    expected: [
      400,
      'BadRequest',
      'the name of the object (other) does not match the name on the URL (kept)',
    ],
  },
  {
    request: `PUT ${KEPT}`,
    body: '{"metadata":{"name":"kept","resourceVersion":"1"}}',
    expected: [
      409,
      'Conflict',
      'Operation cannot be fulfilled on configmaps "kept": the object has been modified; please apply your changes to the latest version and try again',
    ],
  },
  {
    request: `PUT ${KEPT}`,
    body: '{"metadata":{"name":"kept","uid":"abc"}}',
    expected: [
      409,
      'Conflict',
      /^Operation cannot be fulfilled on configmaps "kept": Precondition failed: UID in precondition: abc, UID in object meta: /,
    ],
  },
  {
    request: `POST ${CONFIG_MAPS}`,
    body: configMap('kept'),
    expected: [409, 'AlreadyExists', 'configmaps "kept" already exists'],
  },
  {
    request: `POST ${CONFIG_MAPS}`,
    body: configMap('big', `,"data":{"a":"${'x'.repeat(1_500_000)}"}`),
    expected: [
      422,
      'Invalid',
      'ConfigMap "big" is invalid: []: Too long: may not be more than 1048576 bytes',
    ],
  },
])

refuses('media types', [
  {
    request: `POST ${CONFIG_MAPS}`,
    body: configMap('x'),
    type: 'text/plain',
    expected: [
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    ],
  },
  {
    request: `PATCH ${KEPT}`,
    body: '{}',
    expected: [415, 'UnsupportedMediaType', '415: Unsupported Media Type'],
  },
  {
    request: `GET ${CONFIG_MAPS}`,
    headers: { accept: 'image/png' },
    expected: [
      406,
      'NotAcceptable',
      '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
    ],
  },
  {
    request: `POST ${CONFIG_MAPS}`,
    body: 'hello',
    type: PROTOBUF,
    expected: [
      400,
      'BadRequest',
      'the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (68656c6c6f)',
    ],
  },
  {
    request: `POST ${CONFIG_MAPS}`,
    body: Buffer.from('k8s\0\x0a\xff\xff\xff\xff', 'latin1'),
    type: PROTOBUF,
    expected: [
      400,
      'BadRequest',
      'the object provided is unrecognized (must be of type ConfigMap): unexpected EOF (6b3873000affffffff)',
    ],
  },
])

void t.test('every fault of an object is one cause', async t => {
  const nameless = await send({ request: `POST ${CONFIG_MAPS}`, body: '{"metadata":{}}' })
  const fault = {
    reason: 'FieldValueRequired',
    message: 'Required value: name or generateName is required',
  }
  t.same(nameless.details, {
    kind: 'ConfigMap',
    causes: [{ ...fault, field: 'metadata.name' }],
  })
  const pod = await send({
    request: `POST ${PODS}`,
    body: '{"metadata":{"name":"p"},"spec":{"containers":[{"name":"A"}]}}',
  })
  t.match(pod, { code: 422, reason: 'Invalid' })
  t.same(
    pod.details?.causes?.map(({ reason, field }) => [reason, field]),
    [
      ['FieldValueInvalid', 'spec.containers[0].name'],
      ['FieldValueRequired', 'spec.containers[0].image'],
    ],
  )
})

void t.test('unknown and duplicate fields: ignored, warned about, or refused', async t => {
  const body = configMap('fields', ',"foo":1,"data":{"a":"b","a":"c"}')
  const post = (mode: string) =>
    client.send({
      method: 'POST',
      path: `${CONFIG_MAPS}?dryRun=All${mode}`,
      body,
      headers: { 'content-type': JSON_TYPE },
    })
  const warnings = '299 - "unknown field \\"foo\\"", 299 - "duplicate field \\"data.a\\""'
  const ignored = await post('&fieldValidation=Ignore')
  t.match([ignored.status, ignored.headers['warning']], [201, undefined])
  for (const mode of ['', '&fieldValidation=Warn']) {
    const warned = await post(mode)
    t.same([warned.status, warned.headers['warning']], [201, warnings])
  }
  const strict = await post('&fieldValidation=Strict')
  t.equal(
    strict.body.message,
    unfit('ConfigMap', 'strict decoding error: unknown field "foo", duplicate field "data.a"'),
  )
})

void t.test('kubectl shows all this to its user', async t => {
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: strict}\nfoo: 1\n'
  const strict = await server.kubectl(['apply', '-f', '-'], manifest)
  t.equal(
    strict.stderr,
    `Error from server (BadRequest): error when creating "STDIN": ${unfit('ConfigMap', 'strict decoding error: unknown field "foo"')}\n`,
  )
  const warned = await server.kubectl(['apply', '--validate=warn', '-f', '-'], manifest)
  t.same([warned.code, warned.stderr], [0, 'Warning: unknown field "foo"\n'])
  const missing = await server.kubectl(['get', 'configmap', 'nope'])
  t.equal(missing.stderr, 'Error from server (NotFound): configmaps "nope" not found\n')
  const kind = await server.kubectl(['get', 'nopes'])
  t.equal(kind.stderr, `error: the server doesn't have a resource type "nopes"\n`)
  const typed = await server.kubectl(
    ['apply', '-f', '-'],
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: many}\n',
  )
  t.match(
    typed.stderr,
    /cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32/,
  )
})

endsInGoodOrder()
