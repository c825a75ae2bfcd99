/** Plans of the controllers that look after namespaces, certificates, roles, flow schemas and litter. */
import t from 'tap'
import type { AnyObject, OwnerReference } from '#api/object.ts'
import type { CertificateSigningRequest } from '#api/types/certificates-v1.ts'
import type { Namespace } from '#api/types/core-v1.ts'
import type { FlowSchema, FlowSchemaCondition } from '#api/types/flowcontrol-v1.ts'
import type { ClusterRole } from '#api/types/rbac-v1.ts'
import {
  corrected,
  dnsService,
  isAdvertisable,
  kubernetesService,
} from '#server/controllers/bootstrap/plan.ts'
import {
  approval,
  CLIENT_SIGNER,
  isStale,
  SERVING_SIGNER,
  signerFault,
  wantsSigning,
} from '#server/controllers/certificates/plan.ts'
import { planRules } from '#server/controllers/clusterrole-aggregation.ts'
import type { ClusterConfig, RequestFacts } from '#server/controllers/deps.ts'
import { planDangling } from '#server/controllers/flow-schemas/plan.ts'
import { OwnerGraph } from '#server/controllers/garbage-collector/graph.ts'
import { type OwnerState, planCollect } from '#server/controllers/garbage-collector/plan.ts'
import { finalized, isGoing, planNamespace } from '#server/controllers/namespace/plan.ts'
import { planRootCA } from '#server/controllers/root-ca/controller.ts'
import { meansTheSame } from '#server/controllers/same.ts'
import { planDefaultAccount } from '#server/controllers/serviceaccount/controller.ts'
import { expiresInMs } from '#server/controllers/tokens/controller.ts'
import { at, NOW } from './objects.ts'

const CONFIG: ClusterConfig = {
  clusterCIDR: '10.42.0.0/16',
  nodeMaskBits: 24,
  nodePorts: { first: 30_000, last: 32_767 },
  serviceCIDR: '10.43.0.0/16',
  clusterDNS: '10.43.0.10',
  advertiseAddress: '192.0.2.1',
  advertisePort: 6443,
  rootCA: 'pem',
}

void t.test('the first Services', t => {
  for (const [advertiseAddress, expected] of [
    ['192.0.2.1', true],
    ['127.0.0.1', false],
    ['0.0.0.0', false],
    ['::1', false],
  ] as const)
    t.equal(isAdvertisable({ ...CONFIG, advertiseAddress }), expected, advertiseAddress)
  t.match(kubernetesService(CONFIG).spec, {
    clusterIP: '10.43.0.1',
    ports: [{ port: 443, targetPort: 6443 }],
  })
  t.match(dnsService(CONFIG).spec, {
    clusterIP: '10.43.0.10',
    ports: [
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ],
  })
  const wanted = dnsService(CONFIG)
  const existing = {
    ...wanted,
    metadata: {
      ...wanted.metadata,
      labels: { ...wanted.metadata.labels, mine: 'x' },
      resourceVersion: '5',
    },
  }
  t.equal(corrected(existing, wanted, meansTheSame), undefined)
  const bent = { ...existing, spec: { ...existing.spec, ports: [] } }
  t.match(corrected(bent, wanted, meansTheSame), {
    metadata: { labels: { mine: 'x' }, resourceVersion: '5' },
    spec: { ports: [{ port: 53 }, { port: 53 }] },
  })
  t.end()
})

const aNamespace = (metadata: Namespace['metadata'] = {}): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'x', ...metadata },
  spec: { finalizers: ['kubernetes', 'other'] },
})

void t.test('a living namespace has its account and CA, a going one gets neither', t => {
  const going = aNamespace({ deletionTimestamp: at(1) })
  t.match(planDefaultAccount(aNamespace(), undefined), {
    metadata: { name: 'default', namespace: 'x' },
  })
  t.equal(planDefaultAccount(going, undefined), undefined)
  t.equal(planDefaultAccount(undefined, undefined), undefined)
  const made = planRootCA(aNamespace(), undefined, 'pem')
  t.match(made, { kind: 'create', configMap: { data: { 'ca.crt': 'pem' } } })
  t.equal(planRootCA(aNamespace(), made?.configMap, 'pem'), undefined)
  t.match(planRootCA(aNamespace(), made?.configMap, 'new'), {
    kind: 'update',
    configMap: { data: { 'ca.crt': 'new' } },
  })
  t.equal(planRootCA(going, undefined, 'pem'), undefined)
  t.end()
})

