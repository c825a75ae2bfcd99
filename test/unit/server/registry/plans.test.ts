/** The registry's decisions: deletion, metadata, options, quality of service, allocation, conversion. */
import t from 'tap'
import type { AnyObject, ObjectMeta } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { seededRandom } from '#base/random.ts'
import { isReleased, planDeletion } from '#server/registry/deletion-plan.ts'
import { createAllocator, staticBand } from '#server/registry/kinds/allocator.ts'
import { formatIpv4, parseIpv4, parseNetwork } from '#api/ipv4.ts'
import { namespaceStrategy } from '#server/registry/kinds/namespaces.ts'
import { qosClassOf } from '#api/pod-qos.ts'
import { podStrategy } from '#server/registry/kinds/pods.ts'
import {
  generateName,
  isUnchanged,
  metadataForCreate,
  metadataForUpdate,
} from '#server/registry/metadata.ts'
import { deleteOptions } from '#server/registry/options.ts'
import { DEFAULT_STRATEGY } from '#server/registry/strategy.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const random = seededRandom(7)

const anObject = (metadata: ObjectMeta, more: object = {}): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'x', ...metadata },
  ...more,
})

const failure = (task: () => unknown): unknown => {
  try {
    return task()
  } catch (error) {
    return error
  }
}

const pods = podStrategy

void t.test('deletion', async t => {
  const asked = (options: object): Parameters<typeof planDeletion>[2] => ({
    options: deleteOptions(options, new URLSearchParams()),
    now: NOW,
  })
  const plain = planDeletion(DEFAULT_STRATEGY, anObject({}), asked({}))
  t.ok(isReleased(DEFAULT_STRATEGY, plain), 'nothing holds it')

  const held = planDeletion(DEFAULT_STRATEGY, anObject({ finalizers: ['a/b'] }), asked({}))
  t.notOk(isReleased(DEFAULT_STRATEGY, held))
  t.match(held.metadata, {
    deletionTimestamp: '2026-01-01T00:00:00Z',
    deletionGracePeriodSeconds: 0,
  })

  const orphan = planDeletion(
    DEFAULT_STRATEGY,
    anObject({}),
    asked({ propagationPolicy: 'Orphan' }),
  )
  t.strictSame(orphan.metadata.finalizers, ['orphan'])
  const background = planDeletion(
    DEFAULT_STRATEGY,
    anObject({ finalizers: ['foregroundDeletion'] }),
    asked({ propagationPolicy: 'Background' }),
  )
  t.strictSame(background.metadata.finalizers, [])

  const running = anObject(
    { generation: 1 },
    { spec: { nodeName: 'n', terminationGracePeriodSeconds: 20 } },
  )
  const first = planDeletion(pods, running, asked({}))
  t.match(first.metadata, {
    deletionTimestamp: '2026-01-01T00:00:20Z',
    deletionGracePeriodSeconds: 20,
    generation: 2,
  })
  t.equal(planDeletion(pods, first, asked({})), first, 'asking again changes nothing')
  t.equal(
    planDeletion(pods, first, asked({ gracePeriodSeconds: 60 })),
    first,
    'nobody can lengthen it',
  )
  const shorter = planDeletion(pods, first, asked({ gracePeriodSeconds: 5 }))
  t.match(shorter.metadata, {
    deletionTimestamp: '2026-01-01T00:00:05Z',
    deletionGracePeriodSeconds: 5,
  })
  t.ok(isReleased(pods, planDeletion(pods, first, asked({ gracePeriodSeconds: 0 }))))
  t.ok(
    isReleased(pods, planDeletion(pods, anObject({}, { spec: {} }), asked({}))),
    'no node, no grace',
  )

  const namespace = planDeletion(
    namespaceStrategy,
    anObject({}, { spec: { finalizers: ['kubernetes'] } }),
    asked({}),
  )
  t.match(namespace, { status: { phase: 'Terminating' } })
  t.notOk(isReleased(namespaceStrategy, namespace))
})

