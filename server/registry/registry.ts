/**
 * From a call to its answer: which function serves which verb of which resource. Order: reviews, subresources,
 * then the generic verbs.
 *
 * Throws  StatusError(MethodNotAllowed) for a verb that the resource does not have, and whatever the verb throws.
 */
import { groupResource } from '#api/scheme.ts'
import { methodNotAllowed, noSuchResource, notFound } from '#api/status.ts'
import type { Answer, Call } from './call.ts'
import { create } from './create.ts'
import { remove, removeCollection } from './delete.ts'
import type { RegistryDeps } from './deps.ts'
import { list, watch } from './list.ts'
import { patch } from './patch.ts'
import { type ReviewDeps, review, reviewOf } from './reviews.ts'
import { bind, evict } from './subresources/pods.ts'
import { attach, exec, logs, proxyNode } from './subresources/streams.ts'
import type { SubresourceDeps, SubresourceHandler } from './subresources/subresource.ts'
import { requestToken } from './subresources/token.ts'
import { viewVerb } from './subresources/view-verbs.ts'
import { viewOf } from './subresources/views.ts'
import { shownAs, subjectOf, targetOf } from './target.ts'
import { update } from './update.ts'

export type AllDeps = SubresourceDeps & ReviewDeps

export interface Registry {
  handle(call: Call): Promise<Answer>
}

export const createRegistry = (deps: AllDeps): Registry => ({
  handle: call => {
    const virtual = reviewOf(groupResource(call.resource))
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

function generic(deps: RegistryDeps, call: Call): Promise<Answer> {
  const handler = GENERIC[call.verb]
  const isKnown = call.resource.verbs.some(verb => verb === call.verb)
  if (handler === undefined || !isKnown) return refuse()
  return isMisplaced(call) ? refuse() : handler(deps, call)
}

const OF_COLLECTIONS = new Set(['create', 'list', 'watch', 'deletecollection'])

/** A namespaced object outside a namespace can only be listed and watched; POST has no name, PUT and PATCH need one. */
function isMisplaced(call: Call): boolean {
  const { resource, namespace, verb } = call
  if (call.name === '' && !OF_COLLECTIONS.has(verb)) return true
  if (verb === 'create') return call.name !== '' || (resource.namespaced && namespace === '')
  return resource.namespaced && namespace === '' && verb !== 'list' && verb !== 'watch'
}

const refuse = (): Promise<never> => Promise.reject(methodNotAllowed())

async function get(deps: RegistryDeps, call: Call): Promise<Answer> {
  const target = targetOf(call)
  const item = deps.cache.get(target.storage, target.namespace, call.name)
  if (item === undefined) throw notFound(subjectOf(target, call.name))
  if (target.conversion === undefined) return { kind: 'item', code: 200, item }
  const bytes = item.form(target.conversion.form)
  return { kind: 'object', code: 200, object: shownAs(target, item.object()), bytes }
}

/** Keyed `plural/subresource/verb`. */
const SUBRESOURCES: Readonly<Record<string, SubresourceHandler>> = {
  'pods/binding/create': bind,
  'pods/eviction/create': evict,
  'pods/log/get': logs,
  'pods/exec/get': exec,
  'pods/exec/create': exec,
  'pods/attach/get': attach,
  'pods/attach/create': attach,
  'nodes/proxy/get': proxyNode,
  'serviceaccounts/token/create': requestToken,
}

const STATUS_VERBS: Readonly<Record<string, Handler>> = { get, update, patch }

function subresource(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const { resource, subresource: name } = call
  if (!resource.subresources.some(known => known === name)) return Promise.reject(noSuchResource())
  const handler = SUBRESOURCES[`${groupResource(resource)}/${name}/${call.verb}`]
  if (handler !== undefined) return handler(deps, call)
  const view = viewOf(groupResource(resource), name)
  if (view !== undefined) return viewVerb(deps, call, view)
  const status = name === 'status' ? STATUS_VERBS[call.verb] : undefined
  return status === undefined ? refuse() : status(deps, call)
}
