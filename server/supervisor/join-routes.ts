/**
 * The join API beside the Kubernetes API on the same port: the CA bundle for everybody, configuration and certificates
 * for whoever has a join token, a bootstrap token, or already is a node.
 *
 * The node's keys never leave it: it posts a request for its own key and gets the certificate with its chain.
 * Law     A node's certificate is good for its own name only, and a name belongs to the host that first joined with it.
 *         No node gets a serving certificate for a name or address of the API server.
 * Throws  nothing: every refusal is a `metav1.Status` answer.
 * Source: k3s pkg/server/handlers/router.go
 */
import { ANONYMOUS, type Authenticator, type Credentials, type UserInfo } from '#api/request.ts'
import { badRequest, noSuchResource, StatusError, unauthorized } from '#api/status.ts'
import { PkiError } from '#api/pki/der.ts'
import { readRequest } from '#api/pki/request.ts'
import { messageOf } from '#base/errors.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import { type Authority, type ExtendedUsage, issueCertificate } from '#client/pki/certificate.ts'
import { BOOTSTRAPPERS, MASTERS, nodeIdentity, nodeUser, NODES } from '../auth/identity.ts'
import type { JoinTokens } from './join-tokens.ts'
import { altNamesOf, leafValidity, SERVICE_NAMES } from './leaf.ts'
import type { NodePasswords } from './node-passwords.ts'
import type { Pki } from './pki.ts'

/** What a joining agent is told about the cluster. */
export interface ClusterConfig {
  readonly clusterCIDR: string
  readonly serviceCIDR: string
  readonly clusterDNS: string
  readonly clusterDomain: string
}

export interface JoinRequest {
  readonly method: string
  /** Without query. */
  readonly path: string
  readonly credentials: Credentials
  readonly remoteAddress: string
  /** By name in lower case. */
  header(name: string): string | undefined
  body(limitBytes: number): Promise<Buffer>
}

export interface JoinResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface JoinRoutes {
  owns(path: string): boolean
  handle(request: JoinRequest, signal?: AbortSignal): Promise<JoinResponse>
}

