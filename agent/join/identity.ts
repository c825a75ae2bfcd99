/**
 * Who this host is to the cluster: its node password, its keys and the certificates issued for them, on disk.
 *
 *   <dataDir>/agent/server-ca.crt        the pinned authority
 *   <dataDir>/agent/client-ca.crt        verifies the API server as a client of the node
 *   <dataDir>/agent/client-kubelet.*     system:node:<name>, towards the server
 *   <dataDir>/agent/serving-kubelet.*    the node API's own serving certificate
 *   <dataDir>/agent/cluster.json         the configuration the server gave last
 *
 * Law     Damaged keys and certificates are as good as none: they are made and asked for again.
 * Throws  the file system's errors.
 * Source: k3s pkg/agent/config/config.go for the file names
 */
import { join } from 'node:path'
import { keyFromPem, keyToPem } from '#api/pki/keys.ts'
import type { Random } from '#base/random.ts'
import { inspectCertificate, isFor, isSignedBy } from '#client/pki/certificate.ts'
import { readIfExists, writeSecretFile } from '#client/pki/files.ts'
import { generateKey } from '#client/pki/new-key.ts'

export interface AgentTls {
  readonly key: string
  readonly cert: string
  readonly ca: string
}

export interface ClusterConfig {
  readonly clusterCIDR: string
  readonly serviceCIDR: string
  readonly clusterDNS: string
  readonly clusterDomain: string
}

export type CertificateName = 'client-kubelet' | 'serving-kubelet'

const DAY_MS = 86_400_000
export const RENEW_BEFORE_DAYS = 120
const PASSWORD_BYTES = 16
/** Where the node password lies unless the caller says otherwise: it outlives the data directory. */
const NODE_PASSWORD_FILE = '/etc/kites/node/password'

export interface IdentityFiles {
  readonly folder: string
  readonly passwordFile: string
}

export const identityFiles = (
  dataDir: string,
  passwordFile = NODE_PASSWORD_FILE,
): IdentityFiles => ({
  folder: join(dataDir, 'agent'),
  passwordFile,
})

export function nodePassword(files: IdentityFiles, random: Random): string {
  const existing = readIfExists(files.passwordFile)?.trim() ?? ''
  if (existing !== '') return existing
  const password = random.bytes(PASSWORD_BYTES).toString('hex')
  writeSecretFile(files.passwordFile, `${password}\n`)
  return password
}

/** The key of a certificate, made on first use. It never leaves this host. */
export function keyOf(files: IdentityFiles, name: CertificateName): string {
  const path = join(files.folder, `${name}.key`)
  const existing = readIfExists(path)
  if (existing !== undefined && isKey(existing)) return existing
  const key = keyToPem(generateKey())
  writeSecretFile(path, key)
  return key
}

function isKey(pem: string): boolean {
  try {
    keyFromPem(pem)
    return true
  } catch {
    return false
  }
}

export const certificateOf = (files: IdentityFiles, name: CertificateName): string | undefined =>
  readIfExists(join(files.folder, `${name}.crt`))

export const saveCertificate = (files: IdentityFiles, name: CertificateName, pem: string): void =>
  writeSecretFile(join(files.folder, `${name}.crt`), pem)

export type AuthorityName = 'server-ca' | 'client-ca'

export const authorityOf = (files: IdentityFiles, name: AuthorityName): string | undefined =>
  readIfExists(join(files.folder, `${name}.crt`))

export const saveAuthority = (files: IdentityFiles, name: AuthorityName, pem: string): void =>
  writeSecretFile(join(files.folder, `${name}.crt`), pem)

export const saveConfig = (files: IdentityFiles, config: ClusterConfig): void =>
  writeSecretFile(join(files.folder, 'cluster.json'), `${JSON.stringify(config)}\n`)

export function savedConfig(files: IdentityFiles): ClusterConfig | undefined {
  const text = readIfExists(join(files.folder, 'cluster.json'))
  return text === undefined ? undefined : parseConfig(text)
}

/** Undefined for anything that is not a whole configuration. */
export function parseConfig(text: string): ClusterConfig | undefined {
  const value: unknown = parseJson(text)
  if (typeof value !== 'object' || value === null) return undefined
  const field = (name: string): string => {
    const found = Object.entries(value).find(([key]) => key === name)?.[1]
    return typeof found === 'string' ? found : ''
  }
  const config = {
    clusterCIDR: field('clusterCIDR'),
    serviceCIDR: field('serviceCIDR'),
    clusterDNS: field('clusterDNS'),
    clusterDomain: field('clusterDomain'),
  }
  return Object.values(config).includes('') ? undefined : config
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export type CertificateState = 'good' | 'expires soon' | 'missing' | 'useless'

export interface ExpectedCertificate {
  readonly authority: string
  /** PEM of the private key it shall belong to. */
  readonly key: string
  readonly commonName: string
  readonly ips: readonly string[]
  readonly nowMs: number
}

/** Whether a certificate on disk can still be used, and whether it should be renewed. Pure. */
export function certificateState(
  pem: string | undefined,
  expected: ExpectedCertificate,
): CertificateState {
  if (pem === undefined) return 'missing'
  try {
    return stateOf(pem, expected)
  } catch {
    return 'useless'
  }
}

function stateOf(pem: string, expected: ExpectedCertificate): CertificateState {
  const { subject, ips, notAfterMs } = inspectCertificate(pem)
  if (!isSignedBy(pem, expected.authority)) return 'useless'
  if (!isFor(pem, keyFromPem(expected.key))) return 'useless'
  if (subject.commonName !== expected.commonName) return 'useless'
  if (expected.ips.some(ip => !ips.includes(ip))) return 'useless'
  if (notAfterMs <= expected.nowMs) return 'useless'
  return notAfterMs - expected.nowMs < RENEW_BEFORE_DAYS * DAY_MS ? 'expires soon' : 'good'
}
