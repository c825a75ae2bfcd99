/** Each admission plugin's decisions, with upstream's texts. */
import t from 'tap'
import type { AnyObject, KubeObject } from '#api/object.ts'
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, UserInfo } from '#api/request.ts'
import type { Pod, PodSpec, ServiceAccount } from '#api/types/core-v1.ts'
import { seededRandom } from '#base/random.ts'
import { generateKey } from '#client/pki/keys.ts'
import { createRequest } from '#client/pki/request.ts'
import {
  createCertificateApproval,
  createCertificateSubjectRestriction,
} from '#server/admission/certificates.ts'
import { createDefaultTolerationSeconds } from '#server/admission/default-toleration-seconds.ts'
import { createNamespaceLifecycle } from '#server/admission/namespace-lifecycle.ts'
import { forbiddenLabels } from '#server/admission/node-labels.ts'
import { createNodeRestriction } from '#server/admission/node-restriction.ts'
import { createPriorityAdmission } from '#server/admission/priority.ts'
import { createServiceAccountAdmission } from '#server/admission/service-account.ts'
import { memoryReader } from '../../../support/memory-reader.ts'

const alice: UserInfo = { name: 'alice', groups: ['system:authenticated'] }
const node: UserInfo = { name: 'system:node:a', groups: ['system:nodes'] }

/** `CREATE pods default/web`; `resource.group/subresource`. */
function attributes(text: string, more: Partial<AdmissionAttributes> = {}): AdmissionAttributes {
  const [operation = '', target = '', place = ''] = text.split(' ')
  const [resourcePart = '', subresource = ''] = target.split('/')
  const [resource = '', ...group] = resourcePart.split('.')
  const [namespace = '', name = ''] = place.split('/')
  return {
    operation: operation as AdmissionAttributes['operation'],
    user: alice,
    group: group.join('.'),
    version: 'v1',
    kind: '',
    resource,
    subresource,
    namespace,
    name,
    object: undefined,
    oldObject: undefined,
    options: undefined,
    dryRun: false,
    ...more,
  }
}

const any = (object: KubeObject & Readonly<Record<string, unknown>>): AnyObject => object

const specOf = (pod: AnyObject | undefined): PodSpec => {
  if (pod === undefined) throw new Error('no pod')
  return pod['spec'] as PodSpec
}

async function run(
  plugin: AdmissionPlugin,
  given: AdmissionAttributes,
): Promise<AnyObject | undefined> {
  if (!plugin.handles(given.operation)) return given.object
  const object =
    given.operation === 'DELETE' ? undefined : ((await plugin.admit?.(given)) ?? given.object)
  await plugin.validate?.({ ...given, object })
  return object
}

