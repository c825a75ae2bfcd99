/**
 * Every kind we serve, filled to the last field by Kubernetes' own types, comes back from our codec as Go wrote it:
 * nothing lost, nothing invented, from JSON and from YAML. The oracle is test/fixtures/protobuf, written by test/judge.
 */
import { readdirSync, readFileSync } from 'node:fs'
import * as yaml from 'js-yaml'
import t from 'tap'
import { decodeBody, decodeObject, encodeObject } from '#api/codec.ts'
import { apiVersionOf, resources, subresourceKind, type TypedKind } from '#api/scheme.ts'
import { parseYaml } from '#server/http/yaml.ts'
import { isRecord } from '#api/values.ts'

const FIXTURES = 'test/fixtures/protobuf'
/** Debian packages no source of these. */
const WITHOUT_ORACLE = 'apiregistration.k8s.io'
/** Served at a version that the oracle does not have yet: the same fields in the version before it. */
const STAND_INS: Readonly<Record<string, string>> = {
  'resource.k8s.io/v1 DeviceTaintRule': 'resource.k8s.io/v1beta2 DeviceTaintRule',
  'storagemigration.k8s.io/v1 StorageVersionMigration':
    'storagemigration.k8s.io/v1beta1 StorageVersionMigration',
}

/** Served for old clients; the oracle has forgotten them. */
const FORGOTTEN: readonly string[] = [
  'DeploymentRollback',
  'PodPreset',
  'PodSecurityPolicy',
  'ThirdPartyResource',
  'autoscaling/v2alpha1',
  'autoscaling/v2beta1',
  'autoscaling/v2beta2',
  'batch/v2alpha1',
  'scheduling.k8s.io/v1alpha1',
]
/** IntOrString fields whose zero Go shows although they may be left out. */
const ZERO_PORTS: readonly string[] = ['servicePort', 'targetPort']

interface Encoded {
  readonly json: Readonly<Record<string, unknown>>
}
interface Fixture extends Encoded {
  readonly min: Encoded
}

const fixtures = new Map<string, Fixture>(
  readdirSync(FIXTURES)
    .filter(file => file !== 'meta.json')
    .flatMap(file =>
      Object.entries<Fixture>(JSON.parse(readFileSync(`${FIXTURES}/${file}`, 'utf8'))),
    )
    .map(([kind, fixture]) => [`${String(fixture.json['apiVersion'])} ${kind}`, fixture]),
)

type Objects = readonly Readonly<Record<string, unknown>>[]

/** A full object and an empty one, as Go writes them; none where there is no oracle. */
function objectsOf(name: string): Objects {
  const found = fixtures.get(STAND_INS[name] ?? name)
  if (found === undefined) return []
  const [apiVersion] = name.split(' ')
  return [found.json, found.min.json].map(json => ({ ...json, apiVersion }))
}

const nameOf = (kind: TypedKind): string => `${apiVersionOf(kind)} ${kind.kind}`

/** Every kind that a request can bring, once. */
const kinds = new Map<string, TypedKind>(
  resources()
    .flatMap((resource): TypedKind[] => [
      { ...resource, type: resource.type() },
      ...resource.subresources.map(subresource => subresourceKind(resource, subresource)),
    ])
    .filter(kind => kind.group !== WITHOUT_ORACLE)
    .map(kind => [nameOf(kind), kind]),
)

function throughJson(kind: TypedKind, json: Readonly<Record<string, unknown>>): unknown {
  const { object } = decodeBody(kind, Buffer.from(JSON.stringify(json)), 'Strict')
  return JSON.parse(encodeObject(kind.type, object))
}

function throughYaml(kind: TypedKind, json: Readonly<Record<string, unknown>>): unknown {
  const parsed = parseYaml(yaml.dump(json)).value
  return JSON.parse(encodeObject(kind.type, decodeObject(kind.type, parsed, 'Strict').object))
}

/** Where Go shows null we show nothing, or something empty: see api/schema/zero.ts. */
const standsForNull = (ours: unknown): boolean =>
  ours === undefined ||
  ours === '' ||
  (typeof ours === 'object' && Object.keys(ours ?? {}).length === 0)

/** What Go wrote, with the known differences taken over from what we wrote. */
function expected(go: unknown, ours: unknown): unknown {
  if (go === null) return standsForNull(ours) ? ours : null
  if (Array.isArray(go)) {
    const other: readonly unknown[] = Array.isArray(ours) ? ours : []
    return go.map((item, index) => expected(item, other[index]))
  }
  if (!isRecord(go)) return go
  const other = isRecord(ours) ? ours : {}
  return Object.fromEntries(
    Object.entries(go)
      .map(([key, item]) => [key, expected(item, other[key])] as const)
      .filter(([key, item]) => item !== undefined && !(item === 0 && ZERO_PORTS.includes(key))),
  )
}

void t.test('every kind has its oracle', async t => {
  t.ok(kinds.size > 70, `${kinds.size} kinds`)
  t.same(
    [...kinds.keys()].filter(
      name =>
        objectsOf(name).length === 0 && !name.split(' ').some(word => FORGOTTEN.includes(word)),
    ),
    [],
  )
})

for (const [way, through] of [
  ['JSON', throughJson],
  ['YAML', throughYaml],
] as const) {
  void t.test(`${way}: a full object and an empty one come back as Go wrote them`, async t => {
    for (const [name, kind] of kinds) {
      for (const json of objectsOf(name)) {
        t.doesNotThrow(() => {
          const ours = through(kind, json)
          t.strictSame(ours, expected(json, ours), name)
        }, name)
      }
    }
  })
}
