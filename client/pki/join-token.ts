/**
 * Join tokens: what an operator copies from a server to an agent, and the hash that pins the server's authority.
 *
 *   K10<64 hex>::server:<password>      K10<64 hex>::node:<password>
 *   K10<64 hex>::<id>.<secret>          (a bootstrap token)
 *   <password>  or  <id>.<secret>       (short: the authority is trusted on first use)
 *
 * Pure. Throws JoinTokenError with a line for the user.
 * Source: k3s docs/cli/token.md, pkg/clientaccess/token.go
 */
import { createHash } from 'node:crypto'
import { fromPem } from '#api/pki/pem.ts'

export interface JoinToken {
  /** SHA-256 in hex; undefined for short tokens. */
  readonly caHash: string | undefined
  readonly credentials:
    | { readonly kind: 'basic'; readonly user: string; readonly password: string }
    | { readonly kind: 'bootstrap'; readonly token: string }
}

export class JoinTokenError extends Error {}

const PREFIX = 'K10'
const BOOTSTRAP = /^[a-z0-9]{6}\.[a-z0-9]{16}$/
const HASH = /^[0-9a-f]{64}$/

export const isBootstrapToken = (text: string): boolean => BOOTSTRAP.test(text)

/** An agent that gives only a password speaks as `node`. */
export function parseJoinToken(text: string): JoinToken {
  const token = text.trim()
  if (token === '') throw new JoinTokenError('the token is empty')
  if (!token.startsWith(PREFIX)) return { caHash: undefined, credentials: credentialsOf(token) }
  const split = token.indexOf('::')
  if (split === -1)
    throw new JoinTokenError('the token is not valid: "::" is missing after the CA hash')
  const hash = token.slice(PREFIX.length, split)
  if (hash !== '' && !HASH.test(hash)) {
    throw new JoinTokenError('the token is not valid: its CA hash must have 64 hexadecimal digits')
  }
  return {
    caHash: hash === '' ? undefined : hash,
    credentials: credentialsOf(token.slice(split + 2)),
  }
}

function credentialsOf(text: string): JoinToken['credentials'] {
  if (BOOTSTRAP.test(text)) return { kind: 'bootstrap', token: text }
  const colon = text.indexOf(':')
  const user = colon === -1 ? 'node' : text.slice(0, colon)
  const password = text.slice(colon + 1)
  if (password === '') throw new JoinTokenError('the token is not valid: it has no password')
  if (/\s/.test(password))
    throw new JoinTokenError('the token is not valid: it has a space or a line break in it')
  return { kind: 'basic', user, password }
}

/** `credentials`: `server:<password>`, `node:<password>` or a bootstrap token. */
export const formatJoinToken = (caHash: string, credentials: string): string =>
  `${PREFIX}${caHash}::${credentials}`

/**
 * One certificate: SHA-256 of the file's bytes as they are. Several: of the root's DER, so that a token outlives
 * the rotation of an intermediate.
 */
export function hashAuthority(pem: string): string {
  const certificates = fromPem('CERTIFICATE', pem)
  const root = certificates.at(-1)
  const hashed = certificates.length > 1 && root !== undefined ? root : pem
  return createHash('sha256').update(hashed).digest('hex')
}
