/**
 * The two documents that let others verify service-account tokens; who may read them is for RBAC.
 * Source: kubernetes pkg/routes/openidmetadata.go
 */
import type { ServiceAccountTokens } from './service-account-token.ts'

/** A path and its fixed answer, in the form that `server/http` takes non-resource routes. */
export interface DocumentRoute {
  matches(path: string): boolean
  handle(): {
    readonly kind: 'raw'
    readonly code: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: Buffer
  }
}

const MAX_AGE = 'public, max-age=3600'

export const oidcRoutes = (
  tokens: Pick<ServiceAccountTokens, 'discovery' | 'jwks'>,
): readonly DocumentRoute[] => [
  document('/.well-known/openid-configuration', 'application/json', tokens.discovery),
  document('/openid/v1/jwks', 'application/jwk-set+json', tokens.jwks),
]

const document = (
  ...[path, contentType, value]: readonly [string, string, unknown]
): DocumentRoute => ({
  matches: asked => asked === path,
  handle: () => ({
    kind: 'raw',
    code: 200,
    headers: { 'content-type': contentType, 'cache-control': MAX_AGE },
    body: Buffer.from(JSON.stringify(value)),
  }),
})
