/** The pure parts behind the verbs: owners of scales, doubled owners, hastened deletions, budgets, Go's printing. */
import t from 'tap'
import type { AnyObject, ManagedFieldsEntry, ObjectMeta } from '#api/object.ts'
import { resourceOf } from '#api/scheme.ts'
import { planDeletion } from '#server/registry/deletion-plan.ts'
import { podStrategy } from '#server/registry/kinds/pods.ts'
import { goText } from '#api/go-text.ts'
import { distinctOwners } from '#server/registry/placement.ts'
import { metadataForStatus, resetFieldsOf } from '#server/registry/status-parts.ts'
import { DEFAULT_STRATEGY } from '#server/registry/strategy.ts'
import { disrupted } from '#server/registry/subresources/disruption.ts'
import { ownersAt, REPLICAS_OWNERS } from '#server/registry/subresources/scale-owners.ts'

const NOON = Date.parse('2026-01-01T12:00:00Z')

const object = (metadata: ObjectMeta, more: object = {}): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'x', ...metadata },
  ...more,
})

const entry = (manager: string, spec: object, more: object = {}): ManagedFieldsEntry => ({
  manager,
  operation: 'Apply',
  apiVersion: 'apps/v1',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:spec': { ...spec } },
  ...more,
})
const BOTH = { 'f:replicas': {}, 'f:paused': {} }
const REPLICAS = { 'f:replicas': {} }

void t.test('owners of a scale', async t => {
  const parent = [entry('a', BOTH), entry('b', { 'f:paused': {} })]
  const { show: scaleOwners, apply: parentOwners } = REPLICAS_OWNERS
  const scale = scaleOwners(parent, 'autoscaling/v1')
  t.strictSame(scale, [entry('a', REPLICAS, { apiVersion: 'autoscaling/v1' })])
  t.strictSame(parentOwners(parent, scale, 'apps/v1'), parent, 'nothing was written')
  const writer = { subresource: 'scale', apiVersion: 'autoscaling/v1', operation: 'Update' }
  const taken = [entry('hpa', REPLICAS, writer)]
  t.strictSame(parentOwners(parent, taken, 'apps/v1'), [
    entry('a', { 'f:paused': {} }),
    entry('b', { 'f:paused': {} }),
    entry('hpa', REPLICAS, { ...writer, apiVersion: 'apps/v1' }),
  ])
  const alone = [entry('a', REPLICAS)]
  t.strictSame(parentOwners(alone, [], 'apps/v1'), [], 'an owner of nothing goes')
})

void t.test('owners of a scale whose parent keeps its replicas elsewhere', async t => {
  const SIZE = { 'f:size': {} }
  const owners = ownersAt({ 'f:spec': SIZE })
  const parent = [entry('a', { ...SIZE, ...REPLICAS })]
  const scale = owners.show(parent, 'autoscaling/v1')
  t.strictSame(scale, [entry('a', REPLICAS, { apiVersion: 'autoscaling/v1' })])
  const writer = { subresource: 'scale', apiVersion: 'autoscaling/v1', operation: 'Update' }
  t.strictSame(owners.apply(parent, [entry('hpa', REPLICAS, writer)], 'example.com/v1'), [
    entry('a', REPLICAS),
    entry('hpa', SIZE, { ...writer, apiVersion: 'example.com/v1' }),
  ])
})

void t.test('each owner reference once', async t => {
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }
  const other = { ...owner, controller: true }
  const warnings: string[] = []
  const warn = (text: string): void => void warnings.push(text)
  const same = object({ ownerReferences: [owner, other] })
  t.equal(distinctOwners(same, warn), same, 'the same UID with other fields stays')
  const doubled = object({ ownerReferences: [owner, other, owner] })
  t.strictSame(distinctOwners(doubled, warn, 'admitted').metadata.ownerReferences, [owner, other])
  t.match(warnings, [/after mutating admission happens; .* observed: u$/])
  t.equal(warnings.length, 1)
})

