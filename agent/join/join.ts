/**
 * Makes this host a node of the cluster: checks the server against the token, gets certificates for keys made here,
 * and keeps both renewed while the agent runs.
 *
 *   /cacerts unverified -> hash must be the token's -> everything after is verified against that CA
 *   config, then client and serving certificate (own key, node password), each saved as it arrives
 *
 * Law     A restart reuses what is good. When the server cannot be reached and a former join left everything needed,
 *         the agent starts from that, so that its pods live on.
 * Throws  JoinError with one line for the operator when trying again cannot help; the abort reason.
 * Source: k3s pkg/agent/config/config.go, pkg/clientaccess/token.go
 */
import { keyFromPem } from '#api/pki/keys.ts'
import { createRequest } from '#api/pki/request.ts'
import { ipOctets, ipText } from '#api/pki/names.ts'
import { backoffMs, type BackoffPolicy } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import {
  hashAuthority,
  JoinTokenError,
  type JoinToken,
  parseJoinToken,
} from '#client/pki/join-token.ts'
import {
  type AgentTls,
  authorityOf,
  type CertificateName,
  certificateOf,
  certificateState,
  type ClusterConfig,
  identityFiles,
  type IdentityFiles,
  keyOf,
  nodePassword,
  parseConfig,
  saveAuthority,
  saveCertificate,
  saveConfig,
  savedConfig,
} from './identity.ts'
import { askServer, JoinError, type JoinErrorCode, type ServerRequest } from './server-client.ts'

export interface JoinOptions {
  /** `https://HOST:6443` */
  readonly serverUrl: string
  /** As given by the operator or read from a file; never logged. */
  readonly token: string
  readonly nodeName: string
  readonly nodeIPs: readonly string[]
  readonly dataDir: string
  /** `/etc/kites/node/password` when absent. */
  readonly passwordFile?: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}

export interface JoinedCluster {
  readonly serverUrl: string
  readonly nodeName: string
  readonly config: ClusterConfig
  /** Towards the server: client certificate of the node, CA of the server. */
  tls(): AgentTls
  /** Of the node's own API: serving certificate, CA of clients. */
  serving(): AgentTls
  /** Called after a certificate changed; returns the way to unsubscribe. */
  onRenew(listener: () => void): () => void
  readonly renewal: Part
}

const RETRY: BackoffPolicy = { baseMs: 1_000, maxMs: 15_000 }
const RENEWAL_CHECK_MS = 10 * 60_000
/** Tried this often before a former join is used without the server. */
const ATTEMPTS_WITH_SAVED = 1
/** May mend itself: the server comes back, the time service sets the clock. */
const PASSING: ReadonlySet<JoinErrorCode> = new Set<JoinErrorCode>(['unreachable', 'clock'])
const CERTIFICATES: readonly CertificateName[] = ['client-kubelet', 'serving-kubelet']

interface Joining extends JoinOptions {
  readonly files: IdentityFiles
  readonly parsed: JoinToken
}

export async function joinCluster(options: JoinOptions): Promise<JoinedCluster> {
  const joining: Joining = {
    ...options,
    nodeIPs: options.nodeIPs.map(ip => ipText(ipOctets(ip))),
    files: identityFiles(options.dataDir, options.passwordFile),
    parsed: parseToken(options.token),
  }
  const config = await joinWithRetries(joining)
  return joined(joining, config)
}

function parseToken(token: string): JoinToken {
  try {
    return parseJoinToken(token)
  } catch (cause) {
    if (cause instanceof JoinTokenError) throw new JoinError('token', cause.message, { cause })
    throw cause
  }
}

async function joinWithRetries(joining: Joining): Promise<ClusterConfig> {
  const { clock, log, random, signal } = joining
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted()
    try {
      return await joinOnce(joining)
    } catch (error) {
      if (!(error instanceof JoinError) || !PASSING.has(error.code)) throw error
      const saved = failures >= ATTEMPTS_WITH_SAVED ? formerJoin(joining) : undefined
      if (saved !== undefined) {
        log.warn('server cannot be asked, going on with what it gave before', {
          why: error.message,
        })
        return saved
      }
      const delayMs = backoffMs(RETRY, failures, random)
      log.info('waiting for the server', {
        why: error.message,
        attempt: failures,
        nextInMs: Math.round(delayMs),
      })
      await clock.sleep(delayMs, signal)
    }
  }
}

/** What an earlier run left, if it is enough to work with. */
function formerJoin(joining: Joining): ClusterConfig | undefined {
  const config = savedConfig(joining.files)
  const hasAll = CERTIFICATES.every(name => isUsable(joining, name))
  return hasAll && authorityOf(joining.files, 'client-ca') !== undefined ? config : undefined
}

async function joinOnce(joining: Joining): Promise<ClusterConfig> {
  const ca = await pinAuthority(joining)
  saveAuthority(joining.files, 'server-ca', ca)
  const clientCA = await ask(joining, { method: 'GET', path: '/v1-kites/client-ca.crt' })
  saveAuthority(joining.files, 'client-ca', clientCA)
  const text = await ask(joining, { method: 'GET', path: '/v1-kites/config' })
  const config = parseConfig(text)
  if (config === undefined)
    throw new JoinError('refused', 'the server gave no usable configuration')
  for (const name of CERTIFICATES) {
    if (stateOf(joining, name) !== 'good') await obtain(joining, name)
  }
  saveConfig(joining.files, config)
  return config
}

