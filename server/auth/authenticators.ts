/**
 * Who is asking: the ordered list of authenticators, and those that need no more than a few lines.
 *
 * Order   client certificate, then bearer tokens; the first that knows the credentials decides.
 * Law     Credentials that nobody accepts are Unauthorized (401), never anonymous. No credentials at all are
 *         `system:anonymous`, whom the default roles let see health and version only.
 * Throws  StatusError(Unauthorized).
 * Source: k8s.io/apiserver pkg/authentication/request/{union,x509,anonymous}
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { ANONYMOUS, type Authenticator, type Credentials, type UserInfo } from '#api/request.ts'
import { unauthorized } from '#api/status.ts'
import { subjectOf } from '#client/pki/certificate.ts'
import { authenticated } from './identity.ts'

/** Asks each in turn. The result is always in `system:authenticated`, or anonymous. */
export function createAuthenticator(chain: readonly Authenticator[]): Authenticator {
  return {
    async authenticate(credentials) {
      for (const authenticator of chain) {
        const user = await authenticator.authenticate(credentials)
        if (user !== undefined) return authenticated(user)
      }
      if (credentials.certificate !== undefined || credentials.bearer !== undefined) {
        throw unauthorized()
      }
      if (credentials.basic !== undefined || credentials.hasRefusedCertificate) throw unauthorized()
      return ANONYMOUS
    },
  }
}

const CERTIFICATES_CACHED_MAX = 1024

/** Common name is the user, organizations are the groups. TLS has verified chain and dates already. */
export function createCertificateAuthenticator(): Authenticator {
  const known = new Map<string, UserInfo>()
  return {
    authenticate({ certificate }) {
      if (certificate === undefined) return undefined
      const fingerprint = createHash('sha256').update(certificate).digest('base64')
      const cached = known.get(fingerprint)
      if (cached !== undefined) return cached
      const subject = subjectOf(certificate)
      if (subject.commonName === '') return undefined
      const user: UserInfo = { name: subject.commonName, groups: subject.organizations }
      if (known.size >= CERTIFICATES_CACHED_MAX) known.clear()
      known.set(fingerprint, user)
      return user
    },
  }
}

export interface StaticToken {
  /** SHA-256 of the token; see `hashToken`. */
  readonly hash: Buffer
  readonly user: UserInfo
}

export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Fixed bearer tokens, known by their hashes. */
export function createStaticTokenAuthenticator(
  tokens: () => readonly StaticToken[],
): Authenticator {
  return {
    authenticate({ bearer }: Credentials) {
      if (bearer === undefined) return undefined
      const hash = hashToken(bearer)
      return tokens().find(token => timingSafeEqual(token.hash, hash))?.user
    },
  }
}

/** True when both texts are equal; takes the same time whatever they are. */
export const equalSecrets = (given: string, { expected }: { readonly expected: string }): boolean =>
  timingSafeEqual(hashToken(given), hashToken(expected))
