/** Names that identities are made of: service accounts, nodes, and the groups everybody is in. Pure. */
import type { UserInfo } from '#api/request.ts'

export const AUTHENTICATED = 'system:authenticated'
export const MASTERS = 'system:masters'
export const NODES = 'system:nodes'
export const BOOTSTRAPPERS = 'system:bootstrappers'
const NODE_USER_PREFIX = 'system:node:'
const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:'

export const nodeUser = (nodeName: string): string => NODE_USER_PREFIX + nodeName

export interface NodeIdentity {
  /** '' when the user is of the nodes' group but names no node. */
  readonly nodeName: string
}

/** Source: kubernetes pkg/auth/nodeidentifier/default.go */
export function nodeIdentity(user: UserInfo): NodeIdentity | undefined {
  if (!user.name.startsWith(NODE_USER_PREFIX) || !user.groups.includes(NODES)) return undefined
  return { nodeName: user.name.slice(NODE_USER_PREFIX.length) }
}

export const serviceAccountUser = (namespace: string, name: string): string =>
  `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`

export const serviceAccountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
]

/** With `system:authenticated`, once. */
export const authenticated = (user: UserInfo): UserInfo =>
  user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] }
