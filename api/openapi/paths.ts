/**
 * The paths of one resource as OpenAPI operations. Pure.
 *
 * Output  path -> path item, each operation with `x-kubernetes-action` and `x-kubernetes-group-version-kind`.
 * Source: k8s.io/apiserver pkg/endpoints/installer.go
 */
import {
  apiVersionOf,
  type Resource,
  type ResourceVerb,
  type Subresource,
  subresourceKind,
  subresourceVerbs,
  type TypedKind,
} from '#api/scheme.ts'
import {
  DELETE,
  LIST,
  NAME,
  PATH,
  NAMESPACE,
  type Parameter,
  PATCH,
  PRETTY,
  WRITE,
} from './parameters.ts'
import type { Schema } from './portions.ts'
import { type GroupVersionKind, referenceTo } from './schemas.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

const BODY_TYPES = ['*/*']
const ANSWER_TYPES = ['application/json', 'application/yaml']
const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

const content = (types: readonly string[], name: string): Schema =>
  Object.fromEntries(types.map(type => [type, { schema: referenceTo(name) }]))

interface OperationPlan {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly action: string
  /** First word of the operation id. */
  readonly word: string
  readonly parameters: readonly Parameter[]
  /** OpenAPI names. */
  readonly body?: string
  readonly bodyTypes?: readonly string[]
  readonly answer: string
  readonly created?: true
}

interface Subject {
  readonly kind: TypedKind
  /** `CoreV1NamespacedPod`: what operation ids end in. */
  readonly title: string
  readonly tag: string
}

function operation(plan: OperationPlan, { kind, title, tag }: Subject): Schema {
  const answers: Record<string, Schema> = {
    200: { description: 'OK', content: content(ANSWER_TYPES, plan.answer) },
    401: { description: 'Unauthorized' },
  }
  if (plan.created === true) {
    answers[201] = { description: 'Created', content: content(ANSWER_TYPES, plan.answer) }
  }
  const gvk: GroupVersionKind = { group: kind.group, version: kind.version, kind: kind.kind }
  return {
    operationId: `${plan.word}${title}`,
    tags: [tag],
    ...(plan.parameters.length === 0 ? {} : { parameters: plan.parameters }),
    ...(plan.body === undefined
      ? {}
      : { requestBody: { content: content(plan.bodyTypes ?? BODY_TYPES, plan.body) } }),
    responses: answers,
    'x-kubernetes-action': plan.action,
    'x-kubernetes-group-version-kind': gvk,
  }
}

type PlanOf = (kind: TypedKind) => OperationPlan

const ITEM: Readonly<Partial<Record<ResourceVerb, PlanOf>>> = {
  get: ({ type }) => ({
    method: 'get',
    action: 'get',
    word: 'read',
    parameters: [],
    answer: type.name,
  }),
  update: ({ type }) => ({
    method: 'put',
    action: 'put',
    word: 'replace',
    parameters: WRITE,
    body: type.name,
    answer: type.name,
    created: true,
  }),
  patch: ({ type }) => ({
    method: 'patch',
    action: 'patch',
    word: 'patch',
    parameters: PATCH,
    body: `${META}.Patch`,
    bodyTypes: PATCH_TYPES,
    answer: type.name,
    created: true,
  }),
  delete: () => ({
    method: 'delete',
    action: 'delete',
    word: 'delete',
    parameters: DELETE,
    body: `${META}.DeleteOptions`,
    answer: `${META}.Status`,
  }),
}

const create: PlanOf = ({ type }) => ({
  method: 'post',
  action: 'post',
  word: 'create',
  parameters: WRITE,
  body: type.name,
  answer: type.name,
  created: true,
})

const COLLECTION: Readonly<Partial<Record<ResourceVerb, PlanOf>>> = {
  list: ({ type }) => ({
    method: 'get',
    action: 'list',
    word: 'list',
    parameters: LIST,
    answer: `${type.name}List`,
  }),
  create,
  deletecollection: () => ({
    method: 'delete',
    action: 'deletecollection',
    word: 'deleteCollection',
    parameters: [...DELETE, ...LIST],
    body: `${META}.DeleteOptions`,
    answer: `${META}.Status`,
  }),
}

