/**
 * What one kind does differently from all others: its hooks around the generic verbs. A kind without a row in
 * `strategies.ts` has the default strategy.
 *
 * Hooks are pure where they can be: they take objects and return new ones.
 * Source: k8s.io/apiserver pkg/registry/rest (create.go, update.go, delete.go)
 */
import type { AnyObject, ManagedFieldsEntry } from '#api/object.ts'
import type { UserInfo } from '#api/request.ts'
import { without } from '#api/values.ts'

export interface StrategyContext {
  readonly user: UserInfo
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Of the group, as the writer named it. */
  readonly version?: string
  /** Tells the client, whether or not the write is good. */
  readonly warn: (text: string) => void
}

/** Of a cluster-scoped kind that follows the default strategy. */
export interface CompanionResource {
  readonly group: string
  readonly plural: string
}

/** An object that is written, or leaves, in the same commit as another. */
export type Companion =
  | {
      readonly kind: 'create'
      readonly resource: CompanionResource
      /** Canonical; identity and times are filled in here. */
      readonly object: AnyObject
      readonly manager: string
      /** FieldsV1: what that manager owns. */
      readonly fields: NonNullable<ManagedFieldsEntry['fieldsV1']>
    }
  | {
      /** Without an effect when it is not there, or not meant. */
      readonly kind: 'delete'
      readonly resource: CompanionResource
      readonly name: string
      readonly isMeant: (object: AnyObject) => boolean
    }

/** Something taken from a shared pool for an object that is about to be written (addresses, ports). */
export interface Reservation {
  readonly object: AnyObject
  readonly companions?: readonly Companion[]
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
  /** The generation grows with the annotations too (a Deployment hands them on to its ReplicaSets). */
  readonly countsAnnotations?: boolean
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
  reserve?(object: AnyObject, old: AnyObject | undefined): Promise<Reservation>
  /** What leaves the store together with the object. */
  companionsOf?(object: AnyObject): readonly Companion[]
  /** After an object left the store for good. */
  released?(object: AnyObject): void
  /** Grace of a deletion; undefined removes at once. Negative input was already made 1. */
  graceSeconds?(object: AnyObject, asked: number | undefined): number
  /** False while something else than `metadata.finalizers` holds the object (a namespace's spec.finalizers). */
  mayVanish?(object: AnyObject): boolean
  /** Changes made when deletion begins (a namespace's phase). */
  beginDeletion?(object: AnyObject, before: AnyObject): AnyObject
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

export const GENERATED: Strategy = { ...DEFAULT_STRATEGY, generation: true }

/** All of the object is its own part: there is no status. */
export const PLAIN: Strategy = { ...DEFAULT_STRATEGY, hasStatus: false }
export const PLAIN_GENERATED: Strategy = { ...PLAIN, generation: true }
export const UPSERTED: Strategy = { ...PLAIN, createOnUpdate: true }

/** The object without one part of its content. */
export function withoutPart(object: AnyObject, part: string): AnyObject {
  const { apiVersion, kind, metadata, ...content } = object
  return { apiVersion, kind, metadata, ...without(content, part) }
}
