/**
 * `Impersonate-User`, `-Group` and `-Uid`: a request made as somebody else, by who may impersonate each of them.
 *
 * Throws  StatusError(Forbidden) when the requester may not; BadRequest for groups or uid without a user.
 * Source: k8s.io/apiserver pkg/endpoints/filters/impersonation.go. Differs: extra fields are not taken over.
 */
import type { Authorizer, RequestAttributes, UserInfo } from '#api/request.ts'
import { badRequest, forbidden } from '#api/status.ts'

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/
const AUTHENTICATED = 'system:authenticated'
const ANONYMOUS_NAME = 'system:anonymous'

interface Asked {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid: string | undefined
}

/** Returns undefined when nobody is impersonated. */
export function impersonationOf(header: (name: string) => string | undefined): Asked | undefined {
  const name = header('impersonate-user') ?? ''
  const groups = (header('impersonate-group') ?? '').split(', ').filter(group => group !== '')
  const uid = header('impersonate-uid')
  if (name !== '') return { name, groups, uid }
  if (groups.length > 0 || uid !== undefined)
    throw badRequest('requested groups or uid without impersonating a user')
  return undefined
}

export async function impersonate(
  authorizer: Authorizer,
  user: UserInfo,
  asked: Asked,
): Promise<UserInfo> {
  for (const attributes of needed(user, asked)) {
    const { decision } = await authorizer.authorize(attributes)
    if (decision === 'allow') continue
    const { group, resource, name } = attributes
    throw forbidden(
      { group, resource, name },
      `User "${user.name}" cannot impersonate resource "${resource}" in API group "${group}" ${whereOf(attributes)}`,
    )
  }
  return {
    name: asked.name,
    groups: groupsOf(asked),
    ...(asked.uid === undefined ? {} : { uid: asked.uid }),
  }
}

const whereOf = ({ namespace }: RequestAttributes): string =>
  namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`

function needed(user: UserInfo, asked: Asked): RequestAttributes[] {
  const about = (
    what: Pick<RequestAttributes, 'group' | 'resource' | 'namespace' | 'name'>,
  ): RequestAttributes => ({
    ...what,
    user,
    verb: 'impersonate',
    isResource: true,
    path: '',
    version: 'v1',
    subresource: '',
  })
  const [, namespace, account] = SERVICE_ACCOUNT.exec(asked.name) ?? []
  const subject =
    namespace === undefined || account === undefined
      ? about({ group: '', resource: 'users', namespace: '', name: asked.name })
      : about({ group: '', resource: 'serviceaccounts', namespace, name: account })
  const groups = asked.groups.map(name =>
    about({ group: '', resource: 'groups', namespace: '', name }),
  )
  const { uid } = asked
  const uids =
    uid === undefined
      ? []
      : [about({ group: 'authentication.k8s.io', resource: 'uids', namespace: '', name: uid })]
  return [subject, ...groups, ...uids]
}

function groupsOf({ name, groups }: Asked): readonly string[] {
  const [, namespace] = SERVICE_ACCOUNT.exec(name) ?? []
  const implied =
    namespace === undefined || groups.length > 0
      ? []
      : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  const all = [...groups, ...implied]
  if (name === ANONYMOUS_NAME || all.includes(AUTHENTICATED)) return all
  return [...all, AUTHENTICATED]
}
