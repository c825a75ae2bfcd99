/**
 * What a write expects of the object that is stored: its identity and its revision. Pure.
 *
 * Throws  StatusError: Conflict when the object is another or has moved on, Invalid where a revision must be named.
 * Source: k8s.io/apiserver pkg/registry/generic/registry/store.go Update, pkg/registry/rest/{update,delete}.go;
 * kubernetes pkg/registry/<group>/<kind>/strategy.go AllowUnconditionalUpdate
 */
import { goQuote } from '#api/go-text.ts'
import { isCustom } from '#api/custom/custom-resource.ts'
import type { AnyObject } from '#api/object.ts'
import { MODIFIED, StatusError, badRequest, conflict, invalid } from '#api/status.ts'
import { type Target, subjectOf } from './target.ts'

/** Storages whose updates must say which revision they replace; all others may leave it out. */
const CONDITIONAL: ReadonlySet<string> = new Set([
  'runtimeclasses.node.k8s.io',
  'poddisruptionbudgets.policy',
  'csidrivers.storage.k8s.io',
  'csistoragecapacities.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'leases.coordination.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'mutatingadmissionpolicies.admissionregistration.k8s.io',
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
  'apiservices.apiregistration.k8s.io',
])

/** The UID that a replacing object names must be the stored one's. */
export function checkUid(target: Target, sent: AnyObject, old: AnyObject): void {
  const { uid = '' } = sent.metadata
  if (uid === '' || uid === old.metadata.uid) return
  throw conflict(
    subjectOf(target, old.metadata.name ?? ''),
    `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`,
  )
}

/** Without a revision the latest is meant, where the kind allows it. */
export function checkRevision(target: Target, sent: AnyObject, old: AnyObject): void {
  const { resourceVersion = '' } = sent.metadata
  const subject = subjectOf(target, old.metadata.name ?? '')
  if (resourceVersion === '' || resourceVersion === '0') {
    if (!CONDITIONAL.has(target.storage) && !isCustom(target.resource)) return
    // Upstream names the resource where its kind belongs.
    throw invalid({ group: subject.group, kind: subject.resource, name: subject.name }, [
      {
        type: 'FieldValueInvalid',
        field: 'metadata.resourceVersion',
        message: 'Invalid value: 0: must be specified for an update',
      },
    ])
  }
  if (!/^\d+$/.test(resourceVersion))
    throw badRequest(`strconv.ParseUint: parsing ${goQuote(resourceVersion)}: invalid syntax`)
  if (resourceVersion !== old.metadata.resourceVersion) throw conflict(subject, MODIFIED)
}

/** What names a UID cannot be meant to create: an update and an apply say so in words of their own. */
export function requireNoUid(target: Target, sent: AnyObject, by: 'update' | 'apply'): void {
  const { uid = '', name = '' } = sent.metadata
  if (uid === '') return
  const why =
    by === 'update'
      ? `Precondition failed: UID in precondition: ${uid}, UID in object meta: `
      : `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
  throw conflict(subjectOf(target, name), why)
}

/** What is no number says nothing, and zero neither. */
const namesRevision = (text: string): boolean => /^\d+$/.test(text) && !/^0+$/.test(text)

/** Throws for a new object that names a revision. Source: k8s.io/apiserver pkg/storage/etcd3/store.go Create */
export function requireNoRevision(sent: AnyObject): void {
  if (!namesRevision(sent.metadata.resourceVersion ?? '')) return
  throw new StatusError('Unknown', 'resourceVersion should not be set on objects to be created')
}

export interface Preconditions {
  readonly uid?: string
  readonly resourceVersion?: string
}

/** The preconditions of a deletion. Upstream names the kind where the resource belongs. */
export function checkPreconditions(
  target: Target,
  current: AnyObject,
  preconditions: Preconditions | undefined,
): void {
  const { uid, resourceVersion } = preconditions ?? {}
  const have = current.metadata
  const { group, kind } = target.stored
  const subject = { group, resource: kind, name: have.name ?? '' }
  if (uid !== undefined && uid !== have.uid)
    throw conflict(
      subject,
      `the UID in the precondition (${uid}) does not match the UID in record (${have.uid ?? ''}). The object might have been deleted and then recreated`,
    )
  if (resourceVersion !== undefined && resourceVersion !== have.resourceVersion)
    throw conflict(
      subject,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${have.resourceVersion ?? ''}). The object might have been modified`,
    )
}
