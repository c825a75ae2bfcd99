/**
 * What RBAC rules say: whether one allows a request, whether some cover others, and how they read in a message. Pure.
 *
 * Source: kubernetes pkg/apis/rbac/v1/evaluation_helpers.go,
 *         k8s.io/component-helpers auth/rbac/validation/policy_comparator.go,
 *         kubernetes pkg/registry/rbac/validation/policy_compact.go
 */
import type { RequestAttributes } from '#api/request.ts'
import type { PolicyRule } from '#api/types/rbac-v1.ts'

const ALL = '*'
const NONE: readonly string[] = []

export function ruleAllows(rule: PolicyRule, request: RequestAttributes): boolean {
  if (!hasOrAll(rule.verbs, request.verb)) return false
  if (!request.isResource) return pathMatches(rule.nonResourceURLs ?? NONE, request.path)
  const names = rule.resourceNames ?? NONE
  return (
    hasOrAll(rule.apiGroups ?? NONE, request.group) &&
    resourceMatches(rule.resources ?? NONE, request) &&
    (names.length === 0 || names.includes(request.name))
  )
}

const hasOrAll = (list: readonly string[], item: string): boolean =>
  list.includes(ALL) || list.includes(item)

function resourceMatches(
  resources: readonly string[],
  { resource, subresource }: Pick<RequestAttributes, 'resource' | 'subresource'>,
): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`
  return resources.some(
    item =>
      item === ALL || item === combined || (subresource !== '' && item === `${ALL}/${subresource}`),
  )
}

const pathMatches = (urls: readonly string[], path: string): boolean =>
  urls.some(
    url => url === ALL || url === path || (url.endsWith(ALL) && path.startsWith(url.slice(0, -1))),
  )

/** The parts of `wanted` (one verb, group, resource and name each) that no rule of `owned` covers. */
export function missingRules(
  owned: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] {
  return wanted.flatMap(breakDown).filter(part => !owned.some(owner => ruleCovers(owner, part)))
}

function breakDown(rule: PolicyRule): readonly PolicyRule[] {
  const parts: PolicyRule[] = []
  const names = rule.resourceNames ?? NONE
  for (const group of rule.apiGroups ?? NONE) {
    for (const resource of rule.resources ?? NONE) {
      for (const verb of rule.verbs) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] }
        if (names.length === 0) parts.push(part)
        else parts.push(...names.map(name => ({ ...part, resourceNames: [name] })))
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? NONE) {
    parts.push(...rule.verbs.map(verb => ({ nonResourceURLs: [url], verbs: [verb] })))
  }
  return parts
}

function ruleCovers(owner: PolicyRule, part: PolicyRule): boolean {
  const names = owner.resourceNames ?? NONE
  const wantedNames = part.resourceNames ?? NONE
  const coversNames =
    wantedNames.length === 0
      ? names.length === 0
      : names.length === 0 || wantedNames.every(name => names.includes(name))
  return (
    coversNames &&
    part.verbs.every(verb => hasOrAll(owner.verbs, verb)) &&
    (part.apiGroups ?? NONE).every(group => hasOrAll(owner.apiGroups ?? NONE, group)) &&
    (part.resources ?? NONE).every(resource => resourceCovers(owner.resources ?? NONE, resource)) &&
    (part.nonResourceURLs ?? NONE).every(url => pathMatches(owner.nonResourceURLs ?? NONE, url))
  )
}

function resourceCovers(owned: readonly string[], wanted: string): boolean {
  const slash = wanted.indexOf('/')
  const anySubresource = slash === -1 ? undefined : ALL + wanted.slice(slash)
  return owned.some(item => item === ALL || item === wanted || item === anySubresource)
}

/** Joins parts that differ only in their verb. */
export function compactRules(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const joined = new Map<string, PolicyRule>()
  const others: PolicyRule[] = []
  for (const rule of rules) {
    const names = rule.resourceNames ?? NONE
    const isSimple =
      rule.apiGroups?.length === 1 && rule.resources?.length === 1 && names.length <= 1
    if (!isSimple) {
      others.push(rule)
      continue
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, names])
    const existing = joined.get(key)
    const verbs = [...new Set([...(existing?.verbs ?? NONE), ...rule.verbs])]
    joined.set(key, { ...rule, verbs })
  }
  return [...others, ...joined.values()]
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}` */
export function describeRule(rule: PolicyRule): string {
  const fields: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ]
  const parts = fields.flatMap(([name, values]) =>
    values === undefined || values.length === 0 ? [] : [`${name}:${quoteAll(values)}`],
  )
  return `{${parts.join(', ')}}`
}

/** Go's `%q` of a list: `["a" "b"]`. */
export const quoteAll = (values: readonly string[]): string =>
  `[${values.map(value => JSON.stringify(value)).join(' ')}]`
