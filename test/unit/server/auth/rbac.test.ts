/** Who may do what under RBAC, and what refusals say. */
import t from 'tap'
import type { AdmissionAttributes, RequestAttributes, UserInfo } from '#api/request.ts'
import type { PolicyRule, Subject } from '#api/types/rbac-v1.ts'
import { defaultPolicy, planObject } from '#server/auth/bootstrap-policy.ts'
import { createEscalationCheck } from '#server/admission/escalation.ts'
import { accessForbidden } from '#api/refusal.ts'
import { createRbacAuthorizer, superuserAuthorizer, unionAuthorizer } from '#server/auth/rbac.ts'
import { compactRules, describeRule, missingRules, ruleAllows } from '#server/auth/rbac-rules.ts'
import { type MemoryReader, memoryReader } from '../../../support/memory-reader.ts'

const API = 'rbac.authorization.k8s.io/v1'
const GROUP = 'rbac.authorization.k8s.io'
const alice: UserInfo = { name: 'alice', groups: ['dev', 'system:authenticated'] }

const request = (text: string, user = alice): RequestAttributes => {
  const [verb = '', target = '', place = ''] = text.split(' ')
  if (target.startsWith('/')) return { ...EMPTY, user, verb, path: target }
  const [resourcePart = '', subresource = ''] = target.split('/')
  const [resource = '', ...group] = resourcePart.split('.')
  const [namespace = '', name = ''] = place.split('/')
  return {
    ...EMPTY,
    user,
    verb,
    isResource: true,
    resource,
    subresource,
    group: group.join('.'),
    namespace,
    name,
  }
}
const EMPTY = {
  path: '',
  isResource: false,
  group: '',
  version: 'v1',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
}

void t.test('a rule allows', async t => {
  const rule = (fields: Partial<PolicyRule>): PolicyRule => ({
    verbs: ['get'],
    apiGroups: [''],
    ...fields,
  })
  const cases: readonly (readonly [string, Partial<PolicyRule>, string, boolean])[] = [
    ['the exact resource', { resources: ['pods'] }, 'get pods default/web', true],
    ['no other verb', { resources: ['pods'] }, 'list pods default', false],
    ['any verb by *', { verbs: ['*'], resources: ['pods'] }, 'deletecollection pods default', true],
    ['no other group', { resources: ['deployments'] }, 'get deployments.apps default/web', false],
    [
      'any group by *',
      { apiGroups: ['*'], resources: ['deployments'] },
      'get deployments.apps default/web',
      true,
    ],
    ['not a subresource', { resources: ['pods'] }, 'get pods/log default/web', false],
    ['a named subresource', { resources: ['pods/log'] }, 'get pods/log default/web', true],
    ['a subresource of anything', { resources: ['*/log'] }, 'get pods/log default/web', true],
    ['every subresource by *', { resources: ['*'] }, 'get pods/exec default/web', true],
    [
      'a named object',
      { resources: ['pods'], resourceNames: ['web'] },
      'get pods default/web',
      true,
    ],
    [
      'no object of another name',
      { resources: ['pods'], resourceNames: ['web'] },
      'get pods default/db',
      false,
    ],
    [
      'no list when names are given',
      { verbs: ['list'], resources: ['pods'], resourceNames: ['web'] },
      'list pods default',
      false,
    ],
    ['an exact path', { nonResourceURLs: ['/healthz'] }, 'get /healthz', true],
    ['paths under a prefix', { nonResourceURLs: ['/api/*'] }, 'get /api/v1', true],
    ['not the prefix itself', { nonResourceURLs: ['/api/*'] }, 'get /api', false],
    ['no path by resources', { resources: ['*'] }, 'get /healthz', false],
  ]
  for (const [name, fields, text, expected] of cases) {
    t.equal(ruleAllows(rule(fields), request(text)), expected, name)
  }
})

function world(): MemoryReader {
  const reader = memoryReader()
  const role = (name: string, rules: readonly PolicyRule[]) =>
    reader.put(`clusterroles.${GROUP}`, {
      apiVersion: API,
      kind: 'ClusterRole',
      metadata: { name },
      rules,
    })
  role('pod-reader', [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }])
  role('node-reader', [{ verbs: ['get'], apiGroups: [''], resources: ['nodes'] }])
  reader.put(`roles.${GROUP}`, {
    apiVersion: API,
    kind: 'Role',
    metadata: { name: 'config', namespace: 'team' },
    rules: [{ verbs: ['update'], apiGroups: [''], resources: ['configmaps'] }],
  })
  return reader
}

