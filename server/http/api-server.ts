/**
 * The API server as one part: wires listener, stages, registry and discovery from what it is handed.
 *
 * Throws  listen(): Error with code EADDRINUSE, EACCES ...
 * Law     Whatever happens in a request ends as an HTTP answer: a Status, never a stack trace, never a crash.
 */
import {
  type AdmissionPlugin,
  type Authenticator,
  type Authorizer,
  LOOPBACK,
  type UserInfo,
} from '#api/request.ts'
import { warmUp } from '#api/schema/warm-up.ts'
import { groupResource, storedResources } from '#api/scheme.ts'
import { StatusError } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import { isAbort } from '#base/errors.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import { type Turns, createTurns } from '#base/turns.ts'
import type { NodeConnector } from '#client/node-api.ts'
import type { Transport } from '#client/transport.ts'
import type { AddressInfo } from 'node:net'
import type { TokenIssuer } from '#server/registry/subresources/subresource.ts'
import type { Cache } from '#server/cache/cache.ts'
import { type Served, ServedKinds } from '#server/custom/served.ts'
import { type DiscoveryOptions, discoveryRoutes } from '#server/discovery/routes.ts'
import type { Answer } from '#server/registry/call.ts'
import { createCommitter } from '#server/registry/committer.ts'
import { createCreations } from '#server/registry/namespace-contents.ts'
import type { NumberRange } from '#server/registry/kinds/allocator.ts'
import { addressBook, recallServices } from '#server/registry/kinds/stored-services.ts'
import { createStrategies } from '#server/registry/kinds/strategies.ts'
import { type AllDeps, createRegistry } from '#server/registry/registry.ts'
import type { ReviewedToken, RuleResolver } from '#server/registry/reviews.ts'
import type { Store } from '#server/store/store.ts'
import { type ChainDeps, type NonResourceRoute, runStages } from './chain.ts'
import { followDefinitions } from './definitions.ts'
import type { Exchange } from './exchange.ts'
import { FLOW_LIMITS, type FlowLimits, createFlowControl } from './flow-control.ts'
import { type HealthCheck, healthPaths, healthRoutes } from './health.ts'
import { HttpContext } from './http-context.ts'
import { type AlpnHandlers, type Listener, type TlsMaterial, createListener } from './listener.ts'
import { createLocalTransport } from './local-transport.ts'
import { type Metrics, type MetricsSources, type RequestMeasure, createMetrics } from './metrics.ts'
import type { OpenWatch } from './watch-stream.ts'
import { type RenderDeps, render, sendStatus, statusOf } from './render.ts'

/** Paths served before the API users' authentication: whoever owns them decides who may. */
export interface ExtraRoute {
  matches(path: string): boolean
  /** Answers the exchange itself, or throws a StatusError that becomes the answer. */
  handle(exchange: Exchange): void | Promise<void>
}

export interface ApiServerOptions {
  readonly cache: Cache
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly rules: RuleResolver
  readonly reviewToken: (
    token: string,
    audiences: readonly string[],
  ) => Promise<ReviewedToken | undefined>
  readonly admission: readonly AdmissionPlugin[]
  readonly tokenIssuer: TokenIssuer
  readonly nodes: NodeConnector
  readonly serviceCIDR: string
  readonly nodePortRange: NumberRange
  readonly tls: TlsMaterial
  readonly extraRoutes?: readonly ExtraRoute[]
  /** Non-resource paths behind authentication and authorization. */
  readonly routes?: readonly NonResourceRoute[]
  readonly alpn?: AlpnHandlers
  readonly live?: readonly HealthCheck[]
  readonly ready?: readonly HealthCheck[]
  /** Old group-versions are not served: neither routed nor told of. */
  readonly hidesOldVersions?: boolean
  readonly flowLimits?: FlowLimits
  /** More lines of `/metrics`. */
  readonly moreMetrics?: () => string
}