async function refusal(plugin: AdmissionPlugin, given: AdmissionAttributes): Promise<string> {
  try {
    await run(plugin, given)
    return 'admitted'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const aPod = (spec: Partial<PodSpec> = {}, metadata: Pod['metadata'] = {}): AnyObject =>
  any({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec },
  })

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

void t.test('NodeRestriction', async t => {
  const reader = memoryReader()
  const plugin = createNodeRestriction({ reader })
  const stored = (name: string, nodeName: string, uid: string): void =>
    reader.put('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', uid },
      spec: { nodeName, containers: [] },
    })
  stored('mine', 'a', 'u1')
  stored('foreign', 'b', 'u2')
  reader.put('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', uid: 'n1' } })
  const aNode = (metadata: KubeObject['metadata'], spec = {}): AnyObject =>
    any({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', ...metadata }, spec })
  const tokenFor = (ref: Readonly<Record<string, string>>): AnyObject =>
    any({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { audiences: [], boundObjectRef: ref },
    })
  const mirror = { 'kubernetes.io/config.mirror': 'x' }
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'n1', controller: true }
  const onA = { nodeName: 'a' }
  const slice = (nodeName: string): AnyObject => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: 's' },
    spec: { nodeName, driver: 'x' },
  })
  const cases: readonly (readonly [string, Partial<AdmissionAttributes>, string])[] = [
    ['DELETE pods default/mine', {}, 'admitted'],
    [
      'DELETE pods default/foreign',
      {},
      'pods "foreign" is forbidden: node "a" can only delete pods with spec.nodeName set to itself',
    ],
    ['DELETE pods default/gone', {}, 'pods "gone" not found'],
    [
      'UPDATE pods default/mine',
      { object: aPod() },
      'pods "mine" is forbidden: unexpected operation "UPDATE", node "a" can only create and delete mirror pods',
    ],
    [
      'CREATE pods default/web',
      { object: aPod(onA) },
      'pods "web" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "a" can only create mirror pods',
    ],
    [
      'CREATE pods default/web',
      { object: aPod({ nodeName: 'b' }, { annotations: mirror }) },
      'pods "web" is forbidden: node "a" can only create pods with spec.nodeName set to itself',
    ],
    [
      'CREATE pods default/web',
      { object: aPod(onA, { annotations: mirror }) },
      'pods "web" is forbidden: node "a" can only create pods with an owner reference set to itself',
    ],
    [
      'CREATE pods default/web',
      { object: aPod(onA, { annotations: mirror, ownerReferences: [{ ...owner, uid: 'n0' }] }) },
      'pods "web" is forbidden: node a UID mismatch: expected n0 got n1',
    ],
    [
      'CREATE pods default/web',
      { object: aPod(onA, { annotations: mirror, ownerReferences: [owner] }) },
      'admitted',
    ],
    [
      'CREATE pods default/web',
      {
        object: aPod(
          { ...onA, volumes: [{ name: 'v', secret: { secretName: 's' } }] },
          { annotations: mirror, ownerReferences: [owner] },
        ),
      },
      'pods "web" is forbidden: node "a" can not create pods that reference secrets',
    ],
    [
      'CREATE pods default/web',
      {
        object: aPod(
          { ...onA, resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }] },
          { annotations: mirror, ownerReferences: [owner] },
        ),
      },
      'pods "web" is forbidden: node "a" can not create pods that reference resourceclaims',
    ],
    ['UPDATE pods/status default/web', { object: aPod(onA), oldObject: aPod(onA) }, 'admitted'],
    [
      'UPDATE pods/status default/web',
      { object: aPod({ nodeName: 'b' }), oldObject: aPod({ nodeName: 'b' }) },
      'pods "web" is forbidden: node "a" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      'UPDATE pods/status default/web',
      { object: aPod(onA, { labels: { a: 'b' } }), oldObject: aPod(onA) },
      'pods "web" is forbidden: node "a" cannot update labels through pod status',
    ],
    [
      'UPDATE pods/resize default/web',
      { object: aPod() },
      `pods "web" is forbidden: unexpected pod subresource "resize", only 'status' and 'eviction' are allowed`,
    ],
    [
      'CREATE pods/eviction default/foreign',
      {},
      'pods "foreign" is forbidden: node a can only evict pods with spec.nodeName set to itself',
    ],
    [
      'CREATE nodes /a',
      { object: aNode({ labels: { 'kubernetes.io/hostname': 'a', zone: 'x' } }) },
      'admitted',
    ],
    [
      'CREATE nodes /b',
      { object: aNode({ name: 'b' }) },
      'nodes "b" is forbidden: node "a" is not allowed to modify node "b"',
    ],
    [
      'CREATE nodes /a',
      { object: aNode({ labels: { 'node-role.kubernetes.io/control-plane': '' } }) },
      'nodes "a" is forbidden: node "a" is not allowed to set the following labels: node-role.kubernetes.io/control-plane',
    ],
    [
      'UPDATE nodes /a',
      {
        object: aNode({ labels: { 'x.node-restriction.kubernetes.io/y': '1' } }),
        oldObject: aNode({}),
      },
      'nodes "a" is forbidden: is not allowed to modify labels: x.node-restriction.kubernetes.io/y',
    ],
    [
      'UPDATE nodes/status /a',
      {
        object: aNode({}, { taints: [] }),
        oldObject: aNode({}, { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
      },
      'nodes "a" is forbidden: node "a" is not allowed to modify taints',
    ],
    ['DELETE nodes /b', {}, 'nodes "b" is forbidden: node "a" is not allowed to modify node "b"'],
    [
      'CREATE serviceaccounts/token default/robot',
      { object: tokenFor({ kind: 'Pod', apiVersion: 'v1', name: 'mine', uid: 'u1' }) },
      'admitted',
    ],
    [
      'CREATE serviceaccounts/token default/robot',
      { object: tokenFor({ kind: 'Secret', apiVersion: 'v1', name: 's', uid: 'u' }) },
      'serviceaccounts "robot" is forbidden: node requested token not bound to a pod',
    ],
    [
      'CREATE serviceaccounts/token default/robot',
      { object: tokenFor({ kind: 'Pod', apiVersion: 'v1', name: 'mine' }) },
      'serviceaccounts "robot" is forbidden: node requested token with a pod binding without a uid',
    ],
    [
      'CREATE serviceaccounts/token default/robot',
      { object: tokenFor({ kind: 'Pod', apiVersion: 'v1', name: 'foreign', uid: 'u2' }) },
      'serviceaccounts "robot" is forbidden: node requested token bound to a pod scheduled on a different node',
    ],
    ['CREATE leases.coordination.k8s.io kube-node-lease/a', {}, 'admitted'],
    [
      'CREATE leases.coordination.k8s.io kube-node-lease/b',
      {},
      'leases.coordination.k8s.io "b" is forbidden: can only access node lease with the same name as the requesting node',
    ],
    [
      'UPDATE leases.coordination.k8s.io default/a',
      {},
      'leases.coordination.k8s.io "a" is forbidden: can only access leases in the "kube-node-lease" system namespace',
    ],
    ['CREATE events default/e', {}, 'admitted'],
    ['CREATE resourceslices.resource.k8s.io /s', { object: slice('a') }, 'admitted'],
    [
      'CREATE resourceslices.resource.k8s.io /s',
      { object: slice('b') },
      'resourceslices.resource.k8s.io "s" is forbidden: can only create ResourceSlice with the same NodeName as the requesting node',
    ],
  ]
  for (const [text, more, expected] of cases) {
    t.equal(
      await refusal(plugin, attributes(text, { user: node, ...more })),
      expected,
      `${text}: ${expected}`,
    )
  }
  t.equal(
    await refusal(plugin, attributes('DELETE pods default/foreign')),
    'admitted',
    'others are not restricted',
  )
  t.same(
    forbiddenLabels({
      'topology.kubernetes.io/zone': 'z',
      'kubelet.kubernetes.io/x': 'y',
      own: '1',
    }),
    [],
  )
  t.same(forbiddenLabels({}, { 'node-role.kubernetes.io/worker': '' }), [
    'node-role.kubernetes.io/worker',
  ])
})

