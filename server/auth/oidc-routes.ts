/**
 * The two documents that let others verify service-account tokens; who may read them is for RBAC.
 * Source: kubernetes pkg/routes/openidmetadata.go
 */
import type { NonResourceRoute } from '../http/chain.ts'
import type { ServiceAccountTokens } from './service-account-token.ts'

const MAX_AGE = 'public, max-age=3600'

export const oidcRoutes = (
  tokens: Pick<ServiceAccountTokens, 'discovery' | 'jwks'>,
): readonly NonResourceRoute[] => [
  document('/.well-known/openid-configuration', 'application/json', tokens.discovery),
  document('/openid/v1/jwks', 'application/jwk-set+json', tokens.jwks),
]

const document = (
  ...[path, contentType, value]: readonly [string, string, unknown]
): NonResourceRoute => ({
  matches: asked => asked === path,
  handle: () => ({
    kind: 'raw',
    code: 200,
    headers: { 'content-type': contentType, 'cache-control': MAX_AGE },
    body: Buffer.from(JSON.stringify(value)),
  }),
})
