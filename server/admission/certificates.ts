/**
 * CertificateApproval, CertificateSigning and CertificateSubjectRestriction: who may approve and sign for a signer, and
 * that nobody becomes `system:masters` through a request.
 *
 * Source: kubernetes plugin/pkg/admission/certificates/{approval,signing,subjectrestriction}/admission.go
 */
import { isDeepStrictEqual } from 'node:util'
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from '#api/request.ts'
import { PkiError } from '#api/pki/der.ts'
import { readRequest } from '#api/pki/request.ts'
import { MASTERS } from '../auth/identity.ts'
import { isKind, refuse, targetOf } from './refusal.ts'

const RESOURCE = 'certificatesigningrequests.certificates.k8s.io'
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'

export interface CertificateAdmissionDeps {
  readonly authorizer: Authorizer
}

export const createCertificateApproval = (deps: CertificateAdmissionDeps): AdmissionPlugin => ({
  name: 'CertificateApproval',
  handles: operation => operation === 'UPDATE',
  async validate(attributes) {
    const { oldObject } = attributes
    if (targetOf(attributes) !== `${RESOURCE}/approval`) return
    if (!isKind('certificatesigningrequests', oldObject)) return
    const { signerName } = oldObject.spec
    if (await maySign(deps, attributes, { verb: 'approve', signerName })) return
    throw refuse(
      attributes,
      `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`,
    )
  },
})

export const createCertificateSigning = (deps: CertificateAdmissionDeps): AdmissionPlugin => ({
  name: 'CertificateSigning',
  handles: operation => operation === 'UPDATE',
  async validate(attributes) {
    const { object, oldObject } = attributes
    if (targetOf(attributes) !== `${RESOURCE}/status`) return
    if (!isKind('certificatesigningrequests', object)) return
    if (!isKind('certificatesigningrequests', oldObject)) return
    const isSame =
      object.status?.certificate === oldObject.status?.certificate &&
      isDeepStrictEqual(object.status?.conditions ?? [], oldObject.status?.conditions ?? [])
    const { signerName } = oldObject.spec
    if (isSame || (await maySign(deps, attributes, { verb: 'sign', signerName }))) return
    throw refuse(
      attributes,
      `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`,
    )
  },
})

export const createCertificateSubjectRestriction = (): AdmissionPlugin => ({
  name: 'CertificateSubjectRestriction',
  handles: operation => operation === 'CREATE',
  validate(attributes) {
    const { object } = attributes
    if (targetOf(attributes) !== RESOURCE || !isKind('certificatesigningrequests', object)) return
    if (object.spec.signerName !== CLIENT_SIGNER) return
    const organizations = organizationsOf(attributes, object.spec.request)
    if (!organizations.includes(MASTERS)) return
    throw refuse(attributes, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`)
  },
})

function organizationsOf(attributes: AdmissionAttributes, base64: string): readonly string[] {
  try {
    return readRequest(Buffer.from(base64, 'base64')).subject.organizations
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    throw refuse(attributes, `failed to parse CSR: ${error.message}`)
  }
}

/** For the signer itself, or for all of its domain (`example.com/*`). */
async function maySign(
  { authorizer }: CertificateAdmissionDeps,
  { user }: AdmissionAttributes,
  { verb, signerName }: { readonly verb: 'approve' | 'sign'; readonly signerName: string },
): Promise<boolean> {
  const domain = signerName.split('/')[0] ?? ''
  for (const name of [signerName, `${domain}/*`]) {
    const { decision } = await authorizer.authorize({
      user,
      verb,
      name,
      isResource: true,
      path: '',
      group: 'certificates.k8s.io',
      version: '*',
      resource: 'signers',
      subresource: '',
      namespace: '',
    })
    if (decision === 'allow') return true
  }
  return false
}
