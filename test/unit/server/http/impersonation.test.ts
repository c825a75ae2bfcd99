/** `kubectl --as`: what is asked, who may, and whom it makes of the caller. */
import t from 'tap'
import type { Authorizer, RequestAttributes, UserInfo } from '#api/request.ts'
import { messageOf } from '#base/errors.ts'
import { impersonate, impersonationOf } from '#server/http/impersonation.ts'

const alice: UserInfo = { name: 'alice', groups: ['dev', 'system:authenticated'] }

/** What alice may impersonate, as `resource[/subresource] [namespace/]name`. */
const ALLOWED = new Set([
  'users bob',
  'users system:anonymous',
  'groups ops',
  'groups CN=a,OU=b',
  'groups system:unauthenticated',
  'serviceaccounts team/robot',
  'authentication.k8s.io userextras/scopes view',
  'authentication.k8s.io userextras/acme.com/team red',
  'authentication.k8s.io uids 42',
])

const nameOf = ({ group, resource, subresource, namespace, name }: RequestAttributes): string =>
  `${group === '' ? '' : `${group} `}${resource}${subresource === '' ? '' : `/${subresource}`} ${namespace === '' ? '' : `${namespace}/`}${name}`

const authorizer: Authorizer = {
  authorize: attributes => ({
    decision:
      attributes.user === alice &&
      attributes.verb === 'impersonate' &&
      ALLOWED.has(nameOf(attributes))
        ? 'allow'
        : 'no-opinion',
    reason: '',
  }),
}

async function as(headers: Readonly<Record<string, string>>): Promise<string> {
  try {
    const asked = impersonationOf({
      header: name => headers[name],
      headerNames: () => Object.keys(headers),
    })
    if (asked === undefined) return 'nobody'
    const { name, groups, uid = '', extra } = await impersonate(authorizer, alice, asked)
    return [name, ...groups, uid, extra === undefined ? '' : JSON.stringify(extra)].join(' ').trim()
  } catch (error) {
    return messageOf(error)
  }
}

const refused = (name: string, resource: string, group = ''): string =>
  `${resource.split('/')[0]}${group === '' ? '' : `.${group}`} "${name}" is forbidden: User "alice" cannot impersonate resource "${resource}" in API group "${group}" at the cluster scope`

const CASES: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
  [{}, 'nobody'],
  [{ 'impersonate-user': 'bob' }, 'bob system:authenticated'],
  [{ 'impersonate-user': 'bob', 'impersonate-group': 'ops' }, 'bob ops system:authenticated'],
  [
    { 'impersonate-user': 'bob', 'impersonate-group': 'CN=a,OU=b' },
    'bob CN=a,OU=b system:authenticated',
  ],
  [
    { 'impersonate-user': 'bob', 'impersonate-group': 'system:unauthenticated' },
    'bob system:unauthenticated',
  ],
  [
    { 'impersonate-user': 'bob', 'impersonate-group': 'ops, system:masters' },
    refused('system:masters', 'groups'),
  ],
  [{ 'impersonate-user': 'root' }, refused('root', 'users')],
  [
    { 'impersonate-user': 'system:serviceaccount:team:robot' },
    'system:serviceaccount:team:robot system:serviceaccounts system:serviceaccounts:team system:authenticated',
  ],
  [
    { 'impersonate-user': 'system:serviceaccount:team:robot', 'impersonate-group': 'ops' },
    'system:serviceaccount:team:robot ops system:authenticated',
  ],
  [
    { 'impersonate-user': 'system:serviceaccount:other:robot' },
    'serviceaccounts "robot" is forbidden: User "alice" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "other"',
  ],
  [{ 'impersonate-user': 'system:anonymous' }, 'system:anonymous system:unauthenticated'],
  [{ 'impersonate-user': 'bob', 'impersonate-uid': '42' }, 'bob system:authenticated 42'],
  [
    { 'impersonate-user': 'bob', 'impersonate-extra-scopes': 'view' },
    'bob system:authenticated  {"scopes":["view"]}',
  ],
  [
    { 'impersonate-user': 'bob', 'impersonate-extra-acme.com%2fteam': 'red' },
    'bob system:authenticated  {"acme.com/team":["red"]}',
  ],
  [
    { 'impersonate-user': 'bob', 'impersonate-extra-scopes': 'view, admin' },
    refused('admin', 'userextras/scopes', 'authentication.k8s.io'),
  ],
  [
    { 'impersonate-group': 'ops' },
    'requested impersonation of a group or uid without impersonating a user',
  ],
  [
    { 'impersonate-uid': '42' },
    'requested impersonation of a group or uid without impersonating a user',
  ],
]

void t.test('acting as another', async t => {
  for (const [headers, expected] of CASES) t.equal(await as(headers), expected)
})
