/** Rows of Jobs, sets, autoscalers, budgets and the kinds of networking.k8s.io, as upstream's printers give them. */
import { cellsOf, columnsOf } from '#api/columns/table.ts'
import { build, container, resourceNamed } from '#test/support/validation-cases.ts'
import t from 'tap'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const metadata = { name: 'x', creationTimestamp: '2026-01-01T00:00:00Z' }
const labels = { app: 'x' }
const template = { metadata: { labels }, spec: { containers: [container()] } }
const selector = { matchLabels: labels }
const target = { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 3 }
const utilization = (averageUtilization: number): object => ({
  type: 'Utilization',
  averageUtilization,
})

type Row = readonly [plural: string, fields: object, cells: readonly (string | number | boolean)[]]

const ROWS: readonly Row[] = [
  [
    'jobs',
    {
      spec: { template, selector },
      status: {
        succeeded: 1,
        startTime: '2026-01-01T00:00:00Z',
        completionTime: '2026-01-01T00:00:42Z',
        conditions: [{ type: 'Complete', status: 'True' }],
      },
    },
    ['x', 'Complete', '1/1', '42s', '60m', 'c', 'i', 'app=x'],
  ],
  [
    'jobs',
    { spec: { template, parallelism: 3 } },
    ['x', 'Running', '0/1 of 3', '', '60m', 'c', 'i', '<none>'],
  ],
  [
    'cronjobs',
    {
      spec: { schedule: '@daily', timeZone: 'UTC', jobTemplate: { spec: { template } } },
      status: { lastScheduleTime: '2026-01-01T00:58:00Z', active: [{}] },
    },
    ['x', '@daily', 'UTC', 'False', 1, '2m', '60m', 'c', 'i', '<none>'],
  ],
  [
    'daemonsets',
    { spec: { template, selector } },
    ['x', 0, 0, 0, 0, 0, '<none>', '60m', 'c', 'i', 'app=x'],
  ],
  [
    'statefulsets',
    { spec: { template, selector, replicas: 3 }, status: { replicas: 3, readyReplicas: 2 } },
    ['x', '2/3', '60m', 'c', 'i'],
  ],
  [
    'horizontalpodautoscalers',
    {
      spec: {
        ...target,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: utilization(80) } },
          {
            type: 'Pods',
            pods: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '5' } },
          },
          {
            type: 'External',
            external: { metric: { name: 'e' }, target: { type: 'Value', value: '7' } },
          },
        ],
      },
      status: {
        desiredReplicas: 2,
        currentReplicas: 2,
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 12 } } },
        ],
      },
    },
    ['x', 'Deployment/d', 'cpu: 12%/80%, <unknown>/5 + 1 more...', '1', 3, 2, '60m'],
  ],
  ['poddisruptionbudgets', { spec: { minAvailable: '50%' } }, ['x', '50%', 'N/A', 0, '60m']],
  ['runtimeclasses', { handler: 'runc' }, ['x', 'runc', '60m']],
  [
    'ingresses',
    {
      spec: { rules: ['a.b', 'c.d', 'e.f', 'g.h'].map(host => ({ host })), tls: [{}] },
      status: { loadBalancer: { ingress: [{ ip: '10.0.0.2' }, { hostname: 'a.b' }] } },
    },
    ['x', '<none>', 'a.b,c.d,e.f + 1 more...', '10.0.0.2,a.b', '80, 443', '60m'],
  ],
  [
    'ingressclasses',
    { spec: { controller: 'a.io/b', parameters: { apiGroup: 'a.io', kind: 'K', name: 'n' } } },
    ['x', 'a.io/b', 'K.a.io/n', '60m'],
  ],
  ['networkpolicies', { spec: { podSelector: selector } }, ['x', 'app=x', '60m']],
  [
    'ingressclasses',
    {
      metadata: {
        ...metadata,
        annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
      },
      spec: { controller: 'a/b' },
    },
    ['x (default)', 'a/b', '<none>', '60m'],
  ],
  [
    'ingresses',
    { spec: { rules: ['a', 'a', 'a'].map(host => ({ host })) } },
    ['x', '<none>', 'a,a,a', '', '80', '60m'],
  ],
  [
    'ipaddresses',
    { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } } },
    ['x', 'services/default/web'],
  ],
  [
    'servicecidrs',
    { spec: { cidrs: ['10.0.0.0/8', 'fd00::/64'] } },
    ['x', '10.0.0.0/8,fd00::/64', '60m'],
  ],
]

for (const [plural, fields, cells] of ROWS) {
  void t.test(plural, async t => {
    const resource = resourceNamed(plural)
    t.strictSame(cellsOf(resource, build(plural, { metadata, ...fields }), NOW), cells)
    t.equal(columnsOf(resource).length, cells.length, 'as many columns as cells')
  })
}
