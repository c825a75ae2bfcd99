/**
 * Requests that clients get wrong in all but the object they create: patches, paths, methods, queries, options; against the
 * real server: the Status with upstream's code, reason and message. No request may end in InternalError.
 */
import t from 'tap'
import {
  client,
  MERGE,
  CONFIG_MAPS,
  KEPT,
  configMap,
  type Case,
  refuses,
  unfit,
  bad,
  endsInGoodOrder,
} from './refusals-fixture.ts'

const JSON_PATCH = 'application/json-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const APPLY = 'application/apply-patch+yaml'
const YAML = 'application/yaml'

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

const TWICE = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n  a: c'

refuses('YAML and server-side apply', [
  brokenApply('a: [', 'line 1: unexpected end of the stream within a flow collection'),
  {
    request: `PATCH ${KEPT}?fieldManager=test&fieldValidation=Strict`,
    body: TWICE,
    type: APPLY,
    expected: [
      409,
      'Conflict',
      'Apply failed with 1 conflict: conflict with "unknown" using v1: .data.a',
    ],
  },
  {
    request: `PATCH ${KEPT}?fieldManager=test&force=true&fieldValidation=Strict`,
    body: TWICE,
    type: APPLY,
    expected: bad(
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 5: key "a" already set in map',
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
  applied('apiVersion: v1', [400, 'BadRequest', 'invalid object type: /v1, Kind=']),
  applied('{apiVersion: v2, kind: ConfigMap}', [
    400,
    'BadRequest',
    'invalid object type: /v2, Kind=ConfigMap',
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
    bad(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ),
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
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    ],
  ),
  patched(
    MERGE,
    '[]',
    bad(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ),
  ),
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
    'unknown patch type: bogus in map: map[$patch:bogus]',
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
  ...[
    ['', 'invalid resource version: '],
    ['watch=1&', ''],
  ].map(([verb, prefix]) =>
    listing(
      `${verb}resourceVersion=abc`,
      bad(
        `${prefix}resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax`,
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
  listing(
    'continue=garbage',
    bad(
      String.raw`invalid continue token: continue key is not valid: invalid character '\x81' looking for beginning of value`,
    ),
  ),
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
    'fieldValidation: Unsupported value: "bogus": supported values: "", "Ignore", "Strict", "Warn"',
  ),
  writing(
    `fieldManager=${'x'.repeat(129)}`,
    'fieldManager: Too long: may not be more than 128 bytes',
  ),
  writing(
    'fieldManager=a%00',
    String.raw`fieldManager: Invalid value: "a\x00": invalid character U+0000 (at position 1)`,
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

void t.test('a watch from a revision of the future waits for it', async t => {
  const reply = await client.send({
    method: 'GET',
    path: `${CONFIG_MAPS}?watch=1&resourceVersion=99999999&timeoutSeconds=1`,
  })
  t.same([reply.status, reply.text], [200, ''])
})

endsInGoodOrder()
