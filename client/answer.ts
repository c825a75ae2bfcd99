/**
 * Turns what an HTTP server answered, or failed to answer, into the one error class of the API. Pure.
 *
 * Law  a `Status` body gives exactly the StatusError that was thrown on the other side, as far as its reason is known.
 * Source: k8s.io/client-go rest/request.go transformResponse, apimachinery api/errors NewGenericServerResponse
 */

import { REASONS, type Reason, type StatusDetails, StatusError } from '#api/status.ts'
import { isRecord } from '#api/values.ts'
import { codeOf, messageOf } from '#base/errors.ts'

interface StatusBody {
  readonly message: string
  readonly reason: string
  readonly code: number
  readonly details: StatusDetails | undefined
}

const isReasonName = (reason: string): reason is Reason => Object.hasOwn(REASONS, reason)

/** The reason a bare HTTP code stands for. 409 is Conflict, 410 Expired: what callers react to. */
function reasonOfCode(code: number): Reason {
  if (code === 409) return 'Conflict'
  if (code === 410) return 'Expired'
  for (const [reason, value] of Object.entries(REASONS)) {
    if (value === code && isReasonName(reason)) return reason
  }
  if (code === 502 || code === 503) return 'ServiceUnavailable'
  return code >= 400 && code < 500 ? 'BadRequest' : 'InternalError'
}

function statusBody(body: unknown): StatusBody | undefined {
  if (!isRecord(body) || body['kind'] !== 'Status') return undefined
  const { message, reason, code, details } = body
  return {
    message: typeof message === 'string' ? message : '',
    reason: typeof reason === 'string' ? reason : '',
    code: typeof code === 'number' ? code : 0,
    details: isRecord(details) ? details : undefined,
  }
}

/** The error a decoded failure stands for. `code` is the HTTP code, `body` the decoded or textual answer. */
export function errorOfAnswer(code: number, body: unknown): StatusError {
  const status = statusBody(body)
  if (status === undefined) {
    const text = typeof body === 'string' ? body.trim().slice(0, 500) : ''
    return new StatusError(reasonOfCode(code), text === '' ? `the server answered ${code}` : text)
  }
  const reason = isReasonName(status.reason) ? status.reason : reasonOfCode(status.code || code)
  return new StatusError(reason, status.message, status.details)
}

/** What an unreachable server throws: the socket's own words, and which server it was. */
export function unreachable(server: string, cause: unknown): StatusError {
  const code = codeOf(cause)
  const why = messageOf(cause) || code || 'connection failed'
  const reason = code === 'UND_ERR_HEADERS_TIMEOUT' ? 'Timeout' : 'ServiceUnavailable'
  return new StatusError(reason, `cannot reach ${server}: ${why}`, undefined, { cause })
}

/** JSON when it is JSON, the text otherwise. */
export function decodeBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
