/**
 * How a client reaches the API: one interface, two transports (HTTPS, and in-process without a socket).
 *
 * Law  Both give the same objects and the same StatusErrors for the same request.
 *      Objects handed out are frozen or must be treated as if they were.
 */
import type { AnyObject, WatchEvent } from '#api/object.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Absolute path without query: `/api/v1/namespaces/default/pods/web`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Media type of the body; `application/json` when absent. Patches name theirs. */
  readonly contentType?: string
  /** Media types wanted back; `application/json` when absent. A Table is asked for here. */
  readonly accept?: string
}

export interface Transport {
  /**
   * Returns  the decoded answer: an object, a list, or a Status of a successful delete.
   * Throws   StatusError for every answer that is not 2xx and for an unreachable server
   *          (ServiceUnavailable); the abort reason when `signal` aborts.
   */
  request(request: ApiRequest, signal?: AbortSignal): Promise<AnyObject>
  /**
   * Streams a watch. `onEvent` is called in order, never concurrently.
   * Resolves when the server ended the stream in good order or `signal` aborted.
   * Throws   StatusError (Expired when the revision is too old) otherwise.
   */
  watch(
    request: ApiRequest,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void>
}
