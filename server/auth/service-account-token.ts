/**
 * Service-account tokens: issued for the `token` subresource, verified on every request, reviewed for others.
 *
 * A token is good while its signature, dates and audience are, and while the ServiceAccount (and the Pod, Secret or
 * Node it is bound to) still exists with the uid it had. Signatures are remembered, liveness is looked up each time.
 * Throws  StatusError(Unauthorized) when a token of ours is not good.
 * Source: kubernetes pkg/serviceaccount/{claims,jwt}.go, pkg/registry/core/serviceaccount/storage/token.go
 */
import type { KeyObject } from 'node:crypto'
import type { KubeObject } from '#api/object.ts'
import type { Authenticator, UserInfo } from '#api/request.ts'
import { unauthorized } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import { recordOf, textOf } from '#api/values.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { serviceAccountGroups, serviceAccountUser } from './identity.ts'
import { type Claims, jwksOf, peekClaims, signJwt, signingKey, verifyJwt } from './jwt.ts'
import type { ObjectGetter } from './object-reader.ts'

export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node'
  readonly name: string
  readonly uid: string
}

export interface TokenOrder {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Empty: the API server's own. */
  readonly audiences: readonly string[]
  readonly expirationSeconds: number
  readonly boundObjectRef: BoundObject | undefined
}

export interface IssuedToken {
  readonly token: string
  /** RFC 3339. When the holder should have a new one. */
  readonly expirationTimestamp: string
  readonly audiences: readonly string[]
}

export interface TokenIssuer {
  issue(order: TokenOrder): IssuedToken
}

export interface TokenReviewResult {
  readonly user: UserInfo
  /** Those of the asked audiences that the token is for. */
  readonly audiences: readonly string[]
}

export interface ServiceAccountTokens extends TokenIssuer, Authenticator {
  /** For TokenReview: undefined when it is not a token of ours or not good for any of the audiences. */
  review(token: string, audiences: readonly string[]): TokenReviewResult | undefined
  /** `/.well-known/openid-configuration` */
  readonly discovery: Claims
  /** `/openid/v1/jwks` */
  readonly jwks: Claims
}

export interface ServiceAccountTokenOptions {
  /** The first signs; all verify. */
  readonly keys: readonly [KeyObject, ...KeyObject[]]
  /** `https://kubernetes.default.svc.cluster.local` */
  readonly issuer: string
  /** Audiences that the API server accepts; the issuer when absent. */
  readonly audiences?: readonly string[]
  /** `https://HOST:PORT` of this server, for the discovery document. */
  readonly serverUrl: string
  readonly reader: ObjectGetter
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
}

/** What pods ask for; such a token lives a year, so that programs which never read it again keep working. */
const POD_TOKEN_SECONDS = 3607
const EXTENDED_SECONDS = 365 * 24 * 3600
const DELETION_LEEWAY_MS = 60_000
/** For clocks that were set right a moment ago. Source: go-jose jwt.DefaultLeeway */
const LEEWAY_MS = 60_000
const VERIFIED_MAX = 4096

interface Bound {
  readonly name: string
  readonly uid: string
}

/** The private claims, parsed. */
interface TokenClaims {
  readonly audiences: readonly string[]
  readonly expiresAtMs: number
  readonly notBeforeMs: number
  readonly id: string | undefined
  readonly namespace: string
  readonly serviceAccount: Bound
  readonly pod: Bound | undefined
  readonly secret: Bound | undefined
  readonly node: Bound | undefined
}

