/** What handles a subresource that is not simply another view for GET, PUT and PATCH. Types only. */
import type { AnyObject, ManagedFieldsEntry } from '#api/object.ts'
import type { FieldError } from '#api/status.ts'
import type { NodeConnector } from '#client/node-api.ts'
import type { Answer, Call } from '../call.ts'
import type { RegistryDeps } from '../deps.ts'

export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node'
  readonly name: string
  readonly uid: string
}

/** Makes service-account tokens; `server/auth` implements it. */
export interface TokenIssuer {
  issue(order: {
    readonly namespace: string
    readonly name: string
    readonly uid: string
    /** Empty: the API server's own. */
    readonly audiences: readonly string[]
    readonly expirationSeconds: number
    readonly boundObjectRef: BoundObject | undefined
  }): {
    readonly token: string
    /** RFC 3339 */
    readonly expirationTimestamp: string
    readonly audiences: readonly string[]
  }
}

export interface SubresourceDeps extends RegistryDeps {
  readonly nodes: NodeConnector
  readonly tokens: TokenIssuer
}

/** Handles one verb of one subresource. */
export type SubresourceHandler = (deps: SubresourceDeps, call: Call) => Promise<Answer>

/**
 * A subresource that is another view of its parent: read as `show(parent)`, written as `apply(sent, parent)`.
 * GET, PUT and all patches follow from the two.
 */
export interface View {
  readonly show: (parent: AnyObject) => AnyObject
  /** The parent after the view was replaced by `sent`. */
  readonly apply: (sent: AnyObject, parent: AnyObject, now: string) => AnyObject
  /** What is wrong with the parent after the change, beside its metadata. */
  readonly faults?: (parent: AnyObject, old: AnyObject) => readonly FieldError[]
  /** For views whose fields are not their parent's. */
  readonly owners?: ViewOwners
}

type Entries = readonly ManagedFieldsEntry[] | undefined

/** Ownership of the parent's fields as the view's, under the view's apiVersion, and back under the parent's. */
export interface ViewOwners {
  readonly show: (parent: Entries, apiVersion: string) => Entries
  readonly apply: (parent: Entries, view: Entries, apiVersion: string) => Entries
}
