/** DaemonSets, StatefulSets, autoscalers, budgets and RuntimeClasses: upstream's paths and words. */
import {
  container,
  LABEL,
  runCases,
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
const set = (more: object = {}): object => ({ spec: { selector, template: template(), ...more } })

void t.test('DaemonSet', async t => {
  const rolling = (rollingUpdate: object): object =>
    set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } })
  const place = 'spec.updateStrategy.rollingUpdate'
  runCases(t, [
    ['a good one', 'daemonsets', set(), []],
    [
      'a selector that does not match',
      'daemonsets',
      set({ selector: { matchLabels: { app: 'y' } } }),
      [
        'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'an empty selector',
      'daemonsets',
      set({ selector: {} }),
      ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset'],
    ],
    [
      'a template that ends',
      'daemonsets',
      set({ template: template({ activeDeadlineSeconds: 5 }, 'Never') }),
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported',
      ],
    ],
    [
      'surge and unavailable',
      'daemonsets',
      rolling({ maxSurge: 1, maxUnavailable: '10%' }),
      [`${place}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero`],
    ],
    [
      'neither surge nor unavailable',
      'daemonsets',
      rolling({ maxSurge: 0, maxUnavailable: '0%' }),
      [`${place}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`],
    ],
    [
      'more than all',
      'daemonsets',
      rolling({ maxUnavailable: '101%' }),
      [`${place}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`],
    ],
    ['only surge', 'daemonsets', rolling({ maxSurge: 1, maxUnavailable: 0 }), []],
  ])
  const other = { app: 'y' }
  t.strictSame(
    updateFaults(
      'daemonsets',
      set(),
      set({
        selector: { matchLabels: other },
        template: { ...template(), metadata: { labels: other } },
      }),
    ),
    ['spec.selector: Invalid value: {"matchLabels":{"app":"y"}}: field is immutable'],
  )
  const status = (collisionCount: number, numberReady = 0): object => ({
    ...set(),
    status: {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady,
      collisionCount,
    },
  })
  t.strictSame(statusFaults('daemonsets', status(2), status(1, -1)), [
    'status.numberReady: Invalid value: -1: must be greater than or equal to 0',
    'status.collisionCount: Invalid value: 1: cannot be decremented',
  ])
})

void t.test('status of Deployments and ReplicaSets', async t => {
  const counts = (status: object): object => ({ ...set(), status })
  t.strictSame(
    statusFaults(
      'deployments',
      counts({ collisionCount: 2 }),
      counts({ replicas: 1, readyReplicas: 2, availableReplicas: 3, unavailableReplicas: 4 }),
    ),
    [
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
      'status.collisionCount: Invalid value: 0: cannot be decremented',
    ],
  )
  t.strictSame(
    statusFaults('replicasets', set(), counts({ replicas: 1, fullyLabeledReplicas: 2 })),
    ['status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas'],
  )
})

void t.test('StatefulSet', async t => {
  runCases(t, [
    ['a good one', 'statefulsets', set({ serviceName: 's' }), []],
    [
      'an unknown management',
      'statefulsets',
      set({ podManagementPolicy: 'Any' }),
      [`spec.podManagementPolicy: Invalid value: "Any": must be 'OrderedReady' or 'Parallel'`],
    ],
    [
      'limits where nothing rolls',
      'statefulsets',
      set({ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } }),
      [
        `spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'`,
      ],
    ],
    [
      'bad numbers',
      'statefulsets',
      set({ replicas: -1, ordinals: { start: -1 }, minReadySeconds: -1 }),
      ['replicas', 'minReadySeconds', 'ordinals.start'].map(
        name => `spec.${name}: Invalid value: -1: must be greater than or equal to 0`,
      ),
    ],
    [
      'an unknown retention',
      'statefulsets',
      set({ persistentVolumeClaimRetentionPolicy: { whenScaled: 'Keep' } }),
      [
        'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Retain", "Delete"',
      ],
    ],
  ])
  t.strictSame(
    updateFaults('statefulsets', set({ serviceName: 'a' }), set({ serviceName: 'b', replicas: 3 })),
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  )
  t.strictSame(updateFaults('statefulsets', set(), set({ replicas: 3, minReadySeconds: 1 })), [])
  const status = { ...set(), status: { replicas: 1, readyReplicas: 2, availableReplicas: 0 } }
  t.strictSame(statusFaults('statefulsets', set(), status), [
    'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
  ])
})

