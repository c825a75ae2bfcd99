/** Jobs and CronJobs, and what their writers are warned of: upstream's paths and words. */
import { parseCron } from '#api/cron.ts'
import type { KubeObject } from '#api/object.ts'
import { warningsOf } from '#api/validation/warnings.ts'
import { validateCreate } from '#api/validation/validation.ts'
import {
  build,
  container,
  faultsOf,
  resourceNamed,
  runCases,
  showFaults,
  statusFaults,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

const labels = { app: 'x' }
const selector = { matchLabels: labels }
const template = (more: object = {}, restartPolicy?: string): object => ({
  metadata: { labels },
  spec: { containers: [container()], ...(restartPolicy ? { restartPolicy } : {}), ...more },
})
const job = (more: object = {}, pod: object = {}): object => ({
  spec: { manualSelector: true, selector, template: template(pod, 'Never'), ...more },
})
const indexed = (more: object): object =>
  job({ completionMode: 'Indexed', completions: 4, ...more })

void t.test('Job', async t => {
  runCases(t, [
    ['a good one', 'jobs', job(), []],
    [
      'pods that never end',
      'jobs',
      { spec: { manualSelector: true, selector, template: template() } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'no selector',
      'jobs',
      { spec: { template: template({}, 'Never') } },
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'negative numbers',
      'jobs',
      job({ backoffLimit: -1, ttlSecondsAfterFinished: -2 }),
      [
        'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
        'spec.ttlSecondsAfterFinished: Invalid value: -2: must be greater than or equal to 0',
      ],
    ],
    [
      'limits per index without indexes',
      'jobs',
      job({ backoffLimitPerIndex: 1 }),
      ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
    ],
    [
      'indexes without a number',
      'jobs',
      job({ completionMode: 'Indexed', parallelism: 2 }),
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [
      'too many failed indexes',
      'jobs',
      indexed({ maxFailedIndexes: 5, backoffLimitPerIndex: 1 }),
      ['spec.maxFailedIndexes: Invalid value: 5: must be less than or equal to completions'],
    ],
    [
      'a foreign manager without a domain',
      'jobs',
      job({ managedBy: 'me' }),
      [
        'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
      ],
    ],
    [
      'a name too long for its pods',
      'jobs',
      { metadata: { name: 'a'.repeat(62) }, ...indexed({}) },
      [
        `metadata.name: Invalid value: "${'a'.repeat(62)}": will not able to create pod with invalid DNS label: ${'a'.repeat(62)}-3`,
      ],
    ],
  ])
})

void t.test('Job: policies', async t => {
  const failing = (rule: object, more: object = {}): object =>
    job({ podFailurePolicy: { rules: [rule] }, ...more })
  const place = 'spec.podFailurePolicy.rules[0]'
  runCases(t, [
    [
      'a good failure policy',
      'jobs',
      failing({ action: 'FailJob', onExitCodes: { operator: 'In', values: [1, 42] } }),
      [],
    ],
    [
      'nothing to match',
      'jobs',
      failing({ action: 'FailIndex' }),
      [
        `${place}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`,
        `${place}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`,
      ],
    ],
    [
      'bad exit codes',
      'jobs',
      failing({
        action: 'Count',
        onExitCodes: { containerName: 'z', operator: 'In', values: [3, 0, 3] },
      }),
      [
        `${place}.onExitCodes.containerName: Invalid value: "z": must be one of the container or initContainer names in the pod template`,
        `${place}.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator`,
        `${place}.onExitCodes.values[2]: Duplicate value: 3`,
        `${place}.onExitCodes.values: Invalid value: [3,0,3]: must be ordered`,
      ],
    ],
    [
      'success without indexes',
      'jobs',
      job({ successPolicy: { rules: [] } }),
      ['spec.successPolicy: Invalid value: {"Rules":[]}: requires indexed completion mode'],
    ],
    [
      'success that cannot be',
      'jobs',
      indexed({ successPolicy: { rules: [{ succeededIndexes: '0,2-3', succeededCount: 4 }, {}] } }),
      [
        'spec.successPolicy.rules[0].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in the specified succeededIndexes field)',
        'spec.successPolicy.rules[1]: Required value: at least one of succeededCount or succeededIndexes must be specified',
      ],
    ],
  ])
  const parsed = (succeededIndexes: string): string[] =>
    faultsOf('jobs', indexed({ successPolicy: { rules: [{ succeededIndexes }] } }))
  const at = 'spec.successPolicy.rules[0].succeededIndexes: Invalid value'
  t.strictSame(parsed('2,1'), [
    `${at}: "2,1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1`,
  ])
  t.strictSame(parsed('9'), [`${at}: "9": error parsing succeededIndexes: too large index: "9"`])
  t.strictSame(parsed('a'), [
    `${at}: "a": error parsing succeededIndexes: cannot convert string to integer for index: "a"`,
  ])
})

void t.test('Job: changes', async t => {
  t.strictSame(
    updateFaults('jobs', job(), job({ parallelism: 3, suspend: true, completions: 1 })),
    [],
  )
  t.strictSame(updateFaults('jobs', job({ completions: 1 }), job({ completions: 2 })), [
    'spec.completions: Invalid value: 2: field is immutable',
  ])
  t.strictSame(
    updateFaults('jobs', indexed({ parallelism: 4 }), indexed({ completions: 3, parallelism: 4 })),
    ['spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism'],
  )
  const placed = job({ suspend: true }, { nodeSelector: { disk: 'ssd' } })
  t.strictSame(updateFaults('jobs', job({ suspend: true }), placed), [], 'while it waits')
  t.match(updateFaults('jobs', job(), placed)[0], /^spec\.template: Invalid value: .*immutable$/)
  const labelled = { ...build('jobs', job({ manualSelector: false })) }
  t.match(showFaults(validateCreate(resourceNamed('jobs'), labelled)), [
    /^spec\.template\.metadata\.labels\[controller-uid\]: Required value: must be ''/,
  ])
})

void t.test('Job: its template while it is suspended', async t => {
  const asks = (cpu: string): object => ({ resources: { requests: { cpu }, limits: { cpu } } })
  const pod = (more: object): object => ({
    containers: [container(more)],
    initContainers: [container({ name: 'i', ...more })],
  })
  const suspended = (more: object, status: object = {}): object => ({
    ...job({ suspend: true }, more),
    status,
  })
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
      },
    },
  }
  const placement = { affinity, schedulingGates: [{ name: 'a.b/c' }] }
  const frozen = /^spec\.template(\.spec)?: Invalid value: .*: field is immutable$/
  const startTime = '2026-01-01T00:00:00Z'
  const conditions = [{ type: 'Suspended', status: 'True' }]
  const CASES: readonly (readonly [why: string, before: object, after: object, isFree: boolean])[] =
    [
      ['resources', suspended(pod(asks('1'))), suspended(pod(asks('2'))), true],
      ['resources come', suspended(pod({})), suspended(pod(asks('2'))), true],
      ['resources go', suspended(pod(asks('1'))), suspended(pod({})), true],
      ['not suspended', job({}, pod(asks('1'))), job({}, pod(asks('2'))), false],
      [
        'it ran before, and nothing runs any more',
        suspended(pod(asks('1')), { startTime, conditions }),
        suspended({ ...pod(asks('2')), ...placement }, { startTime, conditions }),
        true,
      ],
      [
        'it ran before, and is not said to have stopped',
        suspended(pod(asks('1')), { startTime }),
        suspended(pod(asks('2')), { startTime }),
        false,
      ],
      [
        'pods that still run',
        suspended(pod(asks('1')), { startTime, active: 1 }),
        suspended(pod(asks('2')), { startTime, active: 1 }),
        false,
      ],
      ['another image', suspended(pod({})), suspended(pod({ image: 'other' })), false],
      ['no init container any more', suspended(pod({})), suspended({}), false],
      ['node affinity', suspended({}), suspended(placement), true],
      ['no node affinity', suspended({ affinity }), suspended({}), true],
      [
        'pod affinity',
        suspended({}),
        suspended({
          affinity: {
            podAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }],
            },
          },
        }),
        false,
      ],
    ]
  for (const [why, before, after, isFree] of CASES) {
    const faults = updateFaults('jobs', before, after)
    if (isFree) t.strictSame(faults, [], why)
    else t.match(faults.join('; '), frozen, why)
  }
})

