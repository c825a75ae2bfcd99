/** Defaults of what runs, scales and is let in; applying them again changes nothing. */
import { applyDefaults } from '#api/codec.ts'
import { build, container, resourceNamed } from '#test/support/validation-cases.ts'
import t from 'tap'

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [container()] } }
const cpu = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
}
const target = { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 2 }
const jobSpec = {
  completions: 1,
  parallelism: 1,
  backoffLimit: 6,
  completionMode: 'NonIndexed',
  suspend: false,
  podReplacementPolicy: 'TerminatingOrFailed',
  manualSelector: false,
}

type Row = readonly [name: string, plural: string, fields: object, expected: object]

const ROWS: readonly Row[] = [
  [
    'a DaemonSet rolls',
    'daemonsets',
    { spec: { template } },
    {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
    },
  ],
  [
    'one that waits for deletion has no limits',
    'daemonsets',
    { spec: { template, updateStrategy: { type: 'OnDelete' } } },
    { updateStrategy: { type: 'OnDelete' } },
  ],
  [
    'a StatefulSet keeps its claims',
    'statefulsets',
    { spec: { template } },
    {
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    },
  ],
  [
    'a strategy that is only named stays so',
    'statefulsets',
    { spec: { template, updateStrategy: { type: 'RollingUpdate' } } },
    { updateStrategy: { type: 'RollingUpdate' } },
  ],
  ['a Job is one pod', 'jobs', { spec: { template } }, jobSpec],
  [
    'a limit per index is the only one',
    'jobs',
    {
      spec: { template, parallelism: 2, backoffLimitPerIndex: 1, podFailurePolicy: { rules: [] } },
    },
    { parallelism: 2, backoffLimit: 2_147_483_647, podReplacementPolicy: 'Failed' },
  ],
  [
    'a CronJob leaves its Jobs as they are',
    'cronjobs',
    { spec: { schedule: '@daily', jobTemplate: { spec: { template } } } },
    {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    },
  ],
  [
    'an autoscaler looks at the processor',
    'horizontalpodautoscalers',
    { spec: target },
    { minReplicas: 1, metrics: [cpu] },
  ],
  [
    'behavior is completed in both directions',
    'horizontalpodautoscalers',
    { spec: { ...target, behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } } },
    {
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Pods', value: 4, periodSeconds: 15 },
            { type: 'Percent', value: 100, periodSeconds: 15 },
          ],
        },
        scaleDown: {
          stabilizationWindowSeconds: 60,
          selectPolicy: 'Max',
          policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
        },
      },
    },
  ],
  [
    'a policy is about what comes in',
    'networkpolicies',
    { spec: {} },
    { policyTypes: ['Ingress'] },
  ],
  [
    'and what goes out, where it says so',
    'networkpolicies',
    { spec: { egress: [{ ports: [{ port: 53 }] }] } },
    { policyTypes: ['Ingress', 'Egress'], egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }] },
  ],
  [
    'parameters are of the cluster',
    'ingressclasses',
    { spec: { controller: 'a.io/b', parameters: { kind: 'K', name: 'n' } } },
    { parameters: { kind: 'K', name: 'n', scope: 'Cluster' } },
  ],
]

for (const [name, plural, fields, expected] of ROWS) {
  void t.test(name, async t => {
    const object = build(plural, fields)
    const spec = object['spec']
    t.match(spec, expected)
    for (const [field, value] of Object.entries(expected)) {
      t.strictSame(Reflect.get(Object(spec), field), value, field)
    }
    t.equal(applyDefaults(resourceNamed(plural).type(), object), object, 'nothing is left to add')
  })
}

void t.test(
  'a Job has the labels of its template, a template in a CronJob gets no counts',
  async t => {
    t.strictSame(build('jobs', { spec: { template } }).metadata.labels, { a: 'b' })
    const cron = build('cronjobs', {
      spec: { schedule: '@daily', jobTemplate: { spec: { template } } },
    })
    t.notMatch(cron, { spec: { jobTemplate: { spec: { completions: 1 } } } })
  },
)