function bind(
  reader: MemoryReader,
  name: string,
  role: string,
  subjects: readonly Subject[],
  namespace?: string,
): void {
  const [kind = '', roleName = ''] = role.split('/')
  const roleRef = { apiGroup: GROUP, kind, name: roleName }
  if (namespace === undefined) {
    reader.put(`clusterrolebindings.${GROUP}`, {
      apiVersion: API,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef,
      subjects,
    })
  } else {
    reader.put(`rolebindings.${GROUP}`, {
      apiVersion: API,
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef,
      subjects,
    })
  }
}

void t.test('bindings', async t => {
  const reader = world()
  const rbac = createRbacAuthorizer(reader)
  const decide = (text: string, user = alice): string => {
    const { decision, reason } = rbac.authorize(request(text, user))
    return `${decision}: ${reason}`
  }
  const robot: UserInfo = {
    name: 'system:serviceaccount:team:robot',
    groups: ['system:serviceaccounts'],
  }
  t.equal(decide('get pods default/web'), 'no-opinion: ')
  bind(reader, 'readers', 'ClusterRole/pod-reader', [{ kind: 'Group', name: 'dev' }])
  t.equal(
    decide('get pods default/web'),
    'allow: RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "pod-reader" to Group "dev"',
  )
  bind(
    reader,
    'local',
    'ClusterRole/node-reader',
    [{ kind: 'ServiceAccount', name: 'robot' }],
    'team',
  )
  t.equal(
    decide('get nodes team/n', robot),
    'allow: RBAC: allowed by RoleBinding "local/team" of ClusterRole "node-reader" to ServiceAccount "robot/team"',
  )
  t.equal(
    decide('get nodes /n', robot),
    'no-opinion: ',
    'a role binding gives nothing outside of its namespace',
  )
  bind(reader, 'own', 'Role/config', [{ kind: 'User', name: 'alice' }], 'team')
  t.match(decide('update configmaps team/c'), /^allow/)
  bind(reader, 'lost', 'Role/nothing', [{ kind: 'User', name: 'alice' }], 'team')
  t.equal(
    decide('delete configmaps team/c'),
    'no-opinion: RBAC: role.rbac.authorization.k8s.io "nothing" not found',
  )
  t.same(rbac.rulesFor(alice, 'team').errors, [
    'role.rbac.authorization.k8s.io "nothing" not found',
  ])
  t.equal(rbac.rulesFor(alice, 'team').rules.length, 2)
  bind(reader, 'readers', 'ClusterRole/pod-reader', [{ kind: 'Group', name: 'ops' }])
  t.equal(
    decide('get pods default/web'),
    'no-opinion: ',
    'a changed binding forgets its old subjects',
  )
  const union = unionAuthorizer([superuserAuthorizer, rbac])
  const root: UserInfo = { name: 'root', groups: ['system:masters'] }
  t.equal((await union.authorize(request('delete nodes /n', root))).decision, 'allow')
})

void t.test('what a refusal says', async t => {
  const say = (text: string): string => accessForbidden(request(text), '').message
  t.equal(
    say('list pods default'),
    'pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"',
  )
  t.equal(
    say('get deployments.apps/scale default/web'),
    'deployments.apps "web" is forbidden: User "alice" cannot get resource "deployments/scale" in API group "apps" in the namespace "default"',
  )
  t.equal(
    say('get nodes /n1'),
    'nodes "n1" is forbidden: User "alice" cannot get resource "nodes" in API group "" at the cluster scope',
  )
  t.equal(say('get /metrics'), 'forbidden: User "alice" cannot get path "/metrics"')
})

void t.test('covering', async t => {
  const owned: readonly PolicyRule[] = [
    { verbs: ['get', 'list'], apiGroups: ['', 'apps'], resources: ['pods', '*/scale'] },
    { verbs: ['get'], nonResourceURLs: ['/healthz/*'] },
  ]
  const show = (wanted: PolicyRule): readonly string[] =>
    compactRules(missingRules(owned, [wanted])).map(describeRule)
  t.same(show({ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['web'] }), [])
  t.same(show({ verbs: ['get'], apiGroups: ['apps'], resources: ['deployments/scale'] }), [])
  t.same(show({ verbs: ['get'], nonResourceURLs: ['/healthz/etcd'] }), [])
  t.same(
    show({ verbs: ['get', 'delete', 'patch'], apiGroups: [''], resources: ['pods', 'secrets'] }),
    [
      '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "patch"]}',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete" "patch"]}',
    ],
  )
  t.same(show({ verbs: ['get'], nonResourceURLs: ['/metrics'] }), [
    '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
  ])
})

