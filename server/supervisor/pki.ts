/**
 * The cluster's keys and certificates under `<dataDir>/server/tls`: made on first start, read on later ones, and
 * renewed while the server runs.
 *
 * Authorities live 10 years, leaves 365 days; a leaf with less than 120 days left, with missing names, or signed by
 * another authority is issued anew. Operators may put their own authorities there before the first start.
 * Law     A wrong clock is reported in one line and never keeps the server from starting.
 * Throws  PkiError for files that cannot be used; the file system's errors.
 * Source: k3s pkg/daemons/control/deps/deps.go for the file names. Differs: leaves renew without a restart, the
 *         service-account key is EC.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { rfc3339 } from '#api/time.ts'
import { PkiError } from '#api/pki/der.ts'
import { keyFromPem, keyToPem } from '#api/pki/keys.ts'
import type { Clock } from '#base/clock.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import {
  type Authority,
  createAuthority,
  type Identity,
  openAuthority,
} from '#client/pki/certificate.ts'
import { readIfExists, writeSecretFile } from '#client/pki/files.ts'
import { hashAuthority } from '#client/pki/join-token.ts'
import { generateKey } from '#client/pki/new-key.ts'
import { EARLIEST_PLAUSIBLE_MS, KUBERNETES_NAMES, renewLeaf, type LeafSpec } from './leaf.ts'

const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 3650
/** Authorities count from a day ago, so that a node whose clock is behind can join. */
const BACKDATE_MS = DAY_MS
const RENEWAL_CHECK_MS = 60_000

export interface PkiOptions {
  readonly dataDir: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly nodeName: string
  /** Addresses of this host, the advertised one first. */
  readonly nodeIPs: readonly string[]
  /** `--tls-san`: names and addresses. */
  readonly tlsSans: readonly string[]
  /** ClusterIP of `default/kubernetes`. */
  readonly serviceIPs: readonly string[]
  readonly clusterDomain: string
}

export interface Pki {
  readonly serverCA: Authority
  readonly clientCA: Authority
  readonly requestHeaderCA: Authority
  /** Hash of the server CA, as join tokens carry it. */
  readonly caHash: string
  /** Signs service-account tokens. */
  readonly serviceAccountKey: KeyObject
  readonly serviceAccountPublicKey: KeyObject
  /** What the listener presents now: leaf first, then the authority. */
  serving(): Identity
  /** `system:admin` of `system:masters`. */
  admin(): Identity
  /** Called after a leaf changed; returns the way to unsubscribe. */
  onRenew(listener: () => void): () => void
  /** Watches the dates and renews. */
  readonly renewal: Part
}

export function openPki(options: PkiOptions): Pki {
  const folder = join(options.dataDir, 'server', 'tls')
  const authority = (name: string): Authority => openOrCreate(options, folder, name)
  const serverCA = authority('server')
  const clientCA = authority('client')
  const requestHeaderCA = authority('request-header')
  const serviceAccountKey = openServiceKey(join(folder, 'service.key'))
  const leaves = [servingLeaf(options, serverCA), adminLeaf(clientCA)] as const
  const renew = (): readonly [Identity, Identity] => [
    renewLeaf(options, folder, leaves[0]),
    renewLeaf(options, folder, leaves[1]),
  ]
  let current = renew()
  const listeners = new Set<() => void>()
  return {
    serverCA,
    clientCA,
    requestHeaderCA,
    caHash: hashAuthority(serverCA.pem),
    serviceAccountKey,
    serviceAccountPublicKey: createPublicKey(serviceAccountKey),
    serving: () => current[0],
    admin: () => current[1],
    onRenew(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    renewal: {
      name: 'certificate renewal',
      async run(signal) {
        while (!signal.aborted) {
          await options.clock.sleep(RENEWAL_CHECK_MS, signal)
          try {
            const renewed = renew()
            if (renewed.every((identity, index) => identity.cert === current[index]?.cert)) continue
            current = renewed
          } catch (error) {
            options.log.error('certificates not renewed, trying again', { error })
            continue
          }
          for (const listener of listeners) listener()
        }
      },
    },
  }
}

function openOrCreate(options: PkiOptions, folder: string, name: string): Authority {
  const paths = { cert: join(folder, `${name}-ca.crt`), key: join(folder, `${name}-ca.key`) }
  const cert = readIfExists(paths.cert)
  const key = readIfExists(paths.key)
  // The key is written first: alone it is what an interrupted first start left, a certificate alone is a lost key.
  if (cert !== undefined && key === undefined) {
    throw new PkiError('missing', `${paths.key} is missing: put the key of ${paths.cert} back`)
  }
  const isComplete = cert !== undefined && key !== undefined
  const identity = isComplete ? { cert, key } : create(options, name, paths)
  const authority = naming(paths.cert, () => openAuthority(identity))
  reportWrongClock(options, authority, name)
  return authority
}

/** Says which file it is that cannot be used. */
function naming<T>(path: string, open: () => T): T {
  try {
    return open()
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause
    throw new PkiError(cause.code, `${path}: ${cause.message}`, { cause })
  }
}

function create(options: PkiOptions, name: string, paths: Identity): Identity {
  const now = options.clock.now()
  const identity = createAuthority({
    commonName: `kites-${name}-ca@${Math.floor(now / 1000)}`,
    notBeforeMs: now - BACKDATE_MS,
    notAfterMs: Math.max(now, EARLIEST_PLAUSIBLE_MS) + AUTHORITY_DAYS * DAY_MS,
    random: options.random,
  })
  writeSecretFile(paths.key, identity.key)
  writeSecretFile(paths.cert, identity.cert, 0o644)
  return identity
}

/** One line for all three authorities: they are made together. */
function reportWrongClock(options: PkiOptions, authority: Authority, name: string): void {
  if (name !== 'server') return
  const now = options.clock.now()
  const { notBeforeMs, notAfterMs } = authority.validity
  if (now >= Math.max(notBeforeMs, EARLIEST_PLAUSIBLE_MS) && now <= notAfterMs) return
  options.log.error(
    'the clock of this host is wrong or the cluster CA has expired; set the clock',
    {
      now: rfc3339(now),
      notBefore: rfc3339(notBeforeMs),
      notAfter: rfc3339(notAfterMs),
    },
  )
}

function openServiceKey(path: string): KeyObject {
  const existing = readIfExists(path)
  if (existing !== undefined) return naming(path, () => keyFromPem(existing))
  const key = generateKey()
  writeSecretFile(path, keyToPem(key))
  return key
}

const servingLeaf = (options: PkiOptions, authority: Authority): LeafSpec => ({
  name: 'serving-kube-apiserver',
  authority,
  subject: { commonName: 'kube-apiserver', organizations: [] },
  usages: ['server auth'],
  names: [
    ...new Set([
      ...KUBERNETES_NAMES,
      `kubernetes.default.svc.${options.clusterDomain}`,
      options.nodeName,
      ...options.serviceIPs,
      ...options.nodeIPs,
      ...options.tlsSans,
    ]),
  ],
})

const adminLeaf = (authority: Authority): LeafSpec => ({
  name: 'client-admin',
  authority,
  subject: { commonName: 'system:admin', organizations: ['system:masters'] },
  usages: ['client auth'],
  names: [],
})
