/**
 * What writes of status leave alone besides spec, per kind: the same list tells ownership which fields nobody comes to
 * own through the status subresource, and which ones no writer of the object itself owns. Pure.
 *
 * Source: kubernetes pkg/registry/<group>/<kind>/strategy.go GetResetFields, PrepareForUpdate of status strategies;
 * k8s.io/apimachinery pkg/apis/meta/v1/helpers.go ResetObjectMetaForStatus
 */
import type { ObjectMeta } from '#api/object.ts'
import type { FieldSet } from '#api/patch/apply/field-set.ts'
import type { Resource } from '#api/scheme.ts'

type Part = 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'

const ALL: readonly Part[] = ['labels', 'annotations', 'finalizers', 'ownerReferences']

/** By storage; the others take new metadata along with the status. */
const KEPT: Readonly<Record<string, readonly Part[]>> = {
  pods: ['ownerReferences'],
  'deployments.apps': ['labels'],
  'volumeattachments.storage.k8s.io': ALL,
  'flowschemas.flowcontrol.apiserver.k8s.io': ALL,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': ALL,
  'customresourcedefinitions.apiextensions.k8s.io': ALL,
  'apiservices.apiregistration.k8s.io': ALL,
  'validatingadmissionpolicies.admissionregistration.k8s.io': ALL,
  'resourceclaims.resource.k8s.io': ALL,
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

/** Fields that a write through this endpoint never changes. */
export function resetFieldsOf(
  resource: Pick<Resource, 'subresources'>,
  storage: string,
  subresource: string,
): FieldSet | undefined {
  if (subresource === 'status') return STATUS_RESETS.get(storage) ?? OF_STATUS
  if (subresource === 'approval') return OF_STATUS
  const isSplit = resource.subresources.includes('status')
  return isSplit && subresource !== 'scale' ? OF_OBJECTS : undefined
}

const STATUS_RESETS: ReadonlyMap<string, FieldSet> = new Map(
  Object.entries(KEPT).map(([storage, parts]) => [
    storage,
    { ...OF_STATUS, 'f:metadata': parts === ALL ? MEMBER : membersOf(parts) },
  ]),
)

function membersOf(parts: readonly Part[]): FieldSet {
  return Object.fromEntries(parts.map(part => [`f:${part}`, MEMBER]))
}
