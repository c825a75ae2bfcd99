/** The official JavaScript client against a real server over HTTPS: typed APIs, patches, subresources, untyped objects. */
import t from 'tap'
import * as everything from '@kubernetes/client-node'
import {
  AdmissionregistrationV1Api,
  ApiException,
  ApiextensionsV1Api,
  ApisApi,
  AppsV1Api,
  AuthenticationV1Api,
  AuthorizationV1Api,
  AutoscalingV2Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  Health,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  loadAllYaml,
  Metrics,
  NetworkingV1Api,
  PatchStrategy,
  PolicyV1Api,
  RbacAuthorizationV1Api,
  ResourceV1Api,
  SchedulingV1Api,
  setHeaderOptions,
  StorageV1Api,
  topNodes,
  V1CustomResourceDefinition,
  V1MicroTime,
  VersionApi,
} from '@kubernetes/client-node'
import { connectRaw, startApi } from './api-fixture.ts'
import { until } from './control-fixture.ts'

const fixture = await startApi()
t.teardown(() => fixture.close())
const raw = connectRaw(fixture)
for (const name of ['default', 'typed'])
  await raw.send('POST', '/api/v1/namespaces', { metadata: { name } })
raw.close()

const config = new KubeConfig()
config.loadFromFile(fixture.kubeconfig)
const core = config.makeApiClient(CoreV1Api)
const apps = config.makeApiClient(AppsV1Api)

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
const podSpec = { containers: [{ name: 'c', image: 'i' }] }
const labels = { app: 'one' }
const template = { metadata: { labels }, spec: podSpec }
const selector = { matchLabels: labels }
const jobTemplate = { spec: { ...podSpec, restartPolicy: 'Never' } }
const port = { number: 80 }
const microTime = new V1MicroTime('2026-01-02T03:04:05.678901Z')
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
const requests = [{ name: 'r', exactly: { deviceClassName: 'c' } }]
const version = {
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object' } },
}
const matchConstraints = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
  ],
}

/** Kind, as the client's methods name it, and what one needs beside its name. */
const KINDS: readonly (readonly [object, string, object])[] = [
  [core, 'NamespacedConfigMap', { data: { k: 'v' }, binaryData: { b: 'AAH/' } }],
  [core, 'NamespacedSecret', { stringData: { k: 'v' } }],
  [core, 'NamespacedService', { spec: { ports: [{ port: 80, targetPort: 'http' }] } }],
  [core, 'NamespacedPod', { spec: podSpec }],
  [core, 'NamespacedServiceAccount', { automountServiceAccountToken: false }],
  [core, 'NamespacedPersistentVolumeClaim', { spec: claim }],
  [core, 'Node', { spec: { podCIDR: '10.42.0.0/24' } }],
  [apps, 'NamespacedDeployment', { spec: { selector, template } }],
  [apps, 'NamespacedStatefulSet', { spec: { selector, template, serviceName: 's' } }],
  [apps, 'NamespacedDaemonSet', { spec: { selector, template } }],
  [config.makeApiClient(BatchV1Api), 'NamespacedJob', { spec: { template: jobTemplate } }],
  [
    config.makeApiClient(BatchV1Api),
    'NamespacedCronJob',
    { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: jobTemplate } } } },
  ],
  [
    config.makeApiClient(NetworkingV1Api),
    'NamespacedIngress',
    { spec: { defaultBackend: { service: { name: 's', port } } } },
  ],
  [
    config.makeApiClient(NetworkingV1Api),
    'NamespacedNetworkPolicy',
    { spec: { podSelector: {}, ingress: [{ _from: [{ podSelector: selector }] }] } },
  ],
  [config.makeApiClient(RbacAuthorizationV1Api), 'NamespacedRole', { rules }],
  [config.makeApiClient(RbacAuthorizationV1Api), 'ClusterRole', { rules }],
  [config.makeApiClient(StorageV1Api), 'StorageClass', { provisioner: 'p' }],
  [config.makeApiClient(SchedulingV1Api), 'PriorityClass', { value: 7 }],
  [
    config.makeApiClient(PolicyV1Api),
    'NamespacedPodDisruptionBudget',
    { spec: { selector, minAvailable: '50%' } },
  ],
  [
    config.makeApiClient(AutoscalingV2Api),
    'NamespacedHorizontalPodAutoscaler',
    {
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      },
    },
  ],
  [
    config.makeApiClient(CoordinationV1Api),
    'NamespacedLease',
    { spec: { holderIdentity: 'h', renewTime: microTime } },
  ],
  [
    config.makeApiClient(DiscoveryV1Api),
    'NamespacedEndpointSlice',
    { addressType: 'IPv4', endpoints: [{ addresses: ['1.2.3.4'] }] },
  ],
  [
    config.makeApiClient(ResourceV1Api),
    'NamespacedResourceClaim',
    { spec: { devices: { requests } } },
  ],
  [
    config.makeApiClient(AdmissionregistrationV1Api),
    'ValidatingAdmissionPolicy',
    { spec: { matchConstraints, validations: [{ expression: 'true' }] } },
  ],
  [
    config.makeApiClient(ApiextensionsV1Api),
    'CustomResourceDefinition',
    {
      metadata: { name: 'ones.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Cluster',
        names: { plural: 'ones', kind: 'One' },
        versions: [version],
      },
    },
  ],
]

