/**
 * Puts authentication and authorization together, over one reader of the cache. Reading order is deciding order.
 *
 * Owns the followers of roles, bindings and pods until `close`.
 */
import type { KeyObject } from 'node:crypto'
import type { Authenticator, Authorizer } from '#api/request.ts'
import { isReason } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import {
  createAuthenticator,
  createCertificateAuthenticator,
  createStaticTokenAuthenticator,
  type StaticToken,
} from './authenticators.ts'
import { createBootstrapTokenAuthenticator } from './bootstrap-token.ts'
import { NODE_RULES } from './default-roles.ts'
import { authenticated } from './identity.ts'
import { createNodeAuthorizer } from './node-authorizer.ts'
import { createNodeGraph } from './node-graph.ts'
import type { ObjectReader } from './object-reader.ts'
import { createRbacAuthorizer, type Rbac, superuserAuthorizer, unionAuthorizer } from './rbac.ts'
import {
  createServiceAccountTokens,
  type ServiceAccountTokens,
  type TokenReviewResult,
} from './service-account-token.ts'

export interface AccessOptions {
  readonly reader: ObjectReader
  readonly clock: Clock
  readonly random: Random
  readonly serviceAccountKeys: readonly [KeyObject, ...KeyObject[]]
  /** `https://kubernetes.default.svc.cluster.local` */
  readonly issuer: string
  /** `https://HOST:PORT`, for the OIDC discovery document. */
  readonly serverUrl: string
  readonly staticTokens?: readonly StaticToken[]
}

export interface Access {
  /** For the listener: everything that proves an identity, else anonymous. */
  readonly authenticator: Authenticator
  /** For the join API: certificates and bootstrap tokens. */
  readonly joinAuthenticator: Authenticator
  readonly authorizer: Authorizer
  readonly rbac: Rbac
  readonly tokens: ServiceAccountTokens
  /** For TokenReview: any bearer token of this cluster. */
  reviewToken(token: string, audiences: readonly string[]): Promise<TokenReviewResult | undefined>
  close(): void
}

export function createAccess(options: AccessOptions): Access {
  const { reader } = options
  const tokens = createServiceAccountTokens({ ...options, keys: options.serviceAccountKeys })
  const graph = createNodeGraph(reader)
  const rbac = createRbacAuthorizer(reader)
  const certificates = createCertificateAuthenticator()
  const bootstrapTokens = createBootstrapTokenAuthenticator(options)
  const otherTokens = [
    createStaticTokenAuthenticator(() => options.staticTokens ?? []),
    bootstrapTokens,
  ]
  return {
    authenticator: createAuthenticator([certificates, tokens, ...otherTokens]),
    joinAuthenticator: {
      authenticate: async credentials =>
        (await certificates.authenticate(credentials)) ?? bootstrapTokens.authenticate(credentials),
    },
    authorizer: unionAuthorizer([
      superuserAuthorizer,
      createNodeAuthorizer({ graph, reader, rules: NODE_RULES }),
      rbac,
    ]),
    rbac,
    tokens,
    reviewToken: (token, audiences) =>
      reviewToken({ tokens, otherTokens, issuer: options.issuer }, token, audiences),
    close() {
      graph.close()
      rbac.close()
    },
  }
}

/** Tokens that know no audience are good for the API server's own. */
async function reviewToken(
  known: {
    readonly tokens: ServiceAccountTokens
    readonly otherTokens: readonly Authenticator[]
    readonly issuer: string
  },
  token: string,
  audiences: readonly string[],
): Promise<TokenReviewResult | undefined> {
  const reviewed = known.tokens.review(token, audiences)
  if (reviewed !== undefined) return { ...reviewed, user: authenticated(reviewed.user) }
  if (audiences.length > 0 && !audiences.includes(known.issuer)) return undefined
  for (const authenticator of known.otherTokens) {
    const user = await orUndefined(authenticator, token)
    if (user !== undefined) return { user: authenticated(user), audiences: [known.issuer] }
  }
  return undefined
}

async function orUndefined(
  authenticator: Authenticator,
  bearer: string,
): Promise<TokenReviewResult['user'] | undefined> {
  try {
    return await authenticator.authenticate({ bearer })
  } catch (error) {
    if (isReason(error, 'Unauthorized')) return undefined
    throw error
  }
}
