/** Defaults of the kinds that extend or steer the API server, and of device requests. */
import { build } from '#test/support/validation-cases.ts'
import t from 'tap'

const selectors = { namespaceSelector: {}, objectSelector: {} }
const hook = { name: 'a.b.c', clientConfig: { service: { namespace: 'n', name: 's' } } }
const rules = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }]

/** What is sent, and what has to be there then. */
const CASES: readonly (readonly [plural: string, sent: object, defaulted: object])[] = [
  [
    'flowschemas',
    { spec: { priorityLevelConfiguration: { name: 'x' } } },
    { spec: { matchingPrecedence: 1000 } },
  ],
  [
    'prioritylevelconfigurations',
    { spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } } },
    {
      spec: {
        limited: {
          nominalConcurrencyShares: 30,
          lendablePercent: 0,
          limitResponse: { queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
        },
      },
    },
  ],
  [
    'prioritylevelconfigurations',
    { spec: { type: 'Exempt', exempt: {} } },
    { spec: { exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } } },
  ],
  [
    'validatingwebhookconfigurations',
    { webhooks: [{ ...hook, rules }] },
    {
      webhooks: [
        {
          failurePolicy: 'Fail',
          matchPolicy: 'Equivalent',
          timeoutSeconds: 10,
          ...selectors,
          clientConfig: { service: { port: 443 } },
          rules: [{ scope: '*' }],
        },
      ],
    },
  ],
  [
    'mutatingwebhookconfigurations',
    { webhooks: [hook] },
    { webhooks: [{ failurePolicy: 'Fail', reinvocationPolicy: 'Never', ...selectors }] },
  ],
  [
    'validatingadmissionpolicies',
    { spec: { matchConstraints: { resourceRules: rules } } },
    {
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          matchPolicy: 'Equivalent',
          ...selectors,
          resourceRules: [{ scope: '*' }],
        },
      },
    },
  ],
  [
    'apiservices',
    { spec: { service: { namespace: 'n', name: 's' } } },
    { spec: { service: { port: 443 } } },
  ],
  [
    'customresourcedefinitions',
    {
      spec: {
        group: 'a.io',
        scope: 'Cluster',
        names: { plural: 'ws', kind: 'Widget' },
        versions: [],
      },
    },
    {
      spec: {
        names: { singular: 'widget', listKind: 'WidgetList' },
        conversion: { strategy: 'None' },
      },
    },
  ],
  [
    'resourceclaims',
    { spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } } },
    { spec: { devices: { requests: [{ exactly: { allocationMode: 'ExactCount', count: 1 } }] } } },
  ],
]

void t.test('defaults', async t => {
  for (const [plural, sent, defaulted] of CASES) t.match(build(plural, sent), defaulted, plural)
  const all = build('resourceclaims', {
    spec: {
      devices: {
        requests: [{ name: 'r', exactly: { deviceClassName: 'c', allocationMode: 'All' } }],
      },
    },
  })
  t.notMatch(JSON.stringify(all), '"count"', 'all devices are not counted')
})
