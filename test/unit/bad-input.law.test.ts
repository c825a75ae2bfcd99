/**
 * Law: whatever bytes arrive, a reader answers with a value or with its own kind of error, and in little time. Inputs are
 * seeded mutations of good ones; a failure prints the target and the input that made it.
 */
import t from 'tap'
import { applyDefaults, decodeBody, parsePatch, validateStructure } from '#api/codec.ts'
import { rowOf } from '#api/columns/table.ts'
import { applyConfiguration } from '#api/patch/apply/apply.ts'
import { applyJsonPatch } from '#api/patch/json-patch.ts'
import { applyMergePatch } from '#api/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '#api/patch/strategic-merge-patch.ts'
import { parseProtobuf } from '#api/protobuf/envelope.ts'
import { formatQuantity, parseQuantity } from '#api/quantity.ts'
import { resourceOf, typeOf } from '#api/scheme.ts'
import type { StructType } from '#api/schema/type.ts'
import { parseFieldSelector, parseLabelSelector } from '#api/selectors.ts'
import { StatusError } from '#api/status.ts'
import { validateCreate } from '#api/validation/validation.ts'
import { PkiError } from '#api/pki/der.ts'
import { createRequest, readRequest } from '#api/pki/request.ts'
import { type Random, seededRandom } from '#base/random.ts'
import { encodeFrame, FrameReader } from '#client/node-api.ts'
import { inspectCertificate } from '#client/pki/certificate.ts'
import { formatJoinToken, JoinTokenError, parseJoinToken } from '#client/pki/join-token.ts'
import { generateKey } from '#client/pki/new-key.ts'
import { peekClaims, signingKey, signJwt, verifyJwt } from '#server/auth/jwt.ts'
import { requestInfo } from '#server/http/request-info.ts'
import {
  controlFrame,
  dataFrame,
  numbersFrame,
  SpdyError,
  SpdyReader,
  TYPE,
} from '#server/http/spdy/frames.ts'
import { parseYaml } from '#server/http/yaml.ts'

const SEED = 20_261_121
const ROUNDS = process.env['KITES_TEST_LONG'] === '1' ? 40_000 : 10_000
/** For one input, on a busy machine. */
const TIME_MAX_MS = 400

const pod = typeOf('', 'v1', 'Pod')
if (pod === undefined) throw new Error('the schema of Pod is missing')
const POD: StructType = pod
const POD_KIND = { group: '', version: 'v1', kind: 'Pod', type: POD }

const LIVE = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web' }, finalizers: ['a', 'b'] },
  spec: {
    containers: [
      {
        name: 'a',
        image: 'x',
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        env: [{ name: 'E', value: '1' }],
      },
      { name: 'b', image: 'y', resources: { limits: { cpu: '100m', memory: '1Gi' } } },
    ],
    tolerations: [{ key: 'k', operator: 'Exists' }],
  },
}
const LIVE_TEXT = JSON.stringify(LIVE)
const LIVE_YAML = `apiVersion: v1
kind: Pod
metadata: &m {name: web, labels: {app: "web", n: 0x1F}}
spec:
  containers:
  - name: a
    image: 'x'
    args: [a, *m, 1e3, .5, ~, on, !!str 5]
  nodeSelector:
    <<: *m
  text: |
    several
    lines
`

const field = (number: number, body: Buffer | string): Buffer =>
  Buffer.concat([Buffer.from([number * 8 + 2, body.length]), Buffer.from(body)])
/** A Pod with a name and a container, as Go encodes it. */
const POD_PROTOBUF = Buffer.concat([
  Buffer.from('k8s\0'),
  field(1, Buffer.concat([field(1, 'v1'), field(2, 'Pod')])),
  field(
    2,
    Buffer.concat([
      field(
        1,
        Buffer.concat([
          field(1, 'web'),
          field(11, Buffer.concat([field(1, 'app'), field(2, 'web')])),
        ]),
      ),
      field(2, field(2, Buffer.concat([field(1, 'a'), field(2, 'x')]))),
    ]),
  ),
])

const key = generateKey()
const csr = createRequest({
  key,
  subject: { commonName: 'system:node:a', organizations: ['system:nodes'] },
  altNames: { dns: ['a.b'], ips: ['10.0.0.1', '::1'], emails: [], uris: [] },
})
const CSR_DER = Buffer.from(csr.replaceAll(/-----.*-----|\s/g, ''), 'base64')
const signer = signingKey(key)

