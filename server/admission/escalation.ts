/**
 * Nobody gives away rights that he does not have: checks on writes of roles and bindings, as an admission plugin.
 *
 * Law     Passed by `system:masters`, by holders of the verbs `escalate` (roles) and `bind` (bindings), and by those
 *         whose own rules cover all that is granted.
 * Throws  StatusError(Forbidden) with upstream's list of what is missing; NotFound for a binding's missing role.
 * Source: kubernetes pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go,
 *         pkg/registry/rbac/escalation_check.go
 */
import { isDeepStrictEqual } from 'node:util'
import type { AnyObject } from '#api/object.ts'
import type {
  AdmissionAttributes,
  AdmissionPlugin,
  Authorizer,
  RequestAttributes,
} from '#api/request.ts'
import { isReason } from '#api/status.ts'
import type { PolicyRule, RoleBinding } from '#api/types/rbac-v1.ts'
import { MASTERS } from '../auth/identity.ts'
import { isStoredAs } from '../auth/object-reader.ts'
import type { Rbac } from '../auth/rbac.ts'
import { compactRules, describeRule, missingRules, quoteAll } from '../auth/rbac-rules.ts'
import { nameOf, refuse } from './refusal.ts'

const GROUP = 'rbac.authorization.k8s.io'
/** Stand for the namespaced kinds as well, which have the same fields. */
const CLUSTER_ROLES = 'clusterroles.rbac.authorization.k8s.io'
const ROLE_BINDINGS = 'rolebindings.rbac.authorization.k8s.io'
const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

export interface EscalationDeps {
  readonly rbac: Pick<Rbac, 'rulesFor' | 'rulesOf'>
  /** Asked about the verbs `escalate` and `bind`. */
  readonly authorizer: Authorizer
}

export const createEscalationCheck = (deps: EscalationDeps): AdmissionPlugin => ({
  name: 'RBACEscalation',
  handles: operation => operation === 'CREATE' || operation === 'UPDATE',
  async validate(attributes) {
    if (attributes.group !== GROUP || attributes.user.groups.includes(MASTERS)) return
    const { resource } = attributes
    if (resource === 'roles' || resource === 'clusterroles') await checkRole(deps, attributes)
    if (resource === 'rolebindings' || resource === 'clusterrolebindings') {
      await checkBinding(deps, attributes)
    }
  },
})

/**
 * Only owners and finalizers differ. A new label is more than that: it may add the role to another one (aggregation).
 * Source: kubernetes pkg/registry/rbac/helpers.go IsOnlyMutatingGCFields
 */
function isOnlyOwnership(object: AnyObject, old: AnyObject | undefined): boolean {
  if (old === undefined) return false
  const rest = ({ metadata, ...content }: AnyObject): unknown => {
    const {
      ownerReferences: _owners,
      finalizers: _holders,
      managedFields: _fields,
      ...meta
    } = metadata
    return { ...content, metadata: meta }
  }
  return isDeepStrictEqual(rest(object), rest(old))
}

async function checkRole(deps: EscalationDeps, attributes: AdmissionAttributes): Promise<void> {
  const { object, oldObject } = attributes
  if (object === undefined || !isStoredAs(CLUSTER_ROLES, object)) return
  if (isOnlyOwnership(object, oldObject)) return
  if (
    await mayDo(deps, attributes, {
      verb: 'escalate',
      resource: attributes.resource,
      // A collection has no name to be allowed.
      name: attributes.operation === 'CREATE' ? '' : nameOf(attributes),
    })
  )
    return
  confirmHeld(deps, attributes, object.rules ?? [])
  const isAggregated = isAggregating(object) || isAggregating(oldObject)
  if (isAggregated && missingOf(deps, attributes, EVERYTHING).length > 0) {
    throw refuse(attributes, 'must have cluster-admin privileges to use the aggregationRule')
  }
}

/** Whoever takes the rule away frees the role from what gathers it, too. */
const isAggregating = (role: AnyObject | undefined): boolean =>
  role !== undefined && isStoredAs(CLUSTER_ROLES, role) && role.aggregationRule !== undefined

async function checkBinding(deps: EscalationDeps, attributes: AdmissionAttributes): Promise<void> {
  const { object, oldObject } = attributes
  if (object === undefined || !isStoredAs(ROLE_BINDINGS, object)) return
  if (isOnlyOwnership(object, oldObject)) return
  const resource = object.roleRef.kind === 'Role' ? 'roles' : 'clusterroles'
  if (await mayDo(deps, attributes, { verb: 'bind', resource, name: object.roleRef.name })) return
  confirmHeld(deps, attributes, roleRules(deps, attributes, object))
}

/** A binding may name a role that does not exist yet only by right of `bind`. */
function roleRules(
  deps: EscalationDeps,
  attributes: AdmissionAttributes,
  binding: RoleBinding,
): readonly PolicyRule[] {
  try {
    return deps.rbac.rulesOf(binding.roleRef, attributes.namespace)
  } catch (error) {
    if (isReason(error, 'NotFound')) throw error
    throw refuse(attributes, 'the role cannot be resolved')
  }
}

function confirmHeld(
  deps: EscalationDeps,
  attributes: AdmissionAttributes,
  rules: readonly PolicyRule[],
): void {
  const missing = missingOf(deps, attributes, rules)
  if (missing.length === 0) return
  const { user, namespace } = attributes
  const lines = [...new Set(compactRules(missing).map(describeRule))].sort()
  const { errors } = deps.rbac.rulesFor(user, namespace)
  const resolution = errors.length === 0 ? '' : `; resolution errors: [${errors.join(', ')}]`
  throw refuse(
    attributes,
    `user ${JSON.stringify(user.name)} (groups=${quoteAll(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${resolution}`,
  )
}

const missingOf = (
  deps: EscalationDeps,
  { user, namespace }: AdmissionAttributes,
  rules: readonly PolicyRule[],
): readonly PolicyRule[] => missingRules(deps.rbac.rulesFor(user, namespace).rules, rules)

async function mayDo(
  deps: EscalationDeps,
  { user, namespace }: AdmissionAttributes,
  what: { readonly verb: string; readonly resource: string; readonly name: string },
): Promise<boolean> {
  const attributes: RequestAttributes = {
    user,
    ...what,
    isResource: true,
    path: '',
    group: GROUP,
    version: '*',
    subresource: '',
    // Cluster roles are bound in a namespace by rights in that namespace.
    namespace,
  }
  return (await deps.authorizer.authorize(attributes)).decision === 'allow'
}
