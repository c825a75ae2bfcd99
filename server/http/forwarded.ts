/**
 * What a proxied request and its answer keep, lose and gain: hop-by-hop headers, credentials, X-Forwarded-*, Location.
 * Pure.
 * Source: k8s.io/apimachinery pkg/util/proxy (transport.go, upgradeaware.go), Go's net/http/httputil ReverseProxy
 */
import type { Exchange, Headers } from './exchange.ts'

/** Of one connection, not of the message. */
const HOP = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const PROTOCOLS = 'sec-websocket-protocol'

/** Browsers have no other header for a token. Source: k8s.io/apiserver pkg/authentication/request/websocket */
export const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.'

/** Meant for this server alone: nothing that is proxied to may see who the caller can be. */
const isCredential = (name: string): boolean =>
  name === 'authorization' || name.startsWith('impersonate-') || name.startsWith('x-remote-')

/** Set here for everything that is served, or not at all. */
const isCors = (name: string): boolean => name.startsWith('access-control-')

export interface Forwarded {
  /** Path of this server that stands for the other's root, without a slash at the end. */
  readonly prefix: string
  /** Path at the other, escapes included; '' when the request ended with the prefix. */
  readonly path: string
}

/** Cuts a request's path behind its resource; `restCount` segments follow there. */
export function splitPath(path: string, restCount: number): Forwarded {
  const segments = [...path.matchAll(/[^/]+/g)]
  const last = segments[segments.length - restCount - 1]
  const cut = last === undefined ? path.length : last.index + last[0].length
  return { prefix: path.slice(0, cut), path: path.slice(cut) }
}

export function requestHeaders(
  exchange: Pick<Exchange, 'header' | 'headerNames' | 'remoteAddress'>,
  forwarded: Forwarded,
): Record<string, string> {
  const named = namedByConnection(exchange.header('connection'))
  const headers: Record<string, string> = {}
  for (const name of exchange.headerNames()) {
    const value = exchange.header(name)
    if (value === undefined || name.startsWith(':') || HOP.has(name) || named.has(name)) continue
    const kept = name === PROTOCOLS ? withoutBearer(value) : value
    if (!isCredential(name) && kept !== '') headers[name] = kept
  }
  headers['host'] ??= exchange.header(':authority') ?? ''
  const before = exchange.header('x-forwarded-for')
  const { remoteAddress } = exchange
  headers['x-forwarded-for'] = before === undefined ? remoteAddress : `${before}, ${remoteAddress}`
  headers['x-forwarded-uri'] = `${forwarded.prefix}${forwarded.path}`
  return headers
}

const withoutBearer = (protocols: string): string =>
  protocols
    .split(',')
    .map(protocol => protocol.trim())
    .filter(protocol => !protocol.startsWith(BEARER_PROTOCOL))
    .join(', ')

export interface Source {
  readonly prefix: string
  /** The other's address, and the Host that it was sent. */
  readonly hosts: readonly string[]
}

export function answerHeaders(
  received: Readonly<Record<string, string | readonly string[] | undefined>>,
  source: Source,
): Headers {
  const connection = received['connection']
  const named = namedByConnection(typeof connection === 'string' ? connection : undefined)
  const headers: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(received))
    if (value !== undefined && !HOP.has(name) && !named.has(name) && !isCors(name))
      headers[name] = value
  const { location } = received
  if (typeof location === 'string') headers['location'] = rewritten(location, source)
  return headers
}

const namedByConnection = (header: string | undefined): ReadonlySet<string> =>
  new Set((header ?? '').split(',').map(name => name.trim().toLowerCase()))

/** An absolute path, or an address of the same host, leads back through the proxy; anything else is left alone. */
export function rewritten(location: string, { prefix, hosts }: Source): string {
  const match = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)(.*)$/i.exec(location)
  const host = match?.[1] ?? ''
  const rest = match?.[2] ?? location
  if (host !== '' && !hosts.includes(host)) return location
  if (!rest.startsWith('/')) return host === '' ? location : `${prefix}/${rest}`
  return rest.startsWith(`${prefix}/`) ? rest : `${prefix}${rest}`
}
