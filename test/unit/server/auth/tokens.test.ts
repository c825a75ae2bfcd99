/** Tokens of service accounts and bootstrap tokens, and the order of authenticators. */
import t from 'tap'
import type { Authenticator, UserInfo } from '#api/request.ts'
import type { Secret } from '#api/types/core-v1.ts'
import { seededRandom } from '#base/random.ts'
import { generateKey } from '#client/pki/new-key.ts'
import {
  createAuthenticator,
  createStaticTokenAuthenticator,
  hashToken,
} from '#server/auth/authenticators.ts'
import { createBootstrapTokenAuthenticator } from '#server/auth/bootstrap-token.ts'
import { peekClaims, signingKey, signJwt } from '#server/auth/jwt.ts'
import { createServiceAccountTokens, type TokenOrder } from '#server/auth/service-account-token.ts'
import { memoryReader } from '../../../support/memory-reader.ts'

const START_MS = Date.UTC(2026, 5, 1)
const ISSUER = 'https://kubernetes.default.svc.cluster.local'

function world() {
  const reader = memoryReader()
  const time = { now: START_MS }
  const clock = { now: () => time.now }
  const key = generateKey()
  const tokens = createServiceAccountTokens({
    keys: [key],
    issuer: ISSUER,
    serverUrl: 'https://h:6443',
    reader,
    clock,
    random: seededRandom(1),
  })
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'robot', namespace: 'team', uid: 's1' },
  }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'team', uid: 'p1' },
    spec: { nodeName: 'a', containers: [] },
  }
  reader.put('serviceaccounts', account)
  reader.put('pods', pod)
  reader.put('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', uid: 'n1' } })
  return { reader, time, clock, key, tokens, account, pod }
}

const order = (more: Partial<TokenOrder> = {}): TokenOrder => ({
  namespace: 'team',
  name: 'robot',
  uid: 's1',
  audiences: [],
  expirationSeconds: 3600,
  boundObjectRef: undefined,
  ...more,
})

