/**
 * A short notation for RBAC rules, in which the default policy is written; rules have their words in order. Pure.
 *
 *   allow('get list', 'core apps', 'pods deployments/scale')   words are separated by blanks; `core` is the group ''
 *   allowNamed('get update', 'coordination.k8s.io', 'leases', 'kube-scheduler')
 *   allowPaths('get', '/healthz /livez')
 *
 * Source: kubernetes pkg/apis/rbac/v1/helpers.go PolicyRuleBuilder
 */
import type { PolicyRule } from '#api/types/rbac-v1.ts'

export const READ = 'get list watch'
export const WRITE = 'create delete deletecollection patch update'

const words = (text: string): readonly string[] => text.split(' ').toSorted()

const groups = (text: string): readonly string[] =>
  words(text)
    .map(group => (group === 'core' ? '' : group))
    .toSorted()

export const allow = (verbs: string, apiGroups: string, resources: string): PolicyRule => ({
  verbs: words(verbs),
  apiGroups: groups(apiGroups),
  resources: words(resources),
})

export const allowNamed = (
  ...[verbs, apiGroups, resources, names]: readonly [string, string, string, string]
): PolicyRule => ({
  verbs: words(verbs),
  apiGroups: groups(apiGroups),
  resources: words(resources),
  resourceNames: words(names),
})

export const allowPaths = (verbs: string, paths: string): PolicyRule => ({
  verbs: words(verbs),
  nonResourceURLs: words(paths),
})

export const EVENTS = allow('create patch update', 'core events.k8s.io', 'events')
export const TOKEN_REVIEWS = allow('create', 'authentication.k8s.io', 'tokenreviews')
export const ACCESS_REVIEWS = allow('create', 'authorization.k8s.io', 'subjectaccessreviews')
