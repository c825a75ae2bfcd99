/** Who may do what, wired: authenticators and authorizers in their order, and what the API server asks of them. */
import type { Authenticator, Authorizer } from '#api/request.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { createAuthenticator, createCertificateAuthenticator } from '#server/auth/authenticators.ts'
import { createBootstrapTokenAuthenticator } from '#server/auth/bootstrap-token.ts'
import { NODE_RULES } from '#server/auth/default-roles.ts'
import { createNodeAuthorizer } from '#server/auth/node-authorizer.ts'
import { createNodeGraph, type NodeGraph } from '#server/auth/node-graph.ts'
import type { ObjectReader } from '#server/auth/object-reader.ts'
import {
  createRbacAuthorizer,
  type Rbac,
  superuserAuthorizer,
  unionAuthorizer,
} from '#server/auth/rbac.ts'
import { createServiceAccountTokens } from '#server/auth/service-account-token.ts'
import type { ApiServerOptions } from '#server/http/api-server.ts'
import type { Pki } from '#server/supervisor/pki.ts'
import type { ServerOptions } from './server-options.ts'

export interface Access {
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly rbac: Rbac
  readonly graph: NodeGraph
  readonly forApi: Pick<
    ApiServerOptions,
    'authenticator' | 'authorizer' | 'rules' | 'reviewToken' | 'tokenIssuer' | 'routes'
  >
}

export interface AccessDeps {
  readonly reader: ObjectReader
  readonly pki: Pki
  readonly options: ServerOptions
  readonly clock: Clock
  readonly random: Random
}

export function createAccess({ reader, pki, options, clock, random }: AccessDeps): Access {
  const serverUrl = `https://${options.advertiseAddress}:${options.advertisePort}`
  const tokens = createServiceAccountTokens({
    keys: [pki.serviceAccountKey],
    issuer: `https://kubernetes.default.svc.${options.clusterDomain}`,
    serverUrl,
    reader,
    clock,
    random,
  })
  const authenticator = createAuthenticator([
    createCertificateAuthenticator(),
    tokens,
    createBootstrapTokenAuthenticator({ reader, clock }),
  ])
  const graph = createNodeGraph(reader)
  const rbac = createRbacAuthorizer(reader)
  const authorizer = unionAuthorizer([
    superuserAuthorizer,
    createNodeAuthorizer({ graph, reader, rules: NODE_RULES }),
    rbac,
  ])
  return {
    authenticator,
    authorizer,
    rbac,
    graph,
    forApi: {
      authenticator,
      authorizer,
      rules: rbac,
      tokenIssuer: tokens,
      reviewToken: async (token, audiences) => tokens.review(token, audiences),
      routes: [
        jsonRoute('/.well-known/openid-configuration', tokens.discovery),
        jsonRoute('/openid/v1/jwks', tokens.jwks),
      ],
    },
  }
}

const jsonRoute = (path: string, document: unknown) => {
  const body = Buffer.from(JSON.stringify(document))
  return {
    matches: (candidate: string) => candidate === path,
    handle: () =>
      ({ kind: 'raw', code: 200, headers: { 'content-type': 'application/json' }, body }) as const,
  }
}