export interface ApiServer {
  listen(address: string, port: number): Promise<AddressInfo>
  /** The in-process way in, as `user`. Works before listen(). */
  local(user: UserInfo): Transport
  setSecureContext(material: TlsMaterial): void
  /** Makes what the first request of each kind would have to wait for, between other work. */
  warmUp(signal: AbortSignal): Promise<void>
  /** Ends watches and connections. Idempotent. */
  close(graceMs?: number): Promise<void>
}

const CLOSE_GRACE_MS = 2000

export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { cache, clock, log } = options
  const watchers = new Set<OpenWatch>()
  const flow = createFlowControl(options.flowLimits ?? FLOW_LIMITS)
  const turns = createTurns(clock)
  // A start is work in portions like any other: this is where the first one begins.
  await turns.take()
  const served = new ServedKinds({ cache, turns, log, hidesOld: options.hidesOldVersions === true })
  const metrics = metricsOf(options, { served, turns, flow, watchers })
  const deps = await registryDeps(options, served)
  const registry = createRegistry(deps)
  const told = { served, turns, metrics, returnsDeleted: returnsDeleted(deps) }
  const bound = { address: '' }
  const chain: ChainDeps = {
    authenticator: options.authenticator,
    authorizer: options.authorizer,
    flow,
    registry,
    served,
    hidesOldVersions: options.hidesOldVersions === true,
    routes: routesOf(options, { ...told, serverAddress: () => bound.address }),
  }
  const rendering: RenderDeps = { cache, clock, turns, watchers, now: () => clock.now() }
  const serving = { options, chain, rendering, metrics, turns }
  const listener: Listener = createListener({
    tls: options.tls,
    clock,
    turns,
    log,
    handle: exchange => void serve(serving, exchange),
    ...(options.alpn === undefined ? {} : { alpn: options.alpn }),
  })
  const onFault = (error: unknown): void =>
    log.error('in-process request failed', { error: stackOf(error) })
  const local = (user: UserInfo): Transport =>
    createLocalTransport({ chain, cache, clock, turns, onFault }, user)
  const parts = { served, registry, watchers, turns, transport: local(LOOPBACK) }
  const definitions = followDefinitions({ ...parts, cache, clock, log, random: options.random })
  return {
    async listen(address, port) {
      await turns.take()
      const info = await listener.listen(address, port)
      bound.address = `${info.address}:${info.port}`
      // All that waited for the server starts now.
      await turns.take()
      return info
    },
    local,
    setSecureContext: material => listener.setSecureContext(material),
    warmUp: signal => warmUpAll(turns, signal),
    async close(graceMs = CLOSE_GRACE_MS) {
      definitions.close()
      turns.close()
      for (const watch of watchers) watch.end()
      await listener.close(graceMs)
    },
  }
}

/** Everything that is no resource. */
function routesOf(
  { clock, log, live = [], ready = [], routes = [] }: ApiServerOptions,
  of: Omit<DiscoveryOptions, 'now' | 'morePaths'> & { readonly metrics: Metrics },
): readonly NonResourceRoute[] {
  const health = { log, live, ready }
  return [
    ...healthRoutes(health),
    of.metrics.route,
    ...routes,
    ...discoveryRoutes({
      ...of,
      now: () => clock.now(),
      morePaths: ['/metrics', ...healthPaths(health)],
    }),
  ]
}

function metricsOf(
  { cache, moreMetrics }: ApiServerOptions,
  of: Pick<MetricsSources, 'turns' | 'flow'> & {
    readonly served: Served
    readonly watchers: ReadonlySet<OpenWatch>
  },
): Metrics {
  const { served, watchers } = of
  const counted = async (): Promise<readonly (readonly [string, number])[]> =>
    (await served.storages()).map(groupResource).map(name => [name, cache.count(name)] as const)
  return createMetrics({
    ...of,
    watchers: () => watchers.size,
    revision: () => cache.revision,
    objects: counted,
    ...(moreMetrics === undefined ? {} : { more: moreMetrics }),
  })
}

