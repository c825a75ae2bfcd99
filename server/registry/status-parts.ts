/**
 * What writes of status leave alone besides spec, per kind: the same list tells ownership which fields nobody comes to
 * own through the status subresource, and which ones no writer of the object itself owns. Pure.
 *
 * Source: kubernetes pkg/registry/<group>/<kind>/strategy.go GetResetFields, PrepareForUpdate of status strategies;
 * k8s.io/apimachinery pkg/apis/meta/v1/helpers.go ResetObjectMetaForStatus
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import type { ObjectMeta } from '#api/object.ts'
import type { FieldSet } from '#api/patch/apply/field-set.ts'
import type { Resource } from '#api/scheme.ts'

type Part = 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'

const ALL: readonly Part[] = ['labels', 'annotations', 'finalizers', 'ownerReferences']

/** By storage; the others take new metadata along with the status. */
const KEPT: Readonly<Record<string, readonly Part[]>> = {
  pods: ['ownerReferences'],
  'deployments.apps': ['labels'],
  'servicecidrs.networking.k8s.io': ALL,
  'volumeattachments.storage.k8s.io': ALL,
  'flowschemas.flowcontrol.apiserver.k8s.io': ALL,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': ALL,
  'apiservices.apiregistration.k8s.io': ALL,
  'validatingadmissionpolicies.admissionregistration.k8s.io': ALL,
  'resourceclaims.resource.k8s.io': ALL,
  'devicetaintrules.resource.k8s.io': ALL,
  'storageversionmigrations.storagemigration.k8s.io': ALL,
}

/** The metadata sent with a status, with what such a write may not change as it was. */
export function metadataForStatus(storage: string, sent: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const parts = KEPT[storage] ?? []
  if (parts.length === 0) return sent
  const given = Object.entries(sent).filter(([name]) => !parts.some(part => part === name))
  const kept = parts.flatMap(part => (old[part] === undefined ? [] : [[part, old[part]] as const]))
  return Object.fromEntries([...given, ...kept])
}

const MEMBER: FieldSet = {}
const OF_OBJECTS: FieldSet = { 'f:status': MEMBER }
const OF_STATUS: FieldSet = { 'f:spec': MEMBER }
const WITH_METADATA: FieldSet = { ...OF_STATUS, 'f:metadata': MEMBER }

/** Fields that a write through this endpoint never changes. */
export function resetFieldsOf(
  resource: Resource,
  storage: string,
  subresource: string,
): FieldSet | undefined {
  if (subresource === 'status') {
    return isCustom(resource) ? WITH_METADATA : (STATUS_RESETS.get(storage) ?? OF_STATUS)
  }
  if (subresource === 'approval') return OF_APPROVALS
  if (storage === REQUESTS && subresource === '') return { ...OF_STATUS, ...OF_OBJECTS }
  const isSplit = resource.subresources.includes('status')
  return isSplit && subresource !== 'scale' ? OF_OBJECTS : undefined
}

const REQUESTS = 'certificatesigningrequests.certificates.k8s.io'
/** Who approves owns conditions, who signs owns the certificate. */
const OF_APPROVALS: FieldSet = { ...OF_STATUS, 'f:status': { 'f:certificate': MEMBER } }

const keeping = (parts: readonly Part[]): FieldSet => ({
  ...OF_STATUS,
  'f:metadata': parts === ALL ? MEMBER : membersOf(parts),
})

const STATUS_RESETS: ReadonlyMap<string, FieldSet> = new Map<string, FieldSet>([
  ...Object.entries(KEPT).map(([storage, parts]) => [storage, keeping(parts)] as const),
  [REQUESTS, { ...OF_STATUS, 'f:status': { 'f:conditions': MEMBER } }],
])

function membersOf(parts: readonly Part[]): FieldSet {
  return Object.fromEntries(parts.map(part => [`f:${part}`, MEMBER]))
}