export function createServiceAccountTokens(
  options: ServiceAccountTokenOptions,
): ServiceAccountTokens {
  const [first, ...others] = options.keys
  const current = signingKey(first)
  const keys = [current, ...others.map(signingKey)]
  const accepted = options.audiences ?? [options.issuer]
  const verified = new Map<string, TokenClaims>()

  const isOurs = (token: string): boolean =>
    verified.has(token) || peekClaims(token)?.['iss'] === options.issuer

  const claimsOf = (token: string): TokenClaims | undefined => {
    const known = verified.get(token)
    if (known !== undefined) return known
    const claims = verifyJwt(token, keys)
    const parsed = claims === undefined ? undefined : parseClaims(claims)
    if (parsed === undefined) return undefined
    if (verified.size >= VERIFIED_MAX) verified.clear()
    verified.set(token, parsed)
    return parsed
  }

  const review = (token: string, audiences: readonly string[]): TokenReviewResult | undefined => {
    if (!isOurs(token)) return undefined
    const claims = claimsOf(token)
    if (claims === undefined || !isLive(claims, options)) return undefined
    const wanted = audiences.length === 0 ? accepted : audiences
    const shared = wanted.filter(audience => claims.audiences.includes(audience))
    return shared.length === 0 ? undefined : { user: userOf(claims), audiences: shared }
  }

  return {
    issue: order => issue(order, { options, accepted, key: current }),
    review,
    authenticate({ bearer }) {
      if (bearer === undefined || !isOurs(bearer)) return undefined
      const result = review(bearer, [])
      if (result === undefined) throw unauthorized()
      return result.user
    },
    discovery: {
      issuer: options.issuer,
      jwks_uri: `${options.serverUrl}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(keys.map(key => key.algorithm))],
    },
    jwks: jwksOf(keys),
  }
}

function issue(
  order: TokenOrder,
  by: {
    readonly options: ServiceAccountTokenOptions
    readonly accepted: readonly string[]
    readonly key: ReturnType<typeof signingKey>
  },
): IssuedToken {
  const { options } = by
  const now = Math.floor(options.clock.now() / 1000)
  const audiences = order.audiences.length === 0 ? by.accepted : order.audiences
  const isForPod = order.boundObjectRef?.kind === 'Pod'
  const isForServer = audiences.every(audience => by.accepted.includes(audience))
  const isExtended = isForPod && isForServer && order.expirationSeconds === POD_TOKEN_SECONDS
  const rotateAt = now + order.expirationSeconds
  const token = signJwt(
    {
      aud: audiences,
      exp: isExtended ? now + EXTENDED_SECONDS : rotateAt,
      iat: now,
      iss: options.issuer,
      jti: options.random.uuid(),
      'kubernetes.io': {
        namespace: order.namespace,
        ...boundClaims(order, options.reader),
        serviceaccount: { name: order.name, uid: order.uid },
        ...(isExtended ? { warnafter: rotateAt } : {}),
      },
      nbf: now,
      sub: serviceAccountUser(order.namespace, order.name),
    },
    by.key,
  )
  return { token, expirationTimestamp: rfc3339(rotateAt * 1000), audiences }
}

/** A token bound to a scheduled pod also names the pod's node. */
function boundClaims(order: TokenOrder, reader: ObjectGetter): Claims {
  const bound = order.boundObjectRef
  if (bound === undefined) return {}
  const claim = { name: bound.name, uid: bound.uid }
  if (bound.kind !== 'Pod') return { [bound.kind.toLowerCase()]: claim }
  const nodeName = reader.get('pods', order.namespace, bound.name)?.spec?.nodeName ?? ''
  if (nodeName === '') return { pod: claim }
  const uid = reader.get('nodes', '', nodeName)?.metadata.uid
  return { node: { name: nodeName, ...(uid === undefined ? {} : { uid }) }, pod: claim }
}

type BoundResource = 'serviceaccounts' | 'pods' | 'secrets' | 'nodes'

function isLive(claims: TokenClaims, options: ServiceAccountTokenOptions): boolean {
  const now = options.clock.now()
  if (now >= claims.expiresAtMs + LEEWAY_MS || now < claims.notBeforeMs - LEEWAY_MS) return false
  const { namespace } = claims
  const isThere = (resource: BoundResource, bound: Bound | undefined, scope: string): boolean =>
    bound === undefined || isSame(options.reader.get(resource, scope, bound.name), bound.uid, now)
  // A pod token's node claim is a statement about then: the pod's own life decides.
  return (
    isThere('serviceaccounts', claims.serviceAccount, namespace) &&
    isThere('pods', claims.pod, namespace) &&
    isThere('secrets', claims.secret, namespace) &&
    (claims.pod !== undefined || isThere('nodes', claims.node, ''))
  )
}

function isSame(object: KubeObject | undefined, uid: string, nowMs: number): boolean {
  if (object === undefined || object.metadata.uid !== uid) return false
  const deletedAt = object.metadata.deletionTimestamp
  return deletedAt === undefined || nowMs <= Date.parse(deletedAt) + DELETION_LEEWAY_MS
}

function userOf(claims: TokenClaims): UserInfo {
  const extra: Record<string, readonly string[]> = {}
  const note = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') extra[`authentication.kubernetes.io/${key}`] = [value]
  }
  note('pod-name', claims.pod?.name)
  note('pod-uid', claims.pod?.uid)
  note('node-name', claims.node?.name)
  note('node-uid', claims.node?.uid)
  note('credential-id', claims.id === undefined ? undefined : `JTI=${claims.id}`)
  return {
    name: serviceAccountUser(claims.namespace, claims.serviceAccount.name),
    uid: claims.serviceAccount.uid,
    groups: serviceAccountGroups(claims.namespace),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}

function parseClaims(claims: Claims): TokenClaims | undefined {
  const ours = recordOf(claims['kubernetes.io'])
  const serviceAccount = boundOf(ours['serviceaccount'])
  const namespace = ours['namespace']
  const expires = claims['exp']
  if (typeof namespace !== 'string' || typeof expires !== 'number' || serviceAccount === undefined)
    return undefined
  if (claims['sub'] !== serviceAccountUser(namespace, serviceAccount.name)) return undefined
  const audience = claims['aud']
  const id = claims['jti']
  return {
    audiences: Array.isArray(audience) ? audience.map(String) : [String(audience)],
    expiresAtMs: expires * 1000,
    notBeforeMs: typeof claims['nbf'] === 'number' ? claims['nbf'] * 1000 : 0,
    id: typeof id === 'string' ? id : undefined,
    namespace,
    serviceAccount,
    pod: boundOf(ours['pod']),
    secret: boundOf(ours['secret']),
    node: boundOf(ours['node']),
  }
}

function boundOf(value: unknown): Bound | undefined {
  const { name, uid } = recordOf(value)
  return typeof name === 'string' ? { name, uid: textOf(uid) } : undefined
}