void t.test('a namespace goes when nothing is left and nothing failed', t => {
  const namespace = aNamespace({ deletionTimestamp: at(1) })
  t.ok(isGoing(namespace))
  t.notOk(isGoing(aNamespace()))
  t.same(finalized(namespace).spec?.finalizers, ['other'])
  const none = { remainders: [], deletionFailures: [] }
  t.ok(planNamespace(namespace, none, NOW).mayFinalize)
  const remainder = { resource: 'pods.', count: 2, finalizers: { 'a/b': 1 }, graceSeconds: 8 }
  const left = planNamespace(namespace, { ...none, remainders: [remainder] }, NOW)
  t.notOk(left.mayFinalize)
  t.equal(left.requeueAfterMs, 4000)
  const messages = Object.fromEntries(
    (left.status.conditions ?? []).map(({ type, status, message }) => [
      type,
      `${status} ${message}`,
    ]),
  )
  t.match(messages, {
    NamespaceContentRemaining: 'True Some resources are remaining: pods. has 2 resource instances',
    NamespaceFinalizersRemaining:
      'True Some content in the namespace has finalizers remaining: a/b in 1 resource instances',
    NamespaceDeletionDiscoveryFailure: 'False All resources successfully discovered',
  })
  const again = planNamespace(
    { ...namespace, status: left.status },
    { ...none, remainders: [remainder] },
    NOW + 5000,
  )
  t.same(again.status.conditions, left.status.conditions, 'transition times stay')
  t.notOk(planNamespace(namespace, { ...none, discoveryFailure: 'x' }, NOW).mayFinalize)
  t.notOk(planNamespace(namespace, { ...none, deletionFailures: ['x'] }, NOW).mayFinalize)
  t.end()
})

const aRequest = (
  shape: Partial<CertificateSigningRequest['spec']>,
  types: readonly string[] = [],
): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'csr', creationTimestamp: at(10) },
  spec: {
    request: '',
    signerName: CLIENT_SIGNER,
    usages: ['client auth', 'digital signature'],
    ...shape,
  },
  status: { conditions: types.map(type => ({ type, status: 'True' })) },
})
const FACTS: RequestFacts = {
  commonName: 'system:node:n1',
  organizations: ['system:nodes'],
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
}

void t.test('certificates are for nodes, and only for themselves', t => {
  const joining = { username: 'system:bootstrap:abc', groups: ['system:bootstrappers'] }
  const itself = { username: 'system:node:n1', groups: ['system:nodes'] }
  const other = { username: 'system:node:n2', groups: ['system:nodes'] }
  const serving = {
    signerName: SERVING_SIGNER,
    usages: ['server auth', 'digital signature'],
  } as const
  const servingFacts = { ...FACTS, ipAddresses: ['192.0.2.7'] }
  t.match(approval(aRequest(joining), FACTS), /^Auto approving kubelet client/)
  t.match(approval(aRequest(itself), FACTS), /^Auto approving self kubelet client/)
  t.equal(approval(aRequest(other), FACTS), undefined)
  t.equal(approval(aRequest({ ...joining, ...serving }), servingFacts), undefined)
  const apiServer = { ...FACTS, dnsNames: ['kubernetes.default.svc'] }
  t.equal(approval(aRequest({ ...itself, ...serving }), servingFacts), undefined)
  t.equal(approval(aRequest({ ...itself, ...serving }), apiServer), undefined, 'nobody else')
  t.equal(approval(aRequest({ ...itself, signerName: 'example.com/x' }), FACTS), undefined)
  const faults: readonly (readonly [
    Partial<RequestFacts>,
    Partial<CertificateSigningRequest['spec']>,
  ])[] = [
    [{ organizations: ['system:masters'] }, {}],
    [{ organizations: ['system:nodes', 'system:masters'] }, {}],
    [{ commonName: 'admin' }, {}],
    [{ dnsNames: ['x'] }, {}],
    [{ ipAddresses: ['1.1.1.1'] }, {}],
    [{ uris: ['x'] }, {}],
    [{ emailAddresses: ['x'] }, {}],
    [{}, { usages: ['server auth'] }],
    [{}, { usages: ['client auth', 'cert sign'] }],
    [{}, serving],
  ]
  for (const [facts, spec] of faults) {
    t.ok(
      signerFault(aRequest({ ...joining, ...spec }), { ...FACTS, ...facts }),
      JSON.stringify([facts, spec]),
    )
    t.equal(approval(aRequest({ ...joining, ...spec }), { ...FACTS, ...facts }), undefined)
  }
  t.ok(wantsSigning(aRequest({}, ['Approved'])))
  t.notOk(wantsSigning(aRequest({}, ['Approved', 'Denied'])))
  t.notOk(wantsSigning(aRequest({}, [])))
  t.notOk(isStale(aRequest({}), NOW))
  t.ok(isStale(aRequest({}, ['Approved']), NOW + 3_600_000))
  t.ok(isStale(aRequest({}), NOW + 24 * 3_600_000))
  t.end()
})

