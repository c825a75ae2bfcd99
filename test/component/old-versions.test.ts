/** Old group-versions over HTTP and with kubectl: one storage, read and written in several forms. */
import t from 'tap'
import type { ConfigMap } from '#api/types/core-v1.ts'
import { REQUEST } from '../support/certificates.ts'
import { type Reply, connectRaw, linesOf, startApi } from './api-fixture.ts'
import { CONFIG, startControlCluster, until } from './control-fixture.ts'
import { conditionsOf } from './definitions-fixture.ts'

const fixture = await startApi()
const client = connectRaw(fixture)
t.teardown(async () => {
  client.close()
  await fixture.close()
})
const send: typeof client.send = (...request) => client.send(...request)
await send('POST', '/api/v1/namespaces', { metadata: { name: 'old' } })

const at = (groupVersion: string, plural: string, name = ''): string =>
  `/apis/${groupVersion}/namespaces/old/${plural}${name === '' ? '' : `/${name}`}`

const OLD = 'extensions/v1beta1'
const NOW = 'apps/v1'

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'nginx:1.7.9' }] },
}

const deployment = (name: string): object => ({
  apiVersion: OLD,
  kind: 'Deployment',
  metadata: { name },
  spec: { template },
})

const WARNING =
  '299 - "extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment"'

const managersOf = (reply: Reply): unknown =>
  (reply.body.metadata['managedFields'] as { manager: string; apiVersion: string }[]).map(
    ({ manager, apiVersion }) => `${manager} ${apiVersion}`,
  )

void t.test('a Deployment of 2017 is one object in every version', async t => {
  const created = await send('POST', at(OLD, 'deployments'), deployment('web'))
  t.match(created, { status: 201, body: { apiVersion: OLD }, headers: { warning: WARNING } })
  const now = await send('GET', at(NOW, 'deployments', 'web'))
  t.equal(now.headers['warning'], undefined)
  t.match(now.body, {
    apiVersion: NOW,
    metadata: { uid: created.body.metadata['uid'] },
    spec: { selector: { matchLabels: { app: 'web' } }, revisionHistoryLimit: 2147483647 },
  })
  t.same(managersOf(now), [`unknown ${OLD}`])
  for (const version of [OLD, 'apps/v1beta1', 'apps/v1beta2', NOW]) {
    const list = await send('GET', at(version, 'deployments'))
    t.match(list.body, { apiVersion: version, kind: 'DeploymentList', items: { length: 1 } })
    t.match(list.body.items[0], { apiVersion: version, kind: 'Deployment' })
  }
})

void t.test('it is watched in the version asked for', async t => {
  const stream = client.open(`${at(OLD, 'deployments')}?watch=true`)
  for await (const line of linesOf(stream)) {
    t.match(line, { type: 'ADDED', object: { apiVersion: OLD, metadata: { name: 'web' } } })
    break
  }
  stream.close()
})

void t.test(
  'patches and updates in any version; selectors stay as changeable as they were',
  async t => {
    const merge = { 'content-type': 'application/merge-patch+json' }
    const labels = { app: 'web', tier: 'front' }
    const change = {
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels } } },
    }
    const refused = await send('PATCH', at(NOW, 'deployments', 'web'), change, merge)
    t.match(refused.body, { code: 422, message: /spec.selector: .*field is immutable/ })
    const changed = await send('PATCH', at(OLD, 'deployments', 'web'), change, merge)
    t.match(changed, {
      status: 200,
      body: { apiVersion: OLD, spec: { selector: { matchLabels: labels } } },
    })
    const read = await send('GET', at('apps/v1beta1', 'deployments', 'web'))
    const replaced = await send('PUT', at('apps/v1beta1', 'deployments', 'web'), {
      ...read.body,
      spec: { ...(read.body['spec'] as object), replicas: 3 },
    })
    t.match(replaced, { status: 200, body: { apiVersion: 'apps/v1beta1', spec: { replicas: 3 } } })
  },
)