void t.test('delete options', async t => {
  const query = new URLSearchParams('gracePeriodSeconds=3&propagationPolicy=Foreground')
  t.match(deleteOptions(undefined, query), {
    gracePeriodSeconds: 3,
    propagation: 'Foreground',
    dryRun: false,
  })
  t.match(deleteOptions({ orphanDependents: true }, new URLSearchParams()), {
    propagation: 'Orphan',
  })
  for (const bad of [
    { propagationPolicy: 'Maybe' },
    { propagationPolicy: 'Orphan', orphanDependents: true },
    { dryRun: ['Some'] },
  ])
    t.ok(
      isReason(
        failure(() => deleteOptions(bad, new URLSearchParams())),
        'Invalid',
      ),
      JSON.stringify(bad),
    )
})

void t.test('metadata', async t => {
  const made = metadataForCreate(
    { name: 'x', uid: 'mine', resourceVersion: '9', deletionTimestamp: 'now', generation: 5 },
    { now: NOW, random, generation: true },
  )
  t.match(made, { name: 'x', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' })
  t.not(made.uid, 'mine')
  t.notOk('resourceVersion' in made || 'deletionTimestamp' in made)
  const kept = metadataForUpdate(
    { name: 'x', generation: 9, labels: { a: 'b' } },
    { uid: 'u', generation: 3 },
  )
  t.strictSame(kept, { name: 'x', labels: { a: 'b' }, uid: 'u', generation: 3 })
  t.match(generateName(`${'n'.repeat(80)}-`, random), /^n{58}[a-z0-9]{5}$/)
  const old = anObject({ managedFields: [{ manager: 'm', time: 'then' }] }, { data: { a: 1 } })
  t.ok(
    isUnchanged(
      anObject({ managedFields: [{ manager: 'm', time: 'now' }] }, { data: { a: 1 } }),
      old,
    ),
  )
  t.notOk(isUnchanged(anObject({ managedFields: [{ manager: 'n' }] }, { data: { a: 1 } }), old))
})

void t.test('quality of service', async t => {
  const container = (requests: object, limits: object): object => ({
    resources: { requests, limits },
  })
  const full = { cpu: '1', memory: '1Gi' }
  const cases: readonly [string, readonly object[], string][] = [
    ['nothing asked', [{}], 'BestEffort'],
    ['limits that no defaults made requests of', [container({}, full)], 'Burstable'],
    ['same by value', [container({ cpu: '1000m', memory: '1Gi' }, full)], 'Guaranteed'],
    ['one container without', [container({}, full), {}], 'Burstable'],
    [
      'less asked than allowed',
      [container({ cpu: '1' }, full), container({ cpu: '500m' }, full)],
      'Burstable',
    ],
    ['zero is nothing', [container({ cpu: '0' }, {})], 'BestEffort'],
  ]
  for (const [name, containers, expected] of cases)
    t.equal(
      qosClassOf({ containers: containers.map(one => ({ name: 'c', ...one })) }),
      expected,
      name,
    )
})

void t.test('numbers and addresses', async t => {
  const allocator = createAllocator({ first: 1, last: 3 }, random)
  t.ok(allocator.take(2))
  t.notOk(allocator.take(2))
  t.strictSame(new Set([allocator.next(), allocator.next()]), new Set([1, 3]))
  t.equal(allocator.next(), undefined)
  allocator.release(3)
  t.equal(allocator.next(), 3)
  const banded = createAllocator({ first: 1, last: 40 }, random, 38)
  t.strictSame(new Set([banded.next(), banded.next()]), new Set([39, 40]), 'the band is kept')
  t.ok((banded.next() ?? 40) < 39, 'until nothing else is left')
  t.strictSame(
    [8, 100, 65_534].map(size => staticBand(size, { share: 1 / 16, least: 16, most: 256 })),
    [0, 16, 256],
  )
  t.equal(formatIpv4(parseIpv4('10.43.0.1') ?? 0), '10.43.0.1')
  t.equal(parseIpv4('10.43.0.256'), undefined)
  t.equal(parseIpv4('010.43.0.1'), undefined)
  t.match(parseNetwork('10.43.7.0/16'), { base: parseIpv4('10.43.0.0'), bits: 16 })
  t.throws(() => parseNetwork('fd00::/8'))
})