/** What the client's methods give, of every kind. */
interface Answer extends KubernetesObject {
  readonly items?: readonly KubernetesObject[]
}

/** The seam from names of methods to methods. */
const call = (api: object, method: string, ...args: readonly object[]): Promise<Answer> => {
  const found: unknown = Reflect.get(api, method)
  if (typeof found !== 'function') throw new Error(`the client has no ${method}`)
  return Reflect.apply(found, api, args) as Promise<Answer>
}

/** The server itself goes on to work on definitions, until they are established and until they are gone. */
const isReady = (one: Answer): boolean =>
  !(one instanceof V1CustomResourceDefinition) ||
  one.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  ) === true

for (const [api, kind, fields] of KINDS)
  void t.test(`typed: ${kind}`, async t => {
    const place = kind.startsWith('Namespaced') ? { namespace: 'typed' } : {}
    const metadata = { name: 'one', labels, ...Reflect.get(fields, 'metadata') }
    const { name } = metadata
    const made = await call(api, `create${kind}`, { ...place, body: { ...fields, metadata } })
    t.type(made.metadata?.creationTimestamp, Date)
    const get = (): Promise<Answer> => call(api, `read${kind}`, { ...place, name })
    const read = await until('ready', async () => [await get()].find(isReady))
    if (isReady(made)) t.strictSame(read, made, 'read as created')
    else t.equal(read.metadata?.uid, made.metadata?.uid, 'read as created, and established')
    const list = await call(api, `list${kind}`, { ...place, labelSelector: 'app=one' })
    t.strictSame(
      list.items?.map(item => item.metadata?.uid),
      [made.metadata?.uid],
    )
    const body = read
    Object.assign(body.metadata ?? {}, { annotations: { replaced: 'yes' } })
    const replaced = await call(api, `replace${kind}`, { ...place, name, body })
    t.match(replaced.metadata?.annotations, { replaced: 'yes' })
    await t.rejects(call(api, `replace${kind}`, { ...place, name, body }), { code: 409 }, 'stale')
    const operations = [{ op: 'test', path: '/metadata/name', value: name }]
    const add = { op: 'add', path: '/metadata/labels/patched', value: 'yes' }
    const patched = await call(api, `patch${kind}`, { ...place, name, body: [...operations, add] })
    t.strictSame(patched.metadata?.labels, { ...labels, patched: 'yes' })
    await call(api, `delete${kind}`, { ...place, name, propagationPolicy: 'Background' })
    const error = await until('gone', () =>
      get().then(
        () => undefined,
        reason => reason,
      ),
    )
    t.ok(error instanceof ApiException && error.code === 404, String(error))
  })

void t.test('times with microseconds', async t => {
  const leases = config.makeApiClient(CoordinationV1Api)
  const body = { metadata: { name: 'm' }, spec: { renewTime: microTime } }
  const made = await leases.createNamespacedLease({ namespace: 'default', body })
  t.equal(JSON.stringify(made.spec?.renewTime), JSON.stringify(microTime))
})