export interface JoinRoutesDeps {
  readonly pki: Pick<Pki, 'serverCA' | 'clientCA'>
  readonly tokens: Pick<JoinTokens, 'verify'>
  readonly nodePasswords: Pick<NodePasswords, 'confirm'>
  /** Knows at least certificates and bootstrap tokens. */
  readonly authenticator: Authenticator
  readonly config: ClusterConfig
  /** This server's own node, which may have the server's addresses. */
  readonly serverNodeName: string
  /** Names and addresses of the API server that are no other node's. */
  readonly reservedNames: readonly string[]
  readonly isReady: () => boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

const JOIN_PREFIX = '/v1-kites/'
const LOOPBACK = ['127.0.0.1', '::1']
const REQUEST_BYTES_MAX = 64 * 1024
const ADDRESSES_MAX = 16
const NODE_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const NODE_NAME_MAX = 253

interface Call {
  readonly deps: JoinRoutesDeps
  readonly request: JoinRequest
  readonly signal: AbortSignal | undefined
}

interface Route {
  readonly method: 'GET' | 'POST'
  readonly access: 'everybody' | 'joiners'
  readonly answer: (call: Call) => JoinResponse | Promise<JoinResponse>
}

const ROUTES: Readonly<Record<string, Route>> = {
  '/cacerts': {
    method: 'GET',
    access: 'everybody',
    answer: ({ deps }) => text(deps.pki.serverCA.pem),
  },
  '/ping': { method: 'GET', access: 'everybody', answer: () => text('pong') },
  '/v1-kites/readyz': { method: 'GET', access: 'joiners', answer: readyz },
  '/v1-kites/config': {
    method: 'GET',
    access: 'joiners',
    answer: ({ deps }) => json(200, deps.config),
  },
  '/v1-kites/server-ca.crt': {
    method: 'GET',
    access: 'joiners',
    answer: ({ deps }) => text(deps.pki.serverCA.pem),
  },
  '/v1-kites/client-ca.crt': {
    method: 'GET',
    access: 'joiners',
    answer: ({ deps }) => text(deps.pki.clientCA.pem),
  },
  '/v1-kites/client-kubelet.crt': { method: 'POST', access: 'joiners', answer: clientCertificate },
  '/v1-kites/serving-kubelet.crt': {
    method: 'POST',
    access: 'joiners',
    answer: servingCertificate,
  },
}

export function createJoinRoutes(deps: JoinRoutesDeps): JoinRoutes {
  return {
    owns: path => ROUTES[path] !== undefined || path.startsWith(JOIN_PREFIX),
    async handle(request, signal) {
      try {
        return await answer({ deps, request, signal })
      } catch (error) {
        return refuse(deps, request, error)
      }
    },
  }
}

async function answer(call: Call): Promise<JoinResponse> {
  const { request } = call
  const route = ROUTES[request.path]
  if (route === undefined) throw noSuchResource()
  if (request.method !== route.method && !(route.method === 'GET' && request.method === 'HEAD')) {
    throw new StatusError('MethodNotAllowed', `use ${route.method} for ${request.path}`, {})
  }
  if (route.access === 'joiners') await authorize(call)
  return route.answer(call)
}

function refuse(deps: JoinRoutesDeps, request: JoinRequest, error: unknown): JoinResponse {
  if (error instanceof StatusError) {
    deps.log.info('join request refused', { path: request.path, why: error.message })
    return json(error.code, error.toStatus())
  }
  if (error instanceof PkiError) {
    return json(
      400,
      badRequest(`the certificate request is not usable: ${error.message}`).toStatus(),
    )
  }
  deps.log.error('join request failed', { path: request.path, error })
  const status = new StatusError('InternalError', `Internal error occurred: ${messageOf(error)}`)
  return json(status.code, status.toStatus())
}

/** The user that a certificate or bootstrap token proves; undefined for holders of a join password. */
async function authorize({ deps, request }: Call): Promise<UserInfo | undefined> {
  const { basic } = request.credentials
  if (basic !== undefined) {
    if (deps.tokens.verify(basic.user, basic.password) !== undefined) return undefined
    throw unauthorized('the token is not valid: user or password is wrong')
  }
  const user = await deps.authenticator.authenticate(request.credentials)
  const isNobody = user === undefined || user.name === ANONYMOUS.name
  if (isNobody) throw unauthorized('a join token is needed')
  const mayJoin = [NODES, MASTERS].some(group => user.groups.includes(group))
  const isBootstrapper = (group: string): boolean =>
    group === BOOTSTRAPPERS || group.startsWith(`${BOOTSTRAPPERS}:`)
  if (mayJoin || user.groups.some(isBootstrapper)) return user
  throw new StatusError('Forbidden', `user "${user.name}" may not join nodes`)
}

function readyz({ deps }: Call): JoinResponse {
  if (deps.isReady()) return text('ok')
  throw new StatusError('ServiceUnavailable', 'the server is starting')
}

async function clientCertificate(call: Call): Promise<JoinResponse> {
  const nodeName = await nodeOf(call)
  const subject = { commonName: nodeUser(nodeName), organizations: [NODES] }
  return issue(call, {
    authority: call.deps.pki.clientCA,
    subject,
    usages: ['client auth'],
    names: [],
  })
}

async function servingCertificate(call: Call): Promise<JoinResponse> {
  const nodeName = await nodeOf(call)
  const addresses = (call.request.header('kites-node-ip') ?? '').split(',').map(ip => ip.trim())
  if (addresses.length > ADDRESSES_MAX) throw badRequest('too many node addresses')
  const { ips, dns } = altNamesOf(addresses)
  if (dns.length > 0) throw badRequest(`"${dns[0]}" is not an IP address`)
  refuseReserved(call, nodeName, ips)
  return issue(call, {
    authority: call.deps.pki.serverCA,
    subject: { commonName: nodeUser(nodeName), organizations: [NODES] },
    usages: ['server auth'],
    names: [nodeName, 'localhost', ...LOOPBACK, ...ips],
  })
}

/** Such a certificate would let the node pass for the API server. The server's own agent has its addresses, rightly. */
function refuseReserved(call: Call, nodeName: string, names: readonly string[]): void {
  if (nodeName === call.deps.serverNodeName && isOwnHost(call)) return
  const taken = names.find(name => isReserved(call.deps, name))
  if (taken === undefined) return
  throw new StatusError(
    'Forbidden',
    `"${taken}" is a name or address of the API server, not of node "${nodeName}"`,
  )
}

function isReserved(deps: JoinRoutesDeps, name: string): boolean {
  const { dns, ips } = altNamesOf([...SERVICE_NAMES, ...deps.reservedNames])
  return dns.includes(name) || ips.includes(name)
}

/** True for a caller on this host: who comes from one of the server's own addresses. */
const isOwnHost = ({ deps, request }: Call): boolean =>
  isReserved(deps, plainAddress(request)) || LOOPBACK.includes(plainAddress(request))

const plainAddress = ({ remoteAddress }: JoinRequest): string =>
  remoteAddress.replace(/^::ffff:/, '')

/** The name the caller may have a certificate for, its password confirmed. */
async function nodeOf(call: Call): Promise<string> {
  const { deps, request, signal } = call
  const nodeName = request.header('kites-node-name') ?? ''
  const password = request.header('kites-node-password') ?? ''
  if (!NODE_NAME.test(nodeName) || nodeName.length > NODE_NAME_MAX) {
    throw badRequest(
      `node name "${nodeName}" is not valid: use lower-case letters, digits, "-" and "."`,
    )
  }
  if (password === '') throw badRequest('the header kites-Node-Password is missing')
  refuseReserved(call, nodeName, [nodeName])
  const { certificate, basic } = request.credentials
  const user = certificate === undefined || basic !== undefined ? undefined : await authorize(call)
  const own = user === undefined ? undefined : nodeIdentity(user)
  if (own !== undefined && own.nodeName !== nodeName) {
    throw new StatusError(
      'Forbidden',
      `node "${own.nodeName}" may not ask for a certificate of "${nodeName}"`,
    )
  }
  await deps.nodePasswords.confirm(nodeName, password, signal)
  return nodeName
}

interface Order {
  readonly authority: Authority
  readonly subject: { readonly commonName: string; readonly organizations: readonly string[] }
  readonly usages: readonly ExtendedUsage[]
  readonly names: readonly string[]
}

/** Only the key is taken from the request: subject and names are the server's decision. */
async function issue({ deps, request }: Call, order: Order): Promise<JoinResponse> {
  const { publicKey } = readRequest(await request.body(REQUEST_BYTES_MAX))
  const certificate = issueCertificate(order.authority, {
    subject: order.subject,
    publicKey,
    usages: order.usages,
    ...(order.names.length === 0 ? {} : { altNames: altNamesOf(order.names) }),
    ...leafValidity(order.authority, deps.clock.now()),
    random: deps.random,
  })
  deps.log.info('node certificate issued', { node: order.subject.commonName, usages: order.usages })
  return text(certificate + order.authority.pem)
}

const text = (body: string): JoinResponse => ({
  status: 200,
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from(body),
})

const json = (status: number, value: unknown): JoinResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)),
})