void t.test('nobody grants what he does not hold', async t => {
  const reader = world()
  bind(reader, 'readers', 'ClusterRole/pod-reader', [{ kind: 'Group', name: 'dev' }])
  const rbac = createRbacAuthorizer(reader)
  const check = createEscalationCheck({ rbac, authorizer: rbac })
  const write = (
    resource: string,
    object: AdmissionAttributes['object'],
    user = alice,
    oldObject?: AdmissionAttributes['object'],
  ): Promise<void> =>
    Promise.resolve(
      check.validate?.({
        operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
        user,
        group: GROUP,
        version: 'v1',
        kind: '',
        resource,
        subresource: '',
        namespace: 'team',
        name: object?.metadata.name ?? '',
        object,
        oldObject,
        options: undefined,
        dryRun: false,
        verb: 'update',
      }),
    )
  const role = (rules: readonly PolicyRule[]) => ({
    apiVersion: API,
    kind: 'Role',
    metadata: { name: 'r' },
    rules,
  })
  await write('roles', role([{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]))
  await t.rejects(
    write('roles', role([{ verbs: ['get', 'delete'], apiGroups: [''], resources: ['pods'] }])),
    {
      message:
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "alice" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
    },
  )
  const strong = role([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }])
  const held = { ...strong, metadata: { name: 'r', finalizers: ['x'] } }
  await write('clusterroles', held, alice, strong)
  const labels = { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' }
  await t.rejects(
    write('clusterroles', { ...strong, metadata: { name: 'r', labels } }, alice, strong),
    { message: /attempting to grant RBAC permissions not currently held/ },
    'a label may hand the rules on',
  )
  const gathering = {
    ...role([]),
    kind: 'ClusterRole',
    aggregationRule: { clusterRoleSelectors: [] },
  }
  const refused = {
    message:
      'clusterroles.rbac.authorization.k8s.io "r" is forbidden: must have cluster-admin privileges to use the aggregationRule',
  }
  await t.rejects(write('clusterroles', gathering), refused)
  const plain = { ...role([]), kind: 'ClusterRole' }
  await t.rejects(write('clusterroles', plain, alice, gathering), refused, 'nor take it away')
  const binding = (name: string) => ({
    apiVersion: API,
    kind: 'RoleBinding',
    metadata: { name: 'b' },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
  })
  await write('rolebindings', binding('pod-reader'))
  await t.rejects(write('rolebindings', binding('node-reader')), { code: 403 })
  await t.rejects(write('rolebindings', binding('unknown')), {
    message: 'clusterrole.rbac.authorization.k8s.io "unknown" not found',
  })
  reader.put(`clusterroles.${GROUP}`, {
    apiVersion: API,
    kind: 'ClusterRole',
    metadata: { name: 'pod-reader' },
    rules: [
      { verbs: ['bind', 'escalate'], apiGroups: [GROUP], resources: ['clusterroles', 'roles'] },
    ],
  })
  await write('rolebindings', binding('unknown'))
  await write('roles', role([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]))
})

void t.test('the default policy', async t => {
  const policy = defaultPolicy()
  const find = (kind: string, name: string) =>
    policy.find(object => object.kind === kind && object.metadata.name === name)
  const names = policy.map(
    object => `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`,
  )
  t.equal(new Set(names).size, names.length, 'has no object twice')
  const view = find('ClusterRole', 'view')?.rules ?? []
  const edit = find('ClusterRole', 'edit')?.rules ?? []
  const admin = find('ClusterRole', 'admin')?.rules ?? []
  t.same(missingRules(edit, view), [], 'edit includes view')
  t.same(missingRules(admin, edit), [], 'admin includes edit')
  const may = (rules: readonly PolicyRule[], text: string): boolean =>
    rules.some(rule => ruleAllows(rule, request(text)))
  t.notOk(may(view, 'get secrets default/s'), 'view shows no secrets')
  t.ok(may(edit, 'get secrets default/s'))
  t.ok(may(admin, 'create rolebindings.rbac.authorization.k8s.io default'))
  t.notOk(may(edit, 'create rolebindings.rbac.authorization.k8s.io default'))
  for (const wanted of policy) t.equal(planObject(wanted, { ...wanted }), undefined)
  const scheduler = find('ClusterRole', 'system:kube-scheduler')
  if (scheduler === undefined) throw new Error('no scheduler role')
  const [first, ...others] = scheduler.rules ?? []
  t.ok(first)
  const plan = planObject(scheduler, { ...scheduler, rules: others })
  t.equal(
    missingRules(planRules(plan), scheduler.rules ?? []).length,
    0,
    'puts back what was taken away',
  )
  const off = {
    ...scheduler.metadata,
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
  }
  t.equal(
    planObject(scheduler, { ...scheduler, metadata: off, rules: [] }),
    undefined,
    'unless told not to',
  )
})

function planRules(object: unknown): readonly PolicyRule[] {
  return typeof object === 'object' && object !== null && 'rules' in object
    ? (object.rules as PolicyRule[])
    : []
}
