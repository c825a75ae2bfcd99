/**
 * NamespaceLifecycle: nothing is created in a namespace that does not exist or is being deleted, and the namespaces
 * the system lives in cannot be deleted.
 *
 * Source: k8s.io/apiserver pkg/admission/plugin/namespace/lifecycle/admission.go
 */
import type { AdmissionAttributes, AdmissionPlugin } from '#api/request.ts'
import { forbidden, notFound, StatusError } from '#api/status.ts'
import type { ObjectGetter } from '../auth/object-reader.ts'

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public'])
/** Asks about a namespace without needing it. */
const ACCESS_REVIEW = 'localsubjectaccessreviews'

export const createNamespaceLifecycle = (deps: {
  readonly reader: ObjectGetter
}): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',
  handles: operation => operation !== 'CONNECT',
  admit(attributes) {
    const { group, resource, operation, namespace } = attributes
    const isNamespace = group === '' && resource === 'namespaces'
    const isExempt = operation === 'DELETE' || resource === ACCESS_REVIEW
    if (isNamespace || isExempt || namespace === '') return undefined
    const found = deps.reader.get('namespaces', '', namespace)
    if (found === undefined) throw notFound({ group: '', resource: 'namespaces', name: namespace })
    const isEnding =
      found.status?.phase === 'Terminating' || found.metadata.deletionTimestamp !== undefined
    if (operation === 'CREATE' && isEnding) throw terminating(attributes)
    return undefined
  },
  /** Deletes are only validated. */
  validate({ group, resource, operation, name }) {
    const isNamespace = group === '' && resource === 'namespaces'
    if (!isNamespace || operation !== 'DELETE' || !IMMORTAL.has(name)) return
    throw forbidden({ group, resource, name }, 'this namespace may not be deleted')
  },
})

function terminating(attributes: AdmissionAttributes): StatusError {
  const { namespace, group, resource, name, object } = attributes
  const known =
    name === '' ? (object?.metadata.name ?? object?.metadata.generateName ?? 'Unknown') : name
  const error = forbidden(
    { group, resource, name: known },
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  )
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  return new StatusError('Forbidden', error.message, { ...error.details, causes: [cause] })
}
