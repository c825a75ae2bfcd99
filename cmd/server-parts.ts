/**
 * The server, wired: store -> cache -> auth -> API -> controllers and scheduler, in the order they need each other.
 * Every part is handed what it needs; nothing here decides anything.
 */
import { ensureBootstrapPolicy } from '#server/auth/bootstrap-policy.ts'
import { LOOPBACK, type UserInfo } from '#api/request.ts'
import { systemClock } from '#base/clock.ts'
import { type Part, untilAborted } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/client.ts'
import { Informers } from '#client/informers.ts'
import { TUNNEL_ALPN } from '#client/tunnel-protocol.ts'
import { type Access, createAccess } from '#server/auth/access.ts'
import { createAdmissionPlugins } from '#server/admission/plugins.ts'
import { createObjectReader, type ObjectReader } from '#server/auth/object-reader.ts'
import { oidcRoutes } from '#server/auth/oidc-routes.ts'
import type { Cache } from '#server/cache/cache.ts'
import { createCache } from '#server/cache/watch-cache.ts'
import { stampRevision } from '#server/cache/stamp.ts'
import { startControllers } from '#server/controllers/table.ts'
import { type ApiServer, createApiServer, type ExtraRoute } from '#server/http/api-server.ts'
import { createScheduler } from '#server/scheduler/scheduler.ts'
import { openSqliteStore } from '#server/store/sqlite.ts'
import type { Store } from '#server/store/store.ts'
import { joinExtraRoute } from '#server/supervisor/join-exchange.ts'
import { createJoinRoutes } from '#server/supervisor/join-routes.ts'
import { type JoinTokens, openJoinTokens } from '#server/supervisor/join-tokens.ts'
import { createNodePasswords, nodePasswordSecret } from '#server/supervisor/node-passwords.ts'
import { openPki, type Pki } from '#server/supervisor/pki.ts'
import { createSigner } from '#server/supervisor/signer.ts'
import { createTunnels, type Tunnels } from '#server/supervisor/tunnel.ts'
import { certificateAuthority } from './server-certificates.ts'
import { listeningAddress, loopbackOf, type ServerOptions } from './server-options.ts'

const clock = systemClock
const random = systemRandom

export interface OpenServer {
  readonly api: ApiServer
  readonly pki: Pki
  readonly tokens: JoinTokens
  /** To run until the server ends. */
  readonly parts: readonly Part[]
  /** Closes what was opened, in reverse order. */
  close(): Promise<void>
}

/** Opens everything up to, but not including, the listening socket. */
export async function openServer(options: ServerOptions, log: Logger): Promise<OpenServer> {
  const pki = openCertificates(options, log)
  const tokens = openJoinTokens({
    dataDir: options.dataDir,
    caHash: pki.caHash,
    random,
    token: options.token,
    agentToken: options.agentToken,
  })
  const stores = await openStores(options, log)
  const reader = createObjectReader(stores.cache, log)
  const access = openAccess(options, pki, reader)
  const tunnels = createTunnels({ clock, log })
  const readiness: Readiness = { isBootstrapped: false }
  const { api, extraRoutes } = await openApi({
    options,
    log,
    pki,
    stores,
    reader,
    access,
    tunnels,
    readiness,
  })
  const unsubscribe = pki.onRenew(() => api.setSecureContext(servingMaterial(pki)))
  extraRoutes.push(openJoining({ options, log, pki, tokens, access, readiness, api }))
  return {
    api,
    pki,
    tokens,
    parts: [
      stores.health,
      bootstrapPart(api, options, readiness, log),
      pki.renewal,
      ...controlParts(api, pki, options, log),
    ],
    async close() {
      unsubscribe()
      tunnels.close()
      access.close()
      await api.close()
      await stores.cache.close()
      await stores.store.close()
    },
  }
}

/** Read on every join and by `/readyz`; written once the default roles are there. */
interface Readiness {
  isBootstrapped: boolean
}

const openCertificates = (options: ServerOptions, log: Logger): Pki =>
  openPki({
    dataDir: options.dataDir,
    clock,
    random,
    log,
    nodeName: options.nodeName,
    nodeIPs: [...new Set([options.advertiseAddress, ...options.nodeIPs, loopbackOf(options)])],
    tlsSans: options.tlsSans,
    serviceIPs: [options.apiServiceIP],
    clusterDomain: options.clusterDomain,
  })

interface Stores {
  readonly store: Store
  readonly cache: Cache & { close(): Promise<void> }
  /** Fails when the store can promise nothing any more: the server ends, systemd starts it anew. */
  readonly health: Part
}

async function openStores({ dataDir }: ServerOptions, log: Logger): Promise<Stores> {
  const fatal = Promise.withResolvers<never>()
  // Heard by `health` once it runs; a failure before that must not end the process as unheard.
  fatal.promise.catch(() => {})
  const store = await openSqliteStore({
    path: `${dataDir}/server/db/state.db`,
    clock,
    log,
    restamp: stampRevision,
    onFatal: fatal.reject,
  })
  const cache = await createCache({ store, clock, log, onLost: fatal.reject })
  const health: Part = {
    name: 'store',
    run: signal => Promise.race([fatal.promise, untilAborted(signal)]),
  }
  return { store, cache, health }
}

