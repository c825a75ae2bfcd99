/**
 * The RBAC authorizer: roles by name and bindings by subject, kept current by following the cache.
 *
 * A decision looks only at bindings of the user's own name and groups. Owns four followers until `close`.
 * Law     Rules only ever add. A binding to a role that does not exist gives nothing and is named in the reason.
 * Source: kubernetes plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go
 */
import type { Authorization, Authorizer, RequestAttributes, UserInfo } from '#api/request.ts'
import { notFound, StatusError } from '#api/status.ts'
import type {
  ClusterRoleBinding,
  PolicyRule,
  RoleBinding,
  RoleRef,
  Subject,
} from '#api/types/rbac-v1.ts'
import { serviceAccountUser } from './identity.ts'
import type { ObjectReader } from './object-reader.ts'
import { ruleAllows } from './rbac-rules.ts'

const GROUP = 'rbac.authorization.k8s.io'

type Binding = RoleBinding | ClusterRoleBinding

/** One binding as one of its subjects has it. */
interface Grant {
  readonly binding: Binding
  readonly subject: Subject
}

export interface ResolvedRules {
  readonly rules: readonly PolicyRule[]
  /** Roles that bindings name and that do not exist. */
  readonly errors: readonly string[]
}

export interface Rbac extends Authorizer {
  authorize(attributes: RequestAttributes): Authorization
  /** All rules that the user has in a namespace ('' = cluster-wide ones only). */
  rulesFor(user: UserInfo, namespace: string): ResolvedRules
  /** Rules of a binding's role. Throws StatusError(NotFound). */
  rulesOf(roleRef: RoleRef, bindingNamespace: string): readonly PolicyRule[]
  close(): void
}

export function createRbacAuthorizer(reader: ObjectReader): Rbac {
  const roles = new Map<string, readonly PolicyRule[]>()
  const clusterRoles = new Map<string, readonly PolicyRule[]>()
  const bindings = new BindingIndex()
  const clusterBindings = new BindingIndex()
  const closers = [
    reader.follow(`roles.${GROUP}`, roleFollower(roles)),
    reader.follow(`clusterroles.${GROUP}`, roleFollower(clusterRoles)),
    reader.follow(`rolebindings.${GROUP}`, bindingFollower(bindings)),
    reader.follow(`clusterrolebindings.${GROUP}`, bindingFollower(clusterBindings)),
  ]

  const rulesOf = (roleRef: RoleRef, namespace: string): readonly PolicyRule[] => {
    const isRole = roleRef.kind === 'Role'
    const rules = isRole
      ? roles.get(`${namespace}/${roleRef.name}`)
      : clusterRoles.get(roleRef.name)
    if (rules !== undefined) return rules
    throw notFound({ group: GROUP, resource: isRole ? 'role' : 'clusterrole', name: roleRef.name })
  }

  const grantsOf = function* (user: UserInfo, namespace: string): Generator<Grant> {
    yield* clusterBindings.grantsOf(user, '')
    if (namespace !== '') yield* bindings.grantsOf(user, namespace)
  }

  const authorize = (attributes: RequestAttributes): Authorization => {
    const errors: string[] = []
    for (const grant of grantsOf(attributes.user, attributes.namespace)) {
      const rules = orError(() => rulesOf(grant.binding.roleRef, attributes.namespace), errors)
      if (rules.some(rule => ruleAllows(rule, attributes))) {
        return { decision: 'allow', reason: `RBAC: allowed by ${describe(grant)}` }
      }
    }
    return {
      decision: 'no-opinion',
      reason: errors.length === 0 ? '' : `RBAC: ${aggregate(errors)}`,
    }
  }

  const rulesFor = (user: UserInfo, namespace: string): ResolvedRules => {
    const errors: string[] = []
    const rules = [...grantsOf(user, namespace)].flatMap(grant =>
      orError(() => rulesOf(grant.binding.roleRef, namespace), errors),
    )
    return { rules, errors: [...new Set(errors)] }
  }

  return {
    authorize,
    rulesFor,
    rulesOf,
    close: () => {
      for (const close of closers) close()
    },
  }
}