void t.test('a deletion may be hastened', async t => {
  const spec = { nodeName: 'n', terminationGracePeriodSeconds: 30 }
  const asked = (gracePeriodSeconds: number, now: number) =>
    ({ options: { gracePeriodSeconds, propagation: undefined }, now }) as const
  const first = planDeletion(podStrategy, object({}, { spec }), asked(30, NOON))
  t.equal(first.metadata.deletionTimestamp, '2026-01-01T12:00:30Z')
  const late = NOON + 20_000
  t.match(planDeletion(podStrategy, first, asked(25, late)).metadata, {
    deletionTimestamp: '2026-01-01T12:00:25Z',
    deletionGracePeriodSeconds: 25,
  })
  t.match(
    planDeletion(podStrategy, first, asked(10, late)).metadata,
    { deletionTimestamp: '2026-01-01T12:00:20Z', deletionGracePeriodSeconds: 1 },
    'never into the past',
  )
  t.match(planDeletion(podStrategy, first, asked(-5, NOON)).metadata, {
    deletionGracePeriodSeconds: 1,
  })
  const orphaning = {
    options: { gracePeriodSeconds: undefined, propagation: undefined },
    now: NOON,
  }
  const propagation = 'Orphan' as const
  const told = (finalizers: string[]): readonly string[] | undefined =>
    planDeletion(DEFAULT_STRATEGY, object({ finalizers }), { ...orphaning, propagation }).metadata
      .finalizers
  t.strictSame(told([]), ['orphan'])
  t.strictSame(told(['foregroundDeletion']), ['foregroundDeletion'], 'finalizers outweigh the kind')
})

function thrown(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

void t.test('budgets', async t => {
  const budget = (status: object): AnyObject =>
    object({ generation: 2 }, { status: { observedGeneration: 2, ...status } })
  const taken = disrupted(budget({ disruptionsAllowed: 2 }), 'p', NOON)
  t.strictSame(taken['status'], {
    observedGeneration: 2,
    disruptionsAllowed: 1,
    disruptedPods: { p: '2026-01-01T12:00:00Z' },
  })
  const crowd = Object.fromEntries(Array.from({ length: 2001 }, (_, at) => [`p${at}`, '']))
  const refused = [
    [{ observedGeneration: 1, disruptionsAllowed: 1 }, 'TooManyRequests', undefined],
    [{ disruptionsAllowed: -1 }, 'Forbidden', /pdb disruptions allowed is negative$/],
    [
      { disruptionsAllowed: 1, disruptedPods: crowd },
      'Forbidden',
      /^poddisruptionbudget\.policy "x" is forbidden: DisruptedPods map too big/,
    ],
    [{}, 'TooManyRequests', undefined],
  ] as const
  for (const [status, reason, message] of refused)
    t.match(
      thrown(() => disrupted(budget(status), 'p', NOON)),
      {
        reason,
        ...(message === undefined ? {} : { message }),
      },
    )
  const failed = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'SyncFailed',
    message: 'why',
  }
  t.match(
    thrown(() => disrupted(budget({ conditions: [failed] }), 'p', NOON)),
    {
      details: { causes: [{ message: /because it failed sync: why$/ }] },
    },
  )
})

void t.test('what a status write leaves alone', async t => {
  const sent = { labels: { a: 'new' }, annotations: { b: 'new' } }
  const old = { labels: { a: 'old' } }
  t.strictSame(metadataForStatus('jobs.batch', sent, old), sent)
  t.strictSame(metadataForStatus('deployments.apps', sent, old), { ...sent, ...old })
  t.strictSame(metadataForStatus('flowschemas.flowcontrol.apiserver.k8s.io', sent, old), old)
  const deployments = resourceOf('apps', 'v1', 'deployments')
  const maps = resourceOf('', 'v1', 'configmaps')
  if (deployments === undefined || maps === undefined) throw new Error('both are served')
  const rows = [
    ['', { 'f:status': {} }],
    ['status', { 'f:spec': {}, 'f:metadata': { 'f:labels': {} } }],
    ['scale', undefined],
  ] as const
  for (const [subresource, fields] of rows)
    t.strictSame(resetFieldsOf(deployments, 'deployments.apps', subresource), fields, subresource)
  t.equal(resetFieldsOf(maps, 'configmaps', ''), undefined)
})

void t.test("Go's printing", async t => {
  const rows = [
    [{ b: [1, 'x', true], a: null }, 'map[a:<nil> b:[1 x true]]'],
    [{}, 'map[]'],
    [[], '[]'],
  ] as const
  for (const [value, text] of rows) t.equal(goText(value), text)
})