void t.test('HorizontalPodAutoscaler', async t => {
  const refersTo = (apiVersion: string, kind = 'Deployment'): object => ({
    scaleTargetRef: { apiVersion, kind, name: 'd' },
  })
  const hpa = (more: object): object => ({
    spec: { ...refersTo('apps/v1'), maxReplicas: 3, ...more },
  })
  const kind = 'horizontalpodautoscalers'
  const metric = (...metrics: readonly object[]): object => hpa({ metrics })
  const target = { type: 'Utilization', averageUtilization: 50 }
  const of = (apiVersion: string): object => ({
    type: 'Object',
    object: {
      describedObject: { apiVersion, kind: 'Service', name: 's' },
      metric: { name: 'm' },
      target: { type: 'Value', value: '1' },
    },
  })
  runCases(t, [
    ['a good one', kind, hpa({}), []],
    [
      'bad bounds',
      kind,
      hpa({ minReplicas: 0, maxReplicas: -1 }),
      [
        'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
        'spec.maxReplicas: Invalid value: -1: must be greater than or equal to 1',
        'spec.maxReplicas: Invalid value: -1: must be greater than or equal to `minReplicas`',
        'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
      ],
    ],
    [
      'no target',
      kind,
      { spec: { scaleTargetRef: { kind: 'a/b', name: '' }, maxReplicas: 1 } },
      [
        `spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain '/'`,
        'spec.scaleTargetRef.name: Required value',
        'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
      ],
    ],
    ['the kind of the core group', kind, hpa(refersTo('v1', 'ReplicationController')), []],
    [
      'no API version at all',
      kind,
      hpa(refersTo('a/b/c')),
      [
        'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      ],
    ],
    [
      'what a metric describes',
      kind,
      metric(of('v1'), of('a/b/c')),
      [
        'spec.metrics[1].object.describedObject.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      ],
    ],
    [
      'metrics of the wrong source',
      kind,
      metric({ type: 'Pods', resource: { name: 'cpu', target } }, { type: 'Disk' }),
      [
        'spec.metrics[0].pods: Required value: must populate information for the given metric source',
        'spec.metrics[1].type: Unsupported value: "Disk": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
        'spec.metrics[1].type: Unsupported value: "Disk": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
      ],
    ],
    [
      'a container and its resource',
      kind,
      metric({
        type: 'ContainerResource',
        containerResource: { name: 'disk', container: '', target },
      }),
      [
        'spec.metrics[0].containerResource.name: Invalid value: "disk": must be a standard resource type or fully qualified',
        'spec.metrics[0].containerResource.name: Invalid value: "disk": must be a standard resource for containers',
        'spec.metrics[0].containerResource.container: Required value: must specify a container',
      ],
    ],
    [
      'bad behavior',
      kind,
      hpa({
        behavior: {
          scaleUp: {
            stabilizationWindowSeconds: 3601,
            selectPolicy: 'Any',
            policies: [{ type: 'Pods', value: 0, periodSeconds: 1801 }],
          },
        },
      }),
      [
        'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
        'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Any": supported values: "Disabled", "Max", "Min"',
        'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
        'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
      ],
    ],
  ])
  const stays = 'an API version that stays is not looked at again'
  t.strictSame(
    updateFaults(kind, hpa(refersTo('v1')), hpa({ ...refersTo('v1'), maxReplicas: 4 })),
    [],
    stays,
  )
  t.strictSame(updateFaults(kind, metric(of('a/b/c')), metric(of('d/e/f'))), [], stays)
  t.strictSame(updateFaults(kind, hpa({}), hpa(refersTo('v1'))), [
    'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group',
  ])
})

void t.test('PodDisruptionBudget and RuntimeClass', async t => {
  runCases(t, [
    ['a good budget', 'poddisruptionbudgets', { spec: { minAvailable: '50%' } }, []],
    [
      'both bounds',
      'poddisruptionbudgets',
      { spec: { minAvailable: 1, maxUnavailable: '120%' } },
      [
        'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"120%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
        'spec.maxUnavailable: Invalid value: "120%": must not be greater than 100%',
      ],
    ],
    [
      'an unknown policy',
      'poddisruptionbudgets',
      { spec: { unhealthyPodEvictionPolicy: 'Never' } },
      [
        'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
      ],
    ],
    ['a good class', 'runtimeclasses', { handler: 'runc' }, []],
    [
      'a bad handler',
      'runtimeclasses',
      { handler: 'R' },
      [`handler: Invalid value: "R": ${LABEL}`],
    ],
  ])
  t.strictSame(updateFaults('runtimeclasses', { handler: 'a' }, { handler: 'b' }), [
    'handler: Invalid value: "b": field is immutable',
  ])
})
