/** Limits, quotas, replication controllers and templates: faults with field paths and words, and defaults. */
import {
  build,
  container,
  runCases,
  statusFaults,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const limits = (...items: readonly Fields[]): Fields => ({ spec: { limits: items } })

void t.test('limit ranges', async t => {
  const at = 'spec.limits[0]'
  runCases(t, [
    [
      'a good one',
      'limitranges',
      limits(
        { type: 'Pod', max: { cpu: '2' }, min: { cpu: '1' }, maxLimitRequestRatio: { cpu: '2' } },
        { type: 'Container', default: { memory: '1Gi' }, defaultRequest: { memory: '1Mi' } },
        { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } },
      ),
      [],
    ],
    [
      'unknown and repeated types',
      'limitranges',
      limits({ type: 'Volume' }, { type: 'Pod' }, { type: 'Pod' }),
      [
        `${at}.type: Invalid value: "Volume": must be a standard limit type or fully qualified`,
        'spec.limits[2].type: Duplicate value: "Pod"',
      ],
    ],
    [
      'defaults for pods',
      'limitranges',
      limits({ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }),
      [
        `${at}.default: Forbidden: may not be specified when \`type\` is 'Pod'`,
        `${at}.defaultRequest: Forbidden: may not be specified when \`type\` is 'Pod'`,
      ],
    ],
    [
      'a claim without bounds',
      'limitranges',
      limits({ type: 'PersistentVolumeClaim' }),
      [
        `${at}.limits: Required value: either minimum or maximum storage value is required, but neither was provided`,
      ],
    ],
    [
      'a resource no container has',
      'limitranges',
      limits({ type: 'Container', max: { pods: '1' } }),
      [
        `${at}.max[pods]: Invalid value: "pods": must be a standard resource for containers`,
        `${at}.default[pods]: Invalid value: "pods": must be a standard resource for containers`,
        `${at}.defaultRequest[pods]: Invalid value: "pods": must be a standard resource for containers`,
      ],
    ],
    [
      'everything in the wrong order',
      'limitranges',
      limits({
        type: 'Container',
        min: { cpu: '4' },
        max: { cpu: '1' },
        default: { cpu: '2' },
        defaultRequest: { cpu: '3' },
      }),
      [
        `${at}.min[cpu]: Invalid value: "4": min value 4 is greater than max value 1`,
        `${at}.defaultRequest[cpu]: Invalid value: "3": min value 4 is greater than default request value 3`,
        `${at}.defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than max value 1`,
        `${at}.defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than default limit value 2`,
        `${at}.default[cpu]: Invalid value: "4": min value 4 is greater than default value 2`,
        `${at}.default[cpu]: Invalid value: "1": default value 2 is greater than max value 1`,
      ],
    ],
    [
      'ratios',
      'limitranges',
      limits(
        { type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } },
        {
          type: 'Container',
          min: { cpu: '1' },
          max: { cpu: '2' },
          maxLimitRequestRatio: { cpu: '4' },
        },
      ),
      [
        `${at}.maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1`,
        'spec.limits[1].maxLimitRequestRatio[cpu]: Invalid value: "4": ratio 4 is greater than max/min = 2.000000',
      ],
    ],
    [
      'huge pages cannot be overcommitted',
      'limitranges',
      limits({
        type: 'Container',
        default: { 'hugepages-2Mi': '4Mi' },
        defaultRequest: { 'hugepages-2Mi': '2Mi' },
      }),
      [
        `${at}.defaultRequest[hugepages-2Mi]: Invalid value: "2Mi": default value 4Mi must equal to defaultRequest value 2Mi in hugepages-2Mi`,
      ],
    ],
  ])
})

const quota = (spec: Fields): Fields => ({ spec })