interface Target {
  readonly name: string
  readonly seeds: readonly (string | Buffer)[]
  readonly read: (input: Buffer) => unknown
  readonly isRefusal: (error: unknown) => boolean
  readonly rounds?: number
}

const isStatus = (error: unknown): boolean => error instanceof StatusError && error.code < 500
const never = (): boolean => false
const text =
  (read: (input: string) => unknown) =>
  (input: Buffer): unknown =>
    read(input.toString('utf8'))
const patching =
  (patch: (value: unknown) => unknown) =>
  (input: Buffer): unknown => {
    const result = patch(parsePatch(input).value)
    return decodeBody(POD_KIND, Buffer.from(JSON.stringify(result)), 'Warn')
  }

const META = { name: 'a', namespace: 'default' }
const LABELS = { app: 'web' }
const TEMPLATE = { metadata: { labels: LABELS }, spec: LIVE.spec }
const WRITTEN: Readonly<
  Record<string, { readonly apiVersion: string; readonly [field: string]: unknown }>
> = {
  pods: LIVE,
  deployments: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: META,
    spec: {
      replicas: 2,
      selector: { matchLabels: LABELS },
      template: TEMPLATE,
      strategy: { rollingUpdate: { maxSurge: '25%' } },
    },
  },
  services: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: META,
    spec: {
      type: 'NodePort',
      selector: LABELS,
      ports: [{ port: 80, targetPort: 'http', nodePort: 30000 }],
      clusterIP: '10.43.0.9',
    },
  },
  nodes: {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: META,
    spec: { podCIDR: '10.42.0.0/24', taints: [{ key: 'a', effect: 'NoSchedule' }] },
    status: { capacity: { cpu: '1' }, conditions: [{ type: 'Ready', status: 'True' }] },
  },
  secrets: {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: META,
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': 'AA==', 'tls.key': 'AA==' },
  },
  events: {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: META,
    involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' },
    lastTimestamp: '2026-01-01T00:00:00Z',
  },
  endpointslices: {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: META,
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ port: 80 }],
  },
  clusterrolebindings: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: META,
    roleRef: { kind: 'ClusterRole', name: 'x', apiGroup: 'rbac.authorization.k8s.io' },
    subjects: [{ kind: 'User', name: 'u' }],
  },
  leases: {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: META,
    spec: { renewTime: '2026-01-01T00:00:00.000000Z', leaseDurationSeconds: 40 },
  },
}

/** The way of a created object: decoded, defaulted, validated, shown in a table. */
function judged(
  plural: string,
  { apiVersion }: { readonly apiVersion: string },
): (input: Buffer) => unknown {
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  const resource = resourceOf(group, version, plural)
  if (resource === undefined) throw new Error(`${plural} is not served`)
  const type = resource.type()
  const kind = { group, version, kind: resource.kind, type }
  return input => {
    const { object } = decodeBody(kind, input, 'Warn')
    const complete = applyDefaults(
      type,
      object.metadata === undefined ? { ...object, metadata: {} } : object,
    )
    const faults = [...validateStructure(type, complete), ...validateCreate(resource, complete)]
    return [faults, rowOf(resource, complete, { now: 0, includeObject: 'Metadata' })]
  }
}

