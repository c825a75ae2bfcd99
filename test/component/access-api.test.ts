/** Access control through the real API server over HTTPS: certificates, tokens, RBAC, nodes, admission. */
import t from 'tap'
import type { AnyObject } from '#api/object.ts'
import { StatusError } from '#api/status.ts'
import { keyToPem } from '#api/pki/keys.ts'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#base/random.ts'
import { generateKey } from '#client/pki/new-key.ts'
import type { ApiRequest, Transport } from '#client/transport.ts'
import { issueCertificate } from '#client/pki/certificate.ts'
import { ensureBootstrapPolicy } from '#server/auth/bootstrap-policy.ts'
import { startAccess } from './access-fixture.ts'

const DAY_MS = 86_400_000
const server = await startAccess()
t.teardown(() => server.close())

const certificate = (commonName: string, organizations: readonly string[]) => {
  const key = generateKey()
  const cert = issueCertificate(server.pki.clientCA, {
    subject: { commonName, organizations },
    publicKey: key,
    usages: ['client auth'],
    notBeforeMs: systemClock.now() - DAY_MS,
    notAfterMs: systemClock.now() + DAY_MS,
    random: systemRandom,
  })
  return { cert, key: keyToPem(key) }
}

const as = (commonName: string, ...organizations: readonly string[]): Transport =>
  server.client(certificate(commonName, organizations))

const get = (path: string, query: Readonly<Record<string, string>> = {}): ApiRequest => ({
  method: 'GET',
  path,
  query,
})
const post = (path: string, body: unknown): ApiRequest => ({ method: 'POST', path, body })

async function outcome(transport: Transport, request: ApiRequest): Promise<string> {
  try {
    await transport.request(request)
    return 'ok'
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`
    throw error
  }
}

const root = as('system:admin', 'system:masters')
const NS = '/api/v1/namespaces/default'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'

async function account(name: string): Promise<AnyObject> {
  const metadata = { name, namespace: 'default' }
  return root.request(
    post(`${NS}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata }),
  )
}

void t.test('the default policy is there, and a second start changes nothing', async t => {
  t.comment(`written in ${Math.round(server.policyMs)} ms`)
  const roles = await root.request(get(`${RBAC}/clusterroles`))
  const before = roles.metadata.resourceVersion
  t.ok(before)
  await ensureBootstrapPolicy(server.local)
  t.equal((await root.request(get(`${RBAC}/clusterroles`))).metadata.resourceVersion, before)
  await server.local.request({ method: 'DELETE', path: `${RBAC}/clusterroles/system:discovery` })
  await ensureBootstrapPolicy(server.local)
  t.equal(
    await outcome(root, get(`${RBAC}/clusterroles/system:discovery`)),
    'ok',
    'what was deleted is back',
  )
})

void t.test('who is who', async t => {
  const anonymous = server.client({ bearer: '' })
  t.equal(await outcome(anonymous, get('/version')), 'ok')
  t.equal(
    await outcome(anonymous, get(`${NS}/pods`)),
    '403 pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
  )
  t.equal(
    await outcome(anonymous, get('/api')),
    '403 forbidden: User "system:anonymous" cannot get path "/api"',
  )
  t.match(
    await outcome(server.client({ bearer: 'nonsense' }), get('/version')),
    /^401 Unauthorized/,
  )
  const alice = as('alice', 'dev')
  t.equal(await outcome(alice, get('/api')), 'ok', 'everybody with an identity may look around')
  const review = await alice.request(
    post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
    }),
  )
  t.match(review['status'], {
    userInfo: { username: 'alice', groups: ['dev', 'system:authenticated'] },
  })
})

