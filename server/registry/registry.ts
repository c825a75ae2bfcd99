/**
 * From a call to its answer: which function serves which verb of which resource. Order: reviews, subresources,
 * then the generic verbs.
 *
 * Throws  StatusError(MethodNotAllowed) for a verb that the resource does not have, and whatever the verb throws.
 */
import { customOf, isCustom } from '#api/custom/custom-resource.ts'
import { groupResource } from '#api/scheme.ts'
import {
  badRequest,
  methodNotAllowed,
  noSuchResource,
  notFound,
  type StatusError,
} from '#api/status.ts'
import type { Answer, Call } from './call.ts'
import { getComponentStatus, listComponentStatuses } from './component-statuses.ts'
import { create } from './create.ts'
import { remove, removeCollection } from './delete.ts'
import type { RegistryDeps } from './deps.ts'
import { list, reached } from './list.ts'
import { revisionOf } from './list-options.ts'
import { patch } from './patch.ts'
import { type ReviewDeps, review, reviewOf } from './reviews.ts'
import { rollBack, viewIn } from './subresources/old-views.ts'
import { evict } from './subresources/eviction.ts'
import { bind, bindNamed } from './subresources/pods.ts'
import { proxyNode, proxyPod, proxyService } from './subresources/proxy.ts'
import { customScale } from './subresources/scales.ts'
import { logs } from './subresources/logs.ts'
import { attach, exec, portForward } from './subresources/streams.ts'
import type { SubresourceDeps, SubresourceHandler } from './subresources/subresource.ts'
import { requestToken } from './subresources/token.ts'
import { viewVerb } from './subresources/view-verbs.ts'
import { viewOf } from './subresources/views.ts'
import { readForm, shownAs, subjectOf, targetOf } from './target.ts'
import { update } from './update.ts'
import { watch } from './watch.ts'

export type AllDeps = SubresourceDeps & ReviewDeps

export interface Registry {
  handle(call: Call): Promise<Answer>
}

export const createRegistry = (deps: AllDeps): Registry => ({
  handle: call => {
    const { warning } = call.resource
    if (warning !== '') call.warn(warning)
    const refusal = customOf(call.resource)?.refusal
    if (refusal !== undefined) return Promise.reject(refusal)
    const virtual = reviewOf(groupResource(call.resource.storage()))
    if (virtual !== undefined)
      return call.verb === 'create' ? review(deps, call, virtual) : refuse()
    return call.subresource === '' ? generic(deps, call) : subresource(deps, call)
  },
})

type Handler = (deps: RegistryDeps, call: Call) => Promise<Answer>

const GENERIC: Readonly<Record<string, Handler>> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
}

/** Kinds that nothing is stored of. Keyed `plural/verb`. */
const VIRTUAL: Readonly<Record<string, Handler>> = {
  'componentstatuses/get': (_deps, call) => getComponentStatus(call),
  'componentstatuses/list': (_deps, call) => listComponentStatuses(call),
  'bindings/create': bindNamed,
}

function generic(deps: RegistryDeps, call: Call): Promise<Answer> {
  const virtual = VIRTUAL[`${groupResource(call.resource)}/${call.verb}`]
  if (virtual !== undefined) return isMisplaced(call) ? refuse() : virtual(deps, call)
  const handler = GENERIC[call.verb]
  const isKnown = call.resource.verbs.some(verb => verb === call.verb)
  if (handler === undefined || !isKnown) return refuse()
  if (isMisplaced(call)) return isCustom(call.resource) ? unnamed() : refuse()
  return handler(deps, call)
}

/** Their paths are not known one by one: what is said of a built-in collection is not said of theirs. */
const unnamed = (): Promise<never> => Promise.reject(badRequest('name must be provided'))

const OF_COLLECTIONS = new Set(['create', 'list', 'watch', 'deletecollection'])

/** A namespaced object outside a namespace can only be listed and watched; POST has no name, PUT and PATCH need one. */
function isMisplaced(call: Call): boolean {
  const { resource, namespace, verb } = call
  if (call.name === '' && !OF_COLLECTIONS.has(verb)) return true
  // Upstream takes a POST to the name of a custom resource for one to its collection.
  if (verb === 'create')
    return (call.name !== '' && !isCustom(resource)) || (resource.namespaced && namespace === '')
  return resource.namespaced && namespace === '' && verb !== 'list' && verb !== 'watch'
}

const refuse = (): Promise<never> => Promise.reject(methodNotAllowed())

async function get(deps: RegistryDeps, call: Call): Promise<Answer> {
  const target = targetOf(call)
  const revision = revisionOf(call.query)
  if (revision !== undefined) await reached(deps, revision)
  const item = deps.cache.get(target.storage, target.namespace, call.name)
  if (item === undefined) throw notFound(subjectOf(target, call.name))
  const form = readForm(target)
  if (form === undefined) return { kind: 'item', code: 200, item }
  const bytes = item.form(form)
  return { kind: 'object', code: 200, object: shownAs(target, item.object()), bytes }
}

const PROXY_VERBS = ['get', 'create', 'update', 'patch', 'delete', ''] as const

const proxied = (
  plural: string,
  handler: SubresourceHandler,
): Readonly<Record<string, SubresourceHandler>> =>
  Object.fromEntries(PROXY_VERBS.map(verb => [`${plural}/proxy/${verb}`, handler]))

/** Keyed `plural/subresource/verb`; OPTIONS, which only proxies know, is no verb. */
const SUBRESOURCES: Readonly<Record<string, SubresourceHandler>> = {
  'pods/binding/create': bind,
  'pods/eviction/create': evict,
  'pods/log/get': logs,
  'pods/exec/get': exec,
  'pods/exec/create': exec,
  'pods/attach/get': attach,
  'pods/attach/create': attach,
  'pods/portforward/get': portForward,
  'pods/portforward/create': portForward,
  ...proxied('pods', proxyPod),
  ...proxied('services', proxyService),
  ...proxied('nodes', proxyNode),
  'serviceaccounts/token/create': requestToken,
  'deployments.apps/rollback/create': rollBack,
}

const STATUS_VERBS: Readonly<Record<string, Handler>> = { get, update, patch }

function subresource(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const { resource, subresource: name } = call
  if (!resource.subresources.some(known => known === name)) return Promise.reject(unknownIn(call))
  const storage = groupResource(resource.storage())
  const handler = SUBRESOURCES[`${storage}/${name}/${call.verb}`]
  if (handler !== undefined) return handler(deps, call)
  const view = customScale(call) ?? viewOf(storage, name)
  if (view !== undefined) return viewVerb(deps, call, viewIn(call, view))
  const status = name === 'status' ? STATUS_VERBS[call.verb] : undefined
  return status === undefined ? refuse() : status(deps, call)
}

/** Definitions may add subresources any day: of one that is not there, upstream says so of the object. */
const unknownIn = (call: Call): StatusError =>
  isCustom(call.resource) ? notFound(subjectOf(targetOf(call), call.name)) : noSuchResource()