void t.test('certificates', async t => {
  const authorizer: Authorizer = {
    authorize: ({ verb, name, user }) => ({
      decision:
        user.name === 'approver' && verb === 'approve' && name === 'example.com/*'
          ? 'allow'
          : 'no-opinion',
      reason: '',
    }),
  }
  const csr = (signerName: string, organizations: readonly string[] = []): AnyObject => {
    const pem = createRequest({ key: generateKey(), subject: { commonName: 'x', organizations } })
    return any({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'c' },
      spec: { signerName, request: Buffer.from(pem).toString('base64'), usages: ['client auth'] },
    })
  }
  const approval = createCertificateApproval({ authorizer })
  const approve = (signerName: string, name: string) => {
    const object = csr(signerName)
    const user = { name, groups: [] }
    return refusal(
      approval,
      attributes('UPDATE certificatesigningrequests.certificates.k8s.io/approval /c', {
        user,
        object,
        oldObject: object,
      }),
    )
  }
  t.equal(await approve('example.com/serving', 'approver'), 'admitted')
  t.equal(
    await approve('example.com/serving', 'alice'),
    'certificatesigningrequests.certificates.k8s.io "c" is forbidden: user not permitted to approve requests with signerName "example.com/serving"',
  )
  const restriction = createCertificateSubjectRestriction()
  const create = (object: AnyObject) =>
    refusal(
      restriction,
      attributes('CREATE certificatesigningrequests.certificates.k8s.io /c', { object }),
    )
  t.equal(await create(csr('kubernetes.io/kube-apiserver-client', ['dev'])), 'admitted')
  t.equal(
    await create(csr('kubernetes.io/kube-apiserver-client', ['system:masters'])),
    'certificatesigningrequests.certificates.k8s.io "c" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
  )
})
