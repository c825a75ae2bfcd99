/**
 * Decides what becomes of one object, given what became of its owners and dependents. Pure.
 *
 *   being deleted, finalizer `orphan`               -> its dependents lose their reference, then it may go
 *   being deleted, finalizer `foregroundDeletion`   -> its dependents are deleted first; it goes when no dependent
 *                                                      that blocks it is left
 *   some owner solid, others absent or waiting      -> only the references to those go
 *   no owner solid, one waiting in the foreground   -> deleted in the foreground when it has dependents itself
 *   all owners verified absent                      -> deleted, the way its own finalizers ask for
 *
 * Source: kubernetes pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem
 */
import type { KubeObject, OwnerReference } from '#api/object.ts'
import { FOREGROUND, ORPHAN } from './graph.ts'

export type OwnerState = 'solid' | 'absent' | 'waiting'

export interface Owner {
  readonly reference: OwnerReference
  readonly state: OwnerState
}

export type CollectAction =
  | { readonly kind: 'keep' }
  | { readonly kind: 'set-owners'; readonly owners: readonly OwnerReference[] }
  | {
      readonly kind: 'delete'
      readonly policy: 'Background' | 'Foreground' | 'Orphan'
      /** Set first, so that two objects that wait for each other do not wait for ever. */
      readonly unblocked?: readonly OwnerReference[]
    }

export interface CollectInput {
  /** Read from the server just now. */
  readonly object: KubeObject
  readonly owners: readonly Owner[]
  readonly hasDependents: boolean
  /** Some dependent of it is itself waiting for its own dependents. */
  readonly hasWaitingDependent: boolean
}

export function planCollect(input: CollectInput): CollectAction {
  const { object, owners } = input
  if (owners.length === 0) return { kind: 'keep' }
  const solid = owners.filter(({ state }) => state === 'solid')
  if (solid.length === owners.length) return { kind: 'keep' }
  if (solid.length > 0)
    return { kind: 'set-owners', owners: solid.map(({ reference }) => reference) }
  const isAwaited = owners.some(({ state }) => state === 'waiting')
  if (isAwaited && input.hasDependents) {
    if (!input.hasWaitingDependent) return { kind: 'delete', policy: 'Foreground' }
    const unblocked = owners.map(({ reference }) => ({ ...reference, blockOwnerDeletion: false }))
    return { kind: 'delete', policy: 'Foreground', unblocked }
  }
  return { kind: 'delete', policy: policyOf(object) }
}

/** An object that is deleted by us is deleted the way it was marked for. */
function policyOf(object: KubeObject): 'Background' | 'Foreground' | 'Orphan' {
  const { finalizers = [] } = object.metadata
  if (finalizers.includes(ORPHAN)) return 'Orphan'
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background'
}

export const withoutFinalizer = (object: KubeObject, finalizer: string): readonly string[] =>
  (object.metadata.finalizers ?? []).filter(name => name !== finalizer)

export const withoutOwner = (object: KubeObject, uid: string): readonly OwnerReference[] =>
  (object.metadata.ownerReferences ?? []).filter(owner => owner.uid !== uid)
