/**
 * The server's ends of the agents' tunnels: one HTTP/2 session per connected node, over which the kubelet API is asked.
 *
 * Owns    the sessions and their sockets, from `accept` until they close, are replaced, or `close` is called.
 * Law     A node has at most one tunnel: when it dials again the older one is closed. Only a certificate of
 *         `system:node:<name>` in `system:nodes` opens one. A node that may be dialling at this moment is waited for.
 * Throws  StatusError(ServiceUnavailable) when the node has no tunnel or does not answer in time; the node's own
 *         StatusError when it refuses; the abort reason when the caller's signal aborts.
 */
import http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { StatusError } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/logger.ts'
import { decodeBody, errorOfAnswer } from '#client/answer.ts'
import type { NodeConnector, NodeRequest, NodeResponse } from '#client/node-api.ts'
import { subjectOf } from '#client/pki/certificate.ts'
import { DEFAULT_PING, keepAlive, type PingTimes } from '#client/tunnel-ping.ts'
import {
  CONNECTION_WINDOW_BYTES,
  DIAL_AGAIN_WITHIN_MS,
  KIND_HEADER,
  METHOD_HEADER,
  travellingHeaders,
  REFUSED_HEADER,
  TUNNEL_SETTINGS,
} from '#client/tunnel-protocol.ts'
import { nodeIdentity } from '../auth/identity.ts'
import { ExpectedNodes } from './expected-nodes.ts'

const ANSWER_TIMEOUT_MS = 30_000
const REFUSAL_BYTES_MAX = 64 * 1024

export interface TunnelOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly ping?: PingTimes
  readonly answerTimeoutMs?: number
}

export interface Tunnels extends NodeConnector {
  /** Takes over a TLS socket that agreed on TUNNEL_ALPN; `certificate` is the peer's, verified, in DER. */
  accept(socket: TLSSocket, certificate: Buffer | undefined): void
  isConnected(nodeName: string): boolean
  readonly nodeNames: readonly string[]
  close(): void
}

export function createTunnels(options: TunnelOptions): Tunnels {
  const sessions = new Map<string, http2.ClientHttp2Session>()
  const expected = new ExpectedNodes(options.clock, DIAL_AGAIN_WITHIN_MS)

  const open = (nodeName: string, socket: TLSSocket): void => {
    const log = options.log.with({ node: nodeName })
    const session = http2.connect('http://node', {
      ...TUNNEL_SETTINGS,
      createConnection: () => socket,
    })
    session.on('error', error => log.debug('tunnel failed', { error }))
    session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES))
    session.once('close', () => {
      socket.destroy()
      if (sessions.get(nodeName) !== session) return
      sessions.delete(nodeName)
      expected.lost(nodeName)
      log.info('tunnel closed')
    })
    keepAlive(session, {
      clock: options.clock,
      times: options.ping ?? DEFAULT_PING,
      onDead: () => log.warn('node does not answer pings, closing its tunnel'),
    })
    const older = sessions.get(nodeName)
    sessions.set(nodeName, session)
    older?.destroy()
    expected.arrived(nodeName)
    log.info('tunnel open', { address: socket.remoteAddress, replaced: older !== undefined })
  }

  const liveSession = (nodeName: string): http2.ClientHttp2Session | undefined => {
    const session = sessions.get(nodeName)
    return session?.closed === false && !session.destroyed ? session : undefined
  }

  const ask = async (nodeName: string, asked: Asked, signal: AbortSignal): Promise<Exchange> => {
    if (liveSession(nodeName) === undefined) await expected.wait(nodeName, signal)
    signal.throwIfAborted()
    const session = liveSession(nodeName)
    if (session !== undefined) return { stream: streamOf(session, asked), nodeName }
    throw unavailable(`node "${nodeName}" is not connected: its agent has no tunnel to this server`)
  }

  return {
    accept(socket, certificate) {
      const nodeName = certificate === undefined ? '' : nodeNameOf(certificate)
      if (nodeName !== '') return open(nodeName, socket)
      options.log.warn('tunnel refused: no certificate of a node', {
        address: socket.remoteAddress,
      })
      socket.destroy()
    },
    isConnected: nodeName => sessions.has(nodeName),
    get nodeNames() {
      return [...sessions.keys()]
    },
    async request(nodeName, request, signal): Promise<NodeResponse> {
      const exchange = await ask(nodeName, { ...request, kind: 'request' }, signal)
      const headers = await answerOf(exchange, options, signal)
      const body = exchange.stream
      return { status: headers[':status'] ?? 200, headers: travellingHeaders(headers), body }
    },
    async connect(nodeName, request, signal): Promise<Duplex> {
      const exchange = await ask(nodeName, { ...request, kind: 'connect' }, signal)
      await answerOf(exchange, options, signal)
      return exchange.stream
    },
    close() {
      expected.close()
      for (const session of sessions.values()) session.destroy()
    },
  }
}

function streamOf(
  session: http2.ClientHttp2Session,
  { kind, method, path, headers }: Asked,
): http2.ClientHttp2Stream {
  const isConnect = kind === 'connect'
  return session.request(
    {
      ...travellingHeaders(headers),
      ':method': isConnect ? 'POST' : method,
      ':path': path,
      [KIND_HEADER]: kind,
      ...(isConnect ? { [METHOD_HEADER]: method } : {}),
    },
    { endStream: !isConnect },
  )
}

type Asked = NodeRequest & { readonly kind: 'request' | 'connect' }

interface Exchange {
  readonly stream: http2.ClientHttp2Stream
  readonly nodeName: string
}

type AnswerHeaders = http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader

/** Waits for the answer's headers. Later an abort destroys the stream, so that its reader ends. */
async function answerOf(
  { stream, nodeName }: Exchange,
  options: TunnelOptions,
  signal: AbortSignal,
): Promise<AnswerHeaders> {
  const abort = (): void => void stream.destroy()
  signal.addEventListener('abort', abort, { once: true })
  stream.once('close', () => signal.removeEventListener('abort', abort))
  const headers = await headersOf({ stream, nodeName }, options, signal)
  if (headers[REFUSED_HEADER] === undefined) return headers
  throw await refusalOf(stream, headers[':status'] ?? 500)
}

function headersOf(
  { stream, nodeName }: Exchange,
  options: TunnelOptions,
  signal: AbortSignal,
): Promise<AnswerHeaders> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      timer.cancel()
      stream.destroy()
      reject(signal.aborted ? abortReason(signal) : unavailable(`node "${nodeName}" ${why}`))
    }
    const timer = options.clock.after(options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS, () =>
      fail('did not answer in time'),
    )
    // Stays until the end: a stream that breaks later must not raise an unhandled error.
    stream.on('error', error => fail(`did not answer: ${messageOf(error)}`))
    stream.once('close', () => fail('closed the tunnel before it answered'))
    stream.once('response', headers => {
      timer.cancel()
      resolve(headers)
    })
  })
}

async function refusalOf(stream: http2.ClientHttp2Stream, status: number): Promise<StatusError> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > REFUSAL_BYTES_MAX) break
    chunks.push(chunk)
  }
  return errorOfAnswer(status, decodeBody(Buffer.concat(chunks).toString('utf8')))
}

function nodeNameOf(certificate: Buffer): string {
  const { commonName, organizations } = subjectOf(certificate)
  return nodeIdentity({ name: commonName, groups: organizations })?.nodeName ?? ''
}

const unavailable = (message: string): StatusError => new StatusError('ServiceUnavailable', message)

const abortReason = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('aborted')
