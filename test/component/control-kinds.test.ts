/** Kinds as clients find them right after a create, and the small controllers that look after them. */
import t from 'tap'
import { readFileSync } from 'node:fs'
import type { ClusterRole } from '#api/types/rbac-v1.ts'
import { connectRaw, type Reply } from './api-fixture.ts'
import { startControlCluster, until } from './control-fixture.ts'
import { abolish, definitionOf, establish, OPEN, version } from './definitions-fixture.ts'

const cluster = await startControlCluster()
const raw = connectRaw(cluster.api)
t.teardown(async () => {
  raw.close()
  await cluster.close()
})
const { client } = cluster
await until('namespace default', () => client.namespaces.get({ name: 'default' }))

const DEFAULT = 'namespaces/default'
const selector = { matchLabels: { a: 'b' } }
const template = {
  metadata: { labels: { a: 'b' } },
  spec: { containers: [{ name: 'c', image: 'i' }] },
}
const workload = { selector, template, replicas: 0 }
const targetRef = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' } }
const jobTemplate = { spec: { ...template.spec, restartPolicy: 'Never' } }

/** What Go makes of an object without fields. */
interface GoFixture {
  readonly min: { readonly json: object }
}

/** Group and version, where, kind, spec; the status that Go shows of an object nobody has looked at. */
const CREATED: readonly (readonly [string, string, string, object])[] = [
  ['apps/v1', `${DEFAULT}/statefulsets`, 'StatefulSet', { ...workload, serviceName: 's' }],
  ['apps/v1', `${DEFAULT}/daemonsets`, 'DaemonSet', { selector, template }],
  ['apps/v1', `${DEFAULT}/replicasets`, 'ReplicaSet', workload],
  ['apps/v1', `${DEFAULT}/deployments`, 'Deployment', workload],
  ['extensions/v1beta1', `${DEFAULT}/deployments`, 'Deployment', workload],
  ['v1', `${DEFAULT}/replicationcontrollers`, 'ReplicationController', { template }],
  ['v1', `${DEFAULT}/resourcequotas`, 'ResourceQuota', {}],
  ['resource.k8s.io/v1', `${DEFAULT}/resourceclaims`, 'ResourceClaim', { devices: {} }],
  ['batch/v1', `${DEFAULT}/jobs`, 'Job', { template: jobTemplate }],
  [
    'batch/v1',
    `${DEFAULT}/cronjobs`,
    'CronJob',
    { schedule: '0 0 * * *', jobTemplate: { spec: { template: jobTemplate } } },
  ],
  ['policy/v1', `${DEFAULT}/poddisruptionbudgets`, 'PodDisruptionBudget', { selector }],
  [
    'networking.k8s.io/v1',
    `${DEFAULT}/ingresses`,
    'Ingress',
    { defaultBackend: { service: { name: 's', port: { number: 1 } } } },
  ],
  ['autoscaling/v1', `${DEFAULT}/horizontalpodautoscalers`, 'HorizontalPodAutoscaler', targetRef],
  [
    'flowcontrol.apiserver.k8s.io/v1',
    'flowschemas',
    'FlowSchema',
    { priorityLevelConfiguration: { name: 'missing' }, matchingPrecedence: 500 },
  ],
]

void t.test('a status that nobody has written shows as Go shows it', async t => {
  for (const [groupVersion, place, kind, spec] of CREATED) {
    const file = groupVersion === 'v1' ? 'core-v1' : groupVersion.replace('/', '-')
    const fixture = `test/fixtures/protobuf/${file}.json`
    const go: Readonly<Record<string, GoFixture>> = JSON.parse(readFileSync(fixture, 'utf8'))
    const known = go[kind]?.min.json ?? {}
    const path = `/${groupVersion === 'v1' ? 'api' : 'apis'}/${groupVersion}/${place}?dryRun=All`
    const body = {
      metadata: { name: 'fresh' },
      spec: { maxReplicas: 1, ...spec },
      status: { x: 1 },
    }
    const given = kind === 'HorizontalPodAutoscaler' ? body : { ...body, spec }
    const { status, body: made } = await raw.send('POST', path, given)
    t.equal(status, 201, `${kind}: ${String(made['message'])}`)
    t.same(made['status'], 'status' in known && known.status, `${groupVersion} ${kind}`)
    const owners = JSON.stringify(made.metadata['managedFields'])
    t.notMatch(owners, 'f:status', `nobody owns the status of a new ${kind}`)
  }
})

