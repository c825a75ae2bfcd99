/**
 * Decides about CertificateSigningRequests of nodes: which are approved, which are signed, which are old. Pure.
 *
 * Approved are requests for a node's client certificate by a joining machine (bootstrap group) or by the node itself.
 * Everything else waits for a human, serving certificates too: a node would get one for the API server's own names.
 * (An agent has its serving certificate from the join API, which knows those names.)
 * Source: kubernetes pkg/controller/certificates/approver/sarapprove.go, signer/signer.go, cleaner/cleaner.go,
 * pkg/apis/certificates/helpers.go. Differs: groups decide, where upstream asks an authorizer about two verbs that
 * its default roles give to exactly these groups.
 */
import type { CertificateSigningRequest } from '#api/types/certificates-v1.ts'
import type { RequestFacts } from '../deps.ts'

export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet'
export const SERVING_SIGNER = 'kubernetes.io/kubelet-serving'

/** Signed once somebody approved; the first two also have to be for a node. */
const SIGNED: readonly string[] = [
  CLIENT_SIGNER,
  SERVING_SIGNER,
  'kubernetes.io/kube-apiserver-client',
  'kubernetes.io/legacy-unknown',
]

const NODES = 'system:nodes'
const NODE_PREFIX = 'system:node:'
const BOOTSTRAPPERS = 'system:bootstrappers'

const APPROVED_MAX_AGE_MS = 3_600_000
const PENDING_MAX_AGE_MS = 24 * 3_600_000

const conditionOf = (request: CertificateSigningRequest, type: string) =>
  request.status?.conditions?.find(condition => condition.type === type)

export const isDecided = (request: CertificateSigningRequest): boolean =>
  conditionOf(request, 'Approved') !== undefined || conditionOf(request, 'Denied') !== undefined

/** Approved, not failed, not yet issued. */
export const wantsSigning = (request: CertificateSigningRequest): boolean =>
  conditionOf(request, 'Approved') !== undefined &&
  conditionOf(request, 'Denied') === undefined &&
  conditionOf(request, 'Failed') === undefined &&
  (request.status?.certificate ?? '') === '' &&
  SIGNED.includes(request.spec.signerName)

/** Why a node's signer cannot take a request; undefined when it can. Other signers judge for themselves. */
export function signerFault(
  request: CertificateSigningRequest,
  facts: RequestFacts,
): string | undefined {
  const { signerName, usages = [] } = request.spec
  if (signerName !== CLIENT_SIGNER && signerName !== SERVING_SIGNER) return undefined
  const isClient = signerName === CLIENT_SIGNER
  const extra = isClient ? 'client auth' : 'server auth'
  const allowed: readonly string[] = ['digital signature', 'key encipherment', extra]
  if (facts.organizations.length !== 1 || facts.organizations[0] !== NODES) {
    return 'subject organization is not system:nodes'
  }
  if (!facts.commonName.startsWith(NODE_PREFIX)) {
    return 'subject common name does not begin with system:node:'
  }
  if (!usages.some(usage => usage === extra) || !usages.every(usage => allowed.includes(usage))) {
    return 'usages did not match'
  }
  if (facts.emailAddresses.length > 0) return 'email subjectAltNames are not allowed'
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed'
  const names = facts.dnsNames.length + facts.ipAddresses.length
  if (isClient && facts.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (isClient && facts.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (!isClient && names === 0) return 'at least one DNS or IP subjectAltName is required'
  return undefined
}

/** The message of the approval, or undefined when the request waits for a human. */
export function approval(
  request: CertificateSigningRequest,
  facts: RequestFacts,
): string | undefined {
  const { signerName, username = '', groups = [] } = request.spec
  if (signerFault(request, facts) !== undefined) return undefined
  if (signerName !== CLIENT_SIGNER) return undefined
  if (groups.includes(NODES) && username === facts.commonName)
    return 'Auto approving self kubelet client certificate after SubjectAccessReview.'
  return groups.includes(BOOTSTRAPPERS)
    ? 'Auto approving kubelet client certificate after SubjectAccessReview.'
    : undefined
}

/** Old requests are litter: approved ones after an hour, others after a day. */
export function isStale(request: CertificateSigningRequest, nowMs: number): boolean {
  const created = Date.parse(request.metadata.creationTimestamp ?? '')
  if (Number.isNaN(created)) return false
  const maxAgeMs = isDecided(request) ? APPROVED_MAX_AGE_MS : PENDING_MAX_AGE_MS
  return nowMs - created > maxAgeMs
}
