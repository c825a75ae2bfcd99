/** Environment, `$(VAR)` expansion and pod fields. */
import t from 'tap'
import { containerEnv, type EnvSources, MissingReference } from '#agent/pods/env.ts'
import { expand } from '#agent/pods/expand.ts'
import { podField, resourceField } from '#agent/pods/fields.ts'
import type { Container, Service } from '#api/types/core-v1.ts'
import { aPod } from '../../../support/pod-worlds.ts'

const values: Readonly<Record<string, string>> = { A: '1', B: '2', EMPTY: '' }
const expansions: readonly (readonly [text: string, want: string])[] = [
  ['plain', 'plain'],
  ['$(A)', '1'],
  ['$(A)$(B)', '12'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$(NO)', '$(NO)'],
  ['$(EMPTY)|', '|'],
  ['$(A', '$(A'],
  ['$A', '$A'],
  ['$', '$'],
  ['a$$', 'a$'],
  ['$()', '$()'],
  ['$(A)-$$(B)-$(B', '1-$(B)-$(B'],
]
for (const [text, want] of expansions) {
  void t.test(`expands ${text}`, async t =>
    t.equal(
      expand(text, name => values[name]),
      want,
    ),
  )
}

const service = (
  name: string,
  namespace: string,
  clusterIP: string,
  ports: NonNullable<Service['spec']>['ports'],
): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { clusterIP, ...(ports === undefined ? {} : { ports }) },
})

const sources = (overrides: Partial<EnvSources> = {}): EnvSources => ({
  pod: aPod(
    { enableServiceLinks: false, serviceAccountName: 'robot', nodeName: 'n1' },
    { labels: { b: '2', a: '"1"' } },
  ),
  podIPs: ['10.42.0.2', 'fd00::2'],
  hostIPs: ['172.30.0.1'],
  allocatable: { cpuMillis: 2000, memoryBytes: 1024 },
  configMap: name =>
    name === 'cm'
      ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { k: 'v', l: 'w' } }
      : undefined,
  secret: name =>
    name === 's'
      ? { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { k: 'c2VjcmV0' } }
      : undefined,
  services: [],
  ...overrides,
})
const env = (container: Partial<Container>, overrides: Partial<EnvSources> = {}): string[] =>
  containerEnv({ name: 'c', ...container }, sources(overrides))

void t.test('later wins, and sees what came before', async t => {
  t.same(
    env({
      envFrom: [{ configMapRef: { name: 'cm' }, prefix: 'P_' }],
      env: [
        { name: 'P_l', value: 'own' },
        { name: 'X', value: '$(P_k)$(P_l)$(Y)' },
        { name: 'Y', value: '1' },
      ],
    }),
    ['P_k=v', 'P_l=own', 'X=vown$(Y)', 'Y=1'],
  )
})

void t.test('what is missing and not optional is an error with upstream words', async t => {
  const missing =
    (variable: NonNullable<NonNullable<Container['env']>[number]['valueFrom']>) => () =>
      env({ env: [{ name: 'X', valueFrom: variable }] })
  t.throws(
    missing({ configMapKeyRef: { name: 'no', key: 'k' } }),
    new MissingReference('configmap "no" not found'),
  )
  t.throws(
    missing({ configMapKeyRef: { name: 'cm', key: 'no' } }),
    new MissingReference("couldn't find key no in ConfigMap default/cm"),
  )
  t.throws(
    missing({ secretKeyRef: { name: 's', key: 'no' } }),
    new MissingReference("couldn't find key no in Secret default/s"),
  )
  t.same(missing({ secretKeyRef: { name: 's', key: 'no', optional: true } })(), [], 'left out')
  t.same(missing({ secretKeyRef: { name: 's', key: 'k' } })(), ['X=secret'])
})

void t.test('services of the namespace, and always the API', async t => {
  const services = [
    service('kubernetes', 'default', '10.43.0.1', [{ name: 'https', port: 443 }]),
    service('my-db', 'default', '10.43.0.9', [{ port: 5432 }]),
    service('headless', 'default', 'None', [{ port: 1 }]),
    service('other', 'elsewhere', '10.43.0.8', [{ port: 1 }]),
  ]
  const names = (of: readonly string[]): Set<string> =>
    new Set(of.map(entry => entry.split('_')[0] ?? ''))
  t.same(names(env({}, { services })), new Set(['KUBERNETES']))
  const linked = env({}, { services, pod: aPod() })
  t.same(names(linked), new Set(['KUBERNETES', 'MY']))
  t.same(
    linked.filter(entry => entry.startsWith('MY_DB')),
    [
      'MY_DB_SERVICE_HOST=10.43.0.9',
      'MY_DB_SERVICE_PORT=5432',
      'MY_DB_PORT=tcp://10.43.0.9:5432',
      'MY_DB_PORT_5432_TCP=tcp://10.43.0.9:5432',
      'MY_DB_PORT_5432_TCP_PROTO=tcp',
      'MY_DB_PORT_5432_TCP_PORT=5432',
      'MY_DB_PORT_5432_TCP_ADDR=10.43.0.9',
    ],
  )
  t.ok(linked.includes('KUBERNETES_SERVICE_PORT_HTTPS=443'))
})

void t.test('fields of the pod', async t => {
  const facts = sources()
  t.equal(podField(facts, 'status.podIPs'), '10.42.0.2,fd00::2')
  t.equal(podField(facts, 'metadata.labels'), 'a="\\"1\\""\nb="2"')
  t.equal(podField(facts, "metadata.labels['b']"), '2')
  t.equal(podField(facts, 'spec.serviceAccountName'), 'robot')
  t.throws(() => podField(facts, 'spec.nope'), new Error('unsupported fieldPath: spec.nope'))
})

void t.test('resources: stated, or what the node has', async t => {
  const container: Container = {
    name: 'c',
    resources: { requests: { cpu: '100m' }, limits: { cpu: '1500m', memory: '64Mi' } },
  }
  const cases: readonly (readonly [resource: string, divisor: string, want: string])[] = [
    ['limits.cpu', '0', '2'],
    ['limits.cpu', '1m', '1500'],
    ['requests.cpu', '1m', '100'],
    ['limits.memory', '1Mi', '64'],
    ['requests.memory', '1', '67108864'],
  ]
  for (const [resource, divisor, want] of cases)
    t.equal(resourceField(sources(), container, { resource, divisor }), want, resource)
  t.equal(resourceField(sources(), { name: 'c' }, { resource: 'limits.memory' }), '1024')
  t.equal(resourceField(sources(), { name: 'c' }, { resource: 'limits.cpu' }), '2')
})
