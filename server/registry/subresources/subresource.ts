/** What handles a subresource that is not simply another view for GET, PUT and PATCH. Types only. */
import type { AnyObject } from '#api/object.ts'
import type { NodeConnector } from '#client/node-api.ts'
import type { TokenIssuer } from '#server/auth/service-account-token.ts'
import type { Answer, Call } from '../call.ts'
import type { RegistryDeps } from '../deps.ts'

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
}
