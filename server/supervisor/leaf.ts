/**
 * One leaf certificate kept on disk beside its key: reused while it is good, issued anew when it is not.
 *
 * `planLeaf` decides, purely; `renewLeaf` reads, asks it, signs and writes.
 */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { keyFromPem, keyToPem } from '#api/pki/keys.ts'
import { type AltNames, ipOctets, ipText, type Subject } from '#api/pki/names.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import {
  type Authority,
  type CertificateInfo,
  type ExtendedUsage,
  type Identity,
  inspectCertificate,
  isSignedBy,
  issueCertificate,
} from '#client/pki/certificate.ts'
import { readIfExists, writeSecretFile } from '#client/pki/files.ts'
import { generateKey } from '#client/pki/new-key.ts'

const DAY_MS = 86_400_000
const LEAF_DAYS = 365
export const RENEW_BEFORE_DAYS = 120
/** No clock that is right shows an earlier time; dates made under an earlier one reach at least as far as from here. */
export const EARLIEST_PLAUSIBLE_MS = Date.UTC(2026, 0, 1)

/** Names of the API's Service, short of the cluster domain. */
export const SERVICE_NAMES = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'] as const

/** Names that every server answers to. */
export const KUBERNETES_NAMES: readonly string[] = [
  ...SERVICE_NAMES,
  'localhost',
  '127.0.0.1',
  '::1',
]

export interface LeafSpec {
  /** File name without extension. */
  readonly name: string
  readonly authority: Authority
  readonly subject: Subject
  readonly usages: readonly ExtendedUsage[]
  /** DNS names and IP addresses, mixed. */
  readonly names: readonly string[]
}

export interface Existing extends CertificateInfo {
  /** Signed by the authority that would sign it now. */
  readonly isOurs: boolean
}

export type LeafReason = 'missing' | 'foreign authority' | 'names changed' | 'expires soon'

/** Why a leaf must be issued; undefined keeps it. */
export function planLeaf(
  existing: Existing | undefined,
  spec: Pick<LeafSpec, 'names' | 'subject'>,
  nowMs: number,
): LeafReason | undefined {
  if (existing === undefined) return 'missing'
  if (!existing.isOurs) return 'foreign authority'
  const names = new Set([...existing.dns, ...existing.ips])
  const wanted = altNamesOf(spec.names)
  if ([...wanted.dns, ...wanted.ips].some(name => !names.has(name))) return 'names changed'
  if (existing.subject.commonName !== spec.subject.commonName) return 'names changed'
  return existing.notAfterMs - nowMs < RENEW_BEFORE_DAYS * DAY_MS ? 'expires soon' : undefined
}

export interface LeafDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** The identity on disk, renewed first when it needs to be. Its certificate is followed by the authority's. */
export function renewLeaf(deps: LeafDeps, folder: string, spec: LeafSpec): Identity {
  const paths = { cert: join(folder, `${spec.name}.crt`), key: join(folder, `${spec.name}.key`) }
  const existing = { cert: readIfExists(paths.cert), key: readIfExists(paths.key) }
  const now = deps.clock.now()
  const { cert, key } = existing
  const info =
    cert === undefined || key === undefined ? undefined : inspectPair({ cert, key }, spec.authority)
  const reason = planLeaf(info, spec, now)
  if (reason === undefined && cert !== undefined && key !== undefined) return { cert, key }
  // A readable pair keeps its key, so that who pinned it is not surprised.
  const renewed = issueLeaf(deps, spec, info === undefined ? undefined : key)
  writeSecretFile(paths.key, renewed.key)
  writeSecretFile(paths.cert, renewed.cert, 0o644)
  deps.log.info('certificate issued', { certificate: spec.name, why: reason })
  return renewed
}

/** Undefined when the two are not a pair or cannot be read: then both are made anew. */
function inspectPair(pair: Identity, authority: Authority): Existing | undefined {
  try {
    if (!new X509Certificate(pair.cert).checkPrivateKey(keyFromPem(pair.key))) return undefined
    return { ...inspectCertificate(pair.cert), isOurs: isSignedBy(pair.cert, authority.pem) }
  } catch {
    return undefined
  }
}

function issueLeaf(deps: LeafDeps, spec: LeafSpec, existingKey: string | undefined): Identity {
  const key = existingKey === undefined ? generateKey() : keyFromPem(existingKey)
  const now = deps.clock.now()
  const leaf = issueCertificate(spec.authority, {
    subject: spec.subject,
    publicKey: key,
    usages: spec.usages,
    ...(spec.names.length === 0 ? {} : { altNames: altNamesOf(spec.names) }),
    ...leafValidity(spec.authority, now),
    random: deps.random,
  })
  return { key: keyToPem(key), cert: leaf + spec.authority.pem }
}

/** From the authority's first day, so that a peer whose clock is behind accepts it. */
export const leafValidity = (
  authority: Authority,
  nowMs: number,
): { readonly notBeforeMs: number; readonly notAfterMs: number } => ({
  notBeforeMs: Math.min(nowMs, authority.validity.notBeforeMs),
  notAfterMs: Math.max(nowMs, EARLIEST_PLAUSIBLE_MS) + LEAF_DAYS * DAY_MS,
})

/** Sorts a mixed list into DNS names and addresses, without repetition. */
export function altNamesOf(names: readonly string[]): AltNames {
  const unique = [...new Set(names.filter(name => name !== ''))]
  const ips = unique.filter(name => isIP(name) !== 0).map(ip => ipText(ipOctets(ip)))
  return {
    dns: unique.filter(name => isIP(name) === 0),
    ips: [...new Set(ips)],
    emails: [],
    uris: [],
  }
}
