/**
 * Who owns what: controller references, and which orphans an owner may take in. Pure.
 *
 *   matches the selector, no controller           -> adopt (unless either is being deleted)
 *   matches, controlled by this very uid          -> owned
 *   controlled by this uid, no longer matches     -> release
 *   controlled by any other uid, even same name   -> ignored
 *
 * Source: kubernetes pkg/controller/controller_ref_manager.go
 */
import type { KubeObject, OwnerReference } from '#api/object.ts'
import type { LabelSelector } from '#api/selectors.ts'

export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(reference => reference.controller === true)

/** Name and function of the index that both workload controllers read. */
export const BY_CONTROLLER = 'controller'
/** Under the controller's uid, or among the orphans of the namespace. */
export const controllerIndex = (object: KubeObject): readonly string[] => [
  controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace),
]
export const orphansOf = (namespace: string | undefined): string => `orphans of ${namespace ?? ''}`

export const isControlledBy = (object: KubeObject, owner: KubeObject): boolean =>
  owner.metadata.uid !== undefined && controllerOf(object)?.uid === owner.metadata.uid

export const controllerReference = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name ?? '',
  uid: owner.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})

export interface Claims<T> {
  readonly owned: readonly T[]
  /** Selected orphans. They are not in `owned`: the next pass sees them adopted. */
  readonly adopt: readonly T[]
  readonly release: readonly T[]
}

export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelector,
  candidates: readonly T[],
): Claims<T> {
  const isOwnerGoing = owner.metadata.deletionTimestamp !== undefined
  const owned: T[] = []
  const adopt: T[] = []
  const release: T[] = []
  for (const object of candidates) {
    const reference = controllerOf(object)
    const isSelected = selector.matches(object.metadata.labels)
    if (reference !== undefined) {
      if (reference.uid !== owner.metadata.uid) continue
      if (isSelected || isOwnerGoing) owned.push(object)
      else if (object.metadata.deletionTimestamp === undefined) release.push(object)
      continue
    }
    if (!isSelected || isOwnerGoing || object.metadata.deletionTimestamp !== undefined) continue
    if (object.metadata.namespace === owner.metadata.namespace) adopt.push(object)
  }
  return { owned, adopt, release }
}

export const adopted = <T extends KubeObject>(object: T, owner: KubeObject): T => ({
  ...object,
  metadata: {
    ...object.metadata,
    ownerReferences: [...(object.metadata.ownerReferences ?? []), controllerReference(owner)],
  },
})

export const released = <T extends KubeObject>(object: T, owner: KubeObject): T => ({
  ...object,
  metadata: {
    ...object.metadata,
    ownerReferences: (object.metadata.ownerReferences ?? []).filter(
      reference => reference.uid !== owner.metadata.uid,
    ),
  },
})