void t.test('patches of every type, and conflicts of appliers', async t => {
  const body = { metadata: { name: 'patched' }, spec: { replicas: 1, selector, template } }
  await apps.createNamespacedDeployment({ namespace: 'default', body })
  const patch = (strategy: PatchStrategy, body: unknown, more: object = {}) =>
    apps.patchNamespacedDeployment(
      { namespace: 'default', name: 'patched', body, ...more },
      setHeaderOptions('Content-Type', strategy),
    )
  const containers = [{ name: 'd', image: 'j' }]
  const strategic = { spec: { template: { spec: { containers } } } }
  const both = await patch(PatchStrategy.StrategicMergePatch, strategic)
  t.strictSame(
    both.spec?.template.spec?.containers.map(({ name }) => name),
    ['d', 'c'],
  )
  const one = await patch(PatchStrategy.MergePatch, strategic)
  t.strictSame(
    one.spec?.template.spec?.containers.map(({ name }) => name),
    ['d'],
  )
  const type = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'patched' } }
  const apply = { ...type, spec: { replicas: 5 } }
  const refused: unknown = await patch(PatchStrategy.ServerSideApply, apply, {
    fieldManager: 'other',
  }).catch(reason => reason)
  t.match(refused, { code: 409 })
  t.match(String(refused), 'Apply failed with 1 conflict')
  const forced = await patch(PatchStrategy.ServerSideApply, apply, {
    fieldManager: 'other',
    force: true,
  })
  t.equal(forced.spec?.replicas, 5)
  t.match(
    forced.metadata?.managedFields?.map(({ manager, operation }) => [manager, operation])[0],
    ['other', 'Apply'],
  )
  await t.rejects(patch(PatchStrategy.JsonPatch, [{ op: 'remove', path: '/spec/nothing' }]), {
    code: 422,
  })
  const dry = await patch(PatchStrategy.MergePatch, { spec: { replicas: 9 } }, { dryRun: 'All' })
  t.equal(dry.spec?.replicas, 9)
  const read = await apps.readNamespacedDeployment({ namespace: 'default', name: 'patched' })
  t.equal(read.spec?.replicas, 5)
})

