/**
 * NodeRestriction: a node changes only its own Node, Lease and pods, gives itself no labels that would attract other
 * pods' secrets, and gets tokens only for pods that run on it.
 *
 * Source: kubernetes plugin/pkg/admission/noderestriction/admission.go
 */
import { isDeepStrictEqual } from 'node:util'
import type { AdmissionAttributes, AdmissionPlugin } from '#api/request.ts'
import { notFound } from '#api/status.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { nodeIdentity } from '../auth/identity.ts'
import { referencesOf } from '../auth/node-graph.ts'
import type { ObjectGetter } from '../auth/object-reader.ts'
import { forbiddenLabels } from './node-labels.ts'
import { isKind, nameOf, refuse, targetOf } from './refusal.ts'

interface Check {
  readonly reader: ObjectGetter
  readonly nodeName: string
  readonly attributes: AdmissionAttributes
}

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'
const LEASE_NAMESPACE = 'kube-node-lease'

/** By target; a node's request for anything else is none of this plugin's business. */
const CHECKS: Readonly<Record<string, (check: Check) => void>> = {
  pods: checkPod,
  'pods/status': checkPodStatus,
  'pods/eviction': checkEviction,
  nodes: checkNode,
  'nodes/status': checkNode,
  'serviceaccounts/token': checkToken,
  'leases.coordination.k8s.io': checkLease,
  'csinodes.storage.k8s.io': checkCsiNode,
  'resourceslices.resource.k8s.io': checkSlice,
}

export const createNodeRestriction = (deps: {
  readonly reader: ObjectGetter
}): AdmissionPlugin => ({
  name: 'NodeRestriction',
  handles: operation => operation !== 'CONNECT',
  /** Not in `admit`: subresources that store nothing (token, eviction) and deletes are only validated. */
  validate(attributes) {
    const identity = nodeIdentity(attributes.user)
    if (identity === undefined) return
    if (identity.nodeName === '') {
      throw refuse(attributes, `could not determine node from user ${quote(attributes.user.name)}`)
    }
    restrict({ ...deps, nodeName: identity.nodeName, attributes })
  },
})

function restrict(check: Check): void {
  const { attributes } = check
  const target = targetOf(attributes)
  const rule = CHECKS[target]
  if (rule !== undefined) return rule(check)
  if (attributes.group === '' && attributes.resource === 'pods') {
    const why = `unexpected pod subresource ${quote(attributes.subresource)}, only 'status' and 'eviction' are allowed`
    throw refuse(attributes, why)
  }
}

const quote = (text: string): string => JSON.stringify(text)

function checkPod(check: Check): void {
  const { attributes, nodeName } = check
  if (attributes.operation === 'CREATE') return checkPodCreate(check)
  if (attributes.operation === 'DELETE') {
    if (existingPod(check, attributes.name).spec?.nodeName === nodeName) return
    throw refuse(
      attributes,
      `node ${quote(nodeName)} can only delete pods with spec.nodeName set to itself`,
    )
  }
  throw refuse(
    attributes,
    `unexpected operation ${quote(attributes.operation)}, node ${quote(nodeName)} can only create and delete mirror pods`,
  )
}

function existingPod({ reader, attributes }: Check, name: string): Pod {
  const pod = reader.get('pods', attributes.namespace, name)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name })
  return pod
}

function checkPodCreate(check: Check): void {
  const { attributes, nodeName } = check
  const { object: pod } = attributes
  if (!isKind('pods', pod)) return
  const node = `node ${quote(nodeName)}`
  const annotations = pod.metadata.annotations ?? {}
  if (annotations[MIRROR_ANNOTATION] === undefined) {
    throw refuse(
      attributes,
      `pod does not have ${quote(MIRROR_ANNOTATION)} annotation, ${node} can only create mirror pods`,
    )
  }
  if (pod.spec?.nodeName !== nodeName) {
    throw refuse(attributes, `${node} can only create pods with spec.nodeName set to itself`)
  }
  checkOwner(check, pod)
  if ((pod.spec.serviceAccountName ?? '') !== '') {
    throw refuse(attributes, `${node} can not create pods that reference a service account`)
  }
  const { [MIRROR_ANNOTATION]: _mirror, ...others } = annotations
  const references = referencesOf({ ...pod, metadata: { ...pod.metadata, annotations: others } })
  for (const resource of ['secrets', 'configmaps', 'persistentvolumeclaims']) {
    if (!references.some(reference => reference.startsWith(`${resource}/`))) continue
    throw refuse(attributes, `${node} can not create pods that reference ${resource}`)
  }
  if ((pod.spec.resourceClaims ?? []).length > 0)
    throw refuse(attributes, `${node} can not create pods that reference resourceclaims`)
}

function checkOwner({ reader, attributes, nodeName }: Check, pod: Pod): void {
  const node = `node ${quote(nodeName)}`
  const [owner, ...others] = pod.metadata.ownerReferences ?? []
  if (others.length > 0) {
    throw refuse(
      attributes,
      `${node} can only create pods with a single owner reference set to itself`,
    )
  }
  const isNode = owner?.apiVersion === 'v1' && owner.kind === 'Node' && owner.name === nodeName
  if (owner === undefined || !isNode) {
    throw refuse(attributes, `${node} can only create pods with an owner reference set to itself`)
  }
  if (owner.controller !== true) {
    throw refuse(
      attributes,
      `${node} can only create pods with a controller owner reference set to itself`,
    )
  }
  if (owner.blockOwnerDeletion === true) {
    throw refuse(attributes, `${node} must not set blockOwnerDeletion on an owner reference`)
  }
  const uid = reader.get('nodes', '', nodeName)?.metadata.uid
  if (uid === undefined) throw notFound({ group: '', resource: 'nodes', name: nodeName })
  if (owner.uid !== uid) {
    throw refuse(attributes, `node ${nodeName} UID mismatch: expected ${owner.uid} got ${uid}`)
  }
}