void t.test('rights come and go with bindings', async t => {
  const bob = as('bob')
  t.match(await outcome(bob, get(`${NS}/secrets`)), /^403 /)
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'bob', namespace: 'default' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }],
  }
  const path = `${RBAC}/namespaces/default/rolebindings`
  await root.request(post(path, binding))
  t.equal(await outcome(bob, get(`${NS}/secrets`)), 'ok')
  t.match(await outcome(bob, get('/api/v1/namespaces/kube-system/secrets')), /^403 /)
  const admin = as('carol')
  await root.request(
    post(path, {
      ...binding,
      metadata: { name: 'carol', namespace: 'default' },
      roleRef: { ...binding.roleRef, name: 'admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'carol' }],
    }),
  )
  const grant = (name: string) =>
    outcome(
      admin,
      post(path, {
        ...binding,
        metadata: { name: `to-${name}` },
        roleRef: { ...binding.roleRef, name },
      }),
    )
  t.equal(await grant('view'), 'ok')
  t.match(
    await grant('cluster-admin'),
    /^403 rolebindings.rbac.authorization.k8s.io "to-cluster-admin" is forbidden: user "carol" \(groups=\["system:authenticated"\]\) is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\["\*"\], Resources:\["\*"\], Verbs:\["\*"\]\}/,
  )
  await root.request({ method: 'DELETE', path: `${path}/bob` })
  t.match(await outcome(bob, get(`${NS}/secrets`)), /^403 /)
})

void t.test('who may only change may not create by changing', async t => {
  const rules = [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['update', 'patch'] },
  ]
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const metadata = { name: 'changers' }
  await root.request(post(`${rbac}/roles`, { apiVersion, kind: 'Role', metadata, rules }))
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'changers' }
  const subjects = [{ apiGroup: roleRef.apiGroup, kind: 'User', name: 'changer' }]
  await root.request(
    post(`${rbac}/rolebindings`, { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects }),
  )
  const user = as('changer')
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/made'
  const lease = (name: string): object => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    spec: {},
  })
  const refused = /^403 .*User "changer" cannot create resource "leases" in API group/
  const put: ApiRequest = { method: 'PUT', path, body: lease('made') }
  const apply: ApiRequest = {
    method: 'PATCH',
    path,
    query: { fieldManager: 'm' },
    contentType: 'application/apply-patch+yaml',
    body: lease('made'),
  }
  t.match(await outcome(user, put), refused, 'PUT')
  t.match(await outcome(user, apply), refused, 'apply')
  const stored = await root.request(put)
  t.match(await outcome(user, { ...put, body: stored }), /^ok/, 'what is there may be changed')
  t.match(await outcome(user, apply), /^ok/)
})

void t.test('a pod gets a token that works until the pod is gone', async t => {
  await account('default')
  await account('robot')
  await root.request(
    post(`${RBAC}/namespaces/default/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'robot' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
    }),
  )
  const pod = await server.createPod('web', 'node-a', { serviceAccountName: 'robot' })
  t.match(pod, {
    spec: {
      volumes: [{ name: /^kube-api-access-/ }],
      priority: 0,
      tolerations: [{ tolerationSeconds: 300 }, {}],
    },
  })
  const node = as('system:node:node-a', 'system:nodes')
  const order = (uid: string | undefined) =>
    post(`${NS}/serviceaccounts/robot/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        expirationSeconds: 3607,
        boundObjectRef: {
          apiVersion: 'v1',
          kind: 'Pod',
          name: 'web',
          ...(uid === undefined ? {} : { uid }),
        },
      },
    })
  const issued = await node.request(order(pod.metadata.uid))
  const token = tokenIn(issued)
  const robot = server.client({ bearer: token })
  t.equal(await outcome(robot, get(`${NS}/pods`)), 'ok')
  t.match(
    await outcome(robot, get(`${NS}/secrets`)),
    /^403 .*User "system:serviceaccount:default:robot"/,
  )
  const review = await root.request(
    post('/apis/authentication.k8s.io/v1/tokenreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token },
    }),
  )
  t.match(review['status'], {
    authenticated: true,
    user: { username: 'system:serviceaccount:default:robot' },
  })
  t.match(
    await outcome(node, order(undefined)),
    /^403 .*node requested token with a pod binding without a uid/,
  )
  await account('impostor')
  const impostor = { ...order(pod.metadata.uid), path: `${NS}/serviceaccounts/impostor/token` }
  t.match(
    await outcome(root, impostor),
    /^400 .*cannot bind token for serviceaccount "impostor" to pod running with different/,
  )
  const other = as('system:node:node-b', 'system:nodes')
  t.match(
    await outcome(other, order(pod.metadata.uid)),
    /^403 .*no relationship found between node 'node-b' and this object/,
  )
  await root.request({
    method: 'DELETE',
    path: `${NS}/pods/web`,
    query: { gracePeriodSeconds: '0' },
  })
  t.match(await outcome(robot, get(`${NS}/pods`)), /^401/)
})