const TARGETS: readonly Target[] = [
  {
    name: 'JSON bodies',
    seeds: [LIVE_TEXT, '{"a":"\\u0041\\\\\\"","a":[1e5,-0.5,null,true]}', '[[[]]]'],
    read: input => decodeBody(POD_KIND, input, 'Strict'),
    isRefusal: isStatus,
  },
  ...Object.entries(WRITTEN).map(
    ([plural, object]): Target => ({
      name: `${plural}: from bytes to a verdict and a row`,
      seeds: [JSON.stringify(object)],
      read: judged(plural, object),
      isRefusal: isStatus,
      rounds: ROUNDS / 5,
    }),
  ),
  {
    name: 'YAML bodies',
    seeds: [LIVE_YAML, LIVE_TEXT, '- a\n- b: [*x, &x y]\n'],
    read: text(parseYaml),
    isRefusal: isStatus,
  },
  {
    name: 'protobuf bodies',
    seeds: [POD_PROTOBUF],
    read: input => parseProtobuf(input, POD_KIND),
    isRefusal: isStatus,
  },
  {
    name: 'JSON patches',
    seeds: [
      '[{"op":"add","path":"/metadata/labels/x","value":"y"},{"op":"move","from":"/spec/containers/0","path":"/spec/containers/-"}]',
      '[{"op":"copy","from":"/spec","path":"/metadata/annotations"},{"op":"test","path":"/kind","value":"Pod"},{"op":"remove","path":"/spec/tolerations/0"}]',
    ],
    read: patching(value => applyJsonPatch(LIVE, value)),
    isRefusal: isStatus,
  },
  {
    name: 'merge patches',
    seeds: ['{"metadata":{"labels":{"app":null,"b":"c"}},"spec":{"containers":[]}}'],
    read: patching(value => applyMergePatch(LIVE, value)),
    isRefusal: isStatus,
  },
  {
    name: 'strategic merge patches',
    seeds: [
      '{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","image":"z"},{"$patch":"delete","name":"b"}]}}',
      '{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"]},"spec":{"$retainKeys":["containers"],"containers":[{"$patch":"replace"},{"name":"c"}]}}',
    ],
    read: patching(value => applyStrategicMergePatch(POD, LIVE, value)),
    isRefusal: isStatus,
  },
  {
    name: 'applied configurations',
    seeds: [LIVE_TEXT],
    read: input => {
      const value = parsePatch(input).value
      const applied = { metadata: {}, ...Object(value), apiVersion: 'v1', kind: 'Pod' }
      if (typeof applied.metadata !== 'object' || applied.metadata === null) return undefined
      return applyConfiguration({
        type: POD,
        live: LIVE,
        applied,
        force: false,
        manager: 'm',
        apiVersion: 'v1',
        subresource: '',
        now: 0,
      })
    },
    isRefusal: isStatus,
  },
  {
    name: 'label selectors',
    seeds: ['a=b,c!=d,!e,f in (g,h),i notin (j),k>1,l', 'x.y/z == w'],
    read: text(parseLabelSelector),
    isRefusal: isStatus,
  },
  {
    name: 'field selectors',
    seeds: ['metadata.name=a\\,b,spec.nodeName!=c', 'status.phase==Running'],
    read: text(parseFieldSelector),
    isRefusal: isStatus,
  },
  {
    name: 'quantities',
    seeds: ['100m', '1.5Gi', '1e3', '-0.5E-6', '123456789012345678901234567890n', '1e999'],
    read: text(input => formatQuantity(parseQuantity(input))),
    isRefusal: error => error instanceof Error && error.constructor === Error,
  },
  {
    name: 'certificate requests and certificates',
    seeds: [CSR_DER, csr],
    read: input => {
      try {
        readRequest(input)
      } finally {
        if (input.length % 4 === 0) inspectCertificate(input)
      }
    },
    isRefusal: error => error instanceof PkiError,
  },
  {
    name: 'join tokens',
    seeds: [
      formatJoinToken('a'.repeat(64), 'server:secret'),
      'K10::x:y',
      'abcdef.0123456789abcdef',
      'password',
    ],
    read: text(parseJoinToken),
    isRefusal: error => error instanceof JoinTokenError,
  },
  {
    name: 'bearer tokens',
    seeds: [signJwt({ sub: 'a', aud: ['b'] }, signer)],
    read: text(input => [peekClaims(input), verifyJwt(input, [signer])]),
    isRefusal: never,
  },
  {
    name: 'frames of exec streams',
    seeds: [
      Buffer.concat([encodeFrame(1, Buffer.from('hello')), encodeFrame(3, Buffer.alloc(300))]),
    ],
    read: input => {
      const reader = new FrameReader()
      const half = Math.floor(input.length / 2)
      return [...reader.push(input.subarray(0, half)), ...reader.push(input.subarray(half))]
    },
    isRefusal: error => error instanceof RangeError && error.message === 'frame payload too long',
  },
  {
    name: 'frames of SPDY',
    seeds: [
      Buffer.concat([
        controlFrame(TYPE.synStream, Buffer.alloc(40)),
        dataFrame(3, Buffer.from('hello'), false),
        numbersFrame(TYPE.ping, [1]),
      ]),
    ],
    read: input => {
      const reader = new SpdyReader()
      const half = Math.floor(input.length / 2)
      return [...reader.push(input.subarray(0, half)), ...reader.push(input.subarray(half))]
    },
    isRefusal: error => error instanceof SpdyError,
  },
  {
    name: 'request paths',
    seeds: ['/api/v1/namespaces/a/pods/b/log/%2e', '/apis/apps/v1/watch/deployments', '//%00/..'],
    read: text(path =>
      requestInfo({
        method: 'GET',
        path,
        query: new URLSearchParams('watch=1&fieldSelector=metadata.name%3Dx'),
      }),
    ),
    isRefusal: never,
  },
]

