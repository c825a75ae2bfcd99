/**
 * Brings the default roles and bindings into the cluster at start: creates what is missing, adds what was taken away.
 *
 * Law     Rules and subjects that an operator added stay. An object annotated
 *         `rbac.authorization.kubernetes.io/autoupdate: "false"` is left alone. A second run changes nothing.
 * Throws  StatusError of the first write that failed for another reason than losing a race.
 * Source: kubernetes pkg/registry/rbac/rest/storage_rbac.go (PostStartHook),
 *         k8s.io/component-helpers auth/rbac/reconciliation
 */
import type { AnyObject, KubeObject } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import type { PolicyRule, RoleRef, Subject } from '#api/types/rbac-v1.ts'
import type { Transport } from '#client/transport.ts'
import { CONTROLLER_ROLES, NAMESPACED_ROLES } from './default-controller-roles.ts'
import {
  AGGREGATED_ROLES,
  AGGREGATES_TO,
  type AggregatedRole,
  type BindingSubject,
  DEFAULT_CLUSTER_BINDINGS,
  DEFAULT_CLUSTER_ROLES,
} from './default-roles.ts'
import { missingRules } from './rbac-rules.ts'

const GROUP = 'rbac.authorization.k8s.io'
const API_VERSION = `${GROUP}/v1`
const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate'
const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default'] as const

type Kind = 'ClusterRole' | 'ClusterRoleBinding' | 'Role' | 'RoleBinding'

/** A role or binding as the policy wants it. */
export interface PolicyObject extends KubeObject {
  readonly kind: Kind
  readonly rules?: readonly PolicyRule[]
  readonly subjects?: readonly Subject[]
  readonly roleRef?: RoleRef
  readonly aggregationRule?: unknown
}

const COLLECTIONS: Readonly<Record<Kind, string>> = {
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
}

export async function ensureBootstrapPolicy(
  transport: Transport,
  signal?: AbortSignal,
): Promise<void> {
  await Promise.all(SYSTEM_NAMESPACES.map(name => ensureNamespace(transport, name, signal)))
  const existing = new Map<string, AnyObject>()
  await Promise.all(
    Object.entries(COLLECTIONS).map(async ([kind, plural]) => {
      const list = await transport.request(
        { method: 'GET', path: `/apis/${API_VERSION}/${plural}` },
        signal,
      )
      for (const item of itemsOf(list)) existing.set(idOf({ kind, metadata: item.metadata }), item)
    }),
  )
  await Promise.all(
    defaultPolicy().map(async wanted => {
      const change = planObject(wanted, existing.get(idOf(wanted)))
      if (change !== undefined) await write(transport, change, signal)
    }),
  )
}

/** All default objects, aggregated roles with their rules resolved. */
export function defaultPolicy(): readonly PolicyObject[] {
  const controllers = Object.entries(CONTROLLER_ROLES).flatMap(([name, rules]) => {
    const subject: BindingSubject = { kind: 'ServiceAccount', name, namespace: 'kube-system' }
    const role = `system:controller:${name}`
    return [clusterRole(role, rules), binding('ClusterRoleBinding', role, [subject])]
  })
  return [
    ...Object.entries(DEFAULT_CLUSTER_ROLES).map(([name, rules]) => clusterRole(name, rules)),
    ...AGGREGATED_ROLES.map(name => ({
      ...clusterRole(name, aggregatedRules(name)),
      aggregationRule: {
        clusterRoleSelectors: [{ matchLabels: { [`${GROUP}/aggregate-to-${name}`]: 'true' } }],
      },
    })),
    ...Object.entries(DEFAULT_CLUSTER_BINDINGS).map(([name, subjects]) =>
      binding('ClusterRoleBinding', name, subjects),
    ),
    ...controllers,
    ...NAMESPACED_ROLES.flatMap(({ namespace, name, binding: bound = name, rules, subjects }) => [
      { ...base('Role', name, namespace), rules },
      {
        ...binding('RoleBinding', name, subjects, namespace),
        ...base('RoleBinding', bound, namespace),
      },
    ]),
  ]
}

/** Sum of the rules of all roles that aggregate to `name`, by name of role, each rule once. */
function aggregatedRules(name: AggregatedRole): readonly PolicyRule[] {
  const parts = Object.keys(AGGREGATES_TO).filter(part => AGGREGATES_TO[part] === name)
  const rules = parts.sort().flatMap(part => {
    const aggregated = AGGREGATED_ROLES.find(role => role === part)
    return aggregated === undefined
      ? (DEFAULT_CLUSTER_ROLES[part] ?? [])
      : aggregatedRules(aggregated)
  })
  const unique = new Map(rules.map(rule => [JSON.stringify(rule), rule]))
  return [...unique.values()]
}