void t.test('Job: status', async t => {
  const state = (status: object): object => ({ ...job(), status })
  const condition = (...types: readonly string[]): object => ({
    conditions: types.map(type => ({ type, status: 'True' })),
  })
  const time = '2026-01-01T00:00:00Z'
  const done = {
    ...condition('SuccessCriteriaMet', 'Complete'),
    startTime: time,
    completionTime: time,
  }
  t.strictSame(statusFaults('jobs', job(), state(done)), [])
  t.strictSame(statusFaults('jobs', job(), state(condition('Complete'))), [
    'status.completionTime: Required value: completionTime is required for Complete jobs',
    'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    'status.startTime: Required value: startTime is required for finished job',
  ])
  t.strictSame(statusFaults('jobs', state({ failed: 2 }), state({ failed: 1, ready: 1 })), [
    'status.ready: Invalid value: 1: cannot set more ready pods than active',
    'status.failed: Invalid value: 1: cannot decrease the failed counter',
  ])
  t.strictSame(statusFaults('jobs', state(done), state({ startTime: time })), [
    'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
    'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
  ])
  const both = { ...indexed({ backoffLimitPerIndex: 1 }) }
  const overlap = { ...both, status: { completedIndexes: '0-2', failedIndexes: '2' } }
  t.strictSame(statusFaults('jobs', both, overlap), [
    'status.failedIndexes: Invalid value: "2": failedIndexes and completedIndexes overlap at index: 2',
  ])
})