/** `system:masters` may do everything; others must be allowed by somebody. The first decision stands. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(attributes) {
      const reasons: string[] = []
      for (const authorizer of authorizers) {
        const verdict = authorizer.authorize(attributes)
        const { decision, reason } = verdict instanceof Promise ? await verdict : verdict
        if (decision !== 'no-opinion') return { decision, reason }
        if (reason !== '') reasons.push(reason)
      }
      return { decision: 'no-opinion', reason: reasons.join('\n') }
    },
  }
}

export const superuserAuthorizer: Authorizer = {
  authorize: ({ user }) => ({
    decision: user.groups.includes('system:masters') ? 'allow' : 'no-opinion',
    reason: '',
  }),
}

/** One error as it is, several in brackets. */
export function aggregate(errors: readonly string[]): string {
  const unique = [...new Set(errors)]
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`
}

function orError(resolve: () => readonly PolicyRule[], errors: string[]): readonly PolicyRule[] {
  try {
    return resolve()
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    errors.push(error.message)
    return []
  }
}

function describe({ binding, subject }: Grant): string {
  const { name, namespace } = binding.metadata
  const ref = binding.roleRef
  const isNamespaced = namespace !== undefined && namespace !== ''
  const label = isNamespaced ? `RoleBinding "${name}/${namespace}"` : `ClusterRoleBinding "${name}"`
  const owner =
    subject.kind === 'ServiceAccount'
      ? `${subject.name}/${subject.namespace ?? namespace ?? ''}`
      : subject.name
  return `${label} of ${ref.kind} "${ref.name}" to ${subject.kind} "${owner}"`
}

interface RoleObject {
  readonly metadata: { readonly name?: string; readonly namespace?: string }
  readonly rules?: readonly PolicyRule[]
}

interface Change<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

const roleFollower = (index: Map<string, readonly PolicyRule[]>) => ({
  onReset: () => index.clear(),
  onChange({ type, object }: Change<RoleObject>) {
    const { name = '', namespace = '' } = object.metadata
    const key = namespace === '' ? name : `${namespace}/${name}`
    if (type === 'DELETED') index.delete(key)
    else index.set(key, object.rules ?? [])
  },
})

const bindingFollower = (index: BindingIndex) => ({
  onReset: () => index.clear(),
  onChange({ type, object }: Change<Binding>) {
    index.remove(object)
    if (type !== 'DELETED') index.add(object)
  },
})

/**
 * Bindings by namespace and subject.
 * Invariant: a binding is under exactly the keys in `keysOf`, once per key, for its first subject with that key.
 */
class BindingIndex {
  readonly #grants = new Map<string, Map<string, Grant>>()
  readonly #keysOf = new Map<string, readonly string[]>()

  add(binding: Binding): void {
    const id = idOf(binding)
    const namespace = binding.metadata.namespace ?? ''
    const keys = new Set<string>()
    for (const subject of binding.subjects ?? []) {
      const subjectKey = keyOf(subject, namespace)
      const key = `${namespace}/${subjectKey}`
      if (subjectKey === undefined || keys.has(key)) continue
      keys.add(key)
      const grants = this.#grants.get(key) ?? new Map<string, Grant>()
      this.#grants.set(key, grants.set(id, { binding, subject }))
    }
    this.#keysOf.set(id, [...keys])
  }

  *grantsOf(user: UserInfo, namespace: string): Generator<Grant> {
    const prefix = `${namespace}/`
    yield* this.#under(`${prefix}User:${user.name}`)
    for (const group of user.groups) yield* this.#under(`${prefix}Group:${group}`)
  }

  remove(binding: Binding): void {
    const id = idOf(binding)
    for (const key of this.#keysOf.get(id) ?? []) {
      const grants = this.#grants.get(key)
      grants?.delete(id)
      if (grants?.size === 0) this.#grants.delete(key)
    }
    this.#keysOf.delete(id)
  }

  clear(): void {
    this.#grants.clear()
    this.#keysOf.clear()
  }

  #under(key: string): Iterable<Grant> {
    return this.#grants.get(key)?.values() ?? []
  }
}

const idOf = ({ metadata }: Binding): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`

/** A service account is the user it authenticates as; without a namespace it is one of the binding's. */
function keyOf(subject: Subject, bindingNamespace: string): string | undefined {
  if (subject.kind === 'User' || subject.kind === 'Group') return `${subject.kind}:${subject.name}`
  const given = subject.namespace ?? ''
  const namespace = given === '' ? bindingNamespace : given
  if (subject.kind !== 'ServiceAccount' || namespace === '') return undefined
  return `User:${serviceAccountUser(namespace, subject.name)}`
}
