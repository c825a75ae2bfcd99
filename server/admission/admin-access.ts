/**
 * Administrative access to devices: claims that ask for it, or are given it, live in namespaces labelled for that.
 *
 * Throws  StatusError(Invalid) that blames the first request or result of that kind.
 * Source: kubernetes pkg/registry/resource AuthorizedForAdmin, AuthorizedForAdminStatus: there part of the validation
 */
import type { AdmissionAttributes, AdmissionPlugin } from '#api/request.ts'
import { invalid } from '#api/status.ts'
import type { DeviceRequest, ResourceClaim } from '#api/types/resource-v1.ts'
import { forbidden } from '#api/validation/fault.ts'
import type { ObjectReader } from '../auth/object-reader.ts'
import { isKind, nameOf, targetOf } from './refusal.ts'

const LABEL = 'resource.kubernetes.io/admin-access'
const REQUIRED = `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`

const askingField = (requests: readonly DeviceRequest[] = []): string | undefined => {
  const index = requests.findIndex(({ exactly }) => exactly?.adminAccess === true)
  return index < 0 ? undefined : `spec.devices.requests[${index}].adminAccess`
}

const grantingField = ({ status }: ResourceClaim): string | undefined => {
  const results = status?.allocation?.devices?.results ?? []
  const index = results.findIndex(({ adminAccess }) => adminAccess === true)
  return index < 0 ? undefined : `status.allocation.devices.results[${index}].adminAccess`
}

/** The field that needs the label; undefined when none does. Specs never change, and what was granted stays so. */
function privilegedField(attributes: AdmissionAttributes): string | undefined {
  const { object, oldObject, operation } = attributes
  const isNew = operation === 'CREATE'
  switch (targetOf(attributes)) {
    case 'resourceclaims.resource.k8s.io':
      return isNew && isKind('resourceclaims', object)
        ? askingField(object.spec.devices?.requests)
        : undefined
    case 'resourceclaimtemplates.resource.k8s.io':
      // The path is a claim's upstream, too.
      return isNew && isKind('resourceclaimtemplates', object)
        ? askingField(object.spec.spec.devices?.requests)
        : undefined
    case 'resourceclaims.resource.k8s.io/status':
      return isKind('resourceclaims', object) &&
        !(isKind('resourceclaims', oldObject) && grantingField(oldObject) !== undefined)
        ? grantingField(object)
        : undefined
    default:
      return undefined
  }
}

export function createAdminAccess(deps: {
  readonly reader: Pick<ObjectReader, 'get'>
}): AdmissionPlugin {
  return {
    name: 'AdminAccess',
    handles: operation => operation === 'CREATE' || operation === 'UPDATE',
    validate(attributes) {
      const field = privilegedField(attributes)
      if (field === undefined) return
      const namespace = deps.reader.get('namespaces', '', attributes.namespace)
      if (namespace?.metadata.labels?.[LABEL] === 'true') return
      const { group, kind } = attributes
      throw invalid({ group, kind, name: nameOf(attributes) }, [forbidden(field, REQUIRED)])
    },
  }
}
