/**
 * What the writer of volumes, claims and storage classes should know: what is deprecated, what does nothing. Pure.
 * Source: kubernetes pkg/api/persistentvolume/util.go, pkg/api/persistentvolumeclaim/util.go, pkg/api/storage/util.go
 */
import { parseQuantity } from '#api/quantity.ts'
import type { ObjectMeta } from '#api/object.ts'
import { STORAGE_CLASS } from '#api/old-annotations.ts'
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
} from '#api/types/core-v1.ts'
import type { StorageClass } from '#api/types/storage-v1.ts'
import { OLD_NODE_LABELS } from '#api/validation/old-node-labels.ts'

const OLD_ANNOTATIONS = [
  [STORAGE_CLASS, 'v1.8', 'storageClassName'],
  ['volume.beta.kubernetes.io/mount-options', 'v1.31', 'mountOptions'],
] as const

const annotationWarnings = (
  { annotations }: ObjectMeta,
  rows: readonly (typeof OLD_ANNOTATIONS)[number][],
): string[] =>
  rows
    .filter(([key]) => annotations?.[key] !== undefined)
    .map(
      ([key, since, instead]) =>
        `metadata.annotations[${key}]: deprecated since ${since}; use "${instead}" attribute instead`,
    )

/** The first one counts: a volume has one source. */
const OLD_SOURCES: readonly (readonly [keyof PersistentVolumeSpec, since: string])[] = [
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]

export function volumeWarnings({ metadata, spec = {} }: PersistentVolume): readonly string[] {
  const warnings = annotationWarnings(metadata, OLD_ANNOTATIONS)
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const why =
      'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'
    warnings.push(`spec.persistentVolumeReclaimPolicy: ${why}`)
  }
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
  for (const [index, { matchExpressions = [] }] of terms.entries()) {
    const place = `spec.nodeAffinity.required.nodeSelectorTerms[${index}].matchExpressions`
    for (const [at, { key }] of matchExpressions.entries()) {
      const instead = OLD_NODE_LABELS.get(key)
      if (instead !== undefined) warnings.push(`${place}[${at}].key: ${key} is ${instead}`)
    }
  }
  const old = OLD_SOURCES.find(([source]) => spec[source] !== undefined)
  if (old !== undefined) {
    warnings.push(`spec.${old[0] === 'storageos' ? 'storageOS' : old[0]}: ${old[1]}`)
  }
  return warnings
}

const WHOLE_NANOS = 1_000_000_000n

export const claimWarnings = ({
  metadata,
  spec = {},
}: PersistentVolumeClaim): readonly string[] => [
  ...annotationWarnings(metadata, OLD_ANNOTATIONS.slice(0, 1)),
  ...claimSpecWarnings('spec', spec),
]

/** Of claims, and of the templates of StatefulSets. */
export const claimSpecWarnings = (
  field: string,
  { resources = {} }: PersistentVolumeClaimSpec,
): readonly string[] =>
  (['requests', 'limits'] as const).flatMap(part => {
    const storage = resources[part]?.['storage']
    const isFractional = storage !== undefined && parseQuantity(storage).nanos % WHOLE_NANOS !== 0n
    const why = `fractional byte value ${JSON.stringify(storage)} is invalid, must be an integer`
    return isFractional ? [`${field}.resources.${part}[storage]: ${why}`] : []
  })

export function classWarnings({ allowedTopologies = [] }: StorageClass): readonly string[] {
  const warnings: string[] = []
  for (const [index, { matchLabelExpressions = [] }] of allowedTopologies.entries()) {
    const place = `allowedTopologies[${index}].matchLabelExpressions`
    for (const [at, { key }] of matchLabelExpressions.entries()) {
      const instead = OLD_NODE_LABELS.get(key)
      if (instead !== undefined) warnings.push(`${place}[${at}].key: ${instead}`)
    }
  }
  return warnings
}
