/** Services: families that the cluster lacks, and what a PUT that says less keeps. */
import type { AnyObject } from '#api/object.ts'
import { seededRandom } from '#base/random.ts'
import { serviceStrategy } from '#server/registry/kinds/services.ts'
import t from 'tap'

const strategy = serviceStrategy(
  { serviceCIDR: '10.43.0.0/24', nodePorts: { first: 30_000, last: 30_100 } },
  seededRandom(1),
)

const heard = (spec: object): string => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec }
  try {
    strategy.reserve?.(service, undefined)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message.replace('Service "s" is invalid: ', '') : ''
  }
}

const POLICY = 'spec.ipFamilyPolicy: Invalid value:'
const DUAL = `${POLICY} "RequireDualStack": this cluster is not configured for dual-stack services`
const SECOND = 'spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster'
const both = ['IPv4', 'IPv6']

void t.test('a PUT that leaves the health port out keeps it', async t => {
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
  const service = (spec: object): AnyObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ...local, ...spec },
  })
  const before = service({ healthCheckNodePort: 30_007 })
  const context = { user: { name: 'u', groups: [] }, now: 0 }
  const kept = strategy.prepareForUpdate?.(service({}), before, context)
  t.match(kept, { spec: { healthCheckNodePort: 30_007 } })
})

void t.test('families', async t => {
  const cases: readonly (readonly [spec: object, expected: string])[] = [
    [{}, ''],
    [{ ipFamilyPolicy: 'PreferDualStack' }, ''],
    [{ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }, ''],
    [
      { ipFamilies: ['IPv6'] },
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    ],
    [{ ipFamilyPolicy: 'RequireDualStack' }, DUAL],
    [{ ipFamilies: both }, `[${DUAL}, ${SECOND}]`],
    [
      { ipFamilies: both, ipFamilyPolicy: 'SingleStack' },
      `[${POLICY} "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified, ${SECOND}]`,
    ],
    [{ clusterIP: 'None', selector: { a: 'b' }, ipFamilyPolicy: 'RequireDualStack' }, DUAL],
    [{ clusterIP: 'None', ipFamilies: both, ipFamilyPolicy: 'RequireDualStack' }, ''],
    [{ type: 'ExternalName', ipFamilies: ['IPv6'] }, ''],
  ]
  for (const [spec, expected] of cases) t.equal(heard(spec), expected, JSON.stringify(spec))
})

void t.test('without addresses and a selector both families are named', async t => {
  const cases: readonly (readonly [spec: object, families: readonly string[], policy: string])[] = [
    [{}, both, 'RequireDualStack'],
    [{ ipFamilies: ['IPv6'] }, ['IPv6', 'IPv4'], 'RequireDualStack'],
    [{ ipFamilyPolicy: 'PreferDualStack' }, ['IPv4'], 'PreferDualStack'],
    [{ ipFamilyPolicy: 'SingleStack' }, ['IPv4'], 'SingleStack'],
    [{ selector: { a: 'b' } }, ['IPv4'], 'SingleStack'],
  ]
  for (const [more, ipFamilies, ipFamilyPolicy] of cases) {
    const spec = { clusterIP: 'None', ...more }
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec }
    const { object } = strategy.reserve?.(service, undefined) ?? {}
    t.match(object, { spec: { ipFamilies, ipFamilyPolicy } }, JSON.stringify(more))
  }
})
