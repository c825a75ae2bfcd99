/** Old versions of kinds: what they turn into, and that nothing is lost on the way back. */
import t from 'tap'
import {
  fromStorage,
  hasSamePaths,
  isWaived,
  restated,
  toStorage,
} from '#api/conversion/convert.ts'
import { oldScale } from '#api/conversion/smaller.ts'
import { CONVERSIONS, WAIVED } from '#api/conversion/table.ts'
import {
  apiVersionOf,
  isSharedForm,
  resourceOfKind,
  resources,
  servedResources,
  storedKind,
  storedResources,
} from '#api/scheme.ts'
import { rowOf, sent } from '../../support/conversion-cases.ts'

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'nginx' }] },
}

/** [version, plural, what is sent, what of it is stored, what of the storage's version is not said in the old one] */
const CASES: readonly (readonly [string, string, object, object])[] = [
  [
    'extensions/v1beta1',
    'deployments',
    { spec: { template, rollbackTo: { revision: 3 } } },
    {
      metadata: {
        labels: { app: 'web' },
        annotations: { 'deprecated.deployment.rollback.to': '3' },
      },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
        revisionHistoryLimit: 2147483647,
        progressDeadlineSeconds: 2147483647,
      },
    },
  ],
  [
    'apps/v1beta1',
    'deployments',
    { spec: { template } },
    {
      spec: {
        selector: { matchLabels: { app: 'web' } },
        strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        revisionHistoryLimit: 2,
        progressDeadlineSeconds: 600,
      },
    },
  ],
  [
    'apps/v1beta1',
    'statefulsets',
    { spec: { serviceName: 's', template } },
    { spec: { updateStrategy: { type: 'OnDelete' }, selector: { matchLabels: { app: 'web' } } } },
  ],
  [
    'apps/v1beta2',
    'statefulsets',
    { spec: { serviceName: 's', template, selector: { matchLabels: { app: 'web' } } } },
    { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } } },
  ],
  [
    'extensions/v1beta1',
    'daemonsets',
    { spec: { template, templateGeneration: 7 } },
    {
      metadata: { annotations: { 'deprecated.daemonset.template.generation': '7' } },
      spec: { updateStrategy: { type: 'OnDelete' }, selector: { matchLabels: { app: 'web' } } },
    },
  ],
  [
    'extensions/v1beta1',
    'ingresses',
    {
      spec: {
        backend: { serviceName: 'a', servicePort: 80 },
        rules: [
          { host: 'h', http: { paths: [{ backend: { serviceName: 'b', servicePort: 'web' } }] } },
        ],
      },
    },
    {
      spec: {
        defaultBackend: { service: { name: 'a', port: { number: 80 } } },
        rules: [
          {
            http: {
              paths: [
                {
                  pathType: 'ImplementationSpecific',
                  backend: { service: { name: 'b', port: { name: 'web' } } },
                },
              ],
            },
          },
        ],
      },
    },
  ],
  [
    'networking.k8s.io/v1beta1',
    'ingresses',
    { spec: { backend: { resource: { kind: 'Bucket', name: 'static' } } } },
    { spec: { defaultBackend: { resource: { kind: 'Bucket', name: 'static' } } } },
  ],
  [
    'extensions/v1beta1',
    'networkpolicies',
    { spec: { podSelector: {}, ingress: [{ ports: [{ port: 80, protocol: 'TCP' }] }] } },
    { spec: { ingress: [{ ports: [{ port: 80 }] }] } },
  ],
  [
    'batch/v2alpha1',
    'cronjobs',
    { spec: { schedule: '@daily', jobTemplate: { spec: { template } } } },
    { apiVersion: 'batch/v1', spec: { schedule: '@daily' } },
  ],
  [
    'policy/v1beta1',
    'poddisruptionbudgets',
    { spec: { selector: {} } },
    {
      spec: {
        selector: {
          matchExpressions: [
            {
              key: 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match',
              operator: 'Exists',
            },
          ],
        },
      },
    },
  ],
  [
    'events.k8s.io/v1',
    'events',
    { regarding: { kind: 'Pod' }, note: 'n', deprecatedCount: 3, eventTime: null },
    { apiVersion: 'v1', involvedObject: { kind: 'Pod' }, message: 'n', count: 3 },
  ],
  [
    'discovery.k8s.io/v1beta1',
    'endpointslices',
    {
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.0.0.1'], topology: { 'topology.kubernetes.io/zone': 'z', rack: '7' } },
      ],
      ports: [],
    },
    { endpoints: [{ zone: 'z', deprecatedTopology: { rack: '7' } }] },
  ],
  [
    'rbac.authorization.k8s.io/v1alpha1',
    'rolebindings',
    {
      subjects: [
        { kind: 'User', name: 'jane', apiVersion: 'rbac.authorization.k8s.io/v1alpha1' },
        { kind: 'ServiceAccount', name: 'a', namespace: 'n', apiVersion: 'v1' },
        { kind: 'Robot', name: 'r', apiVersion: 'example.com/' },
      ],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
    },
    {
      subjects: [
        { kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' },
        { kind: 'ServiceAccount', name: 'a', namespace: 'n' },
        { kind: 'Robot', name: 'r', apiGroup: 'example.com' },
      ],
    },
  ],
  [
    'apiextensions.k8s.io/v1beta1',
    'customresourcedefinitions',
    {
      spec: {
        group: 'example.com',
        version: 'v1',
        names: { plural: 'crons', kind: 'Cron' },
        validation: { openAPIV3Schema: { type: 'object' } },
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Spec', type: 'string', JSONPath: '.spec' }],
      },
    },
    {
      spec: {
        preserveUnknownFields: true,
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object' } },
            subresources: { status: {} },
            additionalPrinterColumns: [{ name: 'Spec', jsonPath: '.spec' }],
          },
        ],
      },
    },
  ],
]

