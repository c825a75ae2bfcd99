/**
 * What clients send wrong, against the real server: the Status with upstream's code, reason, message and causes, and
 * real kubectl's words. No request may end in InternalError.
 */
import t from 'tap'
import { type RawClient, type StatusBody, connectH2 } from '../support/raw-client.ts'
import { makeTree, removeTree, startServer } from '../support/server-child.ts'

const tree = makeTree()
const server = await startServer(tree)
const client: RawClient = connectH2(server)
t.teardown(async () => {
  client.close()
  await server.close()
  removeTree(tree)
})

const JSON_TYPE = 'application/json'
const MERGE = 'application/merge-patch+json'
const JSON_PATCH = 'application/json-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const APPLY = 'application/apply-patch+yaml'
const YAML = 'application/yaml'
const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const KEPT = `${CONFIG_MAPS}/kept`

const configMap = (name: string, more = ''): string =>
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}${more}}`
const deployment = (replicas: string): string =>
  `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":${replicas}}}`

/** A request in one line: `METHOD path`, then its body and media type. */
interface Case {
  readonly request: string
  readonly body?: string | Buffer
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Code, reason, message. */
  readonly expected: readonly [number, string, string | RegExp]
}

const quoted = (text: string | Buffer | undefined): string =>
  text === undefined ? '' : JSON.stringify(text.toString().slice(0, 60))

async function send(one: Omit<Case, 'expected'>): Promise<StatusBody> {
  const [method = '', path = ''] = one.request.split(' ')
  const { body, type = JSON_TYPE, headers } = one
  const content = body === undefined ? {} : { body, headers: { 'content-type': type, ...headers } }
  return (await client.send({ method, path, ...(headers && { headers }), ...content })).body
}

function refuses(name: string, cases: readonly Case[]): void {
  void t.test(name, async t => {
    for (const one of cases) {
      const [code, reason, message] = one.expected
      const status = await send(one)
      const label = `${one.request} ${quoted(one.body)}`
      t.match(status, { kind: 'Status', status: 'Failure', code, reason }, label)
      if (typeof message === 'string') t.equal(status.message, message, label)
      else t.match(status.message, message, label)
    }
  })
}

await send({ request: `POST ${CONFIG_MAPS}`, body: configMap('kept', ',"data":{"a":"b"}') })

const unread = (kind: string, why: string, sent: string): string =>
  `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${sent})`
const unfit = (kind: string, why: string): string =>
  `${kind} in version "v1" cannot be handled as a ${kind}: ${why}`
const STARTS = '{"apiVersion":"v1","kind":"Con ...'