/** The server's CA bundle, proved by the token's hash, by an earlier join, or (short token) trusted and said aloud. */
async function pinAuthority(joining: Joining): Promise<string> {
  const { serverUrl, parsed, log } = joining
  const request = { serverUrl, method: 'GET', path: '/cacerts', headers: {} } as const
  const ca = await askServer({ ...request, ca: undefined }, joining)
  const hash = hashAuthority(ca)
  const saved = authorityOf(joining.files, 'server-ca')
  if (parsed.caHash !== undefined && parsed.caHash !== hash)
    throw wrongServer(serverUrl, parsed.caHash, hash)
  if (parsed.caHash === undefined && saved !== undefined && saved !== ca) {
    throw wrongServer(serverUrl, hashAuthority(saved), hash)
  }
  if (parsed.caHash === undefined && saved === undefined) {
    log.warn(
      'the token has no CA hash: trusting the server that answered; use the full token to be safe',
      {
        server: serverUrl,
        caHash: hash,
      },
    )
  }
  // Proves that the server holds a certificate of that CA, for the name it is called by.
  await askServer({ ...request, ca }, joining)
  return ca
}

const wrongServer = (
  serverUrl: string,
  ...[expected, found]: readonly [string, string]
): JoinError =>
  new JoinError(
    'ca-mismatch',
    `${serverUrl} is not the server this token is for: its CA has hash ${found}, the token says ${expected}. Copy the token again from that server's data directory (server/node-token)`,
  )

type Ask = Pick<ServerRequest, 'method' | 'path' | 'body'> & {
  readonly headers?: Readonly<Record<string, string>>
}

/** As the node when it already is one, with the token otherwise, or when the server knows the node no more. */
async function ask(joining: Joining, request: Ask): Promise<string> {
  const { serverUrl, files } = joining
  const ca = authorityOf(files, 'server-ca')
  const base = { serverUrl, ca, ...request }
  if (isUsable(joining, 'client-kubelet')) {
    try {
      const { cert, key } = identityOf(joining, 'client-kubelet')
      return await askServer({ ...base, cert, key, headers: { ...request.headers } }, joining)
    } catch (error) {
      if (!(error instanceof JoinError) || error.code !== 'token') throw error
    }
  }
  const headers = { ...request.headers, authorization: authorization(joining.parsed) }
  return askServer({ ...base, headers }, joining)
}

function authorization({ credentials }: JoinToken): string {
  if (credentials.kind === 'bootstrap') return `Bearer ${credentials.token}`
  const pair = `${credentials.user}:${credentials.password}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

async function obtain(joining: Joining, name: CertificateName): Promise<void> {
  const { files, nodeName, nodeIPs, random, log } = joining
  const key = keyFromPem(keyOf(files, name))
  const subject = { commonName: commonName(nodeName), organizations: ['system:nodes'] }
  const certificate = await ask(joining, {
    method: 'POST',
    path: `/v1-kites/${name}.crt`,
    headers: {
      'content-type': 'application/x-pem-file',
      'kites-node-name': nodeName,
      'kites-node-password': nodePassword(files, random),
      'kites-node-ip': nodeIPs.join(','),
    },
    body: createRequest({ key, subject }),
  })
  saveCertificate(files, name, certificate)
  log.info('certificate received', { certificate: name })
}

const commonName = (nodeName: string): string => `system:node:${nodeName}`

function stateOf(joining: Joining, name: CertificateName): ReturnType<typeof certificateState> {
  const isServing = name === 'serving-kubelet'
  const authority = authorityOf(joining.files, isServing ? 'server-ca' : 'client-ca')
  if (authority === undefined) return 'missing'
  return certificateState(certificateOf(joining.files, name), {
    authority,
    key: keyOf(joining.files, name),
    commonName: commonName(joining.nodeName),
    ips: isServing ? joining.nodeIPs : [],
    nowMs: joining.clock.now(),
  })
}

function isUsable(joining: Joining, name: CertificateName): boolean {
  const state = stateOf(joining, name)
  return state === 'good' || state === 'expires soon'
}

function identityOf(joining: Joining, name: CertificateName): AgentTls {
  const { files } = joining
  const isServing = name === 'serving-kubelet'
  return {
    key: keyOf(files, name),
    cert: certificateOf(files, name) ?? '',
    ca: authorityOf(files, isServing ? 'client-ca' : 'server-ca') ?? '',
  }
}

function joined(joining: Joining, config: ClusterConfig): JoinedCluster {
  const load = (): readonly [AgentTls, AgentTls] => [
    identityOf(joining, 'client-kubelet'),
    identityOf(joining, 'serving-kubelet'),
  ]
  let current = load()
  const listeners = new Set<() => void>()
  const renew = async (signal: AbortSignal): Promise<void> => {
    const due = CERTIFICATES.filter(name => stateOf(joining, name) !== 'good')
    if (due.length === 0) return
    for (const name of due) await obtain({ ...joining, signal }, name)
    current = load()
    for (const listener of listeners) listener()
  }
  return {
    serverUrl: joining.serverUrl,
    nodeName: joining.nodeName,
    config,
    tls: () => current[0],
    serving: () => current[1],
    onRenew(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    renewal: {
      name: 'node certificate renewal',
      async run(signal) {
        while (!signal.aborted) {
          await joining.clock.sleep(RENEWAL_CHECK_MS, signal)
          if (signal.aborted) return
          try {
            await renew(signal)
          } catch (error) {
            if (signal.aborted) return
            joining.log.warn('certificate not renewed, trying again later', {
              why: messageOf(error),
            })
          }
        }
      },
    },
  }
}