void t.test('old Scale kinds, and rollback', async t => {
  const path = `${at(OLD, 'deployments', 'web')}/scale`
  const scale = await send('GET', path)
  t.match(scale.body, {
    apiVersion: OLD,
    kind: 'Scale',
    spec: { replicas: 3 },
    status: { selector: { app: 'web', tier: 'front' }, targetSelector: 'app=web,tier=front' },
  })
  const scaled = await send('PUT', path, { ...scale.body, spec: { replicas: 2 } })
  t.match(scaled, { status: 200, body: { apiVersion: OLD, spec: { replicas: 2 } } })
  const asked = {
    apiVersion: OLD,
    kind: 'DeploymentRollback',
    name: 'web',
    rollbackTo: { revision: 1 },
  }
  const to = `${at(OLD, 'deployments', 'web')}/rollback`
  t.match(await send('POST', to, { ...asked, updatedAnnotations: { 'no key': 'x' } }), {
    status: 422,
    body: { message: /metadata.annotations: Invalid value: "no key"/ },
  })
  const rollback = await send('POST', to, asked)
  t.match(rollback.body, {
    kind: 'Status',
    message: 'rollback request for deployment "web" succeeded',
  })
  const after = await send('GET', at(OLD, 'deployments', 'web'))
  t.match(after.body, { spec: { replicas: 2, rollbackTo: { revision: 1 } } })
})

void t.test('server-side apply: owners meet across versions', async t => {
  const apply = { 'content-type': 'application/apply-patch+yaml' }
  const ingress = (apiVersion: string, spec: object): object => ({
    apiVersion,
    kind: 'Ingress',
    metadata: { name: 'in' },
    spec,
  })
  const BETA = 'networking.k8s.io/v1beta1'
  const V1 = 'networking.k8s.io/v1'
  const created = await send(
    'PATCH',
    `${at(BETA, 'ingresses', 'in')}?fieldManager=old`,
    ingress(BETA, { backend: { serviceName: 'a', servicePort: 80 } }),
    apply,
  )
  t.match(created, {
    status: 201,
    body: { apiVersion: BETA, spec: { backend: { serviceName: 'a', servicePort: 80 } } },
  })
  t.same(managersOf(created), [`old ${V1}`], 'where names differ, by the stored ones')
  const conflict = await send(
    'PATCH',
    `${at(V1, 'ingresses', 'in')}?fieldManager=new`,
    ingress(V1, { defaultBackend: { service: { name: 'b', port: { number: 80 } } } }),
    apply,
  )
  t.match(conflict.body, { code: 409, message: /conflict with "old"/ })
  const wrong = await send(
    'PATCH',
    `${at(BETA, 'ingresses', 'in')}?fieldManager=old`,
    ingress(V1, {}),
    apply,
  )
  t.equal(wrong.status, 400)
})

void t.test('tables show the same, whatever the version', async t => {
  for (const version of ['networking.k8s.io/v1beta1', 'networking.k8s.io/v1', OLD]) {
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
    const cells = async (name: string): Promise<unknown> => {
      const { body } = await send('GET', at(version, 'ingresses', name), undefined, table)
      return (body['rows'] as { cells: unknown[] }[])[0]?.cells.slice(0, 4)
    }
    t.same(await cells('in'), await cells(''), version)
    t.equal(((await cells('in')) as unknown[])[0], 'in')
  }
  const scaler = {
    metadata: { name: 'web' },
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    },
  }
  await send('POST', at('autoscaling/v1', 'horizontalpodautoscalers'), scaler)
  const shown = await fixture.kubectl(['get', 'hpa.v1.autoscaling', '-n', 'old', 'web'])
  t.match(shown.stdout, /web +Deployment\/web +cpu: <unknown>\/80% /)
})

void t.test('validation names fields as the stored version does', async t => {
  const faulty = await send('POST', at('networking.k8s.io/v1beta1', 'ingresses'), {
    metadata: { name: 'faulty' },
    spec: { backend: { serviceName: '', servicePort: 80 } },
  })
  t.match(faulty.body, { code: 422, message: /spec.defaultBackend.service.name: Required value/ })
})

void t.test('kinds that are stored as they were', async t => {
  const psp = { metadata: { name: 'open' }, spec: PSP_SPEC }
  const created = await send('POST', `/apis/${OLD}/podsecuritypolicies`, psp)
  t.match(created, { status: 201, body: { apiVersion: OLD } })
  const read = await send('GET', '/apis/policy/v1beta1/podsecuritypolicies/open')
  t.match(read.body, { spec: { ...PSP_SPEC, allowPrivilegeEscalation: true } })
  const resource = { metadata: { name: 'cron-tab.example.com' }, versions: [{ name: 'v1' }] }
  t.equal((await send('POST', `/apis/${OLD}/thirdpartyresources`, resource)).status, 201)
  const preset = { metadata: { name: 'p' }, spec: { env: [{ name: 'A', value: 'b' }] } }
  t.equal((await send('POST', at('settings.k8s.io/v1alpha1', 'podpresets'), preset)).status, 201)
})

const RULE = { rule: 'RunAsAny' }
const PSP_SPEC = { seLinux: RULE, runAsUser: RULE, supplementalGroups: RULE, fsGroup: RULE }

