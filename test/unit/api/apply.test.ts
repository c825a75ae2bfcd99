/** Field ownership: plain writes, server-side apply, conflicts, pruning, migration from client-side apply. */
import {
  contains,
  difference,
  type FieldSet,
  formatPath,
  intersection,
  members,
  recursiveDifference,
  union,
  unionOf,
} from '#api/patch/apply/field-set.ts'
import t from 'tap'
import {
  apply,
  configMap,
  deployment,
  fieldsOf,
  MINUTE,
  NOON,
  owners,
  write,
} from '../../support/apply-cases.ts'

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
  for (const count of [0, 1, 2, 5, 8]) {
    const sets = Array.from({ length: count }, (_, index) => ({ [`f:${index}`]: {}, 'f:x': set }))
    t.same(unionOf(sets), Object.assign({}, ...sets), `of ${count}`)
  }
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
  t.same(owners(shared).slice(0, 2), ['you Apply  .spec.replicas', 'me Apply 12:00 .spec.replicas'])
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