void t.test('subresources', async t => {
  const body = { metadata: { name: 'scaled' }, spec: { replicas: 1, selector, template } }
  const at = { namespace: 'default', name: 'scaled' }
  await apps.createNamespacedDeployment({ namespace: 'default', body })
  const scale = await apps.readNamespacedDeploymentScale(at)
  t.match(scale, { spec: { replicas: 1 }, status: { selector: 'app=one' } })
  const scaled = await apps.replaceNamespacedDeploymentScale({
    ...at,
    body: Object.assign(scale, { spec: { replicas: 4 } }),
  })
  t.equal(scaled.spec?.replicas, 4)
  const read = await apps.readNamespacedDeployment(at)
  const status = await apps.replaceNamespacedDeploymentStatus({
    ...at,
    body: Object.assign(read, { status: { replicas: 3 } }),
  })
  t.match(status, { spec: { replicas: 4 }, status: { replicas: 3 } })
  await core.createNamespacedServiceAccount({
    namespace: 'default',
    body: { metadata: { name: 'sa' } },
  })
  const token = await core.createNamespacedServiceAccountToken({
    namespace: 'default',
    name: 'sa',
    body: { spec: { audiences: ['a'] } },
  })
  t.equal(token.status?.token, 'default:sa')
  t.type(token.status?.expirationTimestamp, Date)
  const review = await config.makeApiClient(AuthenticationV1Api).createTokenReview({
    body: { spec: { token: 'admin' } },
  })
  t.match(review.status, { authenticated: true, user: { username: 'admin' } })
  const access = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({
    body: { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
  })
  t.equal(access.status?.allowed, true)
})

const MANIFESTS = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: untyped }
rules: [{ verbs: [get], apiGroups: [''], resources: [pods] }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: untyped, namespace: default }
spec: { podSelector: {} }
---
apiVersion: v1
kind: Service
metadata: { name: untyped }
spec: { ports: [{ port: 80 }] }
`

void t.test('untyped objects', async t => {
  const objects = KubernetesObjectApi.makeApiClient(config)
  const manifests: readonly KubernetesObject[] = loadAllYaml(MANIFESTS)
  for (const manifest of manifests) {
    const { apiVersion = '', kind = '' } = manifest
    const metadata = { name: 'untyped', namespace: manifest.metadata?.namespace ?? 'default' }
    const made = await objects.create(manifest, undefined, undefined, 'untyped')
    t.match(made, { apiVersion, kind, metadata: { name: 'untyped' } })
    t.equal(made.metadata?.managedFields?.[0]?.manager, 'untyped')
    const read = await objects.read({ apiVersion, kind, metadata })
    t.equal(read.metadata?.uid, made.metadata?.uid)
    const patched = await objects.patch({
      apiVersion,
      kind,
      metadata: { ...metadata, labels: { patched: 'yes' } },
    })
    const replaced = await objects.replace({
      ...patched,
      metadata: { ...patched.metadata, labels: { replaced: 'yes' } },
    })
    t.strictSame(replaced.metadata?.labels, { replaced: 'yes' })
    const label = [undefined, undefined, undefined, undefined, undefined, 'replaced=yes'] as const
    t.equal((await objects.list(apiVersion, kind, ...label)).items.length, 1)
    await objects.delete(manifest)
    await t.rejects(objects.read({ apiVersion, kind, metadata }), { code: 404 })
  }
  await t.rejects(objects.create({ apiVersion: 'v1', kind: 'Nothing' }), /Nothing/)
})

void t.test('version, groups, health, and metrics that nobody serves', async t => {
  t.match(await config.makeApiClient(VersionApi).getCode(), { major: '1', platform: /^linux\// })
  const groups = await config.makeApiClient(ApisApi).getAPIVersions()
  t.ok(groups.groups.some(({ name }) => name === 'apps'))
  const health = new Health(config)
  t.equal(await health.readyz({}), true)
  t.equal(await health.livez({}), true)
  // Outside the groups that are served there is a line of text, which this client takes for JSON.
  await t.rejects(new Metrics(config).getNodeMetrics(), /Error occurred in metrics request/)
  await core.createNode({
    body: { metadata: { name: 'top' }, status: { capacity: { cpu: '2', memory: '1Gi' } } },
  })
  t.match(await topNodes(core), [{ Node: { metadata: { name: 'top' } }, CPU: { Capacity: 2 } }])
})

/** Stable groups and versions: those of betas are off upstream too, unless kept for old clients. */
const STABLE = Object.entries(everything).filter(
  ([name]) =>
    /^(?:[A-Z][a-z]+)+(?:V[12])?Api$/.test(name) &&
    !/^(?:Custom|Internal|Kubernetes|Logs|Openid|Well)/.test(name),
)
const UNKNOWN_PATH = 'the server could not find the requested resource'

void t.test('every method of every stable API reaches something', async t => {
  const lost: string[] = []
  let asked = 0
  const ask = async (api: object, name: string): Promise<void> => {
    const metadata = { name: 'none' }
    const args = {
      namespace: 'default',
      name: 'none',
      path: 'x',
      dryRun: 'All',
      body: { metadata },
    }
    const options = name.startsWith('patch') ? merge : {}
    const error: unknown = await call(api, name, args, options).catch(reason => reason)
    asked += 1
    const code = error instanceof ApiException ? error.code : 200
    const isLost = error instanceof Error && (code < 400 || error.message.includes(UNKNOWN_PATH))
    if (isLost || code === 405 || code >= 500) lost.push(`${name}: ${String(error)}`)
  }
  for (const [, found] of STABLE) {
    const { prototype } = Object(found)
    const names = Object.getOwnPropertyNames(prototype).filter(
      name => /^(create|delete|get|list|patch|read|replace)/.test(name) && !name.endsWith('Info'),
    )
    const api: object = config.makeApiClient(Object(found))
    await Promise.all(names.map(name => ask(api, name)))
  }
  t.ok(asked > 600, `${asked} methods`)
  t.strictSame(lost, [])
})
