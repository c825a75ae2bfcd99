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
import { JsonFault, readJson } from '#api/schema/json.ts'
import { badRequest } from '#api/status.ts'
import { isRecord } from '#api/values.ts'

export interface ContinueToken {
  /** -1: the latest. */
  readonly revision: number
  /** The last key of the page before, whole. */
  readonly after: string
}

export const LATEST = -1
const VERSION = 'meta.k8s.io/v1'
const INVALID = 'continue key is not valid'
/** Tokens are ASCII: a byte that is not is told by its number, or as Go writes a control character. */
const HIGH_BYTE = /(?<=^invalid character ')(?:[\u0080-\u00ff]|\\u00[\da-f]{2})(?=')/

const byteOf = (found: string): string => {
  const code = found.length === 1 ? found.charCodeAt(0).toString(16) : found.slice(-2)
  return `\\x${code}`
}

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
  const found = text.search(/[^A-Za-z0-9_-]/)
  // One character alone holds no byte.
  const odd = found < 0 && text.length % 4 === 1 ? text.length - 1 : found
  if (odd >= 0) throw refused(`: illegal base64 data at input byte ${odd}`)
  try {
    const { value } = readJson(Buffer.from(Buffer.from(text, 'base64url').toString('latin1')))
    return isRecord(value) ? value : {}
  } catch (error) {
    if (error instanceof JsonFault) throw refused(`: ${error.message.replace(HIGH_BYTE, byteOf)}`)
    throw error
  }
}

const refused = (why: string) => badRequest(`invalid continue token: ${INVALID}${why}`)