const openAccess = (options: ServerOptions, pki: Pki, reader: ObjectReader): Access =>
  createAccess({
    reader,
    clock,
    random,
    serviceAccountKeys: [pki.serviceAccountKey],
    issuer: `https://kubernetes.default.svc.${options.clusterDomain}`,
    serverUrl: `https://${options.advertiseAddress}:${options.advertisePort}`,
  })

interface ApiDeps {
  readonly options: ServerOptions
  readonly log: Logger
  readonly pki: Pki
  readonly stores: Stores
  readonly reader: ObjectReader
  readonly access: Access
  readonly tunnels: Tunnels
  readonly readiness: Readiness
}

async function openApi(
  deps: ApiDeps,
): Promise<{ readonly api: ApiServer; readonly extraRoutes: ExtraRoute[] }> {
  const { options, log, pki, stores, reader, access, tunnels, readiness } = deps
  const { authenticator, authorizer, rbac } = access
  // Filled by the caller: joining needs the API's own transport.
  const extraRoutes: ExtraRoute[] = []
  const api = await createApiServer({
    cache: stores.cache,
    store: stores.store,
    clock,
    random,
    log,
    authenticator,
    authorizer,
    rules: rbac,
    tokenIssuer: access.tokens,
    reviewToken: (token, audiences) => access.reviewToken(token, audiences),
    routes: oidcRoutes(access.tokens),
    admission: createAdmissionPlugins({ reader, clock, random, authorizer, rbac }),
    nodes: tunnels,
    serviceCIDR: options.serviceCIDR,
    hidesOldVersions: options.hidesOldVersions,
    nodePortRange: options.nodePortRange,
    tls: servingMaterial(pki),
    alpn: { [TUNNEL_ALPN]: (socket, peer) => tunnels.accept(socket, peer.certificate) },
    extraRoutes,
    ready: [
      {
        name: 'bootstrap',
        check: () => {
          if (!readiness.isBootstrapped) throw new Error('the default roles are not there yet')
        },
      },
    ],
  })
  return { api, extraRoutes }
}

interface JoiningDeps extends Pick<ApiDeps, 'options' | 'log' | 'pki' | 'access' | 'readiness'> {
  readonly tokens: JoinTokens
  readonly api: ApiServer
}

const openJoining = ({
  options,
  log,
  pki,
  tokens,
  access,
  readiness,
  api,
}: JoiningDeps): ExtraRoute =>
  joinExtraRoute(
    createJoinRoutes({
      pki,
      tokens,
      nodePasswords: createNodePasswords({ transport: api.local(LOOPBACK) }),
      authenticator: access.joinAuthenticator,
      config: {
        clusterCIDR: options.clusterCIDR,
        serviceCIDR: options.serviceCIDR,
        clusterDNS: options.clusterDNS,
        clusterDomain: options.clusterDomain,
      },
      serverNodeName: options.nodeName,
      reservedNames: [
        options.apiServiceIP,
        options.advertiseAddress,
        ...options.nodeIPs,
        ...options.tlsSans,
        `kubernetes.default.svc.${options.clusterDomain}`,
      ],
      isReady: () => readiness.isBootstrapped,
      clock,
      random,
      log,
    }),
  )

const bootstrapPart = (
  api: ApiServer,
  options: ServerOptions,
  readiness: Readiness,
  log: Logger,
): Part => ({
  name: 'bootstrap',
  run: async signal => {
    await ensureBootstrapPolicy(api.local(LOOPBACK), signal)
    readiness.isBootstrapped = true
    log.info('ready', { address: `https://${listeningAddress(options)}:${options.port}` })
    await api.warmUp(signal)
    await untilAborted(signal)
  },
})

const servingMaterial = (pki: Pki) => ({ ...pki.serving(), clientCA: pki.clientCA.pem })

/** In-process parts act as themselves, with the rights of a master. */
const componentUser = (name: string): UserInfo => ({ name, groups: LOOPBACK.groups })

function controlParts(
  api: ApiServer,
  pki: Pki,
  options: ServerOptions,
  log: Logger,
): readonly Part[] {
  const transport = api.local(componentUser('system:kube-controller-manager'))
  const informers = new Informers({ transport, clock, random, log })
  const controllers = startControllers({
    client: createClient(transport),
    informers,
    clock,
    random,
    log,
    config: {
      clusterCIDR: options.clusterCIDR,
      nodeMaskBits: 24,
      serviceCIDR: options.serviceCIDR,
      nodePorts: options.nodePortRange,
      clusterDNS: options.clusterDNS,
      advertiseAddress: options.advertiseAddress,
      advertisePort: options.advertisePort,
      rootCA: pki.serverCA.pem,
      hidesOldVersions: options.hidesOldVersions,
    },
    certificates: certificateAuthority(createSigner(pki, { clock, random })),
    nodePasswordSecret,
  })
  const schedulerTransport = api.local(componentUser('system:kube-scheduler'))
  const scheduler = createScheduler({
    client: createClient(schedulerTransport),
    informers,
    clock,
    random,
    log,
  })
  return [informers, ...controllers, ...scheduler]
}
