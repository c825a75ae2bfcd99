/** Life cycle of CustomResourceDefinitions: names, conditions, deletion; what they serve; the order of versions. */
import t from 'tap'
import type { CustomResourceDefinition } from '#api/types/apiextensions-v1.ts'
import { compareVersions } from '#api/versions.ts'
import { type Logger, silentLogger } from '#base/logger.ts'
import { createTurns } from '#base/turns.ts'
import type { Cache, Cached } from '#server/cache/cache.ts'
import { CLEANUP, isEnding, planDefinition, released, terminating } from '#server/custom/plan.ts'
import { ServedKinds } from '#server/custom/served.ts'
import { manualClock } from '../client/manual-clock.ts'

const NOW = Date.parse('2026-01-02T03:04:05Z')
const LATER = NOW + 60_000

type Names = CustomResourceDefinition['spec']['names']
type Status = NonNullable<CustomResourceDefinition['status']>

interface Given {
  readonly group?: string
  readonly names?: Partial<Names>
  readonly status?: Status
  readonly spec?: Partial<CustomResourceDefinition['spec']>
  readonly metadata?: CustomResourceDefinition['metadata']
}

function definition(given: Given = {}): CustomResourceDefinition {
  const { group = 'example.com', names = {} } = given
  const all = { plural: 'foos', singular: 'foo', kind: 'Foo', listKind: 'FooList', ...names }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${all.plural}.${group}`, ...given.metadata },
    spec: {
      group,
      names: all,
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true }],
      ...given.spec,
    },
    ...(given.status === undefined ? {} : { status: given.status }),
  }
}

const accepted = (names: Partial<Names>): Status => ({
  acceptedNames: { plural: 'bars', singular: 'bar', kind: 'Bar', listKind: 'BarList', ...names },
})

const told = (next: CustomResourceDefinition | undefined): readonly string[] =>
  (next?.status?.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`)

void t.test('a new definition is accepted and established', t => {
  const next = planDefinition(definition(), [], NOW)
  t.same(next?.status, {
    conditions: [
      {
        type: 'NamesAccepted',
        status: 'True',
        reason: 'NoConflicts',
        message: 'no conflicts found',
        lastTransitionTime: '2026-01-02T03:04:05Z',
      },
      {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
        lastTransitionTime: '2026-01-02T03:04:05Z',
      },
    ],
    acceptedNames: { plural: 'foos', singular: 'foo', kind: 'Foo', listKind: 'FooList' },
  })
  t.equal(next && planDefinition(next, [], LATER), undefined, 'and nothing is left to do')
  t.end()
})

void t.test('names that another definition of the group has', t => {
  const cases: readonly (readonly [Partial<Names>, Partial<Names>, string, string])[] = [
    [{ plural: 'foos' }, {}, 'PluralConflict', '"foos" is already in use'],
    [{ shortNames: ['foo'] }, {}, 'SingularConflict', '"foo" is already in use'],
    [{ shortNames: ['f'] }, { shortNames: ['f'] }, 'ShortNamesConflict', '"f" is already in use'],
    [
      { shortNames: ['f', 'g'] },
      { shortNames: ['f', 'h', 'g'] },
      'ShortNamesConflict',
      '["f" is already in use, "g" is already in use]',
    ],
    [{ kind: 'Foo' }, {}, 'KindConflict', '"Foo" is already in use'],
    [{ kind: 'FooList' }, {}, 'ListKindConflict', '"FooList" is already in use'],
  ]
  for (const [theirs, ours, reason, message] of cases) {
    const other = definition({ status: accepted(theirs) })
    const next = planDefinition(definition({ names: ours }), [other], NOW)
    const [names, established] = next?.status?.conditions ?? []
    t.match(names, { type: 'NamesAccepted', status: 'False', reason, message }, reason)
    t.match(established, { status: 'False', reason: 'NotAccepted' })
    const freed = next && planDefinition(next, [], LATER)
    t.same(told(freed), ['NamesAccepted True NoConflicts', 'Established True InitialNamesAccepted'])
    t.equal(freed?.status?.conditions?.[0]?.lastTransitionTime, '2026-01-02T03:05:05Z')
  }
  t.end()
})

void t.test('what is established stays it, with the names it has', t => {
  const first = planDefinition(definition({ names: { shortNames: ['f'] } }), [], NOW)
  const changed = definition({
    names: { shortNames: ['f', 'b'] },
    ...(first?.status === undefined ? {} : { status: first.status }),
  })
  const other = definition({ status: accepted({ shortNames: ['b'] }) })
  const next = planDefinition(changed, [other], LATER)
  t.same(told(next), [
    'NamesAccepted False ShortNamesConflict',
    'Established True InitialNamesAccepted',
  ])
  t.same(next?.status?.acceptedNames?.shortNames, ['f'])
  t.end()
})

void t.test('conditions of some definitions only', t => {
  const approvals: readonly (readonly [string, string])[] = [
    ['', 'False MissingAnnotation'],
    ['unapproved, a test', 'False UnapprovedAnnotation'],
    ['https://example.com/review', 'True ApprovedAnnotation'],
    ['soon', 'False InvalidAnnotation'],
  ]
  for (const [value, expected] of approvals) {
    const metadata = { annotations: { 'api-approved.kubernetes.io': value } }
    const next = planDefinition(definition({ group: 'test.k8s.io', metadata }), [], NOW)
    t.equal(told(next)[2], `KubernetesAPIApprovalPolicyConformant ${expected}`)
  }
  const loose = planDefinition(definition({ spec: { preserveUnknownFields: true } }), [], NOW)
  t.match(loose?.status?.conditions?.[2], {
    type: 'NonStructuralSchema',
    reason: 'Violations',
    message: 'spec.preserveUnknownFields: Invalid value: true: must be false',
  })
  const mended = planDefinition({ ...definition(), ...loose, spec: definition().spec }, [], NOW)
  t.equal(told(mended).length, 2, 'and it goes with its reason')
  t.end()
})

