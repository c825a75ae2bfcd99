/**
 * Small HTTPS requests to the server's join API, and the one error class of joining.
 *
 * Throws  JoinError: `code` says what kind, the message is one line for the operator.
 */
import https from 'node:https'
import type { Clock } from '#base/clock.ts'
import { codeOf, messageOf } from '#base/errors.ts'
import { decodeBody, errorOfAnswer } from '#client/answer.ts'
import { serverNameOf } from '#client/tunnel-protocol.ts'

export type JoinErrorCode =
  | 'unreachable'
  | 'server-name'
  | 'ca-mismatch'
  | 'clock'
  | 'token'
  | 'name-taken'
  | 'refused'

export class JoinError extends Error {
  readonly code: JoinErrorCode

  constructor(code: JoinErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'JoinError'
    this.code = code
  }
}

export interface ServerRequest {
  readonly serverUrl: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** PEM; undefined accepts any server (only to fetch the authority that is then checked). */
  readonly ca: string | undefined
  readonly cert?: string
  readonly key?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

const TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 1024 * 1024

interface Answer {
  readonly status: number
  readonly text: string
}

/** The body of a 200. */
export async function askServer(
  request: ServerRequest,
  deps: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string> {
  let answer: Answer
  try {
    answer = await exchange(request, deps)
  } catch (error) {
    deps.signal.throwIfAborted()
    throw explain(error, request.serverUrl)
  }
  if (answer.status === 200) return answer.text
  const { message } = errorOfAnswer(answer.status, decodeBody(answer.text))
  if (answer.status === 401) {
    throw new JoinError('token', `the server refused the token: ${message}`)
  }
  if (answer.status === 403) throw new JoinError('name-taken', message)
  const isPassing = answer.status === 429 || answer.status >= 500
  throw new JoinError(isPassing ? 'unreachable' : 'refused', `the server answered: ${message}`)
}

function exchange(
  request: ServerRequest,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Answer> {
  const url = new URL(request.path, request.serverUrl)
  return new Promise((resolve, reject) => {
    const outgoing = https.request(url, {
      method: request.method,
      headers: request.headers,
      agent: false,
      ...serverNameOf(url.hostname.replace(/^\[|\]$/g, '')),
      ...(request.ca === undefined ? { rejectUnauthorized: false } : { ca: request.ca }),
      ...(request.cert === undefined || request.key === undefined
        ? {}
        : { cert: request.cert, key: request.key }),
      signal,
    })
    const timer = clock.after(TIMEOUT_MS, () => outgoing.destroy(new Error('no answer in time')))
    outgoing.once('close', () => timer.cancel())
    outgoing.on('error', reject)
    outgoing.once('response', incoming => {
      const chunks: Buffer[] = []
      let size = 0
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > ANSWER_BYTES_MAX) outgoing.destroy(new Error('the answer is too long'))
        chunks.push(chunk)
      })
      incoming.on('error', reject)
      incoming.once('end', () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    outgoing.end(request.body)
  })
}

const CLOCK_CODES = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])
const TRUST_CODES = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
])

function explain(error: unknown, serverUrl: string): JoinError {
  const code = codeOf(error) ?? ''
  const options = { cause: error }
  if (CLOCK_CODES.has(code)) {
    return new JoinError(
      'clock',
      `the certificate of ${serverUrl} is not valid now (${messageOf(error)}): set the clock of this host, or of the server`,
      options,
    )
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { hostname } = new URL(serverUrl)
    return new JoinError(
      'server-name',
      `the server does not know itself as ${hostname}: use another address in --server, or start the server with --tls-san ${hostname}`,
      options,
    )
  }
  if (TRUST_CODES.has(code)) {
    return new JoinError(
      'ca-mismatch',
      `the certificate of ${serverUrl} was not issued by the cluster's CA (${messageOf(error)})`,
      options,
    )
  }
  return new JoinError(
    'unreachable',
    `cannot reach ${serverUrl}: ${messageOf(error) || code}`,
    options,
  )
}