void t.test('roles that are sums of others', t => {
  const role = (name: string, more: Partial<ClusterRole> = {}): ClusterRole => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    ...more,
    metadata: { name, labels: { to: 'sum' }, ...more.metadata },
  })
  const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] })
  const sum = role('a-sum', {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: 'sum' } }] },
    rules: [rule('mine')],
  })
  const parts = [
    role('z', { rules: [rule('pods')] }),
    role('b', { rules: [rule('secrets'), rule('pods')] }),
    role('other', { metadata: { labels: {} }, rules: [rule('nodes')] }),
  ]
  const rules = planRules(sum, [sum, ...parts])
  t.same(rules, [rule('secrets'), rule('pods')], 'its own rules are not kept, none is there twice')
  t.equal(planRules({ ...sum, rules: rules ?? [] }, [sum, ...parts]), undefined)
  t.same(planRules(sum, [sum]), [])
  t.equal(planRules(role('plain', { rules: [rule('x')] }), parts), undefined)
  t.end()
})

void t.test('a flow schema tells whether its priority level exists', t => {
  const schema = (conditions: readonly FlowSchemaCondition[]): FlowSchema => ({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name: 'f' },
    spec: { priorityLevelConfiguration: { name: 'p' } },
    status: { conditions },
  })
  const about = 'This FlowSchema references the PriorityLevelConfiguration object named "p"'
  const found = planDangling(schema([]), true, at(0))
  t.same(found, {
    type: 'Dangling',
    status: 'False',
    lastTransitionTime: at(0),
    reason: 'Found',
    message: `${about} and it exists`,
  })
  const said = schema(found === undefined ? [] : [found])
  t.equal(planDangling(said, true, at(0)), undefined)
  t.match(planDangling(said, false, at(0)), {
    status: 'True',
    reason: 'NotFound',
    message: `${about} but there is no such object`,
  })
  t.end()
})

void t.test('tokens expire', t => {
  const secret = (expiration?: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bootstrap-token-abc' },
    type: 'bootstrap.kubernetes.io/token',
    data:
      expiration === undefined ? {} : { expiration: Buffer.from(expiration).toString('base64') },
  })
  t.equal(expiresInMs(secret('2026-01-01T12:00:05Z'), NOW), 5000)
  t.equal(expiresInMs(secret('2026-01-01T14:00:00+02:00'), NOW), 0)
  t.equal(expiresInMs(secret('tomorrow'), NOW), 0)
  t.equal(expiresInMs(secret(), NOW), undefined)
  t.equal(expiresInMs({ ...secret('2020-01-01T00:00:00Z'), type: 'Opaque' }, NOW), undefined)
  t.end()
})

