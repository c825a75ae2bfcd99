/**
 * What one kind does differently from all others: its hooks around the generic verbs. A kind without a row in
 * `strategies.ts` has the default strategy.
 *
 * Hooks are pure where they can be: they take objects and return new ones.
 * Source: k8s.io/apiserver pkg/registry/rest (create.go, update.go, delete.go)
 */
import type { AnyObject } from '#api/object.ts'
import type { UserInfo } from '#api/request.ts'

export interface StrategyContext {
  readonly user: UserInfo
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Something taken from a shared pool for an object that is about to be written (addresses, ports). */
export interface Reservation {
  readonly object: AnyObject
  /** The write happened: gives back what the old object held and the new one does not. */
  readonly commit: () => void
  /** The write did not happen: gives back what was taken. */
  readonly rollback: () => void
}

export interface Strategy {
  /**
   * When `metadata.generation` grows: with changes of anything but metadata and status, or never (kinds whose
   * upstream leaves it unset).
   */
  readonly generation: boolean
  /** PUT of a name that does not exist creates it. */
  readonly createOnUpdate: boolean
  /** DELETE that removes at once answers with the object instead of a Status. */
  readonly returnsDeleted: boolean
  /** The status part belongs to the status subresource alone. */
  readonly hasStatus: boolean
  /** What the creator says about status counts (a node registers with what it found). */
  readonly keepsStatus?: boolean
  prepareForCreate?(object: AnyObject, context: StrategyContext): AnyObject
  prepareForUpdate?(object: AnyObject, old: AnyObject, context: StrategyContext): AnyObject
  prepareForStatus?(object: AnyObject, old: AnyObject, context: StrategyContext): AnyObject
  reserve?(object: AnyObject, old: AnyObject | undefined): Reservation
  /** After an object left the store for good. */
  released?(object: AnyObject): void
  /** Grace of a deletion; undefined removes at once. Negative input was already made 1. */
  graceSeconds?(object: AnyObject, asked: number | undefined): number
  /** False while something else than `metadata.finalizers` holds the object (a namespace's spec.finalizers). */
  mayVanish?(object: AnyObject): boolean
  /** Changes made when deletion begins (a namespace's phase). */
  beginDeletion?(object: AnyObject): AnyObject
  expiresAtMs?(object: AnyObject, now: number): number
  /** True when an update may be kept in memory only (Lease renewals). */
  isVolatile?(object: AnyObject, old: AnyObject): boolean
}

export const DEFAULT_STRATEGY: Strategy = {
  generation: false,
  createOnUpdate: false,
  returnsDeleted: false,
  hasStatus: true,
}

/** The object without the named top-level fields. */
export function without(object: AnyObject, ...fields: readonly string[]): AnyObject {
  const { apiVersion, kind, metadata, ...rest } = object
  const kept = Object.entries(rest).filter(([field]) => !fields.includes(field))
  return { apiVersion, kind, metadata, ...Object.fromEntries(kept) }
}
