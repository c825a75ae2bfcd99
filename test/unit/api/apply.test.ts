/** Field ownership: plain writes, server-side apply, conflicts, pruning, migration from client-side apply. */
import { isObject, type JsonObject } from '#api/json.ts'
import type { AnyObject, ManagedFieldsEntry } from '#api/object.ts'
import { type Applied, applyConfiguration, trackUpdate } from '#api/patch/apply/apply.ts'
import {
  contains,
  difference,
  type FieldSet,
  formatPath,
  intersection,
  members,
  recursiveDifference,
  union,
} from '#api/patch/apply/field-set.ts'
import type { StructType } from '#api/schema/type.ts'
import { typeOf } from '#api/scheme.ts'
import { seededRandom } from '#base/random.ts'
import t from 'tap'

const kindOf = (group: string, kind: string): StructType => {
  const type = typeOf(group, 'v1', kind)
  if (type === undefined) throw new Error(`no type ${kind}`)
  return type
}
const TYPES: Readonly<Record<string, StructType>> = {
  ConfigMap: kindOf('', 'ConfigMap'),
  Deployment: kindOf('apps', 'Deployment'),
  Pod: kindOf('', 'Pod'),
  Service: kindOf('', 'Service'),
}
const typeFor = (object: AnyObject): StructType => {
  const type = TYPES[object.kind]
  if (type === undefined) throw new Error(`no type ${object.kind}`)
  return type
}

const NOON = Date.parse('2026-01-02T12:00:00Z')
const MINUTE = 60_000

interface Step {
  readonly manager?: string
  readonly subresource?: string
  readonly force?: boolean
  readonly now?: number
  readonly resetFields?: FieldSet
}

const apply = (live: AnyObject | undefined, applied: AnyObject, step: Step = {}): Applied =>
  applyConfiguration({
    type: typeFor(applied),
    live,
    applied,
    manager: step.manager ?? 'me',
    apiVersion: applied.apiVersion,
    subresource: step.subresource ?? '',
    force: step.force ?? false,
    now: step.now ?? NOON,
    ...(step.resetFields === undefined ? {} : { resetFields: step.resetFields }),
  })

function write(live: AnyObject | undefined, updated: AnyObject, step: Step = {}): AnyObject {
  const managedFields = trackUpdate({
    type: typeFor(updated),
    live,
    updated,
    manager: step.manager ?? 'me',
    apiVersion: updated.apiVersion,
    subresource: step.subresource ?? '',
    now: step.now ?? NOON,
    ...(step.resetFields === undefined ? {} : { resetFields: step.resetFields }),
  })
  const { managedFields: _old, ...metadata } = updated.metadata
  return {
    ...updated,
    metadata: managedFields === undefined ? metadata : { ...metadata, managedFields },
  }
}

/** `me Apply 12:00 .data.a .data.b`, one line per entry. */
const show = (entries: readonly ManagedFieldsEntry[] | undefined): string[] =>
  (entries ?? []).map(entry => {
    const who = `${entry.manager}${entry.subresource === undefined ? '' : `/${entry.subresource}`}`
    const paths = [...members(setOf(entry))].map(formatPath)
    return [who, entry.operation, entry.time?.slice(11, 16), ...paths].join(' ')
  })

const setOf = (entry: ManagedFieldsEntry): FieldSet => JSON.parse(JSON.stringify(entry.fieldsV1))

const owners = (object: AnyObject): string[] => show(object.metadata.managedFields)

const fieldsOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

const configMap = (data: Record<string, string>, metadata: object = {}): AnyObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'default', ...metadata },
  data,
})

const deployment = (spec: object, metadata: object = {}): AnyObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'default', ...metadata },
  spec,
})

void t.test('sets of fields', async t => {
  const set: FieldSet = { 'f:a': { 'f:b': {}, 'f:c': {} }, 'f:d': { '.': {}, 'f:e': {} } }
  const listed = (value: FieldSet): string[] => [...members(value)].map(formatPath)
  t.same(listed(set), ['.a.b', '.a.c', '.d', '.d.e'])
  t.same(listed(difference(set, { 'f:a': { 'f:b': {} }, 'f:d': {} })), ['.a.c', '.d.e'])
  t.same(listed(difference(set, { 'f:d': { 'f:e': {} } })), ['.a.b', '.a.c', '.d'])
  t.same(difference(set, { 'f:d': { 'f:e': {} } })['f:d'], {}, 'a lone member is written as {}')
  t.same(listed(recursiveDifference(set, { 'f:d': {} })), ['.a.b', '.a.c'])
  t.same(listed(recursiveDifference(set, { 'f:a': { 'f:b': {} } })), ['.a.c', '.d', '.d.e'])
  t.same(listed(intersection(set, { 'f:a': {}, 'f:d': { '.': {} } })), ['.d'])
  t.same(listed(union(set, { 'f:a': {}, 'f:x': {} })), ['.a', '.a.b', '.a.c', '.d', '.d.e', '.x'])
  t.equal(union(set, { 'f:a': { 'f:b': {} } }), set, 'nothing new is the same set')
  t.equal(difference(set, { 'f:x': {} }), set, 'nothing taken is the same set')
  t.ok(contains(set, { 'f:a': { 'f:c': {} } }))
  t.notOk(contains(set, { 'f:a': {} }))
  const element: FieldSet = {
    'k:{"containerPort":80,"protocol":"TCP"}': {},
    'v:"x"': {},
    'i:2': {},
  }
  t.same(listed({ 'f:p': element }), ['.p[2]', '.p[containerPort=80,protocol="TCP"]', '.p[="x"]'])
})

