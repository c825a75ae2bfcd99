/**
 * How admission plugins read the objects they are given and how they refuse. Pure.
 * Source: k8s.io/apiserver pkg/admission/errors.go
 */
import type { AnyObject } from '#api/object.ts'
import type { AdmissionAttributes } from '#api/request.ts'
import { forbidden, type StatusError } from '#api/status.ts'
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '#api/types/admissionregistration-v1.ts'
import type { TokenRequest } from '#api/types/authentication-v1.ts'
import type { CertificateSigningRequest } from '#api/types/certificates-v1.ts'
import type { Node, Pod } from '#api/types/core-v1.ts'
import type { ResourceClaim, ResourceClaimTemplate, ResourceSlice } from '#api/types/resource-v1.ts'
import type { PriorityClass } from '#api/types/scheduling-v1.ts'

/** 403 with the object's name, also while it is only going to be generated. */
export function refuse(attributes: AdmissionAttributes, why: string): StatusError {
  const { name, generateName } = attributes.object?.metadata ?? {}
  const known = [attributes.name, name, generateName].find(
    text => text !== undefined && text !== '',
  )
  const { group, resource } = attributes
  return forbidden({ group, resource, name: known ?? 'Unknown' }, why)
}

/** `pods`, `pods/status`, `leases.coordination.k8s.io` */
export const targetOf = ({ group, resource, subresource }: AdmissionAttributes): string =>
  `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`

/** The name a request is about; on create it stands in the body. */
export const nameOf = ({ name, object }: AdmissionAttributes): string =>
  name === '' ? (object?.metadata.name ?? '') : name

interface AdmittedKinds {
  readonly pods: Pod
  readonly nodes: Node
  readonly tokenrequests: TokenRequest
  readonly priorityclasses: PriorityClass
  readonly certificatesigningrequests: CertificateSigningRequest
  readonly resourceclaims: ResourceClaim
  readonly resourceslices: ResourceSlice
  readonly resourceclaimtemplates: ResourceClaimTemplate
  /** Of both kinds. */
  readonly admissionpolicies: ValidatingAdmissionPolicy
  readonly admissionpolicybindings: ValidatingAdmissionPolicyBinding
}

/** The seam: the registry has decoded the object as the resource's kind before it asks for admission. */
export const isKind = <K extends keyof AdmittedKinds>(
  _kind: K,
  _object: AnyObject | undefined,
): _object is AnyObject & AdmittedKinds[K] => _object !== undefined
