/**
 * A real API server with the real access control around it: own CAs, RBAC with the default policy, admission, the join
 * API and the tunnel. Not a test itself.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '#api/object.ts'
import { LOOPBACK } from '#api/request.ts'
import { systemClock } from '#base/clock.ts'
import { runAll } from '#base/lifetime.ts'
import { type Logger, silentLogger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/client.ts'
import { createHttpTransport, type HttpTransport } from '#client/http-transport.ts'
import { Informers } from '#client/informers.ts'
import type { NodeConnector } from '#client/node-api.ts'
import type { Transport } from '#client/transport.ts'
import { TUNNEL_ALPN } from '#client/tunnel-protocol.ts'
import { createAdmissionPlugins } from '#server/admission/plugins.ts'
import { type Access, createAccess } from '#server/auth/access.ts'
import { ensureBootstrapPolicy } from '#server/auth/bootstrap-policy.ts'
import { createObjectReader } from '#server/auth/object-reader.ts'
import { oidcRoutes } from '#server/auth/oidc-routes.ts'
import { stampRevision } from '#server/cache/stamp.ts'
import { createCache } from '#server/cache/watch-cache.ts'
import { createNodePasswordCleaner } from '#server/controllers/tokens/controller.ts'
import { createApiServer } from '#server/http/api-server.ts'
import { openSqliteStore } from '#server/store/sqlite.ts'
import { joinExtraRoute } from '#server/supervisor/join-exchange.ts'
import { createJoinRoutes } from '#server/supervisor/join-routes.ts'
import { type JoinTokens, openJoinTokens } from '#server/supervisor/join-tokens.ts'
import { createNodePasswords, nodePasswordSecret } from '#server/supervisor/node-passwords.ts'
import { openPki, type Pki } from '#server/supervisor/pki.ts'
import { createTunnels, type Tunnels } from '#server/supervisor/tunnel.ts'

export interface AccessFixture {
  readonly directory: string
  readonly url: string
  readonly pki: Pki
  readonly tokens: JoinTokens
  readonly tunnels: Tunnels
  readonly access: Access
  /** As the API server itself. */
  readonly local: Transport
  /** How long `ensureBootstrapPolicy` took on the empty store. */
  readonly policyMs: number
  /** Over HTTPS, with a client certificate or a bearer token. Closed with the fixture. */
  client(
    identity: { readonly cert: string; readonly key: string } | { readonly bearer: string },
  ): HttpTransport
  /** A pod as the registry stores it, bound to a node. */
  createPod(
    name: string,
    nodeName: string,
    spec?: Readonly<Record<string, unknown>>,
  ): Promise<KubeObject>
  close(): Promise<void>
}

export async function startAccess(log: Logger = silentLogger): Promise<AccessFixture> {
  const directory = mkdtempSync(join(tmpdir(), 'kites-access-'))
  const shared = { clock: systemClock, random: systemRandom, log }
  const pki = openPki({
    ...shared,
    dataDir: directory,
    nodeName: 'server-1',
    nodeIPs: ['127.0.0.1'],
    tlsSans: ['kites.test'],
    serviceIPs: ['10.43.0.1'],
    clusterDomain: 'cluster.local',
  })
  const store = await openSqliteStore({
    path: join(directory, 'db.sqlite'),
    clock: systemClock,
    log,
    restamp: stampRevision,
  })
  const cache = await createCache({ store, clock: systemClock, log })
  const reader = createObjectReader(cache, log)
  const access = createAccess({
    ...shared,
    reader,
    serviceAccountKeys: [pki.serviceAccountKey],
    issuer: 'https://kubernetes.default.svc.cluster.local',
    serverUrl: 'https://127.0.0.1:6443',
  })
  const tokens = openJoinTokens({
    ...shared,
    dataDir: directory,
    caHash: pki.caHash,
    token: undefined,
    agentToken: undefined,
  })
  const tunnels = createTunnels(shared)
  const { authorizer, rbac } = access
  const late: { local?: Transport } = {}
  const transport: Transport = {
    request: (request, signal) => needed(late.local).request(request, signal),
    watch: (request, onEvent, signal) => needed(late.local).watch(request, onEvent, signal),
  }
  const nodePasswords = createNodePasswords({ transport })
  const routes = createJoinRoutes({
    ...shared,
    pki,
    tokens,
    nodePasswords,
    authenticator: access.joinAuthenticator,
    config: {
      clusterCIDR: '10.42.0.0/16',
      serviceCIDR: '10.43.0.0/16',
      clusterDNS: '10.43.0.10',
      clusterDomain: 'cluster.local',
    },
    serverNodeName: 'server-1',
    reservedNames: ['10.43.0.1', 'kites.test'],
    isReady: () => true,
  })
  const api = await createApiServer({
    ...shared,
    cache,
    store,
    authenticator: access.authenticator,
    authorizer,
    rules: rbac,
    reviewToken: (token, audiences) => access.reviewToken(token, audiences),
    admission: createAdmissionPlugins({ ...shared, reader, authorizer, rbac }),
    tokenIssuer: access.tokens,
    nodes: tunnels satisfies NodeConnector,
    serviceCIDR: '10.43.0.0/16',
    nodePortRange: { first: 30000, last: 32767 },
    tls: { ...pki.serving(), clientCA: pki.clientCA.pem },
    extraRoutes: [joinExtraRoute(routes)],
    routes: oidcRoutes(access.tokens),
    alpn: { [TUNNEL_ALPN]: (socket, peer) => tunnels.accept(socket, peer.certificate) },
  })
  const local = api.local(LOOPBACK)
  late.local = local
  const startedAt = performance.now()
  await ensureBootstrapPolicy(local)
  const policyMs = performance.now() - startedAt
  const { port } = await api.listen('127.0.0.1', 0)
  const url = `https://127.0.0.1:${port}`
  const clients: HttpTransport[] = []
  const stopping = new AbortController()
  const informers = new Informers({ transport: local, ...shared })
  const client = createClient(local)
  const cleaner = createNodePasswordCleaner({ ...shared, client, informers }, nodePasswordSecret)
  const cleanup = runAll([informers, cleaner], stopping.signal)
  return {
    directory,
    url,
    pki,
    tokens,
    tunnels,
    access,
    local,
    policyMs,
    client(identity) {
      const ca = [pki.serverCA.pem]
      const opened = createHttpTransport({
        server: url,
        userAgent: 'access-test',
        ...('bearer' in identity
          ? { tls: { ca }, getBearer: () => identity.bearer }
          : { tls: { ca, cert: identity.cert, key: identity.key } }),
      })
      clients.push(opened)
      return opened
    },
    createPod: (name, nodeName, spec = {}) =>
      local.request({
        method: 'POST',
        path: '/api/v1/namespaces/default/pods',
        body: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name },
          spec: { nodeName, containers: [{ name: 'main', image: 'busybox' }], ...spec },
        },
      }),
    async close() {
      stopping.abort()
      await cleanup
      tunnels.close()
      await Promise.all(clients.map(client => client.close()))
      access.close()
      await api.close(200)
      await cache.close()
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not started yet')
  return value
}