void t.test('a create owns what upstream says it owns', async t => {
  const object = deployment(
    {
      replicas: 1,
      selector: { matchLabels: { app: 'd' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } },
      template: {
        metadata: { labels: { app: 'd' } },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'nginx',
              ports: [{ containerPort: 80, protocol: 'TCP' }],
              resources: {},
            },
          ],
          securityContext: {},
        },
      },
    },
    { labels: { app: 'd' }, creationTimestamp: '2026-01-02T12:00:00Z', uid: 'u', generation: 1 },
  )
  const [entry] =
    write(undefined, object, { manager: 'kubectl-create' }).metadata.managedFields ?? []
  t.strictSame(entry, {
    manager: 'kubectl-create',
    operation: 'Update',
    apiVersion: 'apps/v1',
    time: '2026-01-02T12:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:strategy': { 'f:type': {}, 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} } },
        'f:template': {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"web"}': {
                '.': {},
                'f:name': {},
                'f:image': {},
                'f:ports': {
                  '.': {},
                  'k:{"containerPort":80,"protocol":"TCP"}': {
                    '.': {},
                    'f:containerPort': {},
                    'f:protocol': {},
                  },
                },
                'f:resources': {},
              },
            },
            'f:securityContext': {},
          },
        },
      },
    },
  })
})

void t.test('plain writes take what they change', async t => {
  const first = write(undefined, configMap({ a: '1', b: '1' }), { manager: 'one' })
  t.same(owners(first), ['one Update 12:00 .data .data.a .data.b'])
  const second = write(
    first,
    { ...first, data: { a: '2', c: '1' } },
    { manager: 'two', now: NOON + MINUTE },
  )
  t.same(owners(second), ['one Update 12:00 .data', 'two Update 12:01 .data.a .data.c'])
  const third = write(
    second,
    { ...second, data: { a: '2', c: '2' } },
    { manager: 'two', now: NOON + 2 * MINUTE },
  )
  t.same(owners(third), ['one Update 12:00 .data', 'two Update 12:02 .data.a .data.c'])
  const same = write(third, structuredClone(third), { manager: 'three', now: NOON + 3 * MINUTE })
  t.equal(
    same.metadata.managedFields,
    third.metadata.managedFields,
    'nothing changed: the same array',
  )
  const gone = write(third, { ...third, data: {} }, { manager: 'three' })
  t.same(owners(gone), ['one Update 12:00 .data'], 'removed fields are nobody’s')
})

void t.test('an object nobody tracks stays untracked, a reset list ends tracking', async t => {
  const live = configMap({ a: '1' }, { uid: 'u' })
  t.same(owners(write(live, { ...live, data: { a: '2' } })), [])
  const tracked = write(undefined, configMap({ a: '1' }))
  const reset = { ...tracked, metadata: { ...tracked.metadata, managedFields: [{}] } }
  t.same(owners(write(tracked, reset)), [])
  const without = { ...tracked, metadata: { name: 'c', namespace: 'default' } }
  t.same(
    owners(write(tracked, without)),
    owners(tracked),
    'a client that knows no managedFields loses none',
  )
  const renamed = {
    ...tracked,
    metadata: {
      ...tracked.metadata,
      managedFields: [
        { ...tracked.metadata.managedFields?.[0], manager: 'kubectl', operation: 'Apply' as const },
      ],
    },
  }
  t.same(owners(write(tracked, renamed)), ['kubectl Apply 12:00 .data .data.a'])
  t.same(
    owners(write(tracked, renamed, { subresource: 'status' })),
    owners(tracked),
    'not through a subresource',
  )
})

void t.test('subresources and reset fields are owned apart', async t => {
  const status: FieldSet = { 'f:status': {} }
  const live = write(
    undefined,
    { ...deployment({ replicas: 1 }), status: { replicas: 1 } },
    { resetFields: status },
  )
  t.same(owners(live), ['me Update 12:00 .spec.replicas'])
  const after = write(
    live,
    { ...live, status: { replicas: 2 } },
    { manager: 'controller', subresource: 'status', resetFields: { 'f:spec': {} } },
  )
  t.same(owners(after), [
    'controller/status Update 12:00 .status.replicas',
    'me Update 12:00 .spec.replicas',
  ])
})