void t.test('what an old version sends is stored in the form of the current one', async t => {
  for (const [apiVersion, plural, fields, expected] of CASES) {
    const resource = rowOf(apiVersion, plural)
    const stored = toStorage(resource, sent(resource, fields))
    t.match(stored, expected, `${apiVersion} ${plural}`)
    t.equal(stored.apiVersion, apiVersionOf(resource.storage()))
    const shown = fromStorage(resource, stored)
    t.match(shown, fields, `${apiVersion} ${plural}: reads as it was sent`)
    t.same(toStorage(resource, shown), stored, `${apiVersion} ${plural}: and back`)
  }
})

void t.test('one row per storage', async t => {
  for (const resource of resources()) {
    const stored = resource.storage()
    t.equal(stored.storage(), stored, `${apiVersionOf(resource)} ${resource.plural}`)
    t.equal(stored.namespaced, resource.namespaced)
    t.equal(stored.kind, resource.kind)
    if (resource.isOld && stored !== resource)
      t.ok(resource.warning !== '' || /alpha|v1beta1$/.test(resource.version))
  }
  const keys = storedResources().map(({ group, plural }) => `${plural}.${group}`)
  t.equal(new Set(keys).size, keys.length)
  t.ok(servedResources(true).every(({ isOld }) => !isOld))
  t.ok(isSharedForm({ group: 'extensions', version: 'v1beta1', plural: 'replicasets' }))
  t.notOk(isSharedForm({ group: 'apps', version: 'v1', plural: 'replicasets' }))
  t.same(storedKind({ apiVersion: 'extensions/v1beta1', kind: 'ReplicaSet' }), {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
  })
  t.same(storedKind({ apiVersion: 'x/v1', kind: 'Y' }), { apiVersion: 'x/v1', kind: 'Y' })
})

void t.test('rows of the tables are of served kinds', async t => {
  for (const key of [...Object.keys(CONVERSIONS), ...Object.keys(WAIVED)]) {
    const [apiVersion = '', plural = ''] = key.split(' ')
    t.not(rowOf(apiVersion, plural).storage(), rowOf(apiVersion, plural), key)
  }
  const fault = { field: 'spec.selector', message: 'Invalid value: {}: field is immutable' }
  t.ok(isWaived(rowOf('extensions/v1beta1', 'deployments'), fault))
  t.notOk(isWaived(rowOf('apps/v1beta2', 'deployments'), fault))
  const other = { field: 'spec.selector', message: 'Required value' }
  t.notOk(isWaived(rowOf('extensions/v1beta1', 'deployments'), other))
  t.notOk(hasSamePaths(rowOf('extensions/v1beta1', 'ingresses')))
  t.ok(hasSamePaths(rowOf('apps/v1beta1', 'deployments')))
})

void t.test('an apply of metadata alone stays one', async t => {
  for (const name of Object.keys(CONVERSIONS)) {
    const [apiVersion = '', plural = ''] = name.split(' ')
    const row = rowOf(apiVersion, plural)
    if (hasSamePaths(row)) continue
    const metadata = { name: 'x', labels: { a: 'b' } }
    t.notOk('spec' in restated(row, { apiVersion, kind: row.kind, metadata }), name)
  }
})

void t.test("warnings are in upstream's words", async t => {
  const warning = (group: string, version: string, kind: string) =>
    resourceOfKind(group, version, kind)?.warning
  t.equal(
    warning('extensions', 'v1beta1', 'Deployment'),
    'extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment',
  )
  t.equal(
    warning('policy', 'v1beta1', 'PodSecurityPolicy'),
    'policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+',
  )
  t.equal(warning('apps', 'v1', 'Deployment'), '')
})

void t.test('old Scale', async t => {
  const scale = (selector: string) => oldScale({ status: { replicas: 2, selector } })
  t.same(scale('a=b,c=d'), {
    status: { replicas: 2, selector: { a: 'b', c: 'd' }, targetSelector: 'a=b,c=d' },
  })
  t.same(scale('a in (b,c)'), { status: { replicas: 2, targetSelector: 'a in (b,c)' } })
  t.same(scale(''), { status: { replicas: 2 } })
})
