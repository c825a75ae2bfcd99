/**
 * Answers to bytes on an exchange: status, headers, compression, the form the client asked for. The one place where
 * a StatusError becomes an HTTP answer.
 */
import { encodeObject } from '#api/protobuf/envelope.ts'
import type { Turns } from '#base/turns.ts'
import { type Status, StatusError, internalError } from '#api/status.ts'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Answer } from '#server/registry/call.ts'
import type { RequestContext } from './context.ts'
import type { Exchange, Headers } from './exchange.ts'
import { bytesOf, jsonOf } from './answer-bytes.ts'
import { type Accepted, type Media, PROTOBUF, mediaOfStatus, negotiate } from './negotiation.ts'
import { formOf } from './forms.ts'
import { offersFor } from './offers.ts'
import { sendPage } from './list-stream.ts'
import { isTrue } from '#server/registry/options.ts'
import { statusType } from './watch-frames.ts'
import { type WatchSource, sendWatch } from './watch-stream.ts'
import { pipeNodeResponse } from './node-response.ts'
import { serveCommand } from './remote-command.ts'
import { servePortForward } from './port-forward.ts'
import { reverseProxy } from './reverse-proxy.ts'
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
  if (answer.kind === 'node-stream') return serveCommand(exchange, answer, deps.clock)
  if (answer.kind === 'port-forward') return servePortForward(exchange, answer, deps.clock)
  if (answer.kind === 'proxy')
    return reverseProxy(exchange, answer.target, context.info.rest, deps.clock)
  if (answer.kind === 'node-response') {
    const response = await answer.open(exchange.signal)
    return pipeNodeResponse(exchange, response, answer.contentType)
  }
  if (answer.kind === 'raw') return sendBytes(exchange, answer.code, answer.headers, answer.body)
  const accepted = negotiate(context.accept, offersFor(context))
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
  accepted.media === 'application/yaml' ||
  (accepted.media === 'application/json' && isPretty(context, answer))

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
  return {
    'content-type': accepted.media,
    'cache-control': NO_CACHE,
    ...warningHeaders(context.warnings),
  }
}

function warningHeaders(texts: Iterable<string>): Headers {
  const warnings = bounded([...texts]).map(warning)
  return warnings.length === 0 ? {} : { warning: warnings }
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
  const isZipped = headers['content-encoding'] !== undefined
  const zips = !isZipped && body.length > GZIP_OVER_BYTES && acceptsGzip(exchange)
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

/** `warnings` is what was told before the request was refused. */
export function sendStatus(
  exchange: Exchange,
  status: Status,
  warnings: Iterable<string> = [],
): void {
  const retry = status.details?.retryAfterSeconds
  const media = mediaOfStatus(exchange.header('accept'))
  exchange.respond(
    status.code ?? 500,
    {
      'content-type': media,
      'cache-control': NO_CACHE,
      ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
      ...(status.code === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...warningHeaders(warnings),
    },
    STATUS_BYTES[media](status),
  )
}

const STATUS_BYTES: Readonly<Record<Media, (status: Status) => Buffer>> = {
  'application/json': jsonOf,
  'application/yaml': status => Buffer.from(renderYaml(status)),
  [PROTOBUF]: status => encodeObject({ apiVersion: 'v1', kind: 'Status' }, statusType(), status),
}

/** The StatusError a client sees for any error. */
export const statusOf = (error: unknown): StatusError =>
  error instanceof StatusError
    ? error
    : internalError('an error on the server prevented the request from succeeding', error)
