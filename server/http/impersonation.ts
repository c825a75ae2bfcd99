/**
 * `kubectl --as`: a request made as somebody else, by who may `impersonate` the user, each group, the uid and each
 * extra value.
 *
 * Input   headers Impersonate-User, -Group and -Extra-KEY (repeated ones arrive joined by ", "), and -Uid
 * Throws  StatusError(Forbidden) as any refused request; BadRequest for groups or a uid without a user.
 * Source: k8s.io/apiserver pkg/endpoints/filters/impersonation.go
 */
import { accessForbidden } from '#api/refusal.ts'
import { ANONYMOUS, type Authorizer, type RequestAttributes, type UserInfo } from '#api/request.ts'
import { badRequest } from '#api/status.ts'
import type { Exchange } from './exchange.ts'

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/
const AUTHENTICATED = 'system:authenticated'
const UNAUTHENTICATED = 'system:unauthenticated'
const AUTHENTICATION_GROUP = 'authentication.k8s.io'
const EXTRA_PREFIX = 'impersonate-extra-'

export interface Impersonation {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid: string
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** Returns undefined when nobody is impersonated. Extra values count only beside a user. */
export function impersonationOf(
  exchange: Pick<Exchange, 'header' | 'headerNames'>,
): Impersonation | undefined {
  const name = exchange.header('impersonate-user') ?? ''
  const groups = valuesOf(exchange.header('impersonate-group'))
  const uid = exchange.header('impersonate-uid') ?? ''
  if (name !== '') return { name, groups, uid, extra: extraOf(exchange) }
  if (groups.length === 0 && uid === '') return undefined
  throw badRequest('requested impersonation of a group or uid without impersonating a user')
}

const valuesOf = (header: string | undefined): readonly string[] =>
  (header ?? '').split(', ').filter(value => value !== '')

function extraOf(
  exchange: Pick<Exchange, 'header' | 'headerNames'>,
): Readonly<Record<string, readonly string[]>> {
  const names = exchange.headerNames().filter(name => name.startsWith(EXTRA_PREFIX))
  return Object.fromEntries(
    names.map(name => [
      unescaped(name.slice(EXTRA_PREFIX.length)),
      valuesOf(exchange.header(name)),
    ]),
  )
}

/** Keys come percent-escaped; one that is not well-formed is taken as it is. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

export async function impersonate(
  authorizer: Authorizer,
  user: UserInfo,
  asked: Impersonation,
): Promise<UserInfo> {
  for (const target of targetsOf(asked)) {
    const attributes = { ...BASE, ...target, user }
    const { decision, reason } = await authorizer.authorize(attributes)
    if (decision !== 'allow') throw accessForbidden(attributes, reason)
  }
  const { name, uid, extra } = asked
  return {
    name,
    groups: groupsOf(asked),
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
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
  Partial<Pick<RequestAttributes, 'group' | 'subresource' | 'namespace'>>

function targetsOf({ name, groups, uid, extra }: Impersonation): readonly Target[] {
  const [, namespace, account] = SERVICE_ACCOUNT.exec(name) ?? []
  return [
    namespace === undefined || account === undefined
      ? { resource: 'users', name }
      : { resource: 'serviceaccounts', namespace, name: account },
    ...groups.map(group => ({ resource: 'groups', name: group })),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map(value => ({
        group: AUTHENTICATION_GROUP,
        resource: 'userextras',
        subresource: key,
        name: value,
      })),
    ),
    ...(uid === '' ? [] : [{ group: AUTHENTICATION_GROUP, resource: 'uids', name: uid }]),
  ]
}

/** A service account is in its groups unless others are asked for; everybody but anonymous is authenticated. */
function groupsOf({ name, groups }: Impersonation): readonly string[] {
  const [, namespace] = SERVICE_ACCOUNT.exec(name) ?? []
  const all =
    namespace === undefined || groups.length > 0
      ? groups
      : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  const implied = name === ANONYMOUS.name ? UNAUTHENTICATED : AUTHENTICATED
  return all.includes(implied) || all.includes(UNAUTHENTICATED) ? all : [...all, implied]
}
