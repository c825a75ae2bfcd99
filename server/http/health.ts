/**
 * `/healthz`, `/livez`, `/readyz`: plain text, one line per check with `?verbose` or when one fails.
 *
 * Source: k8s.io/apiserver pkg/server/healthz/healthz.go
 */
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/logger.ts'
import type { Answer } from '#server/registry/call.ts'
import type { NonResourceRoute } from './chain.ts'
import type { RequestContext } from './context.ts'

export interface HealthCheck {
  readonly name: string
  /** Throws, or rejects, while it does not hold. */
  check(): void | Promise<void>
}

export interface HealthOptions {
  readonly log: Logger
  /** Failing means: restart me. */
  readonly live: readonly HealthCheck[]
  /** Failing means: send me nobody yet. Includes the live ones. */
  readonly ready: readonly HealthCheck[]
}

const PING: HealthCheck = { name: 'ping', check: () => {} }

function endpointsOf(options: HealthOptions): readonly Endpoint[] {
  const live = [PING, ...options.live]
  return [
    { path: '/healthz', checks: live },
    { path: '/livez', checks: live },
    { path: '/readyz', checks: [...live, ...options.ready] },
  ]
}

/** Of every check. */
export const healthPaths = (options: HealthOptions): readonly string[] =>
  endpointsOf(options).flatMap(({ path, checks }) => [
    path,
    ...checks.map(({ name }) => `${path}/${name}`),
  ])

export function healthRoutes(options: HealthOptions): readonly NonResourceRoute[] {
  return endpointsOf(options).map(({ path, checks }) => ({
    matches: candidate => candidate === path || candidate.startsWith(`${path}/`),
    handle: context => answer(options.log, { path, checks }, context),
  }))
}

interface Endpoint {
  readonly path: string
  readonly checks: readonly HealthCheck[]
}

async function answer(
  log: Logger,
  endpoint: Endpoint,
  context: RequestContext,
): Promise<Answer | undefined> {
  const single = context.info.path.slice(endpoint.path.length + 1)
  const excluded = context.query.getAll('exclude')
  const chosen = endpoint.checks.filter(({ name }) =>
    single === '' ? !excluded.includes(name) : name === single,
  )
  if (chosen.length === 0) return undefined
  const kind = endpoint.path.slice(1)
  const lines: string[] = []
  let failed = 0
  for (const one of chosen) {
    const { name } = one
    try {
      await one.check()
      lines.push(`[+]${name} ok`)
    } catch (error) {
      failed += 1
      log.debug('health check failed', { endpoint: kind, check: name, error: messageOf(error) })
      lines.push(`[-]${name} failed: reason withheld`)
    }
  }
  if (failed > 0) return text(500, `${lines.join('\n')}\n${kind} check failed\n`)
  const isVerbose = context.query.get('verbose') !== null
  return text(200, isVerbose ? `${lines.join('\n')}\n${kind} check passed\n` : 'ok')
}

export const text = (code: number, body: string): Answer => ({
  kind: 'raw',
  code,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache, private',
  },
  body: Buffer.from(body),
})
