/**
 * The server, wired: store -> cache -> auth -> API -> controllers and scheduler, in the order they need each other.
 * Every part is handed what it needs; nothing here decides anything.
 */
import { ensureBootstrapPolicy } from '#server/auth/bootstrap-policy.ts'
import { LOOPBACK, type UserInfo } from '#api/request.ts'
import { systemClock } from '#base/clock.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/client.ts'
import { Informers } from '#client/informers.ts'
import { TUNNEL_ALPN } from '#client/tunnel-protocol.ts'
import { createAdmissionPlugins } from '#server/admission/plugins.ts'
import { createObjectReader } from '#server/auth/object-reader.ts'
import { createCache } from '#server/cache/watch-cache.ts'
import { stampRevision } from '#server/cache/stamp.ts'
import { startControllers } from '#server/controllers/table.ts'
import { type ApiServer, createApiServer, type ExtraRoute } from '#server/http/api-server.ts'
import { createScheduler } from '#server/scheduler/scheduler.ts'
import { openSqliteStore } from '#server/store/sqlite.ts'
import { joinExtraRoute } from '#server/supervisor/join-exchange.ts'
import { createJoinRoutes } from '#server/supervisor/join-routes.ts'
import { type JoinTokens, openJoinTokens } from '#server/supervisor/join-tokens.ts'
import { createNodePasswords, nodePasswordSecret } from '#server/supervisor/node-passwords.ts'
import { openPki, type Pki } from '#server/supervisor/pki.ts'
import { createSigner } from '#server/supervisor/signer.ts'
import { createTunnels } from '#server/supervisor/tunnel.ts'
import { createAccess } from './server-access.ts'
import { certificateAuthority } from './server-certificates.ts'
import type { ServerOptions } from './server-options.ts'

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
  const { dataDir } = options
  const pki = openPki({
    dataDir,
    clock,
    random,
    log,
    nodeName: options.nodeName,
    nodeIPs: [...new Set([options.advertiseAddress, ...options.nodeIPs])],
    tlsSans: options.tlsSans,
    serviceIPs: [options.apiServiceIP],
    clusterDomain: options.clusterDomain,
  })
  const tokens = openJoinTokens({
    dataDir,
    caHash: pki.caHash,
    random,
    token: options.token,
    agentToken: options.agentToken,
  })
  const path = `${dataDir}/server/db/state.db`
  const fatal = Promise.withResolvers<never>()
  const store = await openSqliteStore({
    path,
    clock,
    log,
    restamp: stampRevision,
    onFatal: fatal.reject,
  })
  const cache = await createCache({ store, clock, log })
  const reader = createObjectReader(cache, log)
  const access = createAccess({ reader, pki, options, clock, random })
  const tunnels = createTunnels({ clock, log })
  const ready = { bootstrapped: false }
  // Filled below: joining needs the API's own transport.
  const extraRoutes: ExtraRoute[] = []
  const api = await createApiServer({
    cache,
    store,
    clock,
    random,
    log,
    ...access.forApi,
    admission: createAdmissionPlugins({ reader, clock, random, ...access }),
    nodes: tunnels,
    serviceCIDR: options.serviceCIDR,
    nodePortRange: options.nodePortRange,
    tls: servingMaterial(pki),
    alpn: { [TUNNEL_ALPN]: (socket, peer) => tunnels.accept(socket, peer.certificate) },
    extraRoutes,
    ready: [
      {
        name: 'bootstrap',
        check: () => {
          if (!ready.bootstrapped) throw new Error('the default roles are not there yet')
        },
      },
    ],
  })
  const unsubscribe = pki.onRenew(() => api.setSecureContext(servingMaterial(pki)))
  const nodePasswords = createNodePasswords({ transport: api.local(LOOPBACK), reader, log })
  const joins = createJoinRoutes({
    pki,
    tokens,
    nodePasswords,
    authenticator: access.authenticator,
    config: {
      clusterCIDR: options.clusterCIDR,
      serviceCIDR: options.serviceCIDR,
      clusterDNS: options.clusterDNS,
      clusterDomain: options.clusterDomain,
    },
    serverNodeName: options.nodeName,
    reservedNames: [options.apiServiceIP, options.advertiseAddress],
    isReady: () => ready.bootstrapped,
    clock,
    random,
    log,
  })
  extraRoutes.push(joinExtraRoute(joins))
  const storeHealth: Part = { name: 'store', run: signal => untilFatal(fatal.promise, signal) }
  const bootstrap: Part = {
    name: 'bootstrap',
    run: async signal => {
      await ensureBootstrapPolicy(api.local(LOOPBACK), signal)
      ready.bootstrapped = true
      log.info('ready', { address: `https://${options.advertiseAddress}:${options.port}` })
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    },
  }
  return {
    api,
    pki,
    tokens,
    parts: [
      storeHealth,
      bootstrap,
      pki.renewal,
      nodePasswords.cleanup,
      ...controlParts(api, pki, options, log),
    ],
    async close() {
      unsubscribe()
      tunnels.close()
      await api.close()
      await cache.close()
      await store.close()
    },
  }
}

const servingMaterial = (pki: Pki) => ({ ...pki.serving(), clientCA: pki.clientCA.pem })

/** A store that can no longer promise anything ends the server; systemd starts it anew. */
async function untilFatal(fatal: Promise<never>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
  await Promise.race([fatal, aborted])
}

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
      clusterDNS: options.clusterDNS,
      advertiseAddress: options.advertiseAddress,
      advertisePort: options.advertisePort,
      rootCA: pki.serverCA.pem,
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