const SUBRESOURCE: Readonly<Record<string, PlanOf>> = {
  ...(ITEM as Record<string, PlanOf>),
  create,
}

function pathItem(
  plans: readonly OperationPlan[],
  subject: Subject,
  parameters: readonly Parameter[],
): Schema {
  const operations = plans.map(plan => [plan.method, operation(plan, subject)] as const)
  return { ...Object.fromEntries(operations), parameters: [...parameters, PRETTY] }
}

const plansOf = (
  table: Readonly<Record<string, PlanOf | undefined>>,
  verbs: readonly string[],
  kind: TypedKind,
): OperationPlan[] => verbs.flatMap(verb => table[verb]?.(kind) ?? [])

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** `Core`, `Apps`, `RbacAuthorization`: a group in operation ids. */
const groupTitle = (group: string): string =>
  group === ''
    ? 'Core'
    : group
        .replace(/\.k8s\.io$/, '')
        .split('.')
        .map(capital)
        .join('')

/** `/api/v1`, `/apis/apps/v1`. */
export const rootPath = (gv: Pick<Resource, 'group' | 'version'>): string =>
  `/${gv.group === '' ? 'api' : 'apis'}/${apiVersionOf(gv)}`

export function pathsOf(resource: Resource): Record<string, Schema> {
  const { group, version, kind, plural, namespaced } = resource
  const typed: TypedKind = { group, version, kind, type: resource.type() }
  const prefix = `${groupTitle(group)}${capital(version)}`
  const tag = `${groupTitle(group).toLowerCase()}_${version}`
  const subject: Subject = {
    kind: typed,
    title: `${prefix}${namespaced ? 'Namespaced' : ''}${kind}`,
    tag,
  }
  const scope = namespaced ? [NAMESPACE] : []
  const base = `${rootPath(resource)}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`
  const paths: Record<string, Schema> = {}
  paths[base] = pathItem(plansOf(COLLECTION, resource.verbs, typed), subject, scope)
  const item = plansOf(ITEM, resource.verbs, typed)
  if (item.length > 0) paths[`${base}/{name}`] = pathItem(item, subject, [NAME, ...scope])
  if (namespaced && resource.verbs.includes('list')) {
    const everywhere = { kind: typed, title: `${prefix}${kind}ForAllNamespaces`, tag }
    paths[`${rootPath(resource)}/${plural}`] = pathItem(
      plansOf(COLLECTION, ['list'], typed),
      everywhere,
      [],
    )
  }
  for (const subresource of resource.subresources) {
    paths[`${base}/{name}/${subresource}`] = subresourceItem(resource, subresource, subject)
    if (subresource !== 'proxy') continue
    const below = subresourceItem(resource, subresource, subject, 'WithPath')
    paths[`${base}/{name}/proxy/{path}`] = below
  }
  return paths
}

/** What streams or proxies has no body that a schema could describe. */
const CONNECTED: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy', 'log'])

function subresourceItem(
  resource: Resource,
  subresource: Subresource,
  parent: Subject,
  ending: '' | 'WithPath' = '',
): Schema {
  const kind = subresourceKind(resource, subresource)
  const subject = { ...parent, kind, title: `${parent.title}${capital(subresource)}${ending}` }
  const verbs = subresourceVerbs(subresource)
  const plans = CONNECTED.has(subresource)
    ? verbs.map((verb): OperationPlan => connect(verb))
    : plansOf(SUBRESOURCE, verbs, kind)
  return pathItem(plans, subject, [
    NAME,
    ...(resource.namespaced ? [NAMESPACE] : []),
    ...(ending === '' ? [] : [PATH]),
  ])
}

const METHODS: Readonly<Record<string, OperationPlan['method']>> = {
  create: 'post',
  get: 'get',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
}

const connect = (verb: string): OperationPlan => ({
  method: METHODS[verb] ?? 'get',
  action: 'connect',
  word: `connect${capital(METHODS[verb] ?? 'get')}`,
  parameters: [],
  answer: `${META}.Status`,
})