function base(kind: Kind, name: string, namespace?: string): PolicyObject {
  const part = AGGREGATES_TO[name]
  const isRole = kind === 'ClusterRole'
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      annotations: { [AUTOUPDATE]: 'true' },
      labels: {
        'kubernetes.io/bootstrapping': 'rbac-defaults',
        ...(isRole && part !== undefined ? { [`${GROUP}/aggregate-to-${part}`]: 'true' } : {}),
      },
    },
  }
}

const clusterRole = (name: string, rules: readonly PolicyRule[]): PolicyObject => ({
  ...base('ClusterRole', name),
  rules,
})

function binding(
  kind: 'ClusterRoleBinding' | 'RoleBinding',
  name: string,
  subjects: readonly BindingSubject[],
  namespace?: string,
): PolicyObject {
  return {
    ...base(kind, name, namespace),
    roleRef: { apiGroup: GROUP, kind: kind === 'RoleBinding' ? 'Role' : 'ClusterRole', name },
    ...(subjects.length === 0 ? {} : { subjects: subjects.map(qualified) }),
  }
}

/** Service accounts are of the core group, which is left out. */
const qualified = (subject: BindingSubject): Subject =>
  subject.kind === 'ServiceAccount' ? subject : { apiGroup: GROUP, ...subject }

/** The object to write; undefined when what exists is good. Pure. */
export function planObject(
  wanted: PolicyObject,
  existing: AnyObject | undefined,
): KubeObject | undefined {
  if (existing === undefined) return wanted
  if (existing.metadata.annotations?.[AUTOUPDATE] === 'false') return undefined
  const rules = rulesIn(existing['rules'])
  const missing = missingRules(rules, wanted.rules ?? [])
  const subjects = subjectsIn(existing['subjects'])
  const absent = (wanted.subjects ?? []).filter(
    subject => !subjects.some(other => subjectKey(other) === subjectKey(subject)),
  )
  if (missing.length === 0 && absent.length === 0) return undefined
  return {
    ...existing,
    ...(missing.length === 0 ? {} : { rules: [...rules, ...missing] }),
    ...(absent.length === 0 ? {} : { subjects: [...subjects, ...absent] }),
  }
}

const subjectKey = (subject: Subject): string =>
  `${subject.kind}/${subject.namespace ?? ''}/${subject.name}`

async function write(
  transport: Transport,
  object: KubeObject,
  signal?: AbortSignal,
): Promise<void> {
  const { name = '', namespace, resourceVersion } = object.metadata
  const plural = Object.entries(COLLECTIONS).find(([kind]) => kind === object.kind)?.[1] ?? ''
  const scope = namespace === undefined ? '' : `namespaces/${namespace}/`
  const collection = `/apis/${API_VERSION}/${scope}${plural}`
  const isNew = resourceVersion === undefined
  const path = isNew ? collection : `${collection}/${name}`
  await tolerateRace(
    transport.request({ method: isNew ? 'POST' : 'PUT', path, body: object }, signal),
  )
}

async function ensureNamespace(
  transport: Transport,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  const path = '/api/v1/namespaces'
  try {
    await transport.request({ method: 'GET', path: `${path}/${name}` }, signal)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    await tolerateRace(transport.request({ method: 'POST', path, body }, signal))
  }
}

/** Another server that starts at the same time writes the same. */
async function tolerateRace(request: Promise<unknown>): Promise<void> {
  try {
    await request
  } catch (error) {
    if (!isReason(error, 'AlreadyExists', 'Conflict')) throw error
  }
}

const idOf = ({ kind, metadata }: Pick<KubeObject, 'kind' | 'metadata'>): string =>
  `${kind}/${metadata.namespace ?? ''}/${metadata.name ?? ''}`

// The seams: lists and stored roles have the form that the API server checked.
const isObjects = (value: unknown): value is readonly AnyObject[] => Array.isArray(value)
const isRules = (value: unknown): value is readonly PolicyRule[] => Array.isArray(value)
const isSubjects = (value: unknown): value is readonly Subject[] => Array.isArray(value)

const itemsOf = (list: AnyObject): readonly AnyObject[] =>
  isObjects(list['items']) ? list['items'] : []
const rulesIn = (value: unknown): readonly PolicyRule[] => (isRules(value) ? value : [])
const subjectsIn = (value: unknown): readonly Subject[] => (isSubjects(value) ? value : [])
