/**
 * The words that both ends of a node's tunnel share: HTTP/2 with the roles turned round, over a TLS connection that the
 * agent dialled. The server asks, the agent answers.
 *
 *   request  the method and path of the NodeRequest; the answer's status, headers and body are the NodeResponse
 *   connect  POST to the path with `kites-kind: connect`; after a 200 both directions carry the stream's bytes
 *   refusal  `kites-refused: 1` and a `metav1.Status` as body, for either kind
 */
import type http2 from 'node:http2'
import { isIP } from 'node:net'
import type { BackoffPolicy } from '#base/backoff.ts'

export const TUNNEL_ALPN = 'kites-tunnel'
export const KIND_HEADER = 'kites-kind'
export const METHOD_HEADER = 'kites-method'
export const REFUSED_HEADER = 'kites-refused'

/** 64 kB windows at 100 ms round trip are 0.6 MB/s: these allow 40 MB/s per stream. */
export const STREAM_WINDOW_BYTES = 4 * 1024 * 1024
export const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024
const SESSION_MEMORY_MB = 64
const STREAMS_MAX = 1000

export const TUNNEL_SETTINGS: http2.SessionOptions = {
  maxSessionMemory: SESSION_MEMORY_MB,
  settings: {
    initialWindowSize: STREAM_WINDOW_BYTES,
    maxConcurrentStreams: STREAMS_MAX,
    enablePush: false,
  },
}

/** Either end asks the other whether it is still there this often, and gives up after PING_TIMEOUT_MS. */
export const PING_INTERVAL_MS = 20_000
export const PING_TIMEOUT_MS = 10_000

/** An agent whose tunnel is down dials again after so long, and */
export const DIAL_BACKOFF: BackoffPolicy = { baseMs: 500, maxMs: 10_000 }
/** the server expects it back within this time: the longest delay, and a slow dial. */
export const DIAL_AGAIN_WITHIN_MS = 15_000

/** Name for SNI: addresses are not sent. */
export const serverNameOf = (host: string): { readonly servername?: string } =>
  isIP(host) === 0 ? { servername: host } : {}

/** Headers that are about one connection: HTTP/2 refuses to send them, and they mean nothing at the far end. */
const HOP_HEADERS = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** The headers of a request or answer that travel, as texts: neither HTTP/2's and our own nor a connection's. */
export function travellingHeaders(
  headers: http2.IncomingHttpHeaders,
): Readonly<Record<string, string>> {
  const travelling: Record<string, string> = {}
  for (const [key, value] of Object.entries(headers)) {
    const name = key.toLowerCase()
    const isOurs = name.startsWith(':') || name.startsWith('kites-')
    if (isOurs || HOP_HEADERS.has(name) || value === undefined) continue
    travelling[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return travelling
}
