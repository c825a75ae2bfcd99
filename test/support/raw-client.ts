/**
 * Clients that send what no well-behaved client would: any bytes as a body over HTTP/2 or HTTP/1.1, and any bytes at all
 * over TLS. Nothing is retried or mended on the way.
 */
import http2 from 'node:http2'
import https from 'node:https'
import tls from 'node:tls'

export interface Peer {
  readonly port: number
  readonly ca: string
  readonly cert?: string
  readonly key?: string
}

export interface StatusBody {
  readonly kind?: string
  readonly apiVersion?: string
  readonly status?: string
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: {
    readonly name?: string
    readonly kind?: string
    readonly group?: string
    readonly retryAfterSeconds?: number
    readonly causes?: readonly {
      readonly reason?: string
      readonly message?: string
      readonly field?: string
    }[]
  }
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** Parsed when it is JSON. */
  readonly body: StatusBody
}

export interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

const replyOf = (status: number, headers: Reply['headers'], chunks: readonly Buffer[]): Reply => {
  const text = Buffer.concat(chunks).toString()
  const type = headers['content-type']
  const isJson = typeof type === 'string' && type.includes('json')
  return { status, headers, text, body: isJson && text !== '' ? parsed(text) : {} }
}

/** The answer, or the first event of a watch. */
function parsed(text: string): StatusBody {
  try {
    return JSON.parse(text)
  } catch {
    return JSON.parse(text.split('\n', 1)[0] ?? '')
  }
}

/** One HTTP/2 connection. */
export interface RawClient {
  send(sent: Sent): Promise<Reply>
  readonly session: http2.ClientHttp2Session
  close(): void
}

export function connectH2(peer: Peer, headers: Sent['headers'] = {}): RawClient {
  const session = http2.connect(`https://127.0.0.1:${peer.port}`, {
    maxSessionMemory: 100,
    ca: peer.ca,
    ...(peer.cert === undefined ? {} : { cert: peer.cert, key: peer.key ?? '' }),
  })
  session.on('error', () => {})
  return {
    session,
    close: () => session.destroy(),
    send: ({ method, path, body, headers: more }) =>
      new Promise((resolve, reject) => {
        const stream = session.request(
          { ':method': method, ':path': path, ...headers, ...more },
          { endStream: body === undefined },
        )
        const chunks: Buffer[] = []
        let received: http2.IncomingHttpHeaders = {}
        stream.once('response', answer => {
          received = answer
        })
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.once('error', error =>
          received[':status'] === undefined ? reject(error) : undefined,
        )
        stream.once('close', () =>
          received[':status'] === undefined
            ? reject(new Error(`stream closed with code ${stream.rstCode} and no answer`))
            : resolve(replyOf(Number(received[':status']), received, chunks)),
        )
        if (body !== undefined) stream.end(body)
      }),
  }
}

/** One request over an HTTP/1.1 connection of its own. A chunked body goes without content-length. */
export const sendH1 = (
  peer: Peer,
  { method, path, body, headers }: Sent,
  isChunked = false,
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const request = https.request({
      host: '127.0.0.1',
      ...peer,
      agent: false,
      method,
      path,
      headers: {
        ...(body === undefined || isChunked ? {} : { 'content-length': String(body.length) }),
        ...headers,
      },
    })
    request.once('error', reject)
    request.once('response', response => {
      // What the server still takes of a body it has refused is no business of ours.
      request.on('error', () => {})
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () =>
        resolve(replyOf(response.statusCode ?? 0, response.headers, chunks)),
      )
    })
    if (body !== undefined) request.write(body)
    request.end()
  })

/** Opens TLS (HTTP/1.1 unless told), writes the bytes, and collects what comes until the server closes or `untilMs`. */
export function sendBytes(
  peer: Peer,
  bytes: string | Buffer,
  options: { readonly alpn?: string; readonly untilMs?: number } = {},
): Promise<{ readonly text: string; readonly isClosed: boolean }> {
  return new Promise(resolve => {
    const { alpn = 'http/1.1', untilMs = 5000 } = options
    const socket = tls.connect({
      host: '127.0.0.1',
      ...peer,
      ALPNProtocols: [alpn],
    })
    const chunks: Buffer[] = []
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ text: Buffer.concat(chunks).toString('latin1'), isClosed })
    }
    const timer = setTimeout(() => finish(false), untilMs)
    socket.once('secureConnect', () => socket.write(bytes))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.once('close', () => finish(true))
  })
}
