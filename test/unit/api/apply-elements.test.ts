/** Server-side apply inside objects: lists by key, quantities, nulls, what does not fit, and laws. */
import type { AnyObject } from '#api/object.ts'
import { seededRandom } from '#base/random.ts'
import t from 'tap'
import {
  apply,
  configMap,
  container,
  containersOf,
  deployment,
  fieldsOf,
  MINUTE,
  NOON,
  owners,
  setOf,
  withContainers,
  write,
} from '../../support/apply-cases.ts'

void t.test('list elements are merged by key', async t => {
  const live = apply(undefined, withContainers(container('a'), container('b'))).object
  const injected = write(live, withContainers(container('a'), container('side'), container('b')), {
    manager: 'injector',
  })
  const restored = {
    ...injected,
    metadata: { ...live.metadata, managedFields: injected.metadata.managedFields ?? [] },
  }
  const names = (object: AnyObject): string =>
    containersOf(object)
      .map(({ name }) => name)
      .join(' ')
  const cases: readonly (readonly [string, AnyObject, string])[] = [
    [
      'keeps a foreign element in place',
      withContainers(container('a'), container('b')),
      'a side b',
    ],
    ['adds', withContainers(container('a'), container('n'), container('b')), 'a side n b'],
    ['reorders', withContainers(container('b'), container('a')), 'side b a'],
    ['removes its own', withContainers(container('b')), 'side b'],
  ]
  for (const [name, configuration, expected] of cases) {
    t.equal(names(apply(restored, configuration).object), expected, name)
  }
})

void t.test('keys of list elements have defaults', async t => {
  const ported = (ports: readonly object[]): AnyObject => withContainers(container('a', { ports }))
  const live = apply(
    undefined,
    ported([{ containerPort: 53, protocol: 'UDP' }, { containerPort: 80 }]),
  ).object
  t.ok(
    owners(live)[0]?.includes('.ports[containerPort=80,protocol="TCP"].containerPort'),
    'TCP is the default',
  )
  const next = apply(live, ported([{ containerPort: 53, protocol: 'UDP', name: 'dns' }])).object
  t.same(containersOf(next)[0]?.ports, [{ containerPort: 53, protocol: 'UDP', name: 'dns' }])
})

void t.test('equal quantities are no conflict', async t => {
  const cpu = (value: string | number): AnyObject =>
    withContainers(container('a', { resources: { limits: { cpu: value } } }))
  const live = write(undefined, cpu('500m'), { manager: 'other' })
  const after = apply(live, cpu(0.5)).object
  t.same(owners(after).length, 2)
  t.same(JSON.stringify(after.spec), JSON.stringify(live.spec))
})

void t.test('a configuration that does not fit its type is refused', async t => {
  const cases: readonly (readonly [AnyObject, string])[] = [
    [
      deployment({ nonsense: 1 }),
      'failed to create typed patch object (default/d; apps/v1, Kind=Deployment): .spec.nonsense: field not declared in schema',
    ],
    [
      withContainers(container('a'), container('a')),
      'failed to create typed patch object (default/d; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="a"]',
    ],
    [
      withContainers({ image: 'x' }),
      'failed to create typed patch object (default/d; apps/v1, Kind=Deployment): .spec.template.spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
    ],
    [configMap({}, { managedFields: [] }), 'metadata.managedFields must be nil'],
  ]
  for (const [configuration, message] of cases) {
    t.throws(() => apply(undefined, configuration), { reason: 'BadRequest', message }, message)
  }
})

void t.test('null takes a field away, and a timestamp that is null does not', async t => {
  const live = { ...apply(undefined, deployment({ replicas: 1 })).object }
  const stored = {
    ...live,
    metadata: { ...live.metadata, creationTimestamp: '2026-01-02T12:00:00Z' },
  }
  const after = apply(
    stored,
    JSON.parse(
      '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"default","creationTimestamp":null},"spec":{"replicas":null}}',
    ),
  ).object
  t.equal(after.metadata.creationTimestamp, '2026-01-02T12:00:00Z')
  t.same(after.spec, {})
})

void t.test(
  'laws: apply is idempotent, its own value always wins when forced, nothing of another applier is lost',
  async t => {
    const random = seededRandom(17)
    const float = (): number => random.float()
    const pick = (size: number): number => Math.floor(float() * size)
    const randomData = (): Record<string, string> =>
      Object.fromEntries(Array.from({ length: pick(4) }, () => [`k${pick(5)}`, String(pick(3))]))
    const randomContainers = (): object[] =>
      [...new Set(Array.from({ length: 1 + pick(3) }, () => `c${pick(4)}`))].map(name =>
        container(name, float() < 0.5 ? { ports: [{ containerPort: 1 + pick(3) }] } : {}),
      )
    for (let round = 0; round < 150; round += 1) {
      let config: AnyObject | undefined
      let pods: AnyObject | undefined
      for (let step = 0; step < 6; step += 1) {
        const manager = `m${pick(3)}`
        const now = NOON + step * MINUTE
        const wanted = randomData()
        const applied = apply(config, configMap(wanted), { manager, force: true, now })
        for (const [key, value] of Object.entries(wanted)) {
          if (fieldsOf(applied.object.data)[key] !== value) t.fail(`seed 17 round ${round}: ${key}`)
        }
        const again = apply(applied.object, configMap(wanted), {
          manager,
          force: true,
          now: now + 1000,
        })
        if (again.object !== applied.object) t.fail(`seed 17 round ${round}: not idempotent`)
        config = applied.object
        const wantedPods = withContainers(...randomContainers())
        pods = apply(pods, wantedPods, { manager, force: true, now }).object
        const samePods = apply(pods, wantedPods, { manager, force: true, now: now + 1000 }).object
        if (samePods !== pods) {
          t.fail(`seed 17 round ${round}: ${JSON.stringify(pods)} then ${JSON.stringify(samePods)}`)
        }
        const written = write(pods, withContainers(...randomContainers()), { manager: 'w', now })
        pods = { ...written, metadata: { ...pods.metadata, ...written.metadata } }
        const paths = (pods.metadata.managedFields ?? []).map(entry => setOf(entry))
        if (paths.some(set => Object.keys(set).length === 0)) t.fail('an owner of nothing stayed')
      }
    }
    t.pass('150 rounds')
  },
)
