/**
 * Answers to bytes on an exchange: status, headers, compression, the form the client asked for. The one place where
 * a StatusError becomes an HTTP answer.
 */
import type { AnyObject } from '#api/object.ts'
import type { Turns } from '#base/turns.ts'
import { type Status, StatusError, internalError } from '#api/status.ts'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Resource, resourceOf } from '#api/scheme.ts'
import type { Answer } from '#server/registry/call.ts'
import type { RequestContext } from './context.ts'
import type { Exchange, Headers } from './exchange.ts'
import { type Accepted, negotiate } from './negotiation.ts'
import { formOf, partialOf, tableJson } from './forms.ts'
import { sendPage } from './list-stream.ts'
import { isTrue } from '#server/registry/options.ts'
import { type WatchSource, sendWatch } from './watch-stream.ts'
import { pipeNodeResponse } from './node-response.ts'
import { bridgeWebSocket } from './websocket.ts'
import { renderYaml } from '#client/yaml.ts'

const GZIP_OVER_BYTES = 128 * 1024
const NO_CACHE = 'no-cache, private'
const gzipped = promisify(gzip)

export interface RenderDeps extends WatchSource {
  readonly turns: Turns
  readonly now: () => number
}

/** Everything but `raw` and what nodes send is an object of a resource that can be shown in several forms. */
export async function render(
  deps: RenderDeps,
  context: RequestContext & { readonly exchange: Exchange },
  answer: Answer,
): Promise<void> {
  const { exchange } = context
  if (answer.kind === 'node-stream') return bridgeWebSocket(exchange, answer.connect, deps.clock)
  if (answer.kind === 'node-response') {
    const response = await answer.open(exchange.signal)
    return pipeNodeResponse(exchange, response, answer.contentType)
  }
  if (answer.kind === 'raw') return sendBytes(exchange, answer.code, answer.headers, answer.body)
  const accepted = negotiate(context.accept)
  const view = { accepted, query: context.query, now: deps.now() }
  if (answer.kind === 'watch') return sendWatch(deps, exchange, answer, view)
  const headers = headersOf(context, accepted)
  if (answer.kind === 'page' && !isWhole(context, accepted, answer))
    return sendPage(deps, { exchange, headers, form: formOf(answer, view) })
  const bytes = bytesOf(answer, context, accepted, deps.now())
  if (answer.kind === 'page') return sendWhole(context, accepted, bytes)
  if (isWhole(context, accepted, answer)) return sendWhole(context, accepted, bytes, answer.code)
  return sendBytes(exchange, answer.code, headers, bytes)
}

/** True when the answer is rewritten as a whole: YAML, or JSON for people. */
const isWhole = (context: RequestContext, accepted: Accepted, answer: Answer): boolean =>
  accepted.media === 'application/yaml' || isPretty(context, answer)

/** Indenting a longer list would hold everybody up: it needs to be asked for. */
const PRETTY_ITEMS_MAX = 100

/** People read with these; programs want it short. */
function isPretty(context: RequestContext, answer: Answer): boolean {
  const asked = context.query.get('pretty')
  if (asked !== null) return isTrue(asked)
  if (answer.kind === 'page' && answer.page.page.items.length > PRETTY_ITEMS_MAX) return false
  return /^(curl|Wget|Mozilla\/5\.0)/.test(context.userAgent)
}

function headersOf(context: RequestContext, accepted: Accepted): Headers {
  const warnings = bounded(context.warnings).map(warning)
  return {
    'content-type': accepted.media,
    'cache-control': NO_CACHE,
    ...(warnings.length === 0 ? {} : { warning: warnings }),
  }
}

const WARNINGS_MAX = 4096
const WARNING_MAX = 256

/**
 * What fits into the headers of an answer: when all are too much, each is cut and the last are dropped.
 * Source: k8s.io/apiserver pkg/endpoints/filters/warning.go
 */
function bounded(warnings: readonly string[]): readonly string[] {
  let size = 0
  for (const text of warnings) size += text.length
  if (size <= WARNINGS_MAX) return warnings
  size = 0
  const cut = warnings.slice(0, WARNINGS_MAX).map(text => text.slice(0, WARNING_MAX))
  return cut.filter(text => (size += text.length) <= WARNINGS_MAX)
}

/** Header values are ASCII; a field name need not be. */
const warning = (text: string): string =>
  `299 - ${JSON.stringify(text.replaceAll(/[^\x20-\x7e]/g, '?'))}`

type Shown = Exclude<Answer, { kind: 'raw' | 'node-response' | 'node-stream' | 'watch' }>

function bytesOf(answer: Shown, context: RequestContext, accepted: Accepted, now: number): Buffer {
  if (answer.kind === 'page') return formOf(answer, { accepted, query: context.query, now }).whole()
  if (answer.kind === 'item' && accepted.form === 'object') return answer.item.bytes
  const object = answer.kind === 'item' ? answer.item.object() : answer.object
  if (accepted.form === 'object' || object.kind === 'Status')
    return (answer.kind === 'object' ? answer.bytes : undefined) ?? jsonOf(object)
  if (accepted.form === 'table')
    return tableJson(printedFor(context, object), [object], { query: context.query, now })
  return jsonOf(partialOf(object))
}

const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** Whose columns fit the object: the resource asked for, or nobody's when a subresource answers another kind. */
function printedFor(
  context: RequestContext,
  object: AnyObject,
): Pick<Resource, 'group' | 'plural'> {
  const { group, version, resource } = context.info
  const found = resourceOf(group, version, resource)
  return found?.kind === object.kind ? found : { group: '', plural: '' }
}

async function sendWhole(
  context: RequestContext & { readonly exchange: Exchange },
  accepted: Accepted,
  bytes: Buffer,
  code = 200,
): Promise<void> {
  const value: unknown = JSON.parse(bytes.toString('utf8'))
  const text =
    accepted.media === 'application/yaml'
      ? renderYaml(value)
      : `${JSON.stringify(value, null, 2)}\n`
  await sendBytes(context.exchange, code, headersOf(context, accepted), Buffer.from(text))
}

async function sendBytes(
  exchange: Exchange,
  code: number,
  headers: Headers,
  body: Buffer,
): Promise<void> {
  const zips = body.length > GZIP_OVER_BYTES && acceptsGzip(exchange)
  if (!zips) return exchange.respond(code, headers, body)
  const packed = await gzipped(body, { level: 1 })
  exchange.respond(
    code,
    { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
    packed,
  )
}

export const acceptsGzip = (exchange: Exchange): boolean =>
  /(^|[\s,])gzip($|[\s,;])/.test(exchange.header('accept-encoding') ?? '')

export function sendStatus(exchange: Exchange, status: Status): void {
  const retry = status.details?.retryAfterSeconds
  exchange.respond(
    status.code ?? 500,
    {
      'content-type': 'application/json',
      'cache-control': NO_CACHE,
      ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
      ...(status.code === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    },
    jsonOf(status),
  )
}

/** The StatusError a client sees for any error. */
export const statusOf = (error: unknown): StatusError =>
  error instanceof StatusError
    ? error
    : internalError('an error on the server prevented the request from succeeding', error)
