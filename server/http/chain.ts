/**
 * The way of a request, top to bottom: `STAGES` is the running order. Each stage is a function over one context that
 * refuses by throwing a StatusError, or goes on. In-process callers take the same way from `flowControl` on.
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import type { Authenticator, Authorizer, RequestAttributes } from '#api/request.ts'
import { accessForbidden } from '#api/refusal.ts'
import { noSuchResource, unauthorized } from '#api/status.ts'
import type { Served } from '#server/custom/served.ts'
import type { Answer, Call } from '#server/registry/call.ts'
import { bodyKind } from '#server/registry/decoding.ts'
import type { Registry } from '#server/registry/registry.ts'
import type { RequestContext } from './context.ts'
import { impersonate, impersonationOf } from './impersonation.ts'
import type { FlowControl } from './flow-control.ts'
import { checkAcceptable } from './offers.ts'
import { PAGE_NOT_FOUND, isOfApi, leadsTo } from './paths.ts'

export interface ChainDeps {
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly flow: FlowControl
  readonly registry: Registry
  readonly served: Served
  /** Paths of old group-versions lead nowhere. */
  readonly hidesOldVersions: boolean
  /** Paths that name no resource: discovery, health, metrics. First match wins. */
  readonly routes: readonly NonResourceRoute[]
}

export interface NonResourceRoute {
  matches(path: string): boolean
  /** Undefined: not here after all. */
  handle(context: RequestContext): Answer | undefined | Promise<Answer | undefined>
}

export type { Answer }
export type Next = () => Promise<Answer>
export type Stage = (deps: ChainDeps, context: RequestContext, next: Next) => Promise<Answer>

const authenticate: Stage = async (deps, context, next) => {
  if (context.exchange !== undefined) {
    const { credentials } = context.exchange
    const user = await deps.authenticator.authenticate(credentials)
    if (user !== undefined) context.user = user
    else if (credentials.bearer !== undefined || credentials.basic !== undefined)
      throw unauthorized()
  }
  return next()
}

const actAs: Stage = async (deps, context, next) => {
  const { exchange } = context
  const asked = exchange && impersonationOf(exchange)
  if (asked !== undefined) context.user = await impersonate(deps.authorizer, context.user, asked)
  return next()
}

const flowControl: Stage = (deps, context, next) => {
  // The server's own parts limit themselves; refusing them would only make them ask again.
  if (context.exchange === undefined) return next()
  const { verb, subresource } = context.info
  return deps.flow.run({ verb, subresource, user: context.user }, next)
}

const authorize: Stage = async (deps, context, next) => {
  const attributes = attributesOf(context)
  const authorization = deps.authorizer.authorize(attributes)
  const { decision, reason } =
    authorization instanceof Promise ? await authorization : authorization
  if (decision !== 'allow') throw accessForbidden(attributes, reason)
  if (isUpgrade(attributes)) await authorizeUpgrade(deps, attributes)
  return next()
}

const UPGRADING = new Set(['exec', 'attach', 'portforward'])

const isUpgrade = ({ verb, resource, subresource }: RequestAttributes): boolean =>
  verb === 'get' && resource === 'pods' && UPGRADING.has(subresource)

/** WebSocket clients send GET where SPDY clients sent POST: who may only read must not run commands. */
async function authorizeUpgrade(deps: ChainDeps, attributes: RequestAttributes): Promise<void> {
  const asCreate = { ...attributes, verb: 'create' }
  const { decision, reason } = await deps.authorizer.authorize(asCreate)
  if (decision !== 'allow') throw accessForbidden(asCreate, reason)
}

const route: Stage = async (deps, context) => {
  const { info } = context
  if (!info.isResource) return nonResource(deps, context)
  const resource = deps.served.find(info.group, info.version, info.resource)
  context.resource = resource
  if (resource === undefined) return nowhere(deps, context)
  if (!leadsTo(resource, info)) return nowhere(deps, context, isCustom(resource))
  if (context.exchange !== undefined) checkAcceptable(context)
  // `/api/v1/namespaces/x` puts the object's own name into `namespace`, for authorizers.
  const namespace = resource.namespaced ? info.namespace : ''
  const { query, user, userAgent, contentType } = context
  const call: Call = {
    verb: info.verb,
    resource,
    subresource: info.subresource,
    namespace,
    name: info.name,
    rest: info.rest,
    query,
    user,
    userAgent,
    contentType,
    body: () =>
      context.body(bodyKind({ resource, subresource: info.subresource, verb: info.verb })),
    // A write that was tried again finds the same once more.
    warn: text => void context.warnings.add(text),
    // Read on use: most requests never need an AbortSignal made for them.
    get signal() {
      return context.signal
    },
  }
  return deps.registry.handle(call)
}

export const STAGES: readonly Stage[] = [authenticate, actAs, flowControl, authorize, route]

export function runStages(deps: ChainDeps, context: RequestContext, index = 0): Promise<Answer> {
  const stage = STAGES[index]
  if (stage === undefined) return Promise.reject(noSuchResource())
  return stage(deps, context, () => runStages(deps, context, index + 1))
}

async function nonResource(deps: ChainDeps, context: RequestContext): Promise<Answer> {
  for (const candidate of deps.routes) {
    if (!candidate.matches(context.info.path)) continue
    const answer = await candidate.handle(context)
    if (answer !== undefined) return answer
  }
  return nowhere(deps, context)
}

/** The server's own parts are told as the API tells it, and so is whoever is in a group of ours. */
function nowhere(
  { hidesOldVersions }: ChainDeps,
  { info, exchange }: RequestContext,
  isElsewhere = false,
): Answer {
  const isOurs = !isElsewhere && isOfApi(info.path, hidesOldVersions)
  if (exchange === undefined || isOurs) throw noSuchResource()
  return PAGE_NOT_FOUND
}

function attributesOf(context: RequestContext): RequestAttributes {
  const { info, user } = context
  const { verb, isResource, path, group, version, resource, subresource, namespace, name } = info
  const selector = isResource && SELECTING.has(verb) ? context.query.get('fieldSelector') : null
  return {
    user,
    verb,
    isResource,
    path,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    ...(selector === null ? {} : { fieldSelector: selector }),
  }
}

const SELECTING = new Set(['list', 'watch', 'deletecollection'])
