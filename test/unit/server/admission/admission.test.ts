/** Decisions of the plugins that every cluster has, with upstream's texts. */
import t from 'tap'
import type { AnyObject } from '#api/object.ts'
import type { PodSpec, ServiceAccount } from '#api/types/core-v1.ts'
import { seededRandom } from '#base/random.ts'
import { createDefaultTolerationSeconds } from '#server/admission/default-toleration-seconds.ts'
import { createNamespaceLifecycle } from '#server/admission/namespace-lifecycle.ts'
import { createPriorityAdmission } from '#server/admission/priority.ts'
import { createServiceAccountAdmission } from '#server/admission/service-account.ts'
import { createTaintNodesByCondition } from '#server/admission/taint-nodes-by-condition.ts'
import { recordOf } from '#api/values.ts'
import { any, aPod, attributes, refusal, run, specOf } from '../../../support/admission-cases.ts'
import { memoryReader } from '../../../support/memory-reader.ts'

void t.test('NamespaceLifecycle', async t => {
  const reader = memoryReader()
  const plugin = createNamespaceLifecycle({ reader })
  reader.put('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'default' },
    spec: {},
    status: { phase: 'Active' },
  })
  reader.put('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'ending' },
    spec: {},
    status: { phase: 'Terminating' },
  })
  const cases: readonly (readonly [string, string])[] = [
    ['CREATE pods default/web', 'admitted'],
    ['CREATE pods missing/web', 'namespaces "missing" not found'],
    [
      'CREATE pods ending/web',
      'pods "web" is forbidden: unable to create new content in namespace ending because it is being terminated',
    ],
    ['UPDATE pods ending/web', 'admitted'],
    ['DELETE pods missing/web', 'admitted'],
    ['CREATE nodes /n', 'admitted'],
    ['CREATE namespaces new/new', 'admitted'],
    ['CREATE localsubjectaccessreviews.authorization.k8s.io missing', 'admitted'],
    [
      'DELETE namespaces /kube-system',
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    ],
    ['DELETE namespaces /team', 'admitted'],
  ]
  for (const [text, expected] of cases)
    t.equal(await refusal(plugin, attributes(text, { object: aPod() })), expected, text)
  try {
    await run(plugin, attributes('CREATE pods ending/web', { object: aPod() }))
  } catch (error) {
    t.match(error, {
      details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
    })
  }
})

void t.test('ServiceAccount', async t => {
  const reader = memoryReader()
  const late: { after: number; account?: ServiceAccount } = { after: 0 }
  const clock = {
    sleep: async () => {
      late.after -= 1
      if (late.after === 0 && late.account !== undefined)
        reader.put('serviceaccounts', late.account)
    },
  }
  const plugin = createServiceAccountAdmission({ reader, clock, random: seededRandom(1) })
  const account = (name: string, more: Partial<ServiceAccount> = {}): ServiceAccount => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'default' },
    ...more,
  })
  const create = (object: AnyObject) => attributes('CREATE pods default/web', { object })
  t.equal(
    await refusal(plugin, create(aPod())),
    'pods "web" is forbidden: error looking up service account default/default: serviceaccount "default" not found',
  )
  late.after = 3
  late.account = account('default', { imagePullSecrets: [{ name: 'pull' }] })
  const pod = await run(
    plugin,
    create(aPod({ initContainers: [{ name: 'init', image: 'busybox' }] })),
  )
  const spec = specOf(pod)
  t.equal(spec.serviceAccountName, 'default', 'waited for the account of a new namespace')
  t.same(spec.imagePullSecrets, [{ name: 'pull' }])
  const [volume] = spec.volumes ?? []
  t.match(volume?.name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  t.same(volume?.projected, {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [
            { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
          ],
        },
      },
    ],
    defaultMode: 420,
  })
  const mount = {
    name: volume?.name,
    readOnly: true,
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  }
  t.same(spec.containers[0]?.volumeMounts, [mount])
  t.same(spec.initContainers?.[0]?.volumeMounts, [mount])
  t.same(
    await run(plugin, create({ ...aPod(), ...pod, metadata: {} })),
    { ...pod, metadata: {} },
    'a second time changes nothing',
  )

  reader.put('serviceaccounts', account('quiet', { automountServiceAccountToken: false }))
  const volumesOf = async (more: Partial<PodSpec>): Promise<number> =>
    specOf(await run(plugin, create(aPod(more)))).volumes?.length ?? 0
  t.equal(await volumesOf({ serviceAccountName: 'quiet' }), 0)
  t.equal(
    await volumesOf({ serviceAccountName: 'quiet', automountServiceAccountToken: true }),
    1,
    'the pod overrides',
  )
  t.equal(await volumesOf({ automountServiceAccountToken: false }), 0)
  const own = {
    name: 'main',
    image: 'x',
    volumeMounts: [{ name: 'own', mountPath: mount.mountPath }],
  }
  t.equal(await volumesOf({ containers: [own] }), 0, 'a mount of its own is kept')
  const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } }
  t.equal(
    await refusal(plugin, create(aPod({ serviceAccountName: 'quiet' }, mirror))),
    'pods "web" is forbidden: a mirror pod may not reference service accounts',
  )
  t.equal(
    await refusal(plugin, create(aPod({ imagePullSecrets: [{ name: 's' }] }, mirror))),
    'pods "web" is forbidden: a mirror pod may not reference secrets',
  )
})