void t.test('the eleventh updater merges the oldest', async t => {
  let object = write(undefined, configMap({ k0: '0' }), { manager: 'm0' })
  for (let index = 1; index < 12; index += 1) {
    const data = { ...fieldsOf(object.data), [`k${index}`]: '1' }
    object = write(
      object,
      { ...object, data },
      { manager: `m${index}`, now: NOON + index * MINUTE },
    )
  }
  const entries = owners(object)
  t.equal(entries.length, 10)
  t.match(entries[0], /^ancient-changes Update 12:02 .data .data.k0 .data.k1 .data.k2$/)
})

void t.test('apply creates, merges, and takes away what it no longer names', async t => {
  const created = apply(undefined, configMap({ a: '1', b: '1' })).object
  t.same(owners(created), ['me Apply 12:00 .data.a .data.b'])
  const other = write(
    created,
    { ...created, data: { a: '1', b: '1', x: '1' } },
    { manager: 'other' },
  )
  const next = apply(other, configMap({ a: '2' }), { now: NOON + MINUTE }).object
  t.same(next.data, { a: '2', x: '1' })
  t.same(owners(next), ['me Apply 12:01 .data.a', 'other Update 12:00 .data.x'])
})

void t.test('applying the same again changes nothing, times included', async t => {
  const created = apply(undefined, configMap({ a: '1' })).object
  const again = apply(created, configMap({ a: '1' }), { now: NOON + MINUTE })
  t.equal(again.object, created)
  t.equal(again.managedFields, created.metadata.managedFields)
})

void t.test('conflicts', async t => {
  const live = write(undefined, deployment({ replicas: 1, minReadySeconds: 1 }), {
    manager: 'kubectl-client-side-apply',
  })
  t.throws(() => apply(live, deployment({ replicas: 3 })), {
    message:
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas',
    reason: 'Conflict',
    code: 409,
    details: {
      causes: [
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "kubectl-client-side-apply" using apps/v1',
          field: '.spec.replicas',
        },
      ],
    },
  })
  t.throws(() => apply(live, deployment({ replicas: 3, minReadySeconds: 2 })), {
    message:
      'Apply failed with 2 conflicts: conflicts with "kubectl-client-side-apply" using apps/v1:\n- .spec.minReadySeconds\n- .spec.replicas',
  })
  const forced = apply(live, deployment({ replicas: 3 }), { force: true }).object
  t.same(owners(forced), [
    'me Apply 12:00 .spec.replicas',
    'kubectl-client-side-apply Update 12:00 .spec.minReadySeconds',
  ])
  const shared = apply(forced, deployment({ replicas: 3 }), { manager: 'you' }).object
  t.same(owners(shared).slice(0, 2), [
    'me Apply 12:00 .spec.replicas',
    'you Apply 12:00 .spec.replicas',
  ])
  t.throws(() => apply(shared, deployment({ replicas: 4 }), { manager: 'you' }), {
    message: 'Apply failed with 1 conflict: conflict with "me": .spec.replicas',
  })
  const released = apply(shared, deployment({}), { manager: 'you' }).object
  t.same(fieldsOf(released.spec).replicas, 3, 'another applier still owns it')
  const untracked = configMap({ a: '1' }, { uid: 'u' })
  t.throws(() => apply(untracked, configMap({ a: '2' })), {
    message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
  })
  t.same(owners(apply(untracked, configMap({ b: '2' })).object), [
    'me Apply 12:00 .data.b',
    'before-first-apply Update 12:00 .data .data.a',
  ])
})

void t.test('kubectl may take over what its client-side apply wrote', async t => {
  const configuration = deployment({ replicas: 1 })
  const live = write(
    undefined,
    deployment(
      { replicas: 1 },
      {
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(configuration),
        },
      },
    ),
    { manager: 'kubectl-client-side-apply' },
  )
  const after = apply(live, deployment({ replicas: 2 }), { manager: 'kubectl' }).object
  t.same(fieldsOf(after.spec).replicas, 2)
  t.equal(
    after.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'],
    `${JSON.stringify(deployment({ replicas: 2 }))}\n`,
  )
  const scaled = write(live, { ...live, spec: { replicas: 5 } }, { manager: 'hpa' })
  t.throws(() => apply(scaled, deployment({ replicas: 2 }), { manager: 'kubectl' }), {
    message: 'Apply failed with 1 conflict: conflict with "hpa" using apps/v1: .spec.replicas',
  })
})

const container = (name: string, more: object = {}): object => ({
  name,
  image: `${name}:1`,
  ...more,
})
const withContainers = (...containers: readonly object[]): AnyObject =>
  deployment({ template: { spec: { containers } } })
const containersOf = (object: AnyObject): readonly { name: string; ports?: readonly object[] }[] =>
  JSON.parse(JSON.stringify(object)).spec.template.spec.containers

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