void t.test('a flow schema tells whether its priority level is there', async t => {
  const spec = { priorityLevelConfiguration: { name: 'later' }, matchingPrecedence: 500 }
  const shared = { apiVersion: 'flowcontrol.apiserver.k8s.io/v1', metadata: { name: 'f' } }
  await client.flowSchemas.create({ ...shared, kind: 'FlowSchema', spec })
  const says = (status: string): Promise<unknown> =>
    until(`Dangling ${status}`, async () => {
      const schema = await client.flowSchemas.get({ name: 'f' })
      return schema.status?.conditions?.find(
        one => one.type === 'Dangling' && one.status === status,
      )
    })
  t.match(await says('True'), { reason: 'NotFound' })
  const shown = await cluster.api.kubectl(['get', 'flowschemas'])
  t.match(shown.stdout, /^f +later +500 +<none> +\d+s +True$/m)
  t.match(shown.stdout, /^exempt .* False$/m)
  await client.priorityLevelConfigurations.create({
    ...shared,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'later' },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  })
  t.match(await says('False'), { reason: 'Found' })
  await client.priorityLevelConfigurations.delete({ name: 'later' })
  t.match(await says('True'), { reason: 'NotFound' })
})

void t.test('a role that is the sum of others grows with each that is labelled for it', async t => {
  const role = (name: string, fields: object): ClusterRole => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    ...fields,
  })
  const labels = { sum: 'true' }
  const rules = [{ apiGroups: ['a.io'], resources: ['things'], verbs: ['get'] }]
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: labels }] }
  await client.clusterRoles.create(role('sum', { aggregationRule }))
  await client.clusterRoles.create(role('part', { metadata: { name: 'part', labels }, rules }))
  const has = (count: number): Promise<unknown> =>
    until(`${count} rules`, async () => {
      const sum = await client.clusterRoles.get({ name: 'sum' })
      return (sum.rules ?? []).length === count ? { rules: sum.rules ?? [] } : undefined
    })
  t.strictSame(await has(1), { rules })
  await client.clusterRoles.delete({ name: 'part' })
  t.strictSame(await has(0), { rules: [] })
})

void t.test('custom resources go with their owner and with their namespace', async t => {
  const GROUP = 'control.example.com'
  // The second is there in an older version alone, which its group does not prefer.
  for (const [plural, kind, name] of [
    ['gadgets', 'Gadget', 'v1'],
    ['relics', 'Relic', 'v1alpha1'],
  ] as const) {
    const versions = [version(name, OPEN)]
    await establish(raw, definitionOf({ group: GROUP, plural, kind, versions }))
  }
  await raw.send('POST', '/api/v1/namespaces', { metadata: { name: 'custom' } })
  const make = async (v: string, plural: string, body: object): Promise<Reply> => {
    const reply = await raw.send('POST', `/apis/${GROUP}/${v}/namespaces/custom/${plural}`, body)
    t.equal(reply.status, 201, reply.text)
    return reply
  }
  const gadget = { apiVersion: `${GROUP}/v1`, kind: 'Gadget' }
  const owner = await make('v1', 'gadgets', { ...gadget, metadata: { name: 'owner' } })
  const ownerReferences = [{ ...gadget, name: 'owner', uid: owner.body.metadata['uid'] }]
  await make('v1', 'gadgets', { ...gadget, metadata: { name: 'owned', ownerReferences } })
  const relic = { apiVersion: `${GROUP}/v1alpha1`, kind: 'Relic' }
  await make('v1alpha1', 'relics', { ...relic, metadata: { name: 'owned', ownerReferences } })
  await raw.send('POST', '/api/v1/namespaces/custom/configmaps', {
    metadata: { name: 'owned', ownerReferences },
  })
  await make('v1alpha1', 'relics', { ...relic, metadata: { name: 'free' } })
  const at = `/apis/${GROUP}/v1/namespaces/custom/gadgets`
  await raw.send('DELETE', `${at}/owner`)
  const isGone = async (path: string): Promise<boolean> =>
    (await raw.send('GET', path)).status === 404
  await until('the owned gadget gone', () => isGone(`${at}/owned`))
  const relics = `/apis/${GROUP}/v1alpha1/namespaces/custom/relics`
  await until('the owned relic gone', () => isGone(`${relics}/owned`))
  await until('the owned configmap gone', () =>
    isGone('/api/v1/namespaces/custom/configmaps/owned'),
  )
  t.notOk(await isGone(`${relics}/free`))
  await raw.send('DELETE', '/api/v1/namespaces/custom')
  await until('the namespace gone', () => isGone('/api/v1/namespaces/custom'))
  t.ok(await isGone(`${relics}/free`), 'and what was in it')
  for (const plural of ['gadgets', 'relics']) await abolish(raw, `${plural}.${GROUP}`)
})