void t.test('annotations that were fields', async t => {
  const pod = {
    metadata: {
      name: 'annotated',
      annotations: {
        'scheduler.alpha.kubernetes.io/tolerations': '[{"key":"dedicated","operator":"Exists"}]',
        'pod.beta.kubernetes.io/init-containers': '[{"name":"init","image":"busybox"}]',
        'seccomp.security.alpha.kubernetes.io/pod': 'docker/default',
      },
    },
    spec: { containers: [{ name: 'c', image: 'nginx' }] },
  }
  const created = await send('POST', '/api/v1/namespaces/old/pods', pod)
  t.match(created.body, {
    spec: {
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      initContainers: [{ name: 'init', terminationMessagePath: '/dev/termination-log' }],
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    },
  })
})

void t.test('eviction as kubectl drain of 2021 asks for it', async t => {
  const eviction = {
    apiVersion: 'policy/v1beta1',
    kind: 'Eviction',
    metadata: { name: 'annotated' },
  }
  const path = '/api/v1/namespaces/old/pods/annotated/eviction'
  t.equal((await send('POST', path, eviction)).status, 201)
  const other = { ...eviction, apiVersion: 'policy/v2' }
  t.equal((await send('POST', path, other)).status, 400)
})

void t.test('a request for a certificate without a signer', async t => {
  const request = await send(
    'POST',
    '/apis/certificates.k8s.io/v1beta1/certificatesigningrequests',
    {
      metadata: { name: 'old' },
      spec: { request: REQUEST },
    },
  )
  t.match(request.body, {
    spec: { signerName: 'kubernetes.io/legacy-unknown', usages: { length: 2 } },
  })
})

void t.test('what v1beta1 of the extension points let pass', async t => {
  const definition = {
    metadata: { name: 'crontabs.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      version: 'v1',
      names: { plural: 'crontabs', kind: 'CronTab' },
    },
  }
  const crd = '/apis/apiextensions.k8s.io/v1beta1/customresourcedefinitions'
  t.match(await send('POST', crd, definition), { status: 201, body: { spec: { version: 'v1' } } })
  for (const [version, type, force] of [
    ['v1beta1', 'apply-patch+yaml', '&force=true'],
    ['v1beta1', 'merge-patch+json', ''],
    ['v1', 'apply-patch+yaml', '&force=true'],
    ['v1', 'merge-patch+json', ''],
  ] as const) {
    const labelled = {
      apiVersion: `apiextensions.k8s.io/${version}`,
      kind: 'CustomResourceDefinition',
      metadata: { labels: { by: `${version}-${type.slice(0, 5)}` } },
    }
    const path = `${crd.replace('v1beta1', version)}/${definition.metadata.name}`
    const headers = { 'content-type': `application/${type}` }
    const reply = await send('PATCH', `${path}?fieldManager=me${force}`, labelled, headers)
    t.match(reply, { status: 200, body: labelled }, `${version} ${type}`)
  }
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object' } },
  }
  await send('POST', crd.replace('v1beta1', 'v1'), {
    metadata: { name: 'foos.example.org' },
    spec: {
      group: 'example.org',
      scope: 'Cluster',
      versions: [version],
      names: { plural: 'foos', kind: 'Foo' },
    },
  })
  const contradicting = await send('POST', crd, {
    metadata: { name: 'bars.example.org' },
    spec: {
      group: 'example.org',
      names: { plural: 'bars', kind: 'Bar' },
      version: 'v2',
      versions: [version],
      validation: { openAPIV3Schema: { type: 'object' } },
    },
  })
  t.equal(
    contradicting.body.message,
    'CustomResourceDefinition.apiextensions.k8s.io "bars.example.org" is invalid: [spec.validation: Forbidden: top-level and per-version schemas are mutually exclusive, spec.version: Invalid value: "v2": must match the first version in spec.versions]',
  )
  // Once nobody else writes it any more.
  const shown = await until('established', async () => {
    const reply = await send('GET', `${crd}/foos.example.org`)
    return conditionsOf(reply.body).includes('Established True') ? reply : undefined
  })
  t.match(shown.body, { spec: { preserveUnknownFields: false } })
  const same = await send('PUT', `${crd}/foos.example.org`, shown.body)
  const { resourceVersion } = shown.body.metadata
  t.match(same, { status: 200, body: { metadata: { resourceVersion } } }, 'read and written back')
  const webhook = { name: 'a.b.c', clientConfig: { url: 'https://example.com/' } }
  const hooks = '/apis/admissionregistration.k8s.io/v1beta1/validatingwebhookconfigurations'
  const configuration = { metadata: { name: 'w' }, webhooks: [webhook] }
  t.match(await send('POST', hooks, configuration), {
    status: 201,
    body: { webhooks: [{ sideEffects: 'Unknown', failurePolicy: 'Ignore', timeoutSeconds: 30 }] },
  })
})

