/**
 * `kites token create | list | delete | generate`: bootstrap tokens as Secrets, through any transport.
 *
 * Throws  StatusError (NotFound, AlreadyExists, Invalid ...) of the API; JoinTokenError for an unusable token text.
 * Source: k3s pkg/cli/token, kubeadm's bootstrap token Secrets
 */
import type { AnyObject } from '#api/object.ts'
import { rfc3339 } from '#api/time.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { ifThere } from '#client/absence.ts'
import { isBootstrapToken, JoinTokenError } from '#client/pki/join-token.ts'
import type { Transport } from '#client/transport.ts'

const NODE_BOOTSTRAP_GROUP = 'system:bootstrappers:kites:default-node-token'
const SECRETS = '/api/v1/namespaces/kube-system/secrets'
const NAME_PREFIX = 'bootstrap-token-'
const TYPE = 'bootstrap.kubernetes.io/token'
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
const ID_LENGTH = 6
const SECRET_LENGTH = 16

export interface BootstrapToken {
  /** `<id>.<secret>` */
  readonly token: string
  readonly id: string
  readonly description: string
  readonly groups: readonly string[]
  readonly usages: readonly string[]
  /** RFC 3339; undefined never expires. */
  readonly expiration: string | undefined
}

export interface NewToken {
  /** Undefined: a random one. */
  readonly token?: string
  /** 0 never expires. */
  readonly ttlMs: number
  readonly description?: string
  readonly groups?: readonly string[]
  readonly usages?: readonly string[]
}

/** A random token in the right form. Bytes beyond the last full round of the alphabet are thrown away. */
export function generateToken(random: Random): string {
  const characters: string[] = []
  const limit = 256 - (256 % ALPHABET.length)
  while (characters.length < ID_LENGTH + SECRET_LENGTH) {
    for (const octet of random.bytes(32)) {
      if (octet < limit) characters.push(ALPHABET.charAt(octet % ALPHABET.length))
    }
  }
  const text = characters.join('')
  return `${text.slice(0, ID_LENGTH)}.${text.slice(ID_LENGTH, ID_LENGTH + SECRET_LENGTH)}`
}

export async function createToken(
  deps: { readonly transport: Transport; readonly clock: Clock; readonly random: Random },
  wanted: NewToken,
): Promise<BootstrapToken> {
  const token = wanted.token ?? generateToken(deps.random)
  if (!isBootstrapToken(token)) {
    throw new JoinTokenError(
      `"${token}" is not a token: it must have the form [a-z0-9]{6}.[a-z0-9]{16}`,
    )
  }
  const body = secretOf({
    token,
    id: token.slice(0, ID_LENGTH),
    description: wanted.description ?? '',
    groups: wanted.groups ?? [NODE_BOOTSTRAP_GROUP],
    usages: wanted.usages ?? ['signing', 'authentication'],
    expiration: wanted.ttlMs === 0 ? undefined : rfc3339(deps.clock.now() + wanted.ttlMs),
  })
  return tokenOf(await deps.transport.request({ method: 'POST', path: SECRETS, body }))
}

export async function listTokens(transport: Transport): Promise<readonly BootstrapToken[]> {
  const query = { fieldSelector: `type=${TYPE}` }
  const list = await transport.request({ method: 'GET', path: SECRETS, query })
  const items = list['items']
  return isObjects(items) ? items.map(tokenOf) : []
}

/** `text` is a whole token or its id. Returns whether there was one. */
export async function deleteToken(transport: Transport, text: string): Promise<boolean> {
  const id = text.slice(0, ID_LENGTH)
  if (!/^[a-z0-9]{6}$/.test(id) || (text.length > ID_LENGTH && !isBootstrapToken(text))) {
    throw new JoinTokenError(`"${text}" is neither a token nor the id of one`)
  }
  const path = `${SECRETS}/${NAME_PREFIX}${id}`
  return (await ifThere(transport.request({ method: 'DELETE', path }))) !== undefined
}

function secretOf(token: BootstrapToken): AnyObject {
  const texts: Record<string, string> = {
    'token-id': token.id,
    'token-secret': token.token.slice(ID_LENGTH + 1),
    'auth-extra-groups': token.groups.join(','),
    ...(token.description === '' ? {} : { description: token.description }),
    ...(token.expiration === undefined ? {} : { expiration: token.expiration }),
    ...Object.fromEntries(token.usages.map(usage => [`usage-bootstrap-${usage}`, 'true'])),
  }
  const data = Object.entries(texts).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: NAME_PREFIX + token.id, namespace: 'kube-system' },
    type: TYPE,
    data: Object.fromEntries(data),
  }
}

function tokenOf(secret: AnyObject): BootstrapToken {
  const data = new Map(Object.entries(secret['data'] ?? {}))
  const text = (key: string): string =>
    Buffer.from(String(data.get(key) ?? ''), 'base64').toString('utf8')
  const usage = 'usage-bootstrap-'
  const expiration = text('expiration')
  return {
    id: text('token-id'),
    token: `${text('token-id')}.${text('token-secret')}`,
    description: text('description'),
    groups: text('auth-extra-groups')
      .split(',')
      .filter(group => group !== ''),
    usages: [...data.keys()]
      .filter(key => key.startsWith(usage) && text(key) === 'true')
      .map(key => key.slice(usage.length)),
    expiration: expiration === '' ? undefined : expiration,
  }
}

/** The seam: a list answered by the API has objects as items. */
const isObjects = (value: unknown): value is readonly AnyObject[] => Array.isArray(value)
