/**
 * `kubectl --as`: acting as another user, for whoever may `impersonate` that user, each of the groups and the uid.
 *
 * Input   headers Impersonate-User, Impersonate-Group (repeated, or joined by commas) and Impersonate-Uid
 * Output  the user to go on as; the caller himself when he asks for nobody
 * Throws  StatusError(Forbidden) as any refused request; BadRequest for a group or uid without a user.
 * Source: k8s.io/apiserver pkg/endpoints/filters/impersonation.go. Differs: Impersonate-Extra-* is not read.
 */
import { ANONYMOUS, type Authorizer, type RequestAttributes, type UserInfo } from '#api/request.ts'
import { badRequest } from '#api/status.ts'
import { accessForbidden } from './forbidden.ts'
import { AUTHENTICATED, serviceAccountGroups } from './identity.ts'

export interface ImpersonationRequest {
  readonly caller: UserInfo
  /** By name in lower case. */
  readonly header: (name: string) => string | undefined
}

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/

export async function impersonate(
  authorizer: Authorizer,
  { caller, header }: ImpersonationRequest,
): Promise<UserInfo> {
  const name = header('impersonate-user') ?? ''
  const uid = header('impersonate-uid') ?? ''
  const groups = (header('impersonate-group') ?? '')
    .split(',')
    .map(group => group.trim())
    .filter(group => group !== '')
  if (name === '') {
    if (uid === '' && groups.length === 0) return caller
    throw badRequest('requested impersonation of a group or uid without impersonating a user')
  }
  for (const target of targetsOf({ name, uid, groups })) {
    const attributes = { ...BASE, ...target, user: caller }
    const { decision, reason } = await authorizer.authorize(attributes)
    if (decision !== 'allow') throw accessForbidden(attributes, reason)
  }
  return {
    name,
    ...(uid === '' ? {} : { uid }),
    groups: groupsOf(name, groups),
  }
}

const BASE: Omit<RequestAttributes, 'user'> = {
  verb: 'impersonate',
  isResource: true,
  path: '',
  group: '',
  version: 'v1',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
}

type Target = Pick<RequestAttributes, 'resource' | 'name'> &
  Partial<Pick<RequestAttributes, 'group' | 'namespace'>>

function targetsOf(wanted: {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
}): readonly Target[] {
  const account = SERVICE_ACCOUNT.exec(wanted.name)
  const user: Target =
    account === null
      ? { resource: 'users', name: wanted.name }
      : { resource: 'serviceaccounts', namespace: account[1] ?? '', name: account[2] ?? '' }
  const uid: Target = { group: 'authentication.k8s.io', resource: 'uids', name: wanted.uid }
  return [
    user,
    ...wanted.groups.map((name): Target => ({ resource: 'groups', name })),
    ...(wanted.uid === '' ? [] : [uid]),
  ]
}

/** A service account is in its groups unless others are asked for; everybody but anonymous is authenticated. */
function groupsOf(name: string, asked: readonly string[]): readonly string[] {
  const account = SERVICE_ACCOUNT.exec(name)
  const groups =
    asked.length === 0 && account !== null ? serviceAccountGroups(account[1] ?? '') : asked
  const implied = name === ANONYMOUS.name ? 'system:unauthenticated' : AUTHENTICATED
  return groups.includes(implied) ? groups : [...groups, implied]
}