const PODS = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }
const owned = (
  name: string,
  owners: readonly string[],
  more: AnyObject['metadata'] = {},
): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    uid: name,
    ownerReferences: owners.map(uid => ({
      apiVersion: 'v1',
      kind: 'Pod',
      name: uid,
      uid,
      blockOwnerDeletion: true,
    })),
    ...more,
  },
})

void t.test('the graph says who has to be looked at', t => {
  const graph = new OwnerGraph()
  t.same(graph.observe(owned('a', []), PODS), [])
  t.same(graph.observe(owned('b', ['a']), PODS), [], 'its owner is there')
  t.same(graph.observe(owned('c', ['x']), PODS), ['c'], 'its owner has not been seen')
  t.same(
    graph.dependentsOf('a').map(({ name }) => name),
    ['b'],
  )
  const waiting = { deletionTimestamp: at(1), finalizers: ['foregroundDeletion'] }
  t.same(graph.observe(owned('a', [], waiting), PODS), ['a'])
  t.same(
    graph.observe(owned('b', ['a'], { labels: { x: 'y' } }), PODS),
    ['b'],
    'its owner waits for it',
  )
  t.same(graph.forget('b'), ['a'], 'the owner may go on')
  t.same(graph.observe(owned('c', []), PODS), ['x'], 'a reference was let go')
  graph.observe(owned('d', ['a'], { namespace: 'other' }), PODS)
  t.same(graph.forget('a'), ['d'])
  t.equal(graph.get('a'), undefined)
  t.end()
})

void t.test('who names an owner in another namespace is told of, once', t => {
  const graph = new OwnerGraph()
  const told = (object: AnyObject): readonly string[] => {
    const strays = graph.strays(object, PODS)
    graph.observe(object, PODS)
    return strays.map(({ dependent, reference }) => `${dependent.name} ${reference.uid}`)
  }
  t.same(told(owned('early', ['a'], { namespace: 'other' })), [], 'its owner has not been seen')
  t.same(told(owned('near', ['a'])), [])
  t.same(told(owned('a', [])), ['early a'])
  t.same(told(owned('a', [], { labels: { x: 'y' } })), [])
  t.same(told(owned('late', ['a', 'x'], { namespace: 'other' })), ['late a'])
  t.same(told(owned('late', ['a'], { namespace: 'other' })), [])
  t.end()
})

void t.test('an object goes when every owner is gone', t => {
  const reference = (uid: string): OwnerReference => ({
    apiVersion: 'v1',
    kind: 'Pod',
    name: uid,
    uid,
    blockOwnerDeletion: true,
  })
  const decide = (
    states: readonly OwnerState[],
    more: {
      hasDependents?: boolean
      hasWaitingDependent?: boolean
      finalizers?: readonly string[]
    } = {},
  ) => {
    const { hasDependents = false, hasWaitingDependent = false, finalizers = [] } = more
    const action = planCollect({
      object: owned('x', [], { finalizers }),
      owners: states.map((state, index) => ({ reference: reference(`o${index}`), state })),
      hasDependents,
      hasWaitingDependent,
    })
    if (action.kind === 'set-owners')
      return `owners ${action.owners.map(({ uid }) => uid).join(' ')}`
    return action.kind === 'delete'
      ? `delete ${action.policy}${action.unblocked === undefined ? '' : ' unblocked'}`
      : action.kind
  }
  t.equal(decide([]), 'keep')
  t.equal(decide(['solid', 'solid']), 'keep')
  t.equal(decide(['absent', 'solid', 'waiting']), 'owners o1')
  t.equal(decide(['absent', 'absent']), 'delete Background')
  t.equal(decide(['absent'], { finalizers: ['orphan'] }), 'delete Orphan')
  t.equal(decide(['absent'], { finalizers: ['foregroundDeletion'] }), 'delete Foreground')
  t.equal(decide(['waiting'], { hasDependents: true }), 'delete Foreground')
  t.equal(
    decide(['waiting'], { hasDependents: true, hasWaitingDependent: true }),
    'delete Foreground unblocked',
  )
  t.equal(decide(['waiting', 'absent']), 'delete Background')
  t.end()
})
