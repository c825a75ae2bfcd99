/**
 * The continue token of a paged list: a revision and the key where the next page starts, relative to the listed range.
 * Pure.
 *
 *   {"v":"meta.k8s.io/v1","rv":7,"start":"default/web\u0000"} as unpadded base64url
 *
 * A revision of -1 stands for "whatever is latest": what a reader gets whose snapshot is gone.
 * Throws  StatusError(BadRequest) for a token that no list gave.
 * Source: k8s.io/apiserver pkg/storage/continue.go
 */
import { badRequest } from '#api/status.ts'

export interface ContinueToken {
  /** -1: the latest. */
  readonly revision: number
  /** The last key of the page before, whole. */
  readonly after: string
}

export const LATEST = -1
const VERSION = 'meta.k8s.io/v1'
const INVALID = 'continue key is not valid'

/** `prefix` is what all keys of the list begin with. */
export const encodeToken = (token: ContinueToken, prefix: string): string =>
  Buffer.from(
    JSON.stringify({
      v: VERSION,
      rv: token.revision,
      start: `${token.after.slice(prefix.length)}\0`,
    }),
  ).toString('base64url')

export function decodeToken(text: string, prefix: string): ContinueToken {
  const { v, rv, start } = fieldsOf(text)
  if (v !== VERSION)
    throw refused(
      `: server does not recognize this encoded version ${typeof v === 'string' ? v : ''}`,
    )
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0)
    throw refused(`: incorrect encoded start resourceVersion (version ${VERSION})`)
  if (typeof start !== 'string' || start === '')
    throw refused(`: encoded start key empty (version ${VERSION})`)
  const key = start.startsWith('/') ? start.slice(1) : start
  // No token leads out of the range that its reader was authorized for.
  if (key.split('/').some(part => part === '' || part === '.' || part === '..'))
    throw refused(`: ${start}`)
  const last = key.endsWith('\0') ? key.slice(0, -1) : key
  return { revision: Math.max(rv, LATEST), after: `${prefix}${last}` }
}

function fieldsOf(text: string): { readonly v?: unknown; rv?: unknown; start?: unknown } {
  const odd = text.search(/[^A-Za-z0-9_-]/)
  if (odd >= 0) throw refused(`: illegal base64 data at input byte ${odd}`)
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (typeof parsed === 'object' && parsed !== null) return parsed
  } catch {
    // Falls through to the one refusal below.
  }
  throw refused('')
}

const refused = (why: string) => badRequest(`invalid continue token: ${INVALID}${why}`)
