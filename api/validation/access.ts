/**
 * Roles, bindings and token requests. Pure.
 * Source: kubernetes pkg/apis/rbac/validation/validation.go, pkg/apis/authentication/validation/validation.go
 */
import { equalJson } from '#api/json.ts'
import { pathSegmentFaults, subdomainFaults } from '#api/names.ts'
import type { TokenRequest } from '#api/types/authentication-v1.ts'
import type {
  ClusterRole,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '#api/types/rbac-v1.ts'
import {
  type Faults,
  Printed,
  required,
  requireFormat,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import { validateTokenLifetime } from '#api/validation/token-lifetimes.ts'

const GROUP = 'rbac.authorization.k8s.io'

export function validateRole(faults: Faults, { rules = [] }: Role): void {
  for (const [index, rule] of rules.entries()) validateRule(faults, `rules[${index}]`, rule, true)
}

export function validateClusterRole(faults: Faults, role: ClusterRole): void {
  const { rules = [], aggregationRule } = role
  for (const [index, rule] of rules.entries()) validateRule(faults, `rules[${index}]`, rule)
  if (aggregationRule === undefined) return
  const field = 'aggregationRule.clusterRoleSelectors'
  const { clusterRoleSelectors = [] } = aggregationRule
  if (clusterRoleSelectors.length === 0) {
    const detail = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
    faults.push(required(field, detail))
  }
  for (const [index, selector] of clusterRoleSelectors.entries()) {
    const before = faults.length
    validateLabelSelector(faults, `${field}[${index}]`, selector)
    if (faults.length > before) {
      faults.push(wrong(`${field}[${index}]`, null, 'invalid label selector.'))
    }
  }
}

function validateRule(
  ...[faults, field, rule, isNamespaced = false]: readonly [Faults, string, PolicyRule, boolean?]
): void {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  if (verbs.length === 0) {
    faults.push(required(`${field}.verbs`, 'verbs must contain at least one value'))
  }
  if (nonResourceURLs.length > 0) {
    if (isNamespaced) {
      const detail = 'namespaced rules cannot apply to non-resource URLs'
      faults.push(wrong(`${field}.nonResourceURLs`, nonResourceURLs, detail))
    }
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs'
      faults.push(wrong(`${field}.nonResourceURLs`, nonResourceURLs, detail))
    }
    return
  }
  if (apiGroups.length === 0) {
    faults.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'))
  }
  if (resources.length === 0) {
    faults.push(required(`${field}.resources`, 'resource rules must supply at least one resource'))
  }
}

/** RoleBindings and ClusterRoleBindings, which may only refer to ClusterRoles. */
export function validateRoleBinding(faults: Faults, binding: RoleBinding): void {
  validateRoleRef(faults, binding.roleRef, ['Role', 'ClusterRole'])
  validateSubjects(faults, binding.subjects ?? [], true)
}

export function validateClusterRoleBinding(faults: Faults, binding: RoleBinding): void {
  validateRoleRef(faults, binding.roleRef, ['ClusterRole'])
  validateSubjects(faults, binding.subjects ?? [], false)
}

function validateRoleRef(faults: Faults, role: RoleRef, kinds: readonly string[]): void {
  if (role.apiGroup !== GROUP) {
    faults.push(unsupported('roleRef.apiGroup', role.apiGroup ?? '', [GROUP]))
  }
  if (!kinds.includes(role.kind)) faults.push(unsupported('roleRef.kind', role.kind, kinds))
  requireFormat(faults, 'roleRef.name', role.name, pathSegmentFaults)
}

/** A binding inside a namespace may leave a service account's namespace out: it cannot be meant otherwise. */
function validateSubjects(
  faults: Faults,
  subjects: readonly Subject[],
  isNamespaced: boolean,
): void {
  for (const [index, subject] of subjects.entries()) {
    const field = `subjects[${index}]`
    const { kind, name, apiGroup = '', namespace = '' } = subject
    if (name === '') faults.push(required(`${field}.name`))
    switch (kind) {
      case 'ServiceAccount':
        if (name !== '') wrongFormat(faults, `${field}.name`, name, subdomainFaults(name))
        if (apiGroup !== '') faults.push(unsupported(`${field}.apiGroup`, apiGroup, ['']))
        if (!isNamespaced && namespace === '') faults.push(required(`${field}.namespace`))
        break
      case 'User':
      case 'Group':
        if (apiGroup !== GROUP) faults.push(unsupported(`${field}.apiGroup`, apiGroup, [GROUP]))
        break
      default:
        faults.push(unsupported(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group']))
    }
  }
}

export function refuseRoleChange(faults: Faults, binding: RoleBinding, before: RoleBinding): void {
  if (!equalJson(binding.roleRef, before.roleRef)) {
    const { apiGroup = '', kind, name } = binding.roleRef
    const shown = new Printed({ APIGroup: apiGroup, Kind: kind, Name: name })
    faults.push(wrong('roleRef', shown, 'cannot change roleRef'))
  }
}

export function validateTokenRequest(faults: Faults, { spec }: TokenRequest): void {
  validateTokenLifetime(faults, 'spec.expirationSeconds', spec?.expirationSeconds)
}