async function warmUpAll(turns: Turns, signal: AbortSignal): Promise<void> {
  for (const resource of storedResources()) {
    for (const _step of warmUp(resource.type())) {
      if (signal.aborted) return
      await turns.take()
    }
  }
}

interface Serving {
  readonly options: ApiServerOptions
  readonly chain: ChainDeps
  readonly rendering: RenderDeps
  readonly metrics: Metrics
  readonly turns: Turns
}

/** One exchange from its first byte to its answer. Never throws. */
async function serve(serving: Serving, exchange: Exchange): Promise<void> {
  const { options, chain, rendering, metrics, turns } = serving
  const began = options.clock.monotonic()
  let context: HttpContext | undefined
  try {
    const extra = options.extraRoutes?.find(route => route.matches(exchange.path))
    if (extra !== undefined) return await extra.handle(exchange)
    await turns.take()
    context = new HttpContext(exchange, turns)
    const answer: Answer = await runStages(chain, context)
    // Many writes are acknowledged at once: their answers need not all be made in one turn.
    await turns.take()
    await render(rendering, context, answer)
  } catch (error) {
    if (isAbort(error) && exchange.signal.aborted) return
    if (!(error instanceof StatusError))
      options.log.error('request failed', {
        method: exchange.method,
        path: exchange.path,
        error: stackOf(error),
      })
    refuse(serving, exchange, error, context?.warnings)
  } finally {
    const seconds = (options.clock.monotonic() - began) / 1000
    if (context !== undefined)
      metrics.observe({ ...namesOf(chain.served, context.info), code: exchange.status, seconds })
  }
}

/** The last resort: an answer that cannot be sent ends here. */
function refuse(
  serving: Serving,
  exchange: Exchange,
  error: unknown,
  warnings: Iterable<string> = [],
): void {
  try {
    sendStatus(exchange, statusOf(error).toStatus(), warnings)
  } catch (failure) {
    serving.options.log.warn('an answer could not be sent', { error: stackOf(failure) })
  }
}

const METHODS = new Set(['delete', 'get', 'head', 'options', 'patch', 'post', 'put'])

/** What is counted apart: names that nobody serves are one, so that no client can write into the metrics. */
function namesOf(
  kinds: Served,
  info: HttpContext['info'],
): Omit<RequestMeasure, 'code' | 'seconds'> {
  const { group, version, resource, subresource, verb, isResource } = info
  const served = isResource ? kinds.find(group, version, resource) : undefined
  if (served === undefined) {
    const isKnown = isResource || METHODS.has(verb)
    return { verb: isKnown ? verb : '', group: '', version: '', resource: '', subresource: '' }
  }
  const isServed = served.subresources.some(known => known === subresource)
  return { verb, group, version, resource, subresource: isServed ? subresource : '' }
}

/** As documents tell it. */
const returnsDeleted =
  ({ strategies }: AllDeps): DiscoveryOptions['returnsDeleted'] =>
  resource =>
    strategies.get(groupResource(resource))?.returnsDeleted === true

/** For the log alone. */
const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

async function registryDeps(options: ApiServerOptions, served: Served): Promise<AllDeps> {
  const { cache, store, clock, random, log } = options
  const strategies = createStrategies({
    random,
    services: { serviceCIDR: options.serviceCIDR, nodePorts: options.nodePortRange },
    addresses: addressBook(cache),
  })
  await recallServices(strategies.services, cache)
  const deps: AllDeps = {
    cache,
    served,
    committer: createCommitter({ store, cache, clock }),
    creations: createCreations(),
    clock,
    random,
    log,
    admission: options.admission,
    strategies: strategies.byStorage,
    nodes: options.nodes,
    tokens: options.tokenIssuer,
    authorizer: options.authorizer,
    rules: options.rules,
    reviewToken: options.reviewToken,
  }
  return deps
}