const outcome = async (authenticator: Authenticator, bearer: string): Promise<string> => {
  try {
    return (await authenticator.authenticate({ bearer }))?.name ?? 'not mine'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

void t.test('a service-account token', async t => {
  const { tokens, time } = world()
  const issued = tokens.issue(order())
  t.equal(issued.expirationTimestamp, '2026-06-01T01:00:00Z')
  t.same(issued.audiences, [ISSUER])
  const user = await tokens.authenticate({ bearer: issued.token })
  t.match(user, {
    name: 'system:serviceaccount:team:robot',
    uid: 's1',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:team'],
  })
  t.match(user?.extra?.['authentication.kubernetes.io/credential-id']?.[0], /^JTI=/)
  time.now -= 59_000
  t.equal(await outcome(tokens, issued.token), user?.name, 'clocks are set right now and then')
  time.now += 59_000 + 3600_000 + 60_000
  t.equal(await outcome(tokens, issued.token), 'Unauthorized', 'expires')
})

void t.test('of a pod', async t => {
  const { tokens, time, reader, pod } = world()
  const boundObjectRef = { kind: 'Pod', name: 'web', uid: 'p1' } as const
  const { token, expirationTimestamp } = tokens.issue(
    order({ expirationSeconds: 3607, boundObjectRef }),
  )
  t.equal(expirationTimestamp, '2026-06-01T01:00:07Z', 'asks its holder to renew after an hour')
  const claims = peekClaims(token)
  t.equal(claims?.['exp'], START_MS / 1000 + 365 * 24 * 3600, 'and lives a year')
  t.same(claims?.['kubernetes.io'], {
    namespace: 'team',
    node: { name: 'a', uid: 'n1' },
    pod: { name: 'web', uid: 'p1' },
    serviceaccount: { name: 'robot', uid: 's1' },
    warnafter: START_MS / 1000 + 3607,
  })
  const user = await tokens.authenticate({ bearer: token })
  t.same(user?.extra?.['authentication.kubernetes.io/pod-name'], ['web'])
  t.same(user?.extra?.['authentication.kubernetes.io/node-uid'], ['n1'])
  reader.put('pods', {
    ...pod,
    metadata: { ...pod.metadata, deletionTimestamp: '2026-06-01T00:00:00Z' },
  })
  time.now += 59_000
  t.equal(
    await outcome(tokens, token),
    'system:serviceaccount:team:robot',
    'good while the pod ends',
  )
  time.now += 2_000
  t.equal(await outcome(tokens, token), 'Unauthorized', 'but not long after')
  reader.remove('pods', pod)
  t.equal(await outcome(tokens, token), 'Unauthorized')
})

void t.test('is refused', async t => {
  const { tokens, reader, account, key } = world()
  const { token } = tokens.issue(order())
  const foreign = signJwt(peekClaims(token) ?? {}, signingKey(generateKey()))
  t.equal(await outcome(tokens, foreign), 'Unauthorized', 'with a foreign signature')
  const [header, payload] = token.split('.')
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
  t.equal(await outcome(tokens, none), 'Unauthorized', 'with no signature')
  t.equal(await outcome(tokens, `${header}.${payload}.AAAA`), 'Unauthorized', 'with a broken one')
  t.equal(
    await outcome(tokens, tokens.issue(order({ audiences: ['vault'] })).token),
    'Unauthorized',
    'for others',
  )
  t.same(
    tokens.review(tokens.issue(order({ audiences: ['vault', 'x'] })).token, ['vault', 'y'])
      ?.audiences,
    ['vault'],
  )
  const other = { ...peekClaims(token), iss: 'https://elsewhere' }
  t.equal(
    await outcome(tokens, signJwt(other, signingKey(key))),
    'not mine',
    'and left to others when of another issuer',
  )
  t.equal(await outcome(tokens, 'abcdef.0123456789abcdef'), 'not mine')
  reader.put('serviceaccounts', { ...account, metadata: { ...account.metadata, uid: 's2' } })
  t.equal(await outcome(tokens, token), 'Unauthorized', 'when the account was made anew')
})

void t.test('discovery documents', async t => {
  const { tokens } = world()
  t.same(tokens.discovery, {
    issuer: ISSUER,
    jwks_uri: 'https://h:6443/openid/v1/jwks',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  })
  t.match(tokens.jwks, { keys: [{ use: 'sig', alg: 'ES256', kty: 'EC', crv: 'P-256' }] })
})

void t.test('a bootstrap token', async t => {
  const { reader, clock } = world()
  const authenticator = createBootstrapTokenAuthenticator({ reader, clock })
  const put = (
    fields: Readonly<Record<string, string>>,
    type = 'bootstrap.kubernetes.io/token',
  ): void => {
    const texts = {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      ...fields,
    }
    const data = Object.fromEntries(
      Object.entries(texts).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    )
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
      type,
      data,
    }
    reader.put('secrets', secret)
  }
  const token = 'abcdef.0123456789abcdef'
  t.equal(await outcome(authenticator, token), 'Unauthorized', 'that nobody made')
  put({ 'auth-extra-groups': 'system:bootstrappers:kites:default-node-token' })
  t.same(await authenticator.authenticate({ bearer: token }), {
    name: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers', 'system:bootstrappers:kites:default-node-token'],
  })
  t.equal(await outcome(authenticator, 'abcdef.0123456789abcdeX'), 'not mine')
  t.equal(await outcome(authenticator, 'abcdef.0123456789abcdee'), 'Unauthorized')
  const refused: readonly (readonly [string, Readonly<Record<string, string>>, string?])[] = [
    ['expired', { expiration: '2026-05-31T23:59:59Z' }],
    ['with an unreadable expiration', { expiration: 'soon' }],
    ['not for authentication', { 'usage-bootstrap-authentication': 'false' }],
    ['with a foreign group', { 'auth-extra-groups': 'system:masters' }],
    ['of another id', { 'token-id': 'fedcba' }],
    ['in a Secret of another type', {}, 'Opaque'],
  ]
  for (const [name, fields, type] of refused) {
    put(fields, type)
    t.equal(await outcome(authenticator, token), 'Unauthorized', name)
  }
  put({ expiration: '2026-06-01T00:00:01Z' })
  t.equal(await outcome(authenticator, token), 'system:bootstrap:abcdef')
})

void t.test('the chain', async t => {
  const user: UserInfo = { name: 'ci', groups: ['builders'] }
  const chain = createAuthenticator([
    createStaticTokenAuthenticator(() => [{ hash: hashToken('s3cret'), user }]),
  ])
  t.same(await chain.authenticate({ bearer: 's3cret' }), {
    name: 'ci',
    groups: ['builders', 'system:authenticated'],
  })
  t.equal(await outcome(chain, 'guess'), 'Unauthorized', 'a token nobody knows is not anonymous')
  t.same(await chain.authenticate({}), {
    name: 'system:anonymous',
    groups: ['system:unauthenticated'],
  })
  await t.rejects(Promise.resolve(chain.authenticate({ basic: { user: 'a', password: 'b' } })), {
    code: 401,
  })
})