refuses('bodies that are no JSON', [
  ...(
    [
      ['', 'unexpected end of JSON input', '<empty>'],
      ['{"a":1', 'unexpected end of JSON input', '{"a":1'],
      ['{"a":1 "b"}', `invalid character '"' after object key:value pair`, '{"a":1 "b"}'],
      ['{,}', `invalid character ',' looking for beginning of object key string`, '{,}'],
      ['hello', `invalid character 'h' looking for beginning of value`, '68656c6c6f'],
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
      /json: cannot unmarshal array into Go value of type v1.ConfigMap/,
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
      'the API version in the data (v2) does not match the expected API version (v1)',
    ],
  },
  {
    request: `POST ${CONFIG_MAPS}`,
    body: '{"apiVersion":"v1","kind":"Nope","metadata":{"name":"x"}}',
    expected: [
      400,
      'BadRequest',
      'Nope in version "v1" cannot be handled as a ConfigMap: no kind "Nope" is registered for version "v1"',
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
    expected: [
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
    ],
  },
  {
    request: `GET ${CONFIG_MAPS}`,
    headers: { accept: 'image/png' },
    expected: [
      406,
      'NotAcceptable',
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
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

const bad = (message: string): Case['expected'] => [400, 'BadRequest', message]
const applied = (body: string | Buffer, expected: Case['expected']): Case => ({
  request: `PATCH ${KEPT}?fieldManager=test`,
  body,
  type: APPLY,
  expected,
})
const brokenApply = (body: string, why: string): Case =>
  applied(body, bad(`error decoding YAML: error converting YAML to JSON: yaml: ${why}`))
/** Nine levels of nine aliases: a third of a billion values in 400 bytes. */
const BOMB = Array.from({ length: 9 }, (_, level) => {
  const below = level === 0 ? Array(9).fill('x') : Array(9).fill(`*a${level - 1}`)
  return `a${level}: &a${level} [${below.join(',')}]`
}).join('\n')

refuses('YAML and server-side apply', [
  brokenApply('a: [', 'line 1: unexpected end of the stream within a flow collection'),
  {
    request: `PATCH ${KEPT}?fieldManager=test&fieldValidation=Strict`,
    body: 'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n  a: c',
    type: APPLY,
    expected: bad(
      'error strict decoding YAML: yaml: unmarshal errors:\n  line 5: key "a" already set in map',
    ),
  },
  {
    request: `POST ${CONFIG_MAPS}?fieldValidation=Strict`,
    body: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, "name": z}',
    type: YAML,
    expected: bad(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 3: key "name" already set in map',
    ),
  },
  brokenApply('a\tb: c\n\td: e', 'line 2: tab characters must not be used in indentation'),
  brokenApply(BOMB, 'document contains excessive aliasing'),
  brokenApply('a: &a [*a]', 'document contains excessive aliasing'),
  brokenApply('['.repeat(10_000), 'line 1: nesting exceeded maxDepth (100)'),
  brokenApply('a: !!js/function x', 'line 1: unknown scalar tag !<tag:yaml.org,2002:js/function>'),
  {
    request: `POST ${CONFIG_MAPS}`,
    body: BOMB,
    type: YAML,
    expected: bad('error converting YAML to JSON: yaml: document contains excessive aliasing'),
  },
  applied('- a', [
    400,
    'BadRequest',
    'error decoding YAML: an apply configuration must be an object',
  ]),
  applied('apiVersion: v1', [
    400,
    'BadRequest',
    `Object 'Kind' is missing in '{"apiVersion":"v1"}'`,
  ]),
  applied('{apiVersion: v2, kind: ConfigMap}', [
    400,
    'BadRequest',
    'Incorrect version specified in apply patch. Specified patch version: v2, expected: v1',
  ]),
  applied('{apiVersion: v1, kind: ConfigMap, metadata: {name: kept, managedFields: [{}]}}', [
    400,
    'BadRequest',
    'metadata.managedFields must be nil',
  ]),
  applied('{apiVersion: v1, kind: ConfigMap, metadata: {name: kept}, foo: 1}', [
    400,
    'BadRequest',
    'failed to create typed patch object (/kept; /v1, Kind=ConfigMap): .foo: field not declared in schema',
  ]),
  {
    request: `PATCH ${KEPT}`,
    body: '{}',
    type: APPLY,
    expected: [
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
  },
])

const patched = (type: string, body: string, expected: Case['expected']): Case => ({
  request: `PATCH ${KEPT}`,
  type,
  body,
  expected,
})
const REJECTED = [
  422,
  'Invalid',
  'the server rejected our request due to an error in our request',
] as const

refuses('patches', [
  patched(JSON_PATCH, '[', bad('error decoding patch: unexpected end of JSON input')),
  patched(
    JSON_PATCH,
    '{}',
    bad('json: cannot unmarshal object into Go value of type jsonpatch.Patch'),
  ),
  patched(JSON_PATCH, '[1]', bad('a JSON patch operation must be an object')),
  patched(JSON_PATCH, '[{"op":"nope","path":"/a"}]', REJECTED),
  patched(JSON_PATCH, '[{"op":"remove","path":"/nope"}]', REJECTED),
  patched(JSON_PATCH, '[{"op":"test","path":"/data/a","value":"z"}]', REJECTED),
  patched(JSON_PATCH, '[{"op":"add","path":"/__proto__/x","value":1}]', REJECTED),
  patched(
    JSON_PATCH,
    JSON.stringify(Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: 1 }))),
    [
      413,
      'RequestEntityTooLarge',
      'The allowed maximum operations in a JSON patch is 10000, got 10001',
    ],
  ),
  patched(MERGE, '[]', bad('Invalid JSON Patch')),
  patched(MERGE, '{"data":', bad('error decoding patch: unexpected end of JSON input')),
  patched(MERGE, '', bad('the request body is empty: a patch is required')),
  patched(MERGE, '{"data":{"a":1}}', [
    422,
    'Invalid',
    /^ "" is invalid: patch: Invalid value: "\{.*\}": json: cannot unmarshal number into Go struct field ConfigMap.data of type string$/,
  ]),
  patched(MERGE, '{"metadata":{"name":"z"}}', [
    400,
    'BadRequest',
    'the name of the object (z) does not match the name on the URL (kept)',
  ]),
  patched(STRATEGIC, '{"data":{"$patch":"bogus"}}', [
    400,
    'BadRequest',
    'unknown patch type: "bogus" in map: {"$patch":"bogus"}',
  ]),
  patched(STRATEGIC, '{"metadata":{"$setElementOrder/finalizers":"x"}}', [
    400,
    'BadRequest',
    'invalid patch format of setElementOrder list',
  ]),
])

const NO_RESOURCE = [404, 'NotFound', 'the server could not find the requested resource'] as const
const NO_METHOD = [
  405,
  'MethodNotAllowed',
  'the server does not allow this method on the requested resource',
] as const

refuses('paths and methods', [
  ...[
    '/api/v9/pods',
    '/api/v1/nopes',
    '/apis/apps/v1beta9/deployments',
    `${KEPT}/nope`,
    `${KEPT}/nope/x`,
    '/api/v1/configmaps/kept',
    '/api/v1/pods/x/log/y',
    '/api/v1/namespaces/default/pods/x/log/y',
    '/api/v1/namespaces/default/nodes',
    '/api/v1/namespaces/default/namespaces/kube-system',
    '/apis/authentication.k8s.io/v1/tokenreviews/x',
    '/api/v1/%2e%2e',
    '/api/v1/../v1/namespaces',
    '/api/v1/__proto__',
  ].map((path): Case => ({ request: `GET ${path}`, expected: NO_RESOURCE })),
  ...['/api/v1/%zz', `${CONFIG_MAPS}/%ff`].map(
    (path): Case => ({
      request: `GET ${path}`,
      expected: [400, 'BadRequest', 'invalid URL escape in the request path'],
    }),
  ),
  ...(
    [
      ['a%2fb', 'a/b'],
      ['a%00b', 'a\0b'],
      ['..', '..'],
      ['__proto__', '__proto__'],
    ] as const
  ).map(
    ([sent, name]): Case => ({
      request: `GET ${CONFIG_MAPS}/${sent}`,
      expected: [404, 'NotFound', `configmaps "${name}" not found`],
    }),
  ),
  ...[`FOO ${CONFIG_MAPS}`, 'DELETE /api/v1/configmaps', `POST ${KEPT}`].map(
    (request): Case => ({ request, expected: NO_METHOD }),
  ),
  { request: `PUT ${CONFIG_MAPS}`, body: '{}', expected: NO_METHOD },
  { request: `PATCH ${CONFIG_MAPS}`, body: '{}', type: MERGE, expected: NO_METHOD },
])

void t.test('outside the API nothing is found in the words of a web server', async t => {
  for (const path of [
    '/nope',
    '//api/v1/x',
    '/apis/nope/v1/things',
    '/apis/nope',
    '/apis/constructor/v1/toString',
  ]) {
    const { status, text, headers } = await client.send({ method: 'GET', path })
    t.strictSame([status, text], [404, '404 page not found\n'], path)
    t.match(headers, {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    })
  }
})

const listing = (query: string, expected: Case['expected']): Case => ({
  request: `GET ${CONFIG_MAPS}?${query}`,
  expected,
})
const parseInt = (text: string, why = 'invalid syntax'): Case['expected'] =>
  bad(`strconv.ParseInt: parsing "${text}": ${why}`)
const listInvalid = (why: string): Case['expected'] => [
  422,
  'Invalid',
  `ListOptions.meta.k8s.io "" is invalid: ${why}`,
]

refuses('query values of lists and watches', [
  listing('limit=abc', parseInt('abc')),
  {
    ...listing(
      'includeObject=Foo',
      bad(
        `Unable to convert to Table as requested: includeObject: Invalid value: "Foo": must be 'Metadata', 'Object', 'None', or empty`,
      ),
    ),
    headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' },
  },
  listing('limit=99999999999999999999', parseInt('99999999999999999999', 'value out of range')),
  listing('timeoutSeconds=abc', parseInt('abc')),
  listing('watch=1&timeoutSeconds=abc', parseInt('abc')),
  ...['', 'watch=1&'].map(verb =>
    listing(
      `${verb}resourceVersion=abc`,
      bad(
        'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
      ),
    ),
  ),
  listing(
    'resourceVersionMatch=Exact',
    listInvalid(
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ),
  ),
  listing(
    'resourceVersion=1&resourceVersionMatch=x',
    listInvalid(
      'resourceVersionMatch: Unsupported value: "x": supported values: "Exact", "NotOlderThan", ""',
    ),
  ),
  listing(
    'sendInitialEvents=true',
    listInvalid('sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'),
  ),
  listing('resourceVersion=99999999', [
    504,
    'Timeout',
    /^Timeout: Too large resource version: 99999999, current: \d+$/,
  ]),
  listing('continue=garbage', bad('invalid continue token: continue key is not valid')),
  listing('labelSelector=a+b+c', [
    400,
    'BadRequest',
    `unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt`,
  ]),
  listing('labelSelector=a+in+(', [
    400,
    'BadRequest',
    `unable to parse requirement: found '', expected: ',', ')' or identifier`,
  ]),
  listing('fieldSelector=spec.foo%3Dbar', [
    400,
    'BadRequest',
    '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ]),
  listing('fieldSelector=a', bad(`invalid selector: 'a'; can't understand 'a'`)),
])

const writing = (query: string, why: string): Case => ({
  request: `POST ${CONFIG_MAPS}?${query}`,
  body: configMap('x'),
  expected: [422, 'Invalid', `CreateOptions.meta.k8s.io "" is invalid: ${why}`],
})
const deleting = (body: string, expected: Case['expected']): Case => ({
  request: `DELETE ${KEPT}`,
  body,
  expected,
})

refuses('options of writes and deletes', [
  writing('dryRun=bogus', 'dryRun: Unsupported value: ["bogus"]: supported values: "All"'),
  writing(
    'fieldValidation=bogus',
    'fieldValidation: Unsupported value: "bogus": supported values: "", "Ignore", "Warn", "Strict"',
  ),
  writing(
    `fieldManager=${'x'.repeat(129)}`,
    'fieldManager: Too long: may not be more than 128 bytes',
  ),
  writing(
    'fieldManager=a%00',
    String.raw`fieldManager: Invalid value: "a\u0000": invalid character U+0000 (at position 1)`,
  ),
  { request: `DELETE ${KEPT}?gracePeriodSeconds=abc`, expected: parseInt('abc') },
  deleting('{"propagationPolicy":"x"}', [
    422,
    'Invalid',
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "x": supported values: "Foreground", "Background", "Orphan", "nil"',
  ]),
  deleting('{"preconditions":{"uid":"x"}}', [
    409,
    'Conflict',
    /^Operation cannot be fulfilled on ConfigMap "kept": the UID in the precondition \(x\) does not match the UID in record \([-0-9a-f]+\)\. The object might have been deleted and then recreated$/,
  ]),
  deleting('{"preconditions":{"resourceVersion":"1"}}', [
    409,
    'Conflict',
    /: the ResourceVersion in the precondition \(1\) does not match the ResourceVersion in record \(\d+\)\. The object might have been modified$/,
  ]),
  deleting('{"gracePeriodSeconds":"x"}', [
    400,
    'BadRequest',
    unfit(
      'DeleteOptions',
      'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
    ),
  ]),
])

void t.test('every fault of an object is one cause', async t => {
  const nameless = await send({ request: `POST ${CONFIG_MAPS}`, body: '{"metadata":{}}' })
  const fault = {
    reason: 'FieldValueRequired',
    message: 'Required value: name or generateName is required',
  }
  t.same(nameless.details, {
    name: '',
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

void t.test('a watch from a revision of the future waits for it', async t => {
  const reply = await client.send({
    method: 'GET',
    path: `${CONFIG_MAPS}?watch=1&resourceVersion=99999999&timeoutSeconds=1`,
  })
  t.same([reply.status, reply.text], [200, ''])
})

void t.test('the server has logged no fault and ends in good order', async t => {
  t.notMatch(server.log(), /request failed|"level":"error"/)
  t.ok(await server.stop())
})
