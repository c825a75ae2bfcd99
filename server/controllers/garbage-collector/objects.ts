/**
 * What the collector reads and writes of single objects, always as they are at the server now.
 * Law  An object counts only if it is the very one (same uid); one that is gone is no error.
 */
import type { AnyObject } from '#api/object.ts'
import { ifThere } from '#client/absence.ts'
import type { Client } from '#client/client.ts'
import type { ResourceClient, ResourceName } from '#client/resource.ts'
import type { Member } from './graph.ts'
import { withoutFinalizer } from './plan.ts'

export interface DeleteHow {
  readonly policy: 'Background' | 'Foreground' | 'Orphan'
  readonly resourceVersion: string | undefined
}

export class LiveObjects {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  find(member: Member, signal: AbortSignal): Promise<AnyObject | undefined> {
    return this.look(member.resource, member, member.uid, signal)
  }

  /** The object of this name if it has this uid; undefined otherwise. */
  async look(
    resource: ResourceName,
    at: { readonly namespace: string; readonly name: string },
    uid: string,
    signal: AbortSignal,
  ): Promise<AnyObject | undefined> {
    const object = await ifThere(this.#handle(resource).get(at, signal))
    return object?.metadata.uid === uid ? object : undefined
  }

  /** Writes metadata fields of an object, provided it is still the one we read. */
  patch(
    resource: ResourceName,
    object: AnyObject,
    fields: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<AnyObject> {
    const { namespace, name = '', uid, resourceVersion } = object.metadata
    const body = { metadata: { uid, resourceVersion, ...fields } }
    return this.#handle(resource).patch({ namespace, name }, { type: 'merge', body }, {}, signal)
  }

  async delete(member: Member, how: DeleteHow, signal: AbortSignal): Promise<void> {
    const { policy, resourceVersion } = how
    const preconditions = {
      uid: member.uid,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    }
    const options = { propagationPolicy: policy, preconditions }
    await ifThere(this.#handle(member.resource).delete(member, options, signal))
  }

  async dropFinalizer(member: Member, finalizer: string, signal: AbortSignal): Promise<void> {
    const object = await this.find(member, signal)
    if (object?.metadata.finalizers?.includes(finalizer) !== true) return
    const finalizers = withoutFinalizer(object, finalizer)
    await ifThere(this.patch(member.resource, object, { finalizers }, signal))
  }

  #handle(resource: ResourceName): ResourceClient<AnyObject> {
    return this.#client.resource<AnyObject>(resource)
  }
}
