/**
 * Signs certificate requests: for joining nodes, and for CertificateSigningRequest objects.
 *
 * Each signer has a table row: which authority, which usages, and what the request may ask for.
 * Throws  SignerError with the text that upstream writes into the Failed condition, PkiError for unreadable requests.
 * Source: kubernetes pkg/controller/certificates/signer/signer.go, pkg/apis/certificates/helpers.go
 */
import { readRequest, type SigningRequest } from '#api/pki/request.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { type Authority, type ExtendedUsage, issueCertificate } from '#client/pki/certificate.ts'
import { leafValidity } from './leaf.ts'
import type { Pki } from './pki.ts'

export class SignerError extends Error {}

export interface SignOptions {
  /** `spec.request` decoded from base64: PEM (or DER). */
  readonly pem: Buffer | string
  readonly signerName: string
  readonly usages: readonly string[]
  readonly expirationSeconds?: number
}

export interface Signer {
  /** The leaf in PEM, without its chain. */
  signCsr(options: SignOptions): string
  /** True for the signers this cluster has. */
  knows(signerName: string): boolean
}

interface SignerRow {
  readonly authority: 'clientCA' | 'serverCA'
  /** Faults of the request; undefined accepts it. */
  readonly validate: (request: SigningRequest, usages: readonly string[]) => string | undefined
}

const NODE_PREFIX = 'system:node:'
const NODES_GROUP = 'system:nodes'

const SIGNERS: Readonly<Record<string, SignerRow>> = {
  'kubernetes.io/kube-apiserver-client': { authority: 'clientCA', validate: forClient },
  'kubernetes.io/kube-apiserver-client-kubelet': {
    authority: 'clientCA',
    validate: forKubeletClient,
  },
  'kubernetes.io/kubelet-serving': { authority: 'serverCA', validate: forKubeletServing },
  'kubernetes.io/legacy-unknown': { authority: 'clientCA', validate: () => undefined },
}

const MIN_SECONDS = 600

export function createSigner(
  pki: Pick<Pki, 'clientCA' | 'serverCA'>,
  deps: { readonly clock: Clock; readonly random: Random },
): Signer {
  return {
    knows: name => SIGNERS[name] !== undefined,
    signCsr(options) {
      const row = SIGNERS[options.signerName]
      if (row === undefined) throw new SignerError(`no signer "${options.signerName}"`)
      const request = readRequest(Buffer.from(options.pem))
      const fault = row.validate(request, options.usages)
      if (fault !== undefined) throw new SignerError(fault)
      return sign(pki[row.authority], { request, options, ...deps })
    },
  }
}

function sign(
  authority: Authority,
  job: { request: SigningRequest; options: SignOptions; clock: Clock; random: Random },
): string {
  const { request, options } = job
  const now = job.clock.now()
  const validity = leafValidity(authority, now)
  const wanted = options.expirationSeconds
  const { dns, ips, emails, uris } = request.altNames
  const hasAltNames = dns.length + ips.length + emails.length + uris.length > 0
  return issueCertificate(authority, {
    subject: request.subject,
    publicKey: request.publicKey,
    usages: options.usages.filter(isExtended),
    ...(hasAltNames ? { altNames: request.altNames } : {}),
    ...validity,
    ...(wanted === undefined
      ? {}
      : { notAfterMs: Math.min(validity.notAfterMs, now + Math.max(MIN_SECONDS, wanted) * 1000) }),
    random: job.random,
  })
}

const isExtended = (usage: string): usage is ExtendedUsage =>
  usage === 'client auth' || usage === 'server auth'

const CLIENT_USAGES = ['client auth', 'digital signature', 'key encipherment']
const SERVING_USAGES = ['server auth', 'digital signature', 'key encipherment']

const onlyContains = (usages: readonly string[], allowed: readonly string[]): boolean =>
  usages.every(usage => allowed.includes(usage))

function forClient(_request: SigningRequest, usages: readonly string[]): string | undefined {
  const isClient = usages.includes('client auth') && onlyContains(usages, CLIENT_USAGES)
  return isClient ? undefined : `usages did not match [${CLIENT_USAGES.join(' ')}]`
}

function forKubeletClient(request: SigningRequest, usages: readonly string[]): string | undefined {
  const fault = forNode(request)
  if (fault !== undefined) return fault
  const { dns, ips, emails, uris } = request.altNames
  if (dns.length > 0) return 'DNS subjectAltNames are not allowed'
  if (emails.length > 0) return 'Email subjectAltNames are not allowed'
  if (ips.length > 0) return 'IP subjectAltNames are not allowed'
  if (uris.length > 0) return 'URI subjectAltNames are not allowed'
  return forClient(request, usages)
}

function forKubeletServing(request: SigningRequest, usages: readonly string[]): string | undefined {
  const fault = forNode(request)
  if (fault !== undefined) return fault
  const { dns, ips, emails, uris } = request.altNames
  if (dns.length === 0 && ips.length === 0)
    return 'at least one DNS or IP subjectAltName is required'
  if (emails.length > 0) return 'Email subjectAltNames are not allowed'
  if (uris.length > 0) return 'URI subjectAltNames are not allowed'
  const isServing = usages.includes('server auth') && onlyContains(usages, SERVING_USAGES)
  return isServing ? undefined : `usages did not match [${SERVING_USAGES.join(' ')}]`
}

function forNode({ subject }: SigningRequest): string | undefined {
  if (subject.organizations.length !== 1 || subject.organizations[0] !== NODES_GROUP) {
    return `subject organization is not ${NODES_GROUP}`
  }
  return subject.commonName.startsWith(NODE_PREFIX)
    ? undefined
    : `subject common name does not begin with ${NODE_PREFIX}`
}