void t.test('deletion: pending, emptying, gone', t => {
  const metadata = { deletionTimestamp: '2026-01-02T03:04:05Z', finalizers: ['mine', CLEANUP] }
  const established = planDefinition(definition({ metadata }), [], NOW) ?? definition()
  t.ok(isEnding(established))
  t.notOk(isEnding(definition()))
  const pending = terminating(established, 'pending', NOW)
  t.equal(told(pending)[2], 'Terminating True InstanceDeletionPending')
  const emptying = terminating(pending, 'emptying', LATER)
  t.equal(told(emptying)[2], 'Terminating True InstanceDeletionInProgress')
  t.equal(emptying.status?.conditions?.[2]?.lastTransitionTime, '2026-01-02T03:04:05Z')
  const gone = released(emptying, LATER)
  t.equal(told(gone)[2], 'Terminating False InstanceDeletionCompleted')
  t.same(gone.metadata.finalizers, ['mine'])
  t.equal(told(released(definition({ metadata }), NOW))[0], 'Terminating False NeverEstablished')
  t.end()
})

/** A cache of definitions alone. */
function definitionsIn(items: Map<string, CustomResourceDefinition>): Cache {
  const itemOf = (name: string, object: CustomResourceDefinition): Cached => ({
    key: `/apiextensions.k8s.io/customresourcedefinitions/-/${name}`,
    revision: Number(object.metadata.resourceVersion),
    createRevision: 1,
    bytes: Buffer.alloc(0),
    object: () => ({ ...object }),
    peek: () => ({ ...object }),
    form: () => Buffer.alloc(0),
  })
  const all = (): Cached[] => [...items].map(([name, object]) => itemOf(name, object))
  return {
    revision: 1,
    count: () => items.size,
    get(_groupResource, _namespace, name) {
      const found = items.get(name)
      return found && itemOf(name, found)
    },
    list: async () => ({ items: all(), revision: 1, next: undefined, remaining: undefined }),
    watch: () => ({ close() {}, drained() {}, bookmark() {} }),
  }
}

void t.test('what is served follows the definitions at once', async t => {
  const items = new Map<string, CustomResourceDefinition>()
  const turns = createTurns(manualClock())
  t.teardown(() => turns.close())
  const lines: string[] = []
  const log: Logger = { ...silentLogger, warn: text => void lines.push(text) }
  const served = new ServedKinds({ cache: definitionsIn(items), turns, log, hidesOld: true })
  const builtIn = await served.table()
  t.equal(await served.table(), builtIn, 'the same table as long as nothing changes')
  t.equal(served.find('apps', 'v1', 'deployments')?.kind, 'Deployment')
  t.equal(served.find('extensions', 'v1beta1', 'deployments'), undefined, 'hidden')
  const name = 'foos.example.com'
  const versions = [
    { name: 'v1beta1', served: true, storage: false },
    { name: 'v1', served: true, storage: true },
    { name: 'v2', served: false, storage: false },
  ]
  const put = (given: CustomResourceDefinition, resourceVersion: string): void => {
    items.set(name, { ...given, metadata: { ...given.metadata, resourceVersion, generation: 1 } })
  }
  const fresh = definition({ spec: { versions } })
  put(fresh, '1')
  t.equal(served.find('example.com', 'v1', 'foos'), undefined, 'not accepted yet')
  t.equal(served.storageOf(name)?.version, 'v1', 'though its storage is known')
  const established = planDefinition(fresh, [], NOW) ?? fresh
  put(established, '2')
  const row = served.find('example.com', 'v1', 'foos')
  t.equal(row?.kind, 'Foo')
  t.equal(served.find('example.com', 'v1beta1', 'foos')?.storage(), row)
  t.equal(served.find('example.com', 'v2', 'foos'), undefined)
  put(established, '3')
  t.equal(served.find('example.com', 'v1', 'foos'), row, 'another revision of the same is the same')
  const table = await served.table()
  t.same(
    table.slice(builtIn.length).map(({ version }) => version),
    ['v1', 'v1beta1'],
    'behind all others, the stable version first',
  )
  t.equal((await served.storages()).filter(one => one.group === 'example.com').length, 1)
  put(terminating(established, 'emptying', NOW), '4')
  const [ending] = (await served.table()).slice(builtIn.length)
  t.same(ending?.verbs, ['delete', 'deletecollection', 'get', 'list', 'watch'])
  put({ ...established, spec: { ...established.spec, versions: [] } }, '5')
  put({ ...established, spec: { ...established.spec, versions: [] }, status: {} }, '6')
  t.equal(served.find('example.com', 'v1', 'foos'), undefined)
  t.same(lines, ['a CustomResourceDefinition cannot be served'], 'said once')
  items.clear()
  t.equal(served.storageOf(name), undefined)
  t.same(await served.table(), builtIn)
})

void t.test('versions from the most stable to the least', t => {
  const sorted = [
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v10beta3',
    'v3beta1',
    'v12alpha1',
    'foo1',
    'foo10',
  ]
  t.same(
    [...sorted].sort().sort((left, right) => compareVersions(right, left)),
    sorted,
  )
  t.end()
})