function checkPodStatus({ attributes, nodeName }: Check): void {
  const { operation, object, oldObject } = attributes
  if (operation !== 'UPDATE') throw refuse(attributes, `unexpected operation ${quote(operation)}`)
  if (!isKind('pods', object) || !isKind('pods', oldObject)) return
  const node = `node ${quote(nodeName)}`
  if (oldObject.spec?.nodeName !== nodeName) {
    throw refuse(
      attributes,
      `${node} can only update pod status for pods with spec.nodeName set to itself`,
    )
  }
  if (!isDeepStrictEqual(object.metadata.labels ?? {}, oldObject.metadata.labels ?? {})) {
    throw refuse(attributes, `${node} cannot update labels through pod status`)
  }
  const claims = object.status?.resourceClaimStatuses ?? []
  if (!isDeepStrictEqual(claims, oldObject.status?.resourceClaimStatuses ?? [])) {
    throw refuse(attributes, `${node} cannot update resource claim statues`)
  }
}

function checkEviction(check: Check): void {
  const { attributes, nodeName } = check
  if (attributes.operation !== 'CREATE') {
    throw refuse(attributes, `unexpected operation ${attributes.operation}`)
  }
  const name = nameOf(attributes)
  if (name === '') throw refuse(attributes, 'could not determine pod from request data')
  if (existingPod(check, name).spec?.nodeName === nodeName) return
  throw refuse(attributes, `node ${nodeName} can only evict pods with spec.nodeName set to itself`)
}

function checkNode({ attributes, nodeName }: Check): void {
  const { operation, object, oldObject } = attributes
  const node = `node ${quote(nodeName)}`
  const requested = nameOf(attributes)
  if (requested !== nodeName)
    throw refuse(attributes, `${node} is not allowed to modify node ${quote(requested)}`)
  if (!isKind('nodes', object)) return
  if (operation === 'CREATE') {
    if (object.spec?.configSource !== undefined) {
      throw refuse(attributes, `${node} is not allowed to create pods with a non-nil configSource`)
    }
    const labels = forbiddenLabels(object.metadata.labels, undefined)
    if (labels.length === 0) return
    throw refuse(
      attributes,
      `${node} is not allowed to set the following labels: ${labels.join(', ')}`,
    )
  }
  if (operation !== 'UPDATE' || !isKind('nodes', oldObject)) return
  if (
    object.spec?.configSource !== undefined &&
    !isDeepStrictEqual(object.spec.configSource, oldObject.spec?.configSource)
  ) {
    throw refuse(
      attributes,
      `${node} is not allowed to update configSource to a new non-nil configSource`,
    )
  }
  if (!isDeepStrictEqual(object.spec?.taints ?? [], oldObject.spec?.taints ?? [])) {
    throw refuse(attributes, `${node} is not allowed to modify taints`)
  }
  const labels = forbiddenLabels(object.metadata.labels, oldObject.metadata.labels)
  if (labels.length > 0)
    throw refuse(attributes, `is not allowed to modify labels: ${labels.join(', ')}`)
  // An owner that does not exist would make the garbage collector delete the node.
  if (
    !isDeepStrictEqual(
      object.metadata.ownerReferences ?? [],
      oldObject.metadata.ownerReferences ?? [],
    )
  ) {
    throw refuse(attributes, `${node} is not allowed to modify ownerReferences`)
  }
}

function checkToken(check: Check): void {
  const { attributes, nodeName } = check
  if (attributes.operation !== 'CREATE' || !isKind('tokenrequests', attributes.object)) return
  const ref = attributes.object.spec?.boundObjectRef
  const { apiVersion, kind, name = '', uid = '' } = ref ?? {}
  if (apiVersion !== 'v1' || kind !== 'Pod' || name === '') {
    throw refuse(attributes, 'node requested token not bound to a pod')
  }
  if (uid === '') throw refuse(attributes, 'node requested token with a pod binding without a uid')
  const pod = existingPod(check, name)
  if (pod.metadata.uid !== uid) {
    throw refuse(
      attributes,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  if (pod.spec?.nodeName === nodeName) return
  throw refuse(attributes, 'node requested token bound to a pod scheduled on a different node')
}

function checkLease({ attributes, nodeName }: Check): void {
  if (attributes.namespace !== LEASE_NAMESPACE) {
    throw refuse(
      attributes,
      `can only access leases in the ${quote(LEASE_NAMESPACE)} system namespace`,
    )
  }
  if (nameOf(attributes) === nodeName) return
  throw refuse(attributes, 'can only access node lease with the same name as the requesting node')
}

function checkCsiNode({ attributes, nodeName }: Check): void {
  if (nameOf(attributes) === nodeName) return
  throw refuse(attributes, 'can only access CSINode with the same name as the requesting node')
}

/** Of the others its authorizer has seen to: it may write only what has its name. */
function checkSlice({ attributes, nodeName }: Check): void {
  const { operation, object } = attributes
  if (operation !== 'CREATE' || !isKind('resourceslices', object)) return
  if (object.spec.nodeName === nodeName) return
  throw refuse(
    attributes,
    'can only create ResourceSlice with the same NodeName as the requesting node',
  )
}