const DICTIONARY = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\0',
  '$patch',
  '__proto__',
  '-',
  '/',
  '~',
  '*',
  '&',
  '%',
  '(',
  ')',
  '=',
  '!',
  '1e9999',
  'null',
  '\ud800',
  '\n',
  ' ',
]

const JUNK: readonly unknown[] = [
  null,
  true,
  1.5,
  -1,
  'x',
  '',
  [],
  {},
  [null],
  [[1]],
  { $patch: 'delete' },
  { $patch: 'replace' },
  { name: 1 },
  { name: 'a' },
]

/** JSON of the right syntax and the wrong shape: each place may hold anything else. */
function reshaped(random: Random, value: unknown): unknown {
  const chance = random.float()
  if (chance < 0.04) return JUNK[Math.floor(random.float() * JUNK.length)]
  if (Array.isArray(value)) {
    const items = value.map(item => reshaped(random, item))
    return chance < 0.08 ? [...items, ...items] : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, item]) => [name, reshaped(random, item)])
  return Object.fromEntries(chance < 0.06 ? entries.slice(1) : entries)
}

function mutated(random: Random, seeds: readonly (string | Buffer)[]): Buffer {
  const seed = seeds[Math.floor(random.float() * seeds.length)]
  if (typeof seed !== 'string' || !/^[[{]/.test(seed) || random.float() < 0.4)
    return harmed(random, seeds)
  return Buffer.from(JSON.stringify(reshaped(random, JSON.parse(seed))) ?? '')
}

/** One good input, harmed in up to eight places. */
function harmed(random: Random, seeds: readonly (string | Buffer)[]): Buffer {
  const below = (end: number): number => Math.floor(random.float() * end)
  let bytes: Buffer = Buffer.from(seeds[below(seeds.length)] ?? '')
  for (let left = below(8); left >= 0; left--) {
    const at = below(bytes.length + 1)
    const size = below(random.float() < 0.1 ? bytes.length : 8)
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)]
    const insert = (piece: Buffer): Buffer => Buffer.concat([before, piece, behind])
    const way = below(6)
    if (way === 0) bytes = Buffer.concat([before, behind.subarray(size)])
    else if (way === 1) bytes = insert(Buffer.from(bytes.subarray(at, at + size)))
    else if (way === 2) bytes = insert(Buffer.from(DICTIONARY[below(DICTIONARY.length)] ?? ''))
    else if (way === 3) bytes = insert(random.bytes(size))
    else if (way === 4) bytes = Buffer.from(before)
    else if (at < bytes.length) {
      bytes = Buffer.from(bytes)
      bytes[at] = below(256)
    }
  }
  return bytes
}

function timeOf(task: () => unknown): number {
  const began = performance.now()
  try {
    task()
  } catch {
    // A refusal is as good an answer here.
  }
  return performance.now() - began
}

for (const { name, seeds, read, isRefusal, rounds = ROUNDS } of TARGETS)
  void t.test(name, async t => {
    const random = seededRandom(SEED)
    let refused = 0
    let slowest = 0
    const faults: string[] = []
    for (let round = 0; round < rounds && faults.length < 5; round++) {
      const input = mutated(random, seeds)
      const began = performance.now()
      try {
        read(input)
      } catch (error) {
        refused += 1
        if (!isRefusal(error))
          faults.push(
            `${error instanceof Error ? error.stack : String(error)}\n<- ${JSON.stringify(input.toString('latin1'))}`,
          )
      }
      const took = performance.now() - began
      // What was slow by itself is slow again; what the machine held up is not.
      const again = took > TIME_MAX_MS ? timeOf(() => read(input)) : took
      slowest = Math.max(slowest, Math.min(took, again))
    }
    t.comment(`${rounds} inputs, ${refused} refused, the slowest took ${slowest.toFixed(1)} ms`)
    t.same(faults, [], `seed ${SEED}`)
    t.ok(slowest < TIME_MAX_MS, `the slowest took ${slowest.toFixed(1)} ms`)
    t.equal(JSON.stringify(LIVE), LIVE_TEXT, 'what was patched is untouched')
    t.equal(Object.keys(Object.prototype).length, 0, 'no prototype is polluted')
  })