void t.test('events in either group', async t => {
  const event = {
    metadata: { name: 'e' },
    regarding: { kind: 'Pod', name: 'p', namespace: 'old' },
    note: 'what happened',
    reason: 'Happened',
    type: 'Normal',
    deprecatedFirstTimestamp: '2019-01-01T00:00:00Z',
  }
  const created = await send('POST', at('events.k8s.io/v1beta1', 'events'), event)
  t.match(created, { status: 201, body: { note: 'what happened', eventTime: null } })
  const core = await send('GET', '/api/v1/namespaces/old/events/e')
  t.match(core.body, { message: 'what happened', involvedObject: { name: 'p' } })
})

void t.test('reviews', async t => {
  const review = await send('POST', '/apis/authorization.k8s.io/v1beta1/subjectaccessreviews', {
    spec: {
      user: 'x',
      group: ['system:masters'],
      resourceAttributes: { verb: 'get', resource: 'pods' },
    },
  })
  t.match(review, { status: 201, body: { status: { allowed: true } } })
})

void t.test('component statuses', async t => {
  const list = await fixture.kubectl(['get', 'cs'])
  t.match(list.stdout, /NAME +STATUS +MESSAGE +ERROR/)
  t.match(list.stdout, /etcd-0 +Healthy +ok/)
  t.match(list.stderr, 'Warning: v1 ComponentStatus is deprecated in v1.19+')
  const one = await send('GET', '/api/v1/componentstatuses/scheduler')
  t.match(one.body, { kind: 'ComponentStatus', metadata: { name: 'scheduler' } })
  t.equal((await send('GET', '/api/v1/componentstatuses/none')).status, 404)
})

void t.test('kubectl applies, and applies again', async t => {
  const manifest = JSON.stringify({
    ...deployment('applied'),
    metadata: { name: 'applied', namespace: 'old' },
  })
  const first = await fixture.kubectl(['apply', '-f', '-'], manifest)
  t.match(first.stdout, 'deployment.extensions/applied created')
  const again = await fixture.kubectl(['apply', '-f', '-'], manifest)
  t.match(again.stdout, 'deployment.extensions/applied unchanged')
  const got = await fixture.kubectl(['get', 'deployments', '-n', 'old', '-o', 'name'])
  t.equal(
    got.stdout,
    'deployment.apps/applied\ndeployment.apps/web\n',
    'the current group comes first',
  )
})

void t.test('deleted by any name, gone by all', async t => {
  // Of themselves, old versions leave behind what an object made.
  const path = `${at('apps/v1beta1', 'deployments', 'web')}?propagationPolicy=Background`
  t.equal((await send('DELETE', path)).status, 200)
  t.equal((await send('GET', at(NOW, 'deployments', 'web'))).status, 404)
})

void t.test('old group-versions can be hidden', async t => {
  const hiding = await startApi({ hidesOldVersions: true })
  const raw = connectRaw(hiding)
  t.teardown(async () => {
    raw.close()
    await hiding.close()
  })
  t.equal((await raw.send('GET', `/apis/${OLD}/ingresses`)).status, 404)
  t.equal((await raw.send('GET', '/apis/apps/v1beta1')).status, 404)
  t.equal((await raw.send('GET', '/openapi/v3/apis/apps/v1beta1')).status, 404)
  const groups = (await raw.send('GET', '/apis')).text
  t.notMatch(groups, '"extensions"')
  t.match(groups, 'apps/v1')
  t.match((await send('GET', '/apis')).text, OLD, 'shown otherwise')
})

void t.test('an owner named by an old version is the current object', async t => {
  const cluster = await startControlCluster({ config: CONFIG })
  t.teardown(() => cluster.close())
  const { configMaps } = cluster.client
  const owned = (name: string, kind: string): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'default',
      ownerReferences: [{ apiVersion: OLD, kind, name: 'gone', uid: 'nobody' }],
    },
  })
  await until('the namespace', () => cluster.client.namespaces.get({ name: 'default' }))
  await configMaps.create(owned('unknown', 'Nothing'))
  await configMaps.create(owned('orphan', 'ReplicaSet'))
  await until('the orphan is collected', async () => {
    const { items } = await configMaps.list({ namespace: 'default' })
    const names = items.map(({ metadata }) => metadata.name)
    return names.includes('unknown') && !names.includes('orphan')
  })
})