const eviction = (name: string): object => ({
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  metadata: { name, namespace: 'default' },
})

void t.test('a node touches only what is its own', async t => {
  const node = as('system:node:node-a', 'system:nodes')
  const secret = (name: string) =>
    post(`${NS}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name } })
  await root.request(secret('mounted'))
  await root.request(secret('other'))
  const volumes = [{ name: 'v', secret: { secretName: 'mounted' } }]
  await server.createPod('mine', 'node-a', { volumes })
  await server.createPod('theirs', 'node-b')
  const cases: readonly (readonly [ApiRequest, RegExp])[] = [
    [get(`${NS}/secrets/mounted`), /^ok/],
    [
      get(`${NS}/secrets/other`),
      /^403 .*no relationship found between node 'node-a' and this object/,
    ],
    [get(`${NS}/secrets`), /^403 .*No Object name found/],
    [get('/api/v1/pods', { fieldSelector: 'spec.nodeName=node-a' }), /^ok/],
    [get('/api/v1/pods'), /^403 .*can only list\/watch pods with spec.nodeName field selector/],
    [get('/api/v1/services'), /^ok/],
    [get('/api/v1/nodes'), /^ok/],
    [
      post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' } }),
      /^ok/,
    ],
    [
      post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-c' } }),
      /^403 .*node "node-a" is not allowed to modify node "node-c"/,
    ],
    [
      { method: 'DELETE', path: `${NS}/pods/theirs` },
      /^403 .*node "node-a" can only delete pods with spec.nodeName set to itself/,
    ],
    [{ method: 'DELETE', path: '/api/v1/nodes/node-a' }, /^403 /],
    [
      {
        method: 'PATCH',
        path: '/api/v1/nodes/node-a',
        contentType: 'application/merge-patch+json',
        body: { metadata: { labels: { 'node-role.kubernetes.io/x': '' } } },
      },
      /^403 .*is not allowed to modify labels: node-role.kubernetes.io\/x/,
    ],
    [
      post(`${NS}/pods/theirs/eviction`, eviction('theirs')),
      /^403 .*node node-a can only evict pods with spec.nodeName set to itself/,
    ],
    [post(`${NS}/pods/mine/eviction`, eviction('mine')), /^ok/],
    [{ method: 'DELETE', path: `${NS}/pods/mine`, query: { gracePeriodSeconds: '0' } }, /^ok/],
  ]
  for (const [request, expected] of cases) {
    t.match(await outcome(node, request), expected, `${request.method} ${request.path}`)
  }
})

void t.test('nothing is created where there is no namespace', async t => {
  const request = post('/api/v1/namespaces/nowhere/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
  })
  t.equal(await outcome(root, request), '404 namespaces "nowhere" not found')
  t.equal(
    await outcome(root, { method: 'DELETE', path: '/api/v1/namespaces/kube-system' }),
    '403 namespaces "kube-system" is forbidden: this namespace may not be deleted',
  )
})

void t.test('the keys of tokens are published to service accounts', async t => {
  t.equal(await outcome(root, get('/openid/v1/jwks')), 'ok')
  t.match(await outcome(as('alice'), get('/openid/v1/jwks')), /^403 /)
})

function tokenIn(object: AnyObject): string {
  const status = object['status']
  if (typeof status !== 'object' || status === null || !('token' in status))
    throw new Error('no token')
  return String(status.token)
}
