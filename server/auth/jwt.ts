/**
 * Compact JSON Web Signatures (ES256, RS256): making, checking, and publishing the keys. Pure but for the key handed in.
 *
 * Law     The algorithm is that of our key, never the one a token asks for.
 * Source: RFC 7515, 7518; kubernetes pkg/serviceaccount/jwt.go for the key id.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { type Fields, isRecord } from '#api/values.ts'
import { spkiOf } from '#api/pki/keys.ts'

export type Claims = Fields

export interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** base64url of the SHA-256 of the public key's DER. */
  readonly id: string
  readonly algorithm: 'ES256' | 'RS256'
}

export function signingKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey)
  return {
    privateKey,
    publicKey,
    id: createHash('sha256').update(spkiOf(publicKey)).digest('base64url'),
    algorithm: privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256',
  }
}

const base64url = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')

export function signJwt(claims: Claims, key: SigningKey): string {
  const input = `${base64url({ alg: key.algorithm, kid: key.id })}.${base64url(claims)}`
  const signature = sign('sha256', Buffer.from(input), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return `${input}.${signature.toString('base64url')}`
}

/** The claims without any check; undefined when this is no JWT. For telling whose token it is. */
export function peekClaims(token: string): Claims | undefined {
  const parts = token.split('.')
  return parts.length === 3 ? parsePart(parts[1] ?? '') : undefined
}

/** The claims of a token signed by one of the keys; undefined otherwise. Dates are the caller's to check. */
export function verifyJwt(token: string, keys: readonly SigningKey[]): Claims | undefined {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.')
  const fields = parsePart(header)
  if (rest.length > 0 || fields === undefined) return undefined
  const input = Buffer.from(`${header}.${payload}`)
  const bytes = Buffer.from(signature, 'base64url')
  const isOurs = keys
    .filter(key => fields['kid'] === undefined || fields['kid'] === key.id)
    .filter(key => fields['alg'] === key.algorithm)
    .some(key => verify('sha256', input, { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, bytes))
  return isOurs ? parsePart(payload) : undefined
}

/** The JSON Web Key Set of `/openid/v1/jwks`. */
export const jwksOf = (keys: readonly SigningKey[]): Claims => ({
  keys: keys.map(key => ({
    use: 'sig',
    kid: key.id,
    alg: key.algorithm,
    ...key.publicKey.export({ format: 'jwk' }),
  })),
})

function parsePart(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
