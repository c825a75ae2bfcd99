/**
 * The paths of one resource, and that of what a group and version has, as OpenAPI path items. Pure.
 *
 * Output  path -> path item, in the form that is given, which collects what they refer to.
 * Source: k8s.io/apiserver pkg/endpoints/installer.go, pkg/endpoints/openapi/openapi.go (operation ids)
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import { struct } from '#api/schema/catalog.ts'
import {
  apiVersionOf,
  groupResource,
  type Resource,
  type Subresource,
  subresourceKind,
  subresourceVerbs,
  type TypedKind,
} from '#api/scheme.ts'
import { type Form, pathItem, type Subject } from './forms.ts'
import {
  BUILT_IN,
  COLLECTION,
  connects,
  DISCOVER,
  ITEM,
  OF_DEFINITIONS,
  type OperationPlan,
  type Plans,
  readLog,
  SUBRESOURCE,
  type Topic,
  watch,
} from './operations.ts'
import { capital, groupTitle, tagOf } from './names.ts'
import { NAME, NAMESPACE, optionsOf, type Parameter, PATH, PRETTY } from './parameters.ts'
import type { Schema } from './portions.ts'

type Paths = Record<string, Schema>
type GroupVersion = Pick<Resource, 'group' | 'version'>

export interface PathOptions {
  readonly form: Form
  /** Whether a deletion answers with the object. */
  readonly returnsDeleted: (resource: Resource) => boolean
}

const subjectOf = ({ group, version }: GroupVersion, title: string, kind?: TypedKind): Subject => ({
  prefix: `${groupTitle(group)}${capital(version)}`,
  title,
  tag: `${tagOf(group)}_${version}`,
  ...(kind === undefined ? {} : { kind }),
})

/** `/api/v1`, `/apis/apps/v1`. */
export const rootPath = (gv: GroupVersion): string =>
  `/${gv.group === '' ? 'api' : 'apis'}/${apiVersionOf(gv)}`

const plansOf = (table: Plans, verbs: readonly string[], topic: Topic): OperationPlan[] =>
  verbs.flatMap(verb => table[verb]?.(topic) ?? [])

/** Answers with the object as well, but upstream's documents say otherwise. */
const UNTOLD: ReadonlySet<string> = new Set(['namespaces'])

export function pathsOf(resource: Resource, { form, returnsDeleted }: PathOptions): Paths {
  const { group, version, kind, plural, namespaced, verbs } = resource
  const typed: TypedKind = { group, version, kind, type: resource.type() }
  const topic = {
    kind: typed,
    manner: isCustom(resource) ? OF_DEFINITIONS : BUILT_IN,
    returnsDeleted: returnsDeleted(resource) && !UNTOLD.has(groupResource(resource)),
  }
  const title = `${namespaced ? 'Namespaced' : ''}${kind}`
  const scope = namespaced ? [NAMESPACE] : []
  const below = `${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`
  const paths: Paths = {}
  const add = (
    path: string,
    plans: readonly OperationPlan[],
    named: string,
    parameters: readonly Parameter[],
  ): void => {
    if (plans.length === 0) return
    const subject = subjectOf(resource, named, typed)
    paths[`${rootPath(resource)}${path}`] = pathItem(form, { plans, subject, parameters })
  }
  const item = plansOf(ITEM, verbs, topic)
  const everywhere = namespaced ? plansOf(COLLECTION, ['list'], topic) : []
  add(below, plansOf(COLLECTION, verbs, topic), title, [...scope, PRETTY])
  add(`${below}/{name}`, item, title, [NAME, ...scope, PRETTY])
  if (verbs.includes('list')) add(`/${plural}`, everywhere, `${kind}ForAllNamespaces`, [PRETTY])
  Object.assign(paths, subresourcesOf(resource, { form, topic, title, below, scope }))
  if (verbs.includes('watch') && !isCustom(resource)) {
    const one = [watch('watch')]
    const all = [watch('watchlist')]
    add(`/watch${below}`, all, `${title}List`, [...scope, PRETTY])
    add(`/watch${below}/{name}`, one, title, [NAME, ...scope, PRETTY])
    if (namespaced) add(`/watch/${plural}`, all, `${kind}ListForAllNamespaces`, [PRETTY])
  }
  return paths
}

/** What streams or proxies has no body that a schema could describe. */
const CONNECTED: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy'])

export const hasBody = (subresource: Subresource): boolean =>
  !CONNECTED.has(subresource) && subresource !== 'log'

interface Parent {
  readonly form: Form
  readonly topic: Topic
  readonly title: string
  readonly below: string
  readonly scope: readonly Parameter[]
}

function subresourcesOf(resource: Resource, parent: Parent): Paths {
  const { form, topic, title, below, scope } = parent
  const paths: Paths = {}
  for (const subresource of resource.subresources) {
    const kind = subresourceKind(resource, subresource)
    // A definition's kind stands for all that is below it.
    const spoken = topic.manner.isCustom ? topic.kind : kind
    const path = `${rootPath(resource)}${below}/{name}/${subresource}`
    const isConnected = CONNECTED.has(subresource)
    const named = `${title}${capital(subresource)}`
    paths[path] = pathItem(form, {
      plans: subresourcePlans(subresource, { ...topic, kind }),
      subject: subjectOf(resource, named, spoken),
      parameters: [NAME, ...scope, ...(isConnected ? [] : [PRETTY])],
    })
    if (subresource !== 'proxy') continue
    paths[`${path}/{path}`] = pathItem(form, {
      plans: subresourcePlans(subresource, { ...topic, kind }),
      subject: subjectOf(resource, `${named}WithPath`, spoken),
      parameters: [NAME, ...scope, PATH],
    })
  }
  return paths
}

function subresourcePlans(subresource: Subresource, topic: Topic): OperationPlan[] {
  if (subresource === 'log') return [readLog(optionsOf(struct('core-v1.PodLogOptions')))]
  const verbs = subresourceVerbs(subresource)
  return CONNECTED.has(subresource)
    ? connects(verbs, optionsOf(topic.kind.type))
    : plansOf(SUBRESOURCE, verbs, topic)
}

/** `GET` of what there is in a group and version. */
export function resourceListPath(form: Form, at: GroupVersion): Paths {
  const subject = subjectOf(at, 'APIResources')
  return { [`${rootPath(at)}/`]: pathItem(form, { plans: [DISCOVER], subject, parameters: [] }) }
}