void t.test('resource quotas', async t => {
  const at = 'spec.scopeSelector.matchExpressions'
  runCases(t, [
    [
      'a good one',
      'resourcequotas',
      quota({
        hard: {
          pods: '10',
          'requests.cpu': '1',
          'count/jobs.batch': '5',
          'services.nodeports': '0',
        },
        scopes: ['NotBestEffort'],
      }),
      ['spec.scopes: Invalid value: ["NotBestEffort"]: unsupported scope applied to resource'],
    ],
    [
      'bad resources and amounts',
      'resourcequotas',
      quota({ hard: { storage: '1', 'a b': '1', pods: '1500m', secrets: '-1' } }),
      [
        'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
        "spec.hard[a b]: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'spec.hard[a b]: Invalid value: "a b": must be a standard resource for quota',
        'spec.hard[pods]: Invalid value: "1500m": must be an integer',
        'spec.hard[secrets]: Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
    [
      'scopes against each other',
      'resourcequotas',
      quota({ scopes: ['Best', 'Terminating', 'NotTerminating'] }),
      [
        'spec.scopes: Invalid value: ["Best","Terminating","NotTerminating"]: unsupported scope',
        'spec.scopes: Invalid value: ["Best","Terminating","NotTerminating"]: conflicting scopes',
      ],
    ],
    [
      'scope selectors',
      'resourcequotas',
      quota({
        scopeSelector: {
          matchExpressions: [
            { scopeName: 'BestEffort', operator: 'In' },
            { scopeName: 'PriorityClass', operator: 'Exists', values: ['high'] },
            { scopeName: 'PriorityClass', operator: 'Like' },
          ],
        },
      }),
      [
        `${at}.operator: Invalid value: "In": must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity`,
        `${at}.values: Required value: must be at least one value when \`operator\` is 'In' or 'NotIn' for scope selector`,
        `${at}.values: Invalid value: ["high"]: must be no value when \`operator\` is 'Exist' or 'DoesNotExist' for scope selector`,
        `${at}.operator: Invalid value: "Like": not a valid selector operator`,
      ],
    ],
  ])
  t.strictSame(
    updateFaults(
      'resourcequotas',
      quota({ scopes: ['BestEffort'] }),
      quota({ scopes: ['Terminating'] }),
    ),
    ['spec.scopes: Invalid value: ["Terminating"]: field is immutable'],
  )
  t.strictSame(
    statusFaults('resourcequotas', quota({}), { ...quota({}), status: { used: { pods: '-1' } } }),
    ['status.used[pods]: Invalid value: "-1": must be greater than or equal to 0'],
  )
})

const labels = { app: 'a' }
const template = (more: Fields = {}): Fields => ({
  metadata: { labels },
  spec: { containers: [container()], ...more },
})
const controller = (more: Fields = {}): Fields => ({
  spec: { selector: labels, template: template(), ...more },
})

void t.test('replication controllers and templates', async t => {
  runCases(t, [
    ['a good one', 'replicationcontrollers', controller(), []],
    [
      'an empty one',
      'replicationcontrollers',
      { spec: {} },
      ['spec.selector: Required value', 'spec.template: Required value'],
    ],
    [
      'one that would not find its pods',
      'replicationcontrollers',
      controller({ selector: { app: 'b' }, replicas: -1, minReadySeconds: -1 }),
      [
        'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'pods that end',
      'replicationcontrollers',
      controller({ template: template({ restartPolicy: 'Never', activeDeadlineSeconds: 1 }) }),
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported',
      ],
    ],
    [
      'a disk for many',
      'replicationcontrollers',
      controller({
        replicas: 2,
        template: template({ volumes: [{ name: 'v', gcePersistentDisk: { pdName: 'p' } }] }),
      }),
      [],
    ],
    ['a template', 'podtemplates', { template: template() }, []],
    [
      'a template with company',
      'podtemplates',
      {
        template: template({
          ephemeralContainers: [{ name: 'e', image: 'i' }],
        }),
      },
      [
        'template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
      ],
    ],
  ])
  t.strictSame(
    statusFaults('replicationcontrollers', controller(), {
      ...controller(),
      status: { replicas: 1, readyReplicas: 2, availableReplicas: 3, fullyLabeledReplicas: -1 },
    }),
    [
      'status.fullyLabeledReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
    ],
  )
})

void t.test('defaults', async t => {
  const specOf = (plural: string, fields: object): unknown => build(plural, fields)['spec']
  t.match(
    specOf(
      'limitranges',
      limits(
        { type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi' } },
        { type: 'Pod', max: { cpu: '2' } },
      ),
    ),
    {
      limits: [
        { default: { cpu: '2' }, defaultRequest: { cpu: '2', memory: '1Mi' } },
        { default: undefined, defaultRequest: undefined },
      ],
    },
  )
  const bare = build('replicationcontrollers', { spec: { template: template() } })
  t.match(bare, { metadata: { labels }, spec: { replicas: 1, selector: labels } })
  t.match(build('storageclasses', { provisioner: 'p' }), {
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  })
  t.strictSame(specOf('csidrivers', { spec: {} }), {
    attachRequired: true,
    podInfoOnMount: false,
    volumeLifecycleModes: ['Persistent'],
    storageCapacity: false,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    requiresRepublish: false,
    seLinuxMount: false,
  })
  t.match(specOf('persistentvolumes', { spec: {} }), {
    persistentVolumeReclaimPolicy: 'Retain',
    volumeMode: 'Filesystem',
  })
  t.match(specOf('persistentvolumeclaims', { spec: {} }), { volumeMode: 'Filesystem' })
})
