/** Hooks of the kinds that extend the API server and of device resources, and the objects made for them at start. */
import { AUTO_UPDATE } from '#api/flow-control.ts'
import type { AnyObject } from '#api/object.ts'
import { apiServices, isOurs, retiredApiServices } from '#server/controllers/bootstrap/plan.ts'
import { EXTENSION_STRATEGIES } from '#server/registry/kinds/extensions.ts'
import { DEFAULT_STRATEGY, type Strategy } from '#server/registry/strategy.ts'
import t from 'tap'

const NOW = Date.parse('2026-01-02T12:00:00Z')
const CONTEXT = { user: { name: 'u', groups: [] }, now: NOW, warn: () => {} }
const TIME = '2026-01-02T12:00:00Z'

const strategyOf = (storage: string): Strategy =>
  new Map(EXTENSION_STRATEGIES).get(storage) ?? DEFAULT_STRATEGY

const object = (fields: object): AnyObject => ({
  apiVersion: 'v1',
  kind: 'K',
  metadata: { name: 'x' },
  ...fields,
})

void t.test('a definition remembers every version it stored', async t => {
  const strategy = strategyOf('customresourcedefinitions.apiextensions.k8s.io')
  const spec = (storage: string): object => ({
    versions: ['v1', 'v2'].map(name => ({ name, storage: name === storage })),
  })
  const sent = object({ spec: spec('v1'), status: { storedVersions: ['v0'] } })
  const created = strategy.prepareForCreate?.(sent, CONTEXT)
  t.strictSame(created?.['status'], { storedVersions: ['v1'] })
  const changed = object({ spec: spec('v2') })
  const updated = strategy.prepareForUpdate?.(changed, created ?? sent, CONTEXT)
  t.strictSame(updated?.['status'], { storedVersions: ['v1', 'v2'] })
})

void t.test('an API service of this server is available at once', async t => {
  const strategy = strategyOf('apiservices.apiregistration.k8s.io')
  t.match(strategy.prepareForCreate?.(object({ spec: {} }), CONTEXT)['status'], {
    conditions: [{ type: 'Available', status: 'True', reason: 'Local', lastTransitionTime: TIME }],
  })
  t.strictSame(
    strategy.prepareForCreate?.(object({ spec: { service: {} } }), CONTEXT)['status'],
    {},
  )
})

void t.test('taints bear the time from which they count', async t => {
  const rules = strategyOf('devicetaintrules.resource.k8s.io')
  const rule = object({ spec: { taint: { key: 'k' } } })
  const tainted = rules.prepareForCreate?.(rule, CONTEXT)
  t.strictSame(tainted?.['spec'], { taint: { key: 'k', timeAdded: TIME } })
  const later = { ...CONTEXT, now: NOW + 1000 }
  t.strictSame(rules.prepareForUpdate?.(tainted ?? rule, rule, later)['spec'], tainted?.['spec'])
  const slices = strategyOf('resourceslices.resource.k8s.io')
  const slice = object({
    spec: { devices: [{ name: 'a', taints: [{ key: 'k' }] }, { name: 'b' }] },
  })
  t.strictSame(slices.prepareForCreate?.(slice, CONTEXT)['spec'], {
    devices: [{ name: 'a', taints: [{ key: 'k', timeAdded: TIME }] }, { name: 'b' }],
  })
})

void t.test('what is said about a device goes with its allocation', async t => {
  const strategy = strategyOf('resourceclaims.resource.k8s.io')
  const device = { driver: 'd', pool: 'p', device: 'a' }
  const old = object({
    status: { allocation: { devices: { results: [device] } }, devices: [device] },
  })
  const freed = object({ status: { devices: [device] } })
  t.strictSame(strategy.prepareForStatus?.(freed, old, CONTEXT)['status'], {})
  t.strictSame(strategy.prepareForStatus?.(old, old, CONTEXT)['status'], old['status'])
})

void t.test('API services at start', async t => {
  const all = apiServices(false)
  const names = all.map(({ metadata }) => metadata.name)
  t.ok(names.includes('v1.') && names.includes('v1.apps') && names.includes('v2.autoscaling'))
  t.notOk(names.includes('v1.apiregistration.k8s.io'), 'their own group is not among them')
  t.equal(new Set(names).size, names.length)
  t.same(retiredApiServices(false), [])
  const retired = retiredApiServices(true)
  t.ok(retired.includes('v1beta1.extensions') && !retired.includes('v1.apps'))
  t.equal(apiServices(true).length + retired.length, all.length)
  for (const { spec } of all) {
    t.ok(Number(spec?.groupPriorityMinimum) > 0 && Number(spec?.versionPriority) > 0)
  }
  t.notOk(isOurs(object({ metadata: { name: 'x', annotations: { [AUTO_UPDATE]: 'false' } } })))
  t.ok(isOurs(object({})))
})