const cron = (more: object, name = 'c'): object => ({
  metadata: { name },
  spec: {
    schedule: '*/5 * * * *',
    jobTemplate: { spec: { template: template({}, 'OnFailure') } },
    ...more,
  },
})

void t.test('CronJob', async t => {
  const bad = (schedule: string, why: string): [string, string, object, string[]] => [
    schedule,
    'cronjobs',
    cron({ schedule }),
    [`spec.schedule: Invalid value: ${JSON.stringify(schedule)}: ${why}`],
  ]
  runCases(t, [
    ['a good one', 'cronjobs', cron({ timeZone: 'Europe/Paris' }), []],
    ['names and lists', 'cronjobs', cron({ schedule: '0,30 8-18/2 ? jan-mar MON' }), []],
    ['a descriptor', 'cronjobs', cron({ schedule: '@hourly' }), []],
    ['no schedule', 'cronjobs', cron({ schedule: '' }), ['spec.schedule: Required value']],
    bad('* * *', 'expected exactly 5 fields, found 3: [* * *]'),
    bad('61 * * * *', 'end of range (61) above maximum (59): 61'),
    bad('* * 0 * *', 'beginning of range (0) below minimum (1): 0'),
    bad('5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'),
    bad('*/0 * * * *', 'step of range should be a positive number: */0'),
    bad('1/2/3 * * * *', 'too many slashes: 1/2/3'),
    bad('x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
    bad('@never', 'unrecognized descriptor: @never'),
    bad('TZ=UTC 0 * * * *', 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'),
    [
      'an unknown zone',
      'cronjobs',
      cron({ timeZone: 'Europe/Pariss' }),
      ['spec.timeZone: Invalid value: "Europe/Pariss": unknown time zone Europe/Pariss'],
    ],
    [
      'a long name',
      'cronjobs',
      cron({}, 'a'.repeat(53)),
      [`metadata.name: Invalid value: "${'a'.repeat(53)}": must be no more than 52 characters`],
    ],
    [
      'an unknown policy',
      'cronjobs',
      cron({ concurrencyPolicy: 'Queue' }),
      [
        'spec.concurrencyPolicy: Unsupported value: "Queue": supported values: "Allow", "Forbid", "Replace"',
      ],
    ],
    [
      'a selector',
      'cronjobs',
      cron({ jobTemplate: { spec: { selector, template: template({}, 'Never') } } }),
      [
        'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: `selector` will be auto-generated',
      ],
    ],
  ])
  const zoned = cron({ schedule: 'CRON_TZ=UTC 0 * * * *' })
  t.strictSame(updateFaults('cronjobs', zoned, zoned), [], 'what was there stays')
  t.strictSame(parseCron('CRON_TZ=UTC @every 1h30m'), {
    timeZone: 'UTC',
    when: { everySeconds: 5400 },
  })
})

void t.test('warnings', async t => {
  const warned = (plural: string, fields: object): readonly string[] => {
    const object: KubeObject = build(plural, fields)
    return warningsOf(resourceNamed(plural), object, undefined)
  }
  t.match(warned('jobs', { metadata: { name: 'a.b' }, ...job() }), [
    /^metadata\.name: this is used in Pod names and hostnames.*must not contain dots\]$/,
  ])
  t.strictSame(warned('jobs', job()), [])
  const slice = {
    spec: { driver: 'A.io', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
  }
  t.strictSame(warned('resourceslices', slice), [
    'spec.driver: driver names should be lowercase; "A.io" contains uppercase characters',
  ])
  const annotations = { 'kubernetes.io/ingress.class': 'n' }
  t.match(warned('ingresses', { metadata: { annotations } }), [/is deprecated, please use/])
})
