/**
 * Bodies, paths and queries made to be heavy or odd, with the code that each is answered with. Not a test itself.
 */
import { gzipSync } from 'node:zlib'

const JSON_TYPE = 'application/json'
const YAML = 'application/yaml'
const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const JSON_PATCH = 'application/json-patch+json'
const APPLY = 'application/apply-patch+yaml'

export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const KEPT = `${CONFIG_MAPS}/kept`
export const DEPLOYMENT = '/apis/apps/v1/namespaces/default/deployments/kept'

export const many = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(',')
const configMap = (more: string): string => `{"metadata":{"name":"x"},${more}}`
export const metadata = (more: string): string => `{"metadata":{"name":"x",${more}}}`
const pod = (spec: string): string => `{"metadata":{"name":"x"},"spec":{${spec}}}`
const container = (more = ''): string => `"containers":[{"name":"a","image":"a"${more}}]`
const nested = (depth: number, open: string, close: string): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`

/** `method path`, body, media type, the answer's code and what it says or holds. */
export type Case = readonly [
  what: string,
  request: string,
  body: string | Buffer | undefined,
  type: string,
  status: number,
  says?: RegExp,
]

const create = (path: string): string => `POST ${path}`
const patch = (path: string): string => `PATCH ${path}`

const TRAPS = '"__proto__":"1","constructor":"2","toString":"3"'

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]

/** A message in a message in a message, as Raw of the envelope. */
function deepMessage(depth: number): Buffer {
  let message = Buffer.alloc(0)
  for (let level = 0; level < depth; level++) {
    message = Buffer.concat([Buffer.from([0x0a, ...varint(message.length)]), message])
  }
  const head = Buffer.from([0x12, ...varint(message.length)])
  return Buffer.concat([Buffer.from('k8s\0'), head, message])
}

const schemaOf = (schema: string): string =>
  `{"metadata":{"name":"as.x.io"},"spec":{"group":"x.io","scope":"Namespaced","names":{"plural":"as","kind":"A"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":${schema}}}]}}`

const owner = (at: number): string =>
  `{"apiVersion":"v1","kind":"Pod","name":"a${at}","uid":"u${at}"}`

const SEEDS = { long: 'x'.repeat(1024 * 1024), path: 'x'.repeat(60_000) }

export const ODD_BODIES: Readonly<Record<string, readonly Case[]>> = {
  'text that is odd': [
    ['a byte order mark', create(CONFIG_MAPS), `\ufeff${configMap('"data":{}')}`, JSON_TYPE, 400],
    ['a mark before YAML', create(CONFIG_MAPS), '\ufeffmetadata: {name: x}', YAML, 201],
    ['a NUL', create(CONFIG_MAPS), configMap('"data":{"a":"\0"}'), JSON_TYPE, 400],
    [
      'an escaped NUL',
      create(CONFIG_MAPS),
      configMap(String.raw`"data":{"a":"\u0000"}`),
      JSON_TYPE,
      201,
      /\\u0000/,
    ],
    ['a NUL behind', create(CONFIG_MAPS), `${configMap('"data":{}')}\0`, JSON_TYPE, 400],
    ['a NUL in YAML', create(CONFIG_MAPS), 'metadata: {name: x}\ndata: {a: "\0"}', YAML, 400],
    [
      'half a character',
      create(CONFIG_MAPS),
      configMap(String.raw`"data":{"a":"\ud800"}`),
      JSON_TYPE,
      201,
      /"a":"(\\ud800|\ufffd)"/,
    ],
    [
      'half a character in a label',
      create(CONFIG_MAPS),
      metadata(String.raw`"labels":{"a":"\udc00"}`),
      JSON_TYPE,
      422,
    ],
    [
      'a second value',
      create(CONFIG_MAPS),
      `${configMap('"data":{}')}{}`,
      JSON_TYPE,
      400,
      /after top-level value/,
    ],
    [
      'a second document',
      create(CONFIG_MAPS),
      'metadata: {name: x}\n---\na: b',
      YAML,
      400,
      /single document/,
    ],
    [
      'YAML that is no UTF-8',
      create(CONFIG_MAPS),
      Buffer.from('metadata: {name: "\xff"}', 'latin1'),
      YAML,
      400,
      /invalid leading UTF-8/,
    ],
    ['packed', create(CONFIG_MAPS), gzipSync(configMap('"data":{}')), JSON_TYPE, 400],
    ['a media type of nothing', create(CONFIG_MAPS), configMap('"data":{}'), ';;;', 415],
    [
      'a parameter',
      create(CONFIG_MAPS),
      configMap('"data":{}'),
      'Application/JSON; charset=UTF-8',
      201,
    ],
  ],
  numbers: [
    [
      'beyond what is exact',
      create(PODS),
      pod(`"terminationGracePeriodSeconds":9007199254740993,${container()}`),
      JSON_TYPE,
      400,
      /cannot unmarshal number/,
    ],
    [
      'beyond int64',
      create(PODS),
      pod(`"activeDeadlineSeconds":9223372036854775808,${container()}`),
      JSON_TYPE,
      400,
    ],
    [
      'beyond a double',
      create(PODS),
      pod(`"activeDeadlineSeconds":1e400,${container()}`),
      JSON_TYPE,
      400,
    ],
    [
      'infinity in YAML',
      create(PODS),
      'metadata: {name: x}\nspec: {activeDeadlineSeconds: .inf}',
      YAML,
      400,
    ],
    [
      'not a number in YAML',
      create(PODS),
      'metadata: {name: x}\nspec: {activeDeadlineSeconds: .nan}',
      YAML,
      400,
    ],
    [
      'a quantity of 100,000 digits',
      create(PODS),
      pod(container(`,"resources":{"limits":{"cpu":"${'9'.repeat(100_000)}"}}`)),
      JSON_TYPE,
      400,
    ],
    [
      'a quantity with a huge exponent',
      create(PODS),
      pod(container(',"resources":{"limits":{"memory":"1e999999999"}}')),
      JSON_TYPE,
      400,
    ],
    [
      'a quantity beyond a double',
      create(PODS),
      pod(container(',"resources":{"limits":{"cpu":1e400}}')),
      JSON_TYPE,
      400,
    ],
  ],
  'names that objects have anyway': [
    [
      'in data',
      create(CONFIG_MAPS),
      configMap(`"data":{${TRAPS}}`),
      JSON_TYPE,
      201,
      /"__proto__":"1"/,
    ],
    [
      'as fields',
      create(CONFIG_MAPS),
      configMap('"__proto__":{"data":{"a":"b"}},"constructor":{}'),
      JSON_TYPE,
      201,
    ],
    [
      'as labels',
      create(CONFIG_MAPS),
      metadata(`"labels":{${TRAPS}}`),
      JSON_TYPE,
      422,
      /__proto__/,
    ],
    [
      'as resources',
      create(PODS),
      pod(container(`,"resources":{"requests":{${TRAPS}},"limits":{"cpu":"1"}}`)),
      JSON_TYPE,
      422,
    ],
    [
      'as a type',
      create('/api/v1/namespaces/default/secrets'),
      '{"metadata":{"name":"x"},"type":"__proto__"}',
      JSON_TYPE,
      201,
    ],
    [
      'in a merge patch',
      patch(KEPT),
      `{"__proto__":{"a":1},"data":{${TRAPS}}}`,
      MERGE,
      200,
      /"__proto__":"1"/,
    ],
    [
      'in a strategic patch',
      patch(KEPT),
      `{"__proto__":{"a":1},"data":{${TRAPS}}}`,
      STRATEGIC,
      200,
      /"constructor":"2"/,
    ],
    [
      'in a JSON patch',
      patch(KEPT),
      '[{"op":"add","path":"/data/__proto__","value":"x"}]',
      JSON_PATCH,
      200,
      /"__proto__":"x"/,
    ],
    [
      'applied',
      patch(`${KEPT}?fieldManager=t&force=true`),
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept"},"data":{${TRAPS}}}`,
      APPLY,
      200,
      /"toString":"3"/,
    ],
  ],
  deep: [
    ['a patch', patch(KEPT), nested(999, '{"data":', '}'), MERGE, 422],
    ['a patch too deep', patch(KEPT), nested(10_000, '{"data":', '}'), MERGE, 400, /max depth/],
    ['a strategic patch', patch(KEPT), nested(999, '{"data":', '}'), STRATEGIC, 422],
    [
      'the value of an operation',
      patch(KEPT),
      `[{"op":"add","path":"/x","value":${nested(990, '[', ']')}}]`,
      JSON_PATCH,
      200,
    ],
    [
      'a path of 500,000 steps',
      patch(KEPT),
      `[{"op":"add","path":"${'/a'.repeat(500_000)}","value":1}]`,
      JSON_PATCH,
      422,
    ],
    [
      'copies of themselves',
      patch(KEPT),
      `[{"op":"add","path":"/x","value":{"a":{}}},${many(9000, () => '{"op":"copy","from":"/x","path":"/x/a"}')}]`,
      JSON_PATCH,
      413,
    ],
    [
      'YAML by indentation',
      create(CONFIG_MAPS),
      Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      YAML,
      400,
      /nesting exceeded/,
    ],
    ['YAML in one line', create(CONFIG_MAPS), '- '.repeat(100_000), YAML, 400, /nesting exceeded/],
    [
      'YAML merge keys',
      create(CONFIG_MAPS),
      `a0: &a0 {x: y}\n${Array.from({ length: 900 }, (_, at) => `a${at + 1}: &a${at + 1} {<<: [*a${at}, *a${at}], k${at}: v}`).join('\n')}`,
      YAML,
      400,
    ],
    ['protobuf', create(CONFIG_MAPS), deepMessage(5000), PROTOBUF, 422],
    ['protobuf of a kind that contains itself', create(CRDS), deepMessage(5000), PROTOBUF, 422],
    [
      'a schema',
      create(CRDS),
      schemaOf(
        `{"type":"object","properties":${nested(450, '{"a":{"type":"object","properties":', '}}').replace('1', '{}')}}`,
      ),
      JSON_TYPE,
      201,
    ],
    [
      'raw data',
      create('/apis/apps/v1/namespaces/default/controllerrevisions'),
      `{"metadata":{"name":"x"},"revision":1,"data":${nested(990, '{"a":', '}')}}`,
      JSON_TYPE,
      201,
    ],
  ],
  many: [
    [
      'labels',
      create(CONFIG_MAPS),
      metadata(`"labels":{${many(100_000, at => `"l${at}":"v"`)}}`),
      JSON_TYPE,
      201,
    ],
    [
      'wrong labels',
      create(CONFIG_MAPS),
      metadata(`"labels":{${many(100_000, at => `"l ${at}":"v v"`)}}`),
      JSON_TYPE,
      422,
    ],
    [
      'wrong finalizers',
      create(CONFIG_MAPS),
      metadata(`"finalizers":[${many(100_000, at => `"a b${at}"`)}]`),
      JSON_TYPE,
      422,
    ],
    [
      'owners',
      create(CONFIG_MAPS),
      metadata(`"ownerReferences":[${many(20_000, owner)}]`),
      JSON_TYPE,
      201,
    ],
    [
      'controllers',
      create(CONFIG_MAPS),
      metadata(
        `"ownerReferences":[${many(10_000, at => owner(at).replace('}', ',"controller":true}'))}]`,
      ),
      JSON_TYPE,
      422,
    ],
    [
      'containers',
      create(PODS),
      pod(`"containers":[${many(20_000, at => `{"name":"c${at}","image":"a"}`)}]`),
      JSON_TYPE,
      201,
    ],
    [
      'environment',
      create(PODS),
      pod(container(`,"env":[${many(60_000, at => `{"name":"E${at}","value":"$(E${at - 1})"}`)}]`)),
      JSON_TYPE,
      201,
    ],
    [
      'constraints',
      create(PODS),
      pod(
        `"topologySpreadConstraints":[${many(20_000, at => `{"maxSkew":1,"topologyKey":"k${at}","whenUnsatisfiable":"DoNotSchedule"}`)}],${container()}`,
      ),
      JSON_TYPE,
      201,
    ],
    [
      'scopes',
      create('/api/v1/namespaces/default/resourcequotas'),
      pod(`"scopes":[${many(20_000, at => `"s${at}"`)}]`),
      JSON_TYPE,
      422,
    ],
    [
      'elements to merge',
      patch(DEPLOYMENT),
      `{"spec":{"template":{"spec":{"containers":[${many(20_000, at => `{"name":"c${at}","image":"a"}`)}]}}}}`,
      STRATEGIC,
      200,
    ],
    [
      'elements to apply',
      patch(`${KEPT}?fieldManager=t`),
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept"},"data":{${many(60_000, at => `"k${at}":"v"`)}}}`,
      APPLY,
      200,
    ],
  ],
  long: [
    ['a name', create(CONFIG_MAPS), `{"metadata":{"name":"${SEEDS.long}"}}`, JSON_TYPE, 422],
    [
      'the start of a name',
      create(CONFIG_MAPS),
      `{"metadata":{"generateName":"${SEEDS.long}"}}`,
      JSON_TYPE,
      422,
    ],
    [
      'a time',
      create(CONFIG_MAPS),
      metadata(`"creationTimestamp":"${SEEDS.long}"`),
      JSON_TYPE,
      400,
    ],
    [
      'a label',
      create(CONFIG_MAPS),
      metadata(`"labels":{"${'a.'.repeat(300_000)}a/b":"${'a-'.repeat(300_000)}"}`),
      JSON_TYPE,
      422,
    ],
    [
      'a schedule',
      create('/apis/batch/v1/namespaces/default/cronjobs'),
      pod(`"schedule":"${many(100_000, () => '*')} * * * *","jobTemplate":{}`),
      JSON_TYPE,
      422,
    ],
    [
      'a pattern that explodes',
      create(CRDS),
      schemaOf(
        `{"type":"object","properties":{"a":{"type":"string","pattern":"(((a+)+)+)+$","default":"${'a'.repeat(40)}!"}}}`,
      ),
      JSON_TYPE,
      201,
    ],
    ['a name in a path', `GET ${CONFIG_MAPS}/${SEEDS.path}`, undefined, '', 404],
    [
      'a selector',
      `GET ${CONFIG_MAPS}?labelSelector=a+in+(${'b,'.repeat(20_000)}c)`,
      undefined,
      '',
      200,
    ],
    [
      'brackets in a selector',
      `GET ${CONFIG_MAPS}?labelSelector=${'('.repeat(40_000)}`,
      undefined,
      '',
      400,
    ],
    [
      'a selector like a pattern',
      `GET ${CONFIG_MAPS}?labelSelector=${encodeURIComponent('(a+)+$=.*')}`,
      undefined,
      '',
      400,
    ],
    [
      'fields in a selector',
      `GET ${CONFIG_MAPS}?fieldSelector=${'metadata.name%3Da,'.repeat(2000)}`,
      undefined,
      '',
      200,
    ],
  ],
}
