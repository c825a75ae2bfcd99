/**
 * Bootstrap tokens: `<id>.<secret>` bearer tokens kept as Secrets `kube-system/bootstrap-token-<id>`.
 *
 * Throws  StatusError(Unauthorized) for a token of this form that is unknown, wrong, expired or not for authentication.
 * Source: kubernetes plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go
 */
import type { Secret } from '#api/types/core-v1.ts'
import type { Authenticator, UserInfo } from '#api/request.ts'
import { unauthorized } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import { isBootstrapToken } from '#client/pki/join-token.ts'
import { equalSecrets } from './authenticators.ts'
import { BOOTSTRAPPERS } from './identity.ts'
import type { ObjectGetter } from './object-reader.ts'

const TOKEN_SECRET_TYPE = 'bootstrap.kubernetes.io/token'
const TOKEN_SECRET_PREFIX = 'bootstrap-token-'
const TOKEN_NAMESPACE = 'kube-system'
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

export interface BootstrapTokenDeps {
  readonly reader: ObjectGetter
  readonly clock: Pick<Clock, 'now'>
}

export function createBootstrapTokenAuthenticator(deps: BootstrapTokenDeps): Authenticator {
  return {
    authenticate({ bearer }) {
      if (bearer === undefined || !isBootstrapToken(bearer)) return undefined
      const [id = '', secret = ''] = bearer.split('.')
      const object = deps.reader.get('secrets', TOKEN_NAMESPACE, TOKEN_SECRET_PREFIX + id)
      const user =
        object === undefined ? undefined : tokenUser(object, { id, secret }, deps.clock.now())
      if (user === undefined) throw unauthorized()
      return user
    },
  }
}

/** The user that a token Secret stands for; undefined when it does not accept this token now. */
function tokenUser(
  secret: Secret,
  token: { readonly id: string; readonly secret: string },
  nowMs: number,
): UserInfo | undefined {
  const data = decodeData(secret.data)
  if (secret.type !== TOKEN_SECRET_TYPE || secret.metadata.deletionTimestamp !== undefined)
    return undefined
  if (!equalSecrets(token.secret, { expected: data['token-secret'] ?? '' })) return undefined
  if (data['token-secret'] === undefined || data['token-id'] !== token.id) return undefined
  if (isExpired(data['expiration'], nowMs)) return undefined
  if (data['usage-bootstrap-authentication'] !== 'true') return undefined
  const extra = (data['auth-extra-groups'] ?? '').split(',').filter(group => group !== '')
  if (!extra.every(group => EXTRA_GROUP.test(group))) return undefined
  return { name: `system:bootstrap:${token.id}`, groups: [...new Set([BOOTSTRAPPERS, ...extra])] }
}

/** An expiration that cannot be read counts as passed. */
function isExpired(expiration: string | undefined, nowMs: number): boolean {
  if (expiration === undefined || expiration === '') return false
  const atMs = Date.parse(expiration)
  return Number.isNaN(atMs) || atMs <= nowMs
}

/** The texts of a Secret's base64 `data`. */
function decodeData(data: Secret['data']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]),
  )
}