void t.test('DefaultTolerationSeconds', async t => {
  const plugin = createDefaultTolerationSeconds()
  const tolerations = async (given: PodSpec['tolerations']): Promise<readonly string[]> => {
    const object = aPod(given === undefined ? {} : { tolerations: given })
    const pod = await run(plugin, attributes('CREATE pods default/web', { object }))
    return (specOf(pod).tolerations ?? []).map(item => `${item.key}:${item.tolerationSeconds}`)
  }
  const both = ['node.kubernetes.io/not-ready:300', 'node.kubernetes.io/unreachable:300']
  t.same(await tolerations(undefined), both)
  t.same(
    await tolerations([
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', tolerationSeconds: 5 },
    ]),
    ['node.kubernetes.io/not-ready:5', 'node.kubernetes.io/unreachable:300'],
  )
  t.same(
    await tolerations([{ operator: 'Exists' }]),
    ['undefined:undefined'],
    'who tolerates everything needs nothing',
  )
})

void t.test('TaintNodesByCondition', async t => {
  const plugin = createTaintNodesByCondition()
  const taints = async (given: readonly object[] | undefined): Promise<unknown> => {
    const object = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n' },
      spec: given === undefined ? {} : { taints: given },
    }
    const node = await run(plugin, attributes('CREATE nodes /n', { object }))
    return recordOf(node?.['spec'])['taints']
  }
  const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
  const own = { key: 'own', effect: 'NoExecute' }
  t.same(await taints(undefined), [notReady])
  t.same(await taints([own]), [own, notReady])
  t.same(await taints([notReady]), [notReady], 'once')
})

void t.test('Priority', async t => {
  const reader = memoryReader()
  const plugin = createPriorityAdmission({ reader })
  const create = (spec: Partial<PodSpec>) =>
    attributes('CREATE pods default/web', { object: aPod(spec) })
  const show = async (spec: Partial<PodSpec>): Promise<string> => {
    const pod = specOf(await run(plugin, create(spec)))
    return `${pod.priorityClassName ?? '-'} ${pod.priority} ${pod.preemptionPolicy}`
  }
  const high = {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'high' },
    value: 100,
    preemptionPolicy: 'Never',
  } as const
  t.equal(await show({}), '- 0 PreemptLowerPriority')
  t.equal(
    await show({ priorityClassName: 'system-node-critical' }),
    'system-node-critical 2000001000 PreemptLowerPriority',
  )
  t.equal(
    await refusal(plugin, create({ priorityClassName: 'high' })),
    'pods "web" is forbidden: no PriorityClass with name high was found',
  )
  reader.put('priorityclasses.scheduling.k8s.io', high)
  t.equal(await show({ priorityClassName: 'high' }), 'high 100 Never')
  t.equal(
    await refusal(plugin, create({ priority: 5 })),
    'pods "web" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
  )
  reader.put('priorityclasses.scheduling.k8s.io', { ...high, globalDefault: true })
  t.equal(await show({}), 'high 100 Never')
  const other = any({ ...high, metadata: { name: 'other' }, globalDefault: true })
  t.equal(
    await refusal(
      plugin,
      attributes('CREATE priorityclasses.scheduling.k8s.io /other', { object: other }),
    ),
    'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass high is already marked as default. Only one default can exist',
  )
})
